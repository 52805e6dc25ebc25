//! ListHostedZonesByName, GetHostedZone.

use serde_json::{Value, json};

use super::{
    name::{key, whole},
    state::{SERVERS, Zone},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// A zone by its id.
pub(super) fn find<'w>(world: &'w World, id: &str) -> Result<&'w Zone, Refusal> {
    let missing = || Refusal::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}"));
    world.route53.zones.iter().find(|zone| zone.id == id).ok_or_else(missing)
}

fn shown(zone: &Zone) -> Value {
    json!({
        "Id": format!("/hostedzone/{}", zone.id), "Name": zone.name, "CallerReference": format!("sandbox-{}", zone.id),
        "Config": {"PrivateZone": !zone.vpcs.is_empty()}, "ResourceRecordSetCount": zone.sets.len(),
    })
}

/// How many are asked for on a page: a text in Route 53's requests.
pub(super) fn size(call: &Call, most: usize) -> Result<usize, Refusal> {
    let Some(given) = call.given("MaxItems") else { return Ok(most) };
    let wrong = || Refusal::new("InvalidInput", format!("Invalid value for MaxItems: {given}"));
    given.parse::<usize>().ok().filter(|size| *size > 0).map(|size| size.min(most)).ok_or_else(wrong)
}

pub(super) fn by_name(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    if call.given("HostedZoneId").is_some() && call.given("DNSName").is_none() {
        return Err(Refusal::new("InvalidInput", "The HostedZoneId parameter requires the DNSName parameter."));
    }
    let size = size(call, 100)?;
    let place = |name: &str, id: &str| (key(&whole(name)), id.to_owned());
    let mut zones: Vec<&Zone> = world.route53.zones.iter().collect();
    zones.sort_by_key(|zone| place(&zone.name, &zone.id));
    if let Some(name) = call.given("DNSName") {
        let first = place(name, call.text("HostedZoneId"));
        zones.retain(|zone| place(&zone.name, &zone.id) >= first);
    }
    let page: Vec<_> = zones.iter().take(size).map(|zone| shown(zone)).collect();
    let mut answer = json!({"HostedZones": page, "IsTruncated": zones.len() > size, "MaxItems": size.to_string()});
    for member in ["DNSName", "HostedZoneId"] {
        if let Some(given) = call.given(member) {
            answer[member] = json!(given);
        }
    }
    if let Some(next) = zones.get(size) {
        answer["NextDNSName"] = json!(next.name);
        answer["NextHostedZoneId"] = json!(next.id);
    }
    Ok(answer)
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let zone = find(world, call.text("Id"))?;
    if zone.vpcs.is_empty() {
        return Ok(json!({"HostedZone": shown(zone), "DelegationSet": {"NameServers": SERVERS}}));
    }
    let vpcs: Vec<_> = zone.vpcs.iter().map(|vpc| json!({"VPCRegion": world.scenario.region, "VPCId": vpc})).collect();
    Ok(json!({"HostedZone": shown(zone), "VPCs": vpcs}))
}
