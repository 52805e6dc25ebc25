//! The rules of DESIGN §5, each a small check on what was the case in the world.
//!
//! Those about metrics (7, 8) are in `judged`; those about what a release borrows and has to leave as it was (scaling, test rules,
//! hooks, everything foreign: 6, 10, 13) in `kept`; about leases in `claims`; about how a job may end (5, 9, 11) in `endings`, and what is left
//! when the last one has ended in `aftermath`.

use std::time::Duration;

use espalier::{
    rollout::{
        machine::{Desired, Role},
        plan::{OnCancel, OnDrift},
        record::{Record, State},
        split::Split,
    },
    time::Timestamp,
};

use super::{
    case::{Case, Other, Shape},
    court::Court,
    facts::{Facts, Weights},
    judged, kept,
    watched::{Watched, slot_of},
};

pub(crate) const ENOUGH: &str =
    "1: enough for its share is asked again at every tick, and less is rolled back after unhealthy_for";
pub(crate) const HEALTH: &str = "Health: a candidate below min_healthy for unhealthy_for observations is rolled back";

/// A state that a watching job may not let stand for longer than one interval and one write.
pub(crate) struct Stands {
    pub(crate) rule: &'static str,
    pub(crate) what: &'static str,
    /// How many more observations the plan allows it.
    pub(crate) more_intervals: u32,
    pub(crate) is: fn(&Case, &Watched, &Facts) -> bool,
}

/// Rules 1 and 14, and "Health": what must be answered in the tick that sees it.
pub(crate) const STANDING: [Stands; 9] = [
    judged::CONDEMNED,
    judged::RINGS,
    kept::STEADY,
    kept::KEPT_SIZE,
    Stands {
        rule: "1: a candidate with weight and no healthy target is rolled back at once",
        what: "the candidate had weight and no healthy target",
        more_intervals: 0,
        is: |_, job, facts| {
            let down = facts.share(job.candidate) > 0 && facts.slots[job.candidate].healthy == 0;
            watches(job) && down && !fell_to_nobody(job, facts)
        },
    },
    Stands {
        rule: "1: stable is never short of healthy targets for the weight that it keeps beside the candidate",
        what: "stable was short of healthy targets",
        more_intervals: 0,
        is: |_, job, facts| {
            let Some(stable) = job.stable else { return false };
            let (share, side) = (facts.share(stable), facts.slots[stable]);
            let needed = needs(share, side.running.min(side.settled));
            let short = facts.share(job.candidate) > 0 && share > 0 && side.healthy < needed;
            watches(job) && short && !fell_to_nobody(job, facts)
        },
    },
    Stands {
        rule: HEALTH,
        what: "the candidate was below min_healthy",
        // The plan says how many.
        more_intervals: 0,
        is: |case, job, facts| {
            let side = facts.slots[job.candidate];
            // Beyond the size of the beginning it follows stable's, and tasks that were asked for a moment ago are given time.
            let expected = side.desired.min(case.tasks).max(side.settled);
            let few = side.healthy < case.plan.health.min_healthy.of(expected);
            watches(job) && facts.share(job.candidate) > 0 && few && !fell_to_nobody(job, facts)
        },
    },
    Stands {
        rule: ENOUGH,
        what: "the candidate had too few healthy targets for its share",
        more_intervals: 0,
        is: |case, job, facts| {
            let share = facts.share(job.candidate);
            let Some(stable) = job.stable.filter(|_| share > 0) else { return false };
            // As above.
            let needed = needs(share, facts.slots[stable].running.min(case.tasks));
            watches(job) && facts.slots[job.candidate].healthy < needed && !fell_to_nobody(job, facts)
        },
    },
    Stands {
        rule: "14: every target that is not draining belongs to a task of the recorded revision",
        what: "the candidate had weight and targets of another revision",
        more_intervals: 1,
        is: |_, job, facts| watches(job) && facts.share(job.candidate) > 0 && facts.slots[job.candidate].foreign > 0,
    },
];

/// Whether the job still decides about weights: from the claim to the promotion, or to the end of a rollback. Stuck is an answer: the
/// weights stay, and with slow calls the job ends seconds later (seeds 90132347 and 99131334).
pub(crate) fn watches(job: &Watched) -> bool {
    job.stable.is_some() && !job.promoted && !job.drift_seen && job.record.state != State::Stuck
}

/// It was rolled back to a stable that is down too. What somebody sets then is put back for nobody's sake, and each look at it costs two
/// calls more (seed 109169380).
fn fell_to_nobody(job: &Watched, facts: &Facts) -> bool {
    let is_down = |slot: usize| facts.slots[slot].healthy == 0;
    job.fell && is_down(job.candidate) && job.stable.is_some_and(is_down)
}

/// `ceil(share × count)`, and one at least.
fn needs(share: u32, count: u32) -> u32 {
    let product = u64::from(share) * u64::from(count);
    u32::try_from(product.div_ceil(100_000)).unwrap_or(u32::MAX).max(1)
}

pub(crate) const CAPACITY: &str = "1: no side gets weight that it has no healthy targets for";

/// What a write rests on is the whole reading before it.
pub(crate) fn capacity(job: &Watched, desired: Desired) -> Result<(), String> {
    let Some(stable) = job.stable else { return Ok(()) };
    let Some(saw) = &job.saw else { return Ok(()) };
    match desired {
        Desired::Split(split) if split.candidate > 0 => {
            let (candidate, share) = (saw.slots[job.candidate], split.share().millipercent());
            let needed = needs(share, saw.slots[stable].running);
            let repeated = job.step == step(job, split);
            // Asked to go back from what is dead: whatever serves is more than that.
            let ends_an_outage = job.record.verb == "rollback" && saw.slots[stable].healthy == 0;
            if candidate.healthy >= needed || ((repeated || ends_an_outage) && candidate.healthy > 0) {
                return Ok(());
            }
            Err(format!(
                "{} wrote {split} where {needed} healthy targets were needed and {} were seen",
                job.name, candidate.healthy
            ))
        }
        Desired::Split(_) => Ok(()),
        Desired::BaselineBesideCandidate | Desired::Baseline => {
            let (from, to) = (saw.slots[job.candidate], saw.slots[stable]);
            let takes_away = saw.share(job.candidate) > 0 && from.healthy > 0;
            if to.healthy > 0 || !takes_away || job.forced {
                return Ok(());
            }
            Err(format!(
                "{} gave everything to stable, which had no healthy target; the candidate had {}",
                job.name, from.healthy
            ))
        }
    }
}

pub(crate) const PLAN: &str = "2: steps come from the plan, in order, each settled and watched; what fell stays down";

/// The place of a split in the plan.
pub(crate) fn step(job: &Watched, split: Split) -> Option<usize> {
    job.record.plan.steps.iter().position(|step| Split::for_share(step.share).ok() == Some(split))
}

pub(crate) fn plan(job: &Watched, desired: Desired, now: Timestamp) -> Result<(), String> {
    let Desired::Split(split) = desired else { return Ok(()) };
    if job.stable.is_none() {
        return if split == Split::CANDIDATE && !job.fell { Ok(()) } else { Err(format!("{split} at a first release")) };
    }
    let Some(step) = step(job, split) else { return Err(format!("{} wrote {split}, which no step says", job.name)) };
    if job.fell {
        return Err(format!("{} wrote {split} after it had rolled back", job.name));
    }
    match job.step {
        None if step == 0 => Ok(()),
        Some(before) if step == before => Ok(()),
        Some(before) if step == before + 1 => {
            let plan = &job.record.plan;
            let bake = plan.steps[before].bake;
            let watched = now.since(job.stepped);
            if watched >= plan.settle + bake { Ok(()) } else { Err(format!("step {} after {watched:?}", step + 1)) }
        }
        other => Err(format!("{} wrote step {} after {other:?}", job.name, step + 1)),
    }
}

pub(crate) const DRIFT: &str = "3: what somebody else wrote is never stepped from, and left alone unless told otherwise";

/// Whether what was read is a split that nobody of ours can have written. What a person has set is that where it is another step than
/// the one in hand, too; but who takes a rollout over that nobody looked after takes any step that its record has come to for its own (seeds
/// 310016984 and 320076629: no later one).
pub(crate) fn drifted(job: &Watched, facts: &Facts, by_hand: &[bool]) -> bool {
    let Some(stable) = job.stable else { return false };
    let Record { plan, intent, verified, step, .. } = &job.record;
    let in_hand = |share: u32| [intent, verified].iter().any(|split| split.share().millipercent() == share);
    let of_plan = |share: u32, steps: usize| plan.steps.iter().take(steps).any(|step| step.share.millipercent() == share);
    let known = |share: u32, by_hand: bool| match (by_hand, job.aborts) {
        _ if share == 0 => true,
        (true, false) => in_hand(share),
        (true, true) => in_hand(share) || of_plan(share, step + 1),
        (false, _) => of_plan(share, usize::MAX),
    };
    facts.written.iter().zip(by_hand).any(|(weights, by_hand)| {
        weights.as_ref().is_some_and(|weights| {
            let is_empty = weights.slots[stable] + weights.slots[job.candidate] == 0;
            weights.others > 0 || !known(weights.share(job.candidate), *by_hand) || is_empty
        })
    })
}

pub(crate) fn drift(job: &Watched, desired: Desired, case: &Case) -> Result<(), String> {
    let restores = matches!(desired, Desired::BaselineBesideCandidate | Desired::Baseline);
    // A cancel is an abort (rule 12): before anything else is asked, the baseline is written.
    let may_restore = case.plan.on_drift == OnDrift::Restore || job.fell || job.asked || job.signalled.is_some();
    if !job.drift_seen || (restores && may_restore) {
        return Ok(());
    }
    Err(format!("{} wrote {desired:?} over somebody else's split that it had read", job.name))
}

/// Whether the newest reading showed the candidate listed everywhere, without weight: who then writes the baseline rolls back.
pub(crate) fn is_attached(job: &Watched) -> bool {
    let listed = |facts: &Facts| facts.written.iter().flatten().all(|weights| weights.listed == [true, true]);
    job.looked.as_ref().is_some_and(|looked| looked.share(job.candidate) == 0 && listed(looked))
}

pub(crate) const EMERGENCY: &str = "3: what somebody has put back to what it was before is an abort: no step is written over it";

/// Whether the weights of the step in hand were read everywhere: from then on what is at rest was put there.
pub(crate) fn is_shown(job: &Watched, facts: &Facts) -> bool {
    let share = job.step.and_then(|step| job.record.plan.steps.get(step)).map_or(0, |step| step.share.millipercent());
    job.stable.is_some() && share > 0 && [facts.share(job.candidate), facts.least_share(job.candidate)] == [share; 2]
}

/// Whether a person has put a traffic target back.
pub(crate) fn is_put_back(job: &Watched, facts: &Facts, by_hand: &[bool]) -> bool {
    let Some(stable) = job.stable else { return false };
    let is_at_rest = |weights: &Weights| weights.slots[stable] > 0 && weights.slots[job.candidate] == 0 && weights.others == 0;
    facts.written.iter().zip(by_hand).any(|(weights, by_hand)| *by_hand && weights.as_ref().is_some_and(is_at_rest))
}

pub(crate) fn emergency(job: &Watched, desired: Desired) -> Result<(), String> {
    match desired {
        Desired::Split(split) if job.put_back && split.candidate > 0 => {
            Err(format!("{} wrote {split} after it had read that somebody had put the weights back", job.name))
        }
        Desired::Split(_) | Desired::BaselineBesideCandidate | Desired::Baseline => Ok(()),
    }
}

pub(crate) fn emergency_is_no_promotion(job: &Watched, record: &Record) -> Result<(), String> {
    if !job.put_back || job.promoted || record.state != State::Promoted {
        return Ok(());
    }
    Err(format!("{} records a promotion after it had read that somebody had put the weights back", job.name))
}

pub(crate) const EXPLICIT: &str = "4: both weights are always there, never all zero, and nobody else has any";

pub(crate) fn explicit(job: &Watched, after: &Facts, court: &Court<'_>) -> Result<(), String> {
    let Court { at_start, edited, tags_lost, .. } = court;
    for (place, weights) in after.written.iter().enumerate().filter(|(place, _)| !edited[*place]) {
        let Some(weights) = weights else { continue };
        let is_start = Some(weights) == at_start.written[place].as_ref();
        let empty = weights.slots.iter().sum::<u32>() == 0;
        if !is_start && (empty || weights.others > 0) {
            return Err(format!("traffic target {place} says {weights:?}"));
        }
        // A baseline whose tags somebody removed is taken to be the serving group alone.
        if !is_start && !tags_lost && job.stable.is_some() && weights.listed != [true, true] {
            return Err(format!("traffic target {place} lists one side only: {weights:?}"));
        }
    }
    Ok(())
}

pub(crate) const INTENT: &str = "9: a split is announced in the record before it is written";

pub(crate) fn intent(job: &Watched, desired: Desired, recorded: Option<&Record>, tags_lost: bool) -> Result<(), String> {
    let Desired::Split(split) = desired else { return Ok(()) };
    let announced = recorded.is_some_and(|recorded| recorded.id == job.record.id && recorded.intent == split);
    if announced || tags_lost || job.stable.is_none() {
        return Ok(());
    }
    let said = recorded.map(|recorded| recorded.intent);
    Err(format!("{} writes {split} while the record in AWS says {said:?}", job.name))
}

pub(crate) const SIGNAL: &str = "12: on the first signal the weights go back before anything else";

/// Whether the weights have to go back: the candidate has some, and stable can take them.
fn must_restore(job: &Watched, facts: &Facts) -> bool {
    let stable_down = |stable: usize| {
        job.saw.as_ref().is_some_and(|saw| saw.slots[stable].healthy == 0 && saw.slots[job.candidate].healthy > 0)
    };
    // What somebody sets after the weights are back is theirs, and may stand until the next look: the signal took its answer.
    let was_back = job.fell && job.looked.as_ref().is_some_and(|looked| looked.share(job.candidate) == 0);
    job.stable.is_some_and(|stable| !stable_down(stable) && !was_back)
        && job.signalled.is_some()
        && !job.acted_since
        && !job.superseded
        // Seed 210109197: what somebody else set is left alone, and said.
        && !job.drift_seen
        && job.record.state != State::Stuck
        && !job.promoted
        && job.step.is_some()
        && facts.share(job.candidate) > 0
}

pub(crate) fn signal(job: &Watched, before: &Facts) -> Result<(), String> {
    if must_restore(job, before) && job.record.plan.on_cancel == OnCancel::Rollback {
        return Err(format!("{} does something else first", job.name));
    }
    Ok(())
}

pub(crate) fn signal_waits(job: &Watched, before: &Facts) -> Result<(), String> {
    if must_restore(job, before) { Err(format!("{} waits after a signal", job.name)) } else { Ok(()) }
}

pub(crate) const SIZE: &str = "6: stable is never shrunk while it may serve, and no tasks are stopped that have weight";

/// What somebody set and took back between two looks is read by nobody, though the data plane may not have followed yet (seed 30143666):
/// where actions were `edited` what is written alone counts.
pub(crate) fn size(
    job: &Watched,
    (role, count): (Role, u32),
    recorded: Option<&Record>,
    before: &Facts,
    edited: bool,
) -> Result<(), String> {
    let Some(slot) = slot_of(job, role) else { return Ok(()) };
    let saw = job.saw.as_ref().unwrap_or(before);
    if count > 0 {
        // Stable is asked to have at least so many.
        let least = if role == Role::Stable { 0 } else { saw.slots[slot].desired };
        return if count >= least { Ok(()) } else { Err(format!("{role:?} goes from {least} to {count} tasks")) };
    }
    let is_given = saw.written.iter().flatten().any(|weights| weights.slots[slot] > 0);
    if is_given || (!edited && saw.serves(slot)) {
        return Err(format!("{role:?} is stopped while it serves: {:?}, routed {:?}", saw.written, saw.routed));
    }
    // Seed 210122869: a record of an older generation is as good as none, and written over.
    let is_its = |recorded: &Record| recorded.id == job.record.id && recorded.generation >= job.record.generation;
    let promoted = recorded.is_none_or(|recorded| !is_its(recorded) || recorded.state == State::Promoted);
    if role == Role::Stable && !promoted {
        return Err("stable is stopped though the record does not say `promoted`".to_owned());
    }
    Ok(())
}

/// What a job's own scaling did, from one moment to the same.
pub(crate) fn scaled(job: &Watched, role: Role, count: u32, before: &Facts, after: &Facts) -> Result<(), String> {
    let Some(slot) = slot_of(job, role).filter(|_| count > 0) else { return Ok(()) };
    let (had, has) = (before.slots[slot].desired, after.slots[slot].desired);
    if has >= had { Ok(()) } else { Err(format!("{} takes {role:?} from {had} to {has} tasks", job.name)) }
}

pub(crate) const PROMOTION: &str = "6: promoted is what has everything, everywhere";

pub(crate) fn promotion(job: &Watched, record: &Record, edited: bool) -> Result<(), String> {
    let first = record.state == State::Promoted && !job.promoted;
    match &job.looked {
        Some(looked) if first && !edited && looked.least_share(job.candidate) < 100_000 => {
            Err(format!("{} records a promotion at {:?}", job.name, looked.written))
        }
        Some(_) | None => Ok(()),
    }
}

pub(crate) const SERVED: &str = "1: whatever has requests in the end is to have tasks";

/// When all is over, calls of dead jobs that were still under way included. At a first release the candidate is attached before it has
/// tasks, since nothing serves otherwise.
pub(crate) fn served(case: &Case, court: &Court<'_>, facts: &Facts) -> Result<(), String> {
    // Seed 220026109: a runner that stood still writes over what an abort has put back, which ends stuck and says so.
    let stalls = case.others.iter().any(|(_, other)| matches!(other, Other::Stall(_)));
    let is_said = stalls && court.jobs.iter().any(|job| job.record.state == State::Stuck);
    let by_hand = court.edited.contains(&true) || court.tags_lost || is_said || case.shape == Shape::Bootstrap;
    let stopped = |slot: &usize| facts.share(*slot) > 0 && facts.slots[*slot].desired == 0;
    match (0..facts.slots.len()).find(stopped).filter(|_| !by_hand) {
        Some(slot) => Err(format!("slot {slot} has weight and no tasks")),
        None => Ok(()),
    }
}

pub(crate) const ENDS: &str = "11: every path ends, with a deadline on every phase";

/// The longest that a job can take: its timeout, and each phase's own limit.
pub(crate) fn longest(case: &Case) -> Duration {
    let hooks: Duration = case.errands.iter().map(|errand| errand.limit).sum();
    let stalls = case.others.iter().map(|(_, other)| if let Other::Stall(seconds) = other { *seconds } else { 0 });
    let phases = Duration::from_secs(120 + 900 + 300 + 600 * 4 + 600 + stalls.sum::<u64>());
    case.plan.timeout + phases + case.plan.settle + hooks
}
