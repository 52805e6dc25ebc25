//! Which actions an operation needs, and on what: one row for each operation that is emulated.
//!
//! From AWS's service authorization reference (docs.aws.amazon.com/service-authorization, pages `list_vpc-lattice`, `list_ecs`,
//! `list_application-autoscaling`, `list_cloudwatch`, `list_ssm`, `list_iam`, `list_ram`, `list_route53`, read 2026-11). Where a resource does not exist yet, its id is `*`.

use super::resources::Resource::{self, Any, Given, Kind, Owner, Path, Role};

/// What an operation needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    /// The action without its prefix; the operation's own name but for a few.
    pub(super) action: &'static str,
    /// What it is needed on; each of them.
    pub(super) resources: &'static [Resource],
    /// Members that name a role (`a[].b` goes through lists) with the service that the role is passed to.
    pub(super) passes: &'static [(&'static str, &'static str)],
    /// Actions of other services that the service does in the caller's name, with the member that causes it (`a[].b` goes through
    /// lists; after a blank, what its text begins with); empty is always.
    pub(super) looks_up: &'static [(&'static str, &'static str)],
    /// The action that tags what is created.
    pub(super) tagging: &'static str,
    /// On what, where creating it knows no resources; else on the last of them.
    pub(super) tagged: &'static [Resource],
}

impl Row {
    /// Its action with each resource, as the authorization reference writes it.
    pub(crate) fn needs(&self) -> impl Iterator<Item = (String, String)> {
        let action = format!("{}:{}", self.service, self.action);
        self.resources.iter().map(move |resource| (action.clone(), resource.to_string()))
    }

    /// The members whose roles are passed on, with the service that gets them.
    pub(crate) fn passed(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.passes.iter().copied()
    }

    /// The actions of other services that it does in the caller's name.
    pub(crate) fn looked_up(&self) -> impl Iterator<Item = &'static str> {
        self.looks_up.iter().map(|(action, _)| *action)
    }

    const fn passing(self, passes: &'static [(&'static str, &'static str)]) -> Self {
        Self { passes, ..self }
    }

    const fn looking_up(self, looks_up: &'static [(&'static str, &'static str)]) -> Self {
        Self { looks_up, ..self }
    }

    const fn as_action(self, action: &'static str) -> Self {
        Self { action, ..self }
    }

    const fn tagging(self, tagging: &'static str) -> Self {
        Self { tagging, ..self }
    }

    const fn tagged(self, tagged: &'static [Resource]) -> Self {
        Self { tagged, ..self }
    }
}

const fn row(service: &'static str, operation: &'static str, resources: &'static [Resource]) -> Row {
    Row { service, operation, action: operation, resources, passes: &[], looks_up: &[], tagging: "TagResource", tagged: &[] }
}

const fn lattice(operation: &'static str, resources: &'static [Resource]) -> Row {
    row("vpc-lattice", operation, resources)
}

const fn ecs(operation: &'static str, resources: &'static [Resource]) -> Row {
    row("ecs", operation, resources)
}

const SERVICE: &[Resource] = &[Path("service/{serviceIdentifier}")];
const LISTENER: &[Resource] = &[Path("service/{serviceIdentifier}/listener/{listenerIdentifier}")];
const RULE: &[Resource] = &[Path("service/{serviceIdentifier}/listener/{listenerIdentifier}/rule/{ruleIdentifier}")];
const GROUP: &[Resource] = &[Path("targetgroup/{targetGroupIdentifier}")];
const NETWORK: &[Resource] = &[Path("servicenetwork/{serviceNetworkIdentifier}")];
const SERVICE_ASSOCIATION: &[Resource] = &[Path("servicenetworkserviceassociation/{serviceNetworkServiceAssociationIdentifier}")];
const VPC_ASSOCIATION: &[Resource] = &[Path("servicenetworkvpcassociation/{serviceNetworkVpcAssociationIdentifier}")];
const SUBSCRIPTION: &[Resource] = &[Path("accesslogsubscription/{accessLogSubscriptionIdentifier}")];
const POLICY_OF: &[Resource] = &[Kind("resourceIdentifier")];
/// What registering looks at: where the target is, and what it is.
const TARGETS: &[(&str, &str)] = &[
    ("ec2:DescribeVpcs", ""),
    ("ec2:DescribeSubnets", ""),
    ("ec2:DescribeInstances", "targets[].id i-"),
    ("elasticloadbalancing:DescribeLoadBalancers", "targets[].id arn:aws:elasticloadbalancing:"),
];
/// Access logs are CloudWatch Logs' deliveries, whatever they are delivered to.
const DELIVERS: &[(&str, &str)] = &[("logs:CreateLogDelivery", ""), ("logs:GetLogDelivery", "")];
const REDELIVERS: &[(&str, &str)] = &[("logs:UpdateLogDelivery", ""), ("logs:GetLogDelivery", "")];
const DELIVERS_NO_MORE: &[(&str, &str)] = &[("logs:DeleteLogDelivery", ""), ("logs:GetLogDelivery", "")];

const TO_ECS: &[(&str, &str)] = &[
    ("role", "ecs.amazonaws.com"),
    ("vpcLatticeConfigurations[].roleArn", "ecs.amazonaws.com"),
    ("vpcLatticeConfigurations[].advancedConfiguration.roleArn", "ecs.amazonaws.com"),
    ("loadBalancers[].advancedConfiguration.roleArn", "ecs.amazonaws.com"),
    ("deploymentConfiguration.lifecycleHooks[].roleArn", "ecs.amazonaws.com"),
    ("volumeConfigurations[].managedEBSVolume.roleArn", "ecs.amazonaws.com"),
];
const TO_TASKS: &[(&str, &str)] = &[("taskRoleArn", "ecs-tasks.amazonaws.com"), ("executionRoleArn", "ecs-tasks.amazonaws.com")];
const SHARE: &[Resource] = &[Given("resourceShareArn")];
const ZONE: &[Resource] = &[Path("hostedzone/{HostedZoneId}")];
const ECS_SERVICE: &[Resource] = &[Path("service/{cluster}/{service}")];

/// Every operation's row.
pub(crate) const ROWS: &[Row] = &[
    lattice("CreateServiceNetwork", &[Path("servicenetwork/*")]),
    lattice("GetServiceNetwork", NETWORK),
    lattice("ListServiceNetworks", &[Any]),
    lattice("UpdateServiceNetwork", NETWORK),
    lattice("DeleteServiceNetwork", NETWORK),
    lattice("CreateService", &[Path("service/*")]),
    lattice("GetService", SERVICE),
    lattice("ListServices", &[Any]),
    lattice("UpdateService", SERVICE),
    lattice("DeleteService", SERVICE),
    lattice("CreateListener", &[Path("service/{serviceIdentifier}/listener/*")]),
    lattice("GetListener", LISTENER),
    lattice("ListListeners", &[Any]),
    lattice("UpdateListener", LISTENER),
    lattice("DeleteListener", LISTENER),
    lattice("CreateRule", &[Path("service/{serviceIdentifier}/listener/{listenerIdentifier}/rule/*")]),
    lattice("GetRule", RULE),
    lattice("ListRules", &[Any]),
    lattice("UpdateRule", RULE),
    // "Required permissions: vpc-lattice:UpdateRule" (service model).
    lattice(
        "BatchUpdateRule",
        &[Path("service/{serviceIdentifier}/listener/{listenerIdentifier}/rule/{rules[].ruleIdentifier}")],
    )
    .as_action("UpdateRule"),
    lattice("DeleteRule", RULE),
    lattice("CreateTargetGroup", &[Path("targetgroup/*")]).looking_up(&[("ec2:DescribeVpcs", "config.vpcIdentifier")]),
    lattice("GetTargetGroup", GROUP),
    lattice("ListTargetGroups", &[Any]),
    lattice("UpdateTargetGroup", GROUP),
    lattice("DeleteTargetGroup", GROUP),
    lattice("RegisterTargets", GROUP).looking_up(TARGETS),
    lattice("ListTargets", GROUP),
    lattice("DeregisterTargets", GROUP),
    lattice(
        "CreateServiceNetworkServiceAssociation",
        &[
            Path("service/{serviceIdentifier}"),
            Path("servicenetwork/{serviceNetworkIdentifier}"),
            Path("servicenetworkserviceassociation/*"),
        ],
    ),
    lattice("GetServiceNetworkServiceAssociation", SERVICE_ASSOCIATION),
    lattice("ListServiceNetworkServiceAssociations", &[Any]),
    lattice("DeleteServiceNetworkServiceAssociation", SERVICE_ASSOCIATION),
    lattice(
        "CreateServiceNetworkVpcAssociation",
        &[Path("servicenetwork/{serviceNetworkIdentifier}"), Path("servicenetworkvpcassociation/*")],
    )
    .looking_up(&[("ec2:DescribeVpcs", ""), ("ec2:DescribeSecurityGroups", "securityGroupIds")]),
    lattice("GetServiceNetworkVpcAssociation", VPC_ASSOCIATION),
    lattice("ListServiceNetworkVpcAssociations", &[Any]),
    lattice("UpdateServiceNetworkVpcAssociation", VPC_ASSOCIATION)
        .looking_up(&[("ec2:DescribeSecurityGroups", "securityGroupIds")]),
    lattice("DeleteServiceNetworkVpcAssociation", VPC_ASSOCIATION),
    lattice("CreateAccessLogSubscription", &[Path("accesslogsubscription/*"), Kind("resourceIdentifier")]).looking_up(DELIVERS),
    lattice("GetAccessLogSubscription", SUBSCRIPTION),
    lattice("ListAccessLogSubscriptions", &[Any]),
    lattice("UpdateAccessLogSubscription", SUBSCRIPTION).looking_up(REDELIVERS),
    lattice("DeleteAccessLogSubscription", SUBSCRIPTION).looking_up(DELIVERS_NO_MORE),
    lattice("PutAuthPolicy", POLICY_OF),
    lattice("GetAuthPolicy", POLICY_OF),
    lattice("DeleteAuthPolicy", POLICY_OF),
    lattice("PutResourcePolicy", &[Given("resourceArn")]),
    lattice("GetResourcePolicy", &[Given("resourceArn")]),
    lattice("DeleteResourcePolicy", &[Given("resourceArn")]),
    lattice("TagResource", &[Given("resourceArn")]),
    lattice("UntagResource", &[Given("resourceArn")]),
    lattice("ListTagsForResource", &[Any]),
    ecs("CreateCluster", &[Path("cluster/{clusterName}")]),
    ecs("DescribeClusters", &[Path("cluster/{clusters[]}")]),
    ecs("ListClusters", &[Any]),
    ecs("DeleteCluster", &[Path("cluster/{cluster}")]),
    ecs("RegisterTaskDefinition", &[Path("task-definition/{family}:*")]).passing(TO_TASKS),
    ecs("DescribeTaskDefinition", &[Any]),
    ecs("ListTaskDefinitions", &[Any]),
    ecs("ListTaskDefinitionFamilies", &[Any]),
    ecs("DeregisterTaskDefinition", &[Any]),
    ecs("DeleteTaskDefinitions", &[Path("task-definition/{taskDefinitions[]}")]),
    ecs("CreateService", &[Path("service/{cluster}/{serviceName}")]).passing(TO_ECS),
    ecs("DescribeServices", &[Path("service/{cluster}/{services[]}")]),
    ecs("ListServices", &[Any]),
    ecs("UpdateService", ECS_SERVICE).passing(TO_ECS),
    ecs("DeleteService", ECS_SERVICE),
    ecs("RunTask", &[Path("task-definition/{taskDefinition}")]).passing(&[
        ("overrides.taskRoleArn", "ecs-tasks.amazonaws.com"),
        ("overrides.executionRoleArn", "ecs-tasks.amazonaws.com"),
    ]),
    ecs("StopTask", &[Path("task/{cluster}/{task}")]),
    ecs("DescribeTasks", &[Path("task/{cluster}/{tasks[]}")]),
    ecs("ListTasks", &[Path("container-instance/{cluster}/*")]),
    ecs("ListServiceDeployments", ECS_SERVICE),
    ecs("DescribeServiceDeployments", &[Owner("serviceDeploymentArns"), Given("serviceDeploymentArns")]),
    ecs("StopServiceDeployment", &[Owner("serviceDeploymentArn"), Given("serviceDeploymentArn")]),
    // Not on the reference's page yet; taken to be as StopServiceDeployment is.
    ecs("ContinueServiceDeployment", &[Owner("serviceDeploymentArn"), Given("serviceDeploymentArn")]),
    ecs("DescribeServiceRevisions", &[Owner("serviceRevisionArns"), Given("serviceRevisionArns")]),
    ecs("TagResource", &[Given("resourceArn")]),
    ecs("UntagResource", &[Given("resourceArn")]),
    ecs("ListTagsForResource", &[Given("resourceArn")]),
    row("application-autoscaling", "RegisterScalableTarget", &[Path("scalable-target/*")])
        .passing(&[("RoleARN", "application-autoscaling.amazonaws.com")]),
    row("application-autoscaling", "DescribeScalableTargets", &[Any]),
    row("application-autoscaling", "DeregisterScalableTarget", &[Path("scalable-target/*")]),
    row("application-autoscaling", "PutScalingPolicy", &[Path("scalable-target/*")]),
    row("application-autoscaling", "DescribeScalingPolicies", &[Any]),
    row("application-autoscaling", "DeleteScalingPolicy", &[Path("scalable-target/*")]),
    row("application-autoscaling", "PutScheduledAction", &[Path("scalable-target/*")]),
    row("application-autoscaling", "DescribeScheduledActions", &[Any]),
    row("application-autoscaling", "DeleteScheduledAction", &[Path("scalable-target/*")]),
    row("application-autoscaling", "DescribeScalingActivities", &[Any]),
    row("cloudwatch", "GetMetricData", &[Any]),
    row("cloudwatch", "ListMetrics", &[Any]),
    row("cloudwatch", "PutMetricAlarm", &[Path("alarm:{AlarmName}")]),
    row("cloudwatch", "DescribeAlarms", &[Path("alarm:{AlarmNames[]}")]),
    row("cloudwatch", "DeleteAlarms", &[Path("alarm:{AlarmNames[]}")]),
    row("cloudwatch", "SetAlarmState", &[Path("alarm:{AlarmName}")]),
    row("ssm", "PutParameter", &[Path("parameter/{Name}")]).tagging("AddTagsToResource"),
    row("ssm", "GetParameter", &[Path("parameter/{Name}")]),
    row("ssm", "GetParameters", &[Path("parameter/{Names[]}")]),
    row("ssm", "DeleteParameter", &[Path("parameter/{Name}")]),
    // It knows no resources, the tags that come with it do.
    row("ram", "CreateResourceShare", &[Any]).tagged(&[Path("resource-share/*")]),
    row("ram", "GetResourceShares", &[Any]),
    row("ram", "UpdateResourceShare", SHARE),
    row("ram", "DeleteResourceShare", SHARE),
    row("ram", "AssociateResourceShare", SHARE),
    row("ram", "DisassociateResourceShare", SHARE),
    row("ram", "GetResourceShareAssociations", &[Any]),
    row("ram", "ListResources", &[Any]),
    row("ram", "TagResource", SHARE),
    row("ram", "UntagResource", SHARE),
    row("route53", "ListHostedZonesByName", &[Any]),
    row("route53", "GetHostedZone", &[Path("hostedzone/{Id}")]),
    row("route53", "ListResourceRecordSets", ZONE),
    row("route53", "ChangeResourceRecordSets", ZONE),
    row("route53", "GetChange", &[Path("change/{Id}")]),
    row("iam", "GetRole", &[Role("RoleName")]),
    row("iam", "SimulatePrincipalPolicy", &[Given("PolicySourceArn")]),
    row("ec2", "DescribeSecurityGroups", &[Any]),
    row("ec2", "DescribeManagedPrefixLists", &[Any]),
    // Whoever may call at all may ask who they are, and the trust policy says who may have a role.
    row("sts", "GetCallerIdentity", &[]),
    row("sts", "AssumeRoleWithWebIdentity", &[]),
];

/// The row of an operation.
pub(super) fn of(service: &str, operation: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.service == service && row.operation == operation)
}

#[cfg(test)]
mod tests {
    use super::{ROWS, of};
    use crate::{models, sandbox::protocol::EMULATED};

    #[test]
    fn every_operation_that_is_emulated_has_one_row_and_every_row_an_operation() {
        for service in EMULATED {
            for (operation, _) in service.operations {
                assert!(of(service.name, operation).is_some(), "{}:{operation} has no row in iam/actions.rs", service.name);
            }
        }
        for (index, row) in ROWS.iter().enumerate() {
            let known = models::service(row.service).is_some_and(|service| service.operations.contains_key(row.operation));
            assert!(known, "{}:{} is in no model", row.service, row.operation);
            let again = ROWS.iter().skip(index + 1).any(|other| (other.service, other.operation) == (row.service, row.operation));
            assert!(!again, "{}:{} twice", row.service, row.operation);
        }
    }
}
