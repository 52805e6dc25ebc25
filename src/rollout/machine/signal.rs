//! What the first signal does (DESIGN §5 rule 12). A second one is never heard: it could only make it worse.

use super::{
    claim::Claim,
    core::{Pending, Phase, Rollout, Scaling},
    release::StepStage,
    retire::Retire,
    rollback::Rollback,
    scaling::HURRIED,
    types::{Effect, Ending},
};
use crate::{
    rollout::{
        outcome::{OutcomeKind, Reason},
        plan::OnCancel,
        record::{ABORT, State},
    },
    time::Timestamp,
};

impl Rollout {
    /// The first signal: before the promotion the weights go back (or stay, for `on_cancel: hold`), after it the
    /// outcome stands and the job ends.
    pub(super) fn signalled(&mut self) -> Effect {
        self.hurried = true;
        match self.phase.clone() {
            Phase::Stepping(index, stage) if self.record().plan.on_cancel == OnCancel::Hold && settled(stage) => {
                self.hold_on_cancel(if matches!(stage, StepStage::Gating { .. }) { index } else { index + 1 })
            }
            Phase::Claiming(claim) if self.record().plan.on_cancel == OnCancel::Hold && self.stands_still(claim) => {
                self.hold_on_cancel(self.record().step + 1)
            }
            // Nothing was written, so whoever has the rollout, or had it, keeps it.
            Phase::Claiming(Claim::Looking) if self.resumed.is_some() => self.left(Ending::Untouched(Reason::Cancelled)),
            Phase::Claiming(_) if self.resumed.is_some() && self.record().state == State::Promoted => {
                self.left(Ending::Untouched(Reason::Cancelled))
            }
            // It may be ours or another's: an abort settles it.
            Phase::Claiming(_) if self.resumed.is_some() => {
                let (owner, now) = (self.record().owner.clone(), self.aws_now());
                self.record.take_over(&owner, ABORT, now);
                self.owned = true;
                self.phase = Phase::RollingBack(Rollback::taking_over(Reason::Cancelled, self.record().intent));
                self.begin_takeover()
            }
            Phase::Watching => self.held(),
            // The plan lets go of it here anyway; a cancel that is to roll back goes before.
            Phase::Holding if self.record().plan.on_cancel == OnCancel::Rollback => {
                self.keep_hold();
                self.roll_back(Reason::Cancelled)
            }
            Phase::Claiming(_) | Phase::Attaching | Phase::Launching(_) | Phase::Stepping(..) => {
                self.roll_back(Reason::Cancelled)
            }
            Phase::Promoting | Phase::Holding => self.write_record(),
            // The lease ends with the job; what is left to retire is the next one's. A rollback may have begun since the last reading.
            Phase::Retiring(_) => {
                self.phase = Phase::Retiring(Retire::GivingBack);
                self.give_up = self.now + HURRIED;
                Effect::ReadBack
            }
            Phase::RollingBack(rollback) => self.hurry_back(rollback),
            Phase::Sticking(reason) => {
                self.scaling = Scaling::No;
                self.stuck(reason)
            }
            Phase::Leaving(ending) => self.close_left(ending),
            Phase::Ended => self.finish(OutcomeKind::Superseded, Reason::Cancelled),
        }
    }

    /// The job is about to be killed and the weights are not back: the next one is not kept waiting by a lease (DESIGN §5 rule 12).
    /// What is written goes on being tried until then.
    pub(super) fn lets_go(&mut self, until: Timestamp) -> Option<Effect> {
        let is_open = matches!(&self.phase, Phase::RollingBack(rollback) if rollback.is_open());
        if !self.hurried || self.let_go || !is_open || !self.has_sent_its_record() {
            return None;
        }
        self.let_go = true;
        self.pending = Pending::Aside(until);
        Some(Effect::Record(Box::new(self.record.clone()), None))
    }
}

const fn settled(stage: StepStage) -> bool {
    matches!(stage, StepStage::Gating { .. } | StepStage::Settling { .. } | StepStage::Baking { .. })
}
