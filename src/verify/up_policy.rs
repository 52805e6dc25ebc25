//! What the role needs for `up` and `down`: exactly what a config declares. What is made carries our tag with its owner, and only
//! what carries it is changed or taken away.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    needs::Need,
    policy::{Statement, covers},
};
use crate::resources::{
    Kind, Resource,
    alias::{is_zone_id, note_of},
    resource::OWNER,
};

/// What a config declares, and where.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// Partition, region, account.
    pub home: (String, String, String),
    /// What is released: the owner of all.
    pub owner: String,
    /// The resources.
    pub resources: Vec<Resource>,
    /// The cluster's name and the slots' ECS services, where there is a cluster: `down` takes away what releases made.
    pub slots: Option<(String, Vec<String>)>,
    /// The id of the custom domain's hosted zone, as far as it is known.
    pub zone: Option<String>,
    /// What the config refers to.
    pub lookups: Vec<Need>,
}

impl Declared {
    fn arn(&self, service: &str, path: &str) -> String {
        let (partition, region, account) = &self.home;
        format!("arn:{partition}:{service}:{region}:{account}:{path}")
    }

    /// Everything that is to be made, and what it is in.
    fn of(&self, kind: Kind) -> impl Iterator<Item = &Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind && !resource.is_external)
    }

    fn has(&self, kind: Kind) -> bool {
        self.of(kind).next().is_some()
    }

    fn patterns(&self, kind: Kind) -> Vec<String> {
        let path = match kind {
            Kind::Network => "servicenetwork/*",
            Kind::VpcAssociation => "servicenetworkvpcassociation/*",
            Kind::Service => "service/*",
            Kind::ServiceAssociation => "servicenetworkserviceassociation/*",
            Kind::TargetGroup | Kind::Targets => "targetgroup/*",
            Kind::Listener => "service/*/listener/*",
            Kind::Rule => "service/*/listener/*/rule/*",
            Kind::AccessLog => "accesslogsubscription/*",
            // Whatever they are of.
            Kind::AuthPolicy => {
                let of = |resource: &Resource| resource.needs.iter().any(|need| need == "network");
                let kind = |policy| if of(policy) { Kind::Network } else { Kind::Service };
                return self.of(Kind::AuthPolicy).flat_map(|policy| self.patterns(kind(policy))).collect();
            }
            Kind::Share | Kind::Alias | Kind::EcsService => return Vec::new(),
        };
        vec![self.arn("vpc-lattice", path)]
    }
}

/// What is in what is ours without being declared: releases and earlier configs made it, and `down` takes it away.
fn discovered(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::Network => &[Kind::VpcAssociation, Kind::ServiceAssociation],
        Kind::Service => &[Kind::ServiceAssociation, Kind::Listener, Kind::Rule],
        Kind::TargetGroup | Kind::EcsService => &[Kind::TargetGroup, Kind::Targets],
        Kind::VpcAssociation
        | Kind::ServiceAssociation
        | Kind::Targets
        | Kind::Listener
        | Kind::Rule
        | Kind::AccessLog
        | Kind::AuthPolicy
        | Kind::Share
        | Kind::Alias => &[],
    }
}

/// What a call makes something in: it needs the permission on that, too.
fn within(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::VpcAssociation => &[Kind::Network],
        Kind::ServiceAssociation | Kind::AccessLog => &[Kind::Network, Kind::Service],
        Kind::Network
        | Kind::Service
        | Kind::TargetGroup
        | Kind::Targets
        | Kind::Listener
        | Kind::Rule
        | Kind::AuthPolicy
        | Kind::Share
        | Kind::Alias
        | Kind::EcsService => &[],
    }
}

/// The statements, in the order of `up` and `down`.
#[must_use]
pub fn statements(declared: &Declared) -> Vec<Statement> {
    let made: BTreeSet<Kind> =
        declared.resources.iter().filter(|resource| !resource.is_external).map(|resource| resource.kind).collect();
    let released = declared.slots.is_some().then_some(Kind::EcsService);
    let found = made.iter().copied().chain(released).flat_map(discovered).copied();
    let taken: BTreeSet<Kind> = made.iter().copied().chain(found).collect();
    let seen: BTreeSet<Kind> = declared.resources.iter().map(|resource| resource.kind).chain(taken.iter().copied()).collect();
    let changed: BTreeSet<Kind> =
        made.iter().copied().chain(taken.iter().copied().filter(|kind| *kind == Kind::Listener)).collect();
    let is_named = |kind: &Kind| !matches!(kind, Kind::Targets | Kind::AuthPolicy);
    let operations =
        |kinds: &BTreeSet<Kind>| -> Vec<_> { kinds.iter().filter_map(|kind| Some((*kind, kind.operations()?))).collect() };
    let lattice = |operation: &str| format!("vpc-lattice:{operation}");
    let tag = || lattice("TagResource");
    let patterns = |kinds: &mut dyn Iterator<Item = Kind>| kinds.flat_map(|kind| declared.patterns(kind)).collect::<Vec<_>>();
    let any = || vec!["*".to_owned()];
    let owner = |of: &str| json!({ (format!("aws:{of}Tag/{OWNER}")): declared.owner });
    let made_by_us = json!({ "StringEquals": owner("Request") });
    let nobodys = json!({ "StringEquals": owner("Request"), "Null": { (format!("aws:ResourceTag/{OWNER}")): "true" } });
    let ours = json!({ "StringEquals": owner("Resource") });

    let lists = operations(&seen).into_iter().filter(|(kind, _)| is_named(kind)).map(|(_, it)| lattice(it.list));
    let gets = operations(&seen).into_iter().map(|(_, it)| lattice(it.get));
    let creates = operations(&made).into_iter().filter(|(kind, _)| is_named(kind)).map(|(_, it)| lattice(it.create));
    let updates = operations(&changed).into_iter().filter_map(|(_, it)| it.update.map(lattice));
    let deletes = operations(&taken).into_iter().map(|(_, it)| lattice(it.delete));
    let mut all = vec![
        statement(
            "UpLookAround",
            "up, down: find what there is",
            lists.chain([lattice("ListTagsForResource")]).collect(),
            any(),
            Value::Null,
        ),
        statement("UpRead", "up, down: see how it is", gets.collect(), patterns(&mut seen.iter().copied()), Value::Null),
        statement("UpLookUp", "up: have Lattice look at what the config names", looked_up(declared), any(), Value::Null),
        statement(
            "UpMake",
            "up: make what is declared",
            creates.collect(),
            patterns(
                &mut made
                    .iter()
                    .copied()
                    .filter(is_named)
                    .flat_map(|kind| [kind].into_iter().chain(within(kind).iter().copied())),
            ),
            made_by_us,
        ),
        statement(
            "UpTag",
            "up: tag it, and with --adopt what nobody owns",
            vec![tag()],
            patterns(&mut made.iter().copied().filter(is_named)),
            nobodys.clone(),
        ),
        statement(
            "UpChange",
            "up: change what is ours",
            updates.chain([tag()]).collect(),
            patterns(&mut changed.iter().copied()),
            ours.clone(),
        ),
        statement(
            "UpRemove",
            "down, up --replace: take away what is ours",
            deletes.collect(),
            patterns(&mut taken.iter().copied()),
            ours.clone(),
        ),
    ];
    let referred = declared.lookups.iter().flat_map(|need| need.actions.iter().map(|action| (*action).to_owned()));
    let at = declared.lookups.iter().flat_map(|need| need.resources.clone());
    all.push(statement("UpFillIn", "up, down: read what the config refers to", referred.collect(), at.collect(), Value::Null));
    if declared.has(Kind::AccessLog) {
        let logs = ["CreateLogDelivery", "GetLogDelivery", "DeleteLogDelivery"].map(|action| format!("logs:{action}"));
        all.push(statement("UpDeliverLogs", "up, down: have access logs delivered", logs.into(), any(), Value::Null));
    }
    if declared.has(Kind::Share) {
        let ram = |actions: &[&str]| actions.iter().map(|action| format!("ram:{action}")).collect::<Vec<_>>();
        let reads = ram(&["GetResourceShares", "GetResourceShareAssociations"]);
        all.push(statement("UpReadShares", "up, down: find resource shares", reads, any(), Value::Null));
        let makes = ram(&["CreateResourceShare", "TagResource"]);
        all.push(statement("UpMakeShare", "up: share with other accounts", makes, any(), nobodys));
        let changes = ram(&["AssociateResourceShare", "DisassociateResourceShare", "DeleteResourceShare", "TagResource"]);
        let shares = vec![declared.arn("ram", "resource-share/*")];
        all.push(statement("UpChangeShare", "up, down: change and end our shares", changes, shares, ours.clone()));
    }
    all.extend(alias(declared));
    if let Some((cluster, services)) = &declared.slots {
        let services: Vec<String> =
            services.iter().map(|service| declared.arn("ecs", &format!("service/{cluster}/{service}"))).collect();
        let read = vec!["ecs:DescribeServices".to_owned()];
        all.push(statement("DownReadServices", "down: see what releases made", read, services.clone(), Value::Null));
        let remove = vec!["ecs:DeleteService".to_owned()];
        all.push(statement("DownRemoveServices", "down: take away what releases made", remove, services, ours));
    }
    all.retain(|statement| !statement.actions.is_empty() && !statement.resources.is_empty());
    all
}

/// What Lattice asks of other services in the caller's name.
fn looked_up(declared: &Declared) -> Vec<String> {
    let names = |kind, pointer: &str| declared.of(kind).any(|resource| resource.wanted.pointer(pointer).is_some());
    let targets = |start: &str| {
        declared.of(Kind::Targets).filter_map(|resource| resource.wanted["targets"].as_array()).flatten().any(|target| {
            // A reference may become anything.
            target["id"].as_str().is_some_and(|id| id.starts_with(start))
        })
    };
    let has_targets = declared.has(Kind::Targets);
    let vpcs = names(Kind::TargetGroup, "/config/vpcIdentifier") || declared.has(Kind::VpcAssociation) || has_targets;
    [
        ("ec2:DescribeVpcs", vpcs),
        ("ec2:DescribeSubnets", has_targets),
        ("ec2:DescribeSecurityGroups", names(Kind::VpcAssociation, "/securityGroupIds")),
        ("ec2:DescribeInstances", targets("i-")),
        ("elasticloadbalancing:DescribeLoadBalancers", targets("arn:aws:elasticloadbalancing:")),
    ]
    .into_iter()
    .filter(|(_, is_needed)| *is_needed)
    .map(|(action, _)| action.to_owned())
    .collect()
}

/// For the custom domain: this name in its zone, and no other.
fn alias(declared: &Declared) -> Vec<Statement> {
    let Some(alias) = declared.of(Kind::Alias).next() else { return Vec::new() };
    let partition = &declared.home.0;
    let given = alias.wanted["zone"].as_str().filter(|zone| is_zone_id(zone)).map(str::to_owned);
    let find = if given.is_some() { "route53:GetHostedZone" } else { "route53:ListHostedZonesByName" };
    let zone = declared.zone.clone().or(given.clone()).unwrap_or_else(|| "*".to_owned());
    let zone = vec![format!("arn:{partition}:route53:::hostedzone/{zone}")];
    let name = alias.name.trim_end_matches('.').to_ascii_lowercase();
    let records = json!({ "ForAllValues:StringEquals": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [name, note_of(&name)],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A", "AAAA", "TXT"],
        "route53:ChangeResourceRecordSetsActions": ["UPSERT", "DELETE"],
    } });
    let one = |action: &str| vec![format!("route53:{action}")];
    vec![
        statement(
            "UpFindZone",
            "up, down: find the custom domain's hosted zone",
            vec![find.to_owned()],
            if given.is_some() { zone.clone() } else { vec!["*".to_owned()] },
            Value::Null,
        ),
        statement("UpReadZone", "up, down: see where the domain leads", one("ListResourceRecordSets"), zone.clone(), Value::Null),
        statement("UpPointDomain", "up, down: its alias records", one("ChangeResourceRecordSets"), zone, records),
    ]
}

fn statement(
    sid: &'static str,
    what_for: &'static str,
    mut actions: Vec<String>,
    mut resources: Vec<String>,
    condition: Value,
) -> Statement {
    let mut said = BTreeSet::new();
    actions.retain(|action| said.insert(action.clone()));
    resources.sort();
    resources.dedup();
    let patterns = resources.clone();
    resources.retain(|one| !patterns.iter().any(|pattern| pattern != one && covers(pattern, one)));
    Statement { sid, what_for, actions, resources, condition }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(address: &str, kind: Kind, needs: &[&str], wanted: Value) -> Resource {
        Resource {
            address: address.to_owned(),
            kind,
            name: address.to_owned(),
            from: "f".to_owned(),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            is_external: wanted.is_null(),
            wanted,
        }
    }

    fn declared(resources: Vec<Resource>) -> Declared {
        Declared {
            home: ("aws".to_owned(), "r".to_owned(), "1".to_owned()),
            owner: "shop".to_owned(),
            resources,
            ..Declared::default()
        }
    }

    fn sids(statements: &[Statement]) -> Vec<&str> {
        statements.iter().map(|statement| statement.sid).collect()
    }

    #[test]
    fn it_allows_what_is_declared_and_no_other_kind() {
        let group = resource("target_groups.a", Kind::TargetGroup, &[], json!({ "config": { "vpcIdentifier": "vpc-1" } }));
        let statements = statements(&declared(vec![group]));
        assert_eq!(sids(&statements), ["UpLookAround", "UpRead", "UpLookUp", "UpMake", "UpTag", "UpChange", "UpRemove"]);
        for statement in &statements {
            let of_groups = |resource: &String| resource == "*" || resource == "arn:aws:vpc-lattice:r:1:targetgroup/*";
            assert!(statement.resources.iter().all(of_groups), "{statement:?}");
        }
        assert_eq!(statements[3].actions, ["vpc-lattice:CreateTargetGroup"]);
        assert_eq!(statements[6].actions, ["vpc-lattice:DeleteTargetGroup", "vpc-lattice:DeregisterTargets"]);
    }

    #[test]
    fn nothing_is_changed_or_deleted_that_is_not_tagged_as_ours() {
        let ours = json!({ "StringEquals": { "aws:ResourceTag/espalier:owner": "shop" } });
        let all = vec![
            resource("network", Kind::Network, &[], json!({})),
            resource("service", Kind::Service, &[], json!({})),
            resource("service.share_with", Kind::Share, &["service"], json!({})),
            resource("listeners.http", Kind::Listener, &["service"], json!({})),
        ];
        let slots = Some(("c".to_owned(), vec!["shop".to_owned()]));
        for statement in statements(&Declared { slots, ..declared(all) }) {
            for action in &statement.actions {
                let verb = action.split_once(':').map_or("", |(_, operation)| operation);
                if ["Delete", "Update", "Put", "Deregister", "Register", "Disassociate"].iter().any(|it| verb.starts_with(it)) {
                    assert_eq!(statement.condition, ours, "{action}");
                }
            }
        }
    }

    #[test]
    fn what_is_only_named_is_read_and_left_alone() {
        let all = vec![
            resource("network", Kind::Network, &[], Value::Null),
            resource("service", Kind::Service, &[], Value::Null),
            resource("listeners.http", Kind::Listener, &["service"], json!({})),
        ];
        let statements = statements(&declared(all));
        let actions = |sid: &str| statements.iter().find(|it| it.sid == sid).map(|it| it.actions.join(" ")).unwrap_or_default();
        assert!(actions("UpRead").contains("vpc-lattice:GetServiceNetwork "), "{statements:?}");
        assert_eq!(actions("UpMake"), "vpc-lattice:CreateListener");
        assert_eq!(actions("UpRemove"), "vpc-lattice:DeleteListener");
    }

    #[test]
    fn a_domain_is_pointed_in_its_own_zone() {
        let wanted = json!({ "zone": "Z123", "service": "@service" });
        let alias = Resource { name: "Shop.example.com".to_owned(), ..resource("service.alias", Kind::Alias, &[], wanted) };
        let statements = statements(&declared(vec![alias]));
        let point = statements.iter().find(|it| it.sid == "UpPointDomain").expect("a statement");
        assert_eq!(point.resources, ["arn:aws:route53:::hostedzone/Z123"]);
        assert_eq!(
            point.condition["ForAllValues:StringEquals"]["route53:ChangeResourceRecordSetsNormalizedRecordNames"],
            json!(["shop.example.com", "_espalier.shop.example.com"])
        );
    }
}
