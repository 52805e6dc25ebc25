//! `ListServices` and `DescribeServices`.

use serde_json::{Value, json};

use super::{
    clusters::{includes, missing, of_request, paged, text, texts},
    describe,
    pages::page,
    refusal::{self, Outcome},
    state::ServiceStatus,
};
use crate::sandbox::world::World;

/// `ListServices`: 10 to a page where nothing else is asked for.
pub(crate) fn list(world: &World, body: &Value) -> Outcome {
    let cluster = of_request(world, body)?;
    let (launch, strategy) = (text(body, "launchType"), text(body, "schedulingStrategy"));
    let services = world.ecs.services.iter().filter(|service| {
        let type_of = service.primary().and_then(|deployment| deployment.spec.get("launchType")?.as_str());
        service.cluster == cluster
            && service.status != ServiceStatus::Inactive
            && launch.is_none_or(|launch| type_of == Some(launch))
            && strategy.is_none_or(|strategy| strategy == "REPLICA")
            && text(body, "resourceManagementType").is_none_or(|kind| kind == "CUSTOMER")
    });
    let (arns, next) = page(services.map(|service| service.arn.clone()).collect(), body, 10)?;
    Ok(paged("serviceArns", json!(arns), next))
}

/// `DescribeServices`: what is not there is in `failures`.
pub(crate) fn describe_all(world: &World, body: &Value) -> Outcome {
    let cluster = of_request(world, body)?;
    let asked = texts(body, "services");
    if asked.is_empty() || asked.len() > 10 {
        return Err(refusal::invalid("Services must have between 1 and 10 entries."));
    }
    let tags = includes(body, "TAGS");
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for reference in asked {
        match world.ecs.service(&cluster, reference).and_then(|place| world.ecs.services.get(place)) {
            Some(service) => services.push(describe::service(world, service, tags)),
            None => failures.push(missing(world, &format!("service/{cluster}"), reference)),
        }
    }
    Ok(json!({ "services": services, "failures": failures }))
}
