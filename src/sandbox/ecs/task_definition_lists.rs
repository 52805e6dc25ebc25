//! `ListTaskDefinitions`, `ListTaskDefinitionFamilies` and `DeleteTaskDefinitions`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    clusters::{paged, text, texts},
    pages::page,
    refusal::{self, Outcome},
    state::{Object, TaskDefinition},
    task_definitions::seconds,
};
use crate::sandbox::world::World;

fn status(definition: &TaskDefinition) -> &str {
    definition.printed.get("status").and_then(Value::as_str).unwrap_or_default()
}

/// `ListTaskDefinitions`: ACTIVE ones where no status is asked for; `familyPrefix` is a whole family here.
pub(crate) fn list(world: &World, body: &Value) -> Outcome {
    let family = text(body, "familyPrefix");
    let wanted = text(body, "status").unwrap_or("ACTIVE");
    let families = world.ecs.families.iter().filter(|(name, _)| family.is_none_or(|family| family == *name));
    let listed = families.flat_map(|(_, revisions)| revisions);
    let mut arns = listed.filter(|definition| status(definition) == wanted).map(|found| found.arn.clone()).collect::<Vec<_>>();
    if text(body, "sort") == Some("DESC") {
        arns.reverse();
    }
    let (arns, next) = page(arns, body, 100)?;
    Ok(paged("taskDefinitionArns", json!(arns), next))
}

/// `ListTaskDefinitionFamilies`: ACTIVE are those with an ACTIVE revision, INACTIVE those without; `familyPrefix` is a prefix.
pub(crate) fn families(world: &World, body: &Value) -> Outcome {
    let prefix = text(body, "familyPrefix").unwrap_or_default();
    let wanted = text(body, "status").unwrap_or("ALL");
    let families = world.ecs.families.iter().filter(|(name, revisions)| {
        let active = revisions.iter().any(|definition| definition.active);
        name.starts_with(prefix) && (wanted == "ALL" || (wanted == "ACTIVE") == active)
    });
    let (names, next) = page(families.map(|(name, _)| name.clone()).collect(), body, 100)?;
    Ok(paged("families", json!(names), next))
}

/// `DeleteTaskDefinitions`: up to 10 INACTIVE revisions become DELETE_IN_PROGRESS. They stay so: when AWS is done with them is
/// not documented.
pub(crate) fn delete(world: &mut World, body: &Value) -> Outcome {
    let asked = texts(body, "taskDefinitions");
    if asked.is_empty() || asked.len() > 10 {
        return Err(refusal::invalid("taskDefinitions must have between 1 and 10 entries."));
    }
    let now = world.now;
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for reference in asked {
        if !reference.rsplit('/').next().unwrap_or_default().contains(':') {
            return Err(refusal::client("A task definition revision must be specified."));
        }
        let missing = super::clusters::arn(world, &format!("task-definition/{reference}"));
        let missing = if reference.starts_with("arn:") { reference.to_owned() } else { missing };
        let arn = world.ecs.task_definition(reference).map(|found| found.arn.clone());
        let found = arn.and_then(|arn| world.ecs.families.values_mut().flatten().find(|definition| definition.arn == arn));
        match found {
            None => failures.push(json!({
                "arn": missing, "reason": "TASK_DEFINITION_NOT_FOUND",
                "detail": "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
            })),
            Some(found) if found.active => failures.push(json!({
                "arn": found.arn, "reason": "TASK_DEFINITION_NOT_DEREGISTERED",
                "detail": "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
            })),
            Some(found) => {
                if status(found) != "DELETE_IN_PROGRESS" {
                    let printed = Arc::make_mut(&mut found.printed);
                    printed.insert("status".to_owned(), json!("DELETE_IN_PROGRESS"));
                    printed.insert("deleteRequestedAt".to_owned(), seconds(now));
                }
                deleted.push(Value::Object(Object::clone(&found.printed)));
            }
        }
    }
    Ok(json!({ "taskDefinitions": deleted, "failures": failures }))
}
