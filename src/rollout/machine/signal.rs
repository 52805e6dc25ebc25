//! What the first signal does.

use super::{
    core::{Phase, Rollout},
    release::StepStage,
    rollback::Stage,
    types::Effect,
};
use crate::rollout::{
    outcome::{OutcomeKind, Reason},
    plan::OnCancel,
    record::State,
};

impl Rollout {
    /// The first signal: before the promotion the weights go back (or stay, for `on_cancel: hold`), after it the
    /// outcome stands and the job ends.
    pub(super) fn signalled(&mut self) -> Effect {
        self.hurried = true;
        match self.phase.clone() {
            Phase::Stepping(_, stage) if self.record().plan.on_cancel == OnCancel::Hold && settled(stage) => {
                self.phase = Phase::Holding;
                self.record.state = State::Held;
                self.give_up = self.now;
                self.write_record()
            }
            Phase::Claiming(_) | Phase::Attaching | Phase::Launching(_) | Phase::Stepping(..) => {
                self.roll_back(Reason::Cancelled)
            }
            Phase::Promoting | Phase::Holding => self.write_record(),
            // The lease ends with the job; what is left to retire is the next one's.
            Phase::Retiring(_) => self.give_old_slot_back(),
            Phase::RollingBack(rollback) => match rollback.stage {
                Stage::Claiming | Stage::Writing => self.restore_now(rollback),
                Stage::Recording
                | Stage::ScalingStable
                | Stage::Untesting
                | Stage::GivingBack
                | Stage::Settling { .. }
                | Stage::Resting
                | Stage::Scaling
                | Stage::Draining { .. }
                | Stage::Exact
                | Stage::Releasing
                | Stage::Closing => {
                    self.at(rollback, Stage::Recording);
                    self.write_record()
                }
            },
            Phase::Sticking(reason) => {
                self.scaling = false;
                self.stuck(reason)
            }
            Phase::Leaving(_) => self.write_record(),
            Phase::Ended => self.finish(OutcomeKind::Superseded, Reason::Cancelled),
        }
    }
}

const fn settled(stage: StepStage) -> bool {
    matches!(stage, StepStage::Gating { .. } | StepStage::Settling { .. } | StepStage::Baking { .. })
}
