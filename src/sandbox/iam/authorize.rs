//! Whether a caller may do what they ask.

use std::borrow::Cow;

use serde_json::json;

use super::{
    actions,
    context::{self, Context},
    credentials::{Caller, caller},
    policy::{Policy, Verdict},
    resources::{arns, texts},
    state::Used,
};
use crate::sandbox::{
    protocol::{Call, Protocol, Refusal, emulated},
    ram,
    world::World,
};

/// One permission that a request needs.
struct Need {
    used: Used,
    /// Whether it is about tags that come with what is created.
    creating: bool,
}

/// Holds a request against the policies of its caller's role, and writes down what it needed.
pub(crate) fn authorize(world: &mut World, protocol: Protocol, call: &Call) -> Result<(), Refusal> {
    // A test holds that every operation has its row.
    let Some(row) = actions::of(call.service, call.operation) else { return Ok(()) };
    let needs = needs(world, call, row);
    let caller = caller(world, &call.access_key);
    let role = world.scenario.iam.roles.get(&caller.role);
    let own = role.and_then(|role| role.policies.clone());
    let session = world.iam.sessions.get(&call.access_key).and_then(|session| session.policy.clone());
    if own.is_some() || session.is_some() {
        let common = Context::of_caller(world, &caller.role_arn(), &caller.user_id()).with_members(world, call);
        for need in &needs {
            if let Some(policies) = &own {
                let context = of_need(world, call, need, common.clone(), policies);
                refuse(protocol, &caller, &need.used, "identity-based", verdict(policies, &need.used, &context))?;
            }
            if let Some(policy) = &session {
                let policies = std::slice::from_ref(policy);
                let context = of_need(world, call, need, common.clone(), policies);
                refuse(protocol, &caller, &need.used, "session", verdict(policies, &need.used, &context))?;
            }
        }
    }
    world.iam.used.extend(needs.into_iter().map(|need| need.used));
    Ok(())
}

fn needs(world: &World, call: &Call, row: &actions::Row) -> Vec<Need> {
    let need = |action: String, resource: String| Need { used: Used { action, resource, passed_to: None }, creating: false };
    let resources = arns(world, call, row.resources);
    let action = format!("{}:{}", row.service, row.action);
    let mut needs: Vec<Need> = resources.iter().map(|resource| need(action.clone(), resource.clone())).collect();
    let creates =
        call.operation.starts_with("Create") || call.operation.starts_with("Put") || call.operation.starts_with("Register");
    if (creates || call.operation == "RunTask") && !context::tags(&call.input).is_empty() {
        // The one that is created is the last.
        let created = arns(world, call, row.tagged).pop().or_else(|| resources.last().cloned()).unwrap_or_else(|| "*".to_owned());
        needs.push(Need { creating: true, ..need(format!("{}:{}", row.service, row.tagging), created) });
    }
    for (member, to) in row.passes {
        for role in texts(&call.input, member) {
            // ECS takes a role's name too.
            let arn =
                if role.starts_with("arn:") { role } else { format!("arn:aws:iam::{}:role/{role}", world.scenario.account) };
            let passed = need("iam:PassRole".to_owned(), arn);
            needs.push(Need { used: Used { passed_to: Some(to), ..passed.used }, creating: false });
        }
    }
    if world.scenario.iam.ec2_lookups {
        let caused = |cause: &str| {
            let (member, start) = cause.split_once(' ').unwrap_or((cause, ""));
            let pointer = format!("/{}", member.replace('.', "/"));
            let is_there = || member.is_empty() || call.input.pointer(&pointer).is_some();
            if start.is_empty() { is_there() } else { texts(&call.input, member).iter().any(|text| text.starts_with(start)) }
        };
        let lookups = row.looks_up.iter().filter(|(_, cause)| caused(cause));
        needs.extend(lookups.map(|(action, _)| need((*action).to_owned(), "*".to_owned())));
    }
    needs
}

/// The condition keys of one permission: those of the request, of the resource's tags, and of what is passed or created.
fn of_need(world: &mut World, call: &Call, need: &Need, common: Context, policies: &[Policy]) -> Context {
    let asks_for_tags = policies.iter().flat_map(Policy::keys).any(|key| key.to_ascii_lowercase().contains("resourcetag/"));
    let mut context = common;
    if asks_for_tags && need.used.resource.starts_with("arn:") {
        let tags = tags_of(world, call, &need.used.resource);
        context = context.with_resource_tags(call.service, &tags);
    }
    if let Some(to) = need.used.passed_to {
        context.set("iam:PassedToService", to);
    }
    if need.creating {
        context.set(&format!("{}:CreateAction", call.service), call.operation);
    }
    context
}

/// The tags of a resource, as its service tells them; none where it has no such resource.
fn tags_of(world: &mut World, call: &Call, arn: &str) -> Vec<(String, String)> {
    if call.service == "ram" {
        return ram::tags(world, arn);
    }
    let operations = emulated(call.service).map_or(&[][..], |service| service.operations);
    let Some((operation, list)) = operations.iter().find(|(name, _)| *name == "ListTagsForResource") else { return Vec::new() };
    let input = json!({"resourceArn": arn});
    let asked = Call { service: call.service, operation, input, labels: vec![arn.to_owned()], access_key: String::new() };
    list(world, &asked).map(|answer| context::tags(&answer)).unwrap_or_default()
}

pub(super) fn verdict(policies: &[Policy], used: &Used, context: &Context) -> Verdict {
    let verdicts = || policies.iter().map(|policy| policy.of_identity(&used.action, &used.resource, context));
    if verdicts().any(|verdict| verdict == Verdict::Denied) {
        return Verdict::Denied;
    }
    if verdicts().any(|verdict| verdict == Verdict::Allowed) { Verdict::Allowed } else { Verdict::Unsaid }
}

/// AWS's text (IAM user guide, "Troubleshoot access denied error messages") in the form of the protocol.
fn refuse(protocol: Protocol, caller: &Caller, used: &Used, kind: &str, verdict: Verdict) -> Result<(), Refusal> {
    let because: Cow<'_, str> = match verdict {
        Verdict::Allowed => return Ok(()),
        Verdict::Unsaid => format!("because no {kind} policy allows the {} action", used.action).into(),
        Verdict::Denied if kind == "session" => "with an explicit deny in a session policy".into(),
        Verdict::Denied => "with an explicit deny in an identity-based policy".into(),
    };
    let text =
        format!("User: {} is not authorized to perform: {} on resource: {} {because}", caller.arn(), used.action, used.resource);
    Err(match protocol {
        Protocol::Query | Protocol::RestXml => Refusal::new("AccessDenied", text).status(403),
        Protocol::RestJson | Protocol::Cbor => Refusal::new("AccessDeniedException", text).status(403),
        Protocol::AwsJson => Refusal::new("AccessDeniedException", text).status(400),
    })
}
