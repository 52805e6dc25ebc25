//! `DescribeServiceRevisions`.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    clusters::{arn, missing, text, texts},
    refusal::{self, Outcome},
    state::Revision,
    task_definitions::seconds,
};
use crate::sandbox::world::World;

/// `DescribeServiceRevisions`: 1 to 20 ARNs; what is not there is in `failures`.
pub(crate) fn describe(world: &World, body: &Value) -> Outcome {
    let asked = texts(body, "serviceRevisionArns");
    if asked.is_empty() || asked.len() > 20 {
        return Err(refusal::invalid("serviceRevisionArns must have between 1 and 20 entries."));
    }
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for reference in asked {
        match world.ecs.revisions.iter().find(|known| known.arn == reference) {
            Some(known) => found.push(print(world, known)),
            None => failures.push(missing(world, "service-revision", reference)),
        }
    }
    Ok(json!({ "serviceRevisions": found, "failures": failures }))
}

fn print(world: &World, revision: &Revision) -> Value {
    let mut printed = json!({
        "serviceRevisionArn": revision.arn,
        "serviceArn": revision.service_arn,
        "clusterArn": arn(world, &format!("cluster/{}", revision.cluster)),
        "createdAt": seconds(revision.created_at),
        "containerImages": images(world, revision),
        "guardDutyEnabled": false,
    });
    for (member, value) in &*revision.spec {
        printed[member] = value.clone();
    }
    if revision.spec.contains_key("platformVersion") {
        printed["platformVersion"] = json!("1.4.0");
        printed["platformFamily"] = json!("Linux");
    }
    let given = revision.spec.get("vpcLatticeConfigurations").and_then(Value::as_array).into_iter().flatten();
    let resolved = given.zip(&revision.groups).map(|(given, port)| {
        let mut one = json!({ "targetGroupArn": port.group });
        if let Some(rule) = given.pointer("/advancedConfiguration/productionListenerRule") {
            one["productionListenerRule"] = rule.clone();
        }
        one
    });
    let resolved = resolved.collect::<Vec<_>>();
    if !resolved.is_empty() {
        printed["resolvedConfiguration"] = json!({ "vpcLatticeConfigurations": resolved });
    }
    printed
}

/// The images with the digests that ECS resolves their tags to.
fn images(world: &World, revision: &Revision) -> Value {
    let reference = revision.spec.get("taskDefinition").and_then(Value::as_str).unwrap_or_default();
    let definition = world.ecs.task_definition(reference).map(|definition| &definition.printed);
    let containers = definition.and_then(|definition| definition.get("containerDefinitions")?.as_array()).into_iter().flatten();
    let image = |container: &Value| {
        let image = text(container, "image").unwrap_or_default();
        let digest = Sha256::digest(image.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        json!({ "containerName": text(container, "name"), "image": image, "imageDigest": format!("sha256:{digest}") })
    };
    containers.map(image).collect()
}
