//! How the process ends: the documented exit codes, and the error that `main` prints.

use std::{fmt, process::ExitCode};

use crate::{
    aws::{
        AwsError, Fault, FaultKind, inventory::InventoryError, lattice::resolve::ResolveError, ledger::LedgerError,
        survey::RolesError,
    },
    definition::Finding,
    rollout::outcome::OutcomeKind,
};

/// The exit codes. Scripts rely on them: a number never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: promoted, held, unchanged or done; an `abort` or `rollback` that succeeded.
    Done,
    /// 1: a malfunction; traffic is untouched.
    Malfunction,
    /// 2: the request is invalid (flags, config, definition, filter, plan); nothing was written.
    Invalid,
    /// 3: the release ended rolled back; for `patch --check` and `diff --exit-code`: there is a change.
    RolledBack,
    /// 4: stuck: traffic is not known to be good, a person must act.
    Stuck,
    /// 5: refused before the first write (locked, drifted, managed by ECS), or another job took over.
    Refused,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Malfunction => 1,
            Self::Invalid => 2,
            Self::RolledBack => 3,
            Self::Stuck => 4,
            Self::Refused => 5,
        }
    }

    /// How a release ends the process. An `abort` or `rollback` that restored traffic is [`Exit::Done`] instead of what this says.
    #[must_use]
    pub const fn of_release(kind: OutcomeKind) -> Self {
        match kind {
            OutcomeKind::Promoted | OutcomeKind::Held | OutcomeKind::Unchanged => Self::Done,
            OutcomeKind::RolledBack => Self::RolledBack,
            OutcomeKind::Superseded => Self::Refused,
            OutcomeKind::Stuck => Self::Stuck,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// One thing that went wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where and what, without a final full stop.
    pub message: String,
    /// What to do instead.
    pub hint: Option<String>,
}

/// Why a command ended without an outcome. Displays as `main` prints it: an `error:` line and a `hint:` line for each problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The exit code.
    pub exit: Exit,
    /// At least one.
    pub problems: Vec<Problem>,
}

impl Error {
    /// An error of one problem.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, problems: vec![Problem { message: message.into(), hint: None }] }
    }

    /// The request is invalid.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Exit::Invalid, message)
    }

    /// A malfunction: `what` failed, with the whole chain of causes.
    pub fn malfunction(what: impl fmt::Display, cause: &dyn std::error::Error) -> Self {
        let mut message = format!("{what}: {cause}");
        let mut next = cause.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            // Many libraries repeat their cause in their own message.
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            next = cause.source();
        }
        Self::new(Exit::Malfunction, message)
    }

    /// AWS cannot be called at all; what to do about it is another thing in a job of GitHub Actions than in a shell.
    #[must_use]
    pub fn unconnected(error: &AwsError, in_a_job: bool) -> Self {
        Self::new(Exit::Malfunction, error.to_string()).hint(error.hint(in_a_job))
    }

    /// The same with a hint to its last problem.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(problem) = self.problems.last_mut() {
            problem.hint = Some(hint.into());
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { message, hint }) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "error: {message}")?;
            if let Some(hint) = hint {
                write!(f, "\nhint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<Vec<Finding>> for Error {
    fn from(findings: Vec<Finding>) -> Self {
        let problem = |finding: Finding| Problem { message: finding.to_string(), hint: finding.hint };
        Self { exit: Exit::Invalid, problems: findings.into_iter().map(problem).collect() }
    }
}

impl From<Finding> for Error {
    fn from(finding: Finding) -> Self {
        vec![finding].into()
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        // What the request names and AWS does not know is the request's mistake.
        let invalid = matches!(fault.kind, FaultKind::Invalid | FaultKind::NotFound);
        let exit = if invalid { Exit::Invalid } else { Exit::Malfunction };
        Self::new(exit, fault.to_string()).hint(fault.hint())
    }
}

impl From<ResolveError> for Error {
    fn from(error: ResolveError) -> Self {
        if let ResolveError::Fault(fault) = error {
            return fault.into();
        }
        let problem = Problem { message: error.to_string(), hint: error.hint() };
        Self { exit: Exit::Invalid, problems: vec![problem] }
    }
}

impl From<InventoryError> for Error {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Fault(fault) => fault.into(),
            InventoryError::Resolve(error) => error.into(),
            several @ InventoryError::Clusters(_) => Self::invalid(several.to_string()).hint("name one with --cluster"),
            none @ InventoryError::NoCluster(_) => {
                Self::invalid(none.to_string()).hint("check the name, the account and the region")
            }
        }
    }
}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Fault(fault) => fault.into(),
            unreadable @ LedgerError::Unreadable { .. } => Self::new(Exit::Refused, unreadable.to_string()),
        }
    }
}

impl From<Vec<RolesError>> for Error {
    fn from(errors: Vec<RolesError>) -> Self {
        let invalid = |error: &RolesError| {
            matches!(error, RolesError::Nowhere { .. } | RolesError::NoSuchRule { .. } | RolesError::AmbiguousRule { .. })
        };
        let exit = if errors.iter().any(invalid) { Exit::Invalid } else { Exit::Refused };
        Self { exit, problems: errors.into_iter().map(|error| Problem { message: error.to_string(), hint: None }).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_print_as_errors_with_hints() {
        let error = Error::from(vec![Finding::error("a.json", "wrong").hint("right"), Finding::error("--x", "odd")]);
        assert_eq!((error.exit.code(), error.to_string().as_str()), (2, "error: a.json: wrong\nhint: right\nerror: --x: odd"));
    }

    #[test]
    fn a_malfunction_tells_its_causes_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] std::io::Error);
        let error = Error::malfunction("cannot read", &Outer(std::io::Error::other("disk on fire")));
        assert_eq!(error.to_string(), "error: cannot read: outer: disk on fire");
    }
}
