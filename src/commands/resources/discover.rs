//! What is in our service and network that the config does not declare: it goes with them when it is ours, and keeps them when it is
//! somebody else's.

use serde_json::{Value, json};

use super::survey::{Survey, Work};
use crate::{
    exit::Error,
    resources::{Kind, Resource},
};

/// One that was found: where it would stand in the config, what it is, and what it is in.
fn found(address: &str, kind: Kind, item: &Value, needs: &[&str], wanted: Value) -> Resource {
    let text = |member: &str| item[member].as_str().unwrap_or_default();
    let name = match kind {
        Kind::VpcAssociation => text("vpcId"),
        Kind::ServiceAssociation => text("serviceName"),
        Kind::Network
        | Kind::Service
        | Kind::TargetGroup
        | Kind::Targets
        | Kind::Listener
        | Kind::Rule
        | Kind::AccessLog
        | Kind::AuthPolicy
        | Kind::Share
        | Kind::Alias
        | Kind::EcsService => text("name"),
    };
    Resource {
        address: format!("{address}.({name})"),
        kind,
        name: if kind == Kind::ServiceAssociation {
            format!("{name} in {}", text("serviceNetworkName"))
        } else {
            name.to_owned()
        },
        from: "AWS".to_owned(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        is_external: false,
        wanted,
    }
}

impl Work<'_> {
    /// Adds what is not declared to what is, and to what was seen.
    pub(super) async fn discover(&self, resources: &mut Vec<Resource>, survey: &mut Survey) -> Result<(), Error> {
        let id = |survey: &Survey, address: &str| survey.known.get(address).map(|(id, _)| id.clone());
        let list = async |operation: &'static str, input: Value| {
            self.patiently(async || self.aws.calls.list("vpc-lattice", operation, &input, self.clock.now()).await).await
        };
        let mut more = Vec::new();
        let is_declared = |resources: &[Resource], survey: &Survey, item: &Value| {
            resources.iter().any(|resource| survey.seen.get(&resource.address).is_some_and(|seen| seen.arn == item["arn"]))
        };
        if let Some(network) = id(survey, "network").filter(|_| is_ours(resources, "network")) {
            let scope = json!({ "serviceNetworkIdentifier": network });
            for (operation, kind, at) in [
                ("ListServiceNetworkVpcAssociations", Kind::VpcAssociation, "network.vpcs"),
                ("ListServiceNetworkServiceAssociations", Kind::ServiceAssociation, "network.services"),
            ] {
                for item in list(operation, scope.clone()).await? {
                    if !is_declared(resources, survey, &item) && item["status"] != "DELETE_IN_PROGRESS" {
                        let wanted = json!({ "vpcIdentifier": item["vpcId"], "serviceNetworkIdentifier": network, "serviceIdentifier": item["serviceId"] });
                        more.push(found(at, kind, &item, &["network"], wanted));
                    }
                }
            }
        }
        if let Some(service) = id(survey, "service").filter(|_| is_ours(resources, "service")) {
            let scope = json!({ "serviceIdentifier": service });
            for item in list("ListServiceNetworkServiceAssociations", scope.clone()).await? {
                if !is_declared(resources, survey, &item) && item["status"] != "DELETE_IN_PROGRESS" {
                    let wanted = json!({ "serviceNetworkIdentifier": item["serviceNetworkId"], "serviceIdentifier": service });
                    more.push(found("service.networks", Kind::ServiceAssociation, &item, &["service"], wanted));
                }
            }
            for item in list("ListListeners", scope.clone()).await? {
                let declared = resources
                    .iter()
                    .find(|it| survey.seen.get(&it.address).is_some_and(|seen| seen.arn == item["arn"]))
                    .map(|it| it.address.clone());
                let listener = item["id"].clone();
                let address = match declared {
                    Some(address) => address,
                    None => {
                        let one =
                            found("listeners", Kind::Listener, &item, &["service"], json!({ "serviceIdentifier": service }));
                        let address = one.address.clone();
                        more.push(one);
                        address
                    }
                };
                let scope = json!({ "serviceIdentifier": service, "listenerIdentifier": listener });
                for rule in list("ListRules", scope.clone()).await? {
                    if rule["isDefault"] != true && !is_declared(resources, survey, &rule) {
                        more.push(found(&format!("{address}.rules"), Kind::Rule, &rule, &["service", &address], scope.clone()));
                    }
                }
            }
        }
        for resource in &more {
            let seen = self.patiently(async || self.find(resource, &survey.known).await).await?;
            survey.note(&resource.address, seen);
        }
        for resource in &mut more {
            // What it forwards to is needed by it.
            let text = survey.seen.get(&resource.address).map(|seen| seen.attributes.to_string()).unwrap_or_default();
            let groups = resources.iter().filter(|other| other.kind == Kind::TargetGroup);
            let used = groups.filter(|group| id(survey, &group.address).is_some_and(|id| text.contains(&id)));
            resource.needs.extend(used.map(|group| group.address.clone()).collect::<Vec<_>>());
        }
        resources.append(&mut more);
        Ok(())
    }
}

fn is_ours(resources: &[Resource], address: &str) -> bool {
    resources.iter().any(|resource| resource.address == address && !resource.is_external)
}
