//! The resources of a config, read and written: one call, or the few that one reading takes. What to do about them is
//! [`crate::resources`]'s to say.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Aws, fault::Fault};
use crate::{
    resources::{
        Kind, Known, Life, Resource, Seen,
        compare::{self, Difference, Way},
        kind::Operations,
    },
    time::Timestamp,
};

const LATTICE: &str = "vpc-lattice";
/// The most targets of one call (service model).
const TARGETS_AT_ONCE: usize = 100;

impl Aws {
    /// A resource as it is now; none where it is not there. What it is in has to be known.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub async fn find_resource(&self, resource: &Resource, known: &Known, now: Timestamp) -> Result<Option<Seen>, Fault> {
        let wanted = resource.resolved(known);
        if !is_placed(resource.kind, &wanted) {
            return Ok(None);
        }
        let Some(operations) = resource.kind.operations() else { return self.find_beside(resource, &wanted, now).await };
        let found = match resource.kind {
            Kind::AuthPolicy => self.policy(&wanted, now).await,
            Kind::Targets => self.targets(&wanted, now).await.map(Some),
            Kind::Network
            | Kind::VpcAssociation
            | Kind::Service
            | Kind::ServiceAssociation
            | Kind::TargetGroup
            | Kind::Listener
            | Kind::Rule
            | Kind::AccessLog
            | Kind::Share
            | Kind::Alias
            | Kind::EcsService => self.listed(resource, operations, &wanted, now).await,
        };
        match found {
            // It went between the listing and the look at it.
            Err(fault) if fault.is_not_found() => Ok(None),
            found => found,
        }
    }

    async fn policy(&self, wanted: &Value, now: Timestamp) -> Result<Option<Seen>, Fault> {
        let input = json!({ "resourceIdentifier": wanted["resourceIdentifier"] });
        let attributes = self.calls.call(LATTICE, "GetAuthPolicy", &input, now).await?;
        let has = attributes["policy"].as_str().is_some_and(|policy| !policy.is_empty());
        Ok(has.then(|| Seen { attributes, ..Seen::default() }))
    }

    async fn targets(&self, wanted: &Value, now: Timestamp) -> Result<Seen, Fault> {
        let input = json!({ "targetGroupIdentifier": wanted["targetGroupIdentifier"] });
        let targets = self.calls.list(LATTICE, "ListTargets", &input, now).await?;
        // What is draining is not there any more, for whoever registers it; and still is, for whoever wants the group gone.
        let (draining, there): (Vec<Value>, Vec<Value>) = targets.into_iter().partition(|target| target["status"] == "DRAINING");
        let life = if there.is_empty() && !draining.is_empty() { Life::Going } else { Life::Active };
        Ok(Seen { attributes: json!({ "targets": there, "draining": draining.len() }), life, ..Seen::default() })
    }

    async fn listed(
        &self,
        resource: &Resource,
        operations: Operations,
        wanted: &Value,
        now: Timestamp,
    ) -> Result<Option<Seen>, Fault> {
        let within = |names: &[&str]| -> Value {
            names.iter().map(|name| ((*name).to_owned(), wanted[*name].clone())).collect::<serde_json::Map<_, _>>().into()
        };
        let scope = match resource.kind {
            Kind::Listener => within(&["serviceIdentifier"]),
            Kind::Rule => within(&["serviceIdentifier", "listenerIdentifier"]),
            // A VPC is in one service network at most: which one is asked of the VPC.
            Kind::VpcAssociation => within(&["vpcIdentifier"]),
            Kind::ServiceAssociation => within(&["serviceNetworkIdentifier", "serviceIdentifier"]),
            Kind::AccessLog => within(&["resourceIdentifier"]),
            Kind::Network
            | Kind::Service
            | Kind::TargetGroup
            | Kind::Targets
            | Kind::AuthPolicy
            | Kind::Share
            | Kind::Alias
            | Kind::EcsService => json!({}),
        };
        let items = self.calls.list(LATTICE, operations.list, &scope, now).await?;
        let is_it = |item: &&Value| match resource.kind {
            Kind::VpcAssociation | Kind::ServiceAssociation => true,
            Kind::AccessLog => item["destinationArn"] == resource.name,
            Kind::Network
            | Kind::Service
            | Kind::TargetGroup
            | Kind::Targets
            | Kind::Listener
            | Kind::Rule
            | Kind::AuthPolicy
            | Kind::Share
            | Kind::Alias
            | Kind::EcsService => ["name", "id", "arn"].into_iter().any(|member| item[member] == resource.name),
        };
        // One that is being taken away counts only when nothing else has its name.
        let is_going = |item: &&&Value| item["status"].as_str().is_some_and(|status| status == "DELETE_IN_PROGRESS");
        let named: Vec<&Value> = items.iter().filter(is_it).collect();
        let Some(item) = named.iter().find(|item| !is_going(item)).or_else(|| named.first()) else { return Ok(None) };
        self.look(resource.kind, operations, &scope, item, now).await.map(Some)
    }

    /// One that was listed, with all its members and tags.
    async fn look(&self, kind: Kind, operations: Operations, scope: &Value, item: &Value, now: Timestamp) -> Result<Seen, Fault> {
        let id = item["id"].as_str().unwrap_or_default().to_owned();
        let arn = item["arn"].as_str().unwrap_or_default().to_owned();
        let mut input = if matches!(kind, Kind::Listener | Kind::Rule) { scope.clone() } else { json!({}) };
        input[operations.identifier] = id.clone().into();
        let attributes = self.calls.call(LATTICE, operations.get, &input, now).await?;
        let tags = self.resource_tags(&arn, now).await?;
        Ok(Seen { life: life(&attributes), id, arn, tags, attributes, is_rolled_out: false })
    }

    async fn resource_tags(&self, arn: &str, now: Timestamp) -> Result<BTreeMap<String, String>, Fault> {
        let answer = self.calls.call(LATTICE, "ListTagsForResource", &json!({ "resourceArn": arn }), now).await?;
        let tags = answer["tags"].as_object().into_iter().flatten();
        Ok(tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect())
    }

    /// Makes it. `token` is the same for a repeated call.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub async fn make_resource(&self, resource: &Resource, known: &Known, token: &str, now: Timestamp) -> Result<(), Fault> {
        let mut input = resource.resolved(known);
        let Some(operations) = resource.kind.operations() else { return self.make_beside(resource, &input, token, now).await };
        match resource.kind {
            Kind::Targets => return self.register(&input, now).await,
            Kind::AuthPolicy => {}
            Kind::Network
            | Kind::VpcAssociation
            | Kind::Service
            | Kind::ServiceAssociation
            | Kind::TargetGroup
            | Kind::Listener
            | Kind::Rule
            | Kind::AccessLog
            | Kind::Share
            | Kind::Alias
            | Kind::EcsService => input["clientToken"] = token.into(),
        }
        self.calls.call(LATTICE, operations.create, &input, now).await.map(drop)
    }

    async fn register(&self, input: &Value, now: Timestamp) -> Result<(), Fault> {
        const OPERATION: &str = "RegisterTargets";
        let targets = input["targets"].as_array().cloned().unwrap_or_default();
        for targets in targets.chunks(TARGETS_AT_ONCE) {
            let input = json!({ "targetGroupIdentifier": input["targetGroupIdentifier"], "targets": targets });
            let answer = self.calls.call(LATTICE, OPERATION, &input, now).await?;
            refuse_unsuccessful(OPERATION, &answer)?;
        }
        Ok(())
    }

    /// Changes what differs.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub async fn change_resource(
        &self,
        resource: &Resource,
        seen: &Seen,
        known: &Known,
        differences: &[Difference],
        now: Timestamp,
    ) -> Result<(), Fault> {
        if resource.kind.operations().is_none() {
            return self.change_beside(resource, &resource.resolved(known), seen, now).await;
        }
        let tags: serde_json::Map<String, Value> = differences
            .iter()
            .filter(|difference| difference.way == Way::Tag)
            .filter_map(|difference| Some((difference.member.strip_prefix("tags.")?.to_owned(), difference.wanted.clone())))
            .collect();
        // Whose it is comes first: what follows may be interrupted.
        if !tags.is_empty() {
            self.calls.call(LATTICE, "TagResource", &json!({ "resourceArn": seen.arn, "tags": tags }), now).await?;
        }
        if !differences.iter().any(|difference| difference.way == Way::Update) {
            return Ok(());
        }
        let Some(update) = resource.kind.operations().and_then(|operations| operations.update) else { return Ok(()) };
        let input = compare::update(resource, seen, known, differences);
        if resource.kind == Kind::Targets {
            return self.register(&input, now).await;
        }
        self.calls.call(LATTICE, update, &input, now).await.map(drop)
    }

    /// Takes it away. One that is gone is as wanted.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub async fn take_resource(&self, resource: &Resource, seen: &Seen, known: &Known, now: Timestamp) -> Result<(), Fault> {
        let wanted = resource.resolved(known);
        let Some(operations) = resource.kind.operations() else { return self.take_beside(resource, &wanted, seen, now).await };
        let mut input = json!({});
        match resource.kind {
            Kind::Targets => {
                for targets in seen.attributes["targets"].as_array().cloned().unwrap_or_default().chunks(TARGETS_AT_ONCE) {
                    let targets: Vec<Value> = targets.iter().map(|it| json!({ "id": it["id"], "port": it["port"] })).collect();
                    let input = json!({ "targetGroupIdentifier": wanted["targetGroupIdentifier"], "targets": targets });
                    let answer = self.calls.call(LATTICE, operations.delete, &input, now).await?;
                    refuse_unsuccessful(operations.delete, &answer)?;
                }
                return Ok(());
            }
            Kind::AuthPolicy => input["resourceIdentifier"] = wanted["resourceIdentifier"].clone(),
            Kind::Listener | Kind::Rule => {
                for name in ["serviceIdentifier", "listenerIdentifier"] {
                    if !wanted[name].is_null() {
                        input[name] = wanted[name].clone();
                    }
                }
                input[operations.identifier] = seen.id.clone().into();
            }
            Kind::Network
            | Kind::VpcAssociation
            | Kind::Service
            | Kind::ServiceAssociation
            | Kind::TargetGroup
            | Kind::AccessLog
            | Kind::Share
            | Kind::Alias
            | Kind::EcsService => input[operations.identifier] = seen.id.clone().into(),
        }
        match self.calls.call(LATTICE, operations.delete, &input, now).await {
            Err(fault) if fault.is_not_found() => Ok(()),
            answer => answer.map(drop),
        }
    }
}

impl Aws {
    /// An ECS service with its tags; none where it is not there, or gone.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub async fn find_ecs_service(&self, cluster: &str, name: &str, now: Timestamp) -> Result<Option<Seen>, Fault> {
        let input = json!({ "cluster": cluster, "services": [name], "include": ["TAGS"] });
        let answer = self.calls.call("ecs", "DescribeServices", &input, now).await?;
        let Some(service) = answer["services"].get(0) else { return Ok(None) };
        let life = match service["status"].as_str().unwrap_or_default() {
            "INACTIVE" => return Ok(None),
            "DRAINING" => Life::Going,
            _ => Life::Active,
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tags = service["tags"].as_array().into_iter().flatten().map(|tag| (text(&tag["key"]), text(&tag["value"]))).collect();
        let arn = text(&service["serviceArn"]);
        let attributes = json!({ "deployments": service["deployments"] });
        Ok(Some(Seen { id: arn.clone(), arn, life, attributes, tags, is_rolled_out: false }))
    }

    /// Deletes an ECS service with its tasks.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub async fn take_ecs_service(&self, cluster: &str, name: &str, now: Timestamp) -> Result<(), Fault> {
        let input = json!({ "cluster": cluster, "service": name, "force": true });
        match self.calls.call("ecs", "DeleteService", &input, now).await {
            Err(fault) if fault.is_not_found() => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// Lets a listener's default action answer 404, so that requests which no rule takes reach no target group.
    ///
    /// # Errors
    /// AWS's refusal, or no answer.
    pub async fn quiet_listener(&self, listener: &Resource, seen: &Seen, known: &Known, now: Timestamp) -> Result<(), Fault> {
        let input = json!({
            "serviceIdentifier": listener.resolved(known)["serviceIdentifier"], "listenerIdentifier": seen.id,
            "defaultAction": { "fixedResponse": { "statusCode": 404 } },
        });
        self.calls.call(LATTICE, "UpdateListener", &input, now).await.map(drop)
    }
}

/// Whether what it is in is known. What is not known is not there.
fn is_placed(kind: Kind, wanted: &Value) -> bool {
    let within: &[&str] = match kind {
        Kind::Listener => &["serviceIdentifier"],
        Kind::Rule => &["serviceIdentifier", "listenerIdentifier"],
        Kind::ServiceAssociation => &["serviceNetworkIdentifier", "serviceIdentifier"],
        Kind::AccessLog | Kind::AuthPolicy => &["resourceIdentifier"],
        Kind::Targets => &["targetGroupIdentifier"],
        // An alias may outlive its service.
        Kind::Network
        | Kind::VpcAssociation
        | Kind::Service
        | Kind::TargetGroup
        | Kind::Share
        | Kind::Alias
        | Kind::EcsService => &[],
    };
    within.iter().all(|name| !wanted[*name].as_str().is_some_and(|text| text.starts_with('@')))
}

fn life(attributes: &Value) -> Life {
    match attributes["status"].as_str().unwrap_or("ACTIVE") {
        "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" => Life::Changing,
        "DELETE_IN_PROGRESS" => Life::Going,
        "CREATE_FAILED" => Life::Failed(attributes["failureMessage"].as_str().unwrap_or("AWS does not say why").to_owned()),
        // A deletion that failed may be tried again; a change that failed left what was there (API reference).
        _ => Life::Active,
    }
}

/// Some of the targets were refused, in an answer that is otherwise a success.
fn refuse_unsuccessful(operation: &'static str, answer: &Value) -> Result<(), Fault> {
    match answer["unsuccessful"].as_array().and_then(|refused| refused.first()) {
        None => Ok(()),
        Some(first) => {
            let message =
                format!("{}: {}", first["id"].as_str().unwrap_or_default(), first["failureMessage"].as_str().unwrap_or_default());
            Err(Fault::item(operation, first["failureCode"].as_str(), &message))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Life, life};

    /// The Gateway API Controller takes what could not be made for made.
    #[test]
    fn lattice_2_what_could_not_be_made_is_neither_there_nor_waited_for() {
        let told = |status: &str| life(&json!({ "status": status, "failureMessage": "no capacity" }));
        assert_eq!(told("CREATE_FAILED"), Life::Failed("no capacity".to_owned()));
        assert_eq!(["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"].map(told), [Life::Changing, Life::Changing]);
        assert_eq!((told("DELETE_IN_PROGRESS"), told("ACTIVE")), (Life::Going, Life::Active));
        assert_eq!(life(&json!({})), Life::Active, "what has no status has none to wait for");
    }
}
