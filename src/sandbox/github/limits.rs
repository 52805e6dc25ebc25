//! GitHub's rate limits ("Rate limits for the REST API"): so many requests an hour, and the secondary limits on bursts.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::call::{Refusal, refuse};
use crate::{
    clock::Timestamp,
    sandbox::{wire::Reply, world::World},
};

const HOUR: Duration = Duration::from_secs(60 * 60);
const MINUTE: Duration = Duration::from_secs(60);
/// Points a minute for REST: a read costs 1, a write 5.
const MOST_POINTS: u64 = 900;
/// Requests that create content, in a minute and in an hour.
const MOST_CONTENT: (usize, usize) = (80, 500);
const DOCUMENTATION: &str = "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api";
const SECONDARY_DOCUMENTATION: &str =
    "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits";

/// What a request is counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    /// REST with the job's token: 1000 an hour and repository.
    Core,
    /// GraphQL with the job's token: 1000 points an hour and repository.
    Graphql,
    /// REST without a token: 60 an hour.
    Anonymous,
}

impl Resource {
    fn name(self) -> &'static str {
        match self {
            Self::Core | Self::Anonymous => "core",
            Self::Graphql => "graphql",
        }
    }

    fn limit(self) -> u64 {
        match self {
            Self::Core | Self::Graphql => 1000,
            Self::Anonymous => 60,
        }
    }
}

/// What was asked for lately.
#[derive(Clone, Default)]
pub(crate) struct Usage {
    /// The hour that each limit is in, and the requests in it.
    hours: BTreeMap<Resource, (Timestamp, u64)>,
    /// The requests of the last hour: when, their points, whether they create content.
    recent: VecDeque<(Timestamp, u64, bool)>,
}

/// How a limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    resource: Resource,
    used: u64,
    reset: Timestamp,
}

impl Standing {
    /// How many requests are left in the hour.
    fn remaining(self) -> u64 {
        self.resource.limit().saturating_sub(self.used)
    }

    /// The five headers that every answer has.
    pub(super) fn stamp(self, reply: Reply) -> Reply {
        reply
            .with("x-ratelimit-limit", self.resource.limit().to_string())
            .with("x-ratelimit-remaining", self.remaining().to_string())
            .with("x-ratelimit-reset", self.reset.as_secs().to_string())
            .with("x-ratelimit-used", self.used.to_string())
            .with("x-ratelimit-resource", self.resource.name())
    }

    /// As `GET /rate_limit` prints it.
    pub(super) fn print(self) -> serde_json::Value {
        serde_json::json!({
            "limit": self.resource.limit(), "used": self.used, "remaining": self.remaining(), "reset": self.reset.as_secs(),
        })
    }
}

/// How a limit stands now.
pub(super) fn standing(world: &World, resource: Resource) -> Standing {
    let hour = world.github.usage.hours.get(&resource).filter(|(start, _)| world.now.since(*start) < HOUR);
    let (start, used) = hour.copied().unwrap_or((world.now, 0));
    Standing { resource, used, reset: start + HOUR }
}

/// Counts a request against its hour, or refuses it; `id` is the request's.
pub(super) fn count(world: &mut World, resource: Resource, id: &str) -> Result<(), Refusal> {
    let Standing { used, reset, .. } = standing(world, resource);
    if used >= resource.limit() {
        let (whose, now) = if resource == Resource::Anonymous {
            ("127.0.0.1".to_owned(), String::new())
        } else {
            let now = world.now.to_string().replace('T', " ").replace('Z', " UTC");
            let please = "If you reach out to GitHub Support for help, please include the request ID";
            ("installation ID 41898282".to_owned(), format!(" {please} {id} and timestamp {now}."))
        };
        let refusal = refuse(403, &format!("API rate limit exceeded for {whose}.{now}"));
        return Err(Refusal { documentation: Some(DOCUMENTATION), ..refusal });
    }
    let start = reset.since(Timestamp::default() + HOUR);
    world.github.usage.hours.insert(resource, (Timestamp::default() + start, used + 1));
    Ok(())
}

/// Gives back what was counted last: an answer of 304 costs nothing ("Best practices for using the REST API").
pub(super) fn give_back(world: &mut World, resource: Resource) {
    if let Some((_, used)) = world.github.usage.hours.get_mut(&resource) {
        *used = used.saturating_sub(1);
    }
}

/// A request too many in too short a time.
pub(super) fn secondary() -> Refusal {
    let message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    Refusal { documentation: Some(SECONDARY_DOCUMENTATION), retry_after: Some(MINUTE.as_secs()), ..refuse(403, message) }
}

/// Holds a request against the secondary limits, and counts it when it is let through.
pub(super) fn burst(world: &mut World, reads: bool, creates: bool) -> Result<(), Refusal> {
    let now = world.now;
    let recent = &mut world.github.usage.recent;
    while recent.front().is_some_and(|(at, _, _)| now.since(*at) >= HOUR) {
        recent.pop_front();
    }
    let minute = || recent.iter().rev().take_while(|(at, _, _)| now.since(*at) < MINUTE);
    let points: u64 = minute().map(|(_, points, _)| points).sum();
    let content = (minute().filter(|(_, _, creates)| *creates).count(), recent.iter().filter(|(_, _, creates)| *creates).count());
    let cost = if reads { 1 } else { 5 };
    if points + cost > MOST_POINTS || creates && (content.0 >= MOST_CONTENT.0 || content.1 >= MOST_CONTENT.1) {
        return Err(secondary());
    }
    recent.push_back((now, cost, creates));
    Ok(())
}
