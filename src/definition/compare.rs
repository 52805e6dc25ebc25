//! Whether what ECS prints is what a file says, with ECS's defaults filled in.
//!
//! ECS prints much more than it was told: what the file does not name differs only where ECS prints something else than its default,
//! and where a release would take it away. The defaults are those of the ECS API reference ("RegisterTaskDefinition",
//! "CreateService") as describe-task-definition and describe-services print them.

use serde_json::{Map, Value};

use super::{
    members::{self, Use},
    request,
};

/// One member that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The member, as a JSON pointer into the file.
    pub pointer: String,
    /// What the file says; null where it does not name the member, and a release takes it away.
    pub given: Value,
    /// What ECS prints; `None` when it prints nothing.
    pub described: Option<Value>,
}

/// Members that are not part of what runs, or that the release decides: they never make a difference.
const NOT_COMPARED: [&str; 9] = [
    "serviceName",
    "desiredCount",
    "taskDefinition",
    "cluster",
    "clientToken",
    "tags",
    "vpcLatticeConfiguration",
    "deploymentCircuitBreaker",
    "role",
];

/// Members whose keys are anybody's, so that none of them has a default.
const FREE: [&str; 4] = ["dockerLabels", "driverOpts", "labels", "options"];
/// Members that ECS, or AWS's defaults for an account, fill in with what nobody can know beforehand.
const FILLED_IN: [&str; 7] = [
    "discoveryName",
    "dnsName",
    "namespace",
    "securityGroups",
    "managedEBSVolume",
    "clientAliases",
    "availabilityZoneRebalancing",
];

/// Every member given in the file that what ECS describes does not say, and every one that the file does not name any more. Empty
/// means unchanged.
///
/// Give both as the bare objects: what `request` sends and what ECS prints inside `taskDefinition` or `services[]` (with the
/// primary deployment's `vpcLatticeConfigurations`, `serviceConnectConfiguration` and `volumeConfigurations` put beside them).
#[must_use]
pub fn says(given: &Value, described: &Value) -> Vec<Difference> {
    let awsvpc = given.get("networkMode").or_else(|| described.get("networkMode")).and_then(Value::as_str) == Some("awsvpc");
    let mut differences = Vec::new();
    Comparison { awsvpc, differences: &mut differences }.value("", "", given, Some(described));
    differences
}

/// The images of a task definition that may mean something else tomorrow: no digest, and no tag or `latest`.
#[must_use]
pub fn floating_images(task_definition: &Value) -> Vec<String> {
    let containers = task_definition.get("containerDefinitions").and_then(Value::as_array);
    let images = containers.into_iter().flatten().filter_map(|container| container.get("image")?.as_str());
    images.filter(|image| floats(image)).map(str::to_owned).collect()
}

fn floats(image: &str) -> bool {
    // A colon before the last slash is the registry's port.
    let name = image.rsplit('/').next().unwrap_or(image);
    !name.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag.is_empty() || tag == "latest")
}

struct Comparison<'d> {
    awsvpc: bool,
    differences: &'d mut Vec<Difference>,
}

impl Comparison<'_> {
    fn value(&mut self, pointer: &str, name: &str, given: &Value, described: Option<&Value>) {
        match (given, described) {
            (Value::Object(given), Some(Value::Object(described))) if FREE.contains(&name) => {
                self.free(pointer, given, described);
            }
            (Value::Object(given), Some(Value::Object(described))) => self.object(pointer, given, described),
            (Value::Array(given), Some(Value::Array(described))) if !given.is_empty() => {
                self.array(pointer, name, given, described);
            }
            // Service Connect switched off is Service Connect not mentioned.
            (given, None) if name == "serviceConnectConfiguration" && given.get("enabled") == Some(&Value::Bool(false)) => {}
            (given, described) => {
                let same = described.map_or_else(|| is_nothing(given), |described| same_scalar(name, given, described));
                if !same {
                    self.differences.push(Difference {
                        pointer: pointer.to_owned(),
                        given: given.clone(),
                        described: described.cloned(),
                    });
                }
            }
        }
    }

    /// Keys that people choose: all of them count.
    fn free(&mut self, pointer: &str, given: &Map<String, Value>, described: &Map<String, Value>) {
        let names = given.keys().chain(described.keys().filter(|name| !given.contains_key(*name)));
        for name in names.filter(|name| given.get(*name) != described.get(*name)) {
            self.differences.push(Difference {
                pointer: within(pointer, name),
                given: given.get(name).cloned().unwrap_or_default(),
                described: described.get(name).cloned(),
            });
        }
    }

    /// What ECS prints and the file does not name: a difference where a release would take it away.
    fn gone(&mut self, pointer: &str, given: &Map<String, Value>, described: &Map<String, Value>) {
        let is_unset = |name: &&String| given.get(*name).is_none_or(|value| is_left_out(pointer, name, value));
        for (name, value) in described.iter().filter(|(name, _)| is_unset(name)) {
            let is_ecss = NOT_COMPARED.contains(&name.as_str()) || FILLED_IN.contains(&name.as_str());
            let is_taken_away =
                !pointer.is_empty() || request::is_cleared(name) || members::of_task_definition(name) == Use::Taken;
            if is_ecss || !is_taken_away || self.is_default(name, value, given, described) {
                continue;
            }
            let described = Some(value.clone());
            self.differences.push(Difference { pointer: within(pointer, name), given: Value::Null, described });
        }
    }

    /// Whether ECS prints this of what it was not told.
    fn is_default(&self, name: &str, value: &Value, given: &Map<String, Value>, beside: &Map<String, Value>) -> bool {
        if let Some(default) = self.default(name, given).or_else(|| self.default(name, beside)) {
            return same_scalar(name, &default, value);
        }
        match value {
            Value::Object(members) if name == "serviceConnectConfiguration" => {
                members.get("enabled") == Some(&Value::Bool(false))
            }
            Value::Object(members) if !FREE.contains(&name) => {
                let not_compared = |name: &String| NOT_COMPARED.contains(&name.as_str());
                members.iter().all(|(name, value)| not_compared(name) || self.is_default(name, value, &Map::new(), members))
            }
            Value::Bool(value) => !value,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => is_nothing(value),
        }
    }

    fn object(&mut self, pointer: &str, given: &Map<String, Value>, described: &Map<String, Value>) {
        self.gone(pointer, given, described);
        for (name, value) in given {
            let is_printed = members::of_task_definition(name) == Use::Printed;
            if NOT_COMPARED.contains(&name.as_str()) || is_printed || is_left_out(pointer, name, value) {
                continue;
            }
            let told = described.get(name).filter(|told| !told.is_null());
            let default = if told.is_some() { None } else { self.default(name, given) };
            let inner = within(pointer, name);
            self.value(&inner, name, value, told.or(default.as_ref()));
        }
    }

    /// Lists that ECS treats as sets are compared as such, others in order.
    fn array(&mut self, pointer: &str, name: &str, given: &[Value], described: &[Value]) {
        let differs = |differences: &mut Vec<Difference>| {
            differences.push(Difference { pointer: pointer.to_owned(), given: given.into(), described: Some(described.into()) });
        };
        if given.len() != described.len() {
            return differs(self.differences);
        }
        let key = identity(name);
        let mut left: Vec<&Value> = described.iter().collect();
        for (index, element) in given.iter().enumerate() {
            let position = match key {
                Identity::Order => (!left.is_empty()).then_some(0),
                // A port may be there twice, for tcp and udp: the very same element first.
                Identity::Member(key) => {
                    let same = left.iter().position(|other| *other == element);
                    same.or_else(|| left.iter().position(|other| other.get(key) == element.get(key)))
                }
                Identity::Whole => left.iter().position(|other| *other == element),
            };
            let Some(position) = position else { return differs(self.differences) };
            let other = left.remove(position);
            self.value(&format!("{pointer}/{index}"), "", element, Some(other));
        }
    }

    /// What ECS prints for a member that it was not told, or leaves out when it was told the default.
    fn default(&self, name: &str, beside: &Map<String, Value>) -> Option<Value> {
        Some(match name {
            "cpu" => 0.into(),
            "essential" | "enabled" => true.into(),
            "protocol" => "tcp".into(),
            "hostPort" if self.awsvpc => beside.get("containerPort")?.clone(),
            "hostPort" | "healthCheckGracePeriodSeconds" | "startPeriod" | "bakeTimeInMinutes" | "weight" | "base" => 0.into(),
            "interval" => 30.into(),
            "timeout" => 5.into(),
            "retries" => 3.into(),
            "readOnly"
            | "privileged"
            | "readonlyRootFilesystem"
            | "interactive"
            | "pseudoTerminal"
            | "disableNetworking"
            | "enableExecuteCommand"
            | "enableECSManagedTags"
            | "enableFaultInjection" => false.into(),
            "assignPublicIp" | "availabilityZoneRebalancing" => "DISABLED".into(),
            "platformVersion" => "LATEST".into(),
            "schedulingStrategy" => "REPLICA".into(),
            "propagateTags" => "NONE".into(),
            "strategy" => "ROLLING".into(),
            "maximumPercent" => 200.into(),
            "minimumHealthyPercent" => 100.into(),
            "deploymentController" => serde_json::json!({"type": "ECS"}),
            "networkMode" => "bridge".into(),
            "versionConsistency" => "enabled".into(),
            "rootDirectory" => "/".into(),
            "transitEncryption" | "iam" => "DISABLED".into(),
            "scope" => "task".into(),
            "operatingSystemFamily" => "LINUX".into(),
            "cpuArchitecture" => "X86_64".into(),
            "healthyPercent" => 100.into(),
            "sourceServiceRevisionCleanup" => "BLOCKING".into(),
            _ => return None,
        })
    }
}

/// Whether a release leaves a member out, as if the file did not name it: what `request` does with what is not set.
fn is_left_out(pointer: &str, name: &str, value: &Value) -> bool {
    value.is_null() || (value.as_str() == Some("") && (pointer.is_empty() || name == "versionConsistency"))
}

/// The pointer of a member.
fn within(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// How elements of a list find each other.
enum Identity {
    Order,
    Whole,
    Member(&'static str),
}

fn identity(list: &str) -> Identity {
    match list {
        "environment" | "secrets" | "containerDefinitions" | "volumes" | "ulimits" | "volumeConfigurations" => {
            Identity::Member("name")
        }
        "mountPoints" => Identity::Member("containerPath"),
        "portMappings" => Identity::Member("containerPort"),
        "vpcLatticeConfigurations" => Identity::Member("portName"),
        "capacityProviderStrategy" => Identity::Member("capacityProvider"),
        "systemControls" => Identity::Member("namespace"),
        "subnets" | "securityGroups" | "requiresCompatibilities" | "placementConstraints" | "environmentFiles" => Identity::Whole,
        _ => Identity::Order,
    }
}

/// Whether saying this is the same as saying nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.values().all(is_nothing),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn same_scalar(name: &str, given: &Value, described: &Value) -> bool {
    if given == described || (is_nothing(given) && is_nothing(described)) {
        return true;
    }
    match (given, described) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        // ECS prints "1 vCPU" as 1024 and "2GB" as 2048.
        _ if matches!(name, "cpu" | "memory") => match (units(given), units(described)) {
            (Some(one), Some(other)) => (one - other).abs() < 0.5,
            (None | Some(_), _) => false,
        },
        _ => false,
    }
}

/// CPU units or MiB, from a number, its text, or text with a unit.
fn units(value: &Value) -> Option<f64> {
    if let Some(number) = value.as_f64() {
        return Some(number);
    }
    let text = value.as_str()?.to_ascii_lowercase();
    let text = text.trim();
    match text.strip_suffix("vcpu").or_else(|| text.strip_suffix("gb")) {
        Some(number) => number.trim().parse::<f64>().ok().map(|number| number * 1024.0),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
