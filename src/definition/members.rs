//! Which members ECS takes and which it only prints, read from its service model.

use std::collections::BTreeMap;

use crate::models::{self, Member};

/// Members that the request sets itself.
const OURS: [&str; 7] =
    ["cluster", "service", "serviceName", "taskDefinition", "desiredCount", "clientToken", "forceNewDeployment"];

/// What a member of a service or task definition is to ECS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Sent.
    Taken,
    /// Sent when the service is created, and only then.
    OnlyAtCreation,
    /// Set by us, whatever the definition says.
    Ours,
    /// Printed by ECS's describe operations, and taken by none.
    Printed,
    /// No member at all.
    Unknown,
}

/// What a member of a service definition is.
pub(super) fn of_service(name: &str) -> Use {
    // `failures` stands beside what describe-services prints; the singular is written by hand, and translated when it is patched.
    let printed = ["failures", "vpcLatticeConfiguration"].contains(&name);
    if OURS.contains(&name) {
        Use::Ours
    } else if has("UpdateServiceRequest", name) {
        Use::Taken
    } else if has("CreateServiceRequest", name) {
        Use::OnlyAtCreation
    } else if printed || has("Service", name) {
        Use::Printed
    } else {
        Use::Unknown
    }
}

/// What a member of a task definition is.
pub(super) fn of_task_definition(name: &str) -> Use {
    if has("RegisterTaskDefinitionRequest", name) {
        Use::Taken
    } else if has("TaskDefinition", name) {
        Use::Printed
    } else {
        Use::Unknown
    }
}

/// Whether a member of either definition is sent to ECS: not one that it only prints, or that is ours to set.
pub(super) fn is_sent(name: &str) -> bool {
    name == "desiredCount"
        || matches!(of_service(name), Use::Taken | Use::OnlyAtCreation)
        || of_task_definition(name) == Use::Taken
}

/// The members that a service definition may have.
pub(super) fn service() -> impl Iterator<Item = &'static str> {
    members("CreateServiceRequest").chain(members("UpdateServiceRequest")).filter(|name| !OURS.contains(name))
}

/// The members that a task definition may have.
pub(super) fn task_definition() -> impl Iterator<Item = &'static str> {
    members("RegisterTaskDefinitionRequest")
}

fn has(shape: &str, name: &str) -> bool {
    map(shape).is_some_and(|members| members.contains_key(name))
}

fn members(shape: &str) -> impl Iterator<Item = &'static str> + use<> {
    map(shape).into_iter().flatten().map(|(name, _)| name.as_str())
}

/// The members of a structure; there is every one that is named here, a test holds.
fn map(shape: &str) -> Option<&'static BTreeMap<String, Member>> {
    Some(&models::service("ecs")?.shape(shape)?.members)
}

#[cfg(test)]
mod tests {
    use super::{Use, of_service, of_task_definition, service, task_definition};

    #[test]
    fn the_model_says_what_is_taken_and_what_is_printed() {
        let table = [
            ("vpcLatticeConfigurations", Use::Taken),
            ("deploymentController", Use::Taken),
            ("launchType", Use::OnlyAtCreation),
            ("tags", Use::OnlyAtCreation),
            ("desiredCount", Use::Ours),
            ("runningCount", Use::Printed),
            ("failures", Use::Printed),
            ("vpcLatticeConfiguration", Use::Printed),
            ("netwrokConfiguration", Use::Unknown),
        ];
        for (name, wanted) in table {
            assert_eq!(of_service(name), wanted, "{name}");
        }
        assert_eq!(of_task_definition("containerDefinitions"), Use::Taken);
        assert_eq!(of_task_definition("revision"), Use::Printed);
        assert_eq!(of_task_definition("service"), Use::Unknown);
        assert!(service().any(|name| name == "monitoring") && !service().any(|name| name == "cluster"));
        assert!(task_definition().any(|name| name == "runtimePlatform"));
    }
}
