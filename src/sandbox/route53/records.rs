//! ListResourceRecordSets.

use serde_json::{Value, json};

use super::{
    name::{key, printed, whole},
    zones::{find, size},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let size = size(call, 300)?;
    let zone = find(world, call.text("HostedZoneId"))?;
    if call.given("StartRecordType").is_some() && call.given("StartRecordName").is_none() {
        return Err(Refusal::new("InvalidInput", "The type parameter requires the name parameter."));
    }
    let place = |set: &Value| (key(text(set, "Name")), text(set, "Type").to_owned());
    let mut sets: Vec<&Value> = zone.sets.iter().collect();
    sets.sort_by_key(|set| place(set));
    if let Some(name) = call.given("StartRecordName") {
        let first = (key(&whole(name)), call.text("StartRecordType").to_owned());
        sets.retain(|set| place(set) >= first);
    }
    let show = |set: &Value| {
        let mut set = set.clone();
        set["Name"] = json!(printed(text(&set, "Name")));
        set
    };
    let page: Vec<_> = sets.iter().take(size).map(|set| show(set)).collect();
    let mut answer = json!({"ResourceRecordSets": page, "IsTruncated": sets.len() > size, "MaxItems": size.to_string()});
    if let Some(next) = sets.get(size) {
        answer["NextRecordName"] = json!(printed(text(next, "Name")));
        answer["NextRecordType"] = next["Type"].clone();
    }
    Ok(answer)
}

/// A text member of a set.
pub(super) fn text<'s>(set: &'s Value, member: &str) -> &'s str {
    set[member].as_str().unwrap_or_default()
}
