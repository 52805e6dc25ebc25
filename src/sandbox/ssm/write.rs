//! `PutParameter`, `DeleteParameter`.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{
    name,
    state::{Parameter, Version},
};
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

/// Characters of a value, by tier (user guide, "Managing parameter tiers").
const STANDARD: usize = 4096;
const ADVANCED: usize = 8192;
/// Versions that are kept; the oldest goes where it has no label, and here none has.
const VERSIONS: usize = 100;
/// Standard parameters of an account and region.
const MOST: usize = 10_000;

pub(super) fn put(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let invalid = |text: &str| Refusal::new("ValidationException", text);
    let (name, value) = (call.text("Name"), call.text("Value"));
    name::check(name)?;
    unsupported(call)?;
    let overwrite = call.input["Overwrite"].as_bool().unwrap_or(false);
    let old = world.ssm.parameters.get(name);
    if old.is_some() && !overwrite {
        let text = "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
        return Err(Refusal::new("ParameterAlreadyExists", text));
    }
    if overwrite && !call.list("Tags").is_empty() {
        let text = "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
                    overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
                    RemoveTagsFromResource.";
        return Err(invalid(text));
    }
    let kind = match (call.given("Type"), old) {
        (Some(kind), Some(old)) if kind != old.kind => {
            let text = format!("The parameter's type is {}: it cannot be changed to {kind}.", old.kind);
            return Err(Refusal::new("HierarchyTypeMismatchException", text));
        }
        (Some(kind), _) => kind.to_owned(),
        (None, Some(old)) => old.kind.clone(),
        (None, None) => return Err(invalid("A parameter type is required when you create a parameter.")),
    };
    if kind != "SecureString" && call.given("KeyId").is_some() {
        return Err(invalid("KeyId is required for SecureString type parameter only."));
    }
    if value.is_empty() {
        return Err(invalid(
            "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ));
    }
    pattern(call, value)?;
    let advanced = tier(call, value, old.is_some_and(|old| old.advanced))?;
    if old.is_none() && world.ssm.parameters.len() >= MOST {
        let text =
            "You have exceeded the number of parameters for this AWS account. Delete one or more parameters and try again.";
        return Err(Refusal::new("ParameterLimitExceeded", text));
    }
    let at = world.now;
    let parameter =
        world.ssm.parameters.entry(name.to_owned()).or_insert_with(|| Parameter { kind, advanced, versions: VecDeque::new() });
    parameter.advanced = advanced;
    let number = parameter.versions.back().map_or(0, |version| version.number) + 1;
    parameter.versions.push_back(Version { number, value: value.to_owned(), at });
    if parameter.versions.len() > VERSIONS {
        parameter.versions.pop_front();
    }
    Ok(json!({"Version": number, "Tier": if advanced { "Advanced" } else { "Standard" }}))
}

/// What the sandbox does not do is refused, never ignored.
fn unsupported(call: &Call) -> Result<(), Refusal> {
    if call.given("Policies").is_some_and(|policies| !policies.is_empty()) {
        return Err(Refusal::new("InvalidPolicyTypeException", "The sandbox does not emulate parameter policies."));
    }
    match call.given("DataType") {
        None | Some("text") => Ok(()),
        Some(known @ ("aws:ec2:image" | "aws:ssm:integration")) => {
            Err(Refusal::new("ValidationException", format!("The sandbox does not emulate the data type {known}.")))
        }
        Some(other) => Err(Refusal::new("ValidationException", format!("The following data type is not supported: {other}"))),
    }
}

fn pattern(call: &Call, value: &str) -> Result<(), Refusal> {
    let Some(pattern) = call.given("AllowedPattern").filter(|pattern| !pattern.is_empty()) else { return Ok(()) };
    let Ok(regex) = regress::Regex::with_flags(pattern, "u") else {
        return Err(Refusal::new("InvalidAllowedPatternException", format!("{pattern} is not a regular expression.")));
    };
    if regex.find(value).is_some() {
        return Ok(());
    }
    let text = format!("Parameter value, cannot be validated against allowedPattern: {pattern}");
    Err(Refusal::new("ParameterPatternMismatchException", text))
}

/// Whether it is an advanced parameter now.
fn tier(call: &Call, value: &str, was: bool) -> Result<bool, Refusal> {
    let invalid = |text: &str| Refusal::new("ValidationException", text);
    let length = value.chars().count();
    let advanced = match call.given("Tier") {
        Some("Advanced") => true,
        Some("Intelligent-Tiering") => was || length > STANDARD,
        Some("Standard") if was => {
            return Err(invalid(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier \
                 to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard \
                 parameter.",
            ));
        }
        _ => was,
    };
    if !advanced && length > STANDARD {
        return Err(invalid(
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, \
             upgrade the parameter to use the advanced-parameter tier. For more information, see \
             https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
        ));
    }
    if length > ADVANCED {
        return Err(invalid("Advanced tier parameters support a maximum parameter value of 8192 characters."));
    }
    Ok(advanced)
}

pub(super) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let name = call.text("Name");
    match world.ssm.parameters.remove(name) {
        Some(_) => Ok(json!({})),
        None => Err(Refusal::new("ParameterNotFound", format!("Parameter {name} not found."))),
    }
}
