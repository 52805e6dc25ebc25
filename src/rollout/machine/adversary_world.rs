//! The adversary's world: two traffic targets and two slots that answer the machine's effects, and what can befall them.

use std::time::Duration;

use super::{Desired, Effect, Event, Role, Steer};
use crate::{
    rollout::{
        hooks::{HookEnd, HookOrder, HookReading},
        observation::{Lease, LiveAction, Observation, Side, Tasks},
        record::Record,
        split::Split,
    },
    time::Timestamp,
};

/// What befalls one effect, or the world from that effect on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfortune {
    /// Refused for now; nothing happened.
    Throttled,
    /// No answer; it happened all the same.
    Ambiguous,
    /// No answer, and it happens two seconds later: as late as a write that was given up may still land.
    Late,
    /// Refused for good.
    Denied,
    /// From here on every effect of this sort is refused for good.
    DeniedForever,
    /// A signal in place of the answer.
    Signal,
    /// From here on no target of the candidate is healthy.
    CandidateDown,
    /// From here on half of the candidate's targets are healthy.
    CandidateLame,
    /// From here on no target of stable is healthy.
    StableDown,
    /// Somebody sets other weights.
    Edited,
    /// Somebody puts the baseline back.
    PutBack,
    /// Another rollout takes the record.
    Usurped,
    /// Our tags are removed.
    TagsLost,
    /// ECS gives the candidate's deployment up.
    DeploymentFails,
    /// From here on hooks that are started fail.
    HookFails,
    /// From here on hooks that are started never end.
    HookHangs,
    /// A rule finds one task enough, wherever it may still act.
    ScalesIn,
}

pub(super) const ALL: [Misfortune; 15] = [
    Misfortune::Throttled,
    Misfortune::Ambiguous,
    Misfortune::Late,
    Misfortune::Denied,
    Misfortune::DeniedForever,
    Misfortune::Signal,
    Misfortune::CandidateDown,
    Misfortune::CandidateLame,
    Misfortune::StableDown,
    Misfortune::Edited,
    Misfortune::PutBack,
    Misfortune::Usurped,
    Misfortune::TagsLost,
    Misfortune::DeploymentFails,
    Misfortune::ScalesIn,
];

/// What the one metric of the candidate's, an error rate, is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metrics {
    /// No errors.
    Good,
    /// A tenth of 300 requests a minute.
    Bad,
    /// Nobody asks for anything.
    Silent,
    /// They cannot be read.
    Out,
}

/// Those that only befall hooks.
pub(super) const HOOKS: [Misfortune; 2] = [Misfortune::HookFails, Misfortune::HookHangs];

/// Two traffic targets, two slots of three tasks.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) bootstrap: bool,
    /// Stable's and the candidate's weight; none is the baseline itself.
    pub(super) actions: [Option<Split>; 2],
    pub(super) candidate_tasks: u32,
    /// When the candidate's tasks begin to pass their health checks.
    pub(super) candidate_ready: Timestamp,
    /// How long they take for that.
    pub(super) starts_after: Duration,
    pub(super) stable_tasks: u32,
    pub(super) candidate_healthy: u32,
    pub(super) stable_healthy: u32,
    /// A write that is still under way: when it lands, and what it brings.
    pub(super) late: Option<(Timestamp, Option<Split>)>,
    pub(super) lease: Lease,
    /// The record as it was written last, with its lease: what another job finds.
    pub(super) written: Option<(Record, Option<Timestamp>)>,
    pub(super) failed: bool,
    /// The baseline lists the candidate's group already, at weight 0.
    pub(super) listed: bool,
    pub(super) edited: bool,
    /// Weights or health changed since the last reading: what is done next rests on the reading.
    pub(super) stale: bool,
    pub(super) metrics: Metrics,
    /// Nothing was counted from here on.
    pub(super) metrics_until: Option<Timestamp>,
    pub(super) denied: Vec<std::mem::Discriminant<Effect>>,
    pub(super) effects: usize,
    /// What scales stable and the candidate by itself: held, resting.
    pub(super) held: [bool; 2],
    pub(super) resting: [bool; 2],
    /// Something about that was refused.
    pub(super) unkind: bool,
    /// The record as it was written last.
    pub(super) record: Option<Record>,
    pub(super) highest: u16,
    pub(super) fell: bool,
    /// There is a test rule, whoever knows of it.
    pub(super) test: bool,
    /// What the record says of it.
    pub(super) recorded_test: Option<Vec<String>>,
    /// When hooks that are started end, and with what.
    pub(super) hook_takes: Option<Duration>,
    pub(super) hook_exit: i32,
    /// The hook that runs or ran: until when.
    pub(super) hook: Option<Option<Timestamp>>,
    pub(super) hooks: Vec<HookOrder>,
    /// A hook was not ended though it was asked for.
    pub(super) unended: bool,
}

impl World {
    pub(super) fn new(bootstrap: bool) -> Self {
        Self {
            now: Timestamp::from_secs(1_800_000_000),
            bootstrap,
            actions: [None; 2],
            candidate_tasks: 0,
            candidate_ready: Timestamp::default(),
            starts_after: Duration::ZERO,
            stable_tasks: if bootstrap { 0 } else { 3 },
            candidate_healthy: 100,
            stable_healthy: 100,
            late: None,
            lease: Lease::Ours,
            written: None,
            failed: false,
            listed: false,
            edited: false,
            stale: false,
            metrics: Metrics::Good,
            metrics_until: None,
            denied: Vec::new(),
            effects: 0,
            held: [false; 2],
            resting: [false; 2],
            unkind: false,
            record: None,
            highest: 0,
            fell: false,
            test: false,
            recorded_test: None,
            hook_takes: Some(Duration::from_secs(45)),
            hook_exit: 0,
            hook: None,
            hooks: Vec::new(),
            unended: false,
        }
    }

    pub(super) fn befall(&mut self, misfortune: Misfortune, effect: &Effect) {
        self.stale = true;
        self.unkind |= matches!(effect, Effect::Steer(_));
        match misfortune {
            Misfortune::CandidateDown => self.candidate_healthy = 0,
            Misfortune::CandidateLame => self.candidate_healthy = 50,
            Misfortune::StableDown => self.stable_healthy = 0,
            Misfortune::Edited => {
                self.actions[0] = Some(Split { stable: 77, candidate: 23 });
                self.edited = true;
            }
            Misfortune::HookFails => self.hook_exit = 1,
            Misfortune::HookHangs => self.hook_takes = None,
            Misfortune::PutBack => self.actions = [None; 2],
            Misfortune::Usurped => self.lease = Lease::Theirs("rollout other".to_owned()),
            Misfortune::TagsLost => self.lease = Lease::Lost,
            Misfortune::DeploymentFails => self.failed = true,
            Misfortune::ScalesIn => {
                for (tasks, held) in [&mut self.stable_tasks, &mut self.candidate_tasks].into_iter().zip(self.held) {
                    *tasks = if held { *tasks } else { (*tasks).min(1) };
                }
            }
            Misfortune::DeniedForever => self.denied.push(std::mem::discriminant(effect)),
            Misfortune::Late => {
                if let Effect::Write(desired) = effect {
                    self.late = Some((self.now + Duration::from_secs(2), brought(*desired)));
                }
            }
            Misfortune::Throttled | Misfortune::Ambiguous | Misfortune::Denied | Misfortune::Signal => {}
        }
    }

    pub(super) fn carry_out(&mut self, effect: &Effect) -> Event {
        if let Some((_, split)) = self.late.take_if(|(lands, _)| self.now >= *lands) {
            self.stale = true;
            self.actions = [split; 2];
        }
        assert!(!self.test || self.recorded_test.is_some(), "a test rule that no other job would find");
        match effect {
            Effect::Record(..) | Effect::Renew(_) => {
                if let Effect::Record(record, lease) = effect {
                    self.recorded_test.clone_from(&record.test);
                    self.record = Some(Record::clone(record));
                    self.written = Some((Record::clone(record), *lease));
                }
                if self.lease == Lease::Lost {
                    self.lease = Lease::Ours;
                }
                Event::Done
            }
            Effect::Observe(question) => {
                self.stale = false;
                let metrics = question.map(|question| self.measured(question));
                Event::Observed(Box::new(Observation { metrics, ..self.observe() }))
            }
            Effect::ReadBack => {
                self.stale = false;
                let seen = self.observe();
                Event::Observed(Box::new(Observation { stable: None, candidate: Side::default(), ..seen }))
            }
            Effect::CountHealthy(role) => {
                let seen = self.observe();
                Event::Counted(match role {
                    Role::Stable => seen.stable.map_or(0, |stable| stable.healthy),
                    Role::Candidate => seen.candidate.healthy,
                })
            }
            Effect::Write(desired) => {
                let split = brought(*desired);
                let candidate = split.map_or(0, |split| split.candidate);
                self.fell |= candidate < self.highest;
                assert!(!self.fell || candidate == 0, "weights climb until they fall, then stay at the baseline");
                self.highest = self.highest.max(candidate);
                self.actions = [split; 2];
                Event::Done
            }
            Effect::Launch(count) => {
                self.candidate_tasks = *count;
                self.candidate_ready = self.now + self.starts_after;
                Event::Done
            }
            Effect::Steer(steer) => {
                self.steer(*steer);
                Event::Done
            }
            Effect::Scale(Role::Candidate, count) => {
                self.rests_before(Role::Candidate, *count);
                assert!(
                    *count > 0 || self.stale || self.candidate_weight() == 0,
                    "tasks of a side with weight are never stopped"
                );
                self.candidate_tasks = *count;
                Event::Done
            }
            Effect::Scale(Role::Stable, count) => {
                self.rests_before(Role::Stable, *count);
                let idle = self.actions.iter().all(|split| *split == Some(Split::CANDIDATE));
                assert!(
                    self.stale || *count >= self.stable_tasks || (*count == 0 && idle),
                    "stable is never shrunk while it may serve"
                );
                self.stable_tasks = *count;
                Event::Done
            }
            Effect::OpenTest => {
                self.test = true;
                Event::Done
            }
            Effect::CloseTest => {
                self.test = false;
                Event::Done
            }
            Effect::StartHook(order) => {
                // A start whose answer was lost is repeated, and is one all the same.
                if !self.is_hooked() || self.hooks.last() != Some(&**order) {
                    assert!(!self.is_hooked() || self.unended, "one hook at a time");
                    self.hook = Some(self.hook_takes.map(|takes| self.now + takes));
                    self.hooks.push(HookOrder::clone(order));
                }
                Event::Done
            }
            Effect::EndHook => {
                self.hook = None;
                Event::Done
            }
            Effect::WaitUntil(until) => {
                assert!(*until > self.now, "a wait that is no wait would spin");
                self.now = *until;
                Event::Woke
            }
            Effect::Finish(_) => unreachable!("the run ends here"),
        }
    }

    fn steer(&mut self, steer: Steer) {
        let place = |role: Role| usize::from(role == Role::Candidate);
        match steer {
            Steer::Hold => self.held[0] = true,
            Steer::Equip => {
                assert!(self.stale || self.candidate_tasks > 0, "the candidate's service exists by then");
                (self.held[1], self.resting[1]) = (true, false);
            }
            Steer::GiveBack(role) => self.held[place(role)] = false,
            Steer::Wake(role) => (self.held[place(role)], self.resting[place(role)]) = (false, false),
            Steer::Rest(role) => {
                let weight = |split: Split| if role == Role::Candidate { split.candidate } else { split.stable };
                let idle = self.actions.iter().all(|split| weight(split.unwrap_or(Split::STABLE)) == 0);
                assert!(self.stale || idle, "a side with weight is never told to rest");
                (self.held[place(role)], self.resting[place(role)]) = (false, true);
            }
        }
    }

    /// Its own minimum would start the tasks again (hazard 7 of progressive delivery: autoscalers and desired counts that fight).
    fn rests_before(&self, role: Role, count: u32) {
        let steered = self.record.as_ref().is_some_and(|record| record.scaling.is_some());
        let rests = self.resting[usize::from(role == Role::Candidate)];
        assert!(count > 0 || !steered || rests || self.unkind, "the minimum goes to zero before the desired count");
    }

    pub(super) fn observe(&self) -> Observation {
        let action = |split: Option<Split>| {
            let at_rest = if self.bootstrap { None } else { Some(Split::STABLE) };
            Some(LiveAction {
                split: split.or(at_rest),
                is_baseline: split.is_none() || (self.listed && split == Some(Split::STABLE)),
                lists_candidate: split.is_some(),
                shown: format!("{split:?}"),
            })
        };
        let side = |tasks: u32, percent: u32, failed: bool| {
            let healthy = tasks * percent.min(100) / 100;
            let failed = failed.then(|| "circuit breaker".to_owned());
            let service = Tasks {
                desired: tasks,
                running: tasks,
                current: tasks,
                deploying_current: tasks > 0,
                complete: true,
                failed,
                ..Tasks::default()
            };
            Side { healthy, unhealthy: tasks - healthy, tasks: Some(service), ..Side::default() }
        };
        Observation {
            at: self.now,
            lease: self.lease.clone(),
            actions: self.actions.into_iter().map(action).collect(),
            stable: (!self.bootstrap).then(|| side(self.stable_tasks, self.stable_healthy, false)),
            candidate: side(
                self.candidate_tasks,
                if self.now < self.candidate_ready { 0 } else { self.candidate_healthy },
                self.failed,
            ),
            metrics: None,
            test: if self.test { vec!["rule".to_owned()] } else { Vec::new() },
            hook: self.hook.map(|until| HookReading {
                end: self.ended(until).then_some(HookEnd { exit: Some(self.hook_exit), why: None }),
                tail: Vec::new(),
            }),
        }
    }

    pub(super) fn ended(&self, hook: Option<Timestamp>) -> bool {
        hook.is_some_and(|until| until <= self.now)
    }

    pub(super) fn candidate_weight(&self) -> u16 {
        self.actions.iter().map(|split| split.map_or(0, |split| split.candidate)).max().unwrap_or(0)
    }
}

const fn brought(desired: Desired) -> Option<Split> {
    match desired {
        Desired::Split(split) => Some(split),
        Desired::BaselineBesideCandidate => Some(Split::STABLE),
        Desired::Baseline => None,
    }
}
