//! The sandbox's world as a story looks at it: the snapshot that `sandbox run` leaves.

use std::collections::BTreeMap;

use serde_json::Value;

/// A world at its end.
#[derive(Clone)]
pub(crate) struct World(Value);

impl World {
    pub(crate) fn read(snapshot: &str) -> Self {
        Self(serde_json::from_str(snapshot).expect("a snapshot is JSON"))
    }

    /// What stands there apart from the time, what happened and what was reported: equal worlds were left untouched.
    pub(crate) fn state(&self) -> Value {
        let mut state = self.0.clone();
        let members = state.as_object_mut().expect("an object");
        members.retain(|name, _| !matches!(name.as_str(), "github" | "iam" | "log" | "now" | "time"));
        state
    }

    /// Every permission that the requests needed: `action`, `resource` and, for a role that was handed on, `passed_to`.
    pub(crate) fn permissions(&self) -> Vec<Value> {
        list(&self.0, "/iam/used").to_vec()
    }

    /// The action of every traffic target, by listener and rule.
    pub(crate) fn actions(&self) -> BTreeMap<String, Value> {
        let mut actions = BTreeMap::new();
        for service in list(&self.0, "/lattice/services") {
            for listener in list(service, "/listeners") {
                for rule in list(listener, "/rules") {
                    let place = format!("{}/{}", text(listener, "/name"), text(rule, "/name"));
                    actions.insert(place, rule["action"].clone());
                }
            }
        }
        assert!(!actions.is_empty(), "a world has traffic targets");
        actions
    }

    /// Asserts that every traffic target forwards exactly so.
    #[track_caller]
    pub(crate) fn forwards(&self, weights: &[(&str, u64)]) {
        let expected: serde_json::Map<_, _> =
            weights.iter().map(|(group, weight)| ((*group).to_owned(), (*weight).into())).collect();
        let expected = serde_json::json!({ "forward": expected });
        for (place, action) in self.actions() {
            assert_eq!(action, expected, "{place}");
        }
    }

    /// The candidate's weights over time: those of this group, each once, wherever it was listed.
    pub(crate) fn weights_of(&self, group: &str) -> Vec<u64> {
        let mut weights: Vec<u64> = list(&self.0, "/weights")
            .iter()
            .flat_map(|written| list(written, "/weights"))
            .filter(|pair| pair[0] == group)
            .map(|pair| pair[1].as_u64().expect("a number"))
            .collect();
        weights.dedup();
        weights
    }

    /// Every split that was ever written, where and when.
    pub(crate) fn splits(&self) -> Vec<Value> {
        list(&self.0, "/weights").to_vec()
    }

    /// The tasks of an ECS service that are not to stop.
    pub(crate) fn tasks(&self, service: &str) -> usize {
        let group = format!("service:{service}");
        list(&self.0, "/ecs/tasks").iter().filter(|task| task["group"] == *group && task["desiredStatus"] == "RUNNING").count()
    }

    /// How many tasks there are that have not stopped and whose `startedBy` begins so.
    pub(crate) fn started_by(&self, name: &str) -> usize {
        list(&self.0, "/ecs/tasks").iter().filter(|task| text(task, "/startedBy").starts_with(name)).count()
    }

    /// An ECS service's `desiredCount`; none where there is no such service.
    pub(crate) fn desired(&self, service: &str) -> Option<u64> {
        list(&self.0, "/ecs/services").iter().find(|found| found["serviceName"] == service)?["desiredCount"].as_u64()
    }

    /// `family:revision` that an ECS service is to run.
    pub(crate) fn revision(&self, service: &str) -> String {
        let services = list(&self.0, "/ecs/services");
        let service = services.iter().find(|found| found["serviceName"] == service).expect("such a service");
        text(service, "/taskDefinition").rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The value of all tags whose names start so, joined: records are split over several.
    pub(crate) fn record(&self) -> String {
        let mut parts = BTreeMap::new();
        for service in list(&self.0, "/lattice/services") {
            for listener in list(service, "/listeners") {
                for holder in list(listener, "/rules").iter().chain([listener]) {
                    for (name, value) in holder["tags"].as_object().into_iter().flatten() {
                        if let Some(Ok(part)) = name.strip_prefix("espalier:record.").map(str::parse::<u32>) {
                            parts.insert(part, value.as_str().unwrap_or_default().to_owned());
                        }
                    }
                }
            }
        }
        parts.into_values().collect()
    }

    /// Every call to AWS, in their order.
    pub(crate) fn calls(&self) -> Vec<String> {
        list(&self.0, "/log").iter().map(|line| text(line, "/what")).filter(|what| what.contains(':')).collect()
    }

    /// The calls that change something in AWS, in their order.
    pub(crate) fn writes(&self) -> Vec<String> {
        let reading = ["Get", "List", "Describe"];
        list(&self.0, "/log")
            .iter()
            .map(|line| text(line, "/what"))
            .filter(|what| {
                what.split_once(':').is_some_and(|(service, operation)| {
                    matches!(service, "ecs" | "vpc-lattice") && !reading.iter().any(|word| operation.starts_with(word))
                })
            })
            .collect()
    }

    /// When an operation of AWS's was called, in milliseconds.
    pub(crate) fn times_of(&self, operation: &str) -> Vec<u64> {
        let called = list(&self.0, "/log").iter().filter(|line| text(line, "/what").rsplit(':').next() == Some(operation));
        let times: Vec<u64> = called.filter_map(|line| line["at"].as_u64()).collect();
        assert!(!times.is_empty(), "{operation} was called");
        times
    }

    /// What happened, in order.
    pub(crate) fn log(&self) -> &[Value] {
        list(&self.0, "/log")
    }

    /// What scales an ECS service by itself: bounds, what is suspended, names of policies and scheduled actions.
    pub(crate) fn scaling(&self, service: &str) -> Option<Value> {
        let resource = format!("service/my-cluster/{service}");
        list(&self.0, "/scaling/targets").iter().find(|target| target["resource"] == *resource).cloned()
    }

    /// The names of Systems Manager's parameters.
    pub(crate) fn parameters(&self) -> Vec<Value> {
        list(&self.0, "/parameters").to_vec()
    }

    /// Whether the log has a line of this sort that says so.
    pub(crate) fn happened(&self, what: &str, said: &str) -> bool {
        list(&self.0, "/log").iter().any(|line| line["what"] == what && text(line, "/summary").contains(said))
    }

    /// Reactions to comments, in their order.
    pub(crate) fn reactions(&self) -> Vec<String> {
        list(&self.0, "/github/reactions").iter().map(|reaction| text(reaction, "/content")).collect()
    }

    /// The newest check run: status, conclusion, title.
    pub(crate) fn check(&self) -> (String, String, String) {
        let check = list(&self.0, "/github/check_runs").last().cloned().unwrap_or_default();
        (text(&check, "/status"), text(&check, "/conclusion"), text(&check, "/output/title"))
    }

    /// All that the newest check run says.
    pub(crate) fn check_text(&self) -> String {
        let check = list(&self.0, "/github/check_runs").last().cloned().unwrap_or_default();
        ["/output/title", "/output/summary", "/output/text"].map(|part| text(&check, part)).join("\n")
    }

    /// How many check runs were begun and not concluded.
    pub(crate) fn open_checks(&self) -> usize {
        list(&self.0, "/github/check_runs").iter().filter(|check| text(check, "/status") != "completed").count()
    }

    /// What the newest check run says of lines of files.
    pub(crate) fn annotations(&self) -> Vec<Value> {
        let check = list(&self.0, "/github/check_runs").last().cloned().unwrap_or_default();
        list(&check, "/annotations").to_vec()
    }

    /// The deployments, oldest first.
    pub(crate) fn deployments(&self) -> Vec<Value> {
        list(&self.0, "/github/deployments").to_vec()
    }

    /// What became of the deployment of a revision, oldest first.
    pub(crate) fn statuses_of(&self, revision: &str) -> Vec<String> {
        let deployments = self.deployments();
        let deployment = deployments.iter().find(|one| one["description"] == *revision).expect("such a deployment");
        let statuses = list(&self.0, "/github/deployment_statuses").iter();
        statuses.filter(|status| status["deployment"] == deployment["id"]).map(|status| text(status, "/state")).collect()
    }

    /// The bodies of the pull request's comments.
    pub(crate) fn comments(&self) -> Vec<String> {
        list(&self.0, "/github/comments").iter().map(|comment| text(comment, "/body")).collect()
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
