//! The ARNs that a request is about, by its members.

use std::fmt;

use serde_json::Value;

use super::roles;
use crate::sandbox::{protocol::Call, world::World};

/// A resource of an operation, as the authorization reference names it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resource {
    /// The action knows no resources.
    Any,
    /// The end of an ARN of the service, with members in braces: ids, names or ARNs, of which the last part counts.
    Path(&'static str),
    /// A member that is an ARN, or a list of them.
    Given(&'static str),
    /// The ECS service of the deployments or revisions whose ARNs the member has.
    Owner(&'static str),
    /// A member that is the ARN or the id of a Lattice service or service network.
    Kind(&'static str),
    /// A member that is the name of a role without its path.
    Role(&'static str),
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => write!(f, "*"),
            Self::Path(path) => write!(f, "{path}"),
            Self::Given(member) | Self::Kind(member) => write!(f, "{{{member}}}"),
            Self::Role(member) => write!(f, "role/{{{member}}}"),
            Self::Owner(member) => write!(f, "the service of {{{member}}}"),
        }
    }
}

/// Every ARN that an operation's action is needed on.
pub(super) fn arns(world: &World, call: &Call, resources: &[Resource]) -> Vec<String> {
    let scenario = &world.scenario;
    // Hosted zones and changes are nobody's and nowhere, as far as their ARNs tell.
    let home = if call.service == "route53" { ":".to_owned() } else { format!("{}:{}", scenario.region, scenario.account) };
    let start = format!("arn:aws:{}:{home}:", call.service);
    let mut found = Vec::new();
    for resource in resources {
        match resource {
            Resource::Any => found.push("*".to_owned()),
            Resource::Path(path) => found.extend(filled(path, &call.input).into_iter().map(|path| format!("{start}{path}"))),
            Resource::Given(member) => found.extend(texts(&call.input, &listed(&call.input, member))),
            Resource::Owner(member) => {
                let all = texts(&call.input, &listed(&call.input, member));
                found.extend(all.iter().map(|arn| owner(arn)));
            }
            Resource::Role(member) => {
                let name = call.text(member);
                let full = roles::find(world, name).map_or_else(|| name.to_owned(), |(full, _)| full);
                found.push(format!("arn:aws:iam::{}:role/{full}", scenario.account));
            }
            Resource::Kind(member) => {
                let given = call.text(member);
                let kind = if given.starts_with("sn-") { "servicenetwork" } else { "service" };
                found.push(if given.starts_with("arn:") { given.to_owned() } else { format!("{start}{kind}/{given}") });
            }
        }
    }
    found.dedup();
    found
}

fn listed(input: &Value, member: &str) -> String {
    if input[member].is_array() { format!("{member}[]") } else { member.to_owned() }
}

/// `…:service-deployment/CLUSTER/SERVICE/ID` as `…:service/CLUSTER/SERVICE`.
fn owner(arn: &str) -> String {
    let (start, path) = arn.rsplit_once(':').unwrap_or(("", arn));
    let mut parts = path.split('/').skip(1);
    format!("{start}:service/{}/{}", parts.next().unwrap_or("*"), parts.next().unwrap_or("*"))
}

/// A path with its members filled in, once for each item where one is a list.
fn filled(path: &str, input: &Value) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
    let Some((member, after)) = rest.split_once('}') else { return vec![path.to_owned()] };
    let mut values: Vec<String> = texts(input, member).iter().map(|value| last(member, value)).collect();
    if values.is_empty() {
        // Left out: the cluster called default, every alarm, a task definition's or alarm's whole kind.
        let left_out = if member.starts_with("cluster") { "default" } else { "*" };
        values.push(left_out.to_owned());
    }
    let ends = filled(after, input);
    values.iter().flat_map(|value| ends.iter().map(move |end| format!("{before}{value}{end}"))).collect()
}

/// What of a member's value stands in an ARN.
fn last(member: &str, value: &str) -> String {
    if member == "Name" || member == "Names[]" {
        // A parameter: its name without the first slash, without version or label.
        let name = value.split_once(":parameter/").map_or(value, |(_, name)| name);
        let name = name.split(':').next().unwrap_or_default();
        return name.trim_start_matches('/').to_owned();
    }
    let last = if value.starts_with("arn:") || value.contains('/') { value.rsplit('/').next() } else { Some(value) };
    let last = last.unwrap_or_default();
    if member == "taskDefinition" && !last.contains(':') { format!("{last}:*") } else { last.to_owned() }
}

/// The texts at a path of members: `a.b`, and `a[].b` through every item of a list.
pub(super) fn texts(value: &Value, path: &str) -> Vec<String> {
    let (member, rest) = path.split_once('.').map_or((path, None), |(member, rest)| (member, Some(rest)));
    let below = |value: &Value| match rest {
        Some(rest) => texts(value, rest),
        None => value.as_str().map(str::to_owned).into_iter().collect(),
    };
    match member.strip_suffix("[]") {
        Some(member) => value[member].as_array().into_iter().flatten().flat_map(below).collect(),
        None => below(&value[member]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::actions;
    use crate::sandbox::{iam::resources::arns, protocol::Call, scenario, world::World};

    fn of(service: &str, operation: &str, input: Value) -> Vec<String> {
        let world = World::new(scenario::load("promoted").unwrap());
        let row = actions::of(service, operation).unwrap();
        let call = Call { service: row.service, operation: row.operation, input, labels: Vec::new(), access_key: String::new() };
        let start = "ap-northeast-1:123456789012:";
        arns(&world, &call, row.resources)
            .iter()
            .map(|arn| arn.split_once(start).map_or(arn.as_str(), |(_, end)| end).to_owned())
            .collect()
    }

    #[test]
    fn a_request_is_about_what_its_members_name() {
        let ecs = "arn:aws:ecs:ap-northeast-1:123456789012";
        let rule = json!({"serviceIdentifier": "svc-1", "listenerIdentifier": "listener-1", "ruleIdentifier": "rule-1"});
        let by_arn = json!({
            "serviceIdentifier": "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-1",
            "listenerIdentifier": "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-1/listener/listener-1",
            "ruleIdentifier": "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-1/listener/listener-1/rule/rule-1",
        });
        let batch = json!({
            "serviceIdentifier": "svc-1", "listenerIdentifier": "listener-1",
            "rules": [{"ruleIdentifier": "rule-1"}, {"ruleIdentifier": "rule-2"}],
        });
        let the_rule = "service/svc-1/listener/listener-1/rule/rule-1";
        let table = [
            ("vpc-lattice", "UpdateRule", rule.clone(), vec![the_rule]),
            ("vpc-lattice", "UpdateRule", by_arn, vec![the_rule]),
            ("vpc-lattice", "BatchUpdateRule", batch, vec![the_rule, "service/svc-1/listener/listener-1/rule/rule-2"]),
            ("vpc-lattice", "CreateRule", rule, vec!["service/svc-1/listener/listener-1/rule/*"]),
            ("vpc-lattice", "ListServices", json!({}), vec!["*"]),
            ("vpc-lattice", "PutAuthPolicy", json!({"resourceIdentifier": "sn-1"}), vec!["servicenetwork/sn-1"]),
            ("ecs", "UpdateService", json!({"service": "s"}), vec!["service/default/s"]),
            (
                "ecs",
                "UpdateService",
                json!({"cluster": format!("{ecs}:cluster/c"), "service": format!("{ecs}:service/c/s")}),
                vec!["service/c/s"],
            ),
            ("ecs", "DescribeServices", json!({"cluster": "c", "services": ["a", "b"]}), vec!["service/c/a", "service/c/b"]),
            ("ecs", "DescribeClusters", json!({}), vec!["cluster/default"]),
            (
                "ecs",
                "StopServiceDeployment",
                json!({"serviceDeploymentArn": format!("{ecs}:service-deployment/c/s/1")}),
                vec!["service/c/s", "service-deployment/c/s/1"],
            ),
            ("ecs", "RunTask", json!({"taskDefinition": "f"}), vec!["task-definition/f:*"]),
            ("cloudwatch", "DescribeAlarms", json!({}), vec!["alarm:*"]),
            ("iam", "GetRole", json!({"RoleName": "r"}), vec!["arn:aws:iam::123456789012:role/r"]),
            ("ssm", "GetParameter", json!({"Name": "/espalier/lock:3"}), vec!["parameter/espalier/lock"]),
            ("ram", "CreateResourceShare", json!({"name": "n"}), vec!["*"]),
            ("ram", "DeleteResourceShare", json!({"resourceShareArn": "arn:share"}), vec!["arn:share"]),
            ("route53", "GetChange", json!({"Id": "C1"}), vec!["arn:aws:route53:::change/C1"]),
            ("route53", "ListResourceRecordSets", json!({"HostedZoneId": "Z1"}), vec!["arn:aws:route53:::hostedzone/Z1"]),
        ];
        for (service, operation, input, expected) in table {
            assert_eq!(of(service, operation, input.clone()), expected, "{operation} {input}");
        }
    }
}
