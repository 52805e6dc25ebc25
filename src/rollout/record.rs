//! A rollout's durable state: what the next job needs to go on, to undo or to look back. Its text form is in `record_text`.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Serialize};

pub use super::record_text::RecordError;
use super::{
    origin::Origin,
    outcome::Reason,
    plan::{OnTimeout, Plan},
    scaling::Scaling,
    split::Split,
};
use crate::time::Timestamp;

/// One slot as the record knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRecord {
    /// Its name: `a` or `b`, or the target group's name for `shift`.
    pub name: String,
    /// Its target group's ARN.
    pub group: String,
    /// Its ECS service's name; none for groups that ECS does not fill.
    pub ecs_service: Option<String>,
    /// The task definition that it runs, `family:revision`; none for a slot that never ran.
    pub task_definition: Option<String>,
    /// How many tasks it should run while it serves.
    pub count: u32,
}

/// Where a rollout stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Steps are being walked.
    #[default]
    Running,
    /// The weights are the baseline's again; the candidate's tasks may still have to be stopped.
    RolledBack,
    /// Roles are swapped; the old slot's tasks may still have to be stopped.
    Promoted,
    /// The weights stay until another job goes on.
    Held,
    /// A person must act.
    Stuck,
    /// Nothing is left to do.
    Closed,
}

pub(super) const STATES: [(State, &str); 6] = [
    (State::Running, "running"),
    (State::RolledBack, "rolled-back"),
    (State::Promoted, "promoted"),
    (State::Held, "held"),
    (State::Stuck, "stuck"),
    (State::Closed, "closed"),
];

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STATES.iter().find(|(state, _)| state == self).map_or("running", |(_, name)| name))
    }
}

/// A hold as the record has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The step that it stands before, counted from 0.
    pub next: usize,
    /// Since when, by AWS's clock.
    pub since: Timestamp,
    /// Until when somebody may promote it.
    pub until: Timestamp,
    /// A cancelled job left it there (`on_cancel: hold`), in place of the plan.
    pub by_cancel: bool,
}

/// A rollout that is over and may have left an ECS task of a hook at work: its job died before it had ended that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unended {
    /// Its id, which its tasks are found by.
    pub rollout: String,
    /// The ECS cluster of its tasks, where that is not the cluster of the record that names it.
    pub cluster: Option<String>,
}

/// How far `promote` and `resume` raise the generation.
pub const GO_ON: u64 = 1;
/// How far `abort`, `rollback` and `recover` do.
pub const ABORT: u64 = 2;
/// A record's times are AWS's `Date` headers, whole seconds rounded down (RFC 9110 §5.6.7), and are recorded in whole seconds themselves:
/// what they say was up to so much later.
const WHOLE_SECONDS: Duration = Duration::from_secs(2);

/// The record of one rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The rollout's id.
    pub id: String,
    /// Counts takeovers: whoever raises it owns the rollout.
    pub generation: u64,
    /// Who holds it: tells two jobs apart that raised it to the same generation. No spaces.
    pub owner: String,
    /// What is released, as people call it: the reports of every job on this rollout go by it. No spaces.
    pub name: String,
    /// `deploy`, `shift` or `rollback`.
    pub verb: String,
    /// Where it stands.
    pub state: State,
    /// It is stuck in a rollback that was decided, because AWS did not do it: any later job may try again.
    pub unrestored: bool,
    /// The step that `intent` belongs to, counted from 0.
    pub step: usize,
    /// The split that is being written or was written last.
    pub intent: Split,
    /// The split that was read back last.
    pub verified: Split,
    /// When the first write was announced, by AWS's clock.
    pub started: Timestamp,
    /// How long it was held since: that does not count for the plan's `timeout`.
    pub waited: Duration,
    /// The hold that it is in.
    pub hold: Option<Held>,
    /// How many steps, from the first, need not be promoted any more: their holds were released.
    pub released: usize,
    /// When roles were swapped.
    pub promoted: Option<Timestamp>,
    /// The plan, expanded.
    pub plan: Plan,
    /// Of plan and analysis, as they were when it began. What the record does not hold of them is only known where a config
    /// gives the same.
    pub digest: String,
    /// The traffic targets, as the room that reads and writes them names them; opaque here, without spaces or `+`.
    pub targets: Vec<String>,
    /// The ECS cluster of both slots.
    pub cluster: Option<String>,
    /// The slot that served when it began; none at bootstrap.
    pub stable: Option<SlotRecord>,
    /// The slot that is being released.
    pub candidate: SlotRecord,
    /// The last revision that was stable before the current one; kept until the next promotion.
    pub previous: Option<SlotRecord>,
    /// How stable was scaled by itself when the rollout began; none where nothing did. Kept after the end: a rollback goes by it.
    pub scaling: Option<Scaling>,
    /// The test rules that were made, as the room that makes them names them, without spaces or `+`; empty before they are known,
    /// none where there are none.
    pub test: Option<Vec<String>>,
    /// A lock was taken beside the lease, which excludes other rollouts truly; whoever ends this one removes it.
    pub locked: bool,
    /// What it was begun for: where the reports of every job on it belong that is not about something else.
    pub origin: Option<Origin>,
    /// The places of the alarms that were on when it began and have been since, as far as was seen: these do not count.
    pub ignored: Vec<usize>,
    /// It began with hooks. What they run is in its config alone.
    pub hooked: bool,
    /// Rollouts before this one whose hooks may have left a task at work: this one ends it, and none is named here once it has.
    pub unended: Vec<Unended>,
    /// Pairs of a later version's, kept.
    pub unknown: BTreeMap<String, String>,
}

impl Record {
    /// A rollout at its beginning: nothing written, everything on stable (on the candidate alone at bootstrap).
    #[must_use]
    pub fn new(
        id: String,
        verb: &str,
        started: Timestamp,
        plan: Plan,
        stable: Option<SlotRecord>,
        candidate: SlotRecord,
    ) -> Self {
        let at_rest = if stable.is_some() { Split::STABLE } else { Split::CANDIDATE };
        Self {
            id,
            generation: 1,
            owner: String::new(),
            name: candidate.ecs_service.clone().unwrap_or_else(|| candidate.name.clone()),
            verb: verb.to_owned(),
            state: State::Running,
            unrestored: false,
            step: 0,
            intent: at_rest,
            verified: at_rest,
            started,
            waited: Duration::ZERO,
            hold: None,
            released: 0,
            promoted: None,
            digest: plan.digest(),
            plan,
            targets: Vec::new(),
            cluster: None,
            stable,
            candidate,
            previous: None,
            scaling: None,
            test: None,
            locked: false,
            origin: None,
            ignored: Vec::new(),
            hooked: false,
            unended: Vec::new(),
            unknown: BTreeMap::new(),
        }
    }

    /// The slot that serves by this record's word: the candidate once everything is on it, before that stable.
    #[must_use]
    pub fn serving(&self) -> &SlotRecord {
        match &self.stable {
            Some(stable) if self.verified != Split::CANDIDATE => stable,
            Some(_) | None => &self.candidate,
        }
    }

    /// When the rollout's `timeout` ends; a hold stops its clock.
    #[must_use]
    pub fn deadline(&self) -> Timestamp {
        self.started + self.plan.timeout + self.waited
    }

    /// From when on the old slot of a promoted rollout may be stopped; none where it keeps its tasks. A rollback promotes as soon as its
    /// weights are written, so they settle meanwhile.
    #[must_use]
    pub fn retires_at(&self) -> Option<Timestamp> {
        self.stable.as_ref()?.ecs_service.as_ref()?;
        Some(self.promoted? + self.plan.retire_after?.max(self.plan.settle + WHOLE_SECONDS))
    }

    /// The plan is all there is: nothing that only a config could tell belongs to it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.digest == self.plan.digest()
    }

    /// Whoever goes on with it has to give what only a config holds of it: what it is judged by, its hooks.
    #[must_use]
    pub fn needs_config(&self) -> bool {
        !self.is_whole() || self.hooked
    }

    /// What happens to the hold that it is in when nobody promotes it: what the plan says, and back to the baseline after a
    /// cancel.
    #[must_use]
    pub fn on_timeout(&self) -> OnTimeout {
        let planned = self.hold.filter(|held| !held.by_cancel).and_then(|held| self.plan.steps.get(held.next)?.hold);
        planned.map_or(OnTimeout::Rollback, |hold| hold.on_timeout)
    }

    /// What it waits for while it is held.
    #[must_use]
    pub fn hold_reason(&self) -> Option<Reason> {
        let held = self.hold?;
        let step = self.plan.steps.get(held.next).filter(|_| !held.by_cancel);
        Some(step.map_or(Reason::CancelledHold { until: held.until }, |step| Reason::Hold {
            step: held.next + 1,
            steps: self.plan.steps.len(),
            share: step.share,
            until: held.until,
            on_timeout: self.on_timeout(),
            judged: self.needs_config(),
        }))
    }
}
