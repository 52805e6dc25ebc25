//! The record in the hands of another job: taken over, or followed by that of a rollback.

use std::time::Duration;

use super::{
    machine::GoOn,
    plan::{OnCancel, Plan, Step},
    record::{ABORT, GO_ON, Record, SlotRecord, State},
    scaling::Scaling,
    split::{Share, Split},
};
use crate::time::Timestamp;

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
    }

    /// Taken over to be rolled back, whatever state it is in.
    pub fn take_over_to_roll_back(&mut self, owner: &str, now: Timestamp) {
        self.take_over(owner, ABORT, now);
        self.state = State::Running;
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
        // The slot that serves again gets back what scaled it, and what still has to be given back goes along.
        record.scaling = self.scaling.map(|scaling| Scaling { held: true, ..scaling });
        record
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
