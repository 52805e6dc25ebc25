//! What the data plane keeps beside the traffic.

use std::collections::VecDeque;

use serde::Serialize;

use super::{load::Courses, travel::Choices};
use crate::clock::Timestamp;

/// How many requests are remembered one by one.
const REMEMBERED: usize = 1000;

/// What the data plane keeps beside the traffic.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(super) choices: Choices,
    /// Where the scenario's loads go.
    pub(super) courses: Courses,
    /// The load until then is counted.
    pub(super) until: Option<Timestamp>,
    /// The world's stirs when these were looked at last, and when they change by age alone.
    pub(super) noticed: u64,
    pub(super) changes: Option<Timestamp>,
    recent: VecDeque<Passed>,
}

/// A request that came over the wire; load comes in numbers and leaves none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Passed {
    pub(crate) at: Timestamp,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The names of the service, the rule and the target group.
    pub(crate) service: String,
    pub(crate) rule: Option<String>,
    pub(crate) target_group: Option<String>,
    /// `id:port`.
    pub(crate) target: Option<String>,
    pub(crate) status: u16,
    /// None where no target answered.
    pub(crate) latency_ms: Option<f64>,
}

impl State {
    /// The last thousand requests that came over the wire, oldest first.
    pub(crate) fn recent(&self) -> impl DoubleEndedIterator<Item = &Passed> {
        self.recent.iter()
    }

    pub(super) fn remember(&mut self, passed: Passed) {
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(passed);
    }
}
