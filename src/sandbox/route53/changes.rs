//! ChangeResourceRecordSets, GetChange.

use serde_json::{Value, json};

use super::{
    check,
    name::whole,
    records::text,
    state::{Change, PROPAGATION},
    zones::find,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

pub(super) fn change(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let batch = &call.input["ChangeBatch"];
    let changes = batch["Changes"].as_array().map_or(&[][..], Vec::as_slice);
    apply(world, call.text("HostedZoneId"), changes)?;
    let made = world.uuid32().to_ascii_uppercase();
    let id = format!("C{}", made.get(..20).unwrap_or_default());
    let change = Change { at: world.now, comment: batch["Comment"].as_str().map(str::to_owned) };
    world.route53.changes.insert(id.clone(), change);
    shown(world, &id)
}

/// Makes all of these changes, or none.
pub(super) fn apply(world: &mut World, zone: &str, changes: &[Value]) -> Result<(), Refusal> {
    let mut draft = find(world, zone)?.clone();
    let mut wrong = Vec::new();
    for change in changes {
        check::form(text(change, "Action"), &change["ResourceRecordSet"])?;
    }
    let mut written = Vec::new();
    for change in changes {
        let set = normal(&change["ResourceRecordSet"]);
        let (name, kind) = (text(&set, "Name").to_owned(), text(&set, "Type").to_owned());
        let place = draft.sets.iter().position(|other| text(other, "Name") == name && text(other, "Type") == kind);
        let named = format!("resource record set [name='{name}', type='{kind}']");
        match (text(change, "Action"), place) {
            ("CREATE", Some(_)) => wrong.push(format!("Tried to create {named} but it already exists")),
            ("DELETE", None) => wrong.push(format!("Tried to delete {named} but it was not found")),
            ("DELETE", Some(_)) if name == draft.name && kind == "SOA" => {
                wrong.push("A HostedZone must contain exactly one SOA record.".to_owned());
            }
            ("DELETE", Some(_)) if name == draft.name && kind == "NS" => {
                wrong.push("A HostedZone must contain at least one NS record for the zone itself.".to_owned());
            }
            ("DELETE", Some(place)) if draft.sets.get(place) != Some(&set) => {
                wrong.push(format!("Tried to delete {named} but the values provided do not match the current values"));
            }
            ("DELETE", Some(place)) => {
                draft.sets.remove(place);
            }
            (_, place) => {
                match place.and_then(|place| draft.sets.get_mut(place)) {
                    Some(old) => old.clone_from(&set),
                    None => draft.sets.push(set.clone()),
                }
                written.push(set);
            }
        }
    }
    written.iter().for_each(|set| check::content(world, &draft, set, &mut wrong));
    if !wrong.is_empty() {
        return Err(Refusal::new("InvalidChangeBatch", format!("[{}]", wrong.join(", "))));
    }
    if let Some(zone) = world.route53.zones.iter_mut().find(|known| known.id == zone) {
        *zone = draft;
    }
    Ok(())
}

/// A set with its names written in one way, and its values in one order.
fn normal(set: &Value) -> Value {
    let mut set = set.clone();
    set["Name"] = json!(whole(text(&set, "Name")));
    if !set["AliasTarget"].is_null() {
        set["AliasTarget"]["DNSName"] = json!(whole(text(&set["AliasTarget"], "DNSName")));
    }
    if let Some(records) = set["ResourceRecords"].as_array_mut() {
        records.sort_by_key(|record| text(record, "Value").to_owned());
    }
    set
}

fn shown(world: &World, id: &str) -> Result<Value, Refusal> {
    let missing = || Refusal::new("NoSuchChange", format!("Could not find resource with ID: {id}"));
    let change = world.route53.changes.get(id).ok_or_else(missing)?;
    let status = if world.now >= change.at + PROPAGATION { "INSYNC" } else { "PENDING" };
    let mut info = json!({"Id": format!("/change/{id}"), "Status": status, "SubmittedAt": change.at.as_secs()});
    if let Some(comment) = &change.comment {
        info["Comment"] = json!(comment);
    }
    Ok(json!({"ChangeInfo": info}))
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    shown(world, call.text("Id"))
}
