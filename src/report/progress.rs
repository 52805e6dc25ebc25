//! Where a journal has got to: the phase, each step's state, and the candidate's share over time.

use std::time::Duration;

use crate::{
    rollout::{
        analysis::Assessment,
        journal::{Entry, Happening, Journal, Problem, Standing},
        outcome::{Outcome, OutcomeKind, Reason},
        plan::Step,
        split::{Share, Split},
    },
    time::Timestamp,
};

/// What the rollout is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase<'a> {
    Preparing,
    Launching,
    /// In the step with this index.
    Stepping(usize),
    RollingBack(&'a Reason),
    Promoted,
    Ended(&'a Outcome),
    /// It came to no outcome.
    BrokenOff(Break<'a>),
}

/// How a rollout came to no outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Break<'a> {
    pub(super) exit: u8,
    pub(super) cancelled: bool,
    pub(super) problems: &'a [Problem],
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepState {
    Ahead,
    Shifting,
    Settling,
    Baking,
    Passed,
    /// In another job, before this one: when is not in this journal.
    PassedBefore,
    /// The rollout turned back here.
    Broken,
}

/// One step with what was seen in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepProgress<'a> {
    pub(super) step: Step,
    pub(super) state: StepState,
    pub(super) begun: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
    /// How often the candidate was looked at since the step began.
    pub(super) observations: u32,
    /// The worst of these: healthy and expected.
    pub(super) lowest: Option<(u32, u32)>,
    /// What metrics and alarms said of it last.
    pub(super) judged: Option<&'a [Assessment]>,
}

/// A journal, read once.
#[derive(Clone, Debug)]
pub(super) struct Progress<'a> {
    pub(super) started: Timestamp,
    pub(super) now: Timestamp,
    pub(super) phase: Phase<'a>,
    /// Why it turns or turned back.
    pub(super) turned_back: Option<&'a Reason>,
    /// The split as it stands; none while nothing of ours was written.
    pub(super) split: Option<Split>,
    pub(super) steps: Vec<StepProgress<'a>>,
    /// What became of the tasks that are not needed any more.
    pub(super) spare: Spare,
    /// Whether the candidate has become stable, whatever came after.
    pub(super) promoted: bool,
    /// It goes back to what served before, by request.
    goes_back: bool,
    settle: Duration,
}

/// The tasks of the side that lost: the old revision's after a promotion, else the candidate's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spare {
    Running,
    Stopping,
    Stopped,
}

impl<'a> Progress<'a> {
    pub(super) fn of(journal: &'a Journal) -> Self {
        let started = started(journal);
        let new = |step: &Step| StepProgress {
            step: *step,
            state: StepState::Ahead,
            begun: None,
            ended: None,
            observations: 0,
            lowest: None,
            judged: None,
        };
        let mut progress = Self {
            started,
            now: started,
            phase: Phase::Preparing,
            turned_back: None,
            split: None,
            steps: journal.release.steps.iter().map(new).collect(),
            spare: Spare::Running,
            promoted: false,
            goes_back: journal.release.verb == "rollback",
            settle: journal.release.settle,
        };
        if let Some(standing) = &journal.release.standing {
            progress.begin_at(standing);
        }
        for entry in &journal.entries {
            progress.take(entry);
        }
        progress
    }

    /// What other jobs did is not in this journal: it goes on from there.
    fn begin_at(&mut self, standing: &Standing) {
        self.split = Some(standing.split);
        self.pass_before(standing.passed);
        if let Some(index) = standing.step {
            self.phase = Phase::Stepping(index);
            if let Some(step) = self.step_mut() {
                step.state = StepState::Settling;
            }
        }
    }

    fn pass_before(&mut self, steps: usize) {
        for step in self.steps.iter_mut().take(steps).filter(|step| step.state == StepState::Ahead) {
            step.state = StepState::PassedBefore;
        }
    }

    fn take(&mut self, entry: &'a Entry) {
        self.now = entry.at;
        match &entry.event {
            Happening::Launching { .. } => self.phase = Phase::Launching,
            Happening::StepBegun { index, .. } => {
                self.phase = Phase::Stepping(*index);
                self.pass_before(*index);
                if let Some(step) = self.step_mut() {
                    step.state = StepState::Shifting;
                    step.begun = Some(entry.at);
                }
            }
            Happening::Shifted { split } => {
                self.split = Some(*split);
                if let Some(step) = self.step_mut() {
                    step.state = StepState::Settling;
                }
            }
            Happening::Settled { index } => {
                if let Some(step) = self.steps.get_mut(*index) {
                    step.state = StepState::Baking;
                }
            }
            Happening::Observed { candidate, .. } => {
                if let Some(step) = self.step_mut() {
                    let seen = (candidate.healthy, candidate.expected());
                    let is_lower =
                        |lowest: (u32, u32)| u64::from(seen.0) * u64::from(lowest.1) < u64::from(lowest.0) * u64::from(seen.1);
                    step.observations += 1;
                    step.lowest = Some(step.lowest.filter(|lowest| !is_lower(*lowest)).unwrap_or(seen));
                }
            }
            Happening::Judged { index, assessments, .. } => {
                if let Some(step) = self.steps.get_mut(*index) {
                    step.judged = Some(assessments);
                }
            }
            Happening::StepPassed { index } => {
                if let Some(step) = self.steps.get_mut(*index).filter(|step| step.state != StepState::PassedBefore) {
                    step.state = StepState::Passed;
                    step.ended = Some(entry.at);
                }
            }
            Happening::RollingBack { reason } => {
                self.break_step(entry.at);
                self.turned_back = Some(reason);
                self.phase = Phase::RollingBack(reason);
            }
            Happening::Restored => self.split = Some(Split::STABLE),
            Happening::Promoted => {
                self.phase = Phase::Promoted;
                self.promoted = true;
            }
            Happening::Retiring { .. } => self.spare = Spare::Stopping,
            Happening::Retired { .. } => self.spare = Spare::Stopped,
            Happening::Finished { outcome } => {
                if outcome.kind != OutcomeKind::Held {
                    self.break_step(entry.at);
                }
                self.goes_back |= matches!(outcome.reason, Reason::RolledBackByRequest { .. });
                self.phase = Phase::Ended(outcome);
            }
            Happening::BrokenOff { exit, cancelled, problems } => {
                self.break_step(entry.at);
                self.phase = Phase::BrokenOff(Break { exit: *exit, cancelled: *cancelled, problems });
            }
            Happening::Claimed
            | Happening::TakenOver
            | Happening::Prepared { .. }
            | Happening::Ready { .. }
            | Happening::Concern { .. }
            | Happening::Retrying { .. }
            | Happening::TestOpened { .. }
            | Happening::TestClosed { .. }
            | Happening::HookBegun { .. }
            | Happening::HookEnded { .. }
            | Happening::Note { .. } => {}
        }
    }

    /// The step that this job is in.
    fn step_mut(&mut self) -> Option<&mut StepProgress<'a>> {
        let Phase::Stepping(index) = self.phase else { return None };
        self.steps.get_mut(index).filter(|step| step.state != StepState::PassedBefore)
    }

    /// A step that is left without having passed.
    fn break_step(&mut self, at: Timestamp) {
        if let Some(step) = self.step_mut().filter(|step| step.state != StepState::Passed) {
            step.state = StepState::Broken;
            step.ended = Some(at);
        }
    }

    /// Whether the candidate is the revision that served before, and serves again.
    pub(super) const fn serves_again(&self) -> bool {
        self.promoted && self.goes_back
    }

    /// Whether the steps that are ahead will not be reached any more.
    pub(super) fn is_over(&self) -> bool {
        match self.phase {
            Phase::Ended(outcome) => outcome.kind != OutcomeKind::Held,
            Phase::RollingBack(_) | Phase::BrokenOff(_) => true,
            Phase::Preparing | Phase::Launching | Phase::Stepping(_) | Phase::Promoted => false,
        }
    }

    /// How long it has taken so far.
    pub(super) fn elapsed(&self) -> Duration {
        self.now.since(self.started)
    }

    /// The least time that the steps still take; none where they are over.
    pub(super) fn left(&self) -> Option<Duration> {
        let of = |step: &StepProgress<'_>| self.settle + step.step.least_watch();
        match self.phase {
            Phase::Preparing | Phase::Launching => Some(self.steps.iter().map(of).sum()),
            Phase::Stepping(index) => {
                let step = self.steps.get(index)?;
                let spent = step.begun.map(|begun| step.ended.unwrap_or(self.now).since(begun)).unwrap_or_default();
                let is_over = matches!(step.state, StepState::Passed | StepState::PassedBefore);
                let now = if is_over { Duration::ZERO } else { of(step).saturating_sub(spent) };
                Some(now + self.steps.iter().skip(index + 1).map(of).sum::<Duration>())
            }
            Phase::RollingBack(_) | Phase::Promoted | Phase::Ended(_) | Phase::BrokenOff(_) => None,
        }
        .filter(|left| !left.is_zero())
    }

    /// The candidate's share as it stands.
    pub(super) fn share(&self) -> Share {
        self.split.map_or(Share::ZERO, Split::share)
    }
}

/// When the first thing happened.
pub(super) fn started(journal: &Journal) -> Timestamp {
    journal.entries.first().map(|entry| entry.at).unwrap_or_default()
}

/// The candidate's share over time, as offsets from the start: each point holds until the next one. Empty when the weights never
/// changed.
pub(super) fn curve(journal: &Journal) -> Vec<(Duration, Share)> {
    let started = started(journal);
    let changes = journal.entries.iter().filter_map(|entry| {
        let share = if let Happening::Shifted { split } = &entry.event {
            split.share()
        } else if entry.event == Happening::Restored {
            Share::ZERO
        } else {
            return None;
        };
        Some((entry.at.since(started), share))
    });
    let first = journal.release.standing.as_ref().map_or(Share::ZERO, |standing| standing.split.share());
    let mut curve: Vec<_> = std::iter::once((Duration::ZERO, first)).chain(changes).collect();
    // What is left within the second that it was found in is not a time of its own.
    curve.dedup_by(|next, last| {
        let is_same = next.0 == last.0;
        if is_same {
            last.1 = next.1;
        }
        is_same
    });
    // A rollback writes the split first, and then exactly what was there before: the same share.
    curve.dedup_by_key(|point| point.1);
    if curve.len() == 1 {
        curve.clear();
    }
    curve
}

/// `+02:15`, from an hour on `+1:02:15`.
pub(super) fn offset(since_start: Duration) -> String {
    let seconds = since_start.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 { format!("+{minutes:02}:{seconds:02}") } else { format!("+{hours}:{minutes:02}:{seconds:02}") }
}

/// `4m 15s`: whole seconds.
pub(super) fn length(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{samples, samples_later};

    #[test]
    fn the_states_of_the_steps_follow_the_journal() {
        let states = |journal: &Journal| Progress::of(journal).steps.iter().map(|step| step.state).collect::<Vec<_>>();
        assert_eq!(states(&samples::in_progress()), [StepState::Passed, StepState::Baking, StepState::Ahead]);
        assert_eq!(states(&samples::promoted()), [StepState::Passed; 3]);
        assert_eq!(states(&samples::rolled_back()), [StepState::Passed, StepState::Broken, StepState::Ahead]);
        assert!(states(&samples::bootstrap()).is_empty());
    }

    #[test]
    fn a_later_job_begins_where_the_ones_before_it_have_left_it() {
        let of = |journal: &Journal| {
            let progress = Progress::of(journal);
            let states = progress.steps.iter().map(|step| step.state).collect::<Vec<_>>();
            let seen = progress.steps[0];
            assert_eq!((seen.begun, seen.ended, seen.observations), (None, None, 0), "of another job");
            let curve = curve(journal).iter().map(|point| point.1.to_string()).collect::<Vec<_>>();
            (states, progress.share().to_string(), curve)
        };
        let (before, passed, ahead) = (StepState::PassedBefore, StepState::Passed, StepState::Ahead);
        let told = |states: &[StepState], share: &str, curve: &[&str]| {
            (states.to_vec(), share.to_owned(), curve.iter().map(|share| (*share).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(of(&samples_later::looked_at()), told(&[before, ahead], "5%", &[]));
        assert_eq!(of(&samples_later::gone_on_with()), told(&[before, passed], "100%", &["5%", "100%"]));
        assert_eq!(of(&samples_later::given_up()), told(&[before, ahead], "0%", &[]));
        assert_eq!(of(&samples_later::swept()), told(&[before, StepState::Broken, ahead], "0%", &[]));
    }

    #[test]
    fn what_is_left_is_what_the_plan_says_and_has_not_passed() {
        // Two minutes into a step of 90 s and 5 m; one of 90 s and 10 m is ahead.
        assert_eq!(Progress::of(&samples::in_progress()).left().map(length).as_deref(), Some("15m 59s"));
        assert_eq!(Progress::of(&samples::promoted()).left(), None);
        assert_eq!(Progress::of(&samples::rolled_back()).left(), None);
    }

    #[test]
    fn the_share_is_back_at_nothing_once_the_baseline_is_restored() {
        let journal = samples::rolled_back();
        let progress = Progress::of(&journal);
        assert_eq!(progress.share(), Share::ZERO);
        assert_eq!(progress.steps[1].lowest, Some((0, 3)));
        assert_eq!(curve(&journal).last().map(|point| point.1), Some(Share::ZERO));
        assert!(curve(&Journal::default()).is_empty());
    }

    #[test]
    fn offsets_and_lengths_are_whole_seconds() {
        assert_eq!(offset(Duration::from_millis(135_900)), "+02:15");
        assert_eq!(offset(Duration::from_secs(3735)), "+1:02:15");
        assert_eq!(length(Duration::from_millis(255_900)), "4m 15s");
    }
}
