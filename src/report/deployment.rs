//! The words of the deployment's statuses. Pure.

use super::{
    escape, phrases,
    progress::{Phase, Progress, StepState},
};
use crate::{
    github::deployment::{DeploymentText, State},
    rollout::{
        journal::{Journal, Release},
        outcome::{Outcome, OutcomeKind, Reason},
    },
};

/// What is said of the deployment now; none where another job says it, or there is none.
#[must_use]
pub fn deployment(journal: &Journal) -> Option<DeploymentText> {
    let progress = Progress::of(journal);
    let state = match progress.phase {
        // Each status is an entry of its own: a step counts once its weights do.
        Phase::Stepping(index) if progress.steps.get(index).is_some_and(|step| step.state == StepState::Shifting) => return None,
        Phase::Preparing | Phase::Launching | Phase::Stepping(_) | Phase::RollingBack(_) => State::InProgress,
        Phase::Promoted => State::Success,
        Phase::Ended(Outcome { kind, reason }) => match kind {
            OutcomeKind::Promoted => State::Success,
            // Back on it is what was asked for.
            OutcomeKind::RolledBack if matches!(reason, Reason::RolledBackByRequest { .. }) => State::Success,
            OutcomeKind::RolledBack if is_without_fault(reason) => State::Inactive,
            OutcomeKind::RolledBack => State::Failure,
            OutcomeKind::Held => State::Pending,
            OutcomeKind::Stuck => State::Error,
            OutcomeKind::Unchanged | OutcomeKind::Superseded => return None,
        },
        Phase::BrokenOff(_) if progress.split.is_some() => State::Error,
        Phase::BrokenOff(_) => State::Inactive,
    };
    let headline = phrases::headline(journal, &progress);
    if matches!(progress.phase, Phase::Preparing | Phase::Launching) {
        let description = escape::plain(&format!("{} is starting, without traffic", headline.revision));
        return Some(DeploymentText { state, description });
    }
    let why = match progress.phase {
        Phase::Ended(_) if progress.serves_again() => String::new(),
        Phase::RollingBack(reason) | Phase::Ended(Outcome { kind: OutcomeKind::RolledBack | OutcomeKind::Stuck, reason }) => {
            format!(": {reason}")
        }
        Phase::Preparing | Phase::Launching | Phase::Stepping(_) | Phase::Promoted | Phase::Ended(_) | Phase::BrokenOff(_) => {
            String::new()
        }
    };
    Some(DeploymentText { state, description: escape::plain(&format!("{} {}{why}", headline.revision, headline.state)) })
}

/// Whether a release makes a deployment of its own; other verbs speak of the one that is there.
pub(super) fn is_made_by(release: &Release) -> bool {
    matches!(release.verb.as_str(), "deploy" | "shift")
}

/// Whether nothing says that the candidate is bad.
const fn is_without_fault(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::Cancelled
            | Reason::Aborted { .. }
            | Reason::HoldExpired { .. }
            | Reason::JobLost { .. }
            | Reason::Inconclusive { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn every_phase_has_its_state() {
        let of = |journal: &Journal| deployment(journal).map(|text| (text.state, text.description));
        let said = |state, description: &str| Some((state, description.to_owned()));
        assert_eq!(of(&samples::in_progress()), said(State::InProgress, "myservice:42 at 25% (step 2 of 3)"));
        assert_eq!(of(&samples::promoted()), said(State::Success, "myservice:42 promoted"));
        assert_eq!(of(&samples::bootstrap()), said(State::Success, "myservice:1 promoted"));
        let (state, description) = of(&samples::rolled_back()).expect("said");
        assert_eq!(state, State::Failure);
        assert!(description.starts_with("myservice:42 rolled back: the candidate had 25% of the traffic"), "{description}");
        assert_eq!(of(&samples::stuck()).map(|(state, _)| state), Some(State::Error));
        assert_eq!(of(&samples::held()), said(State::Pending, "myservice:42 held at 5%"));
        assert_eq!(of(&samples::superseded()), None);
        assert_eq!(of(&samples::unchanged()), None);
        assert_eq!(of(&samples::aborted()).map(|(state, _)| state), Some(State::Inactive));
    }
}
