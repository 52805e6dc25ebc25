//! Metrics and alarms: what a tick asks for, what the answer means, and when a step may pass (DESIGN §5 rules 7 and 8).

use std::time::Duration;

use super::{
    core::{Phase, Rollout},
    release::StepStage,
    types::Effect,
};
use crate::{
    rollout::{
        analysis::{
            AlarmState, Analysis, Assessment, Measured, OnNoData, Question, Readings, Verdict, Window,
            assessment::{UNREAD, severest},
            judge::{Seen, StableSide, assess, assess_alarm, counted_until, is_alone},
            reading::{MINUTE, minute_from, minute_of},
        },
        journal::Happening,
        observation::Observation,
        outcome::Reason,
    },
    time::Timestamp,
};

/// How far back stable's last requests are looked for.
const LOOK_BACK: Duration = Duration::from_secs(3 * 60 * 60);

/// How far the judging of a rollout has got. Times are AWS's, as those of metrics are.
#[derive(Clone, Debug, Default)]
pub(super) struct Judging {
    pub(super) analysis: Analysis,
    /// The newest complete minute when metrics were last asked for.
    asked: Option<(Timestamp, bool)>,
    /// Where the window of the step in hand opens; none before its settle ends.
    opened: Option<Timestamp>,
    /// The step that is watched once more: another job may have judged it already.
    pub(super) again: Option<usize>,
    /// When its bake had been watched for as long as the plan says.
    baked: Option<Timestamp>,
    /// Until where the newest readings of this step reach.
    covered: Option<Timestamp>,
    /// Until where requests were counted by them, for every metric that a pass goes by.
    counted: Option<Timestamp>,
    /// What they said.
    latest: Vec<Assessment>,
    /// Why the newest readings could not be had.
    unread: Option<String>,
    /// This step has its verdict: what comes after it, such as a hook, is not kept waiting by a later reading. A failing one still
    /// rolls back.
    passed: bool,
    /// It was said that the bake of this step goes on.
    extended: bool,
    /// Stable's minutes when it last had requests.
    stable: Option<StableSide>,
}

impl Rollout {
    /// The same rollout, judged by metrics and alarms besides target health.
    #[must_use]
    pub fn analysed(mut self, analysis: Analysis) -> Self {
        self.record.digest = self.record.plan.digest_with(&analysis);
        self.record.ignored = analysis.ignored();
        self.judging.analysis = analysis;
        self
    }

    /// What is judged besides target health.
    #[must_use]
    pub const fn analysis(&self) -> &Analysis {
        &self.judging.analysis
    }

    /// What this tick asks of metrics and alarms: at most once a minute, and only while a step is watched.
    pub(super) fn question(&mut self) -> Option<Question> {
        let index = self.judged_step()?;
        if self.judging.analysis.is_empty() {
            return None;
        }
        let until = self.lagged();
        let window = self.judging.opened.map(|from| Window { from, until }).filter(|window| window.length() > 0);
        // While a step settles its own window is not open yet: alarms alone are asked about.
        let settles = matches!(self.phase, Phase::Stepping(_, StepStage::Settling { .. }));
        let is_open = !settles && self.judging.analysis.judges_by_metrics(index);
        let window = window.filter(|_| is_open);
        if window.is_none() && self.judging.analysis.alarms.is_empty() {
            return None;
        }
        // What alarms were asked about while the step settled does not keep its window waiting for another minute.
        let asks = (until, window.is_some());
        if self.judging.asked == Some(asks) || self.judging.asked == Some((until, true)) {
            return None;
        }
        self.judging.asked = Some(asks);
        let since = self.looks_back(index, until);
        let both = self.record().stable.is_some() && (!self.is_alone() || since.is_some());
        Some(Question { window, both, since })
    }

    /// What was measured while it was held is looked at once before the next step's weights are written: the newest minutes, as many
    /// as the step before was watched.
    pub(super) fn looks_before(&mut self, index: usize) -> Option<Effect> {
        if self.judging.analysis.is_empty() {
            return None;
        }
        self.phase = Phase::Stepping(index, StepStage::Gating { since: self.now });
        let back = 60 * u64::from(self.minutes_before(index));
        self.judging.opened = Some(Timestamp::from_secs(self.lagged().as_secs().saturating_sub(back)));
        Some(Effect::Observe(self.question()))
    }

    /// The step whose weights are watched. Until the next one's are written it is the one before: a hook or a gate on capacity may take
    /// its time, and the candidate has requests meanwhile.
    fn judged_step(&self) -> Option<usize> {
        let Phase::Stepping(index, stage) = self.phase else { return None };
        match stage {
            StepStage::Settling { .. } | StepStage::Baking { .. } => Some(index),
            StepStage::Gating { .. } => index.checked_sub(1),
            StepStage::Recording | StepStage::Writing | StepStage::Reading => None,
        }
    }

    fn is_alone(&self) -> bool {
        is_alone(self.record().verified.share())
    }

    /// From when on stable's side is looked for where it has no requests any more and this job has not seen it while it had: another
    /// one walked the steps before.
    fn looks_back(&self, index: usize, until: Timestamp) -> Option<Timestamp> {
        let compares = self.judging.analysis.metrics.iter().any(|metric| metric.versus.is_some());
        let lost = self.is_alone() && self.judging.stable.is_none() && self.record().stable.is_some();
        let back = |from: Timestamp, by: Duration| Timestamp::from_secs(from.as_secs().saturating_sub(by.as_secs()));
        // It served before the release too.
        let before = back(self.record().started, MINUTE * self.minutes_before(index));
        (compares && lost).then(|| minute_of(before.max(back(until, LOOK_BACK))))
    }

    /// How many of stable's last minutes count: as many as the step before was watched.
    fn minutes_before(&self, index: usize) -> u32 {
        let before = self.record().plan.steps.get(index.saturating_sub(1));
        u32::try_from(before.map_or(0, |step| step.bake.as_secs().div_ceil(60)).max(1)).unwrap_or(u32::MAX)
    }

    /// The end of the newest minute whose metrics are taken to be complete.
    fn lagged(&self) -> Timestamp {
        let lag = u64::try_from(self.judging.analysis.lag.as_millis()).unwrap_or(u64::MAX);
        minute_of(Timestamp::from_millis(self.aws_now().as_millis().saturating_sub(lag)))
    }

    /// The settle of a step ended at `settled`, by the clock of our own: its window opens at the next whole minute, also where that is
    /// noticed long afterwards.
    pub(super) fn open_window(&mut self, settled: Timestamp) {
        let late = u64::try_from(self.now.since(settled).as_millis()).unwrap_or(u64::MAX);
        let opened = Some(minute_from(Timestamp::from_millis(self.aws_now().as_millis().saturating_sub(late))));
        let judging = &mut self.judging;
        if let Some(stable) = &mut judging.stable {
            stable.is_last = true;
        }
        (judging.opened, judging.baked, judging.covered, judging.counted) = (opened, None, None, None);
        judging.extended = false;
        judging.passed = false;
        judging.latest.clear();
    }

    /// The rollback that metrics and alarms ask for, if they do: a fail never waits. An outage of their source asks for nothing
    /// (flagger counts it as a failure).
    pub(super) fn judged(&mut self, observation: &Observation) -> Option<Effect> {
        let index = self.judged_step()?;
        match observation.metrics.as_ref()? {
            Measured::Unread(why) => {
                if self.judging.unread.replace(why.clone()).is_none() {
                    let what = format!("{UNREAD}, which says nothing about the candidate: {why}");
                    self.say(Happening::Concern { what });
                }
                None
            }
            Measured::Read(readings) => {
                if self.judging.unread.take().is_some() {
                    self.say(Happening::Note { what: "metrics can be read again".to_owned() });
                }
                let assessments = self.assessed(index, readings);
                let (window, is_failed) = (readings.window, severest(&assessments, |one| one.verdict) == Verdict::Fail);
                self.say(Happening::Judged { index, window, assessments: assessments.clone() });
                self.judging.covered = window.map(|window| window.until).or(self.judging.covered);
                self.judging.latest = assessments;
                is_failed.then(|| self.condemn(window, |one| one.verdict))
            }
        }
    }

    /// What the readings say: every metric of the step, then every alarm.
    fn assessed(&mut self, index: usize, readings: &Readings) -> Vec<Assessment> {
        let (is_alone, minutes) = (self.is_alone(), self.minutes_before(index));
        let (judging, record) = (&mut self.judging, &self.record);
        // Whoever takes the rollout over raises its generation: no two of these windows have the same.
        let again = (judging.again == Some(index)).then(|| record.generation.saturating_sub(1));
        let mut assessments = Vec::new();
        if let Some(window) = readings.window {
            let now = readings.stable.clone().and_then(|readings| {
                if is_alone { StableSide::last(readings, minutes) } else { Some(StableSide { readings, window, is_last: false }) }
            });
            // Where every request goes to the candidate, stable's last window is what is left to compare with.
            let stable = now.as_ref().or(judging.stable.as_ref());
            let sides = [Some(&readings.candidate), readings.stable.as_ref()];
            let counted = judging.analysis.deciding(index);
            let counted = counted.filter(|(_, metric)| metric.on_no_data != OnNoData::Pass);
            judging.counted = counted.filter_map(|(place, _)| counted_until(place, window, sides)).min();
            assessments = assess(
                &judging.analysis,
                index,
                Seen { window, candidate: &readings.candidate, stable, steps: &record.plan.steps, again },
            );
            judging.stable = now.or_else(|| judging.stable.take());
        }
        for (place, alarm) in judging.analysis.alarms.iter_mut().enumerate() {
            let reading = readings.alarms.get(place);
            alarm.ignored &= reading.is_none_or(|reading| reading.state != AlarmState::Ok);
            assessments.push(assess_alarm(alarm, reading));
        }
        // Another job goes by what this one saw.
        self.record.ignored = judging.analysis.ignored();
        assessments
    }

    fn condemn(&mut self, window: Option<Window>, of: impl Fn(&Assessment) -> Verdict) -> Effect {
        let failed = self.judging.latest.iter().filter(|one| !one.report_only && of(one) == Verdict::Fail).cloned().collect();
        let share = self.record().verified.share();
        self.roll_back(Reason::AnalysisFailed { share, window, failed })
    }

    /// What to do in place of passing a step whose bake is over: wait until the metrics of all of it are in and tell, or roll back
    /// where telling nothing counts as a failure. None when it may pass.
    pub(super) fn awaits_verdict(&mut self, index: usize, bake: Duration, observation: &Observation) -> Option<Effect> {
        if self.judging.passed || !self.judging.analysis.decides() {
            return None;
        }
        let now = self.aws_now();
        let baked = *self.judging.baked.get_or_insert(now);
        if !self.is_covered(index, bake, baked) {
            return Some(self.watch_on(observation));
        }
        // Minutes in which nobody was counted are no news: their metrics are missing, or later than they are taken to be.
        let is_counted = self.judging.counted.is_none_or(|counted| self.ends(bake, baked).is_none_or(|end| counted >= end));
        let verdict = severest(&self.judging.latest, Assessment::at_the_end);
        match if is_counted { verdict } else { Verdict::Inconclusive } {
            Verdict::Pass => {
                self.judging.passed = true;
                None
            }
            Verdict::Fail => {
                let window = self.judging.opened.zip(self.judging.covered).map(|(from, until)| Window { from, until });
                Some(self.condemn(window, Assessment::at_the_end))
            }
            Verdict::Inconclusive => {
                if !std::mem::replace(&mut self.judging.extended, true) {
                    let what = format!("its time is over, and it goes on being watched: {}", self.missing().join("; "));
                    self.say(Happening::Concern { what: format!("step {}: {what}", index + 1) });
                }
                Some(self.watch_on(observation))
            }
        }
    }

    /// Whether what was read reaches to the end of the bake: of its minutes, and of the time in which it was really watched.
    fn is_covered(&self, index: usize, bake: Duration, baked: Timestamp) -> bool {
        let Judging { analysis, covered, latest, unread, .. } = &self.judging;
        let decides = analysis.deciding(index).next().is_some();
        // What does not judge this step keeps nobody waiting, whether it can be read or not.
        if !decides && analysis.alarms.is_empty() {
            return true;
        }
        if unread.is_some() || latest.is_empty() {
            return false;
        }
        if !decides {
            return true;
        }
        self.ends(bake, baked).zip(*covered).is_some_and(|(end, covered)| covered >= end)
    }

    /// Where the window ends that a pass needs; none before one is open.
    fn ends(&self, bake: Duration, baked: Timestamp) -> Option<Timestamp> {
        let minutes = u32::try_from(bake.as_secs().div_ceil(60).max(1)).unwrap_or(u32::MAX);
        self.judging.opened.map(|opened| (opened + MINUTE * minutes).max(minute_of(baked)))
    }

    fn watch_on(&mut self, observation: &Observation) -> Effect {
        self.grow(observation).unwrap_or_else(|| self.idle(None))
    }

    /// Why the rollout is late: where a bake went on for want of a verdict, that.
    pub(super) fn late(&self) -> Reason {
        let timeout = self.record().plan.timeout;
        if let Some(message) = &self.refusal {
            let message =
                format!("{}, until the timeout of {}", message.trim_end_matches('.'), humantime::format_duration(timeout));
            return Reason::Refused { doing: self.doing(), message };
        }
        let is_baking = matches!(self.phase, Phase::Stepping(_, StepStage::Baking { .. }));
        let waits = is_baking && self.judging.baked.is_some() && !self.judging.passed;
        if waits { Reason::Inconclusive { timeout, missing: self.missing() } } else { Reason::TimedOut { timeout } }
    }

    /// What does not tell, in words.
    fn missing(&self) -> Vec<String> {
        let Judging { latest, unread, .. } = &self.judging;
        if let Some(why) = unread {
            return vec![format!("{UNREAD} ({why})")];
        }
        let unclear = latest.iter().filter(|one| !one.report_only && one.at_the_end() == Verdict::Inconclusive);
        let missing: Vec<_> = unclear.map(ToString::to_string).collect();
        if missing.is_empty() { vec!["the metrics of its last minutes are not in yet".to_owned()] } else { missing }
    }
}
