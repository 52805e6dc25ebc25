//! The operations that are emulated, and what all of them share: recognising a repeated request, and pages.

use serde_json::{Map, Value};

use super::{associations, batch, groups, listeners, logs, networks, policies, refusal, rules, services, tags, targets, vpcs};
use crate::sandbox::{
    protocol::{Call, Perform, Refusal},
    scenario::TokenMismatch,
    world::World,
};

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[
    ("CreateServiceNetwork", |world, call| once(world, call, networks::create)),
    ("GetServiceNetwork", networks::get),
    ("ListServiceNetworks", networks::list),
    ("UpdateServiceNetwork", networks::update),
    ("DeleteServiceNetwork", networks::delete),
    ("CreateServiceNetworkServiceAssociation", |world, call| once(world, call, associations::create)),
    ("GetServiceNetworkServiceAssociation", associations::get),
    ("ListServiceNetworkServiceAssociations", associations::list),
    ("DeleteServiceNetworkServiceAssociation", associations::delete),
    ("CreateServiceNetworkVpcAssociation", |world, call| once(world, call, vpcs::create)),
    ("GetServiceNetworkVpcAssociation", vpcs::get),
    ("ListServiceNetworkVpcAssociations", vpcs::list),
    ("UpdateServiceNetworkVpcAssociation", vpcs::update),
    ("DeleteServiceNetworkVpcAssociation", vpcs::delete),
    ("CreateAccessLogSubscription", |world, call| once(world, call, logs::create)),
    ("GetAccessLogSubscription", logs::get),
    ("ListAccessLogSubscriptions", logs::list),
    ("UpdateAccessLogSubscription", logs::update),
    ("DeleteAccessLogSubscription", logs::delete),
    ("PutAuthPolicy", policies::put_auth),
    ("GetAuthPolicy", policies::get_auth),
    ("DeleteAuthPolicy", policies::delete_auth),
    ("PutResourcePolicy", policies::put_resource),
    ("GetResourcePolicy", policies::get_resource),
    ("DeleteResourcePolicy", policies::delete_resource),
    ("CreateService", |world, call| once(world, call, services::create)),
    ("GetService", services::get),
    ("ListServices", services::list),
    ("UpdateService", services::update),
    ("DeleteService", services::delete),
    ("CreateListener", |world, call| once(world, call, listeners::create)),
    ("GetListener", listeners::get),
    ("ListListeners", listeners::list),
    ("UpdateListener", listeners::update),
    ("DeleteListener", listeners::delete),
    ("CreateRule", |world, call| once(world, call, rules::create)),
    ("GetRule", rules::get),
    ("ListRules", rules::list),
    ("UpdateRule", rules::update),
    ("BatchUpdateRule", batch::update),
    ("DeleteRule", rules::delete),
    ("CreateTargetGroup", |world, call| once(world, call, groups::create)),
    ("GetTargetGroup", groups::get),
    ("ListTargetGroups", groups::list),
    ("UpdateTargetGroup", groups::update),
    ("DeleteTargetGroup", groups::delete),
    ("RegisterTargets", targets::register),
    ("DeregisterTargets", targets::deregister),
    ("ListTargets", targets::list),
    ("ListTagsForResource", tags::list),
    ("TagResource", tags::tag),
    ("UntagResource", tags::untag),
];

/// Does an operation once for each `clientToken`: the same request again gets the same answer.
fn once(world: &mut World, call: &Call, perform: Perform) -> Result<Value, Refusal> {
    let Some(token) = call.given("clientToken").map(|token| (call.operation.to_owned(), token.to_owned())) else {
        return perform(world, call);
    };
    if let Some((asked, answer)) = world.lattice.tokens.get(&token) {
        if *asked == call.input {
            return Ok(answer.clone());
        }
        let other = "The client token was already used with other parameters.";
        return Err(match world.scenario.knobs.token_mismatch {
            TokenMismatch::Conflict => refusal::conflict("CLIENT_TOKEN", &token.1, other),
            TokenMismatch::Validation => refusal::field("clientToken", other),
        });
    }
    let answer = perform(world, call)?;
    world.lattice.tokens.insert(token, (call.input.clone(), answer.clone()));
    Ok(answer)
}

/// One page of `items`, with the token of the next one. A token is the number of items before its page.
pub(super) fn page(call: &Call, items: Vec<Value>) -> Result<Value, Refusal> {
    let size = call.number("maxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let from = match call.given("nextToken") {
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|from| from.parse::<usize>().ok())
            .filter(|from| *from <= items.len())
            .ok_or_else(|| refusal::field("nextToken", "is not a token of this list"))?,
        None => 0,
    };
    let mut body = Map::new();
    if from + size < items.len() {
        body.insert("nextToken".to_owned(), Value::String(format!("page-{}", from + size)));
    }
    body.insert("items".to_owned(), items.into_iter().skip(from).take(size).collect());
    Ok(Value::Object(body))
}
