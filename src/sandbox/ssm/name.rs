//! What a parameter may be called (API reference, PutParameter, `Name`).

use crate::sandbox::{protocol::Refusal, world::World};

/// Levels of a hierarchy.
const DEEPEST: usize = 15;
/// Characters of a name; the rest of the model's 2048 is for the ARN around it.
const LONGEST: usize = 1011;

/// Refuses a name that a parameter cannot have.
pub(super) fn check(name: &str) -> Result<(), Refusal> {
    let invalid = |text: &str| Err(Refusal::new("ValidationException", text));
    let first = name.trim_start_matches('/').split('/').next().unwrap_or_default().to_ascii_lowercase();
    if first.starts_with("aws") {
        return Err(Refusal::new("AccessDeniedException", format!("No access to reserved parameter name: {name}.")));
    }
    let symbols = |character: char| character.is_ascii_alphanumeric() || "_.-/".contains(character);
    if first.starts_with("ssm") || !name.chars().all(symbols) || name.ends_with('/') || name.contains("//") {
        return invalid(
            "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths \
             divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_",
        );
    }
    if name.contains('/') && !name.starts_with('/') {
        return invalid("Parameter name must be a fully qualified name.");
    }
    if name.len() > LONGEST {
        return invalid("Parameter name must not be longer than 1011 characters.");
    }
    if name.split('/').skip(1).count() > DEEPEST {
        let text = "Hierarchy depth should not exceed 15 levels.";
        return Err(Refusal::new("HierarchyLevelLimitExceededException", text));
    }
    Ok(())
}

/// A parameter's ARN: the slash before `parameter` stands in for the name's own.
pub(super) fn arn(world: &World, name: &str) -> String {
    let (region, account) = (&world.scenario.region, &world.scenario.account);
    format!("arn:aws:ssm:{region}:{account}:parameter/{}", name.trim_start_matches('/'))
}

/// Name and selector (a version or a label) of what is asked for by name or ARN: `name`, `name:3`, `arn:…:parameter/name:3`.
/// None for another account's or region's ARN.
pub(super) fn asked(world: &World, given: &str) -> Option<(String, Option<String>)> {
    let path = match given.strip_prefix("arn:") {
        Some(_) => {
            let path = given.strip_prefix(&arn(world, ""))?;
            let name = path.split(':').next().unwrap_or_default();
            // A simple name and a hierarchy of one level have the same ARN.
            let simple = !name.contains('/') && world.ssm.parameters.contains_key(name);
            if simple { path.to_owned() } else { format!("/{path}") }
        }
        None => given.to_owned(),
    };
    Some(match path.split_once(':') {
        Some((name, selector)) => (name.to_owned(), Some(selector.to_owned())),
        None => (path, None),
    })
}
