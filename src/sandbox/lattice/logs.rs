//! Access log subscriptions. Where they lead is kept, not written to.

use serde_json::{Value, json};

use super::{
    find::is_network,
    operation::page,
    parts::{card, dates, joined},
    refusal,
    state::{SUBSCRIPTION, Subscription},
    tags,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// What kind of destination an ARN is; None where VPC Lattice cannot write there.
fn kind(destination: &str) -> Option<&'static str> {
    let mut parts = destination.splitn(6, ':').skip(2);
    let (service, resource) = (parts.next()?, parts.nth(2)?);
    match service {
        "s3" if !resource.is_empty() => Some("Amazon S3 bucket"),
        "logs" if resource.starts_with("log-group:") => Some("CloudWatch log group"),
        "firehose" if resource.starts_with("deliverystream/") => Some("Amazon Data Firehose delivery stream"),
        _ => None,
    }
}

/// The kind of a destination that one more subscription of this resource may have: there is one of each kind (user guide, "Access
/// logs for VPC Lattice").
fn free(world: &World, own: &str, resource: &str, log_type: &Value, destination: &str) -> Result<(), Refusal> {
    let wanted = "must be an Amazon S3 bucket, a CloudWatch log group or an Amazon Data Firehose delivery stream";
    let kind_of_it = kind(destination).ok_or_else(|| refusal::field("destinationArn", wanted))?;
    let taken = |other: &&Subscription| {
        other.card.id != own
            && other.resource == resource
            && other.log_type == *log_type
            && kind(&other.destination) == Some(kind_of_it)
    };
    match world.lattice.subscriptions.iter().find(taken) {
        Some(other) => {
            let message = format!("An access log subscription with an {kind_of_it} already exists for {resource}.");
            Err(refusal::conflict(SUBSCRIPTION, &other.card.id, message))
        }
        None => Ok(()),
    }
}

pub(super) fn create(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (tags, destination) = (tags::given(call)?, call.text("destinationArn"));
    let (card_of, ..) = world.lattice.guarded(call.text("resourceIdentifier"))?;
    let (resource, resource_arn) = (card_of.id.clone(), card_of.arn.clone());
    let log_type = match call.given("serviceNetworkLogType") {
        Some(_) if !is_network(&resource) => {
            return Err(refusal::field("serviceNetworkLogType", "is only supported for a service network"));
        }
        Some(given) => json!(given),
        None if is_network(&resource) => json!("SERVICE"),
        None => Value::Null,
    };
    free(world, "", &resource, &log_type, destination)?;
    let id = world.id("als");
    let card = card(world, "accesslogsubscription", id, "", tags);
    let subscription = Subscription { card, resource, resource_arn, destination: destination.to_owned(), log_type };
    let reply = head(&subscription);
    world.lattice.subscriptions.push(subscription);
    Ok(reply)
}

fn head(subscription: &Subscription) -> Value {
    let mut all = brief(subscription);
    if !subscription.log_type.is_null() {
        all["serviceNetworkLogType"] = subscription.log_type.clone();
    }
    all
}

/// As `UpdateAccessLogSubscription` gives it.
fn brief(subscription: &Subscription) -> Value {
    let card = &subscription.card;
    json!({
        "id": card.id, "arn": card.arn, "resourceId": subscription.resource, "resourceArn": subscription.resource_arn,
        "destinationArn": subscription.destination,
    })
}

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let subscription = world.lattice.subscription(call.label(0))?;
    Ok(joined(head(subscription), &dates(&subscription.card)))
}

pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let wanted = call.text("resourceIdentifier");
    // What is not there has no subscriptions: this operation knows no ResourceNotFoundException.
    let all = world.lattice.subscriptions.iter().filter(|it| it.resource == wanted || it.resource_arn == wanted);
    page(call, all.map(|subscription| joined(head(subscription), &dates(&subscription.card))).collect())
}

pub(super) fn update(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let (now, destination) = (world.now, call.text("destinationArn"));
    let subscription = world.lattice.subscription(call.label(0))?;
    let id = subscription.card.id.clone();
    free(world, &id, &subscription.resource, &subscription.log_type, destination)?;
    let found = world.lattice.subscriptions.iter_mut().find(|it| it.card.id == id);
    let Some(subscription) = found else { return Err(refusal::internal()) };
    destination.clone_into(&mut subscription.destination);
    subscription.card.updated = now;
    Ok(brief(subscription))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let id = world.lattice.subscription(call.label(0))?.card.id.clone();
    world.lattice.subscriptions.retain(|subscription| subscription.card.id != id);
    Ok(json!({}))
}
