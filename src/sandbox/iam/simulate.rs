//! `SimulatePrincipalPolicy`: what a role's policies say of actions on resources, without anybody doing them.

use serde_json::{Value, json};

use super::{
    authorize::verdict,
    context::Context,
    policy::{Policy, Verdict},
    roles,
    state::Used,
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// How many results come at once, unless another number is asked for.
const PAGE: usize = 100;

pub(super) fn simulate(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let invalid = |text: String| Refusal::new("InvalidInputException", text);
    let given = |member: &str| !call.list(member).is_empty() || call.given(member).is_some();
    let not_simulated = [
        "PolicyInputList",
        "PermissionsBoundaryPolicyInputList",
        "PolicyExclusionList",
        "ResourcePolicy",
        "ResourceOwner",
        "CallerArn",
        "ResourceHandlingOption",
    ];
    if let Some(member) = not_simulated.into_iter().find(|member| given(member)) {
        return Err(invalid(format!("The sandbox does not simulate with {member}.")));
    }
    let source = call.text("PolicySourceArn");
    let named = source.strip_prefix(&format!("arn:aws:iam::{}:role/", world.scenario.account));
    let unclear = || invalid(format!("Invalid Entity Arn: {source} does not clearly define entity type and name."));
    let full = named.ok_or_else(unclear)?;
    let name = full.rsplit('/').next().unwrap_or_default();
    let found = roles::find(world, name).filter(|(known, _)| known == full);
    let (_, seed) = found.ok_or_else(|| roles::missing(name))?;
    let policies = seed.and_then(|seed| seed.policies.clone());

    let mut context = Context::of_caller(world, source, &super::credentials::role_id(full));
    for entry in call.list("ContextEntries") {
        let values = entry["ContextKeyValues"].as_array().into_iter().flatten();
        let values = values.filter_map(|value| value.as_str().map(str::to_owned)).collect();
        context.set_all(entry["ContextKeyName"].as_str().unwrap_or_default(), values);
    }
    let texts = |member: &str| call.list(member).iter().filter_map(|item| item.as_str().map(str::to_owned)).collect::<Vec<_>>();
    let mut resources = texts("ResourceArns");
    if resources.is_empty() {
        resources.push("*".to_owned());
    }
    let mut results = Vec::new();
    for action in texts("ActionNames") {
        if action.split(':').count() != 2 {
            return Err(invalid(format!("Invalid Action Name: {action}")));
        }
        results.extend(resources.iter().map(|resource| result(policies.as_deref(), &action, resource, &context)));
    }
    let begin = match call.given("Marker") {
        Some(marker) => {
            marker.strip_prefix("after-").and_then(|number| number.parse().ok()).filter(|begin| *begin < results.len())
        }
        None => Some(0),
    };
    let begin = begin.ok_or_else(|| invalid("Invalid Marker.".to_owned()))?;
    let most = call.number("MaxItems").and_then(|most| usize::try_from(most).ok()).unwrap_or(PAGE);
    let end = begin.saturating_add(most).min(results.len());
    let mut answer = json!({"EvaluationResults": results[begin..end], "IsTruncated": end < results.len()});
    if end < results.len() {
        answer["Marker"] = json!(format!("after-{end}"));
    }
    Ok(answer)
}

fn result(policies: Option<&[Policy]>, action: &str, resource: &str, context: &Context) -> Value {
    let used = Used { action: action.to_owned(), resource: resource.to_owned(), passed_to: None };
    let decision = match policies.map_or(Verdict::Allowed, |policies| verdict(policies, &used, context)) {
        Verdict::Allowed => "allowed",
        Verdict::Unsaid => "implicitDeny",
        Verdict::Denied => "explicitDeny",
    };
    let keys = policies.into_iter().flatten().flat_map(Policy::keys);
    let mut missing: Vec<&str> = keys.filter(|key| context.values(key).is_none()).collect();
    missing.sort_unstable();
    missing.dedup();
    json!({
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decision,
        "MatchedStatements": [],
        "MissingContextValues": missing,
    })
}
