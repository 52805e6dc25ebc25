//! Every kind of finding. Codes are relied on: one never changes its name or its meaning.

macro_rules! codes {
    ($($variant:ident $name:literal $about:literal)*) => {
        /// A kind of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $about] $variant,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name, as reports and annotations have it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it is about.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }
        }
    };
}

codes! {
    Config "config" "A flag, a variable or the config is wrong"
    Definition "definition" "A definition is not what ECS takes, cannot be made to be the slot's, or lacks a container that a hook is to run"
    NotChecked "not-checked" "Something could not be checked, because of another finding or because it could not be read"
    Credentials "credentials" "AWS cannot be asked: no region, no credentials, or a role that cannot be assumed"
    PermissionDenied "permission-denied" "The role may not do something that a release does"
    PermissionUnknown "permission-unknown" "Whether the role may do something depends on conditions that cannot be known beforehand"
    PermissionsUnchecked "permissions-unchecked" "The role may not ask IAM what it may do"
    AwsRefused "aws-refused" "AWS refused a call, or did not answer"
    NotFound "not-found" "Nothing has the name, id, ARN or tag that was given"
    Malformed "malformed-name" "What was given can be no name, id or ARN"
    Ambiguous "ambiguous-name" "Several things have the name or tag that was given"
    OtherAccount "other-account" "Something lies in another account or region than the rest"
    ServiceState "lattice-service-state" "The Lattice service is not active, or has no address"
    ServiceNetwork "service-network" "No client can reach the Lattice service: it is in no service network that works"
    SecurityGroup "security-group" "Security groups are not there, or keep VPC Lattice from the tasks, or clients from VPC Lattice"
    Split "weights-split" "A traffic target splits its traffic already, and no record says why"
    ThirdGroup "third-group" "A target group that is in neither slot gets traffic"
    UnknownAction "unknown-action" "A traffic target does something that could not be put back"
    Disagree "slots-disagree" "Traffic targets do not agree about which slot serves"
    Nowhere "nothing-forwards" "No traffic target forwards to either slot"
    LeftBehind "left-behind" "A traffic target that does not move sends requests to a slot"
    NotMoving "not-moving" "A traffic target that `rules` names sends nothing to either slot, and would not move"
    StableService "stable-ecs-service" "The slot that serves has no ECS service of the name that the config gives"
    UnderWay "rollout-under-way" "Another rollout is under way, held or stuck on the same traffic targets"
    ManagedByEcs "managed-by-ecs" "ECS moves these weights by itself"
    NoHealthCheck "no-health-check" "A target group has no health check: nothing would tell a good candidate from a bad one"
    WeakHealthCheck "weak-health-check" "A target group's health check says little, or says it late"
    GroupState "target-group-state" "A target group cannot be used: it is not active, or not what ECS registers tasks in"
    GroupsDiffer "target-groups-differ" "The two slots' target groups treat requests differently"
    TooManyGroups "too-many-groups" "A traffic target lists as many target groups as Lattice takes"
    TooFewTags "too-few-tags" "There is no room for the rollout's record in tags"
    TestRule "test-rule" "There is no room for the test rule, or its listener takes no rules"
    Quota "quota" "A quota of VPC Lattice is reached, or nearly"
    RoleMissing "infrastructure-role-missing" "There is no such infrastructure role"
    RoleTrust "infrastructure-role-trust" "The infrastructure role does not trust ECS"
    RolePermissions "infrastructure-role-permissions" "The infrastructure role may not register or deregister targets"
    MetricUnknown "metric-unknown" "A metric that Lattice does not publish for target groups"
    MetricUnpublished "metric-unpublished" "A metric of which there is nothing: no traffic yet, a protocol that has none, or dimensions of nothing"
    MetricUnreadable "metric-unreadable" "CloudWatch does not answer what the config asks"
    AlarmMissing "alarm-missing" "There is no such alarm"
    AlarmOn "alarm-on" "An alarm is on already"
    Autoscaling "autoscaling" "What scales the service by itself cannot be read or held, or differs between the slots"
    GitHubPermission "github-permission" "The token may not write a report that is wanted"
    GitHubUnreachable "github-unreachable" "GitHub refuses the token, or does not answer"
    TerraformWeights "terraform-owns-weights" "Terraform would write the weights back at its next run"
    TerraformService "terraform-owns-service" "Terraform would write size, task definition or target group of an ECS service back"
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Code;

    #[test]
    fn codes_are_kebab_case_and_each_its_own() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        let is_kebab = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') && !name.starts_with('-');
        assert!(names.iter().all(|name| is_kebab(name)), "{names:?}");
        assert!(Code::ALL.iter().all(|code| !code.about().ends_with('.')));
    }
}
