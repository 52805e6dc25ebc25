//! Hooks between the machine's own decisions: started by one effect, watched by the ticks after it, ended by another one.
//!
//! The phase that a hook belongs to stays what it is, so that every check of a tick comes before the hook is even looked at: a
//! hook that hangs keeps neither health nor drift, an abort or a signal waiting. What is known of it is in memory only; a job
//! that goes on from the record ends what the one before may have left at work, and runs it again.

use std::collections::BTreeSet;

use super::{
    core::{Phase, Rollout, WRITE_LIMIT},
    types::Effect,
};
use crate::{
    rollout::{
        hooks::{Hook, HookFailure, HookOrder, HookReading, Hooks, Point},
        journal::Happening,
        observation::{Observation, Refusal, RefusalKind},
        outcome::Reason,
    },
    time::Timestamp,
};

/// The hooks, and which one is at work.
#[derive(Clone, Debug, Default)]
pub(super) struct HookDesk {
    hooks: Hooks,
    running: Option<Running>,
    /// Points, with their steps, that are behind us.
    settled: BTreeSet<(Point, usize)>,
    /// The hook is being ended.
    ending: bool,
    /// What comes once it is.
    after: Option<Effect>,
}

#[derive(Clone, Debug)]
struct Running {
    point: Point,
    step: usize,
    since: Timestamp,
    /// The start was answered; before, it may or may not run.
    started: bool,
    /// A start was refused in a way that leaves open whether it happened.
    doubtful: bool,
    /// Why it could not be started when that was tried last.
    refused: Option<String>,
    /// It was told how it went, or was another job's: what is left is to end it.
    judged: bool,
    /// Until when ending it is tried; none before the first try.
    end_by: Option<Timestamp>,
    tail: Vec<String>,
}

impl Running {
    const fn new(point: Point, step: usize, since: Timestamp) -> Self {
        Self { point, step, since, started: false, doubtful: false, refused: None, judged: false, end_by: None, tail: Vec::new() }
    }
}

impl Rollout {
    /// The hooks of this job. Without them there are none: they are the config's, not the record's, which only knows whether there
    /// were any; what is to be said about that is given back.
    pub fn with_hooks(&mut self, hooks: Hooks) -> Option<&'static str> {
        let lacks = hooks.is_empty() && self.record.hooked && self.resumed.is_some();
        self.record.hooked |= !hooks.is_empty();
        self.hooks.hooks = hooks;
        lacks.then_some("this rollout began with hooks, and none runs in this job: they are in the config that it began with")
    }

    /// What the hook of this point asks for before the rollout goes on; none where it may go on. Failures of a gate are decided
    /// here, in the tick that sees them.
    pub(super) fn hook(&mut self, point: Point, step: usize, reading: Option<&HookReading>) -> Option<Effect> {
        if self
            .hooks
            .running
            .as_ref()
            .is_some_and(|running| running.judged || (running.point != point && point == Point::OnRollback))
        {
            return Some(self.end_hook());
        }
        let hook = self.hooks.hooks.get(&point).cloned()?;
        if self.hooks.settled.contains(&(point, step)) {
            return None;
        }
        let Some(running) = self.hooks.running.as_mut() else {
            self.say(Happening::HookBegun { hook: point, step: point.is_of_a_step().then_some(step), what: hook.what });
            self.hooks.running = Some(Running::new(point, step, self.now));
            return Some(self.start_hook());
        };
        if let Some(reading) = reading.filter(|_| running.started) {
            running.tail.clone_from(&reading.tail);
            if let Some(end) = &reading.end {
                let verdict = end.verdict();
                return self.hook_over(verdict);
            }
        }
        let until = running.since + hook.limit;
        if self.now >= until {
            return self.hook_late(&hook);
        }
        if !running.started {
            return Some(self.start_hook());
        }
        Some(self.idle(Some(until)))
    }

    /// The same at the points where the candidate has tasks that are to follow stable's size meanwhile.
    pub(super) fn hook_watched(&mut self, point: Point, step: usize, observation: &Observation) -> Option<Effect> {
        let effect = self.hook(point, step, observation.hook.as_ref())?;
        if matches!(effect, Effect::WaitUntil(_))
            && let Some(grow) = self.grow(observation)
        {
            return Some(grow);
        }
        Some(effect)
    }

    /// Whether there is a hook at this point, or one to be ended there.
    pub(super) fn has_hook(&self, point: Point) -> bool {
        self.hooks.hooks.contains_key(&point) || self.hooks.running.is_some()
    }

    /// Whether the hook of this point is at work.
    pub(super) fn is_hooked(&self, point: Point) -> bool {
        self.hooks.running.as_ref().is_some_and(|running| running.point == point)
    }

    fn start_hook(&mut self) -> Effect {
        let Some(Running { point, step, .. }) = self.hooks.running else { return Effect::Observe(None) };
        let cause = if let Phase::RollingBack(rollback) = &self.phase { Some(rollback.reason.clone()) } else { None };
        Effect::StartHook(Box::new(HookOrder { point, step: point.is_of_a_step().then_some(step), cause }))
    }

    fn end_hook(&mut self) -> Effect {
        self.hooks.ending = true;
        if let Some(running) = &mut self.hooks.running {
            running.end_by.get_or_insert(self.now + WRITE_LIMIT);
        }
        Effect::EndHook
    }

    /// The rollout was another job's, or comes after one, which may have died while a hook was at work: that hook is ended where the next
    /// one would begin.
    pub(super) fn inherit_hook(&mut self) {
        if !self.record.hooked && self.record.unended.is_empty() {
            return;
        }
        let left = Running { judged: true, ..Running::new(Point::BeforeRelease, 0, self.now) };
        self.hooks.running.get_or_insert(left);
    }

    /// Ends what is only to be ended, where no hook comes next.
    pub(super) fn end_judged_hook(&mut self) -> Option<Effect> {
        self.hooks.running.as_ref().is_some_and(|running| running.judged).then(|| self.end_hook())
    }

    /// It ended by itself, and nothing of it runs any more.
    fn hook_over(&mut self, verdict: Result<(), HookFailure>) -> Option<Effect> {
        let running = self.hooks.running.take()?;
        self.judge_hook(&running, verdict)
    }

    /// It ran into its limit: judged now, ended when there is time for it.
    fn hook_late(&mut self, hook: &Hook) -> Option<Effect> {
        let mut running = self.hooks.running.take()?;
        running.judged = true;
        let failure = match running.refused.take().filter(|_| !running.started) {
            Some(message) => HookFailure::NotStarted {
                message: format!(
                    "{}, until its limit of {}",
                    message.trim_end_matches('.'),
                    humantime::format_duration(hook.limit)
                ),
            },
            None => HookFailure::TimedOut { limit: hook.limit },
        };
        let effect = self.judge_hook(&running, Err(failure));
        self.hooks.running = Some(running);
        // Behind a gate the weights go first; everywhere else nothing is more urgent.
        Some(effect.unwrap_or_else(|| self.end_hook()))
    }

    fn judge_hook(&mut self, running: &Running, verdict: Result<(), HookFailure>) -> Option<Effect> {
        let Running { point, step, since, .. } = *running;
        self.hooks.settled.insert((point, step));
        let failure = verdict.err();
        self.say(Happening::HookEnded {
            hook: point,
            step: point.is_of_a_step().then_some(step),
            failure: failure.clone(),
            took: self.now.since(since),
            tail: running.tail.clone(),
        });
        let failure = failure?;
        if point.is_gate() {
            let reason = Reason::HookFailed { hook: point, failure };
            return Some(self.roll_back(reason));
        }
        let stands = if point == Point::AfterPromote { "the promotion stands" } else { "the weights are back all the same" };
        self.say(Happening::Concern { what: format!("the {point} hook failed ({failure}): {stands}") });
        None
    }

    /// The start or the end of a hook was carried out.
    pub(super) fn hook_acted(&mut self) -> Effect {
        if self.hooks.ending {
            // Whatever other jobs had left was ended with it. The next record says so.
            self.record.unended.clear();
            return self.hook_ended();
        }
        if let Some(running) = &mut self.hooks.running {
            running.started = true;
        }
        self.refusals = 0;
        Effect::WaitUntil(self.next_tick())
    }

    /// The start or the end of a hook was refused.
    pub(super) fn hook_refused(&mut self, refusal: Refusal) -> Effect {
        if std::mem::take(&mut self.hooks.ending) {
            return self.hook_not_ended(&refusal);
        }
        let Some(mut running) = self.hooks.running.take() else { return Effect::Observe(None) };
        let limit = self.hooks.hooks.get(&running.point).map(|hook| hook.limit).unwrap_or_default();
        if refusal.kind == RefusalKind::Transient && self.now < running.since + limit {
            running.refused = Some(refusal.message.clone());
            self.say(Happening::Retrying { doing: format!("starting the {} hook", running.point), message: refusal.message });
            running.doubtful = true;
            self.hooks.running = Some(running);
            let pause = self.pause();
            return Effect::WaitUntil(self.now + pause);
        }
        let failure = HookFailure::NotStarted { message: refusal.message };
        let effect = self.judge_hook(&running, Err(failure));
        if refusal.kind == RefusalKind::Transient || running.doubtful {
            // It may run all the same.
            running.judged = true;
            self.hooks.running = Some(running);
        }
        effect.unwrap_or(Effect::Observe(None))
    }

    /// Again after a pause, while that can help and there is time: by the next tick, whose checks come first.
    fn hook_not_ended(&mut self, refusal: &Refusal) -> Effect {
        let end_by = self.hooks.running.as_ref().and_then(|running| running.end_by);
        if refusal.kind == RefusalKind::Transient && !self.hurried && end_by.is_some_and(|until| self.now < until) {
            self.say(Happening::Retrying { doing: "ending the hook".to_owned(), message: refusal.message.clone() });
            let pause = self.pause();
            return Effect::WaitUntil(self.now + pause);
        }
        self.say(Happening::Concern { what: format!("the hook could not be ended: {}", refusal.message) });
        self.hook_ended()
    }

    /// At the end of the rollout nothing else is left to be done than that.
    pub(super) fn end_hook_again(&mut self) -> Option<Effect> {
        self.hooks.after.is_some().then(|| self.end_hook())
    }

    fn hook_ended(&mut self) -> Effect {
        self.refusals = 0;
        self.hooks.ending = false;
        self.hooks.running = None;
        self.hooks.after.take().unwrap_or(Effect::Observe(None))
    }

    /// Nothing of ours outlives the rollout: what is still at work is ended before the last effect.
    pub(super) fn without_a_hook(&mut self, effect: Effect) -> Effect {
        if !matches!(effect, Effect::Finish(_)) || self.hooks.running.is_none() {
            return effect;
        }
        self.hooks.after = Some(effect);
        self.end_hook()
    }

    /// All that is left is to end a hook.
    pub(super) const fn is_over_but_for_a_hook(&self) -> bool {
        self.hooks.after.is_some()
    }

    /// The end that only waits for a hook to be ended: a signal hurries it.
    pub(super) fn hook_hurried(&mut self) -> Option<Effect> {
        let effect = self.hooks.after.take()?;
        self.hooks.ending = false;
        self.hooks.running = None;
        Some(effect)
    }
}
