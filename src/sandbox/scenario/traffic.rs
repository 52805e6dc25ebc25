//! What answers requests, and who makes them: how images and other targets behave, and load.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the tasks of an image behave, or the target of another kind under `backends`. Times are seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// From being placed (PROVISIONING) to RUNNING; tasks only.
    pub starts_after: u64,
    /// Whether it answers well (`status`) at all; otherwise 500.
    pub healthy: bool,
    /// It answers well this long after it is RUNNING, then 500. For what is no task it counts from the start of the world.
    pub healthy_for: Option<u64>,
    /// It answers 500 while its target group gets at least this share of a traffic target's requests, in percent.
    pub unhealthy_above: Option<f64>,
    /// It accepts no connections any more this long after it is RUNNING, though it still runs. For what is no task it counts from
    /// the start of the world.
    pub fails_after: Option<u64>,
    /// It stops by itself; tasks only.
    pub exits: Option<Exit>,
    /// The status of a good answer.
    pub status: u16,
    /// Percent of ordinary requests that it answers with `error_status`; health checks never see it.
    pub error_rate: f64,
    /// The status of those.
    pub error_status: u16,
    /// How long it takes to answer: half of the requests take no longer.
    pub latency_ms: u64,
    /// 99 % of the requests take no longer; twice `latency_ms` when left out. The same as `latency_ms` means no spread.
    pub latency_p99_ms: Option<u64>,
    /// `error_rate`, `latency_ms` and `latency_p99_ms` hold only while its target group gets at least this share of a traffic
    /// target's requests, in percent; below that it has no errors and the default latency.
    pub degrades_above: Option<f64>,
    /// The text that it answers with, `{path}` being the path asked for without its first slash; when left out a JSON object that
    /// names the target group, the target and the revision.
    pub body: Option<String>,
    /// Other texts for single paths, such as `/`.
    pub bodies: BTreeMap<String, String>,
    /// Its tasks cannot be placed or its image cannot be pulled: the reason that ECS gives in the service event or
    /// `stoppedReason`; tasks only.
    pub placement_fails: Option<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            starts_after: 10,
            healthy: true,
            healthy_for: None,
            unhealthy_above: None,
            fails_after: None,
            exits: None,
            status: 200,
            error_rate: 0.0,
            error_status: 500,
            latency_ms: 20,
            latency_p99_ms: None,
            degrades_above: None,
            body: None,
            bodies: BTreeMap::new(),
            placement_fails: None,
        }
    }
}

/// How a task stops by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exit {
    /// Seconds after it is RUNNING.
    pub after: u64,
    /// The essential container's exit code.
    pub code: i32,
    /// The container's `reason`, when there is one.
    pub reason: Option<String>,
}

/// A target that is registered with a target group at the start: an instance, a function, a load balancer or a plain address. ECS
/// registers its tasks itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetSeed {
    /// An instance's id, an address, or an ARN.
    pub id: String,
    /// Its port; the target group's when left out.
    pub port: Option<u16>,
}

/// Requests that somebody makes all the time. They are counted in the world's time, without any socket: all that they leave is
/// traffic. Times are seconds from the start of the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Load {
    /// The VPC Lattice service's name; the first one when it is empty. While there is no such service nobody asks.
    pub service: String,
    /// The port of its listener; chosen as for a `Host` header without a port when left out.
    pub port: Option<u16>,
    /// The HTTP method.
    pub method: String,
    /// The path, from `/`.
    pub path: String,
    /// Headers of every request.
    pub headers: BTreeMap<String, String>,
    /// Requests in each second; thousandths count.
    pub rps: f64,
    /// When it begins.
    pub from: u64,
    /// When it ends; never when left out.
    pub until: Option<u64>,
    /// How long it takes to grow from nothing to `rps`, evenly.
    pub ramp: u64,
    /// From `from` to `until` again and again: how long from one beginning to the next.
    pub every: Option<u64>,
    /// The size of a request's body.
    pub request_bytes: u64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            service: String::new(),
            port: None,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            headers: BTreeMap::new(),
            rps: 10.0,
            from: 0,
            until: None,
            ramp: 0,
            every: None,
            request_bytes: 0,
        }
    }
}

impl Load {
    /// What makes it no load that anybody could make; none where all is well.
    #[must_use]
    pub fn mistake(&self) -> Option<String> {
        let length = self.until.map(|until| until.saturating_sub(self.from));
        if !(self.rps.is_finite() && (0.0..=1_000_000.0).contains(&self.rps)) {
            return Some(format!("`rps: {}` is not from 0 to 1000000", self.rps));
        }
        if self.method.parse::<http::Method>().is_err() {
            return Some(format!("`method: {}` is not an HTTP method", self.method));
        }
        if !self.path.starts_with('/') {
            return Some(format!("`path: {}` does not begin with a slash", self.path));
        }
        for (name, value) in &self.headers {
            if name.parse::<http::HeaderName>().is_err() || value.parse::<http::HeaderValue>().is_err() {
                return Some(format!("`headers: {{ {name}: {value} }}` is not a header"));
            }
        }
        match (self.every, length) {
            (Some(_), None) => Some("`every` needs `until`".to_owned()),
            (Some(every), Some(length)) if every < length.max(1) => {
                Some(format!("`every: {every}` is shorter than the {length} s from `from` to `until`"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Load;

    #[test]
    fn a_load_that_nobody_could_make_is_refused_by_its_key() {
        let mistakes = [
            (Load { rps: -1.0, ..Load::default() }, "`rps: -1`"),
            (Load { method: "GE T".to_owned(), ..Load::default() }, "`method: GE T`"),
            (Load { path: "api".to_owned(), ..Load::default() }, "`path: api`"),
            (Load { headers: [("a b".to_owned(), "c".to_owned())].into(), ..Load::default() }, "`headers: { a b: c }`"),
            (Load { every: Some(60), ..Load::default() }, "`every` needs"),
            (Load { every: Some(60), from: 10, until: Some(90), ..Load::default() }, "shorter than the 80 s"),
        ];
        for (load, wanted) in mistakes {
            let mistake = load.mistake().unwrap();
            assert!(mistake.contains(wanted), "{mistake}");
        }
        assert_eq!(Load { every: Some(60), until: Some(60), ..Load::default() }.mistake(), None);
    }
}
