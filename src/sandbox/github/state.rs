//! What GitHub keeps: the objects as they are printed, but for the addresses, which depend on who asks.

use serde_json::Value;

use super::{job::PULL_REQUEST, limits::Usage};
use crate::sandbox::scenario::{PullRequestSeed, Scenario};

/// No object of this world has an id below this one.
pub(super) const FIRST_ID: u64 = 2_000_000_001;

/// Everything that GitHub keeps. Ids ascend over all kinds of objects.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// The pull requests.
    pub(crate) pulls: Vec<PullRequestSeed>,
    /// Comments of the pull request and the issue, oldest first; `issue` is the number of theirs.
    pub(crate) comments: Vec<Value>,
    /// Reactions to comments, oldest first; `comment` is the id of theirs.
    pub(crate) reactions: Vec<Value>,
    /// Check runs of all commits, oldest first.
    pub(crate) check_runs: Vec<Value>,
    /// Commit statuses of all commits, oldest first.
    pub(crate) statuses: Vec<Value>,
    /// Deployments, oldest first.
    pub(crate) deployments: Vec<Value>,
    /// Statuses of all deployments, oldest first; `deployment` is the id of theirs.
    pub(crate) deployment_statuses: Vec<Value>,
    /// How many objects there ever were.
    ids: u64,
    /// How many requests there ever were.
    requests: u64,
    /// What the rate limits count.
    pub(super) usage: Usage,
}

impl State {
    /// As it is at the start: the one pull request that is always there, and those of the scenario.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let mut state = Self::default();
        state.put(PullRequestSeed { number: PULL_REQUEST, ..PullRequestSeed::default() });
        scenario.pull_requests.iter().for_each(|pull| state.put(pull.clone()));
        state
    }

    /// Has a pull request be so.
    pub(super) fn put(&mut self, pull: PullRequestSeed) {
        self.pulls.retain(|known| known.number != pull.number);
        self.pulls.push(pull);
    }

    /// The pull request of this number.
    pub(super) fn pull(&self, number: &str) -> Option<&PullRequestSeed> {
        self.pulls.iter().find(|pull| pull.number.to_string() == number)
    }

    /// The next id.
    pub(super) fn id(&mut self) -> u64 {
        self.ids += 1;
        FIRST_ID + self.ids - 1
    }

    /// The number of the next request, from 1.
    pub(super) fn request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }
}

/// The place of the object of this id.
pub(super) fn of_id(objects: &[Value], id: &str) -> Option<usize> {
    let id = id.parse::<u64>().ok()?;
    objects.iter().position(|object| object["id"].as_u64() == Some(id))
}
