//! What the adversary's world says when it is asked for metrics.

use super::adversary_world::{Metrics, World};
use crate::rollout::analysis::{Measured, Number, Question, Readings, Series, SideReadings};

impl World {
    pub(super) fn measured(&self, question: Question) -> Measured {
        let failures = match self.metrics {
            Metrics::Good => 0,
            Metrics::Bad => 30,
            Metrics::Silent => return Measured::Read(Readings { window: question.window, ..Readings::default() }),
            Metrics::Out => return Measured::Unread("GetMetricData: InternalFailure".to_owned()),
        };
        let side = |failures: u32| {
            let each = |count: u32| {
                let minutes = question.window.into_iter().flat_map(|window| window.minutes());
                let minutes = minutes.filter(|minute| self.metrics_until.is_none_or(|until| *minute < until));
                Series { minutes: minutes.map(|minute| (minute, Number::from(count))).collect(), complete: true }
            };
            SideReadings { requests: each(300), metrics: vec![each(failures)] }
        };
        let stable = question.both.then(|| side(0));
        Measured::Read(Readings { window: question.window, candidate: side(failures), stable, alarms: Vec::new() })
    }
}
