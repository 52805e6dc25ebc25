//! What a release has besides steps: metrics, hooks, scaling, a test rule, a definition. And what may go wrong with those.

use std::time::Duration;

use espalier::{
    rollout::{
        analysis::{Alarm, Analysis, Margin, Metric, Number, OnNoData, Source},
        hooks::Point,
        scaling::Suspended,
        split::Share,
    },
    sandbox::{
        direct::Behaviour,
        scenario::{AlarmEdit, AlarmState, Edit, Effect, Exit, Fault, Person},
    },
};

use super::{
    case::{Case, Errand, Runs, Shape},
    definitions::Definition,
    dice::Dice,
};

/// The alarm that some releases are judged by.
pub(crate) const ALARM: &str = "myservice-5xx";

fn number(value: f64) -> Number {
    Number::new(value).expect("finite")
}

/// A metric with nothing but a source.
pub(crate) fn metric(name: &str, source: Source) -> Metric {
    Metric {
        name: name.to_owned(),
        source,
        max: None,
        min: None,
        versus: None,
        confidence: Share::percent(95),
        min_requests: 0,
        failures: None,
        consecutive: None,
        report_only: false,
        on_no_data: OnNoData::Extend,
    }
}

/// At most 1 % of the requests fail.
pub(crate) fn errors() -> Metric {
    Metric { max: Some(number(0.01)), min_requests: 20, ..metric("errors", Source::ErrorRate) }
}

/// 99 % of the answers take at most 200 ms; well-behaved images take 40.
pub(crate) fn latency() -> Metric {
    Metric { max: Some(number(200.0)), ..metric("latency", Source::RequestTime("p99".to_owned())) }
}

/// At most half a percentage point more of the requests fail than of stable's.
pub(crate) fn versus() -> Metric {
    Metric { versus: Some(Margin::Absolute(number(0.005))), ..metric("versus", Source::ErrorRate) }
}

impl Case {
    /// What this release has.
    pub(super) fn furnish(&mut self, dice: &mut Dice) {
        if dice.percent(35) {
            self.judge(dice);
        }
        if dice.percent(20) && self.shape != Shape::Bootstrap {
            self.scaled =
                Some(Suspended { scale_in: dice.percent(20), scale_out: dice.percent(20), scheduled: dice.percent(20) });
        }
        if dice.percent(20) {
            self.tests = self.shape != Shape::Bootstrap;
        }
        if dice.percent(25) {
            self.hook(dice);
        }
        if dice.percent(8) {
            self.definition = Some(dice.one(&Definition::ALL));
        }
    }

    fn judge(&mut self, dice: &mut Dice) {
        let metrics: &[fn() -> Metric] =
            dice.one(&[&[errors as fn() -> Metric][..], &[errors], &[errors, latency], &[latency], &[versus], &[errors, versus]]);
        let mut metrics: Vec<Metric> = metrics.iter().map(|metric| metric()).collect();
        let place = usize::try_from(dice.between(0, metrics.len() as u64 - 1)).expect("a place in memory");
        metrics[place].on_no_data =
            dice.one(&[OnNoData::Extend, OnNoData::Extend, OnNoData::Extend, OnNoData::Pass, OnNoData::Fail]);
        metrics[place].min_requests = dice.one(&[0, 20, 20, 100, 400]);
        let lag = Duration::from_secs(dice.one(&[60, 60, 120]));
        self.analysis = Analysis { metrics, alarms: Vec::new(), lag, steps: vec![None; self.plan.steps.len()] };
        self.plan.steps.iter_mut().for_each(|step| step.lag = lag);
        self.plan.timeout = Duration::from_secs(dice.one(&[1200, 2700, 5400]));
        self.load = dice.one(&[0.0, 1.0, 10.0, 10.0, 100.0, 100.0]);
        self.knobs.metrics_delay = dice.one(&[30, 60, 60, lag.as_secs(), 150]);
        self.knobs.metrics_partial = dice.one(&[0, 0, 0, 60]);
        self.knobs.metrics_zeros = dice.percent(50);
    }

    fn hook(&mut self, dice: &mut Dice) {
        for _ in 0..dice.one(&[1, 1, 2]) {
            let at = dice.one(&Point::ALL);
            if self.errands.iter().any(|errand| errand.at == at) {
                continue;
            }
            let errand = Errand {
                at,
                runs: dice.one(&[Runs::Program, Runs::Program, Runs::Task, Runs::Task, Runs::Task, Runs::Nothing]),
                takes: dice.one(&[1, 10, 10, 25, 50, 5000]),
                exit: dice.one(&[0, 0, 0, 0, 1]),
                limit: Duration::from_secs(dice.one(&[30, 60, 90])),
            };
            self.errands.push(errand);
        }
        for errand in &self.errands {
            let exit = Exit { after: errand.takes, code: errand.exit, reason: None };
            self.candidate.commands.insert(command(errand.at), exit);
        }
    }

    /// One thing that goes wrong with one of these; false where it has none of them.
    pub(super) fn befall_furniture(&mut self, at: u64, dice: &mut Dice) -> bool {
        let mut kinds: Vec<fn(&mut Self, u64, &mut Dice)> = Vec::new();
        if !self.analysis.is_empty() {
            kinds.extend([Self::err as fn(&mut Self, u64, &mut Dice), Self::err, Self::lose_metrics]);
        }
        if self.scaled.is_some() {
            kinds.extend([Self::need as fn(&mut Self, u64, &mut Dice), Self::refuse_scaling]);
        }
        if self.tests {
            kinds.push(Self::refuse_rules);
        }
        if self.errands.iter().any(|errand| errand.runs == Runs::Task) {
            kinds.push(Self::refuse_tasks);
        }
        if kinds.is_empty() {
            return false;
        }
        dice.one(&kinds)(self, at, dice);
        true
    }

    /// The candidate's answers are not what they should be.
    fn err(&mut self, _at: u64, dice: &mut Dice) {
        let well = self.candidate.clone();
        let above = dice.one(&[None, None, Some(20.0)]);
        self.candidate = match dice.between(0, 3) {
            0 | 1 => Behaviour { error_rate: dice.one(&[3.0, 10.0, 60.0]), degrades_above: above, ..well },
            2 => Behaviour { latency_ms: 400, degrades_above: above, ..well },
            // Both sides are equally bad.
            _ => {
                self.stable.error_rate = 5.0;
                Behaviour { error_rate: 5.0, ..well }
            }
        };
    }

    fn lose_metrics(&mut self, at: u64, dice: &mut Dice) {
        let effect = dice.one(&[Effect::Throttle, Effect::Error500, Effect::Denied, Effect::Partial]);
        self.refuse(at, &["cloudwatch:*"], effect, dice);
    }

    fn need(&mut self, at: u64, dice: &mut Dice) {
        for when in [at, at + dice.between(60, 240)] {
            self.demand.push((when, u32::try_from(dice.between(1, 8)).expect("small")));
        }
    }

    fn refuse_scaling(&mut self, at: u64, dice: &mut Dice) {
        let effect = dice.one(&[Effect::Throttle, Effect::Error500, Effect::Denied, Effect::DropAfterWrite]);
        self.refuse(at, &["application-autoscaling:*"], effect, dice);
    }

    fn refuse_rules(&mut self, at: u64, dice: &mut Dice) {
        let effect = dice.one(&[Effect::Throttle, Effect::Error500, Effect::Denied, Effect::DropAfterWrite]);
        let one = dice.one(&["vpc-lattice:CreateRule", "vpc-lattice:DeleteRule", "vpc-lattice:ListRules"]);
        self.refuse(at, &[one], effect, dice);
    }

    fn refuse_tasks(&mut self, at: u64, dice: &mut Dice) {
        let effect = dice.one(&[Effect::Throttle, Effect::Error500, Effect::Denied, Effect::DropAfterWrite]);
        let one = dice.one(&["ecs:RunTask", "ecs:DescribeTasks", "ecs:StopTask"]);
        self.refuse(at, &[one], effect, dice);
    }

    fn refuse(&mut self, after: u64, operations: &[&str], effect: Effect, dice: &mut Dice) {
        let lasts = dice.one(&[1, 20, 60, 200, 400, 9000]);
        let operations = operations.iter().map(|operation| (*operation).to_owned()).collect();
        self.faults.push(Fault { operations, after: Some(after), before: Some(after + lasts), effect, ..Fault::default() });
    }

    /// An alarm judges the release, and may be set by somebody, or not be read.
    pub(super) fn watch_an_alarm(&mut self, dice: &mut Dice) {
        if !dice.percent(12) {
            return;
        }
        if self.analysis.is_empty() {
            self.analysis.lag = Duration::from_secs(60);
            self.analysis.steps = vec![None; self.plan.steps.len()];
        }
        let on_no_data = dice.one(&[OnNoData::Extend, OnNoData::Extend, OnNoData::Pass, OnNoData::Fail]);
        self.analysis.alarms = vec![Alarm { name: ALARM.to_owned(), on_no_data, ignored: false }];
        for _ in 0..dice.one(&[0, 0, 1, 1, 2]) {
            let state = dice.one(&[AlarmState::Alarm, AlarmState::Alarm, AlarmState::InsufficientData, AlarmState::Ok]);
            let edit = Edit::SetAlarm(AlarmEdit { name: ALARM.to_owned(), state });
            self.people.push(Person { at: dice.between(5, 420), r#do: edit, ..Person::default() });
        }
        if dice.percent(20) {
            let at = dice.between(0, 420);
            self.lose_metrics(at, dice);
        }
    }
}

/// The command of a hook's task.
pub(crate) fn command(at: Point) -> String {
    format!("./probe {at}")
}
