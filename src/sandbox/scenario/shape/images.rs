//! How the tasks of an image behave.

use serde::{Deserialize, Serialize};

/// How the tasks of an image behave. Times are seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// From being placed (PROVISIONING) to RUNNING.
    pub starts_after: u64,
    /// Whether it answers well (200) at all; otherwise 500.
    pub healthy: bool,
    /// It answers well this long after it is RUNNING, then 500.
    pub healthy_for: Option<u64>,
    /// It answers 500 while its target group gets at least this share of a traffic target's requests, in percent.
    pub unhealthy_above: Option<f64>,
    /// It accepts no connections any more this long after it is RUNNING, though it still runs.
    pub fails_after: Option<u64>,
    /// It stops by itself.
    pub exits: Option<Exit>,
    /// Percent of ordinary requests that it answers 500; health checks never see it.
    pub error_rate: f64,
    /// How long it takes to answer.
    pub latency_ms: u64,
    /// Its tasks cannot be placed or its image cannot be pulled: the reason that ECS gives in the service event or `stoppedReason`.
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
            error_rate: 0.0,
            latency_ms: 20,
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
