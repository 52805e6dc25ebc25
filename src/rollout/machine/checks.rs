//! What a reading means: every check that can end a rollout, in the order of DESIGN §5. Nothing that waits, gates or
//! advances comes before them (flagger 1268: a rollback that an early return hides).

use super::{core::Rollout, types::Effect};
use crate::rollout::{
    journal::Happening,
    observation::{LiveAction, Observation, Side, Tasks},
    outcome::Reason,
    plan::OnDrift,
    split::{Share, Split},
};

/// Observations in a row that must show a foreign target: tasks and targets are read at the same time, not at once.
const FOREIGN_FOR: u32 = 2;

impl Rollout {
    /// The rollback that a reading asks for, if it does. `expected` are the splits that may be there.
    pub(super) fn checked(&mut self, observation: &Observation, expected: &[Split]) -> Option<Effect> {
        self.say_observed(observation);
        self.ill(observation, expected)
            .or_else(|| self.timed_out())
            .or_else(|| self.unhealthy(observation))
            .or_else(|| self.judged(observation))
    }

    /// What ends a rollout at once, however it stands with time.
    pub(super) fn ill(&mut self, observation: &Observation, expected: &[Split]) -> Option<Effect> {
        self.drifted(observation, expected)
            .or_else(|| self.sides_down(observation))
            .or_else(|| self.deployment_failed(&observation.candidate))
            .or_else(|| self.foreign(&observation.candidate))
    }

    /// A split that is neither the recorded intent nor the last verified one (rule 3). One that nobody can account for goes before
    /// those that mean a rollback: it would be written over.
    pub(super) fn drifted(&mut self, observation: &Observation, expected: &[Split]) -> Option<Effect> {
        let at_rest = self.at_rest();
        let is_expected = |action: &LiveAction| action.split.is_some_and(|split| expected.contains(&split));
        let is_back = |action: &LiveAction| action.is_baseline || action.split == Some(at_rest);
        let seen = |is: &dyn Fn(&LiveAction) -> bool| {
            let place = |action: &Option<LiveAction>| action.as_ref().is_some_and(is);
            observation.actions.iter().position(place)
        };
        if let Some(place) = seen(&|action| !is_expected(action) && !is_back(action)) {
            let reason = self.drift(place, observation, *expected.first()?);
            return Some(match self.record().plan.on_drift {
                OnDrift::Stop => self.stick(reason),
                OnDrift::Restore => self.roll_back(reason),
            });
        }
        if let Some(place) = observation.actions.iter().position(Option::is_none) {
            let target = self.target(place);
            return Some(self.roll_back(Reason::TargetGone { target }));
        }
        let place = seen(&|action| !is_expected(action))?;
        let by = format!("somebody who put {} back to what it was before", self.target(place));
        Some(self.roll_back(Reason::Aborted { by }))
    }

    /// What somebody has set at this place of the observation.
    pub(super) fn drift(&self, place: usize, observation: &Observation, expected: Split) -> Reason {
        let found = observation.actions.get(place).and_then(Option::as_ref).map(|action| action.shown.clone());
        Reason::Drifted { target: self.target(place), expected: expected.to_string(), found: found.unwrap_or_default() }
    }

    fn target(&self, place: usize) -> String {
        let known = self.journal().release.traffic_targets.get(place).cloned();
        known.unwrap_or_else(|| format!("traffic target {}", place + 1))
    }

    /// Weight without a healthy target on either side (rule 1).
    pub(super) fn sides_down(&mut self, observation: &Observation) -> Option<Effect> {
        if !self.has_weight() || self.record().stable.is_none() {
            return None;
        }
        let candidate = &observation.candidate;
        let share = self.record().intent.share().max(self.record().verified.share());
        let healthy = self.health.healthy(candidate);
        if healthy < candidate.healthy {
            let what = format!(
                "tasks of the candidate have exited since the look before, and others run in their place: {healthy} of its targets count as healthy"
            );
            self.say(Happening::Concern { what });
        }
        if healthy == 0 {
            let stopped = candidate.tasks.as_ref().map(Tasks::why_missing).unwrap_or_default();
            return Some(self.roll_back(Reason::NoHealthyTargets { share, reasons: candidate.reasons.clone(), stopped }));
        }
        let stable = observation.stable.as_ref()?;
        if share == Share::FULL {
            return None;
        }
        if stable.healthy == 0 {
            return Some(self.stick_and_scale(Reason::StableDown { candidate_healthy: candidate.healthy }));
        }
        // A task that has just started has a target that is not judged yet: a scale-out is not a shortage.
        let needed = share.rest().of(stable.running().min(stable.settled()));
        (stable.healthy < needed).then(|| self.roll_back(Reason::StableShort { healthy: stable.healthy, needed }))
    }

    pub(super) fn timed_out(&mut self) -> Option<Effect> {
        // A hold stops the clock.
        if self.record().hold.is_some() {
            return None;
        }
        (self.aws_now() >= self.record().deadline()).then(|| self.roll_back(self.late()))
    }

    fn deployment_failed(&mut self, candidate: &Side) -> Option<Effect> {
        let tasks = candidate.tasks.as_ref()?;
        let message = tasks.failed.clone()?;
        let stopped = tasks.why_missing();
        Some(self.roll_back(Reason::DeploymentFailed { message, stopped }))
    }

    /// What is judged is what was released (rule 14).
    fn foreign(&mut self, candidate: &Side) -> Option<Effect> {
        // Without the ECS service that was launched every target is somebody else's.
        let all = if self.record().candidate.ecs_service.is_some() { candidate.settled() + candidate.initial } else { 0 };
        let count = candidate.tasks.as_ref().map_or(all, |tasks| tasks.foreign_targets);
        if count == 0 || !self.has_weight() {
            self.foreign = 0;
            return None;
        }
        self.foreign += 1;
        (self.foreign >= FOREIGN_FOR).then(|| self.roll_back(Reason::ForeignTargets { count }))
    }
}
