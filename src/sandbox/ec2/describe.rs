//! `DescribeSecurityGroups`, `DescribeManagedPrefixLists`.

use serde_json::{Value, json};

use crate::sandbox::{
    protocol::{Call, Refusal},
    scenario::SecurityGroupSeed,
    world::World,
};

/// VPC Lattice's prefix lists: the end of the name, the address family, and the id, which is another one in each of AWS's regions.
const PREFIX_LISTS: [(&str, &str, &str); 2] =
    [("vpc-lattice", "IPv4", "pl-12345678901234567"), ("ipv6.vpc-lattice", "IPv6", "pl-12345678901234568")];

pub(super) fn security_groups(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    supported(call, &["GroupNames"])?;
    let (known, account) = (&world.scenario.security_groups, &world.scenario.account);
    let asked: Vec<&str> = call.list("GroupIds").iter().filter_map(Value::as_str).collect();
    // A scenario that lists none has every one that somebody names, and it lets everything in.
    let opened = asked.iter().filter(|_| known.is_empty()).map(|id| open(id));
    let listed = known.iter().filter(|group| asked.is_empty() || asked.contains(&group.id.as_str())).cloned();
    let found: Vec<SecurityGroupSeed> = listed.chain(opened).collect();
    if let Some(missing) = asked.iter().find(|id| !found.iter().any(|group| group.id == **id)) {
        return Err(Refusal::new("InvalidGroup.NotFound", format!("The security group '{missing}' does not exist")));
    }
    let of = |group: &SecurityGroupSeed| {
        vec![("group-id", group.id.clone()), ("vpc-id", group.vpc.clone()), ("group-name", group.id.clone())]
    };
    let chosen = filtered(call, found, of)?;
    let printed = chosen.iter().map(|group| {
        json!({
            "GroupId": group.id, "GroupName": group.id, "Description": group.id, "VpcId": group.vpc, "OwnerId": account,
            "IpPermissions": group.ingress, "IpPermissionsEgress": [everything()],
        })
    });
    paged(call, "SecurityGroups", printed.collect())
}

fn open(id: &str) -> SecurityGroupSeed {
    SecurityGroupSeed { id: id.to_owned(), vpc: String::new(), ingress: vec![everything()] }
}

fn everything() -> Value {
    json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]})
}

pub(super) fn prefix_lists(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    supported(call, &["PrefixListIds"])?;
    let region = &world.scenario.region;
    let name = |end: &str| format!("com.amazonaws.{region}.{end}");
    let of = |(end, _, id): &(&str, &str, &str)| {
        vec![("prefix-list-name", name(end)), ("prefix-list-id", (*id).to_owned()), ("owner-id", "AWS".to_owned())]
    };
    let chosen = filtered(call, PREFIX_LISTS.to_vec(), of)?;
    let printed = chosen.into_iter().map(|(end, family, id)| {
        json!({
            "PrefixListId": id, "AddressFamily": family, "State": "create-complete", "OwnerId": "AWS", "PrefixListName": name(end),
            "PrefixListArn": format!("arn:aws:ec2:{region}:aws:prefix-list/{id}"),
        })
    });
    paged(call, "PrefixLists", printed.collect())
}

/// Refuses what would be asked for in vain.
fn supported(call: &Call, other: &[&str]) -> Result<(), Refusal> {
    let all = ["DryRun"];
    match all.iter().chain(other).find(|member| !call.input[**member].is_null()) {
        Some(member) => {
            Err(Refusal::new("InvalidParameterCombination", format!("The sandbox does not know {member} in {}.", call.operation)))
        }
        None => Ok(()),
    }
}

/// One page of these, with the token of the next. A token tells how many are before it.
fn paged(call: &Call, member: &str, all: Vec<Value>) -> Result<Value, Refusal> {
    let invalid = || Refusal::new("InvalidPaginationToken", "The specified pagination token is not valid or is expired.");
    let known = |token: &str| token.strip_prefix("after-")?.parse::<usize>().ok().filter(|from| *from < all.len());
    let from = call.given("NextToken").map_or(Ok(0), |token| known(token).ok_or_else(invalid))?;
    let end = call.number("MaxResults").and_then(|size| usize::try_from(size).ok()).map_or(all.len(), |size| from + size);
    let mut answer = json!({ member: all.get(from..end.min(all.len())) });
    if end < all.len() {
        answer["NextToken"] = json!(format!("after-{end}"));
    }
    Ok(answer)
}

/// Those that all filters let through; each names one of its values.
fn filtered<T>(call: &Call, all: Vec<T>, of: impl Fn(&T) -> Vec<(&'static str, String)>) -> Result<Vec<T>, Refusal> {
    let mut left = all;
    for filter in call.list("Filters") {
        let (name, wanted) = (filter["Name"].as_str().unwrap_or_default(), &filter["Values"]);
        if left.first().is_some_and(|one| of(one).iter().all(|(known, _)| *known != name)) {
            return Err(Refusal::new("InvalidParameterValue", format!("The filter '{name}' is invalid")));
        }
        let is_wanted = |value: &String| wanted.as_array().is_some_and(|wanted| wanted.iter().any(|one| one == value.as_str()));
        left.retain(|one| of(one).iter().any(|(known, value)| *known == name && is_wanted(value)));
    }
    Ok(left)
}
