//! How a rollout begins: one constructor for each kind of verb, and the first effect of each.

use super::{
    claim::Claim,
    core::{Pending, Phase, Rollout, Scaling, WRITE_LIMIT},
    hooks::HookDesk,
    judging::Judging,
    release::StepStage,
    rollback::Rollback,
    scaling::Steering,
    test_rule::TestDesk,
    types::{Effect, GoOn},
};
use crate::{
    rollout::{
        journal::{Happening, Journal, Release},
        outcome::Reason,
        record::Record,
        split::Split,
    },
    time::Timestamp,
};

impl Rollout {
    /// A new rollout along the record's plan: `deploy` and `shift`.
    #[must_use]
    pub fn release(record: Record, release: Release) -> Self {
        Self::new(record, release, Phase::Claiming(Claim::Looking))
    }

    /// Back to a revision that was stable before: the candidate of `record` is that revision's slot and the plan has one
    /// step. `healthy` is how many of its targets are: with enough of them weights are written at once, without them the
    /// slot is started first. Takes the record over without waiting, unless a job may still be stopping the tasks of that slot
    /// (`contested`, see [`Takeover::may_stop_tasks`](crate::rollout::takeover::Takeover::may_stop_tasks)): what it sends takes
    /// effect up to a write timeout later, so that only what is read after that is worth anything.
    #[must_use]
    pub fn restore(mut record: Record, release: Release, healthy: u32, contested: bool) -> Self {
        let wanted = record.candidate.count.max(record.stable.as_ref().map_or(0, |stable| stable.count)).max(1);
        let phase = if healthy < wanted || contested {
            Phase::Claiming(Claim::Recording)
        } else {
            record.intent = Split::CANDIDATE;
            Phase::Stepping(0, StepStage::Recording)
        };
        let mut rollout = Self::new(record, release, phase);
        rollout.contested = contested;
        rollout.inherit_hook();
        rollout
    }

    /// Rolls a recorded rollout back. The record must be taken over already, in memory ([`Record::take_over`]); it is written after
    /// the weights. `force` restores the baseline even when stable has no healthy target.
    #[must_use]
    pub fn abort(record: Record, release: Release, reason: Reason, force: bool) -> Self {
        let rollback = Rollback::taking_over(reason, record.intent);
        let mut rollout = Self::new(record, release, Phase::RollingBack(rollback));
        rollout.touched = true;
        rollout.owned = true;
        rollout.force = force;
        rollout
    }

    /// Goes on with a recorded rollout that is held, or whose job is gone: claims it first. The record must be taken over
    /// already, in memory.
    #[must_use]
    pub fn resume(record: Record, release: Release, from: GoOn) -> Self {
        let mut rollout = Self::new(record, release, Phase::Claiming(Claim::Looking));
        rollout.touched = true;
        rollout.resumed = Some(from);
        rollout
    }

    /// Looks at a held rollout, and leaves it as it is unless it has to be rolled back: then it is taken over as `owner`.
    #[must_use]
    pub fn watch(record: Record, release: Release, owner: &str) -> Self {
        let mut rollout = Self::new(record, release, Phase::Watching);
        rollout.touched = true;
        owner.clone_into(&mut rollout.owner);
        rollout
    }

    fn new(record: Record, release: Release, phase: Phase) -> Self {
        let steering = Steering::of(&record);
        let wanted = record.candidate.count.max(record.stable.as_ref().map_or(0, |stable| stable.count));
        Self {
            health: super::health::Health::of(wanted),
            record,
            phase,
            pending: Pending::Nothing,
            journal: Journal { release, entries: Vec::new() },
            now: Timestamp::default(),
            give_up: Timestamp::default(),
            refusals: 0,
            refusal: None,
            renewed: Timestamp::default(),
            foreign: 0,
            wanted,
            stable_size: 0,
            growing: false,
            torn: false,
            seen: None,
            owned: false,
            paused: false,
            touched: false,
            hurried: false,
            let_go: false,
            force: false,
            asked: None,
            looked: None,
            reread: false,
            aws_time: None,
            record_lost: false,
            before: None,
            contested: false,
            scaling: Scaling::No,
            resumed: None,
            owner: String::new(),
            hooks: HookDesk::default(),
            test: TestDesk::default(),
            steering,
            judging: Judging::default(),
        }
    }

    pub(super) fn begin(&mut self) -> Effect {
        self.give_up = self.now + WRITE_LIMIT;
        // What writes before it reads goes by when it began by AWS's clock, whatever the runner's says (seed 144201492).
        if matches!(self.phase, Phase::Stepping(..) | Phase::Claiming(Claim::Recording)) {
            self.aws_time = Some((self.record.started, self.now));
        }
        match &self.phase {
            // A claim looks first: what another job is at is not overwritten.
            Phase::Claiming(Claim::Looking) => Effect::ReadBack,
            Phase::Watching => Effect::Observe(None),
            Phase::RollingBack(_) => self.begin_takeover(),
            Phase::Stepping(index, _) => {
                let index = *index;
                self.say(Happening::Claimed);
                self.begin_step(index)
            }
            Phase::Claiming(_)
            | Phase::Attaching
            | Phase::Launching(_)
            | Phase::Promoting
            | Phase::Retiring(_)
            | Phase::Holding
            | Phase::Sticking(_)
            | Phase::Leaving(_)
            | Phase::Ended => self.write_record(),
        }
    }
}
