//! Whose pull request may have a preview.

/// A pull request, by GitHub's word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// It is open.
    pub is_open: bool,
    /// Its last commit.
    pub head: String,
    /// Its branch.
    pub branch: String,
    /// Its branch lies in another repository, or in none any more.
    pub from_fork: bool,
    /// Its labels.
    pub labels: Vec<String>,
}

/// Why there is no preview for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is closed.
    #[error("pull request {0} is closed")]
    Closed(u64),
    /// It comes from a fork, and nobody allowed it.
    #[error("pull request {0} comes from a fork: its code would run with the roles of the service's tasks")]
    Fork(u64),
    /// It comes from a fork, and what was allowed was an earlier commit.
    #[error("pull request {0} comes from a fork and got new commits: the label allows the commit that it was put on")]
    ForkPushed(u64),
    /// This is not its last commit any more.
    #[error("pull request {number} has a newer commit than {ours}: {head}")]
    Outdated {
        /// Its number.
        number: u64,
        /// The commit that this job is for.
        ours: String,
        /// Its last commit.
        head: String,
    },
}

/// Whether this job may bring its preview up. `commit` is the one that the job is for, where it is for one; `label` is what allows
/// forks, and `was_pushed` that the job began because commits were pushed.
///
/// # Errors
/// Why not.
pub fn admit(pull: &PullRequest, commit: Option<&str>, label: Option<&str>, was_pushed: bool) -> Result<(), Refused> {
    let number = pull.number;
    if !pull.is_open {
        return Err(Refused::Closed(number));
    }
    if pull.from_fork {
        let is_allowed = label.is_some_and(|label| pull.labels.iter().any(|known| known == label));
        if !is_allowed {
            return Err(Refused::Fork(number));
        }
        // Whoever put the label there has not seen these.
        if was_pushed {
            return Err(Refused::ForkPushed(number));
        }
    }
    match commit {
        Some(ours) if ours != pull.head => Err(Refused::Outdated { number, ours: short(ours), head: short(&pull.head) }),
        Some(_) | None => Ok(()),
    }
}

/// A commit as people write it.
#[must_use]
pub fn short(commit: &str) -> String {
    commit.chars().take(7).collect()
}

impl Refused {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self, label: Option<&str>) -> String {
        match (self, label) {
            (Self::Closed(_), _) => "reopen it; `espalier preview down` takes away what is left of its preview".to_owned(),
            (Self::Fork(_), Some(label)) => {
                format!("somebody with write permission looks at it and puts the label `{label}` on it")
            }
            (Self::Fork(_) | Self::ForkPushed(_), None) => {
                "name the label that allows forks: `preview: { fork_label: preview }`".to_owned()
            }
            (Self::ForkPushed(_), Some(label)) => format!("look at them, take the label `{label}` off and put it on again"),
            (Self::Outdated { .. }, _) => "nothing: the newer commit's own job brings it up".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_have_one() {
        let open = PullRequest { number: 7, is_open: true, head: "abcdef01".to_owned(), ..PullRequest::default() };
        let fork = PullRequest { from_fork: true, ..open.clone() };
        let allowed = PullRequest { labels: vec!["bug".to_owned(), "preview".to_owned()], ..fork.clone() };
        let closed = PullRequest { is_open: false, ..allowed.clone() };
        let newer = || Err(Refused::Outdated { number: 7, ours: "1234567".to_owned(), head: "abcdef0".to_owned() });
        for (pull, commit, label, was_pushed, expected) in [
            (&open, None, None, false, Ok(())),
            (&open, Some("abcdef01"), None, true, Ok(())),
            (&open, Some("12345678"), None, true, newer()),
            (&fork, None, None, false, Err(Refused::Fork(7))),
            (&fork, None, Some("preview"), false, Err(Refused::Fork(7))),
            (&allowed, None, Some("preview"), false, Ok(())),
            (&allowed, None, Some("other"), false, Err(Refused::Fork(7))),
            (&allowed, None, None, false, Err(Refused::Fork(7))),
            (&allowed, Some("abcdef01"), Some("preview"), true, Err(Refused::ForkPushed(7))),
            (&closed, None, Some("preview"), false, Err(Refused::Closed(7))),
        ] {
            assert_eq!(admit(pull, commit, label, was_pushed), expected, "{pull:?} {commit:?} {label:?} {was_pushed}");
        }
    }
}
