//! What CloudWatch keeps.

use std::collections::BTreeMap;

use super::{alarms::Alarm, metrics::Recorded};
use crate::clock::Timestamp;

/// Everything that CloudWatch keeps.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// By name, which is the order in which they are described.
    pub(super) alarms: BTreeMap<String, Alarm>,
    pub(super) recorded: Recorded,
    /// The full minute at which metrics were recorded and alarms evaluated last.
    pub(super) evaluated: Timestamp,
}
