//! What the operations' requests have in common.

use serde_json::{Value, json};

use super::state::parts;
use crate::{
    clock::Timestamp,
    sandbox::{protocol::Refusal, world::World},
};

/// The one dimension of ECS.
pub(super) const DIMENSION: &str = "ecs:service:DesiredCount";

pub(super) type Outcome = Result<Value, Refusal>;

pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}

pub(super) fn text<'a>(body: &'a Value, member: &str) -> Option<&'a str> {
    body.get(member).and_then(Value::as_str)
}

/// The namespace has to be ECS's, and the dimension too where there is one.
pub(super) fn emulated(body: &Value) -> Result<(), Refusal> {
    let namespace = text(body, "ServiceNamespace").unwrap_or_default();
    if namespace != "ecs" {
        return Err(invalid(format!("The sandbox scales the services of ECS only, nothing of {namespace}.")));
    }
    match text(body, "ScalableDimension") {
        None | Some(DIMENSION) => Ok(()),
        Some(other) => Err(invalid(format!("Unsupported service namespace, resource type or scalable dimension: ecs, {other}"))),
    }
}

/// The resource of a request: `service/CLUSTER/SERVICE`.
pub(super) fn resource(body: &Value) -> Result<&str, Refusal> {
    emulated(body)?;
    let resource = text(body, "ResourceId").unwrap_or_default();
    let wrong = || invalid(format!("ResourceId {resource} is not of the form service/CLUSTER_NAME/SERVICE_NAME."));
    parts(resource).map(|_| resource).ok_or_else(wrong)
}

/// A filter of a Describe operation; a dimension needs a resource.
pub(super) fn filter(body: &Value) -> Result<Option<&str>, Refusal> {
    emulated(body)?;
    let resource = text(body, "ResourceId");
    if resource.is_none() && body.get("ScalableDimension").is_some_and(|given| !given.is_null()) {
        return Err(invalid("ResourceId is required when ScalableDimension is specified."));
    }
    Ok(resource)
}

/// `ObjectNotFoundException` in the service's words.
pub(super) fn not_found(what: &str, resource: &str, more: &str) -> Refusal {
    let message = format!("{what} for service namespace: ecs, resource ID: {resource}, scalable dimension: {DIMENSION}{more}");
    Refusal::new("ObjectNotFoundException", message)
}

/// One page under a member's name; 50 to a page at most. A token is the place where its page begins.
pub(super) fn paged(member: &str, items: Vec<Value>, body: &Value) -> Outcome {
    let asked = match body.get("MaxResults").and_then(Value::as_i64) {
        None => 50,
        Some(number) => usize::try_from(number)
            .ok()
            .filter(|number| (1..=50).contains(number))
            .ok_or_else(|| invalid("MaxResults must be between 1 and 50."))?,
    };
    let start = match text(body, "NextToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|place| place.parse::<usize>().ok())
            .filter(|place| *place <= items.len())
            .ok_or_else(|| Refusal::new("InvalidNextTokenException", "The next token is not valid."))?,
    };
    let next = (start + asked < items.len()).then(|| format!("page-{}", start + asked));
    let mut answer = json!({ member: items.into_iter().skip(start).take(asked).collect::<Vec<_>>() });
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// A point in time as awsJson writes it.
pub(super) fn seconds(at: Timestamp) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this era fit into 53 bits")]
    let seconds = at.as_millis() as f64 / 1000.0;
    json!(seconds)
}

/// The next UUID.
pub(super) fn uuid(world: &mut World) -> String {
    let hex = world.uuid32();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-9{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
