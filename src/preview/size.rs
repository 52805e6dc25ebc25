//! The definitions of a preview: the service's own, made small, and with no other way in than its target group.

use serde_json::{Value, json};

/// What brings traffic, work or tasks to a service past its target group, taken out of a service definition.
pub const FILTER: &str = "del(.loadBalancers, .serviceRegistries) \
    | if (.serviceConnectConfiguration | type) == \"object\" then del(.serviceConnectConfiguration.services) else . end";

/// How much of it there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// How many tasks.
    pub count: u32,
    /// CPU units of a task; those of the definition when `None`.
    pub cpu: Option<u32>,
    /// MiB of memory of a task.
    pub memory: Option<u32>,
    /// Run it on Fargate Spot.
    pub spot: bool,
}

impl Default for Size {
    fn default() -> Self {
        Self { count: 1, cpu: None, memory: None, spot: false }
    }
}

/// Makes the body of RegisterTaskDefinition that of a preview.
pub fn task(body: &mut Value, size: &Size, family: &str, tags: &[(String, String)]) {
    body["family"] = json!(family);
    for (member, given) in [("cpu", size.cpu), ("memory", size.memory)] {
        let Some(given) = given else { continue };
        body[member] = json!(given.to_string());
        // A container cannot have more than its task.
        for container in body["containerDefinitions"].as_array_mut().into_iter().flatten() {
            for own in [member, "memoryReservation"] {
                let is_of_it = own == member || member == "memory";
                let is_too_much = container[own].as_u64().is_some_and(|own| own > u64::from(given));
                if let (true, true, Value::Object(members)) = (is_of_it, is_too_much, &mut *container) {
                    members.shift_remove(own);
                }
            }
        }
    }
    tag(body, tags);
}

/// Makes the body of CreateService or UpdateService that of a preview; `tags` go with what is created.
pub fn service(body: &mut Value, size: &Size, tags: Option<&[(String, String)]>) {
    body["desiredCount"] = json!(size.count);
    if let (true, Value::Object(members)) = (size.spot, &mut *body) {
        members.shift_remove("launchType");
        members.insert("capacityProviderStrategy".to_owned(), json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]));
    }
    if let Value::Object(deployment) = &mut body["deploymentConfiguration"] {
        // New tasks are there before old ones go, also where there is only one.
        deployment.insert("minimumHealthyPercent".to_owned(), json!(100));
        deployment.insert("maximumPercent".to_owned(), json!(200));
        // The real service's alarms say nothing of this one.
        deployment.shift_remove("alarms");
    }
    if let Some(tags) = tags {
        tag(body, tags);
    }
}

/// Adds tags to those of the definition, in place of any of the same key.
fn tag(body: &mut Value, tags: &[(String, String)]) {
    let mut all: Vec<Value> = body["tags"].as_array().cloned().unwrap_or_default();
    all.retain(|known| !tags.iter().any(|(key, _)| known["key"] == **key));
    all.extend(tags.iter().map(|(key, value)| json!({ "key": key, "value": value })));
    body["tags"] = Value::Array(all);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags() -> Vec<(String, String)> {
        vec![("espalier:owner".to_owned(), "web".to_owned())]
    }

    #[test]
    fn a_task_has_its_own_family_and_no_container_has_more_than_its_task() {
        let mut body = json!({
            "family": "web", "cpu": "2048", "memory": "4096", "tags": [{ "key": "team", "value": "shop" }],
            "containerDefinitions": [
                { "name": "web", "cpu": 1024, "memory": 2048, "memoryReservation": 1024 },
                { "name": "side", "cpu": 64, "memory": 128, "memoryReservation": 64 },
            ],
        });
        let size = Size { cpu: Some(256), memory: Some(512), ..Size::default() };
        task(&mut body, &size, "web-pr-7", &tags());
        assert_eq!(
            body,
            json!({
                "family": "web-pr-7", "cpu": "256", "memory": "512",
                "tags": [{ "key": "team", "value": "shop" }, { "key": "espalier:owner", "value": "web" }],
                "containerDefinitions": [
                    { "name": "web" },
                    { "name": "side", "cpu": 64, "memory": 128, "memoryReservation": 64 },
                ],
            })
        );
        let mut as_it_is = json!({ "family": "web", "cpu": "2048", "containerDefinitions": [{ "cpu": 1024 }] });
        task(&mut as_it_is, &Size::default(), "web-pr-7", &[]);
        assert_eq!(
            as_it_is,
            json!({ "family": "web-pr-7", "cpu": "2048", "containerDefinitions": [{ "cpu": 1024 }], "tags": [] })
        );
    }

    #[test]
    fn a_service_is_small_and_is_replaced_without_a_gap() {
        let given = json!({
            "launchType": "FARGATE", "desiredCount": 12,
            "deploymentConfiguration": { "minimumHealthyPercent": 0, "maximumPercent": 100, "alarms": { "alarmNames": ["5xx"] },
                "deploymentCircuitBreaker": { "enable": true, "rollback": false } },
        });
        let kept = json!({ "minimumHealthyPercent": 100, "maximumPercent": 200,
            "deploymentCircuitBreaker": { "enable": true, "rollback": false } });
        let mut body = given.clone();
        service(&mut body, &Size::default(), None);
        assert_eq!(body, json!({ "launchType": "FARGATE", "desiredCount": 1, "deploymentConfiguration": kept }));
        let mut body = given;
        service(&mut body, &Size { count: 2, spot: true, ..Size::default() }, Some(&tags()));
        assert_eq!(
            body,
            json!({
                "desiredCount": 2, "deploymentConfiguration": kept,
                "capacityProviderStrategy": [{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }],
                "tags": [{ "key": "espalier:owner", "value": "web" }],
            })
        );
    }
}
