//! Whether security groups let VPC Lattice in to the tasks, and clients in to VPC Lattice.

use super::{
    words::{thing, unchecked},
    world::Known,
};
use crate::{
    aws::Fault,
    commands::view::View,
    verify::{
        Code, Found,
        admission::{self, Admission},
    },
};

/// Everything that can be said of security groups.
pub(super) async fn check(known: &Known<'_>) -> Vec<Found> {
    let (tasks, clients) = tokio::join!(to_tasks(known), to_lattice(known));
    let tasks = tasks.unwrap_or_else(|fault| {
        let what = "whether the tasks' security groups let VPC Lattice in was not checked";
        vec![unchecked(what, &fault, &known.release.cluster)]
    });
    let clients = clients.unwrap_or_else(|fault| {
        let what = "whether security groups let clients in to VPC Lattice was not checked";
        vec![unchecked(what, &fault, &known.survey.service.arn)]
    });
    [tasks, clients].concat()
}

/// From VPC Lattice to the candidate's tasks. Where the definition names no groups ECS takes the VPC's default one, or leaves those
/// that are there, which nothing here knows.
async fn to_tasks(known: &Known<'_>) -> Result<Vec<Found>, Fault> {
    let (Some(roles), Some(definitions)) = (known.roles, known.definitions) else { return Ok(Vec::new()) };
    let view = View { settings: known.release, survey: known.survey, roles, definitions };
    // What keeps it from being patched is told elsewhere.
    let Ok(patched) = view.patched() else { return Ok(Vec::new()) };
    let port = patched.lattice.as_ref().and_then(|entry| definitions.port_of(&entry.port_name));
    let groups = patched.security_groups();
    let (Some(port), Some(target_group), false) = (port, view.model_group(), groups.is_empty()) else { return Ok(Vec::new()) };
    let (aws, now) = (known.aws, known.now);
    let (permissions, lists) = match tokio::join!(aws.let_in_by(&groups, now), aws.lattices_prefix_lists(now)) {
        (Err(fault), _) if fault.code.as_deref().is_some_and(|code| code.starts_with("InvalidGroup")) => {
            let message = format!("the tasks cannot have these security groups: {}", fault.message);
            return Ok(vec![Found::error(Code::SecurityGroup, thing(&groups.join(", ")), message)]);
        }
        (permissions, lists) => (permissions?, lists?),
    };
    let is_v6 = target_group.ip_address_type.as_deref() == Some("IPV6");
    if admission::of_lattice(&permissions, port, is_v6, &lists) != Admission::No {
        return Ok(Vec::new());
    }
    let (id, all) = (groups.first().cloned().unwrap_or_default(), groups.join(", "));
    let message = format!(
        "the tasks' security groups ({all}) do not let VPC Lattice in on port {port}: its health checks fail, and ECS replaces one task after the other"
    );
    let list = if is_v6 { lists.v6 } else { lists.v4 }.unwrap_or_else(|| "pl-…".to_owned());
    let hint = format!(
        "aws ec2 authorize-security-group-ingress --group-id {id} --ip-permissions 'IpProtocol=tcp,FromPort={port},ToPort={port},PrefixListIds=[{{PrefixListId={list}}}]'"
    );
    Ok(vec![Found::error(Code::SecurityGroup, thing(&all), message).hint(hint)])
}

/// From clients to VPC Lattice, in every VPC whose association has security groups.
async fn to_lattice(known: &Known<'_>) -> Result<Vec<Found>, Fault> {
    let (aws, now, service) = (known.aws, known.now, &known.survey.service);
    let mut guarded = Vec::new();
    for membership in aws.memberships(service).await?.iter().filter(|membership| membership.status == "ACTIVE") {
        let vpcs = aws.vpcs_of(&membership.id, now).await?;
        guarded
            .extend(vpcs.into_iter().filter(|vpc| !vpc.security_groups.is_empty()).map(|vpc| (membership.network.clone(), vpc)));
    }
    if guarded.is_empty() {
        return Ok(Vec::new());
    }
    let mut ports = Vec::new();
    let mut seen = Vec::new();
    for (target, _) in &known.survey.targets {
        if !seen.contains(&target.listener()) {
            seen.push(target.listener());
            ports.extend(aws.port_of(target).await?);
        }
    }
    let mut found = Vec::new();
    for (network, vpc) in guarded {
        let permissions = aws.let_in_by(&vpc.security_groups, now).await?;
        for port in ports.iter().filter(|port| !admission::of_anybody(&permissions, **port)) {
            let groups = vpc.security_groups.join(", ");
            let message = format!(
                "no client in {} reaches {} on port {port}: the security groups of that VPC in the service network {network} ({groups}) let nobody in there",
                vpc.vpc, service.name
            );
            let hint = "give one of them a rule that lets the clients in, by their own security group or their addresses";
            found.push(Found::warning(Code::SecurityGroup, thing(&groups), message).hint(hint));
        }
    }
    Ok(found)
}
