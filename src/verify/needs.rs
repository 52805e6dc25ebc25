//! The permissions that a release needs, as far as they can be named beforehand.
//!
//! Actions and resources are those of AWS's service authorization reference; stories hold this list against what a release uses.

/// What a release does and on what, by ARNs and names.
#[derive(Clone, Debug, Default)]
pub struct Release {
    /// `arn:aws:SERVICE:REGION:ACCOUNT:` is made of these: partition, region, account.
    pub home: (String, String, String),
    /// The Lattice service.
    pub lattice_service: String,
    /// Rules and listeners that are looked at.
    pub seen: Vec<String>,
    /// Those of them whose weights move.
    pub moving: Vec<String>,
    /// The slots' target groups that are there.
    pub groups: Vec<String>,
    /// The candidate's group is made.
    pub makes_group: bool,
    /// The cluster's name.
    pub cluster: String,
    /// The ECS services that are there.
    pub services: Vec<String>,
    /// Those that are created.
    pub creates: Vec<String>,
    /// The task definition's family.
    pub family: String,
    /// Roles that are passed on, and to whom.
    pub passes: Vec<(String, &'static str)>,
    /// What runs is compared with the definitions.
    pub compares: bool,
    /// Metrics judge.
    pub measures: bool,
    /// Alarms that judge.
    pub alarms: Vec<String>,
    /// `lock: ssm`
    pub locks: bool,
    /// A rule for tests is made.
    pub tests: bool,
    /// The task definitions that hooks run: `FAMILY:REVISION`, or `FAMILY:*`.
    pub runs: Vec<String>,
    /// Application Auto Scaling sets the services' size.
    pub scales: bool,
    /// What is created with tags of its definition: the ends of ARNs of ECS.
    pub tagged: Vec<String>,
}

/// Actions that are needed on each of some resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The actions.
    pub actions: Vec<&'static str>,
    /// ARNs, or `*`.
    pub resources: Vec<String>,
    /// Whom a role is passed to.
    pub passed_to: Option<&'static str>,
}

/// What the role of a release needs.
#[must_use]
pub fn of(release: &Release) -> Vec<Need> {
    let (partition, region, account) = &release.home;
    let arn = |service: &str, path: String| format!("arn:{partition}:{service}:{region}:{account}:{path}");
    let mut needs: Vec<Need> = Vec::new();
    let mut need = |actions: &[&'static str], resources: Vec<String>| {
        if !actions.is_empty() && !resources.is_empty() {
            needs.push(Need { actions: actions.to_vec(), resources, passed_to: None });
        }
    };

    let mut anywhere = vec![
        "vpc-lattice:ListServices",
        "vpc-lattice:ListListeners",
        "vpc-lattice:ListRules",
        "vpc-lattice:ListTargetGroups",
        "vpc-lattice:ListTagsForResource",
        "application-autoscaling:DescribeScalableTargets",
    ];
    for (wanted, action) in [
        (release.compares, "ecs:DescribeTaskDefinition"),
        (release.measures, "cloudwatch:GetMetricData"),
        (release.makes_group, "ec2:DescribeVpcs"),
    ] {
        anywhere.extend(wanted.then_some(action));
    }
    need(&anywhere, vec!["*".to_owned()]);

    let is_rule = |arn: &&String| arn.contains("/rule/");
    let (rules, listeners): (Vec<_>, Vec<_>) = release.seen.iter().cloned().partition(|arn| is_rule(&arn));
    need(&["vpc-lattice:GetRule"], rules);
    need(&["vpc-lattice:GetListener"], listeners);
    let (rules, listeners): (Vec<_>, Vec<_>) = release.moving.iter().cloned().partition(|arn| is_rule(&arn));
    let made: Vec<String> = listeners_of(&release.moving).into_iter().map(|listener| format!("{listener}/rule/*")).collect();
    need(&["vpc-lattice:UpdateRule", "vpc-lattice:TagResource"], rules);
    need(&["vpc-lattice:UpdateListener", "vpc-lattice:TagResource"], listeners);
    need(&["vpc-lattice:TagResource"], vec![release.lattice_service.clone()]);
    if release.tests {
        need(&["vpc-lattice:CreateRule", "vpc-lattice:TagResource"], made.clone());
        need(&["vpc-lattice:DeleteRule"], made);
    }
    let of_group = ["vpc-lattice:GetTargetGroup", "vpc-lattice:ListTargets"];
    need(&of_group, release.groups.clone());
    if release.makes_group {
        let any = vec![arn("vpc-lattice", "targetgroup/*".to_owned())];
        need(&["vpc-lattice:CreateTargetGroup", "vpc-lattice:TagResource"], any.clone());
        need(&of_group, any);
    }

    let cluster = &release.cluster;
    let service = |name: &String| arn("ecs", format!("service/{cluster}/{name}"));
    need(&["ecs:DescribeServices", "ecs:UpdateService"], release.services.iter().map(service).collect());
    need(&["ecs:DescribeServices", "ecs:CreateService"], release.creates.iter().map(service).collect());
    if !cluster.is_empty() {
        need(&["ecs:ListTasks"], vec![arn("ecs", format!("container-instance/{cluster}/*"))]);
        let of_task: &[&str] =
            if release.runs.is_empty() { &["ecs:DescribeTasks"] } else { &["ecs:DescribeTasks", "ecs:StopTask"] };
        need(of_task, vec![arn("ecs", format!("task/{cluster}/*"))]);
    }
    if !release.family.is_empty() {
        need(&["ecs:RegisterTaskDefinition"], vec![arn("ecs", format!("task-definition/{}:*", release.family))]);
    }
    need(&["ecs:RunTask"], release.runs.iter().map(|end| arn("ecs", format!("task-definition/{end}"))).collect());
    for end in &release.tagged {
        // Each is its own question: what creates it is a condition.
        need(&["ecs:TagResource"], vec![arn("ecs", end.clone())]);
    }
    need(&["cloudwatch:DescribeAlarms"], release.alarms.iter().map(|name| arn("cloudwatch", format!("alarm:{name}"))).collect());
    if release.locks {
        let of_parameter = ["ssm:PutParameter", "ssm:GetParameter", "ssm:DeleteParameter"];
        // Named after the traffic target that holds the record, which lies under the service.
        let of_service = release.lattice_service.splitn(6, ':').nth(5).map(|path| format!("{path}/")).unwrap_or_default();
        need(&of_parameter, vec![arn("ssm", format!("parameter/espalier/{of_service}*"))]);
    }
    if release.scales {
        need(
            &["application-autoscaling:DescribeScalingPolicies", "application-autoscaling:DescribeScheduledActions"],
            vec!["*".to_owned()],
        );
        let writes = [
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:PutScalingPolicy",
            "application-autoscaling:PutScheduledAction",
        ];
        need(&writes, vec![arn("application-autoscaling", "scalable-target/*".to_owned())]);
    }
    for (role, to) in &release.passes {
        needs.push(Need { actions: vec!["iam:PassRole"], resources: vec![role.clone()], passed_to: Some(to) });
    }
    needs
}

/// What `verify` looks at besides, where it may.
#[must_use]
pub fn of_verify(release: &Release, roles: Vec<String>) -> Vec<Need> {
    let (partition, region, account) = &release.home;
    let mut anywhere = vec![
        "vpc-lattice:ListServiceNetworkServiceAssociations",
        "vpc-lattice:ListServiceNetworkVpcAssociations",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeManagedPrefixLists",
    ];
    anywhere.extend(release.measures.then_some("cloudwatch:ListMetrics"));
    let neighbours = format!("arn:{partition}:ecs:{region}:{account}:service/{}/*", release.cluster);
    let associations = format!("arn:{partition}:vpc-lattice:{region}:{account}:servicenetworkvpcassociation/*");
    let listeners = listeners_of(&release.seen).into_iter().map(str::to_owned).collect();
    let need = |actions, resources| Need { actions, resources, passed_to: None };
    vec![
        need(vec!["vpc-lattice:GetServiceNetworkVpcAssociation"], vec![associations]),
        need(vec!["vpc-lattice:GetListener"], listeners),
        need(vec!["vpc-lattice:GetService"], vec![release.lattice_service.clone()]),
        need(anywhere, vec!["*".to_owned()]),
        need(vec!["ecs:ListServices"], vec!["*".to_owned()]),
        need(vec!["ecs:DescribeServices"], vec![neighbours]),
        need(vec!["iam:GetRole", "iam:SimulatePrincipalPolicy"], roles),
    ]
}

/// What ECS does with the infrastructure role in these groups (`AmazonECSInfrastructureRolePolicyForVpcLattice`).
#[must_use]
pub fn of_infrastructure_role(groups: Vec<String>) -> Vec<Need> {
    let actions = vec![
        "vpc-lattice:RegisterTargets",
        "vpc-lattice:DeregisterTargets",
        "vpc-lattice:GetTargetGroup",
        "vpc-lattice:ListTargets",
    ];
    let looking = vec!["ec2:DescribeSubnets", "ec2:DescribeVpcs"];
    vec![
        Need { actions, resources: groups, passed_to: None },
        Need { actions: looking, resources: vec!["*".to_owned()], passed_to: None },
    ]
}

/// The listeners of rules and listeners, each once.
fn listeners_of(arns: &[String]) -> Vec<&str> {
    let mut listeners: Vec<&str> = arns.iter().map(|arn| arn.split("/rule/").next().unwrap_or(arn)).collect();
    listeners.sort_unstable();
    listeners.dedup();
    listeners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_release_does_decides_what_it_needs() {
        let listener = "arn:aws:vpc-lattice:r:1:service/svc-1/listener/listener-1".to_owned();
        let rule = format!("{listener}/rule/rule-1");
        let mut release = Release {
            home: ("aws".to_owned(), "r".to_owned(), "1".to_owned()),
            seen: vec![rule.clone(), listener.clone()],
            moving: vec![rule.clone()],
            ..Release::default()
        };
        let has = |release: &Release, action: &str, resource: &str| {
            of(release).iter().any(|need| need.actions.contains(&action) && need.resources.iter().any(|known| known == resource))
        };
        assert!(has(&release, "vpc-lattice:UpdateRule", &rule) && has(&release, "vpc-lattice:GetListener", &listener));
        assert!(!has(&release, "vpc-lattice:UpdateListener", &listener), "it does not move");
        assert!(!has(&release, "vpc-lattice:CreateRule", &format!("{listener}/rule/*")));
        release.tests = true;
        assert!(has(&release, "vpc-lattice:CreateRule", &format!("{listener}/rule/*")));
        assert!(!has(&release, "ssm:PutParameter", "arn:aws:ssm:r:1:parameter/espalier/*"));
        release.locks = true;
        assert!(has(&release, "ssm:PutParameter", "arn:aws:ssm:r:1:parameter/espalier/*"));
        release.passes = vec![("arn:aws:iam::1:role/x".to_owned(), "ecs.amazonaws.com")];
        assert_eq!(of(&release).last().and_then(|need| need.passed_to), Some("ecs.amazonaws.com"));
    }
}
