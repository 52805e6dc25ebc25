//! What Route 53 keeps.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{changes, name::whole};
use crate::{
    clock::Timestamp,
    sandbox::{
        lattice,
        scenario::{HostedZoneSeed, Mistake, RecordSeed},
        world::World,
    },
};

/// From a change to all of Route 53's servers answering by it ("generally within 60 seconds", API reference, `GetChange`).
pub(super) const PROPAGATION: Duration = Duration::from_secs(30);
/// How long resolvers keep a scenario's records.
const TTL: u64 = 300;

/// Hosted zones, and changes by their ids.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(super) zones: Vec<Zone>,
    pub(super) changes: BTreeMap<String, Change>,
}

#[derive(Clone)]
pub(super) struct Zone {
    pub(super) id: String,
    /// With the dot at its end, as all names here.
    pub(super) name: String,
    /// Empty for a public zone.
    pub(super) vpcs: Vec<String>,
    /// As the API writes them.
    pub(super) sets: Vec<Value>,
}

#[derive(Clone)]
pub(super) struct Change {
    pub(super) at: Timestamp,
    pub(super) comment: Option<String>,
}

/// The servers of every public zone.
pub(super) const SERVERS: [&str; 4] =
    ["ns-1.awsdns-00.com", "ns-513.awsdns-00.net", "ns-1025.awsdns-00.org", "ns-1537.awsdns-00.co.uk"];

/// Puts in what the scenario lists. What AWS would refuse is left out and told in `unseeded`.
pub(crate) fn seed(world: &mut World) {
    for (index, zone) in world.scenario.hosted_zones.clone().into_iter().enumerate() {
        let (id, records) = (made(world, &zone), zone.records);
        for (place, record) in records.iter().enumerate() {
            let change = json!({"Action": "CREATE", "ResourceRecordSet": set(world, record)});
            if let Err(refusal) = changes::apply(world, &id, &[change]) {
                let (index, place) = (index.to_string(), place.to_string());
                world.unseeded.push(Mistake::at(&["hosted_zones", &index, "records", &place], refusal.message));
            }
        }
    }
}

fn made(world: &mut World, seed: &HostedZoneSeed) -> String {
    let name = whole(&seed.name);
    let id = if seed.id.is_empty() {
        let made = world.uuid32().to_ascii_uppercase();
        format!("Z{}", made.get(..19).unwrap_or_default())
    } else {
        seed.id.clone()
    };
    let values = |all: &[&str]| all.iter().map(|value| json!({"Value": value})).collect::<Vec<_>>();
    let servers: Vec<String> = SERVERS.iter().map(|server| format!("{server}.")).collect();
    let servers: Vec<&str> = servers.iter().map(String::as_str).collect();
    let soa = "ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400";
    let sets = vec![
        json!({"Name": name, "Type": "NS", "TTL": 172_800, "ResourceRecords": values(&servers)}),
        json!({"Name": name, "Type": "SOA", "TTL": 900, "ResourceRecords": values(&[soa])}),
    ];
    world.route53.zones.push(Zone { id: id.clone(), name, vpcs: seed.vpcs.clone(), sets });
    id
}

fn set(world: &World, record: &RecordSeed) -> Value {
    let mut set = json!({"Name": record.name, "Type": record.r#type});
    if record.alias.is_empty() {
        set["TTL"] = json!(TTL);
        set["ResourceRecords"] = record.values.iter().map(|value| json!({"Value": value})).collect();
    } else {
        // The scenario's check has refused the name of a service that is not there.
        let domain = lattice::domain_of(world, &record.alias).unwrap_or_default();
        let zone = lattice::HOSTED_ZONE;
        set["AliasTarget"] = json!({"HostedZoneId": zone, "DNSName": domain, "EvaluateTargetHealth": false});
    }
    set
}

/// Every zone with its records but NS and SOA.
pub(crate) fn snapshot(world: &World) -> Value {
    let shown = |zone: &Zone| {
        let own = |set: &&Value| !matches!(set["Type"].as_str(), Some("NS" | "SOA"));
        json!({
            "id": zone.id, "name": zone.name, "private": !zone.vpcs.is_empty(),
            "records": zone.sets.iter().filter(own).collect::<Vec<_>>(),
        })
    };
    world.route53.zones.iter().map(shown).collect()
}
