//! How far a job may go, and what it may not go back on: the end of the last step, holds, promotions that are final, and what it has read
//! that somebody else set.

use espalier::{
    rollout::{
        machine::{Desired, Effect, Ending},
        outcome::{OutcomeKind, Reason},
        plan::{OnCancel, OnDrift},
        record::{Record, State},
    },
    time::Timestamp,
};

use super::{
    case::Case,
    facts::Facts,
    rules::{self, step as step_of},
    watched::Watched,
};

pub(crate) const BAKED: &str = "2: the last step is settled and baked like every other, before it is promoted";

/// A rollback by request is final at once.
pub(crate) fn baked(job: &Watched, record: &Record, now: Timestamp) -> Result<(), String> {
    let first = record.state == State::Promoted && !job.promoted;
    let plan = &job.record.plan;
    let Some(last) = plan.steps.last().filter(|_| first && job.stable.is_some() && job.record.verb == "deploy") else {
        return Ok(());
    };
    let watched = now.since(job.stepped);
    if job.step != Some(plan.steps.len() - 1) || watched < plan.settle + last.bake {
        return Err(format!("{} is promoted from step {:?} after {watched:?}", job.name, job.step));
    }
    Ok(())
}

pub(crate) const HELD: &str = "2: nobody goes past a hold but who was told to, and what is held is the same everywhere";

/// Whoever releases a hold is another job than the one that came to it.
pub(crate) fn hold(job: &Watched, desired: Desired) -> Result<(), String> {
    let Desired::Split(split) = desired else { return Ok(()) };
    let plan = &job.record.plan;
    let enters = step_of(job, split).filter(|step| job.stable.is_some() && job.step != Some(*step));
    let Some(step) = enters.filter(|step| plan.steps[*step].hold.is_some()) else { return Ok(()) };
    let is_released = job.record.released > step;
    if job.fresh || (job.walked && !is_released) {
        return Err(format!("{} goes on to step {}, at which it is to hold", job.name, step + 1));
    }
    Ok(())
}

/// What somebody has set since is theirs.
pub(crate) fn held(job: &Watched, facts: &Facts, edited: bool) -> Result<(), String> {
    if edited || facts.share(job.candidate) == facts.least_share(job.candidate) {
        return Ok(());
    }
    Err(format!("{} holds {:?}", job.name, facts.written))
}

pub(crate) const FINAL: &str = "6: a promotion is final once it is recorded: whoever goes back is a rollout of its own";

pub(crate) fn is_final(job: &Watched, desired: Desired) -> Result<(), String> {
    let goes_back = !matches!(desired, Desired::Split(split) if split.candidate > 0);
    if job.is_final && goes_back { Err(format!("{} writes {desired:?} after its promotion", job.name)) } else { Ok(()) }
}

/// It is on its way up, and nobody has asked for it to go back.
pub(crate) fn climbs(job: &Watched) -> bool {
    !job.asked && !job.aborts && !job.fell && !job.promoted
}

/// Who has read what somebody else set ends with it.
pub(crate) fn drifted(case: &Case, job: &Watched, ending: &Ending) -> Result<(), String> {
    if !job.drifts || job.signalled.is_some() || case.plan.on_drift != OnDrift::Stop {
        return Ok(());
    }
    match ending {
        Ending::Outcome(outcome) => match (outcome.kind, &outcome.reason) {
            (OutcomeKind::Superseded, _) | (OutcomeKind::Stuck, Reason::Drifted { .. }) => Ok(()),
            // It never got hold of the record (seed 180028870).
            (OutcomeKind::Stuck, Reason::Refused { .. }) if !job.touched => Ok(()),
            (kind, reason) => Err(format!("{} had read a split of somebody else's, and ended {kind}: {reason}", job.name)),
        },
        Ending::Declined(_) | Ending::Untouched(_) => Ok(()),
    }
}

/// Whether the answer to a signal has begun: nothing else goes before it. `on_cancel: hold` is answered by the record that lets go.
pub(crate) fn answers(effect: &Effect, on_cancel: OnCancel) -> bool {
    matches!(effect, Effect::Write(_)) || (on_cancel == OnCancel::Hold && matches!(effect, Effect::Record(..)))
}

/// What may come before the weights are back: the write itself, and what it takes to decide it.
pub(crate) fn signal(job: &Watched, effect: &Effect, before: &Facts) -> Result<(), String> {
    let decides = matches!(effect, Effect::Write(_) | Effect::Observe(_) | Effect::ReadBack | Effect::CountHealthy(_));
    // Who ends without having written anything leaves it to the one whose it is.
    let leaves = matches!(effect, Effect::Finish(_)) && !job.touched;
    if decides || leaves {
        Ok(())
    } else if matches!(effect, Effect::WaitUntil(_)) {
        rules::signal_waits(job, before)
    } else {
        rules::signal(job, before)
    }
}
