//! Any number of requests go their course: who gets how many of them, what comes back, and what of it is counted.

use std::collections::BTreeMap;

use super::{
    backends::{Answer, Backend},
    balance::{Balance, entry},
    course::{Course, Forward, Group, To},
    latency,
    traffic::{Key, Minute, Traffic},
};
use crate::clock::Timestamp;

/// A whole error, in the parts in which error rates are counted: millionths.
const WHOLE: u64 = 1_000_000;

/// What makes every choice come out even, without chance: of a million requests at once and of a million one by one the same ones
/// go to the same targets and fail.
#[derive(Clone, Debug, Default)]
pub(super) struct Choices {
    balance: Balance,
    /// By target group and target.
    cursors: BTreeMap<String, BTreeMap<String, Cursor>>,
}

/// Where a target stands.
#[derive(Clone, Debug, Default)]
struct Cursor {
    /// How many requests reached it.
    served: u64,
    /// How much of its next error it has run up, in millionths.
    due: u64,
}

/// The part of some requests that went to one target; or to a group without any.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Portion {
    /// The places of the group and the target in the course.
    pub(super) group: usize,
    pub(super) target: Option<usize>,
    pub(super) requests: u64,
    /// Statuses that the target answered with.
    pub(super) answered: [(u16, u64); 2],
    /// Requests that it took and did not answer in time.
    pub(super) timed_out: u64,
    /// Connections that were opened to it.
    pub(super) connections: u64,
    /// In microseconds: the answered ones, and those that timed out.
    pub(super) latencies: Vec<(u64, u64)>,
}

impl Choices {
    /// Sends `requests` requests to the targets.
    pub(super) fn forward(&mut self, rule: &str, forward: &Forward, requests: u64) -> Vec<Portion> {
        let shares = self.balance.wheel(rule).take(&forward.weights(), requests).unwrap_or_default();
        let mut portions = Vec::new();
        for (place, (group, share)) in forward.groups.iter().zip(shares).enumerate() {
            if share == 0 {
                continue;
            }
            if group.targets.is_empty() {
                portions.push(Portion { requests: share, ..nothing(place, None) });
            }
            let counts = self.balance.turns(&group.id).take(group.targets.len(), share);
            for (target, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
                portions.push(self.knock(forward, place, group, target, count));
            }
        }
        portions
    }

    fn knock(&mut self, forward: &Forward, place: usize, group: &Group, target: usize, requests: u64) -> Portion {
        let none = Portion { requests, ..nothing(place, Some(target)) };
        let Some(found) = group.targets.get(target) else { return none };
        let Backend::Answers(answer) = found.backend else { return none };
        let cursor = entry(entry(&mut self.cursors, &group.id), &found.label());
        let limit = u64::try_from(forward.timeout.as_micros()).unwrap_or(u64::MAX);
        let spread = latency::spread(answer.latency, answer.latency_p99, cursor.served, requests);
        let timed_out: u64 = spread.iter().filter(|(micros, _)| *micros >= limit).map(|(_, count)| count).sum();
        let latencies = spread.into_iter().map(|(micros, count)| (micros.min(limit), count)).collect();
        let opened = |served: u64| served.div_ceil(forward.requests_per_connection);
        let connections = opened(cursor.served + requests) - opened(cursor.served);
        cursor.served += requests;
        let answered = requests - timed_out;
        let due = u128::from(cursor.due) + u128::from(answered) * u128::from(millionths(&answer));
        let errors = u64::try_from(due / u128::from(WHOLE)).unwrap_or(u64::MAX).min(answered);
        cursor.due = u64::try_from(due % u128::from(WHOLE)).unwrap_or(0);
        let answered = [(answer.status, answered - errors), (answer.error_status, errors)];
        Portion { answered, timed_out, connections, latencies, ..none }
    }
}

fn nothing(group: usize, target: Option<usize>) -> Portion {
    Portion { group, target, requests: 0, answered: [(200, 0); 2], timed_out: 0, connections: 0, latencies: Vec::new() }
}

/// The part of the requests that fail, in millionths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn millionths(answer: &Answer) -> u64 {
    // A percentage has 100 parts.
    (answer.error_rate.clamp(0.0, 100.0) * 10_000.0).round() as u64
}

/// Counts what became of `requests` requests at that time. The answer of VPC Lattice itself has no latency.
pub(super) fn record(traffic: &mut Traffic, at: Timestamp, course: &Course, requests: u64, portions: &[Portion], bytes: u64) {
    let key = Key::Service(course.service.id.clone());
    let mut service = std::mem::take(traffic.at(key.clone(), at));
    service.requests += requests;
    match &course.to {
        To::Lattice(status, _) => service.generated(*status, requests),
        To::Forward(forward) => {
            for portion in portions {
                let Some(group) = forward.groups.get(portion.group) else { continue };
                let backend = portion.target.and_then(|target| Some(group.targets.get(target)?.backend));
                let Some(backend) = backend else {
                    service.generated(forward.empty, portion.requests);
                    continue;
                };
                let minute = traffic.at(Key::TargetGroup(group.id.clone()), at);
                target_answered(minute, portion, backend, bytes);
                service_answered(&mut service, portion, backend);
            }
        }
    }
    *traffic.at(key, at) = service;
}

fn target_answered(minute: &mut Minute, portion: &Portion, backend: Backend, bytes: u64) {
    minute.requests += portion.requests;
    match backend {
        Backend::Refuses => minute.connection_errors += portion.requests,
        Backend::Nobody => minute.connection_timeouts += portion.requests,
        Backend::Answers(answer) => {
            let answered: u64 = portion.answered.iter().map(|(_, count)| count).sum();
            portion.answered.iter().for_each(|(status, count)| minute.answered(*status, *count));
            minute.request_timeouts += portion.timed_out;
            minute.connections += portion.connections;
            minute.received_bytes += portion.requests.saturating_mul(bytes);
            minute.sent_bytes += answered.saturating_mul(answer.bytes);
            minute.latency.record(portion.latencies.iter().copied());
        }
    }
}

/// A target that refuses is a 502, one that is not there or says nothing a 504.
fn service_answered(service: &mut Minute, portion: &Portion, backend: Backend) {
    match backend {
        Backend::Refuses => service.generated(502, portion.requests),
        Backend::Nobody => service.generated(504, portion.requests),
        Backend::Answers(_) => {
            portion.answered.iter().for_each(|(status, count)| service.answered(*status, *count));
            service.request_timeouts += portion.timed_out;
            service.generated(504, portion.timed_out);
            service.latency.record(portion.latencies.iter().copied());
        }
    }
}
