//! How a job may end: rule 5, and what rule 9 says of the record that it leaves.

use std::time::Duration;

use espalier::rollout::{
    machine::Desired,
    outcome::{Outcome, OutcomeKind, Reason},
    record::{Record, State},
};

use super::{facts::Facts, watched::Watched};

pub(crate) const DRAINED: &str = "5: a rejected candidate stays listed at weight 0 until its targets are gone";

/// The baseline itself comes after the last target that the job has seen: what registers between that look and the write is the next
/// look's.
pub(crate) fn drained(job: &Watched, desired: Desired, after: &Facts, edited: &[bool]) -> Result<(), String> {
    let present = job.saw.as_ref().map_or(0, |saw| saw.slots[job.candidate].present);
    // At a first release the baseline cannot list anybody.
    if desired != Desired::Baseline || job.stable.is_none() || present == 0 {
        return Ok(());
    }
    let written = after.written.iter().zip(edited).filter(|(_, edited)| !**edited).filter_map(|(weights, _)| weights.as_ref());
    if written.into_iter().all(|weights| weights.listed[job.candidate]) {
        return Ok(());
    }
    Err(format!("{} takes the candidate's group out of the actions with {present} targets in it", job.name))
}

/// How long a rollback is tried where trying again may help (`RESTORE_LIMIT` of the machine).
const RESTORE_LIMIT: Duration = Duration::from_secs(600);

pub(crate) const ENDING: &str =
    "5: rolled back is exactly what was before, promoted is the candidate everywhere, stuck has a cause";

pub(crate) fn rolled_back(job: &Watched, facts: &Facts, exactly: bool, edited: bool) -> Result<(), String> {
    if edited || exactly {
        return Ok(());
    }
    let hurried = job.signalled.is_some();
    let drains = facts.slots[job.candidate].present > 0;
    let at_zero = job.stable.is_some() && facts.share(job.candidate) == 0 && facts.written.iter().all(Option::is_some);
    if at_zero && (hurried || drains || job.is_hindered(facts.at)) {
        return Ok(());
    }
    Err(format!("{} calls {:?} rolled back", job.name, facts.written))
}

pub(crate) fn promoted(job: &Watched, facts: &Facts, edited: bool) -> Result<(), String> {
    if edited || facts.least_share(job.candidate) == 100_000 {
        return Ok(());
    }
    Err(format!("{} calls {:?} promoted", job.name, facts.written))
}

pub(crate) fn stuck(job: &Watched, outcome: &Outcome, facts: &Facts) -> Result<(), String> {
    let reason = &outcome.reason;
    // Rule 5: throttling and conflicts are waited out until the deadline. An abort has decided when it begins.
    let decided = if job.aborts { Some(job.began) } else { job.restoring };
    let tried = facts.at.since(decided.unwrap_or(job.began));
    let may_help = !job.denied && facts.written.iter().all(Option::is_some);
    if matches!(reason, Reason::NotRestored { .. }) && may_help && tried < RESTORE_LIMIT {
        return Err(format!("{} gives up after {tried:?}, and nothing was refused for good: {reason}", job.name));
    }
    // Seed 140110296: whoever stood still for longer than that has tried for as long by the clock.
    let hindered = job.refused || facts.written.iter().any(Option::is_none) || tried >= RESTORE_LIMIT;
    let recorded = job.record.stable.as_ref().map_or(0, |slot| slot.count);
    // Seed 94165416: once its scaling is given back, what sets stable's size is no longer ours.
    let scales = |stable: usize| facts.scaled[stable].is_some_and(|seen| !seen.scale_in_suspended);
    let kept_up = job.stable.is_none_or(|stable| facts.slots[stable].desired >= recorded || scales(stable));
    let stable_down = matches!(reason, Reason::StableDown { .. }) && (job.refused || job.signalled.is_some() || kept_up);
    let drifted = matches!(reason, Reason::Drifted { .. } | Reason::TargetGone { .. });
    let denied = matches!(reason, Reason::NotRestored { .. } | Reason::Refused { .. }) && hindered;
    let caused = stable_down || drifted || denied;
    if caused { Ok(()) } else { Err(format!("{} is stuck without a cause: {}", job.name, outcome.reason)) }
}

pub(crate) const CLOSED: &str = "9: what a job leaves is written in AWS";

pub(crate) fn closed(job: &Watched, outcome: &Outcome, recorded: Option<&Record>, lost: bool) -> Result<(), String> {
    let Some(recorded) = recorded.filter(|_| !lost) else { return Ok(()) };
    let left: &[State] = match outcome.kind {
        OutcomeKind::Promoted => &[State::Closed, State::Promoted],
        OutcomeKind::RolledBack => &[State::Closed, State::RolledBack],
        OutcomeKind::Held => &[State::Held],
        OutcomeKind::Stuck => &[State::Stuck],
        OutcomeKind::Superseded if is_its(job, recorded) => {
            return Err(format!("{} is superseded, and the record is still its own", job.name));
        }
        OutcomeKind::Unchanged | OutcomeKind::Superseded => return Ok(()),
    };
    // Restored by request is promoted, to the record.
    let asked = matches!(outcome.reason, Reason::RolledBackByRequest { .. }) && recorded.state == State::Promoted;
    // Seed 99313293: it was written, and at the same moment by another job that had not read it.
    let written_over = left.contains(&job.record.state) && !is_its(job, recorded);
    if left.contains(&recorded.state) || asked || written_over || job.signalled.is_some() {
        return Ok(());
    }
    Err(format!("{} ended {} and the record says {}", job.name, outcome.kind, recorded.state))
}

/// The record is the one that this job wrote.
fn is_its(job: &Watched, recorded: &Record) -> bool {
    let whose = |record: &Record| (record.id.clone(), record.generation, record.owner.clone());
    whose(&job.record) == whose(recorded)
}
