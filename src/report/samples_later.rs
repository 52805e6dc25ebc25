//! Journals of jobs that take up what another one began: samples for the tests of all reports.

use std::time::Duration;

use super::samples::Story;
use crate::{
    rollout::{
        journal::{Happening, Journal, Standing},
        outcome::{OutcomeKind, Reason},
        plan::{OnTimeout, Step, parse_steps},
        split::{Share, Split},
    },
    time::Timestamp,
};

/// A release that is held at 5 %, as a later job finds it.
fn taken_up(verb: &str) -> Story {
    let mut story = Story::new();
    let release = &mut story.journal.release;
    release.verb = verb.to_owned();
    release.steps = parse_steps("5%:2m,hold:4h,100%:10m").expect("steps");
    release.standing = Some(Standing { split: Split { stable: 95, candidate: 5 }, passed: 1, step: Some(0) });
    story
}

/// A sweep's look, which leaves the hold as it is.
pub(super) fn looked_at() -> Journal {
    let until = Timestamp::from_secs(1_795_320_000);
    taken_up("resume").observed(5, 3).finished(
        OutcomeKind::Held,
        Reason::Hold { step: 2, steps: 2, share: Share::FULL, until, on_timeout: OnTimeout::Rollback, judged: false },
    )
}

/// Somebody promotes it.
pub(super) fn gone_on_with() -> Journal {
    taken_up("promote")
        .add(Happening::TakenOver)
        .after(2)
        .observed(5, 3)
        .add(Happening::StepBegun { index: 0, share: Share::percent(5) })
        .add(Happening::Shifted { split: Split { stable: 95, candidate: 5 } })
        .add(Happening::StepPassed { index: 0 })
        .passed(1, 100, 600)
        .add(Happening::Promoted)
        .finished(OutcomeKind::Promoted, Reason::StepsPassed)
}

/// Somebody aborts it.
pub(super) fn given_up() -> Journal {
    let reason = Reason::Aborted { by: "octocat: too slow".to_owned() };
    taken_up("abort")
        .add(Happening::RollingBack { reason: reason.clone() })
        .add(Happening::Shifted { split: Split::STABLE })
        .add(Happening::Restored)
        .after(15)
        .observed(0, 3)
        .add(Happening::Retiring { ecs_service: "myservice-green".to_owned() })
        .after(60)
        .add(Happening::Retired { ecs_service: "myservice-green".to_owned() })
        .finished(OutcomeKind::RolledBack, reason)
}

/// The job of a release is killed within its second step, and a sweep rolls it back.
pub(super) fn swept() -> Journal {
    let mut story = Story::new();
    story.journal.release.verb = "resume".to_owned();
    story.journal.release.standing = Some(Standing { split: Split { stable: 75, candidate: 25 }, passed: 1, step: Some(1) });
    let reason = Reason::JobLost { leased_until: Some(Timestamp::from_secs(1_795_312_700)) };
    story
        .add(Happening::RollingBack { reason: reason.clone() })
        .add(Happening::Shifted { split: Split::STABLE })
        .add(Happening::Restored)
        .after(15)
        .finished(OutcomeKind::RolledBack, reason)
}

/// After a promotion, back to what served before.
pub(super) fn gone_back() -> Journal {
    let mut story = Story::new();
    let release = &mut story.journal.release;
    release.verb = "rollback".to_owned();
    (release.stable_revision, release.candidate_revision) = (Some("myservice:42".to_owned()), "myservice:41".to_owned());
    (release.stable_slot, release.candidate_slot) = ("b".to_owned(), "a".to_owned());
    release.steps = vec![Step { share: Share::FULL, bake: Duration::ZERO, lag: Duration::ZERO, hold: None }];
    story
        .add(Happening::Note { what: "asked for by octocat".to_owned() })
        .add(Happening::Claimed)
        .add(Happening::Launching { wanted: 3 })
        .after(30)
        .observed(0, 3)
        .add(Happening::Ready { healthy: 3 })
        .add(Happening::StepBegun { index: 0, share: Share::FULL })
        .after(1)
        .add(Happening::Shifted { split: Split::CANDIDATE })
        .add(Happening::Settled { index: 0 })
        .add(Happening::StepPassed { index: 0 })
        .add(Happening::Promoted)
        .after(90)
        .add(Happening::Retiring { ecs_service: "myservice-green".to_owned() })
        .after(75)
        .add(Happening::Retired { ecs_service: "myservice-green".to_owned() })
        .finished(OutcomeKind::RolledBack, Reason::RolledBackByRequest { to: "myservice:41".to_owned() })
}
