//! The policy of the role that releases: what it needs and nothing else, in statements that say what they are for.

use serde_json::{Value, json};

use super::{
    needs::{Need, Release, of, of_verify},
    trust,
};
use crate::resources::resource::OWNER;

/// The tag that a test rule carries besides.
pub const TEST: &str = "espalier:test";

/// What a statement allows only when it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    /// Where the action knows no resource that names the cluster.
    InCluster,
    /// What is made is tagged as ours.
    MadeByUs,
    /// What is deleted is tagged as ours.
    TestRule,
    /// What is scaled is ECS's.
    ScalesEcs,
    /// A role goes to this service.
    PassedTo(&'static str),
    /// Tags come with what is created.
    OnCreation,
}

/// What may stand in a statement.
struct Row {
    sid: &'static str,
    what_for: &'static str,
    actions: &'static [&'static str],
    when: When,
}

const fn row(sid: &'static str, what_for: &'static str, when: When, actions: &'static [&'static str]) -> Row {
    Row { sid, what_for, actions, when }
}

/// In the order of a release.
const ROWS: &[Row] = &[
    row(
        "LookAround",
        "find names, tags and numbers; AWS knows no resources for these",
        When::Always,
        &[
            "vpc-lattice:ListServices",
            "vpc-lattice:ListListeners",
            "vpc-lattice:ListRules",
            "vpc-lattice:ListTargetGroups",
            "vpc-lattice:ListTagsForResource",
            "vpc-lattice:ListServiceNetworkServiceAssociations",
            "vpc-lattice:ListServiceNetworkVpcAssociations",
            "ecs:DescribeTaskDefinition",
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
            "application-autoscaling:DescribeScheduledActions",
            "cloudwatch:GetMetricData",
            "cloudwatch:ListMetrics",
            "cloudformation:ListExports",
            "ec2:DescribeVpcs",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeManagedPrefixLists",
        ],
    ),
    row(
        "LookAroundTheCluster",
        "find tasks; verify: the cluster's services",
        When::InCluster,
        &["ecs:ListTasks", "ecs:ListServices"],
    ),
    row(
        "FillInDefinitions",
        "read what the definitions' templates refer to",
        When::Always,
        &["ssm:GetParameter", "secretsmanager:DescribeSecret", "cloudformation:DescribeStacks", "s3:GetObject"],
    ),
    row("ReadTraffic", "read weights", When::Always, &["vpc-lattice:GetRule", "vpc-lattice:GetListener"]),
    row("MoveTraffic", "write weights", When::Always, &["vpc-lattice:UpdateRule", "vpc-lattice:UpdateListener"]),
    row("KeepTheRecord", "keep the rollout's record in tags", When::Always, &["vpc-lattice:TagResource"]),
    row("MakeTestRule", "make the test rule", When::MadeByUs, &["vpc-lattice:CreateRule", "vpc-lattice:TagResource"]),
    row("RemoveTestRule", "take it away, and no other rule", When::TestRule, &["vpc-lattice:DeleteRule"]),
    row("ReadTargetGroups", "see target health", When::Always, &["vpc-lattice:GetTargetGroup", "vpc-lattice:ListTargets"]),
    row(
        "MakeTargetGroup",
        "make the candidate's target group",
        When::MadeByUs,
        &["vpc-lattice:CreateTargetGroup", "vpc-lattice:TagResource"],
    ),
    row(
        "ReadServices",
        "see the slots' services; verify: also whether others move the weights",
        When::Always,
        &["ecs:DescribeServices"],
    ),
    row("UpdateServices", "run the candidate, retire the old slot", When::Always, &["ecs:UpdateService"]),
    row("CreateService", "create a slot's service", When::Always, &["ecs:CreateService"]),
    row("ReadTasks", "see that what runs is what was released", When::Always, &["ecs:DescribeTasks"]),
    row("RegisterTaskDefinition", "register the new revision", When::Always, &["ecs:RegisterTaskDefinition"]),
    row("TagOnCreation", "give them tags: ours, and those in their definitions", When::OnCreation, &["ecs:TagResource"]),
    row("RunHooks", "run the hooks' tasks", When::InCluster, &["ecs:RunTask"]),
    row("StopHooks", "stop a hook's task that takes too long", When::InCluster, &["ecs:StopTask"]),
    row(
        "HoldScaling",
        "hold autoscaling during a release, and give the candidate the same",
        When::ScalesEcs,
        &[
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:PutScheduledAction",
        ],
    ),
    row("ReadAlarms", "judge by alarms", When::Always, &["cloudwatch:DescribeAlarms"]),
    row("Lock", "lock: ssm", When::Always, &["ssm:PutParameter", "ssm:GetParameter", "ssm:DeleteParameter"]),
    row("PassRolesToEcs", "give ECS the infrastructure role", When::PassedTo(trust::ECS), &["iam:PassRole"]),
    row("PassRolesToTasks", "give tasks their roles", When::PassedTo(trust::TASKS), &["iam:PassRole"]),
    row("VerifyTheService", "verify: whether clients reach the Lattice service", When::Always, &["vpc-lattice:GetService"]),
    row(
        "VerifyTheVpcs",
        "verify: whether security groups let clients in",
        When::Always,
        &["vpc-lattice:GetServiceNetworkVpcAssociation"],
    ),
    row("VerifyRoles", "verify: whether the roles suffice", When::Always, &["iam:GetRole", "iam:SimulatePrincipalPolicy"]),
];

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Its name.
    pub sid: &'static str,
    /// What it is for, in words.
    pub what_for: &'static str,
    /// Each of them on each of the resources.
    pub actions: Vec<String>,
    /// ARNs, patterns of them, or `*`.
    pub resources: Vec<String>,
    /// As IAM writes it; null where there is none.
    pub condition: Value,
}

/// What a release needs with every other command, what `verify` looks at of these roles, and what definitions refer to.
#[must_use]
pub fn policy(release: &Release, verified: Vec<String>, lookups: Vec<Need>) -> Vec<Statement> {
    let needs = [of(release), of_verify(release, verified)].concat();
    let mut pairs = Vec::new();
    for (need, is_lookup) in needs.into_iter().map(|need| (need, false)).chain(lookups.into_iter().map(|need| (need, true))) {
        for action in &need.actions {
            let Some(row) = row_of(action, &need, is_lookup) else { continue };
            pairs.extend(need.resources.iter().map(|resource| {
                // Its resource is the kind that it lists by; what names the cluster is the condition.
                let resource = if *action == "ecs:ListTasks" { "*" } else { resource };
                (row, *action, resource.to_owned())
            }));
        }
    }
    let all = pairs.clone();
    let is_allowed_already = |(row, action, resource): &(usize, &str, String)| {
        all.iter().any(|(other, same, pattern)| {
            other < row
                && same == action
                && ROWS.get(*other).is_some_and(|row| row.when == When::Always)
                && covers(pattern, resource)
        })
    };
    pairs.retain(|pair| !is_allowed_already(pair));
    let statement = |(index, row): (usize, &Row)| {
        let of_row: Vec<_> = pairs.iter().filter(|(of, ..)| *of == index).collect();
        let has = |action: &&&str| of_row.iter().any(|(_, known, _)| known == *action);
        let actions: Vec<String> = row.actions.iter().filter(has).map(|action| (*action).to_owned()).collect();
        let mut resources: Vec<String> = of_row.iter().map(|(_, _, resource)| resource.clone()).collect();
        resources.sort();
        resources.dedup();
        let patterns = resources.clone();
        resources.retain(|one| !patterns.iter().any(|pattern| pattern != one && covers(pattern, one)));
        let condition = condition(row.when, release);
        (!actions.is_empty()).then_some(Statement { sid: row.sid, what_for: row.what_for, actions, resources, condition })
    };
    ROWS.iter().enumerate().filter_map(statement).collect()
}

/// The statement in which an action stands that is needed so.
fn row_of(action: &str, need: &Need, is_lookup: bool) -> Option<usize> {
    let beside = |other: &str| need.actions.contains(&other);
    ROWS.iter().position(|row| {
        row.actions.contains(&action)
            && match (row.sid, action) {
                ("FillInDefinitions", _) => is_lookup,
                ("KeepTheRecord", _) => !beside("vpc-lattice:CreateRule") && !beside("vpc-lattice:CreateTargetGroup"),
                ("MakeTestRule", "vpc-lattice:TagResource") => beside("vpc-lattice:CreateRule"),
                (_, "iam:PassRole") => need.passed_to.is_some_and(|to| row.when == When::PassedTo(to)),
                _ => true,
            }
    })
}

/// Whether everything that fits one pattern fits the other, as far as the text shows it.
pub(super) fn covers(pattern: &str, other: &str) -> bool {
    pattern == other || pattern.strip_suffix('*').is_some_and(|start| other.starts_with(start))
}

fn condition(when: When, release: &Release) -> Value {
    let (partition, region, account) = &release.home;
    match when {
        When::Always => Value::Null,
        When::InCluster => {
            let cluster = format!("arn:{partition}:ecs:{region}:{account}:cluster/{}", release.cluster);
            json!({ "ArnEquals": { "ecs:cluster": cluster } })
        }
        When::MadeByUs => json!({ "Null": { (format!("aws:RequestTag/{OWNER}")): "false" } }),
        When::TestRule => json!({ "Null": { (format!("aws:ResourceTag/{TEST}")): "false" } }),
        When::ScalesEcs => json!({ "StringEquals": { "application-autoscaling:service-namespace": "ecs" } }),
        When::PassedTo(to) => json!({ "StringEquals": { "iam:PassedToService": to } }),
        When::OnCreation => json!({ "StringEquals": { "ecs:CreateAction": ["CreateService", "RegisterTaskDefinition"] } }),
    }
}

/// The document as IAM takes it.
#[must_use]
pub fn document(statements: &[Statement]) -> Value {
    let one = |statement: &Statement| {
        let Statement { sid, actions, resources, condition, .. } = statement;
        let mut made = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
        if !condition.is_null() {
            made["Condition"] = condition.clone();
        }
        made
    };
    json!({ "Version": "2012-10-17", "Statement": statements.iter().map(one).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release() -> Release {
        let service = "arn:aws:vpc-lattice:r:1:service/svc-1".to_owned();
        let listener = format!("{service}/listener/listener-1");
        let rules = format!("{listener}/rule/*");
        Release {
            home: ("aws".to_owned(), "r".to_owned(), "1".to_owned()),
            lattice_service: service,
            seen: vec![listener.clone(), rules.clone()],
            moving: vec![listener, rules],
            cluster: "c".to_owned(),
            services: vec!["s".to_owned()],
            family: "f".to_owned(),
            makes_group: true,
            tests: true,
            ..Release::default()
        }
    }

    fn of_sid<'a>(statements: &'a [Statement], sid: &str) -> Option<&'a Statement> {
        statements.iter().find(|statement| statement.sid == sid)
    }

    #[test]
    fn no_action_is_allowed_twice_and_what_is_made_carries_our_tag() {
        let statements = policy(&release(), Vec::new(), Vec::new());
        let record = of_sid(&statements, "KeepTheRecord").expect("a statement");
        assert_eq!(record.resources.len(), 3, "service, listener, rules: {record:?}");
        let test = of_sid(&statements, "MakeTestRule").expect("a statement");
        assert_eq!(test.actions, ["vpc-lattice:CreateRule"], "the record's statement tags rules already");
        assert_eq!(test.condition, json!({ "Null": { "aws:RequestTag/espalier:owner": "false" } }));
        let group = of_sid(&statements, "MakeTargetGroup").expect("a statement");
        assert_eq!(group.actions, ["vpc-lattice:CreateTargetGroup", "vpc-lattice:TagResource"]);
        assert_eq!(of_sid(&statements, "ReadServices").expect("one").resources, ["arn:aws:ecs:r:1:service/c/*"]);
        assert!(of_sid(&statements, "Lock").is_none() && of_sid(&statements, "VerifyRoles").is_none());
    }

    #[test]
    fn listed_rules_are_not_all_rules() {
        let mut release = release();
        release.moving = vec![format!("{}/rule/rule-1", release.moving[0])];
        let statements = policy(&release, Vec::new(), Vec::new());
        let test = of_sid(&statements, "MakeTestRule").expect("a statement");
        assert_eq!(test.actions, ["vpc-lattice:CreateRule", "vpc-lattice:TagResource"]);
        assert_eq!(of_sid(&statements, "MoveTraffic").expect("one").actions, ["vpc-lattice:UpdateRule"]);
    }
}
