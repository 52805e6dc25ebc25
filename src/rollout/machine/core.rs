//! The machine's state, its dispatch, and the tick.

use std::time::Duration;

use super::{
    claim::Claim,
    hooks::HookDesk,
    judging::Judging,
    release::{Launch, StepStage},
    retire::Retire,
    rollback::Rollback,
    scaling::Steering,
    test_rule::TestDesk,
    types::{Effect, Ending, Event, GoOn, OutOfPlace},
};
use crate::{
    rollout::{
        journal::{Entry, Happening, Journal},
        observation::{Lease, Observation, Refusal, RefusalKind},
        outcome::{OutcomeKind, Reason},
        record::{Record, SlotRecord, State},
    },
    time::Timestamp,
};

/// How long a lease lasts, by AWS's `Date` header (DESIGN §5 "Leases").
pub(super) const LEASE: Duration = Duration::from_secs(180);
/// How often it is renewed.
pub(super) const RENEWAL: Duration = Duration::from_secs(60);
/// How long a claim waits before it reads its own record back.
pub(super) const CLAIM_WAIT: Duration = Duration::from_secs(2);
/// How long what was not refused may take to show before the rollout is given up, and how long what is not a step of it is tried.
pub(super) const WRITE_LIMIT: Duration = Duration::from_secs(120);
/// How long a rollback is tried before it is `stuck`.
pub(super) const RESTORE_LIMIT: Duration = Duration::from_secs(600);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Claiming(Claim),
    Attaching,
    Launching(Launch),
    Stepping(usize, StepStage),
    Promoting,
    Retiring(Retire),
    RollingBack(Rollback),
    /// The record that says so is being written.
    Holding,
    /// A look at a held rollout, which is nobody's.
    Watching,
    /// The traffic is not known to be good; the last writes before saying so.
    Sticking(Reason),
    /// Nothing was done: the record is closed, so that the next job is not locked out.
    Leaving(Ending),
    Ended,
}

/// What is outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Nothing,
    Act,
    Observe,
    Wait,
    /// A hook is being started or ended.
    Hook,
    /// An extra act on the way to a wait: renewing the lease, following stable's size.
    Aside(Timestamp),
}

/// Whether stable is scaled up where it has nothing left and the candidate serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Scaling {
    #[default]
    No,
    /// Once the record says how it stands.
    Wanted,
    /// It is being asked for.
    Asked,
}

/// One rollout being decided. Build it with [`Rollout::release`], [`Rollout::restore`], [`Rollout::abort`],
/// [`Rollout::resume`] or [`Rollout::watch`].
#[derive(Clone, Debug)]
pub struct Rollout {
    pub(super) record: Record,
    pub(super) phase: Phase,
    pub(super) pending: Pending,
    pub(super) journal: Journal,
    /// The moment of the event in hand.
    pub(super) now: Timestamp,
    /// Until when writes of the phase in hand are repeated, and how often they were refused.
    pub(super) give_up: Timestamp,
    pub(super) refusals: u32,
    /// What was said when the newest act was refused.
    pub(super) refusal: Option<String>,
    pub(super) renewed: Timestamp,
    /// How the candidate fared so far, and in how many observations in a row it showed foreign targets.
    pub(super) health: super::health::Health,
    pub(super) foreign: u32,
    /// The size the candidate is given, and the largest that stable was seen to have.
    pub(super) wanted: u32,
    pub(super) stable_size: u32,
    /// The candidate is being given more tasks, on the way to a wait.
    pub(super) growing: bool,
    /// Some traffic targets show the weights of the step in hand, and others do not yet.
    pub(super) torn: bool,
    /// How both sides were at the last full reading.
    pub(super) seen: Option<super::looking::Seen>,
    /// A reading said that the record is ours.
    pub(super) owned: bool,
    /// The last write was read back without showing, and waited for already.
    pub(super) paused: bool,
    /// An action may have been written.
    pub(super) touched: bool,
    /// A signal came: finish as soon as traffic is good. And the weights could not be put back at once, so that the lease is ended.
    pub(super) hurried: bool,
    pub(super) let_go: bool,
    /// The weights stay even where stable has no healthy target (`abort --force` says otherwise).
    pub(super) force: bool,
    /// When a reading was asked for, when the newest that was answered was, and whether that was only because the one before had become
    /// too old.
    pub(super) asked: Option<Timestamp>,
    pub(super) looked: Option<Timestamp>,
    pub(super) reread: bool,
    /// The newest readings' time by AWS's clock, with ours at that moment.
    pub(super) aws_time: Option<(Timestamp, Timestamp)>,
    pub(super) record_lost: bool,
    /// What was stable before the release, until its promotion is recorded.
    pub(super) before: Option<SlotRecord>,
    /// A job that is gone may have been stopping the tasks of the slot that is to serve.
    pub(super) contested: bool,
    /// Stable has to be scaled up before it is said to be stuck.
    pub(super) scaling: Scaling,
    /// It takes a recorded rollout over, to go on from there.
    pub(super) resumed: Option<GoOn>,
    /// As whom a rollout is taken over that was only looked at.
    pub(super) owner: String,
    pub(super) hooks: HookDesk,
    pub(super) test: TestDesk,
    pub(super) steering: Steering,
    /// What is judged besides target health, and how far that has got.
    pub(super) judging: Judging,
}

impl Rollout {
    /// What has happened so far.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The record as the machine knows it.
    #[must_use]
    pub const fn record(&self) -> &Record {
        &self.record
    }

    /// Adds what the driver alone knows, such as the commands to finish by hand.
    pub fn note(&mut self, now: Timestamp, event: Happening) {
        self.journal.entries.push(Entry { at: now, event });
    }

    /// Takes the answer to the effect before and gives the next one.
    ///
    /// # Errors
    /// When the event does not answer the outstanding effect.
    pub fn handle(&mut self, now: Timestamp, event: Event) -> Result<Effect, OutOfPlace> {
        self.now = now.max(self.now);
        let pending = std::mem::replace(&mut self.pending, Pending::Nothing);
        let growing = std::mem::take(&mut self.growing);
        if pending == Pending::Observe && event != Event::Signalled {
            self.looked = self.asked;
        }
        let renewed = self.renewed;
        let effect = match (pending, event) {
            (Pending::Nothing, Event::Begun) if self.journal.entries.is_empty() || !matches!(self.phase, Phase::Ended) => {
                self.begin()
            }
            (Pending::Act | Pending::Aside(_) | Pending::Observe | Pending::Wait | Pending::Hook, Event::Signalled) => {
                self.hook_hurried().unwrap_or_else(|| self.signalled())
            }
            (Pending::Hook, Event::Done) => self.hook_acted(),
            (Pending::Hook, Event::Refused(refusal)) => self.hook_refused(refusal),
            (Pending::Wait, Event::Woke) => self.woke(),
            (Pending::Aside(until), Event::Done) => self.waits(until),
            (Pending::Aside(until), Event::Refused(refusal)) => {
                if growing {
                    self.not_grown(refusal);
                }
                self.waits(until)
            }
            (Pending::Observe, Event::Observed(observation)) => self.observed(&observation),
            (Pending::Observe, Event::Counted(healthy)) => self.counted(healthy),
            (Pending::Observe, Event::Refused(refusal)) => self.blind(refusal),
            (Pending::Act, Event::Done) => self.acted(),
            (Pending::Act, Event::Refused(refusal)) => self.refused(refusal),
            (pending, event) => return Err(OutOfPlace { event: event.name().to_owned(), pending: format!("{pending:?}") }),
        };
        let effect = self.without_a_hook(effect);
        let effect = self.with_a_lease(effect);
        let effect = self.on_what_was_just_read(effect, renewed);
        self.pending = match &effect {
            Effect::Observe(_) | Effect::ReadBack | Effect::CountHealthy(_) => Pending::Observe,
            Effect::WaitUntil(_) => Pending::Wait,
            Effect::Finish(_) => Pending::Nothing,
            Effect::StartHook(_) | Effect::EndHook => Pending::Hook,
            Effect::Record(..)
            | Effect::Renew(_)
            | Effect::Write(_)
            | Effect::Launch(_)
            | Effect::Scale(..)
            | Effect::Steer(_)
            | Effect::OpenTest
            | Effect::CloseTest => match self.pending {
                Pending::Aside(until) => Pending::Aside(until),
                Pending::Nothing | Pending::Act | Pending::Observe | Pending::Wait | Pending::Hook => Pending::Act,
            },
        };
        self.steering.begins(&effect);
        // Whatever this starts has to be undone.
        if matches!(effect, Effect::Write(_) | Effect::Launch(_) | Effect::Steer(_) | Effect::OpenTest) {
            self.touched = true;
        }
        Ok(effect)
    }

    fn observed(&mut self, observation: &Observation) -> Effect {
        self.aws_time = Some((observation.at, self.now));
        self.reread &= self.looked.is_some_and(|looked| self.now > looked + LEASE);
        match &observation.lease {
            Lease::Theirs(by) => {
                let by = by.clone();
                return self.superseded(by);
            }
            Lease::Lost => self.record_lost = true,
            Lease::Free => self.record_lost = self.owned,
            Lease::Ours => self.owned = true,
        }
        self.remember(observation);
        match self.phase.clone() {
            Phase::Claiming(_) => self.claim_read(observation),
            Phase::Attaching => self.attach_read(observation),
            Phase::Launching(launch) => self.launch_watched(launch, observation),
            Phase::Stepping(index, stage) => self.step_watched(index, stage, observation),
            Phase::Retiring(retire) => self.retire_watched(retire, observation),
            Phase::RollingBack(rollback) => self.rollback_watched(rollback, observation),
            Phase::Watching => self.watched(observation),
            Phase::Promoting => self.promotion_watched(observation),
            Phase::Leaving(ending) => self.close_left(ending),
            Phase::Holding => self.holding_watched(observation),
            Phase::Sticking(_) => self.sticking_again(),
            Phase::Ended => self.write_record(),
        }
    }

    /// It is ours, and on its way to the promotion.
    const fn is_walking(&self) -> bool {
        let walks = matches!(
            self.phase,
            Phase::Attaching | Phase::Launching(_) | Phase::Stepping(..) | Phase::Holding | Phase::Promoting
        );
        walks && self.owned && !self.hurried
    }

    fn acted(&mut self) -> Effect {
        self.not_refused();
        self.steered();
        match self.phase.clone() {
            Phase::Claiming(claim) => self.claim_acted(claim),
            Phase::Attaching => Effect::Observe(None),
            Phase::Launching(launch) => self.launch_acted(launch),
            Phase::Stepping(index, stage) => self.step_acted(index, stage),
            Phase::Promoting => self.promoted(),
            Phase::Retiring(retire) => self.retire_acted(retire),
            Phase::RollingBack(rollback) => self.rollback_acted(rollback),
            Phase::Holding => self.held(),
            Phase::Watching => Effect::Observe(None),
            Phase::Sticking(reason) => {
                self.scaling_is_over();
                self.stuck(reason)
            }
            Phase::Leaving(ending) if self.record.state == State::Closed => self.left(ending),
            Phase::Leaving(ending) => self.close_left(ending),
            Phase::Ended => self.finish(OutcomeKind::Superseded, Reason::NothingChanged),
        }
    }

    /// An act was refused: again while that can help and there is time, otherwise the phase's way out.
    fn refused(&mut self, refusal: Refusal) -> Effect {
        let transient = refusal.kind == RefusalKind::Transient;
        // A release stands meanwhile where every look finds it well: what passes slows it down, and only its own timeout ends that. What is
        // only half written does not stand for so long: all of it goes back.
        if transient && self.is_walking() && !self.torn && self.aws_now() < self.record.deadline() {
            self.give_up = self.give_up.max(self.now + WRITE_LIMIT);
        }
        if transient && self.now < self.give_up {
            self.paused = true;
            self.refusal = Some(refusal.message.clone());
            self.say(Happening::Retrying { doing: self.doing(), message: refusal.message });
            let until = self.now + self.pause();
            return self.lets_go(until).unwrap_or(Effect::WaitUntil(until));
        }
        let reason = Reason::Refused { doing: self.doing(), message: refusal.message };
        if self.not_steered(&reason, transient) {
            return self.acted();
        }
        match self.phase.clone() {
            Phase::Claiming(Claim::Holding | Claim::Equipping) => self.roll_back(reason),
            // It was ours already, and weights are out.
            Phase::Claiming(_) if self.resumed.is_some() && self.owned && self.has_weight() => self.roll_back(reason),
            Phase::Claiming(_) => self.unclaimed(reason),
            // Nothing but the record of a rollback was to be written yet.
            Phase::Stepping(..) if !self.touched && !self.owned => self.untouched(reason),
            Phase::Attaching | Phase::Launching(_) | Phase::Stepping(..) => self.roll_back(reason),
            Phase::Promoting => self.promotion_unrecorded(reason),
            Phase::Retiring(_) => self.retire_refused(&reason),
            Phase::RollingBack(rollback) => self.rollback_refused(rollback, reason),
            // What is not recorded cannot be promoted by anybody.
            Phase::Holding => {
                self.keep_hold();
                self.roll_back(reason)
            }
            Phase::Watching => self.roll_back(reason),
            Phase::Sticking(stuck) => {
                self.say(Happening::Concern { what: reason.to_string() });
                self.scaling_is_over();
                self.stuck(stuck)
            }
            Phase::Leaving(ending) => self.left(ending),
            Phase::Ended => self.finish(OutcomeKind::Stuck, reason),
        }
    }
}
