//! Whether what ECS prints is what a file says, with ECS's defaults filled in.
//!
//! Only what the file gives is asked for: ECS prints much more than it was told. The defaults are those of the ECS API reference
//! ("RegisterTaskDefinition", "CreateService") as describe-task-definition and describe-services print them.

use serde_json::{Map, Value};

use super::members::{self, Use};

/// One member that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The member, as a JSON pointer into the file.
    pub pointer: String,
    /// What the file says.
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

/// Every member given in the file that what ECS describes does not say. Empty means unchanged.
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

    fn object(&mut self, pointer: &str, given: &Map<String, Value>, described: &Map<String, Value>) {
        for (name, value) in given {
            if NOT_COMPARED.contains(&name.as_str()) || members::of_task_definition(name) == Use::Printed {
                continue;
            }
            let told = described.get(name).filter(|told| !told.is_null());
            let default = if told.is_some() { None } else { self.default(name, given) };
            let inner = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
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
            _ => return None,
        })
    }
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
mod tests {
    use serde_json::json;

    use super::*;

    /// What describe-task-definition prints for the seed's task definition.
    fn described() -> Value {
        json!({
            "taskDefinitionArn": "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/myservice:7", "revision": 7, "status": "ACTIVE",
            "family": "myservice", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
            "executionRoleArn": "arn:aws:iam::123456789012:role/ecsTaskExecutionRole", "volumes": [], "placementConstraints": [],
            "containerDefinitions": [{
                "name": "web", "image": "nginx:latest", "cpu": 0, "essential": true, "environment": [], "mountPoints": [], "volumesFrom": [],
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp", "name": "http", "appProtocol": "http"}],
                "systemControls": []
            }]
        })
    }

    fn seed() -> Value {
        serde_json::from_str(include_str!("../../tests/fixtures/seed/ecs-task-def.json")).expect("JSON")
    }

    fn pointers(given: &Value, described: &Value) -> Vec<String> {
        says(given, described).into_iter().map(|difference| difference.pointer).collect()
    }

    #[test]
    fn the_seed_is_what_ecs_prints_for_it() {
        assert_eq!(pointers(&seed(), &described()), [""; 0]);
    }

    #[test]
    fn a_change_is_named_and_silence_changes_nothing() {
        let mut given = seed();
        given["containerDefinitions"][0]["image"] = "nginx:1.27".into();
        given["containerDefinitions"][0]["environment"] = json!([{"name": "A", "value": "1"}]);
        given["cpu"] = "512".into();
        assert_eq!(
            pointers(&given, &described()),
            ["/containerDefinitions/0/image", "/containerDefinitions/0/environment", "/cpu"]
        );
        assert_eq!(pointers(&json!({}), &described()), [""; 0]);
        assert_eq!(pointers(&json!({"serviceConnectConfiguration": {"enabled": false}}), &json!({})), [""; 0]);
    }

    #[test]
    fn defaults_units_and_order_make_no_difference() {
        let given = json!({
            "cpu": ".25 vCPU", "memory": "0.5GB", "networkMode": "awsvpc", "volumes": [],
            "containerDefinitions": [{"name": "web", "cpu": 0, "essential": true, "command": [], "dockerLabels": {},
                "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
                "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}], "healthCheck": {"command": ["x"], "retries": 3}}]
        });
        let described = json!({
            "cpu": "256", "memory": "512", "networkMode": "awsvpc",
            "containerDefinitions": [{"name": "web", "portMappings": [{"containerPort": 80}],
                "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], "healthCheck": {"command": ["x"]}}]
        });
        assert_eq!(pointers(&given, &described), [""; 0]);
        let mut other = described;
        other["containerDefinitions"][0]["environment"][1]["value"] = "3".into();
        assert_eq!(pointers(&given, &other), ["/containerDefinitions/0/environment/0/value"]);
    }

    #[test]
    fn order_counts_where_ecs_keeps_it() {
        assert_eq!(pointers(&json!({"command": ["a", "b"]}), &json!({"command": ["b", "a"]})), ["/command/0", "/command/1"]);
        assert_eq!(pointers(&json!({"subnets": ["a", "b"]}), &json!({"subnets": ["b", "a"]})), [""; 0]);
    }

    #[test]
    fn floating_images_are_those_without_a_fixed_meaning() {
        let images = [
            "nginx",
            "nginx:latest",
            "localhost:5000/nginx",
            "nginx:1.27",
            "nginx@sha256:ab",
            "r.example/x:latest@sha256:ab",
            "r:443/x:v1",
        ];
        let containers: Vec<Value> = images.iter().map(|image| json!({"image": image})).collect();
        assert_eq!(
            floating_images(&json!({"containerDefinitions": containers})),
            ["nginx", "nginx:latest", "localhost:5000/nginx"]
        );
    }
}
