//! What the verbs of a later job begin from: the record in the world's tags, and nothing else.

use espalier::{
    aws::{
        lattice::ids::TargetGroupArn,
        ledger::{Found, Ledger},
        slots::{Launch, Slot, Slots},
        test_rules::NAME_PREFIX,
    },
    rollout::{machine::Rollout, record::Record, takeover::Takeover},
    sandbox::direct::Direct,
    time::Timestamp,
};

use super::{
    case::{Case, Verb},
    doors::Door,
    errands::Errands,
    readings::{Reading, recorded},
    stage::{OURS, Stage, release, seen},
    steer,
};

/// A job that is ready to go.
pub(crate) struct Begun {
    pub(crate) rollout: Rollout,
    pub(crate) slots: Slots,
    pub(crate) ledger: Ledger,
    pub(crate) door: Door,
    pub(crate) errands: Errands,
    /// It takes a recorded rollout over, to roll it back.
    pub(crate) rolls_back: bool,
}

/// A release from its beginning; none where its definition is refused.
pub(crate) fn deploy(case: &Case, world: &Direct, stage: &Stage, now: Timestamp) -> Option<Begun> {
    let slots = stage.released(stage.launch(case)?);
    let record = stage.record(case, now);
    let ledger = Ledger::new(&stage.service_arn, &slots.targets, false).expect("actions that can be recorded");
    let door = Door::new(&record.id, &stage.listener, case.tests && slots.stable.is_some(), Vec::new());
    let release = release(&record, &slots);
    let mut rollout = Rollout::release(record, release);
    rollout.expect_scaling(slots.stable.as_ref().and_then(|stable| steer::look(world, stable)), false);
    let rollout = if slots.stable.is_some() { rollout.analysed(case.analysis.clone()) } else { rollout };
    Some(with_hooks(Begun { rollout, slots, ledger, door, errands: Errands::of(case), rolls_back: false }))
}

/// A release after the first one, or beside it, as `deploy` begins it; none where it is refused: somebody is at it, or not everything is on
/// what served at the start (the other slot runs what would be released).
fn another(case: &Case, world: &Direct, stage: &Stage, (now, job): (Timestamp, usize)) -> Option<Begun> {
    let found = recorded(world, stage);
    if found.as_ref().is_some_and(|found| found.is_open() || found.is_held(now)) {
        return None;
    }
    let mut slots = stage.released(stage.launch(case)?);
    let serving = slots.stable.as_ref().map(|stable| stable.group.id.clone());
    for (target, baseline) in &mut slots.targets {
        let action = seen(world.action(target.arn())?);
        let stands = serving
            .as_ref()
            .map_or_else(|| action.groups().iter().all(|(_, weight)| *weight == 0), |group| action.is_all_on(group));
        if !stands {
            return None;
        }
        *baseline = action;
    }
    let mut record = stage.record(case, now);
    record.id = format!("{}-{job}", record.id);
    record.owner.clone_from(&record.id);
    let known = found.map(|found| found.record.clone());
    record.end_of(&known);
    record.previous = known.as_ref().and_then(|known| known.previous_of(record.stable.as_ref()));
    let before = known.as_ref().and_then(|known| known.scaling);
    let ledger = Ledger::new(&stage.service_arn, &slots.targets, false).ok()?;
    // What the one before could not take away goes before, or with this one, even where it had not recorded it.
    let left = left(world, stage, &slots, known.as_ref());
    record.test = (!left.is_empty()).then(|| left.clone());
    let door = Door::new(&record.id, &stage.listener, case.tests && slots.stable.is_some(), left);
    let release = release(&record, &slots);
    let errands = Errands::of(case).inheriting(record.unended.clone());
    let mut rollout = Rollout::release(record, release);
    // Without a stable it is the candidate's, as far as a release before has recorded any.
    let looked_at = slots.stable.as_ref().or_else(|| before.map(|_| &slots.candidate));
    let scaling = looked_at.and_then(|slot| steer::look(world, slot)).map(|seen| seen.given(before));
    rollout.expect_scaling(scaling, before.is_some_and(|before| before.held));
    let rollout = if slots.stable.is_some() { rollout.analysed(case.analysis.clone()) } else { rollout };
    Some(with_hooks(Begun { rollout, slots, ledger, door, errands, rolls_back: false }))
}

/// The test rules that earlier rollouts have left, as `commands::test_rule::left` finds them: what the record names, and all that lead to
/// one of the slots.
fn left(world: &Direct, stage: &Stage, slots: &Slots, known: Option<&Record>) -> Vec<String> {
    let leads = |arn: &str| {
        let action = world.action(arn).map(seen);
        let is_given = |slot: &Slot| action.as_ref().is_some_and(|action| action.weight(&slot.group.id).is_some());
        slots.stable.iter().chain([&slots.candidate]).any(is_given)
    };
    let there = world.rules(&stage.listener).filter(|rule| rule.name.starts_with(NAME_PREFIX) && leads(rule.arn));
    let recorded = known.and_then(|known| known.test.clone()).unwrap_or_default();
    let mut left: Vec<String> = recorded.into_iter().chain(there.map(|rule| rule.arn.to_owned())).collect();
    left.sort();
    left.dedup();
    left
}

/// What `conduct` tells the machine.
fn with_hooks(mut begun: Begun) -> Begun {
    if begun.door.wanted {
        begun.rollout.with_test_rule();
    }
    begun.rollout.with_hooks(begun.errands.hooks());
    begun
}

/// Begins a verb, at a time and as the job of that number; none where there is nothing for it to do.
pub(crate) fn begin(verb: Verb, case: &Case, world: &Direct, stage: &Stage, who: (Timestamp, usize)) -> Option<Begun> {
    if verb == Verb::Deploy {
        return another(case, world, stage, who);
    }
    begin_on(verb, case, Reading::of(world, stage)?, stage, who)
}

/// Begins a verb on a recorded rollout. Jobs that begin at the same moment are told apart by their number, as real ones are by chance.
pub(crate) fn begin_on(verb: Verb, case: &Case, reading: Reading, stage: &Stage, who: (Timestamp, usize)) -> Option<Begun> {
    let now = who.0;
    let Found { record, leased_until, .. } = reading.found.clone();
    let by = "a person".to_owned();
    let takeover = match verb {
        Verb::Abort | Verb::ForcedAbort => Takeover::abort(&record, by),
        Verb::Rollback => match Takeover::rollback(&record, leased_until, by, now) {
            Some(takeover) => takeover,
            None => return restore(reading, stage, who),
        },
        Verb::Deploy => return None,
        Verb::Promote => Takeover::promote(&record, None, now),
        Verb::Resume => Takeover::resume(&record, leased_until, now),
        Verb::Sweep => Takeover::sweep(&record, record.is_whole() && !record.hooked, leased_until, now),
        Verb::Recover => Takeover::recover(&record, false, leased_until, now),
        Verb::LastStep if record.id == OURS => Takeover::recover(&record, true, leased_until, now),
        Verb::LastStep => return None,
    };
    take(takeover, reading, verb, (case, stage), who)
}

/// A recorded rollout taken over, in memory.
fn take(
    takeover: Takeover,
    reading: Reading,
    verb: Verb,
    (case, stage): (&Case, &Stage),
    (now, job): (Timestamp, usize),
) -> Option<Begun> {
    let mut record = reading.found.record;
    let owner = format!("{verb:?}-{job}");
    match &takeover {
        Takeover::RollBack(_) => record.take_over_to_roll_back(&owner, now),
        Takeover::GoOn(from) => record.take_over_to_go_on(&owner, *from, false, now),
        Takeover::Watch => {}
        Takeover::Leave(_) | Takeover::Refuse(_) | Takeover::Stuck(_) => return None,
    }
    let walks = matches!(takeover, Takeover::GoOn(_)) && matches!(verb, Verb::Promote | Verb::Resume) && record.verb == "deploy";
    if walks {
        // What the config says, and the record does not.
        record.plan = case.plan.clone();
    }
    let launch = match &record.candidate.task_definition {
        Some(_) if walks && verb == Verb::Resume => stage.launch(case)?,
        Some(task_definition) => Launch::Previous { task_definition: task_definition.clone() },
        None => Launch::Nothing,
    };
    let opens = walks && verb == Verb::Resume && case.tests && record.test.is_some();
    let door = Door::new(&record.id, &stage.listener, opens, record.test.clone().unwrap_or_default());
    let slots = Slots::recorded(&record, reading.targets?, launch);
    let ledger = Ledger::new(&stage.service_arn, &slots.targets, true).ok()?;
    let release = release(&record, &slots);
    let rolls_back = matches!(takeover, Takeover::RollBack(_));
    let rollout = match takeover {
        Takeover::RollBack(reason) => Rollout::abort(record, release, reason, verb == Verb::ForcedAbort),
        Takeover::GoOn(from) => Rollout::resume(record, release, from),
        Takeover::Watch | Takeover::Leave(_) | Takeover::Refuse(_) | Takeover::Stuck(_) => {
            Rollout::watch(record, release, &owner)
        }
    };
    let (rollout, errands) =
        if walks { (rollout.analysed(case.analysis.clone()), Errands::of(case)) } else { (rollout, Errands::default()) };
    let record = rollout.record();
    let errands = errands.inheriting(record.unended_in(record.cluster.as_deref()));
    Some(with_hooks(Begun { rollout, slots, ledger, door, errands, rolls_back }))
}

/// Back to the slot that served before: at once where it still runs, otherwise it is started first.
fn restore(reading: Reading, stage: &Stage, (now, job): (Timestamp, usize)) -> Option<Begun> {
    let Reading { found: Found { record: old, leased_until, .. }, targets, actions, healthy: [healthy, serving] } = reading;
    let previous = old.way_back()?;
    let (id, owner) = (format!("{}-back", old.id), format!("rollback-{job}"));
    let mut record = old.restoring(previous.clone(), id, owner, now);
    let wanted = old.needed_of(&previous, u32::try_from(serving).expect("a few"));
    record.candidate.count = wanted;
    let warm = old.left_untouched(&previous) && healthy >= wanted as usize;
    let launch = previous.task_definition.map_or(Launch::Nothing, |task_definition| Launch::Previous { task_definition });
    let mut slots = Slots::recorded(&record, targets?, launch);
    let serving = TargetGroupArn::of(&old.serving().group).id();
    for ((_, baseline), action) in slots.targets.iter_mut().zip(actions?) {
        // What a rollback that fails restores is what is there now.
        *baseline = action;
        if !baseline.is_all_on(&serving) {
            return None;
        }
    }
    if !slots.check().is_empty() {
        return None;
    }
    let ledger = Ledger::new(&stage.service_arn, &slots.targets, true).ok()?;
    let release = release(&record, &slots);
    // Named after the rollout that made it.
    let door = Door::new(&old.id, &stage.listener, false, old.test.clone().unwrap_or_default());
    let contested = Takeover::may_stop_tasks(&old, leased_until, now);
    let errands = Errands::default().inheriting(record.unended.clone());
    let rollout = Rollout::restore(record, release, if warm { wanted } else { 0 }, contested);
    Some(Begun { rollout, slots, ledger, door, errands, rolls_back: false })
}
