//! Whether the candidate is healthy enough, observation by observation (DESIGN §5 "Health").
//!
//! Where stable is scaled out the candidate is scaled with it, and its new tasks take their time. What was asked for a moment ago is
//! no sign of illness: for as long as a gate would wait for them, the candidate is held against the size that it had.

use super::{core::Rollout, release::GATE_LIMIT, types::Effect};
use crate::{
    rollout::{
        journal::Happening,
        observation::{Observation, Side, Tasks},
        outcome::Reason,
    },
    time::Timestamp,
};

/// How the candidate fared so far.
#[derive(Clone, Debug)]
pub(super) struct Health {
    /// Observations in a row that were below the limit.
    below: u32,
    /// Why tasks had stopped in one of these: in the next one others may run in their place.
    stopped: Vec<(String, u32)>,
    /// The size that it had, or was given the time to have.
    size: u32,
    /// Since when it grows beyond that.
    growing: Option<Timestamp>,
    /// How many tasks or targets it had at the newest look, until when exits of tasks are accounted for by it, and when the look before it
    /// was over, if there was one.
    last: Option<(u32, Timestamp, Option<Timestamp>)>,
    /// How many of its targets can have served from the look before the newest to the newest; no limit where no task has exited meanwhile.
    lasting: u32,
}

impl Health {
    /// Of a candidate that is launched with so many tasks.
    pub(super) const fn of(size: u32) -> Self {
        Self { below: 0, stopped: Vec::new(), size, growing: None, last: None, lasting: u32::MAX }
    }

    /// Takes a look in. A task that exits and is replaced between two looks is missing from neither: those that ran at the one and had
    /// exited by the other count as missing. What was told to stop does not, since ECS may have started another before it. Nor does what
    /// began to run while the one was taken, which may have seen it or not: it has to have run at the look before.
    pub(super) fn look(&mut self, candidate: &Side, at: Timestamp) {
        let exited = candidate.tasks.as_ref().map(|tasks| &*tasks.exited).unwrap_or_default();
        self.lasting = u32::MAX;
        if let Some((there, known, Some(before))) = self.last {
            let gone = exited.iter().filter(|(from, until)| *from <= before && *until > known).count();
            if gone > 0 {
                self.lasting = there.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX));
            }
        }
        let known = exited.iter().fold(at, |known, (_, until)| known.max(*until));
        let running = candidate.tasks.as_ref().map_or(0, |tasks| tasks.running);
        self.last = Some((running.max(candidate.settled() + candidate.initial), known, self.last.map(|(_, known, _)| known)));
    }

    /// How many healthy targets count: no more than have served since the look before.
    pub(super) fn healthy(&self, candidate: &Side) -> u32 {
        candidate.healthy.min(self.lasting)
    }

    /// The last observation was below the limit, and more like it roll back.
    pub(super) const fn is_doubtful(&self) -> bool {
        self.below > 0
    }

    /// The size that it is held against at `now`, where it is wanted to be of size `wanted`.
    fn size(&mut self, now: Timestamp, wanted: u32, healthy: u32) -> u32 {
        let since = *self.growing.get_or_insert(now);
        if wanted <= self.size || healthy >= wanted || now.since(since) >= GATE_LIMIT {
            self.size = wanted;
            self.growing = None;
        }
        self.size
    }
}

impl Rollout {
    /// Below `min_healthy`, or below what the share needs, `unhealthy_for` observations in a row.
    pub(super) fn unhealthy(&mut self, observation: &Observation) -> Option<Effect> {
        if !self.has_weight() {
            return None;
        }
        let limits = self.record().plan.health;
        let candidate = &observation.candidate;
        let healthy = self.health.healthy(candidate);
        let stable = observation.stable.as_ref();
        // Where ECS does not fill a group, nothing follows anything.
        let size = candidate.tasks.as_ref().map_or(u32::MAX, |tasks| {
            let wanted = stable.and_then(|stable| stable.tasks.as_ref()).map_or(0, |tasks| tasks.desired.max(tasks.running));
            self.health.size(self.now, wanted.max(tasks.desired), healthy)
        });
        let expected = candidate.expected().min(size.max(candidate.settled()));
        // What stable has grown to, it has grown to: the candidate's part of it is that of the size it is held against.
        let needed = self.record().verified.share().of(stable.map_or(0, Side::running).min(size)).max(1);
        if healthy >= limits.min_healthy.of(expected) && healthy >= needed {
            self.health.below = 0;
            self.health.stopped.clear();
            return None;
        }
        self.health.below += 1;
        let why = candidate.tasks.as_ref().map(Tasks::why_missing).unwrap_or_default();
        if !why.is_empty() {
            self.health.stopped = why;
        }
        let below = self.health.below;
        if below < limits.unhealthy_for {
            let what = format!(
                "{healthy} of the candidate's {expected} targets are healthy: {} more observations like this one roll it back",
                limits.unhealthy_for - below
            );
            self.say(Happening::Concern { what });
            return None;
        }
        let stopped = std::mem::take(&mut self.health.stopped);
        Some(self.roll_back(Reason::Unhealthy {
            healthy,
            expected,
            min_healthy: limits.min_healthy,
            observations: below,
            reasons: candidate.reasons.clone(),
            stopped,
        }))
    }
}
