//! What has passed the data plane, minute by minute.

use crate::{clock::Timestamp, sandbox::world::World};

/// What one target group had in one minute.
pub(super) struct Point {
    /// The minute's start.
    pub(super) at: Timestamp,
    pub(super) requests: u64,
    /// Those that were answered 5xx, or not at all.
    pub(super) errors: u64,
}

/// A target group's minutes, oldest first.
pub(super) struct Series {
    /// The target group's name.
    pub(super) group: String,
    pub(super) points: Vec<Point>,
}

/// The traffic of every target group that had any.
pub(super) fn traffic(_: &World) -> Vec<Series> {
    Vec::new()
}
