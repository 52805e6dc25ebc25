//! What a release borrows, and has to leave as it was: scaling (rule 6), test rules, hooks, everything foreign (rule 10). And that the
//! weights are the only way to the candidate (rules 13 and 14).

use std::collections::BTreeSet;

use espalier::{
    rollout::{
        hooks::Point,
        machine::Desired,
        outcome::{Outcome, OutcomeKind, Reason},
        record::{Record, State},
        scaling::Suspended,
    },
    sandbox::direct::{Direct, Inventory, Part, ScalableSeen},
};
use serde_json::Value;

use super::{
    case::{Case, Other},
    court::Court,
    facts::Facts,
    rules::{Stands, step as step_of, watches},
    stage::Stage,
    watched::Watched,
};

pub(crate) const SCALING: &str = "6: what scales a side by itself is given back on every path";
pub(crate) const DOORS: &str = "10: a test rule is taken away when the release is decided";
pub(crate) const FOREIGN: &str = "10: nothing is changed or deleted but what is ours";
pub(crate) const GATES: &str = "hooks: nothing goes on past a gate that did not pass, and nothing of them outlives the job";
pub(crate) const ONLY_WEIGHTS: &str = "13, 14: weights are the only way to the candidate, and ECS does not roll it back";

/// Stable may not shrink by itself.
pub(crate) const STEADY: Stands = Stands {
    rule: "6: stable's scale-in is suspended while the release runs",
    what: "stable could shrink by itself beside a candidate with weight",
    more_intervals: 0,
    is: |case, job, facts| {
        let scaled = job.stable.and_then(|stable| facts.scaled[stable]).filter(|_| case.scaled.is_some());
        let may_shrink = scaled.is_some_and(|scaled| !scaled.scale_in_suspended);
        watches(job) && may_shrink && job.record.verb == "deploy" && facts.share(job.candidate) > 0
    },
};

/// And does not. What an autoscaler took away before anything held it, as it may where a job is killed before it does, is nobody's
/// breach: DESIGN §5 rule 6 is about the size that stable had when its scale-in was suspended.
pub(crate) const KEPT_SIZE: Stands = Stands {
    rule: "6: the stable slot keeps at least the size it had",
    what: "stable wanted fewer tasks than it had at the start",
    more_intervals: 0,
    is: |case, job, facts| {
        let by_hand = case.others.iter().any(|(_, other)| matches!(other, Other::Resize(_)));
        let short = job.stable.is_some_and(|stable| facts.slots[stable].desired < job.kept);
        watches(job) && short && !by_hand && job.record.verb == "deploy" && facts.share(job.candidate) > 0
    },
};

pub(crate) fn is_suspended(seen: ScalableSeen, as_was: Suspended) -> bool {
    let now = (seen.scale_in_suspended, seen.scale_out_suspended, seen.scheduled_suspended);
    now == (as_was.scale_in, as_was.scale_out, as_was.scheduled)
}

pub(crate) fn given_back(case: &Case, job: &Watched, outcome: &Outcome, facts: &Facts) -> Result<(), String> {
    let Some(as_was) = case.scaled.filter(|_| !job.is_hindered(facts.at) && !job.left_scaling() && job.record.scaling.is_some())
    else {
        return Ok(());
    };
    let asked = matches!(outcome.reason, Reason::RolledBackByRequest { .. });
    // Whoever serves now.
    let serving = match outcome.kind {
        OutcomeKind::Promoted => vec![Some(job.candidate)],
        OutcomeKind::RolledBack if asked => vec![Some(job.candidate)],
        OutcomeKind::RolledBack => vec![job.stable],
        OutcomeKind::Stuck => vec![job.stable],
        OutcomeKind::Held | OutcomeKind::Superseded | OutcomeKind::Unchanged => Vec::new(),
    };
    for slot in serving.into_iter().flatten() {
        let Some(seen) = facts.scaled[slot] else { continue };
        // A slot that was put to rest is given its bounds by the next release. Where somebody has moved everything to it since, and this
        // job found it so, it is none of this job's.
        let has_rested = seen.min == 0 && job.record.scaling.is_some_and(|scaling| scaling.min > 0);
        let rests = seen.min == 0 && outcome.kind == OutcomeKind::Stuck;
        if (!is_suspended(seen, as_was) || has_rested) && !rests {
            return Err(format!("{} ended {} and left slot {slot} with {seen:?}, not {as_was:?}", job.name, outcome.kind));
        }
    }
    Ok(())
}

pub(crate) fn shut(job: &Watched, outcome: &Outcome, facts: &Facts) -> Result<(), String> {
    let decided = matches!(outcome.kind, OutcomeKind::Promoted | OutcomeKind::RolledBack);
    let hurried = job.signalled.is_some() && job.promoted;
    // What another job could not take away is not on one that was cancelled before it wrote anything.
    if facts.doors == 0 || !decided || job.is_hindered(facts.at) || job.left_test() || hurried || !job.touched {
        return Ok(());
    }
    Err(format!("{} ended {} and left {} test rules", job.name, outcome.kind, facts.doors))
}

/// The gates before a write.
pub(crate) fn gate(case: &Case, job: &Watched, desired: Desired, proven: &BTreeSet<(Point, usize)>) -> Result<(), String> {
    let asks = |point: Point| job.hooked && case.errands.iter().any(|errand| errand.at == point);
    let missing = |point: Point, step: usize| {
        let is_missing = asks(point) && !proven.contains(&(point, step));
        if is_missing { Err(format!("{} goes on without its {point} hook (step {step})", job.name)) } else { Ok(()) }
    };
    let Desired::Split(split) = desired else {
        // What begins a release, and nothing that ends one.
        let begins = !job.touched && !job.aborts && job.record.verb == "deploy" && job.step.is_none() && job.name == "deploy";
        return if begins && desired == Desired::BaselineBesideCandidate { missing(Point::BeforeRelease, 0) } else { Ok(()) };
    };
    let Some(step) = step_of(job, split).filter(|step| Some(*step) != job.step && job.stable.is_some()) else { return Ok(()) };
    missing(Point::BeforeShift, step)?;
    match job.step {
        // Who goes on after a hold finds the step before behind it.
        Some(before) if job.stepped != espalier::time::Timestamp::default() => missing(Point::AfterStep, before),
        Some(_) | None => Ok(()),
    }
}

/// The gates before a promotion.
pub(crate) fn promotion(case: &Case, job: &Watched, record: &Record, proven: &BTreeSet<(Point, usize)>) -> Result<(), String> {
    if record.state != State::Promoted || job.promoted || !job.hooked {
        return Ok(());
    }
    let last = record.plan.steps.len().saturating_sub(1);
    let after_step = (Point::AfterStep, last, job.stable.is_some());
    for (point, step, counts) in [after_step, (Point::BeforePromote, 0, true)] {
        let asks = counts && case.errands.iter().any(|errand| errand.at == point);
        if asks && !proven.contains(&(point, step)) {
            return Err(format!("{} is promoted without its {point} hook", job.name));
        }
    }
    Ok(())
}

/// The candidate's ECS service has no other way to requests than its target group, and stays what it is.
pub(crate) fn only_weights(world: &Direct, service: &str) -> Result<(), String> {
    let seen = world.ecs_service(service).ok_or_else(|| format!("{service} is gone"))?;
    let member = |name: &str| seen.deployments.first().and_then(|primary| primary.members.get(name));
    let lists = |name: &str| {
        let listed = seen.settings.get(name).into_iter().chain(member(name)).filter_map(Value::as_array);
        listed.into_iter().any(|list| !list.is_empty())
    };
    let connect = member("serviceConnectConfiguration");
    let serves = connect.is_some_and(|connect| {
        connect["enabled"] == true && connect["services"].as_array().is_some_and(|services| !services.is_empty())
    });
    let rolls_back = |what: &str| {
        let found = seen.settings.get("deploymentConfiguration").map(|configuration| &configuration[what]);
        found.is_some_and(|found| found["enable"] == true && found["rollback"] == true)
    };
    match () {
        () if lists("loadBalancers") => Err(format!("{service} stands in a load balancer")),
        () if lists("serviceRegistries") => Err(format!("{service} is registered in Cloud Map")),
        () if serves => Err(format!("{service} answers to a Service Connect name")),
        () if rolls_back("deploymentCircuitBreaker") || rolls_back("alarms") => {
            Err(format!("ECS may roll {service} back by itself"))
        }
        () => Ok(()),
    }
}

/// What is at the end as it was at the start: everything but our actions, our tags, and the two slots' sizes and scaling.
pub(crate) fn untouched(stage: &Stage, after: &Inventory<'_>, court: &Court<'_>) -> Result<(), String> {
    let edited = court.edited.contains(&true);
    let slots = || stage.slots.iter().filter_map(|slot| slot.ecs_service.as_deref());
    let of_a_target = |arn: &str| stage.targets.iter().any(|(target, _)| arn.starts_with(target.arn()));
    let of_a_slot = |arn: &str| {
        let is_named = |rest: &str, name: &str| rest.rsplit('/').next() == Some(name);
        let policy = arn.split_once(":policyName/").map(|(resource, _)| resource);
        slots().any(|name| is_named(arn, name) || policy.is_some_and(|resource| is_named(resource, name)))
    };
    let is_ours = |(arn, part): &(&str, Part<'_>)| match part {
        Part::Tag(tag) if tag.starts_with("espalier:") => true,
        // A person takes all of the Lattice service's tags away.
        Part::Tag(_) if *arn == stage.service_arn.as_str() && court.tags_lost => true,
        Part::Itself if of_a_slot(arn) => true,
        Part::Action if of_a_target(arn) => !is_strange(arn),
        Part::Itself | Part::Action | Part::Tag(_) => of_a_target(arn) && (edited || court.tags_lost) && !is_strange(arn),
    };
    // What is still there mostly stands behind what stood before it.
    let (mut known, mut next) = (vec![false; after.len()], 0);
    for (key, before) in &stage.world.inventory() {
        let place = (next..after.len()).chain(0..next).find(|place| after[*place].0 == *key);
        if let Some(place) = place {
            (known[place], next) = (true, place + 1);
        }
        let now = place.map(|place| &after[place].1);
        if now != Some(before) && (!is_ours(key) || is_strange(key.0)) {
            return Err(format!("{key:?} was {before:?} and is {now:?}"));
        }
    }
    let new = after.iter().zip(known).find(|((key, _), known)| !known && !is_ours(key) && !is_a_door(key.0, after));
    match new {
        Some(((key, noted), _)) => Err(format!("{key:?} is new: {noted:?}")),
        None => Ok(()),
    }
}

/// Another application's rule, or another rollout's.
fn is_strange(arn: &str) -> bool {
    super::stage::STRANGE_RULES.iter().any(|rule| arn.contains(rule))
}

/// A test rule that is still there, of which it is said elsewhere whether it may be.
fn is_a_door(arn: &str, after: &Inventory<'_>) -> bool {
    after.iter().any(|(key, _)| *key == (arn, Part::Tag("espalier:test")))
}
