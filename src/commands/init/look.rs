//! What AWS says of the ECS service, of its tasks, and of what is in front of them. Every call reads.

use serde_json::{Map, Value, json};

use super::terraform::ecs_services;
use crate::{
    aws::{
        Aws,
        ecs::services::EcsService,
        lattice::{
            groups::TargetGroup,
            traffic::{LatticeService, TrafficTarget},
        },
    },
    commands::{connect, live::taken, lookups},
    definition::terraform::State,
    exit::Error,
    settings::InitSettings,
    time::Timestamp,
};

/// What was found.
pub(super) struct Found {
    /// Partition, region and account.
    pub(super) home: (String, String, String),
    pub(super) cluster: String,
    pub(super) service: String,
    pub(super) lattice: LatticeService,
    /// Name and ARN of its listener, where only one forwards to the group.
    pub(super) listener: Option<(String, String)>,
    pub(super) group: TargetGroup,
    pub(super) port_name: String,
    /// The infrastructure role's ARN.
    pub(super) role: String,
    /// The other group of the same actions, and the ECS service whose tasks are in it.
    pub(super) other: Option<(TargetGroup, Option<String>)>,
    /// Members that a second slot cannot have.
    pub(super) unfit: Vec<&'static str>,
    /// A container and the repository of its image.
    pub(super) image: Option<(String, String)>,
    pub(super) service_definition: Value,
    pub(super) task_definition: Value,
    pub(super) state: Option<State>,
    /// What was found, and how, in words.
    pub(super) said: Vec<String>,
}

/// Looks.
///
/// # Errors
/// When nothing says which service is meant, when it cannot be released by weights, and AWS's refusal.
pub(super) async fn look(settings: &InitSettings) -> Result<Found, Error> {
    let aws = connect::aws(&settings.aws).await?;
    let now = connect::clock(&settings.surroundings).await?.now();
    let state = match &settings.state {
        None => None,
        Some((place, shown)) => {
            let read = lookups::state(Some(&aws), place).await;
            read.map_err(|why| Error::invalid(format!("the Terraform state {shown} cannot be read: {why}")))?
        }
    };
    let mut said = Vec::new();
    let (cluster, service) = which(settings, &aws, state.as_ref(), now, &mut said).await?;
    let ecs = described(&aws, &cluster, &service, now).await?;
    let entry = match ecs.vpc_lattice.as_slice() {
        [entry] => entry.clone(),
        [] => return Err(unattached(&service)),
        [_, ..] => {
            let several = format!("the ECS service {service} registers in several target groups, one for each port name");
            return Err(Error::invalid(several).hint("write `lattice.slots` by hand: a list of groups by port name"));
        }
    };
    let task = aws.ecs.describe_task_definition(&ecs.task_definition).await?;
    said.push(format!("found {} tasks of {}, wanted are {}", ecs.running, task.short(), ecs.desired));
    let group = aws.lattice.get_group(&entry.target_group).await?;
    let group = group.ok_or_else(|| {
        let gone = format!("the target group {} of the ECS service {service} is gone", entry.target_group);
        Error::invalid(gone).hint("give the service another one, and run `espalier init` again")
    })?;
    said.push(format!("found the target group {}: its tasks register in it, by the port {}", group.name, entry.port_name));
    said.push(format!("found the infrastructure role {}: ECS registers them with it", short(&entry.role)));
    let lattice = in_front(settings, &aws, &group).await?;
    let targets = aws.lattice.traffic_targets(&lattice.id).await?;
    let using: Vec<_> = targets.iter().filter(|(_, action)| action.weight(&group.id).is_some()).collect();
    if using.is_empty() {
        let nothing = format!("nothing of the Lattice service {} forwards to the target group {}", lattice.name, group.name);
        let hint = "let a rule or the default action of a listener forward to it; `espalier up` makes that from an `up:` section of the config";
        return Err(Error::invalid(nothing).hint(hint));
    }
    let labels: Vec<String> = using.iter().map(|(target, _)| target.label()).collect();
    said.push(format!("found the Lattice service {}, which forwards to it: {}", lattice.name, labels.join(", ")));
    let mut listeners: Vec<(String, String)> = using.iter().map(|(target, _)| listener(target)).collect();
    listeners.dedup();
    let mut others: Vec<_> = using.iter().flat_map(|(_, action)| action.groups()).map(|(id, _)| id.clone()).collect();
    others.retain(|id| *id != group.id);
    others.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    others.dedup();
    let other = match others.as_slice() {
        [id] => match aws.lattice.get_group(id.as_str()).await? {
            Some(other) => {
                let service = filling(&aws, &cluster, &other, now).await?;
                said.push(format!("found the target group {} beside it: the second slot", other.name));
                Some((other, service))
            }
            None => None,
        },
        [] | [_, _, ..] => None,
    };
    let part = |place: usize| ecs.arn.split(':').nth(place).unwrap_or_default().to_owned();
    Ok(Found {
        home: (part(1), aws.region.clone(), part(4)),
        listener: match listeners.as_slice() {
            [only] => Some(only.clone()),
            [] | [_, _, ..] => None,
        },
        unfit: unfit(&ecs),
        image: image(&task.raw, &entry.port_name),
        service_definition: definition(&ecs.raw),
        task_definition: taken("RegisterTaskDefinition", task.raw.as_object().cloned().unwrap_or_default()),
        port_name: entry.port_name,
        role: entry.role,
        cluster,
        service,
        lattice,
        group,
        other,
        state,
        said,
    })
}

/// Cluster and service: as they are named, else as the state has them, else the only ones.
async fn which(
    settings: &InitSettings,
    aws: &Aws,
    state: Option<&State>,
    now: Timestamp,
    said: &mut Vec<String>,
) -> Result<(String, String), Error> {
    let of_state = state.map(ecs_services).unwrap_or_default();
    let fits = |(cluster, service): &&(String, String)| {
        settings.cluster.as_ref().is_none_or(|wanted| short(wanted) == *cluster)
            && settings.service.as_ref().is_none_or(|wanted| wanted == service)
    };
    let of_state = match of_state.iter().filter(fits).collect::<Vec<_>>().as_slice() {
        [only] => Some((*only).clone()),
        [] | [_, _, ..] => None,
    };
    let (cluster, how) = match (&settings.cluster, &of_state) {
        (Some(cluster), _) => (cluster.clone(), "as it is named"),
        (None, Some((cluster, _))) => (cluster.clone(), "as the Terraform state has it"),
        (None, None) => (only("ECS clusters", "--cluster", &clusters(aws, now).await?)?, "the only one"),
    };
    said.push(format!("found the cluster {}: {how}", short(&cluster)));
    let (service, how) = match (&settings.service, of_state) {
        (Some(service), _) => (service.clone(), "as it is named"),
        (None, Some((_, service))) => (service, "as the Terraform state has it"),
        (None, None) => {
            let what = format!("ECS services in the cluster {}", short(&cluster));
            (only(&what, "--service", &services(aws, &cluster, now).await?)?, "the only one of the cluster")
        }
    };
    said.push(format!("found the ECS service {service}: {how}"));
    Ok((cluster, service))
}

fn only(what: &str, flag: &str, names: &[String]) -> Result<String, Error> {
    match names {
        [only] => Ok(only.clone()),
        [] => Err(Error::invalid(format!("there are no {what}")).hint("check account and region")),
        [first, ..] => {
            let several = format!("there are several {what}: {}", names.join(", "));
            Err(Error::invalid(several).hint(format!("say which one: `{flag} {first}`")))
        }
    }
}

async fn clusters(aws: &Aws, now: Timestamp) -> Result<Vec<String>, Error> {
    Ok(names(&aws.calls.list("ecs", "ListClusters", &json!({}), now).await?))
}

async fn services(aws: &Aws, cluster: &str, now: Timestamp) -> Result<Vec<String>, Error> {
    Ok(names(
        &aws.calls
            .list("ecs", "ListServices", &json!({ "cluster": cluster }), now)
            .await
            .map_err(|fault| fault.of_cluster(cluster))?,
    ))
}

/// Names out of ARNs, in order.
fn names(arns: &[Value]) -> Vec<String> {
    let mut names: Vec<String> = arns.iter().filter_map(Value::as_str).map(|arn| short(arn).to_owned()).collect();
    names.sort_unstable();
    names
}

async fn described(aws: &Aws, cluster: &str, service: &str, now: Timestamp) -> Result<EcsService, Error> {
    let found = aws.ecs.describe_services(cluster, &[service]).await?.into_iter().flatten().next();
    let Some(ecs) = found.filter(|ecs| ecs.status == "ACTIVE") else {
        let there = services(aws, cluster, now).await?;
        let missing = format!("there is no ECS service {service} in the cluster {}", short(cluster));
        return Err(Error::invalid(missing).hint(match there.as_slice() {
            [] => "the cluster has no ECS service at all: `espalier init` begins with one that runs; check cluster, account and region".to_owned(),
            [only] => format!("there is {only}"),
            [_, ..] => format!("there are {}", there.join(", ")),
        }));
    };
    if let Some(strategy) = ecs.shifts_weights() {
        let by_itself = format!("ECS moves the weights of {service} by itself (strategy {strategy})");
        return Err(Error::invalid(by_itself).hint("two hands on one rule do not work: let its strategy be ROLLING first"));
    }
    Ok(ecs)
}

fn unattached(service: &str) -> Error {
    Error::invalid(format!("the ECS service {service} registers in no VPC Lattice target group: there are no weights to move"))
        .hint("give it one (`vpcLatticeConfigurations`: target group, port name, infrastructure role), and let a rule forward to it; `espalier up` makes network, service, listener, rules and target groups from an `up:` section of the config (`espalier schema` has its keys)")
}

/// The Lattice service that is named, else the one that uses the group.
async fn in_front(settings: &InitSettings, aws: &Aws, group: &TargetGroup) -> Result<LatticeService, Error> {
    let given = match (&settings.lattice_service, group.service_arns.as_slice()) {
        (Some(named), _) => named,
        (None, [only]) => only,
        (None, []) => {
            let unused = format!("no Lattice service uses the target group {}", group.name);
            let hint = "let a rule or the default action of a listener forward to it; `espalier up` makes that from an `up:` section of the config";
            return Err(Error::invalid(unused).hint(hint));
        }
        (None, [_, ..]) => {
            let several =
                format!("several Lattice services use the target group {}: {}", group.name, group.service_arns.join(", "));
            return Err(Error::invalid(several).hint("say which one: `--lattice-service`"));
        }
    };
    Ok(aws.lattice.resolve_service(given).await?)
}

fn listener(target: &TrafficTarget) -> (String, String) {
    match target {
        TrafficTarget::Rule { arn, listener_name, .. } => {
            (listener_name.clone(), arn.split("/rule/").next().unwrap_or_default().to_owned())
        }
        TrafficTarget::Default { arn, name, .. } => (name.clone(), arn.clone()),
    }
}

/// The ECS service whose tasks are in a group.
async fn filling(aws: &Aws, cluster: &str, group: &TargetGroup, now: Timestamp) -> Result<Option<String>, Error> {
    let names = services(aws, cluster, now).await?;
    for ten in names.chunks(10) {
        let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
        let found = aws.ecs.describe_services(cluster, &ten).await?.into_iter().flatten();
        let fills = |ecs: &EcsService| ecs.vpc_lattice.iter().any(|entry| entry.target_group == group.arn.as_str());
        if let Some(ecs) = found.into_iter().find(fills) {
            return Ok(Some(ecs.name));
        }
    }
    Ok(None)
}

/// What would be another way to the candidate than the weights.
fn unfit(ecs: &EcsService) -> Vec<&'static str> {
    let members = [
        ("loadBalancers", !ecs.load_balancers.is_empty()),
        ("serviceRegistries", ecs.has_registries),
        ("serviceConnectConfiguration", ecs.has_service_connect),
    ];
    members.into_iter().filter(|(_, there)| *there).map(|(member, _)| member).collect()
}

/// What `CreateService` would make the service of again, without what a release puts in.
fn definition(raw: &Value) -> Value {
    let mut whole: Map<String, Value> = raw.as_object().cloned().unwrap_or_default();
    // What ECS prints of a service's newest deployment only.
    for member in ["serviceConnectConfiguration", "volumeConfigurations"] {
        if let Some(value) = raw.pointer(&format!("/deployments/0/{member}")) {
            whole.insert(member.to_owned(), value.clone());
        }
    }
    let grace = "healthCheckGracePeriodSeconds";
    if whole.get(grace).is_some_and(|seconds| seconds == 0) {
        // ECS prints it of every service, and takes it only of those with load balancers.
        whole.remove(grace);
    }
    for own in ["serviceName", "taskDefinition", "cluster", "vpcLatticeConfigurations"] {
        whole.remove(own);
    }
    taken("CreateService", whole)
}

/// The container that has the port, and its image without tag and digest.
fn image(definition: &Value, port_name: &str) -> Option<(String, String)> {
    let containers = definition["containerDefinitions"].as_array()?;
    let has_port = |container: &&Value| {
        container["portMappings"].as_array().is_some_and(|ports| ports.iter().any(|port| port["name"] == *port_name))
    };
    let container = containers.iter().find(has_port).or_else(|| containers.first())?;
    let image = container["image"].as_str()?;
    let image = image.split('@').next().unwrap_or(image);
    let repository = match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        Some(_) | None => image,
    };
    Some((container["name"].as_str()?.to_owned(), repository.to_owned()))
}

/// What follows the last slash.
pub(super) fn short(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_repository_and_perhaps_a_tag() {
        let of = |text: &str| {
            let definition = json!({"containerDefinitions": [{"name": "log", "image": "x"},
                {"name": "web", "image": text, "portMappings": [{"name": "http"}]}]});
            image(&definition, "http").map(|(name, repository)| format!("{name}={repository}"))
        };
        assert_eq!(of("nginx:1.27").as_deref(), Some("web=nginx"));
        assert_eq!(of("host:5000/nginx").as_deref(), Some("web=host:5000/nginx"));
        assert_eq!(of("host:5000/nginx:1@sha256:ab").as_deref(), Some("web=host:5000/nginx"));
        assert_eq!(image(&json!({}), "http"), None);
    }

    #[test]
    fn a_definition_is_what_could_be_made_again() {
        let raw = json!({
            "serviceName": "web", "serviceArn": "a", "desiredCount": 2, "runningCount": 2, "taskDefinition": "t", "launchType": "FARGATE",
            "healthCheckGracePeriodSeconds": 0, "loadBalancers": [], "events": [], "platformFamily": "Linux",
            "deployments": [{"serviceConnectConfiguration": {"enabled": false}, "vpcLatticeConfigurations": [{"portName": "http"}]}],
        });
        let expected = json!({"desiredCount": 2, "launchType": "FARGATE", "serviceConnectConfiguration": {"enabled": false}});
        assert_eq!(definition(&raw), expected);
    }
}
