//! The machine's effects on the world, without sockets: what `driver` and `aws` do by HTTP.
//!
//! A new effect is one more arm of [`Hands::carry_out`]. Whatever is pure in `aws` is used as it is: actions, records, what a
//! side's targets and tasks say. That this is no second driver is held by `wire`, which plays the same cases over HTTP.

use std::{collections::BTreeMap, rc::Rc};

use espalier::{
    aws::{
        ecs::tasks::Task,
        lattice::{action::Action, groups::TargetStatus, traffic::TrafficTarget},
        ledger::Ledger,
        observe::side,
        slots::{Launch, Slot, Slots},
    },
    rollout::{
        analysis::Measured,
        hooks::HookReading,
        machine::{Effect, Event, Role, Rollout},
        observation::{Lease, LiveAction, Observation, Refusal, RefusalKind, Side},
        record::Record,
    },
    sandbox::direct::Direct,
    time::Timestamp,
};
use serde_json::json;

use super::{
    calls::{Fate, Late, LateWrite, act, call, fate, tag},
    doors::Door,
    errands::Errands,
    measure::measure,
    recorded::{Read, found},
    stage::{seen, told},
    steer::steer,
    terms::{service, targets, task},
};

/// Whether both are the same job's.
fn is_by(record: &Record, other: &Record) -> bool {
    record.id == other.id && record.generation == other.generation && record.owner == other.owner
}

/// What one job acts on and with.
pub(crate) struct Hands {
    pub(crate) slots: Slots,
    pub(crate) ledger: Ledger,
    pub(crate) door: Door,
    pub(crate) errands: Errands,
    /// The sides and the actions as they were read last, and what the world said of changes then: most readings find nothing new.
    sides: Option<(u64, (Option<Side>, Side))>,
    record: Option<Read>,
    /// The tags as they were when our own record was written last, and that record.
    written: Option<(BTreeMap<String, String>, Rc<Record>)>,
    actions: Option<(u64, Vec<Option<LiveAction>>)>,
    pub(crate) late: Vec<LateWrite>,
}

impl Hands {
    pub(crate) fn new(slots: Slots, ledger: Ledger, door: Door, errands: Errands) -> Self {
        Self { slots, ledger, door, errands, sides: None, record: None, written: None, actions: None, late: Vec::new() }
    }

    /// Does what the machine asks for; `WaitUntil` and `Finish` are the run's own.
    pub(crate) fn carry_out(&mut self, world: &mut Direct, effect: &Effect, rollout: &Rollout) -> Event {
        let record = rollout.record();
        let done = match effect {
            Effect::Observe(question) => {
                let seen = self.observe(world, record, true).and_then(|seen| Ok((seen, self.errands.read(world)?)));
                let (candidate, stable) = (&self.slots.candidate.group, self.slots.stable.as_ref().map(|slot| &slot.group));
                let metrics = question.map(|question| {
                    let stable = stable.map(|group| group.id.as_str());
                    measure(world, rollout.analysis(), candidate.id.as_str(), stable, question)
                });
                seen.map(|(seen, hook)| observed(seen, metrics, hook, self.door.there()))
            }
            Effect::ReadBack => self.observe(world, record, false).map(|seen| observed(seen, None, None, Vec::new())),
            Effect::CountHealthy(role) => call(world, "vpc-lattice", "ListTargets").map(|()| {
                Event::Counted(
                    self.slot(*role).map_or(0, |slot| side(&targets(world, slot, self.slots.unchecked), None, &[], None).healthy),
                )
            }),
            Effect::WaitUntil(_) | Effect::Finish(_) => unreachable!("the run's own"),
            Effect::Record(..)
            | Effect::Renew(_)
            | Effect::Write(_)
            | Effect::Launch(_)
            | Effect::Scale(..)
            | Effect::Steer(_)
            | Effect::OpenTest
            | Effect::CloseTest
            | Effect::StartHook(_)
            | Effect::EndHook => self.act(world, effect, record).map(|()| Event::Done),
        };
        done.unwrap_or_else(|kind| Event::Refused(Refusal { kind, message: "refused".to_owned() }))
    }

    fn act(&mut self, world: &mut Direct, effect: &Effect, record: &Record) -> Result<(), RefusalKind> {
        match effect {
            Effect::Record(record, lease) => self.write_record(world, record, *lease),
            Effect::Renew(until) => {
                let [(holder, lease), (service, mark)] = self.ledger.renewal(record, *until);
                let was_ours = self.written.take().filter(|(known, _)| world.tags(self.ledger.holder()) == Some(known));
                tag(world, &holder, lease)?;
                self.written = was_ours.and_then(|(_, record)| Some((world.tags(&holder)?.clone(), record)));
                tag(world, &service, mark)
            }
            Effect::Write(desired) => {
                let actions = self.slots.actions(*desired).expect("a plan that was checked");
                self.write(world, actions)
            }
            Effect::Launch(count) => self.launch(world, *count),
            Effect::Scale(role, count) => self.scale(world, *role, *count),
            Effect::Steer(how) => steer(world, &self.slots, *how, record.scaling.unwrap_or_default()),
            Effect::OpenTest => {
                let group = self.slots.candidate.group.id.to_string();
                self.door.open(world, &group)
            }
            Effect::CloseTest => self.door.close(world),
            Effect::StartHook(order) => self.errands.start(world, &self.slots, order, record),
            Effect::EndHook => self.errands.end(world, record),
            Effect::Observe(_) | Effect::ReadBack | Effect::CountHealthy(_) | Effect::WaitUntil(_) | Effect::Finish(_) => Ok(()),
        }
    }

    fn slot(&self, role: Role) -> Option<&Slot> {
        if role == Role::Stable { self.slots.stable.as_ref() } else { Some(&self.slots.candidate) }
    }

    fn scale(&mut self, world: &mut Direct, role: Role, count: u32) -> Result<(), RefusalKind> {
        let Some(service) = self.slot(role).and_then(|slot| slot.ecs_service.clone()) else { return Ok(()) };
        if count > 0 {
            call(world, "ecs", "DescribeServices")?;
            if world.ecs_service(&service).is_some_and(|service| service.desired >= count as usize) {
                return Ok(());
            }
        } else if self.still_sends(world, role)? {
            return Err(RefusalKind::Permanent);
        }
        self.update(world, Late::Size { service, count: count as usize })
    }

    /// Whether anything of the Lattice service gives a side weight, as `Slots::scale` asks before it stops it.
    fn still_sends(&self, world: &mut Direct, role: Role) -> Result<bool, RefusalKind> {
        let Some(group) = self.slot(role).map(|slot| slot.group.id.clone()) else { return Ok(false) };
        call(world, "vpc-lattice", "ListListeners")?;
        call(world, "vpc-lattice", "ListRules")?;
        for _ in 0..world.rules(&self.door.listener).count() {
            call(world, "vpc-lattice", "GetRule")?;
        }
        call(world, "vpc-lattice", "GetListener")?;
        let mut targets = world.rules(&self.door.listener).map(|rule| (rule.arn, rule.name)).chain([(&*self.door.listener, "")]);
        let holds_weights = |name: &str| !name.starts_with("espalier-test-") && !name.starts_with("espalier-preview-");
        let sends = |arn: &str| world.action(arn).and_then(|action| seen(action).weight(&group)).is_some_and(|weight| weight > 0);
        Ok(targets.any(|(arn, name)| holds_weights(name) && sends(arn)))
    }

    /// One `UpdateService`.
    fn update(&mut self, world: &mut Direct, what: Late) -> Result<(), RefusalKind> {
        match fate(world, "ecs", "UpdateService") {
            Fate::Refused(kind) => return Err(kind),
            Fate::Late(after) => self.late.push(LateWrite { lands: world.now() + after, what }),
            Fate::Unheard => what.land(world),
            Fate::Done | Fate::Partial => {
                what.land(world);
                return Ok(());
            }
        }
        Err(RefusalKind::Transient)
    }

    fn launch(&mut self, world: &mut Direct, count: u32) -> Result<(), RefusalKind> {
        let slot = &self.slots.candidate;
        let Some(service) = slot.ecs_service.clone() else { return Ok(()) };
        let mut body = match &self.slots.launch {
            Launch::Nothing => return Ok(()),
            Launch::Previous { task_definition } => {
                let what = Late::Launch { service, task_definition: task_definition.clone(), count: count as usize };
                return self.update(world, what);
            }
            Launch::Definition { update, .. } => {
                call(world, "ecs", "DescribeServices")?;
                update.clone()
            }
        };
        body["desiredCount"] = json!(count);
        act(world, "ecs", "UpdateService", &[], body).map(drop)
    }

    fn write_record(&mut self, world: &mut Direct, record: &Record, lease: Option<Timestamp>) -> Result<(), RefusalKind> {
        for (arn, tags) in self.ledger.pages(record, lease).expect("a record that tags can hold") {
            tag(world, &arn, tags)?;
        }
        self.ledger.written();
        self.written = world.tags(self.ledger.holder()).map(|tags| (tags.clone(), Rc::new(record.clone())));
        Ok(())
    }

    /// One call for the rules of a listener, one for each default action; all of them are tried.
    fn write(&mut self, world: &mut Direct, actions: Vec<(TrafficTarget, Action)>) -> Result<(), RefusalKind> {
        let (rules, defaults): (Vec<_>, Vec<_>) =
            actions.into_iter().partition(|(target, _)| matches!(target, TrafficTarget::Rule { .. }));
        let mut refused = Vec::new();
        let batch = rules.len() > 1;
        let mut calls = vec![(if batch { "BatchUpdateRule" } else { "UpdateRule" }, rules)];
        calls.extend(defaults.into_iter().map(|one| ("UpdateListener", vec![one])));
        for (operation, mut writes) in calls.into_iter().filter(|(_, writes)| !writes.is_empty()) {
            let fate = fate(world, "vpc-lattice", operation);
            match fate {
                Fate::Done => {}
                Fate::Partial => {
                    writes.pop();
                    refused.push(RefusalKind::Transient);
                }
                Fate::Refused(kind) => {
                    refused.push(kind);
                    continue;
                }
                Fate::Unheard | Fate::Late(_) => refused.push(RefusalKind::Transient),
            }
            for (target, action) in writes {
                let action = told(&action);
                if let Fate::Late(after) = fate {
                    let lands = world.now() + after;
                    self.late.push(LateWrite { lands, what: Late::Action { target: target.arn().to_owned(), action } });
                } else if world.write_action(target.arn(), action).is_err() && fate == Fate::Done {
                    refused.push(RefusalKind::Permanent);
                }
            }
        }
        // One that repeating helps goes before one that it does not.
        match refused.iter().find(|kind| **kind == RefusalKind::Transient).or(refused.first()) {
            Some(kind) => Err(*kind),
            None => Ok(()),
        }
    }

    fn observe(&mut self, world: &mut Direct, record: &Record, whole: bool) -> Result<Observation, RefusalKind> {
        let mut calls = vec![("vpc-lattice", "ListTagsForResource")];
        for (target, _) in &self.slots.targets {
            let rule = matches!(target, TrafficTarget::Rule { .. });
            calls.push(("vpc-lattice", if rule { "GetRule" } else { "GetListener" }));
        }
        if whole {
            calls.extend([("vpc-lattice", "ListTargets"), ("ecs", "DescribeServices"), ("ecs", "ListTasks")]);
            let name = self.slots.candidate.ecs_service.as_deref().unwrap_or_default();
            if world.tasks(name).any(|task| task.is_wanted) {
                calls.push(("ecs", "DescribeTasks"));
            }
        }
        // All are sent at once, and one that is refused for good is heard of before one that is tried again.
        let mut refused: Option<RefusalKind> = None;
        for (service, operation) in calls {
            if let Err(kind) = call(world, service, operation) {
                refused = if refused == Some(RefusalKind::Permanent) { refused } else { Some(kind) };
            }
        }
        if let Some(kind) = refused {
            return Err(kind);
        }
        let at = Timestamp::from_secs(world.now().as_secs());
        let lease = self.lease(world, record, at);
        let actions = self.read_actions(world);
        let (stable, candidate) = if whole { self.read_sides(world) } else { (None, Side::default()) };
        Ok(Observation { at, lease, actions, stable, candidate, metrics: None, test: Vec::new(), hook: None })
    }

    fn lease(&mut self, world: &Direct, ours: &Record, now: Timestamp) -> Lease {
        // The traffic target itself is gone: its action says so too, and decides.
        let Some(tags) = world.tags(self.ledger.holder()) else { return Lease::Ours };
        // What was written is what is there: nobody else's.
        if self.own(tags).is_some_and(|own| is_by(ours, own)) {
            return Lease::Ours;
        }
        if self.record.as_ref().is_none_or(|(known, _)| known != tags) {
            let found = found(self.ledger.holder(), tags);
            self.record = Some((tags.clone(), found));
        }
        let found = self.record.as_ref().and_then(|(_, found)| found.as_deref());
        self.ledger.whose(found, ours, now)
    }

    /// The record that this job has written last, where these tags are what it wrote. That what is read is what was written is the
    /// text form's own business, and tested there.
    pub(crate) fn own(&self, tags: &BTreeMap<String, String>) -> Option<&Rc<Record>> {
        self.written.as_ref().filter(|(known, _)| known == tags).map(|(_, record)| record)
    }

    fn read_actions(&mut self, world: &Direct) -> Vec<Option<LiveAction>> {
        let stirs = world.stirs();
        if let Some((known, actions)) = &self.actions
            && *known == stirs
        {
            return actions.clone();
        }
        let (stable, candidate) = (self.slots.stable.as_ref().map(|stable| &stable.group), &self.slots.candidate.group);
        let read = |(target, baseline): &(TrafficTarget, Action)| {
            world.action(target.arn()).map(|action| seen(action).live(baseline, stable, candidate))
        };
        let actions: Vec<_> = self.slots.targets.iter().map(read).collect();
        self.actions = Some((stirs, actions.clone()));
        actions
    }

    fn read_sides(&mut self, world: &Direct) -> (Option<Side>, Side) {
        let stirs = world.stirs();
        if let Some((known, sides)) = &self.sides
            && *known == stirs
        {
            return sides.clone();
        }
        let stable = self.slots.stable.as_ref().map(|slot| {
            let mut side = side(&targets(world, slot, self.slots.unchecked), service(world, slot).as_ref(), &[], None);
            if let Some(tasks) = &mut side.tasks {
                tasks.foreign_targets = 0;
            }
            side
        });
        let slot = &self.slots.candidate;
        let (running, targets) = (service(world, slot), targets(world, slot, self.slots.unchecked));
        let drained = targets.iter().any(|target| target.status == TargetStatus::Draining);
        let troubled = drained || running.as_ref().is_some_and(|service| service.running < service.desired);
        let name = slot.ecs_service.as_deref().unwrap_or_default();
        let mut tasks: Vec<Task> = world.tasks(name).filter(|task| troubled || task.is_wanted).map(task).collect();
        tasks.sort_by(|one, other| one.arn.cmp(&other.arn));
        let candidate = side(&targets, running.as_ref(), &tasks, slot.task_definition.as_deref());
        self.sides = Some((stirs, (stable.clone(), candidate.clone())));
        (stable, candidate)
    }
}

fn observed(seen: Observation, metrics: Option<Measured>, hook: Option<HookReading>, test: Vec<String>) -> Event {
    Event::Observed(Box::new(Observation { metrics, hook, test, ..seen }))
}
