//! What the role needs for previews, beside what it needs for releases: what is made carries our tags, and only that is deleted.

use serde_json::{Value, json};

use super::policy::{Statement, covers};
use crate::{
    preview::name::{IDENTITY, Names},
    resources::resource::OWNER,
};

/// Where previews are, as far as it is known.
#[derive(Clone, Debug, Default)]
pub struct Previews {
    /// Partition, region, account.
    pub home: (String, String, String),
    /// The cluster's name.
    pub cluster: String,
    /// What their names begin with.
    pub prefix: String,
    /// The listener that their rules are on, an ARN or a pattern.
    pub listener: String,
    /// Callers of the real service need a permission.
    pub guarded: bool,
    /// The config names the networks of services of their own.
    pub names_networks: bool,
}

/// The statements, in the order of a preview.
#[must_use]
pub fn statements(previews: &Previews) -> Vec<Statement> {
    let (partition, region, account) = &previews.home;
    let arn = |service: &str, path: String| format!("arn:{partition}:{service}:{region}:{account}:{path}");
    let lattice = |kind: &str| arn("vpc-lattice", format!("{kind}/*"));
    let any = || vec!["*".to_owned()];
    let one = Names::of(&previews.prefix, 1);
    let all = |name: &str| format!("{}*", name.trim_end_matches('1'));
    let tasks = arn("ecs", format!("service/{}/{}", previews.cluster, all(&one.ecs_service)));
    let definitions = arn("ecs", format!("task-definition/{}:*", all(&one.family)));
    let rules = format!("{}/rule/*", previews.listener);
    let of_cluster = json!({ "ArnEquals": { "ecs:cluster": arn("ecs", format!("cluster/{}", previews.cluster)) } });
    let made = json!({ "Null": { (format!("aws:RequestTag/{OWNER}")): "false" } });
    let ours = json!({ "Null": { (format!("aws:ResourceTag/{IDENTITY}")): "false" } });
    let creating = json!({ "StringEquals": { "ecs:CreateAction": ["CreateService", "RegisterTaskDefinition"] } });

    let mut looks = vec![
        "vpc-lattice:ListServices",
        "vpc-lattice:ListListeners",
        "vpc-lattice:ListRules",
        "vpc-lattice:ListTargetGroups",
        "vpc-lattice:ListTagsForResource",
        "vpc-lattice:ListServiceNetworkServiceAssociations",
        "ecs:DescribeTaskDefinition",
        "ecs:ListTaskDefinitions",
        "ec2:DescribeVpcs",
    ];
    looks.extend(previews.names_networks.then_some("vpc-lattice:ListServiceNetworks"));
    let statement = |sid, what_for, actions: &[&'static str], resources: Vec<String>, condition: &Value| Statement {
        sid,
        what_for,
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        resources,
        condition: condition.clone(),
    };
    let always = Value::Null;
    let associations = lattice("servicenetworkserviceassociation");
    let mut made_of = vec![
        statement("PreviewLookAround", "previews: find what there is", &looks, any(), &always),
        statement(
            "PreviewLookAroundTheCluster",
            "previews: find their services and tasks",
            &["ecs:ListServices", "ecs:ListTasks"],
            any(),
            &of_cluster,
        ),
        statement(
            "PreviewReadServices",
            "previews: see Lattice services",
            &["vpc-lattice:GetService"],
            vec![lattice("service")],
            &always,
        ),
        statement(
            "PreviewReadRules",
            "previews: see what their rules say",
            &["vpc-lattice:GetRule"],
            vec![rules.clone()],
            &always,
        ),
        statement(
            "PreviewReadTargetGroups",
            "previews: see target health",
            &["vpc-lattice:GetTargetGroup", "vpc-lattice:ListTargets"],
            vec![lattice("targetgroup")],
            &always,
        ),
        statement(
            "PreviewMake",
            "previews: make target groups, and Lattice services with a listener in a network",
            &[
                "vpc-lattice:CreateTargetGroup",
                "vpc-lattice:CreateService",
                "vpc-lattice:CreateListener",
                "vpc-lattice:CreateServiceNetworkServiceAssociation",
                "vpc-lattice:TagResource",
            ],
            vec![lattice("service"), lattice("servicenetwork"), associations.clone(), lattice("targetgroup")],
            &made,
        ),
        statement("PreviewMakeRule", "previews: make their rules", &["vpc-lattice:CreateRule"], vec![rules.clone()], &made),
        statement(
            "PreviewNote",
            "previews: note which job is at one",
            &["vpc-lattice:TagResource"],
            vec![lattice("targetgroup")],
            &ours,
        ),
        statement(
            "PreviewRun",
            "previews: run them",
            &["ecs:DescribeServices", "ecs:CreateService", "ecs:UpdateService", "ecs:DeleteService"],
            vec![tasks.clone()],
            &always,
        ),
        statement(
            "PreviewRegister",
            "previews: register their task definitions",
            &["ecs:RegisterTaskDefinition"],
            vec![definitions.clone()],
            &always,
        ),
        statement("PreviewTag", "previews: tag both", &["ecs:TagResource"], vec![tasks, definitions], &creating),
        statement(
            "PreviewDeregister",
            "previews: deregister them; AWS knows no resource for this",
            &["ecs:DeregisterTaskDefinition"],
            any(),
            &always,
        ),
        statement(
            "PreviewReadTasks",
            "previews: see why tasks stopped",
            &["ecs:DescribeTasks"],
            vec![arn("ecs", format!("task/{}/*", previews.cluster))],
            &always,
        ),
        statement(
            "PreviewRemove",
            "previews: take away what is theirs",
            &[
                "vpc-lattice:DeleteTargetGroup",
                "vpc-lattice:DeregisterTargets",
                "vpc-lattice:DeleteService",
                "vpc-lattice:DeleteServiceNetworkServiceAssociation",
            ],
            vec![lattice("service"), associations, lattice("targetgroup")],
            &ours,
        ),
        statement("PreviewRemoveRule", "previews: take their rules away", &["vpc-lattice:DeleteRule"], vec![rules], &ours),
    ];
    if previews.guarded {
        made_of.push(statement(
            "PreviewGuard",
            "previews: give their Lattice services the real one's auth policy",
            &["vpc-lattice:GetAuthPolicy", "vpc-lattice:PutAuthPolicy"],
            vec![lattice("service")],
            &always,
        ));
    }
    made_of
}

/// These without what earlier ones allow already.
#[must_use]
pub fn beside(earlier: &[Statement], more: Vec<Statement>) -> Vec<Statement> {
    let allows = |statement: &Statement, condition: &Value, action: &str, resource: &str| {
        (statement.condition.is_null() || statement.condition == *condition)
            && statement.actions.iter().any(|known| known == action)
            && statement.resources.iter().any(|pattern| covers(pattern, resource))
    };
    let lacking = |mut statement: Statement| {
        let (condition, resources) = (statement.condition.clone(), statement.resources.clone());
        statement.actions.retain(|action| {
            let is_allowed = |resource: &String| earlier.iter().any(|other| allows(other, &condition, action, resource));
            !resources.iter().all(is_allowed)
        });
        (!statement.actions.is_empty()).then_some(statement)
    };
    more.into_iter().filter_map(lacking).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn previews() -> Previews {
        Previews {
            home: ("aws".to_owned(), "r".to_owned(), "1".to_owned()),
            cluster: "c".to_owned(),
            prefix: "web".to_owned(),
            listener: "arn:aws:vpc-lattice:r:1:service/svc-1/listener/listener-1".to_owned(),
            ..Previews::default()
        }
    }

    #[test]
    fn nothing_is_deleted_that_does_not_carry_our_tag_and_nothing_of_others_is_run() {
        for statement in statements(&previews()) {
            for action in &statement.actions {
                if action.starts_with("vpc-lattice:Delete") || action == "vpc-lattice:DeregisterTargets" {
                    assert_eq!(
                        statement.condition,
                        json!({ "Null": { "aws:ResourceTag/espalier:preview": "false" } }),
                        "{action}"
                    );
                }
                if action.starts_with("ecs:") && action.ends_with("Service") {
                    assert_eq!(statement.resources, ["arn:aws:ecs:r:1:service/c/web-pr-*"], "{action}");
                }
            }
        }
    }

    #[test]
    fn what_is_allowed_already_is_not_said_again() {
        let all = statements(&previews());
        assert!(beside(&all, all.clone()).is_empty());
        assert_eq!(beside(&[], all.clone()), all);
        let guarded = Previews { guarded: true, ..previews() };
        let more: Vec<_> = beside(&all, statements(&guarded)).iter().map(|statement| statement.sid).collect();
        assert_eq!(more, ["PreviewGuard"]);
    }
}
