//! CreateResourceShare, GetResourceShares, UpdateResourceShare, DeleteResourceShare, TagResource, UntagResource.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    associations,
    operation::page,
    state::{Share, find, told},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// Tags of a share.
const MOST_TAGS: usize = 50;

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let invalid = |text: &str| Refusal::new("InvalidParameterException", text);
    if call.text("name").is_empty() {
        return Err(invalid("The name of a resource share can't be empty."));
    }
    if ["permissionArns", "permissionTemplateParameters", "sources"].iter().any(|list| !call.list(list).is_empty()) {
        return Err(invalid("The sandbox shares with the default permissions only, and knows no sources."));
    }
    let tags = tags(call)?;
    let most = world.scenario.quotas.resource_shares;
    let now = world.now;
    let taken = world.ram.shares.iter().filter(|share| share.status(now) != "DELETED").count();
    if u64::try_from(taken).is_ok_and(|taken| taken >= most) {
        let text = format!("The request would exceed the limit for resource shares in this account, which is {most}.");
        return Err(Refusal::new("ResourceShareLimitExceededException", text));
    }
    let external = call.input["allowExternalPrincipals"].as_bool().unwrap_or(true);
    let associations = associations::asked(world, call, external)?;
    let id = world.uuid32();
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default().to_owned();
    let uuid = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
    let (region, account) = (&world.scenario.region, &world.scenario.account);
    let share = Share {
        arn: format!("arn:aws:ram:{region}:{account}:resource-share/{uuid}"),
        name: call.text("name").to_owned(),
        external,
        tags,
        created: now,
        updated: now,
        ready: now + Duration::from_secs(world.scenario.knobs.activation),
        gone: None,
        associations,
    };
    let answer = json!({"resourceShare": shown(world, &share)});
    world.ram.shares.push(share);
    Ok(answer)
}

/// The tags of a request.
fn tags(call: &Call) -> Result<BTreeMap<String, String>, Refusal> {
    let text = |tag: &Value, member: &str| tag[member].as_str().unwrap_or_default().to_owned();
    let tags: BTreeMap<_, _> = call.list("tags").iter().map(|tag| (text(tag, "key"), text(tag, "value"))).collect();
    if tags.keys().any(|key| key.is_empty() || key.to_ascii_lowercase().starts_with("aws:")) {
        return Err(Refusal::new("InvalidParameterException", "A tag key can't be empty or begin with aws:."));
    }
    few_enough(tags.len())?;
    Ok(tags)
}

fn few_enough(number: usize) -> Result<(), Refusal> {
    let too_many = || Refusal::new("TagLimitExceededException", format!("A resource share can have at most {MOST_TAGS} tags."));
    if number <= MOST_TAGS { Ok(()) } else { Err(too_many()) }
}

fn shown(world: &World, share: &Share) -> Value {
    let tags: Vec<_> = share.tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    json!({
        "resourceShareArn": share.arn, "name": share.name, "owningAccountId": world.scenario.account,
        "allowExternalPrincipals": share.external, "status": share.status(world.now), "tags": tags,
        "creationTime": share.created.as_secs(), "lastUpdatedTime": share.updated.as_secs(), "featureSet": "STANDARD",
    })
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    // Nobody shares anything with this account by RAM.
    if call.text("resourceOwner") == "OTHER-ACCOUNTS" {
        return page(call, "resourceShares", Vec::new());
    }
    let arns: Vec<&str> = call.list("resourceShareArns").iter().filter_map(Value::as_str).collect();
    for arn in &arns {
        if !told(world).any(|share| share.arn == *arn) {
            return find(world, arn).map(|_| json!({}));
        }
    }
    let has_tags = |share: &Share| {
        call.list("tagFilters").iter().all(|filter| {
            let value = filter["tagKey"].as_str().and_then(|key| share.tags.get(key));
            let values = filter["tagValues"].as_array();
            value.is_some_and(|value| {
                values.is_none_or(|values| values.is_empty() || values.iter().any(|wanted| wanted.as_str() == Some(value)))
            })
        })
    };
    let wanted = |share: &&Share| {
        (arns.is_empty() || arns.contains(&share.arn.as_str()))
            && call.given("name").is_none_or(|name| name == share.name)
            && call.given("resourceShareStatus").is_none_or(|status| status == share.status(world.now))
            && has_tags(share)
    };
    page(call, "resourceShares", told(world).filter(wanted).map(|share| shown(world, share)).collect())
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let now = world.now;
    let share = find(world, call.text("resourceShareArn"))?;
    let external = call.input["allowExternalPrincipals"].as_bool().unwrap_or(share.external);
    if !external && share.kept().any(|association| association.external) {
        let text = "The resource share has principals outside of your organization.";
        return Err(Refusal::new("OperationNotPermittedException", text));
    }
    if let Some(name) = call.given("name") {
        share.name = name.to_owned();
    }
    share.external = external;
    share.updated = now;
    let share = share.clone();
    Ok(json!({"resourceShare": shown(world, &share)}))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (now, gone) = (world.now, world.now + Duration::from_secs(world.scenario.knobs.activation));
    let share = find(world, call.text("resourceShareArn"))?;
    if share.gone.is_none() {
        settled(share, now)?;
        share.gone = Some(gone);
        share.updated = now;
    }
    Ok(json!({"returnValue": true}))
}

/// Refuses what only an ACTIVE share takes.
pub(super) fn settled(share: &Share, now: crate::clock::Timestamp) -> Result<(), Refusal> {
    match share.status(now) {
        "ACTIVE" => Ok(()),
        status => {
            let text = format!("The resource share {} is {status}, which does not allow this operation.", share.arn);
            Err(Refusal::new("InvalidStateTransitionException", text))
        }
    }
}

fn tagged<'w>(world: &'w mut World, call: &Call) -> Result<&'w mut Share, Refusal> {
    let arn = call.given("resourceShareArn").or_else(|| call.given("resourceArn"));
    let missing = || Refusal::new("InvalidParameterException", "Either resourceShareArn or resourceArn must be given.");
    find(world, arn.ok_or_else(missing)?)
}

pub(super) fn tag(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let given = tags(call)?;
    let share = tagged(world, call)?;
    let mut all = share.tags.clone();
    all.extend(given);
    few_enough(all.len())?;
    share.tags = all;
    Ok(json!({}))
}

pub(super) fn untag(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let keys: Vec<&str> = call.list("tagKeys").iter().filter_map(Value::as_str).collect();
    tagged(world, call)?.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(json!({}))
}
