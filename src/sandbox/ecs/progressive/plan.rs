//! A deployment's steps as data.

use std::time::Duration;

use serde_json::Value;

use crate::{clock::Timestamp, sandbox::scenario::Knobs};

/// Where a blue/green, linear or canary deployment stands.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(super) pairs: Vec<Pair>,
    pub(super) plan: Vec<Step>,
    /// The step that is being done.
    pub(super) at: usize,
    /// When it began; none when it has not.
    pub(super) since: Option<Timestamp>,
    /// The deployment that served before, if there is one.
    pub(super) blue: Option<String>,
    /// The deployment that is to serve.
    pub(super) green: String,
    /// The share of green, in percent, of production traffic.
    pub(crate) production: f64,
    /// The share of green, in percent, of test traffic.
    pub(crate) test: f64,
    /// Whether it goes back to blue.
    pub(super) back: bool,
}

/// Two target groups that take turns, with the rules (or listeners) that divide traffic between them; all by ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(super) blue: String,
    pub(super) green: String,
    pub(super) production: String,
    pub(super) test: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// A `ServiceDeploymentLifecycleStage`.
    pub(super) stage: &'static str,
    pub(super) act: Act,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// The hooks of this `DeploymentLifecycleHookStage`.
    Hooks(&'static str),
    /// Green's share of production traffic, in percent.
    Production(f64),
    /// Green's share of test traffic, in percent.
    Test(f64),
    /// Nothing, for so long.
    Wait(Duration),
    /// Stops what an abandoned deployment left.
    DropOthers,
    /// Green starts its tasks, until they are healthy.
    ScaleUp,
    /// What does not serve any more is deregistered and stopped.
    CleanUp,
}

impl Progress {
    /// The `ServiceDeploymentLifecycleStage` that it is in, or ended in.
    pub(crate) fn stage(&self) -> &'static str {
        self.plan.get(self.at).or(self.plan.last()).map_or("CLEAN_UP", |step| step.stage)
    }

    /// Whether there is a rule for test traffic.
    pub(crate) fn has_test(&self) -> bool {
        self.pairs.iter().any(|pair| pair.test.is_some())
    }

    /// Whether a step of this kind has begun or is over.
    pub(super) fn reached(&self, act: &Act) -> bool {
        self.plan.iter().take(self.at + 1).any(|step| step.act == *act)
    }
}

/// Percentages of production traffic, one after the other, with the bake time between them.
fn shifts(configuration: &Value) -> (Vec<f64>, Duration) {
    let number = |place: &str, default: f64| configuration.pointer(place).and_then(Value::as_f64).unwrap_or(default);
    let minutes = |place: &str, default: u64| {
        let given = configuration.pointer(place).and_then(Value::as_u64).unwrap_or(default);
        Duration::from_secs(given.saturating_mul(60))
    };
    match configuration.get("strategy").and_then(Value::as_str) {
        Some("CANARY") => {
            let percent = number("/canaryConfiguration/canaryPercent", 5.0);
            let first = if percent < 100.0 { vec![percent] } else { Vec::new() };
            (first.into_iter().chain([100.0]).collect(), minutes("/canaryConfiguration/canaryBakeTimeInMinutes", 10))
        }
        Some("LINEAR") => {
            // Tenths of a percent, so that the sum is exact.
            let step = (number("/linearConfiguration/stepPercent", 10.0) * 10.0).round().max(1.0);
            let mut all = Vec::new();
            let mut tenths = step;
            while tenths < 1000.0 {
                all.push(tenths / 10.0);
                tenths += step;
            }
            all.push(100.0);
            (all, minutes("/linearConfiguration/stepBakeTimeInMinutes", 6))
        }
        _ => (vec![100.0], Duration::ZERO),
    }
}

/// The way forward. Without a blue there is no traffic to shift.
pub(super) fn forward(configuration: &Value, knobs: &Knobs, test: bool, blue: bool, reconcile: bool) -> Vec<Step> {
    let weights = Duration::from_secs(knobs.weights_settle);
    let mut plan = Vec::new();
    let mut then = |stage: &'static str, act: Act| plan.push(Step { stage, act });
    if reconcile {
        for act in [Act::Production(0.0), Act::Wait(weights), Act::DropOthers, Act::Hooks("RECONCILE_SERVICE")] {
            then("RECONCILE_SERVICE", act);
        }
    }
    then("PRE_SCALE_UP", Act::Hooks("PRE_SCALE_UP"));
    then("SCALE_UP", Act::ScaleUp);
    if blue {
        then("POST_SCALE_UP", Act::Wait(Duration::from_secs(knobs.scale_up_settle)));
    }
    then("POST_SCALE_UP", Act::Hooks("POST_SCALE_UP"));
    if blue && test {
        then("TEST_TRAFFIC_SHIFT", Act::Test(100.0));
        then("TEST_TRAFFIC_SHIFT", Act::Wait(weights));
        then("POST_TEST_TRAFFIC_SHIFT", Act::Hooks("POST_TEST_TRAFFIC_SHIFT"));
    }
    let (percents, bake) = shifts(configuration);
    for percent in percents.into_iter().filter(|_| blue) {
        then("PRODUCTION_TRAFFIC_SHIFT", Act::Hooks("PRE_PRODUCTION_TRAFFIC_SHIFT"));
        then("PRODUCTION_TRAFFIC_SHIFT", Act::Production(percent));
        then("PRODUCTION_TRAFFIC_SHIFT", Act::Wait(weights));
        if percent < 100.0 {
            then("PRODUCTION_TRAFFIC_SHIFT", Act::Wait(bake));
        }
    }
    then("POST_PRODUCTION_TRAFFIC_SHIFT", Act::Hooks("POST_PRODUCTION_TRAFFIC_SHIFT"));
    if blue {
        let minutes = configuration.get("bakeTimeInMinutes").and_then(Value::as_u64).unwrap_or(0);
        then("BAKE_TIME", Act::Wait(Duration::from_secs(minutes.saturating_mul(60))));
    }
    then("CLEAN_UP", Act::CleanUp);
    plan
}

/// The way back: all traffic to blue, where any was taken from it.
pub(super) fn backward(knobs: &Knobs, shifted: bool, test: bool) -> Vec<Step> {
    let mut plan = Vec::new();
    let mut then = |stage: &'static str, act: Act| plan.push(Step { stage, act });
    if shifted {
        then("PRODUCTION_TRAFFIC_SHIFT", Act::Production(0.0));
    }
    if test {
        then("TEST_TRAFFIC_SHIFT", Act::Test(0.0));
    }
    if shifted || test {
        then("PRODUCTION_TRAFFIC_SHIFT", Act::Wait(Duration::from_secs(knobs.weights_settle)));
    }
    then("CLEAN_UP", Act::CleanUp);
    plan
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn percents(configuration: Value) -> Vec<f64> {
        let plan = forward(&configuration, &Knobs::default(), false, true, false);
        let shifts = plan.iter().filter_map(|step| if let Act::Production(percent) = step.act { Some(percent) } else { None });
        shifts.collect()
    }

    #[test]
    fn strategies_differ_in_their_steps() {
        assert_eq!(percents(json!({ "strategy": "BLUE_GREEN" })), [100.0]);
        assert_eq!(percents(json!({ "strategy": "CANARY" })), [5.0, 100.0]);
        assert_eq!(percents(json!({ "strategy": "CANARY", "canaryConfiguration": { "canaryPercent": 0.1 } })), [0.1, 100.0]);
        let linear = json!({ "strategy": "LINEAR", "linearConfiguration": { "stepPercent": 33.3 } });
        assert_eq!(percents(linear), [33.3, 66.6, 99.9, 100.0]);
        assert_eq!(percents(json!({ "strategy": "LINEAR" })).len(), 10);
    }

    #[test]
    fn the_default_linear_deployment_takes_the_documented_time() {
        // 3 min, 10 changes of 90 s each, and 9 times 6 min between them.
        let plan = forward(&json!({ "strategy": "LINEAR" }), &Knobs::default(), false, true, false);
        let waits = plan.iter().filter_map(|step| if let Act::Wait(wait) = step.act { Some(wait) } else { None });
        assert_eq!(waits.sum::<Duration>(), Duration::from_secs(180 + 10 * 90 + 9 * 360));
    }
}
