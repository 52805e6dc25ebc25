//! The words of the check run, and how it concludes. Pure.

use super::{
    escape, markdown,
    options::Surroundings,
    phrases,
    progress::{Break, Phase, Progress, length},
};
use crate::{
    github::check::{CheckText, Conclusion},
    rollout::{
        journal::{Journal, Release},
        outcome::{Outcome, OutcomeKind, Reason},
    },
};

/// Characters; GitHub shows less of a title than it takes.
const LONGEST_TITLE: usize = 140;

/// The check's name: the same for every run of one service in one place, since required checks are matched by it.
#[must_use]
pub fn name(release: &Release, environment: &str) -> String {
    format!("espalier / {} ({environment})", release.name).chars().take(200).collect()
}

/// What the check run says now.
#[must_use]
pub fn check(journal: &Journal, surroundings: &Surroundings) -> CheckText {
    let progress = Progress::of(journal);
    let headline = phrases::headline(journal, &progress);
    let conclusion = match progress.phase {
        Phase::Ended(outcome) => Some(conclusion(&journal.release.verb, outcome)),
        Phase::BrokenOff(Break { cancelled: true, .. }) => Some(Conclusion::Cancelled),
        Phase::BrokenOff(_) => Some(Conclusion::Failure),
        Phase::Preparing | Phase::Launching | Phase::Stepping(_) | Phase::RollingBack(_) | Phase::Promoted => None,
    };
    // The title is all that a pull request's list of checks shows.
    let why = match progress.phase {
        Phase::Ended(outcome) if outcome.kind == OutcomeKind::Promoted || progress.serves_again() => {
            format!(" after {}", length(progress.elapsed()))
        }
        Phase::Ended(Outcome { reason, .. }) | Phase::RollingBack(reason) => format!(": {reason}"),
        Phase::BrokenOff(Break { problems: [first, ..], cancelled: false, .. }) => format!(": {}", first.message),
        Phase::Preparing | Phase::Launching | Phase::Stepping(_) | Phase::Promoted | Phase::BrokenOff(_) => String::new(),
    };
    let annotations = match progress.phase {
        Phase::BrokenOff(Break { problems, .. }) => surroundings.base.annotations(problems),
        Phase::Preparing | Phase::Launching | Phase::Stepping(_) | Phase::RollingBack(_) | Phase::Promoted | Phase::Ended(_) => {
            Vec::new()
        }
    };
    let is_stuck = matches!(progress.phase, Phase::Ended(Outcome { kind: OutcomeKind::Stuck, .. }));
    let state = if is_stuck { "STUCK" } else { &headline.state };
    CheckText {
        title: shortened(&escape::plain(&format!("{} {state}{why}", headline.revision))),
        summary: markdown::report(journal, surroundings),
        conclusion,
        annotations,
    }
}

fn shortened(title: &str) -> String {
    match title.char_indices().nth(LONGEST_TITLE) {
        Some((end, _)) => format!("{}…", &title[..end]),
        None => title.to_owned(),
    }
}

/// How an outcome concludes the check of `verb`: going back is what `abort` and `rollback` are asked for.
fn conclusion(verb: &str, outcome: &Outcome) -> Conclusion {
    match outcome.kind {
        OutcomeKind::Promoted => Conclusion::Success,
        OutcomeKind::RolledBack if matches!(verb, "abort" | "rollback") => Conclusion::Success,
        OutcomeKind::RolledBack if matches!(outcome.reason, Reason::RolledBackByRequest { .. }) => Conclusion::Success,
        OutcomeKind::RolledBack if matches!(outcome.reason, Reason::Cancelled | Reason::Aborted { .. }) => Conclusion::Cancelled,
        OutcomeKind::RolledBack | OutcomeKind::Stuck => Conclusion::Failure,
        OutcomeKind::Held => Conclusion::ActionRequired,
        OutcomeKind::Unchanged => Conclusion::Neutral,
        OutcomeKind::Superseded => Conclusion::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn the_title_is_plain_and_the_conclusion_true() {
        let of = |journal: &Journal| {
            let check = check(journal, &samples::surroundings());
            (check.title, check.conclusion)
        };
        assert_eq!(of(&samples::in_progress()), ("myservice:42 at 25% (step 2 of 3)".to_owned(), None));
        assert_eq!(of(&samples::promoted()), ("myservice:42 promoted after 33m 18s".to_owned(), Some(Conclusion::Success)));
        let (title, conclusion) = of(&samples::rolled_back());
        assert_eq!(
            title,
            "myservice:42 rolled back: the candidate had 25% of the traffic and no healthy target (3 × HealthCheckFailed)"
        );
        assert_eq!(conclusion, Some(Conclusion::Failure));
        let (title, conclusion) = of(&samples::stuck());
        assert!(title.starts_with("myservice:42 STUCK: the rollback could not be verified"), "{title}");
        assert_eq!((title.chars().count(), conclusion), (LONGEST_TITLE + 1, Some(Conclusion::Failure)));
    }

    #[test]
    fn every_outcome_concludes() {
        let of = |verb, kind, reason| conclusion(verb, &Outcome { kind, reason });
        assert_eq!(of("deploy", OutcomeKind::RolledBack, Reason::Cancelled), Conclusion::Cancelled);
        assert_eq!(of("deploy", OutcomeKind::RolledBack, Reason::Aborted { by: "job".to_owned() }), Conclusion::Cancelled);
        assert_eq!(of("abort", OutcomeKind::RolledBack, Reason::Aborted { by: "job".to_owned() }), Conclusion::Success);
        let by_request = || Reason::RolledBackByRequest { to: "myservice:41".to_owned() };
        assert_eq!(of("resume", OutcomeKind::RolledBack, by_request()), Conclusion::Success, "a sweep finished it");
        assert_eq!(of("deploy", OutcomeKind::Held, Reason::Cancelled), Conclusion::ActionRequired);
        assert_eq!(of("deploy", OutcomeKind::Unchanged, Reason::NothingChanged), Conclusion::Neutral);
        assert_eq!(of("deploy", OutcomeKind::Superseded, Reason::TakenOver { by: "job".to_owned() }), Conclusion::Cancelled);
    }

    #[test]
    fn a_checks_name_does_not_change_with_the_state() {
        assert_eq!(name(&samples::promoted().release, "my-cluster"), "espalier / myservice (my-cluster)");
    }
}
