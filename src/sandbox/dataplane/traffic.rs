//! The traffic store: what every target group and every service got, minute by minute.
//!
//! `world.traffic` is what CloudWatch's metrics and the sandbox's page are made of. It has no delay of its own: when a minute is
//! published is CloudWatch's business. Every target of the sandbox is in one Availability Zone (the region's `a`, as ECS prints
//! it), so that numbers by zone are these numbers.
//!
//! Counts are named after the metrics of the VPC Lattice User Guide, "Amazon CloudWatch metrics for Amazon VPC Lattice".

use std::collections::BTreeMap;

use serde::Serialize;

use super::histogram::Histogram;
use crate::clock::Timestamp;

/// How long minutes are kept: CloudWatch keeps data points of one minute for 15 days, a rehearsal needs fewer.
const KEPT_MINUTES: u64 = 3 * 24 * 60;

/// Whose traffic; by id (`tg-…`, `svc-…`), as CloudWatch's dimensions are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    TargetGroup(String),
    Service(String),
}

impl Key {
    /// The id of the target group or the service.
    pub(crate) fn id(&self) -> &str {
        let (Self::TargetGroup(id) | Self::Service(id)) = self;
        id
    }
}

/// What happened in one minute.
///
/// A target group's `requests` are its four classes, `connection_errors`, `connection_timeouts` and `request_timeouts` together:
/// a target that gave no answer gave no status. A service's `requests` are its four classes alone: there Lattice answered in the
/// target's place (502, 504), which `generated` counts once more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Minute {
    /// `TotalRequestCount`.
    pub(crate) requests: u64,
    /// `HTTPCode_2XX_Count`.
    pub(crate) status_2xx: u64,
    /// `HTTPCode_3XX_Count`.
    pub(crate) status_3xx: u64,
    /// `HTTPCode_4XX_Count`; for services the ones that Lattice generates too ("total aggregate").
    pub(crate) status_4xx: u64,
    /// `HTTPCode_5XX_Count`; for services the ones that Lattice generates too ("total aggregate").
    pub(crate) status_5xx: u64,
    /// `HTTPCode_VpcLattice_<status>_Count`, by status; services only. AWS has no metric for 503.
    pub(crate) generated: BTreeMap<u16, u64>,
    /// `ConnectionErrorCount`: nothing listened; target groups only.
    pub(crate) connection_errors: u64,
    /// `ConnectionTimeoutCount`: nobody was there; target groups only.
    pub(crate) connection_timeouts: u64,
    /// `RequestTimeoutCount`: connected, and no answer within the idle timeout.
    pub(crate) request_timeouts: u64,
    /// `TotalConnectionCount`: connections that were opened to targets; target groups only.
    pub(crate) connections: u64,
    /// `TotalReceivedConnectionBytes`: bodies of requests; target groups only.
    pub(crate) received_bytes: u64,
    /// `TotalSentConnectionBytes`: bodies of answers; target groups only.
    pub(crate) sent_bytes: u64,
    /// `RequestTime`, to the last byte: the requests that a target answered, and those that timed out.
    pub(crate) latency: Histogram,
}

impl Minute {
    pub(crate) const fn new() -> Self {
        Self {
            requests: 0,
            status_2xx: 0,
            status_3xx: 0,
            status_4xx: 0,
            status_5xx: 0,
            generated: BTreeMap::new(),
            connection_errors: 0,
            connection_timeouts: 0,
            request_timeouts: 0,
            connections: 0,
            received_bytes: 0,
            sent_bytes: 0,
            latency: Histogram::new(),
        }
    }

    /// `requests` answers of this status; statuses that no class has count as 5xx, as a broken target's would.
    pub(crate) fn answered(&mut self, status: u16, requests: u64) {
        let class = match status / 100 {
            2 => &mut self.status_2xx,
            3 => &mut self.status_3xx,
            4 => &mut self.status_4xx,
            _ => &mut self.status_5xx,
        };
        *class += requests;
    }

    /// `requests` answers of this status that Lattice gave by itself.
    pub(crate) fn generated(&mut self, status: u16, requests: u64) {
        self.answered(status, requests);
        if requests > 0 {
            *self.generated.entry(status).or_default() += requests;
        }
    }

    /// `ActiveRequestCount`: how many requests were under way at a time, on average (Little's law).
    pub(crate) fn active_requests(&self) -> f64 {
        self.latency.sum() / 60_000.0
    }

    /// Adds another minute's counts.
    #[cfg(test)]
    pub(crate) fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.status_2xx += other.status_2xx;
        self.status_3xx += other.status_3xx;
        self.status_4xx += other.status_4xx;
        self.status_5xx += other.status_5xx;
        for (status, requests) in &other.generated {
            *self.generated.entry(*status).or_default() += requests;
        }
        self.connection_errors += other.connection_errors;
        self.connection_timeouts += other.connection_timeouts;
        self.request_timeouts += other.request_timeouts;
        self.connections += other.connections;
        self.received_bytes += other.received_bytes;
        self.sent_bytes += other.sent_bytes;
        self.latency.merge(&other.latency);
    }
}

/// A minute in which nothing happened.
static EMPTY: Minute = Minute::new();

/// The minutes of all target groups and services that ever got a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    series: BTreeMap<Key, Series>,
    /// What is before this moment is accounted for.
    until: Timestamp,
}

/// One resource's minutes, counted from the epoch. Those in which nothing happened are left out.
#[derive(Clone, Debug, Default)]
struct Series {
    first: u64,
    minutes: BTreeMap<u64, Minute>,
}

impl Traffic {
    /// The complete minutes that begin at or after `from` and before `to`, oldest first, each with its beginning. There is none
    /// before the resource's first request; from then on every minute is there, empty or not ("reported once a resource receives
    /// traffic").
    pub(crate) fn minutes(&self, key: &Key, from: Timestamp, to: Timestamp) -> impl Iterator<Item = (Timestamp, &Minute)> {
        let ended = minute_of(self.until);
        self.series.get(key).into_iter().flat_map(move |series| {
            let first = from.as_secs().div_ceil(60).max(series.first).max(ended.saturating_sub(KEPT_MINUTES));
            let end = to.as_secs().div_ceil(60).min(ended);
            (first..end).map(|minute| (start_of(minute), series.minutes.get(&minute).unwrap_or(&EMPTY)))
        })
    }

    /// The minute that is under way, for whoever cannot wait for its end; none before the resource's first request.
    pub(crate) fn running(&self, key: &Key) -> Option<(Timestamp, &Minute)> {
        let now = minute_of(self.until);
        let series = self.series.get(key)?;
        Some((start_of(now), series.minutes.get(&now).unwrap_or(&EMPTY)))
    }

    /// Everything that ever got a request: target groups first, each kind by id.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.series.keys()
    }

    /// When the resource's first minute with a request began.
    pub(crate) fn first(&self, key: &Key) -> Option<Timestamp> {
        self.series.get(key).map(|series| start_of(series.first))
    }

    /// The minute that `at` is in, to be added to.
    pub(crate) fn at(&mut self, key: Key, at: Timestamp) -> &mut Minute {
        let minute = minute_of(at);
        let series = self.series.entry(key).or_insert_with(|| Series { first: minute, minutes: BTreeMap::new() });
        series.minutes.entry(minute).or_default()
    }

    /// The minute that `now` is in is the one until which everything is accounted for.
    pub(crate) fn is_of_minute(&self, now: Timestamp) -> bool {
        minute_of(self.until) == minute_of(now)
    }

    /// Everything until `now` is accounted for; what is too old is forgotten.
    pub(crate) fn complete(&mut self, now: Timestamp) {
        let before = minute_of(self.until);
        self.until = self.until.max(now);
        let oldest = minute_of(self.until).saturating_sub(KEPT_MINUTES);
        if before != minute_of(self.until) {
            for series in self.series.values_mut() {
                while series.minutes.first_entry().is_some_and(|entry| *entry.key() < oldest) {
                    series.minutes.pop_first();
                }
            }
        }
    }
}

/// The number of the minute, from the epoch.
fn minute_of(at: Timestamp) -> u64 {
    at.as_secs() / 60
}

fn start_of(minute: u64) -> Timestamp {
    Timestamp::from_secs(minute.saturating_mul(60))
}

#[cfg(test)]
mod tests {
    use super::{KEPT_MINUTES, Key, Minute, Timestamp, Traffic};

    fn at(minute: u64, second: u64) -> Timestamp {
        Timestamp::from_secs(minute * 60 + second)
    }

    fn group() -> Key {
        Key::TargetGroup("tg-1".to_owned())
    }

    fn requests(traffic: &Traffic, from: Timestamp, to: Timestamp) -> Vec<(u64, u64)> {
        traffic.minutes(&group(), from, to).map(|(at, minute)| (at.as_secs() / 60, minute.requests)).collect()
    }

    #[test]
    fn minutes_begin_with_the_first_request_and_are_there_when_complete() {
        let mut traffic = Traffic::default();
        traffic.complete(at(100, 0));
        assert_eq!(requests(&traffic, at(0, 0), at(200, 0)), [], "nobody asked for anything yet");
        traffic.at(group(), at(102, 30)).requests += 5;
        traffic.complete(at(102, 59));
        assert_eq!(requests(&traffic, at(0, 0), at(200, 0)), [], "not complete");
        assert_eq!(traffic.running(&group()).map(|(at, minute)| (at, minute.requests)), Some((at(102, 0), 5)));
        traffic.at(group(), at(104, 0)).requests += 7;
        traffic.complete(at(106, 1));
        assert_eq!(requests(&traffic, at(0, 0), at(200, 0)), [(102, 5), (103, 0), (104, 7), (105, 0)]);
        assert_eq!(requests(&traffic, at(102, 1), at(104, 1)), [(103, 0), (104, 7)], "by their beginning");
        assert_eq!(traffic.first(&group()), Some(at(102, 0)));
        assert_eq!(traffic.keys().map(Key::id).collect::<Vec<_>>(), ["tg-1"]);
    }

    #[test]
    fn what_is_too_old_is_forgotten() {
        let mut traffic = Traffic::default();
        traffic.at(group(), at(10, 0)).requests += 1;
        traffic.complete(at(10 + KEPT_MINUTES + 3, 0));
        let minutes = requests(&traffic, at(0, 0), at(u64::from(u32::MAX), 0));
        assert_eq!((minutes.len() as u64, minutes[0]), (KEPT_MINUTES, (13, 0)));
    }

    #[test]
    fn merging_adds_every_count() {
        let mut one = Minute { requests: 3, connection_errors: 1, connections: 1, ..Minute::default() };
        one.answered(201, 1);
        one.generated(404, 1);
        one.latency.record([(60_000_000, 2)]);
        let mut both = one.clone();
        both.merge(&one);
        assert_eq!((both.requests, both.status_2xx, both.status_4xx, both.generated[&404]), (6, 2, 2, 2));
        assert_eq!((both.connection_errors, both.connections, both.active_requests()), (2, 2, 4.0));
    }
}
