//! The step's outputs, as `$GITHUB_OUTPUT` takes them. Pure.
//!
//! Names and not ARNs where either would do: GitHub drops outputs that contain a masked account id.

use std::path::Path;

use super::{
    options::Surroundings,
    progress::{Break, Phase, Progress},
};
use crate::rollout::{
    journal::{Journal, Release},
    outcome::OutcomeKind,
    split::{Share, Split},
};

/// Everything that the journal and its surroundings tell. `stable-revision` and `ecs-service` are of the side that is stable at the
/// end; the weights, like `candidate-revision`, go by the roles that the release began with.
#[must_use]
pub fn outputs(journal: &Journal, surroundings: &Surroundings) -> String {
    let release = &journal.release;
    let progress = Progress::of(journal);
    let weights = progress
        .split
        .map(|Split { stable, candidate }| serde_json::json!({ "stable": stable, "candidate": candidate }).to_string());
    let [stable, candidate] = &surroundings.ecs_services;
    let (serving, ecs_service) = match stable_at_the_end(&progress) {
        Some(Side::Stable) => (release.stable_revision.clone(), stable.clone()),
        Some(Side::Candidate) => (Some(release.candidate_revision.clone()), candidate.clone()),
        None => (None, None),
    };
    let task_definition = Some(release.candidate_revision.as_str()).filter(|_| release.cluster.is_some());
    let journal_path = surroundings.journal_path.as_ref().map(|path| path.display().to_string());
    lines(&[
        ("outcome", journal.outcome().map(|outcome| outcome.kind.to_string())),
        ("reason", journal.outcome().map(|outcome| outcome.reason.code().to_owned())),
        ("rollout-id", Some(release.rollout_id.clone())),
        ("stable-revision", serving),
        ("candidate-revision", Some(release.candidate_revision.clone())),
        ("weights", weights),
        ("ecs-service", ecs_service),
        ("task-definition", task_definition.map(str::to_owned)),
        ("task-definition-arn", surroundings.task_definition_arn.clone()),
        ("journal", journal_path),
    ])
}

/// A side, by the role that the release began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Stable,
    Candidate,
}

/// Which side is stable at the end; none where that is not known: another job has taken over, or a person has to say.
fn stable_at_the_end(progress: &Progress<'_>) -> Option<Side> {
    if progress.promoted {
        return Some(Side::Candidate);
    }
    match progress.phase {
        Phase::Ended(outcome) => match outcome.kind {
            OutcomeKind::Promoted => Some(Side::Candidate),
            OutcomeKind::Superseded => None,
            // All of it is on the candidate, and nothing says that it may stay.
            OutcomeKind::Stuck if progress.share() == Share::FULL => None,
            OutcomeKind::RolledBack | OutcomeKind::Held | OutcomeKind::Unchanged | OutcomeKind::Stuck => Some(Side::Stable),
        },
        Phase::BrokenOff(Break { exit: 4, .. }) => None,
        Phase::Preparing
        | Phase::Launching
        | Phase::Stepping(_)
        | Phase::RollingBack(_)
        | Phase::Promoted
        | Phase::BrokenOff(_) => Some(Side::Stable),
    }
}

/// What is known at the beginning: which rollout it is, where it is found, and whose it is then.
#[must_use]
pub fn begun(release: &Release, traffic_target: Option<&str>, owner: Option<&str>) -> String {
    lines(&[
        ("rollout-id", Some(release.rollout_id.clone()).filter(|id| !id.is_empty())),
        ("traffic-target", traffic_target.map(str::to_owned)),
        ("rollout-owner", owner.map(str::to_owned)),
    ])
}

/// What is known only once the reports were delivered.
#[must_use]
pub fn links(comment_url: Option<&str>, check_run_url: Option<&str>) -> String {
    lines(&[("comment-url", comment_url.map(str::to_owned)), ("check-run-url", check_run_url.map(str::to_owned))])
}

/// What `patch` found of the slot that it is for: its ECS service, its target group, and what serves meanwhile.
#[must_use]
pub fn slot(ecs_service: &str, target_group: &str, stable_revision: Option<&str>) -> String {
    lines(&[
        ("ecs-service", Some(ecs_service.to_owned())),
        ("target-group", Some(target_group.to_owned())),
        ("stable-revision", stable_revision.map(str::to_owned)),
    ])
}

/// Where a preview is reached, and the header that its requests have.
#[must_use]
pub fn preview(url: &str, header: Option<&str>, revision: Option<&str>, ecs_service: &str) -> String {
    lines(&[
        ("preview-url", Some(url.to_owned())),
        ("preview-header", header.map(str::to_owned)),
        ("task-definition", revision.map(str::to_owned)),
        ("ecs-service", Some(ecs_service.to_owned())),
    ])
}

/// Where `patch` has written to.
#[must_use]
pub fn patched(path: &Path) -> String {
    line("patched", &path.display().to_string())
}

/// The config that a comment asked for: what the action's last step goes by.
#[must_use]
pub fn config(path: &Path) -> String {
    line("config", &path.display().to_string())
}

fn lines(outputs: &[(&str, Option<String>)]) -> String {
    outputs.iter().filter_map(|(name, value)| Some(line(name, value.as_deref()?))).collect()
}

/// `name=value`, or the heredoc form for values of several lines, with a delimiter that is none of them
/// (actions/runner, `FileCommandManager.cs`).
fn line(name: &str, value: &str) -> String {
    if !value.contains(['\n', '\r']) {
        return format!("{name}={value}\n");
    }
    let mut delimiter = String::from("espalier_end");
    while value.contains(&delimiter) {
        delimiter.push('_');
    }
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{samples, samples_later};

    #[test]
    fn the_outputs_of_a_release() {
        let surroundings = Surroundings {
            ecs_services: [Some("myservice".to_owned()), Some("myservice-green".to_owned())],
            journal_path: Some("out/journal.jsonl".into()),
            ..samples::surroundings()
        };
        insta::assert_snapshot!(outputs(&samples::rolled_back(), &surroundings), @r#"
        outcome=rolled-back
        reason=no-healthy-targets
        rollout-id=7f3a9c
        stable-revision=myservice:41
        candidate-revision=myservice:42
        weights={"stable":100,"candidate":0}
        ecs-service=myservice
        task-definition=myservice:42
        journal=out/journal.jsonl
        "#);
        insta::assert_snapshot!(outputs(&samples::shift(), &samples::surroundings()), @r#"
        outcome=promoted
        reason=steps-passed
        rollout-id=7f3a9c
        stable-revision=lambda-new
        candidate-revision=lambda-new
        weights={"stable":0,"candidate":100}
        "#);
        assert_eq!(links(Some("https://c"), None), "comment-url=https://c\n");
        assert_eq!(patched(Path::new("a b.json")), "patched=a b.json\n");
        assert_eq!(slot("web-green", "tg-1", None), "ecs-service=web-green\ntarget-group=tg-1\n");
    }

    #[test]
    fn what_is_stable_at_the_end_goes_by_the_outcome() {
        let of = |journal: &Journal| stable_at_the_end(&Progress::of(journal));
        for promoted in [samples::promoted(), samples::bootstrap(), samples_later::gone_on_with(), samples_later::gone_back()] {
            assert_eq!(of(&promoted), Some(Side::Candidate), "{:?}", promoted.outcome());
        }
        let not_promoted = [
            samples::rolled_back(),
            samples::held(),
            samples::unchanged(),
            samples::invalid(),
            samples::stuck(),
            samples_later::given_up(),
        ];
        for before in not_promoted {
            assert_eq!(of(&before), Some(Side::Stable), "{:?}", before.outcome());
        }
        assert_eq!(of(&samples::superseded()), None);
    }

    #[test]
    fn a_value_cannot_end_its_own_heredoc_or_begin_another_output() {
        assert_eq!(line("a", "b<<c"), "a=b<<c\n");
        assert_eq!(
            line("a", "x\nespalier_end\noutcome=promoted"),
            "a<<espalier_end_\nx\nespalier_end\noutcome=promoted\nespalier_end_\n"
        );
    }
}
