//! Whatever else sets the size of a side is held for the release, and given back on every way out (DESIGN §5 rule 6).
//!
//! | when | what |
//! |---|---|
//! | before the candidate is launched | stable is held: it may grow and not shrink; one that rested has its minimum again |
//! | when its service exists | the candidate gets stable's bounds and rules, and is held too |
//! | promoted | the candidate's is given back; the old slot stays held while it is warm, then rests |
//! | weights restored and recorded | stable's is given back; the candidate rests before its tasks are stopped |
//! | stuck | both are given back, after the record |
//!
//! At bootstrap there is no stable whose scaling could be held: a candidate that rested since an earlier release is given back what that
//! one has recorded once it is promoted.
//!
//! A signal changes none of this but the patience: what another job takes over it finds in the record.

use std::time::Duration;

use super::{
    core::{Phase, Rollout},
    release::Launch,
    types::{Effect, Role, Steer},
};
use crate::rollout::{
    journal::Happening,
    outcome::Reason,
    record::{Record, SlotRecord},
    scaling::Scaling,
};

/// How long a job that is ending tries to read whose the rollout is, and to give something back.
pub(super) const HURRIED: Duration = Duration::from_secs(2);

/// How far it has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Steering {
    /// What is being done about it now.
    doing: Option<Steer>,
    /// What is, or may be, held and has to be given back: stable's, the candidate's.
    owed: [bool; 2],
    /// What could not be done.
    kept: Vec<Steer>,
    /// Nothing else is done any more, and for how long has been decided.
    pub(super) last: bool,
    /// Some of that was only throttled: the record stays open for it, and the next sweep tries again.
    pub(super) later: bool,
    /// What the record says to be held was held by an earlier rollout.
    unfinished: bool,
}

impl Steering {
    pub(super) fn of(record: &Record) -> Self {
        let held = record.scaling.is_some_and(|scaling| scaling.held);
        Self { owed: [Role::Stable, Role::Candidate].map(|role| held && record.steers(role)), ..Self::default() }
    }

    /// The effect that is given now.
    pub(super) const fn begins(&mut self, effect: &Effect) {
        self.doing = if let Effect::Steer(steer) = effect { Some(*steer) } else { None };
    }
}

const fn place(role: Role) -> usize {
    match role {
        Role::Stable => 0,
        Role::Candidate => 1,
    }
}

impl Record {
    /// Whether a side's scaling is in the hands of this record's rollout: some was recorded, and the side is an ECS service that it knows.
    /// What a shift has taken over from the release before is only kept, for the release after it.
    #[must_use]
    pub const fn steers(&self, role: Role) -> bool {
        let slot = match role {
            Role::Stable => self.stable.as_ref(),
            Role::Candidate => Some(&self.candidate),
        };
        let is_known = self.cluster.is_some() && matches!(slot, Some(SlotRecord { ecs_service: Some(_), .. }));
        self.scaling.is_some() && is_known
    }
}

impl Steer {
    /// How a side's scaling is given back by a record. The candidate may be an old slot that rested and serves again; stable rests
    /// only once the promotion is recorded.
    #[must_use]
    pub const fn giving_back(record: &Record, role: Role) -> Self {
        match role {
            Role::Stable if record.promoted.is_none() => Self::GiveBack(role),
            Role::Stable | Role::Candidate => Self::Wake(role),
        }
    }
}

impl Rollout {
    /// Something else sets the sizes too: this is how it does before the release. The candidate gets the same bounds, and begins within
    /// them: whoever is below its minimum is enlarged in the middle of a step. Where nothing of it can be held (at bootstrap), the
    /// candidate has them once it serves.
    /// `unfinished`: an earlier rollout has not given back what it held.
    pub fn expect_scaling(&mut self, scaling: Option<Scaling>, unfinished: bool) {
        self.record.scaling = scaling;
        self.steering = Steering { unfinished, ..Steering::of(&self.record) };
        if let Some(scaling) = scaling.filter(|_| self.record.steers(Role::Candidate)) {
            self.record.candidate.count = self.record.candidate.count.max(scaling.min);
            self.wanted = self.wanted.max(scaling.min);
            self.health = super::health::Health::of(self.wanted);
        }
    }

    /// What the release before has recorded, for a rollout of weights alone: nothing of it is touched, and what is still held is left to the
    /// next release.
    pub fn keep_scaling(&mut self, scaling: Option<Scaling>) {
        self.record.scaling = scaling;
        self.steering = Steering { unfinished: scaling.is_some_and(|scaling| scaling.held), ..Steering::of(&self.record) };
    }

    /// What could not be done about either side's scaling: a person has to.
    #[must_use]
    pub fn left_to_do(&self) -> &[Steer] {
        &self.steering.kept
    }

    /// Both sides': stable's is held, and copied to the candidate.
    pub(super) const fn is_steered(&self) -> bool {
        self.steers(Role::Stable) && self.steers(Role::Candidate)
    }

    pub(super) const fn steers(&self, role: Role) -> bool {
        self.record.steers(role)
    }

    /// A release that ends before it has touched anything owes no more than the ones before it: what people suspend from now on is theirs.
    pub(super) fn nothing_was_held(&mut self) {
        if let Some(scaling) = self.record.scaling.as_mut().filter(|_| self.record.verb != "rollback") {
            scaling.held = self.steering.unfinished;
        }
    }

    fn owes(&self, role: Role) -> bool {
        self.steers(role) && self.steering.owed[place(role)]
    }

    /// Before the launch, or in its place where the candidate runs already. A rollback by request must not wait for it.
    pub(super) fn hold_steady(&mut self, ready: bool) -> Option<Effect> {
        if !self.is_steered() || self.restores() {
            return None;
        }
        self.phase = Phase::Launching(Launch::Holding { ready });
        Some(Effect::Steer(Steer::Hold))
    }

    /// Gives a side's scaling back, where that is owed.
    pub(super) fn give_back(&mut self, role: Role) -> Option<Effect> {
        if !self.owes(role) {
            return None;
        }
        if self.hurried {
            self.give_up = self.give_up.min(self.now + HURRIED);
        }
        Some(Effect::Steer(Steer::giving_back(&self.record, role)))
    }

    /// On the way to the end where nothing else is done any more: whatever is owed.
    pub(super) fn give_all_back(&mut self) -> Option<Effect> {
        [Role::Stable, Role::Candidate].into_iter().find_map(|role| self.give_back(role))
    }

    /// What was done, if the effect that was answered was one of these.
    pub(super) fn steered(&mut self) {
        let Some(done) = self.steering.doing.take() else { return };
        let Scaling { min, max, .. } = self.record.scaling.unwrap_or_default();
        match done {
            Steer::Hold => {
                let what = format!(
                    "{} ({min} to {max} tasks) may grow by itself and not shrink, until the release has ended",
                    self.named(Role::Stable)
                );
                self.say(Happening::Prepared { what });
            }
            Steer::Equip => {
                let what = format!("{} scales by itself like {}", self.named(Role::Candidate), self.named(Role::Stable));
                self.say(Happening::Prepared { what });
            }
            Steer::GiveBack(role) | Steer::Wake(role) => {
                self.settle(role);
                self.say(Happening::Note { what: format!("{} scales by itself as before", self.named(role)) });
            }
            Steer::Rest(Role::Candidate) => self.settle(Role::Candidate),
            // Until its tasks are stopped it may still be needed, and is woken then.
            Steer::Rest(Role::Stable) => {}
        }
    }

    /// Refused for good, or too long: said, with what follows from it, and the rollout goes on.
    pub(super) fn not_steered(&mut self, reason: &Reason, transient: bool) -> bool {
        let Some(refused) = self.steering.doing.take() else { return false };
        let (role, what) = match refused {
            // Without these a release does not begin: the phase's own way out.
            Steer::Hold | Steer::Equip => return false,
            Steer::GiveBack(role) | Steer::Wake(role) => (role, "until that is done it may grow by itself and not shrink"),
            Steer::Rest(role) => (role, "its own scaling may start tasks again"),
        };
        self.steering.owed[place(role)] = false;
        self.steering.kept.push(refused);
        self.steering.later |= transient;
        self.say(Happening::Concern { what: format!("{reason}; {what}") });
        true
    }

    pub(super) fn settle(&mut self, role: Role) {
        self.steering.owed[place(role)] = false;
        let held = self.steering.owed.contains(&true) || !self.steering.kept.is_empty();
        if let Some(scaling) = &mut self.record.scaling {
            scaling.held = held;
        }
    }

    /// What is being done, in words; none when it is something else.
    pub(super) fn steering_words(&self) -> Option<String> {
        Some(match self.steering.doing? {
            Steer::Hold => format!("keeping {} from shrinking by itself", self.named(Role::Stable)),
            Steer::Equip => format!("giving {} the scaling of {}", self.named(Role::Candidate), self.named(Role::Stable)),
            Steer::GiveBack(role) | Steer::Wake(role) => format!("giving the scaling of {} back", self.named(role)),
            Steer::Rest(role) => format!("keeping {} from starting tasks by itself", self.named(role)),
        })
    }

    fn named(&self, role: Role) -> String {
        let slot = match role {
            Role::Stable => self.record.stable.as_ref(),
            Role::Candidate => Some(&self.record.candidate),
        };
        let name = |slot: &SlotRecord| slot.ecs_service.clone().unwrap_or_else(|| slot.name.clone());
        slot.map(name).unwrap_or_default()
    }
}
