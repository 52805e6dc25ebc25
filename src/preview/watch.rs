//! Whether a preview is what was asked for, and healthy.

/// One of its ECS service's deployments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// The task definition's ARN.
    pub task_definition: String,
    /// ECS gave it up, with its reason.
    pub failed: Option<String>,
}

/// What was seen of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The task definition that its ECS service is to run.
    pub task_definition: String,
    /// Its deployments: old ones are there until their tasks have stopped.
    pub deployments: Vec<Deployment>,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running, of any revision.
    pub running: u32,
    /// Healthy targets; those that nothing checks count.
    pub healthy: u32,
    /// Why others are not.
    pub unhealthy: Vec<String>,
}

/// What it comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is what was asked for, all of it healthy, and nothing old is left.
    Ready,
    /// Not yet, in words.
    NotYet(String),
    /// It will not be.
    Failed(String),
}

/// What a look comes to, where `wanted` is to run.
#[must_use]
pub fn judge(look: &Look, wanted: &str) -> Judged {
    let own = look.deployments.iter().find(|deployment| deployment.task_definition == wanted);
    if let Some(reason) = own.and_then(|own| own.failed.as_ref()) {
        return Judged::Failed(reason.clone());
    }
    let words = || {
        let why = look.unhealthy.first().map(|why| format!(" ({why})")).unwrap_or_default();
        format!("{} of {} tasks run, {} healthy{why}", look.running, look.desired, look.healthy)
    };
    let is_alone = own.is_some() && look.deployments.len() == 1;
    match look {
        _ if look.task_definition != wanted || own.is_none() => Judged::NotYet("ECS has not begun yet".to_owned()),
        _ if look.running < look.desired || look.healthy < look.desired => Judged::NotYet(words()),
        _ if !is_alone => Judged::NotYet("the tasks of the commit before are being stopped".to_owned()),
        _ => Judged::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_sick_or_missing_is_not_ready() {
        let deployment =
            |of: &str, failed: Option<&str>| Deployment { task_definition: of.to_owned(), failed: failed.map(str::to_owned) };
        let good = Look {
            task_definition: "td:2".to_owned(),
            deployments: vec![deployment("td:2", None)],
            desired: 1,
            running: 1,
            healthy: 1,
            unhealthy: Vec::new(),
        };
        assert_eq!(judge(&good, "td:2"), Judged::Ready);
        let not_yet = |look: Look, words: &str| assert_eq!(judge(&look, "td:2"), Judged::NotYet(words.to_owned()));
        not_yet(Look { task_definition: "td:1".to_owned(), ..good.clone() }, "ECS has not begun yet");
        not_yet(Look { running: 0, healthy: 0, ..good.clone() }, "0 of 1 tasks run, 0 healthy");
        let sick = Look { healthy: 0, unhealthy: vec!["HealthCheckFailed".to_owned()], ..good.clone() };
        not_yet(sick, "1 of 1 tasks run, 0 healthy (HealthCheckFailed)");
        let both = vec![deployment("td:2", None), deployment("td:1", None)];
        not_yet(
            Look { deployments: both, running: 2, healthy: 2, ..good.clone() },
            "the tasks of the commit before are being stopped",
        );
        let gone = vec![deployment("td:2", Some("no luck")), deployment("td:1", None)];
        assert_eq!(judge(&Look { deployments: gone, ..good }, "td:2"), Judged::Failed("no luck".to_owned()));
    }
}
