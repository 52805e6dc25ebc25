//! What a request says of itself: the condition keys.

use std::collections::BTreeMap;

use serde_json::Value;

use super::resources::texts;
use crate::sandbox::{protocol::Call, ram, world::World};

/// Condition keys with their values. A key that is not there is told apart from one without values.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    keys: BTreeMap<String, Vec<String>>,
}

/// Every key that is known here, in lower case; `…/` is the start of keys that end in a tag's.
const KNOWN: &[&str] = &[
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principaltype",
    "aws:requestedregion",
    "aws:requesttag/",
    "aws:resourceaccount",
    "aws:resourcetag/",
    "aws:securetransport",
    "aws:sourceip",
    "aws:tagkeys",
    "aws:userid",
    "aws:viaawsservice",
    "application-autoscaling:scalable-dimension",
    "application-autoscaling:service-namespace",
    "ecs:cluster",
    "ecs:createaction",
    "ecs:enable-execute-command",
    "ecs:enable-vpc-lattice",
    "ecs:resourcetag/",
    "ecs:service",
    "ecs:task-definition",
    "iam:passedtoservice",
    "ram:allowsexternalprincipals",
    "ram:createaction",
    "ram:principal",
    "ram:requestedallowsexternalprincipals",
    "ram:resourcearn",
    "ram:resourcesharename",
    "ram:resourcetag/",
    "route53:changeresourcerecordsetsactions",
    "route53:changeresourcerecordsetsnormalizedrecordnames",
    "route53:changeresourcerecordsetsrecordtypes",
    "ssm:overwrite",
    "vpc-lattice:authtype",
    "vpc-lattice:createaction",
    "vpc-lattice:protocol",
    "vpc-lattice:securitygroupids",
    "vpc-lattice:servicearn",
    "vpc-lattice:servicenetworkarn",
    "vpc-lattice:targetgrouparns",
    "vpc-lattice:vpcid",
    "token.actions.githubusercontent.com:",
];

/// Whether the sandbox knows a condition key; one that it does not would never be there, which says nothing about AWS.
pub(super) fn is_known(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    KNOWN.iter().any(|known| if known.ends_with(['/', ':']) { key.starts_with(known) } else { key == *known })
}

impl Context {
    pub(super) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_all(key, vec![value.into()]);
    }

    pub(super) fn set_all(&mut self, key: &str, values: Vec<String>) {
        self.keys.insert(key.to_ascii_lowercase(), values);
    }

    /// The values of a key, whose case does not matter.
    pub(super) fn values(&self, key: &str) -> Option<&[String]> {
        self.keys.get(&key.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// A pattern with its variables, `${aws:PrincipalAccount}`, filled in; none where one has no value.
    pub(super) fn filled(&self, pattern: &str) -> Option<String> {
        let mut text = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, end) = after.split_once('}')?;
            text.push_str(before);
            match name {
                "*" | "?" | "$" => text.push_str(name),
                key => text.push_str(self.values(key)?.first()?),
            }
            rest = end;
        }
        text.push_str(rest);
        Some(text)
    }

    /// The keys that every request of this caller has (user guide, "AWS global condition context keys").
    pub(super) fn of_caller(world: &World, role: &str, session: &str) -> Self {
        let mut context = Self::default();
        let scenario = &world.scenario;
        context.set("aws:CurrentTime", world.now.to_string());
        context.set("aws:EpochTime", world.now.as_secs().to_string());
        context.set("aws:PrincipalAccount", &*scenario.account);
        context.set("aws:PrincipalArn", role);
        context.set("aws:PrincipalType", "AssumedRole");
        context.set("aws:ResourceAccount", &*scenario.account);
        context.set("aws:userid", session);
        context.set("aws:RequestedRegion", &*scenario.region);
        // The sandbox is spoken to in plain text on loopback, where the real services are only spoken to by TLS.
        context.set("aws:SecureTransport", "true");
        context.set("aws:SourceIp", "127.0.0.1");
        context.set("aws:ViaAWSService", "false");
        context
    }

    /// With the keys that the members of a request give.
    pub(super) fn with_members(mut self, world: &World, call: &Call) -> Self {
        let tags = tags(&call.input);
        let removed = texts(&call.input, "tagKeys[]");
        if !tags.is_empty() || !removed.is_empty() {
            self.set_all("aws:TagKeys", tags.iter().map(|(key, _)| key.clone()).chain(removed).collect());
        }
        tags.iter().for_each(|(key, value)| self.set(&format!("aws:RequestTag/{key}"), value.clone()));
        match call.service {
            "vpc-lattice" => self.lattice(world, call),
            "ecs" => self.ecs(world, call),
            "application-autoscaling" => {
                self.copy(call, "application-autoscaling:service-namespace", "ServiceNamespace");
                self.copy(call, "application-autoscaling:scalable-dimension", "ScalableDimension");
            }
            "ram" => self.ram(world, call),
            "route53" => self.route53(call),
            "ssm" if call.operation == "PutParameter" => {
                self.set("ssm:Overwrite", call.input["Overwrite"].as_bool().unwrap_or(false).to_string());
            }
            _ => {}
        }
        self
    }

    fn copy(&mut self, call: &Call, key: &str, member: &str) {
        let found = texts(&call.input, member);
        if !found.is_empty() {
            self.set_all(key, found);
        }
    }

    fn lattice(&mut self, world: &World, call: &Call) {
        let arn = |kind: &str, id: &str| {
            let (region, account) = (&world.scenario.region, &world.scenario.account);
            if id.starts_with("arn:") { id.to_owned() } else { format!("arn:aws:vpc-lattice:{region}:{account}:{kind}/{id}") }
        };
        self.copy(call, "vpc-lattice:AuthType", "authType");
        self.copy(call, "vpc-lattice:Protocol", "protocol");
        self.copy(call, "vpc-lattice:VpcId", "vpcIdentifier");
        self.copy(call, "vpc-lattice:VpcId", "config.vpcIdentifier");
        self.copy(call, "vpc-lattice:SecurityGroupIds", "securityGroupIds[]");
        for action in ["action", "defaultAction"] {
            let groups = texts(&call.input, &format!("{action}.forward.targetGroups[].targetGroupIdentifier"));
            if !groups.is_empty() {
                self.set_all("vpc-lattice:TargetGroupArns", groups.iter().map(|id| arn("targetgroup", id)).collect());
            }
        }
        if call.operation.contains("Association") {
            for (key, member, kind) in [
                ("vpc-lattice:ServiceArn", "serviceIdentifier", "service"),
                ("vpc-lattice:ServiceNetworkArn", "serviceNetworkIdentifier", "servicenetwork"),
            ] {
                if let Some(id) = call.given(member) {
                    self.set(key, arn(kind, id));
                }
            }
        }
    }

    fn ram(&mut self, world: &World, call: &Call) {
        self.copy(call, "ram:Principal", "principals[]");
        self.copy(call, "ram:ResourceArn", "resourceArns[]");
        if matches!(call.operation, "CreateResourceShare" | "UpdateResourceShare") {
            let asked = call.input["allowExternalPrincipals"].as_bool();
            self.set("ram:RequestedAllowsExternalPrincipals", asked.unwrap_or(true).to_string());
        }
        if let Some((name, external)) = ram::named(world, call.text("resourceShareArn")) {
            self.set("ram:ResourceShareName", name);
            self.set("ram:AllowsExternalPrincipals", external.to_string());
        }
    }

    /// As Route 53 normalizes them (developer guide, "Using IAM policy conditions for fine-grained access control"): lower case, no
    /// dot at the end.
    fn route53(&mut self, call: &Call) {
        let each = |member: &str| texts(&call.input, &format!("ChangeBatch.Changes[].{member}"));
        let names = each("ResourceRecordSet.Name");
        if !names.is_empty() {
            let normal = names.iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase()).collect();
            self.set_all("route53:ChangeResourceRecordSetsNormalizedRecordNames", normal);
            self.set_all("route53:ChangeResourceRecordSetsRecordTypes", each("ResourceRecordSet.Type"));
            self.set_all("route53:ChangeResourceRecordSetsActions", each("Action"));
        }
    }

    fn ecs(&mut self, world: &World, call: &Call) {
        let arn = |path: &str| format!("arn:aws:ecs:{}:{}:{path}", world.scenario.region, world.scenario.account);
        let deployments = ["serviceDeploymentArn", "serviceDeploymentArns[]", "serviceRevisionArns[]"];
        let deployment = deployments.iter().flat_map(|member| texts(&call.input, member)).next();
        let of_deployment = deployment.as_deref().and_then(|arn| arn.split_once('/')).map(|(_, path)| path);
        let mut parts = of_deployment.into_iter().flat_map(|path| path.split('/'));
        let about_clusters = ["CreateCluster", "DescribeClusters", "DeleteCluster", "ListClusters"].contains(&call.operation);
        let about_definitions = call.operation.contains("TaskDefinition");
        if let (Some(cluster), Some(service)) = (parts.next(), parts.next()) {
            self.set("ecs:cluster", arn(&format!("cluster/{cluster}")));
            self.set("ecs:service", arn(&format!("service/{cluster}/{service}")));
        } else if !about_clusters && !about_definitions && !call.operation.contains("Tag") {
            let cluster = call.given("cluster").unwrap_or("default");
            let name = cluster.rsplit('/').next().unwrap_or_default();
            self.set("ecs:cluster", arn(&format!("cluster/{name}")));
        }
        if matches!(call.operation, "CreateService" | "UpdateService") {
            if let Some(definition) = call.given("taskDefinition") {
                let name = definition.rsplit('/').next().unwrap_or_default();
                self.set("ecs:task-definition", arn(&format!("task-definition/{name}")));
            }
            let lattice = call.input["vpcLatticeConfigurations"].as_array().is_some_and(|list| !list.is_empty());
            self.set("ecs:enable-vpc-lattice", lattice.to_string());
            let execute = call.input["enableExecuteCommand"].as_bool().unwrap_or(false);
            self.set("ecs:enable-execute-command", execute.to_string());
        }
    }

    /// With the tags that the resource has.
    pub(super) fn with_resource_tags(mut self, service: &str, tags: &[(String, String)]) -> Self {
        for (key, value) in tags {
            self.set(&format!("aws:ResourceTag/{key}"), value.clone());
            self.set(&format!("{service}:ResourceTag/{key}"), value.clone());
        }
        self
    }
}

/// The tags in a request or an answer, which the services write in three ways.
pub(super) fn tags(value: &Value) -> Vec<(String, String)> {
    let pair = |item: &Value, key: &str, value: &str| {
        Some((item[key].as_str()?.to_owned(), item[value].as_str().unwrap_or_default().to_owned()))
    };
    match (&value["tags"], &value["Tags"]) {
        (Value::Object(tags), _) | (_, Value::Object(tags)) => {
            tags.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
        }
        (Value::Array(tags), _) => tags.iter().filter_map(|tag| pair(tag, "key", "value")).collect(),
        (_, Value::Array(tags)) => tags.iter().filter_map(|tag| pair(tag, "Key", "Value")).collect(),
        _ => Vec::new(),
    }
}
