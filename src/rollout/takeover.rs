//! What another job may do with a recorded rollout: one function for each verb, from the record, its lease and the time.

use std::time::Duration;

use super::{
    machine::GoOn,
    outcome::Reason,
    plan::OnTimeout,
    record::{Held, Record, State},
};
use crate::time::Timestamp;

/// What to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// Nothing: why, in words.
    Leave(String),
    /// The request comes too late or too early: why, in words (exit 5).
    Refuse(String),
    /// Go on with it.
    GoOn(GoOn),
    /// Roll it back, or finish what a rollback left over.
    RollBack(Reason),
    /// It is held: look whether it is still well.
    Watch,
    /// A person must act, and no command that knows nothing more than the record may (exit 4).
    Stuck(String),
}

impl Takeover {
    /// `promote`: to the step after the hold.
    #[must_use]
    pub fn promote(record: &Record, step: Option<usize>, now: Timestamp) -> Self {
        let Some(held) = record.hold.filter(|_| record.state == State::Held) else {
            return Self::Refuse(format!("it is not held: it is {}", in_words(record)));
        };
        if let Some(step) = step.filter(|step| *step != held.next + 1) {
            return Self::Refuse(format!("it waits before step {}, not before step {step}", held.next + 1));
        }
        if now >= held.until {
            return Self::Refuse(format!("its hold ended at {}: nobody may promote it any more", held.until));
        }
        // What was cancelled had not passed: it is watched once more.
        Self::GoOn(if held.by_cancel { GoOn::Here } else { GoOn::Next })
    }

    /// `resume` of one rollout: on, from where the job that is gone left it.
    #[must_use]
    pub fn resume(record: &Record, leased_until: Option<Timestamp>, now: Timestamp) -> Self {
        match (record.state, record.hold) {
            // Whoever resumes it gives what it is judged by, or is refused for want of that.
            (State::Held, Some(held)) if now >= held.until => Self::expired(record, held, true),
            (State::Held, Some(Held { by_cancel: true, .. })) => Self::GoOn(GoOn::Here),
            (State::Held, _) => Self::Leave(format!(
                "it is held: {}; `espalier promote` releases it",
                record.hold_reason().map_or_else(String::new, |reason| reason.to_string())
            )),
            (State::Stuck, _) if record.unrestored => Self::RollBack(Reason::JobLost { leased_until }),
            (State::Stuck, _) => Self::Refuse("it is stuck: only a person can say which side is to serve".to_owned()),
            (State::Closed, _) => Self::Leave("it has ended: there is nothing to go on with".to_owned()),
            (State::Running | State::RolledBack | State::Promoted, _) => match live(leased_until, now) {
                Some(until) => Self::Refuse(format!("another job holds it until {until}")),
                None if record.state == State::RolledBack => Self::RollBack(Reason::JobLost { leased_until }),
                None => Self::GoOn(GoOn::Here),
            },
        }
    }

    /// `abort`: whatever is not over.
    #[must_use]
    pub fn abort(record: &Record, by: String) -> Self {
        match record.state {
            State::Running | State::Held | State::Stuck | State::RolledBack => Self::RollBack(Reason::Aborted { by }),
            State::Promoted | State::Closed => {
                let back =
                    if record.way_back().is_some() { "; `espalier rollback` goes back to what was stable before" } else { "" };
                Self::Leave(format!("it has ended: there is nothing to abort{back}"))
            }
        }
    }

    /// `rollback` where something is under way: a rollback whose job is gone goes on to where it was going, anything else is rolled back,
    /// which is what a person then means. None where nothing is: [`Record::restoring`] is the rollout that goes back.
    #[must_use]
    pub fn rollback(record: &Record, leased_until: Option<Timestamp>, by: String, now: Timestamp) -> Option<Self> {
        match record.state {
            State::Running | State::Held | State::Stuck if record.verb == "rollback" => Some(match live(leased_until, now) {
                Some(until) => Self::Refuse(format!("another job holds it until {until}")),
                None => Self::GoOn(GoOn::Here),
            }),
            State::Running | State::Held | State::Stuck => Some(Self::RollBack(Reason::Aborted { by })),
            State::RolledBack | State::Promoted | State::Closed => None,
        }
    }

    /// `resume --all`: the dead man's switch. A rollout whose job is gone is rolled back, not walked on by a job that nobody
    /// watches; a rollback that was decided and that AWS did not do is tried again; one that a person asked for is finished, and so is
    /// the retiring of a promoted one. Whether all that it is
    /// judged by is `known`, from its record or a config, decides about a hold that goes on by itself.
    #[must_use]
    pub fn sweep(record: &Record, known: bool, leased_until: Option<Timestamp>, now: Timestamp) -> Self {
        if record.state == State::Closed {
            return Self::Leave("it has ended".to_owned());
        }
        if let Some(held) = record.hold.filter(|_| record.state == State::Held) {
            return if now >= held.until { Self::expired(record, held, known) } else { Self::Watch };
        }
        if record.state == State::Stuck && !record.unrestored {
            return Self::Stuck("it is stuck: only a person can say which side is to serve".to_owned());
        }
        if let Some(until) = live(leased_until, now) {
            return Self::Leave(format!("a job holds it until {until}"));
        }
        match record.state {
            State::Promoted => match record.retires_at().filter(|due| *due > now) {
                Some(due) => {
                    Self::Leave(format!("it is {}, and the slot that served before keeps its tasks until {due}", done(record)))
                }
                None => Self::GoOn(GoOn::Here),
            },
            State::Running if record.verb == "rollback" => Self::GoOn(GoOn::Here),
            State::Running | State::RolledBack | State::Held | State::Stuck | State::Closed => {
                Self::RollBack(Reason::JobLost { leased_until })
            }
        }
    }

    /// `recover`: after a cancelled or failed step of the same job (`ours`), or by anybody once the lease has ended. A rollback that a person
    /// asked for is finished, everything else is rolled back: what is stuck only where that was decided already.
    #[must_use]
    pub fn recover(record: &Record, ours: bool, leased_until: Option<Timestamp>, now: Timestamp) -> Self {
        match record.state {
            State::Closed | State::Promoted => Self::Leave(format!("it is {}", in_words(record))),
            State::Held => Self::Leave("it is held, as it was meant to be".to_owned()),
            State::Stuck if !record.unrestored => {
                Self::Stuck("it is stuck: only a person can say which side is to serve".to_owned())
            }
            State::Running | State::RolledBack | State::Stuck => match live(leased_until, now).filter(|_| !ours) {
                Some(until) => Self::Leave(format!("another job holds it until {until}")),
                // What a person asked for is finished.
                None if record.state == State::Running && record.verb == "rollback" => Self::GoOn(GoOn::Here),
                // Also when the weights are back already and only the candidate's tasks are left: its job did not get that far.
                None if ours && record.state != State::Stuck => Self::RollBack(Reason::Cancelled),
                None => Self::RollBack(Reason::JobLost { leased_until }),
            },
        }
    }

    /// Whether the job of a rollout that is decided may be stopping the tasks of one of its slots at this moment, or was when it
    /// died: what it has sent may take effect still. Once its lease has run out it has been gone for longer than that.
    #[must_use]
    pub fn may_stop_tasks(record: &Record, leased_until: Option<Timestamp>, now: Timestamp) -> bool {
        // A lease that was ended says that the job was ending, and not what it was at.
        let is_recent = leased_until.is_none_or(|until| until > now);
        let stops = match record.state {
            State::Promoted => record.retires_at().is_some_and(|due| due <= now + BEFORE_IT_IS_DUE),
            State::RolledBack => true,
            State::Running | State::Held | State::Stuck | State::Closed => false,
        };
        is_recent && stops
    }

    /// A hold whose time is over. Where what it is judged by is not known it is not walked on.
    fn expired(record: &Record, held: Held, known: bool) -> Self {
        let goes_on = record.on_timeout() == OnTimeout::Continue && known;
        if goes_on { Self::GoOn(GoOn::Next) } else { Self::RollBack(Reason::HoldExpired { at: held.until }) }
    }
}

/// What may pass between the reading of a record and the record that takes it over: the old slot may become due meanwhile.
const BEFORE_IT_IS_DUE: Duration = Duration::from_secs(30);

fn live(leased_until: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    leased_until.filter(|until| *until > now)
}

/// What it is once its candidate serves everything, after "it is".
fn done(record: &Record) -> &'static str {
    if record.verb == "rollback" { "gone back" } else { "promoted" }
}

/// Where a rollout stands, after "it is".
fn in_words(record: &Record) -> String {
    match record.state {
        // A first release walks no steps.
        State::Running => match record.plan.steps.get(record.step).filter(|_| record.stable.is_some()) {
            Some(step) => format!("at step {} of {} ({})", record.step + 1, record.plan.steps.len(), step.share),
            None => "starting".to_owned(),
        },
        State::RolledBack => "rolled back".to_owned(),
        State::Promoted => done(record).to_owned(),
        State::Held => "held".to_owned(),
        State::Stuck => "stuck".to_owned(),
        State::Closed => "over".to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::rollout::{
        plan::{HealthLimits, Hold, OnCancel, OnDrift, Plan, parse_steps},
        record::SlotRecord,
    };

    pub(in crate::rollout) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    /// One whose plan has two holds: the first goes back where nobody promotes it, the second goes on.
    pub(in crate::rollout) fn record(state: State) -> Record {
        let plan = Plan {
            steps: parse_steps("5%:1m,hold:1h,50%:1m,hold:1h:continue,100%:1m").expect("steps"),
            settle: Duration::from_secs(90),
            timeout: Duration::from_secs(2700),
            interval: Duration::from_secs(15),
            health: HealthLimits::default(),
            on_cancel: OnCancel::Rollback,
            on_drift: OnDrift::Stop,
            retire_after: Some(Duration::from_secs(600)),
        };
        let slot = |name: &str| SlotRecord { name: name.to_owned(), ecs_service: Some(name.to_owned()), ..SlotRecord::default() };
        let mut record = Record::new("id".to_owned(), "deploy", NOW, plan, Some(slot("a")), slot("b"));
        record.state = state;
        record
    }

    /// A hold before this step that ends in so many seconds, or has ended.
    pub(in crate::rollout) fn held(next: usize, ends_in: i64, by_cancel: bool) -> Record {
        let until = Timestamp::from_secs(NOW.as_secs().saturating_add_signed(ends_in));
        Record { hold: Some(Held { next, since: NOW, until, by_cancel }), ..record(State::Held) }
    }

    fn later(seconds: u64) -> Option<Timestamp> {
        Some(NOW + Duration::from_secs(seconds))
    }

    /// argo #2648, #4265, #720, #4694: approvals that are lost, or applied to another step than they were given for.
    #[test]
    fn c12_an_approval_counts_for_its_own_hold_only() {
        assert_eq!(Takeover::promote(&held(1, 60, false), None, NOW), Takeover::GoOn(GoOn::Next));
        assert_eq!(Takeover::promote(&held(1, 60, false), Some(2), NOW), Takeover::GoOn(GoOn::Next));
        assert!(matches!(Takeover::promote(&held(1, 60, false), Some(3), NOW), Takeover::Refuse(_)), "another step's");
        assert!(matches!(Takeover::promote(&held(1, 0, false), None, NOW), Takeover::Refuse(_)), "it came too late");
        for state in [State::Running, State::RolledBack, State::Promoted, State::Stuck, State::Closed] {
            assert!(matches!(Takeover::promote(&record(state), None, NOW), Takeover::Refuse(_)), "{state}");
        }
    }

    #[test]
    fn a_live_lease_is_respected_by_all_but_the_job_whose_it_was() {
        for state in [State::Running, State::RolledBack, State::Promoted] {
            let record = record(state);
            assert!(matches!(Takeover::resume(&record, later(60), NOW), Takeover::Refuse(_)), "{state}");
            assert!(matches!(Takeover::sweep(&record, true, later(60), NOW), Takeover::Leave(_)), "{state}");
            assert!(matches!(Takeover::recover(&record, false, later(60), NOW), Takeover::Leave(_)), "{state}");
        }
        for state in [State::Running, State::RolledBack] {
            assert_eq!(Takeover::recover(&record(state), true, later(60), NOW), Takeover::RollBack(Reason::Cancelled), "{state}");
        }
    }

    #[test]
    fn the_sweep_rolls_back_what_is_dead_and_finishes_what_is_decided() {
        let lost = |leased_until| Takeover::RollBack(Reason::JobLost { leased_until });
        assert_eq!(Takeover::sweep(&record(State::Running), true, later(0), NOW), lost(later(0)));
        assert_eq!(Takeover::sweep(&record(State::RolledBack), true, None, NOW), lost(None));
        let rollback = Record { verb: "rollback".to_owned(), ..record(State::Running) };
        assert_eq!(Takeover::sweep(&rollback, true, None, NOW), Takeover::GoOn(GoOn::Here), "a person asked for it");
        let promoted = |ago| Record { promoted: Some(Timestamp::from_secs(NOW.as_secs() - ago)), ..record(State::Promoted) };
        assert!(matches!(Takeover::sweep(&promoted(10), true, None, NOW), Takeover::Leave(_)), "its old slot is not due");
        assert_eq!(Takeover::sweep(&promoted(600), true, None, NOW), Takeover::GoOn(GoOn::Here));
        assert!(matches!(Takeover::sweep(&record(State::Stuck), true, None, NOW), Takeover::Stuck(_)));
        assert!(matches!(Takeover::sweep(&record(State::Closed), true, None, NOW), Takeover::Leave(_)));
    }

    #[test]
    fn a_rollback_that_aws_did_not_do_is_tried_again_by_whoever_comes_next() {
        let lost = Takeover::RollBack(Reason::JobLost { leased_until: None });
        let unrestored = Record { unrestored: true, ..record(State::Stuck) };
        assert_eq!(Takeover::sweep(&unrestored, true, None, NOW), lost);
        assert_eq!(Takeover::resume(&unrestored, None, NOW), lost);
        assert_eq!(Takeover::recover(&unrestored, false, None, NOW), lost);
        assert_eq!(Takeover::recover(&unrestored, true, None, NOW), lost, "it was not cancelled");
        assert!(matches!(Takeover::sweep(&unrestored, true, later(60), NOW), Takeover::Leave(_)), "its job is at it still");
        let mut taken_over = unrestored;
        taken_over.take_over_to_roll_back("1a2b3c4d", NOW);
        assert!(!taken_over.unrestored);
    }

    #[test]
    fn a_hold_is_watched_until_its_time_is_over_and_then_does_what_it_says() {
        let now = NOW;
        let expired = |record: &Record| Takeover::RollBack(Reason::HoldExpired { at: record.hold.expect("held").until });
        assert_eq!(Takeover::sweep(&held(1, 60, false), true, None, now), Takeover::Watch);
        assert_eq!(Takeover::sweep(&held(1, 0, false), true, None, now), expired(&held(1, 0, false)));
        assert_eq!(Takeover::sweep(&held(2, 0, false), true, None, now), Takeover::GoOn(GoOn::Next));
        assert_eq!(Takeover::sweep(&held(2, 0, true), true, None, now), expired(&held(2, 0, true)), "a cancel is no plan");
        // What it was to be judged by is not in the record: nobody walks on blindly.
        let unknown = Record { digest: "0123456789abcdef".to_owned(), ..held(2, 0, false) };
        assert_eq!(Takeover::sweep(&unknown, false, None, now), expired(&unknown));
        assert_eq!(Takeover::sweep(&unknown, true, None, now), Takeover::GoOn(GoOn::Next), "a config says it");
        assert_eq!(Takeover::resume(&unknown, None, now), Takeover::GoOn(GoOn::Next), "whoever resumes it says it");
        assert_eq!(Takeover::resume(&held(1, 0, false), None, now), expired(&held(1, 0, false)));
        assert!(matches!(Takeover::resume(&held(1, 60, false), None, now), Takeover::Leave(_)), "promoting is another verb");
        assert_eq!(Takeover::resume(&held(1, 60, true), None, now), Takeover::GoOn(GoOn::Here));
        assert!(matches!(Takeover::recover(&held(1, 60, false), true, None, now), Takeover::Leave(_)));
    }

    #[test]
    fn a_rollback_goes_on_with_a_rollback_and_undoes_what_else_is_under_way() {
        let back = |state, leased_until| {
            let record = Record { verb: "rollback".to_owned(), ..record(state) };
            Takeover::rollback(&record, leased_until, "ann".to_owned(), NOW)
        };
        let undone = |state, leased_until| Takeover::rollback(&record(state), leased_until, "ann".to_owned(), NOW);
        let aborted = Some(Takeover::RollBack(Reason::Aborted { by: "ann".to_owned() }));
        for state in [State::Running, State::Stuck] {
            assert!(matches!(back(state, later(60)), Some(Takeover::Refuse(_))), "{state}");
            assert_eq!(back(state, later(0)), Some(Takeover::GoOn(GoOn::Here)), "{state}");
        }
        for state in [State::Running, State::Held, State::Stuck] {
            assert_eq!(undone(state, later(60)), aborted, "{state}");
            assert_eq!(Some(Takeover::abort(&record(state), "ann".to_owned())), aborted, "{state}");
        }
        for state in [State::RolledBack, State::Promoted, State::Closed] {
            assert_eq!((undone(state, later(60)), back(state, None)), (None, None), "{state}");
        }
        assert_eq!(Some(Takeover::abort(&record(State::RolledBack), "ann".to_owned())), aborted, "what it left over");
        for state in [State::Promoted, State::Closed] {
            assert!(matches!(Takeover::abort(&record(state), "ann".to_owned()), Takeover::Leave(_)), "{state}");
        }
    }

    #[test]
    fn a_rollback_whose_job_failed_is_finished_by_whoever_recovers_it() {
        let rollback = Record { verb: "rollback".to_owned(), ..record(State::Running) };
        assert_eq!(Takeover::recover(&rollback, true, later(60), NOW), Takeover::GoOn(GoOn::Here));
        assert_eq!(Takeover::recover(&rollback, false, later(0), NOW), Takeover::GoOn(GoOn::Here));
        let mut late = rollback;
        late.take_over_to_go_on("another", GoOn::Here, false, NOW + Duration::from_secs(100_000));
        assert!(late.deadline() > NOW + Duration::from_secs(100_000), "its time begins anew");
    }

    #[test]
    fn what_is_stuck_is_left_to_a_person() {
        let stuck = record(State::Stuck);
        assert!(matches!(Takeover::resume(&stuck, None, NOW), Takeover::Refuse(_)));
        assert!(matches!(Takeover::recover(&stuck, true, None, NOW), Takeover::Stuck(_)));
    }

    #[test]
    fn an_abort_wins_over_a_promotion_of_the_same_moment_whoever_writes_last() {
        let mut promoted = held(1, 600, false);
        let mut aborted = promoted.clone();
        promoted.take_over("one", super::super::record::GO_ON, NOW + Duration::from_secs(60));
        aborted.take_over("other", super::super::record::ABORT, NOW + Duration::from_secs(60));
        assert!(aborted.generation > promoted.generation);
        assert_eq!((promoted.waited, promoted.hold, promoted.state), (Duration::from_secs(60), None, State::Running));
        assert_eq!(promoted.deadline(), NOW + Duration::from_secs(2700 + 60), "the wait does not count");
        let hold = Hold { timeout: Duration::from_secs(3600), on_timeout: OnTimeout::Rollback };
        assert_eq!(promoted.plan.steps[1].hold, Some(hold));
    }

    #[test]
    fn whoever_may_be_stopping_tasks_is_reckoned_with_until_its_lease_has_run_out() {
        let promoted = |ago: u64| Record { promoted: Some(Timestamp::from_secs(NOW.as_secs() - ago)), ..record(State::Promoted) };
        // The old slot is retired after ten minutes.
        for (record, leased_until, expected) in [
            (promoted(600), later(60), true),
            (promoted(590), later(60), true),
            (promoted(60), later(60), false),
            (promoted(600), None, true),
            (promoted(600), later(0), false),
            (record(State::RolledBack), later(60), true),
            (record(State::RolledBack), later(0), false),
            (record(State::Running), later(60), false),
            (record(State::Closed), None, false),
        ] {
            let state = record.state;
            assert_eq!(Takeover::may_stop_tasks(&record, leased_until, NOW), expected, "{state}, until {leased_until:?}");
        }
    }
}
