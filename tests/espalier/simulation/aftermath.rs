//! What is left when the last job is over: the second half of rule 9.
//!
//! Whatever befell the jobs, once the lease has run out and AWS answers again a sweep (`resume --all`) finds all that it needs, and
//! ends what is left open. Cases in which somebody else had a hand in actions or tags are another rule's.

use std::{collections::BTreeSet, rc::Rc, time::Duration};

use espalier::{aws::ledger::Found, rollout::record::State, time::Timestamp};

use super::{case::Verb, court::Court, errands, facts::Facts, kept, readings::recorded, run::Run, stage::OURS, watched::Watched};

pub(crate) const REST: &str =
    "9: whoever comes after the last job ends what it left: no candidate keeps part of the weight, no record stays open";

/// More sweeps than any case needs: the first may be killed by a blow that was meant for another job.
const SWEEPS: usize = 4;

/// Whether a verb has something to do with what stands in AWS.
pub(super) fn has_to(verb: Verb, found: &Found, now: Timestamp) -> bool {
    let Found { record, leased_until, .. } = found;
    let leased = leased_until.is_some_and(|until| until > now);
    let held_until = record.hold.filter(|_| record.state == State::Held).map(|held| held.until);
    match (verb, record.state) {
        // What serves is what would be released, or somebody is at it.
        (Verb::Deploy, _) | (_, State::Closed) => false,
        (Verb::Abort | Verb::ForcedAbort, state) => state != State::Promoted,
        (Verb::Rollback, State::Running) => record.verb != "rollback" || !leased,
        (Verb::Rollback, State::Held) => true,
        (Verb::Promote, State::Held) => held_until.is_some_and(|until| until > now),
        (Verb::Resume, State::Running | State::RolledBack | State::Promoted) => !leased,
        (Verb::Sweep, State::Running | State::RolledBack) => !leased,
        (Verb::Sweep, State::Held) => held_until.is_some_and(|until| until <= now),
        (Verb::Recover, State::Running | State::RolledBack) => !leased,
        (Verb::LastStep, State::Running | State::RolledBack) => record.id == OURS,
        (Verb::Rollback | Verb::Promote | Verb::Resume | Verb::Sweep | Verb::Recover | Verb::LastStep, _) => false,
    }
}

/// What was rolled back is exactly what was before, once the candidate's last target is gone (rule 5).
fn is_left(found: Option<&Found>, facts: &Facts, court: &Court<'_>) -> bool {
    let was_rolled_back = found.is_some_and(|found| found.record.id == OURS && found.record.promoted.is_none());
    was_rolled_back && facts.slots[1].present == 0 && facts.written != court.at_start.written
}

impl Run<'_> {
    /// A verb says that there is nothing to do for it.
    pub(super) fn has_nothing_to_do(&mut self, verb: Verb) {
        let now = self.world.now();
        let found = recorded(&self.world, &self.stage).filter(|_| !self.is_strange());
        let held = match found.filter(|found| has_to(verb, found, now)) {
            Some(found) => Err(format!("{verb:?} finds nothing to do where the record says {}", found.record.state)),
            None => Ok(()),
        };
        self.court.hold(REST, now, held);
    }

    /// Sweeps until nothing is left open.
    pub(super) fn sweep_up(&mut self) {
        for _ in 0..SWEEPS {
            let Some(found) = self.open() else { break };
            let wait = self.due(&found).since(self.world.now()) + Duration::from_secs(1);
            self.afterwards.push_back((wait.as_secs() + 1, Verb::Sweep));
            while self.court.violation.is_none() && self.turn() {}
            self.land();
        }
        let facts = self.facts();
        let rests = self.rests(&facts);
        self.court.hold(REST, facts.at, rests);
    }

    /// Somebody else had a hand in it, or somebody's tool.
    fn is_strange(&self) -> bool {
        self.court.edited.contains(&true) || self.court.tags_lost
    }

    /// The record, where somebody has to go on with it.
    fn open(&self) -> Option<Rc<Found>> {
        let is_open = |state: State| matches!(state, State::Running | State::RolledBack | State::Promoted | State::Held);
        // What AWS refused for good is tried again as well, now that it does not any more.
        let found = recorded(&self.world, &self.stage).filter(|found| is_open(found.record.state) || found.record.unrestored);
        found.filter(|_| self.court.violation.is_none() && !self.is_strange())
    }

    /// When nothing stands in a sweep's way any more.
    fn due(&self, found: &Found) -> Timestamp {
        let Found { record, leased_until, .. } = found;
        let answers = self.case.faults.iter().filter_map(|fault| fault.before).max();
        let answers = answers.map(|before| self.court.at_start.at + Duration::from_secs(before));
        let all = [*leased_until, record.hold.map(|held| held.until), record.retires_at(), answers];
        all.into_iter().flatten().max().unwrap_or_default()
    }

    /// Nothing that was borrowed is left: what AWS has refused for good is.
    fn returned(&mut self, facts: &Facts) -> Result<(), String> {
        let [held, tests] = [Watched::passed_scaling_on, Watched::left_test].map(|left| self.court.jobs.iter().any(left));
        let serving = (0..facts.slots.len()).find(|slot| facts.share(*slot) == 100_000);
        let scaled = serving.and_then(|slot| facts.scaled[slot]).zip(self.case.scaled).filter(|_| !held);
        if let Some((seen, _)) = scaled.filter(|(seen, as_was)| !kept::is_suspended(*seen, *as_was) || seen.min == 0) {
            return Err(format!("in the end what serves scales by {seen:?}, and not as before"));
        }
        if facts.doors > 0 && !tests {
            return Err(format!("in the end {} test rules are left", facts.doors));
        }
        // Whoever gave up ending it may be another job than the one that ran it (seed 190040734).
        let gave_up = self.court.jobs.iter().any(|job| job.unended);
        let ran = self.court.jobs.iter().filter(|job| job.hooked && !gave_up);
        let ids: BTreeSet<String> = ran.map(|job| job.record.id.clone()).collect();
        match ids.iter().find_map(|id| errands::running(&mut self.world, id).pop()) {
            Some(task) => Err(format!("in the end {task} runs")),
            None => Ok(()),
        }
    }

    /// Nothing is left half done.
    fn rests(&mut self, facts: &Facts) -> Result<(), String> {
        if self.is_strange() {
            return Ok(());
        }
        let whole = |weights: &super::facts::Weights| [0, 1].map(|slot| weights.share(slot) % 100_000) == [0, 0];
        let everywhere = |slot: usize| facts.share(slot) == facts.least_share(slot);
        let is_whole = facts.written.iter().flatten().all(whole) && everywhere(0) && everywhere(1);
        let found = recorded(&self.world, &self.stage);
        match found.as_ref().map(|found| found.record.state) {
            // A person has to, and is told so: only AWS's own refusals need none.
            Some(State::Stuck) if found.as_ref().is_some_and(|found| !found.record.unrestored) => Ok(()),
            Some(State::Closed) if is_whole && self.court.jobs.iter().any(|job| job.denied || job.cut_short) => Ok(()),
            Some(State::Closed) if is_whole && !is_left(found.as_deref(), facts, &self.court) => self.returned(facts),
            None if facts.written == self.court.at_start.written => Ok(()),
            Some(state) => Err(format!("in the end the record says {state}, and the traffic targets {:?}", facts.written)),
            None => Err(format!("in the end there is no record, and the traffic targets say {:?}", facts.written)),
        }
    }
}
