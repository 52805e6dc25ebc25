//! How the tasks of an image behave, and other targets.

use std::{collections::BTreeMap, sync::LazyLock};

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How everything behaves of which nothing is said.
pub(crate) static WELL: LazyLock<Behaviour> = LazyLock::new(Behaviour::default);

/// How the tasks of an image behave, or the target of another kind under `backends`. Times are seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// From being placed (PROVISIONING) to RUNNING; tasks only.
    pub starts_after: u64,
    /// Whether it answers well (`status`) at all; otherwise 500.
    pub healthy: bool,
    /// It answers well this long after it is RUNNING, then 500. For what is no task it counts from the start of the world.
    pub healthy_for: Option<u64>,
    /// It answers 500 while its target group gets at least this share of a traffic target's requests, in percent.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub unhealthy_above: Option<f64>,
    /// It accepts no connections any more this long after it is RUNNING, though it still runs. For what is no task it counts from
    /// the start of the world.
    pub fails_after: Option<u64>,
    /// It stops by itself; tasks only.
    pub exits: Option<Exit>,
    /// How tasks end that `RunTask` starts with another command, by that command, its words joined by spaces. Commands that are not
    /// here end as `exits` says, or after ten seconds with 0; tasks only.
    pub commands: BTreeMap<String, Exit>,
    /// The status of a good answer.
    #[cfg_attr(test, schemars(range(min = 200, max = 599)))]
    pub status: u16,
    /// Percent of ordinary requests that it answers with `error_status`; health checks never see it.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
    pub error_rate: f64,
    /// The status of those.
    #[cfg_attr(test, schemars(range(min = 200, max = 599)))]
    pub error_status: u16,
    /// How long it takes to answer: half of the requests take no longer.
    pub latency_ms: u64,
    /// 99 % of the requests take no longer; twice `latency_ms` when left out. The same as `latency_ms` means no spread.
    pub latency_p99_ms: Option<u64>,
    /// `error_rate`, `latency_ms` and `latency_p99_ms` hold only while its target group gets at least this share of a traffic
    /// target's requests, in percent; below that it has no errors and the default latency.
    #[cfg_attr(test, schemars(range(min = 0, max = 100)))]
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
            commands: BTreeMap::new(),
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
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Exit {
    /// Seconds after it is RUNNING.
    pub after: u64,
    /// The essential container's exit code.
    #[cfg_attr(test, schemars(range(min = 0, max = 255)))]
    pub code: i32,
    /// The container's `reason`, when there is one.
    pub reason: Option<String>,
}
