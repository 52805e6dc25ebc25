//! What GitHub keeps: the objects as they are printed, but for the addresses, which depend on who asks.

use serde_json::Value;

use crate::clock::Timestamp;

/// Everything that GitHub keeps. Ids ascend over all kinds of objects.
#[derive(Default)]
pub(crate) struct State {
    /// Comments of the pull request, oldest first.
    pub(crate) comments: Vec<Value>,
    /// Check runs of all commits, oldest first.
    pub(crate) check_runs: Vec<Value>,
    /// Commit statuses of all commits, oldest first.
    pub(crate) statuses: Vec<Value>,
    /// Deployments, oldest first.
    pub(crate) deployments: Vec<Value>,
    /// Statuses of all deployments, oldest first.
    pub(crate) deployment_statuses: Vec<Value>,
    /// How many objects there ever were.
    pub(crate) ids: u64,
    /// The hour of the rate limit and the requests in it.
    pub(crate) window: Option<(Timestamp, u64)>,
}

impl State {
    /// The next id.
    pub(crate) fn id(&mut self) -> u64 {
        self.ids += 1;
        2_000_000_000 + self.ids
    }
}

/// The object of this id.
pub(crate) fn of_id(objects: &[Value], id: &str) -> Option<usize> {
    let id = id.parse::<u64>().ok()?;
    objects.iter().position(|object| object["id"].as_u64() == Some(id))
}
