//! The record in the hands of another job: taken over, or followed by that of a rollback.

use std::time::Duration;

use super::{
    machine::{GoOn, Role},
    plan::{OnCancel, Plan, Step},
    record::{ABORT, GO_ON, Record, SlotRecord, State, Unended},
    scaling::Scaling,
    split::{Share, Split},
};
use crate::time::Timestamp;

/// How many rollouts' hooks a record names as not ended, the newest first: tags have an end. More would need as many jobs, each killed
/// before it had begun anything.
const MOST_UNENDED: usize = 6;

impl Record {
    /// Takes it over for another job, which goes on from `now`: a hold is over.
    ///
    /// An abort raises the generation by [`ABORT`], everything else by [`GO_ON`]: when a person promotes and another aborts
    /// at the same moment, the abort wins whoever writes last.
    pub fn take_over(&mut self, owner: &str, raise: u64, now: Timestamp) {
        self.generation += raise;
        owner.clone_into(&mut self.owner);
        if let Some(held) = self.hold.take() {
            self.waited += now.since(held.since);
        }
        if matches!(self.state, State::Held | State::Stuck) {
            self.state = State::Running;
        }
        self.unrestored = false;
    }

    /// Taken over to be rolled back, whatever state it is in.
    pub fn take_over_to_roll_back(&mut self, owner: &str, now: Timestamp) {
        self.take_over(owner, ABORT, now);
        // Of one that was rolled back only the rest is left to do.
        if self.state != State::RolledBack {
            self.state = State::Running;
        }
    }

    /// Taken over to be gone on with. Whoever goes on to the next step releases the hold before it, or every later one too (`full`).
    pub fn take_over_to_go_on(&mut self, owner: &str, from: GoOn, full: bool, now: Timestamp) {
        match (from, self.hold) {
            (_, Some(_)) if full => self.released = self.plan.steps.len(),
            (GoOn::Next, Some(held)) => self.released = held.next + 1,
            (GoOn::Here, _) | (GoOn::Next, None) => {}
        }
        self.take_over(owner, GO_ON, now);
        // What a person asked for is finished, however long nobody was at it: its time begins anew.
        if self.verb == "rollback" {
            self.waited = now.since(self.started);
        }
    }

    /// The record of the rollout that goes back from what serves by this one to `previous`, in one step: `id`, `owner` and `started` are its
    /// own.
    #[must_use]
    pub fn restoring(&self, previous: SlotRecord, id: String, owner: String, started: Timestamp) -> Self {
        let plan = Plan {
            steps: vec![Step { share: Share::FULL, bake: Duration::ZERO, lag: Duration::ZERO, hold: None }],
            // The rejected slot keeps its tasks until the data plane has followed.
            retire_after: self.plan.retire_after.map(|_| self.plan.settle),
            // Held half-way, it would be undone when the hold ends.
            on_cancel: OnCancel::Rollback,
            ..self.plan.clone()
        };
        let mut record = Self::new(id, "rollback", started, plan, Some(self.serving().clone()), previous.clone());
        record.generation = self.generation + 1;
        record.owner = owner;
        record.name.clone_from(&self.name);
        record.cluster.clone_from(&self.cluster);
        record.origin.clone_from(&self.origin);
        record.targets.clone_from(&self.targets);
        record.test.clone_from(&self.test);
        record.previous = Some(previous);
        record.unended = self.unended_in(self.cluster.as_deref());
        record.scaling = self.scaling;
        // The slot that serves again gets back what scaled it, and what still has to be given back goes along.
        let gives_back = record.steers(Role::Stable) || record.steers(Role::Candidate);
        record.scaling = self.scaling.map(|scaling| Scaling { held: scaling.held || gives_back, ..scaling });
        record
    }

    /// Whose hooks may have left a task at work, as far as this record tells, for another job to end: its own, where its job is gone, and
    /// what that had still to end itself. `cluster` is the cluster of whoever takes them over. Without an ECS cluster no hook is a task.
    #[must_use]
    pub fn unended_in(&self, cluster: Option<&str>) -> Vec<Unended> {
        let own = self.hooked.then(|| Unended { rollout: self.id.clone(), cluster: None });
        let taken_over = |unended: Unended| {
            let at = unended.cluster.or_else(|| self.cluster.clone())?;
            Some(Unended { cluster: Some(at).filter(|at| Some(at.as_str()) != cluster), rollout: unended.rollout })
        };
        own.into_iter().chain(self.unended.iter().cloned()).filter_map(taken_over).take(MOST_UNENDED).collect()
    }

    /// The same of all the records that a new release has found: it ends what any of them left, and says so in its own.
    pub fn end_of<'r>(&mut self, found: impl IntoIterator<Item = &'r Self>) {
        let unended = found.into_iter().flat_map(|record| record.unended_in(self.cluster.as_deref()));
        self.unended = unended.take(MOST_UNENDED).collect();
    }

    /// What was stable before `stable` by this record, for the next one to keep. Where somebody has moved the weights back to it by hand it
    /// is no way back any more.
    #[must_use]
    pub fn previous_of(&self, stable: Option<&SlotRecord>) -> Option<SlotRecord> {
        let is_other = |previous: &&SlotRecord| stable.is_none_or(|stable| stable.group != previous.group);
        self.previous.as_ref().filter(is_other).cloned()
    }

    /// The slot that a rollback goes back to; none where that serves already.
    #[must_use]
    pub fn way_back(&self) -> Option<SlotRecord> {
        self.previous_of(Some(self.serving()))
    }

    /// Whether nothing was released since into the slot that is to serve again: what runs in it is what ran when it served.
    #[must_use]
    pub fn left_untouched(&self, previous: &SlotRecord) -> bool {
        self.verified == Split::CANDIDATE && self.stable.as_ref() == Some(previous)
    }

    /// How many healthy targets `previous` needs to take everything at once: as many as were to run when this was recorded, and as many as
    /// are healthy in what serves now (`serving`), which may have been scaled out since, or is recorded without a number. Where none of
    /// those is healthy, going back ends an outage, and the record alone decides.
    #[must_use]
    pub fn needed_of(&self, previous: &SlotRecord, serving: u32) -> u32 {
        previous.count.max(self.serving().count).max(serving).max(1)
    }
}
