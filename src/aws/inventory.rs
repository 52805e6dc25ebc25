//! What an account holds, as far as the sandbox can hold it too. Every call reads.
//!
//! Answers are kept as AWS gives them, in AWS's words: whoever makes a world of them knows what it can do with which member.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use aws_sdk_ecs::types::ServiceField;
use aws_sdk_vpclattice::types::{RuleSummary, TargetGroupSummary};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;

use super::{
    Aws,
    ecs::json::KeepAnswer,
    fault::Fault,
    lattice::{
        ids::Resource,
        resolve::{Listed, ResolveError, pick},
    },
};

/// Calls in flight at once: throttling is dearer than waiting.
const AT_ONCE: usize = 8;

/// What to look at.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Name or ARN of the ECS cluster.
    pub cluster: Option<String>,
    /// The Lattice service: name, id or ARN. All of them, with all target groups and ECS services, when `None`.
    pub lattice_service: Option<String>,
    /// ECS services and target groups to look at even where nothing leads to them.
    pub slots: Vec<(String, String)>,
}

/// What there is.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// The ECS cluster's ARN; none where there is no cluster.
    pub cluster: Option<String>,
    /// Service networks with the names of their services.
    pub networks: BTreeMap<String, Network>,
    /// Lattice services.
    pub services: Vec<Service>,
    /// Target groups.
    pub groups: Vec<Group>,
    /// ECS services: the answer of `DescribeServices`, and the whole of the task definition that each is to run.
    pub ecs_services: Vec<(Value, Value)>,
}

/// A service network.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// The names of the services associated with it.
    pub services: Vec<String>,
}

/// A resource: the answer that describes it, and its tags.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// The whole answer.
    pub answer: Value,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A Lattice service.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// `GetService`.
    pub card: Described,
    /// Its listeners.
    pub listeners: Vec<Listener>,
}

/// A listener.
#[derive(Clone, Debug, Default)]
pub struct Listener {
    /// `GetListener`.
    pub card: Described,
    /// The id of its default rule.
    pub default_rule: String,
    /// `GetRule` of the others, by priority.
    pub rules: Vec<Described>,
}

/// A target group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// `GetTargetGroup`.
    pub card: Described,
    /// Ids and ports of its targets.
    pub targets: Vec<(String, Option<u16>)>,
}

/// Why there is no inventory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// AWS refuses.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// No such Lattice service.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Which cluster?
    #[error("there are several ECS clusters, and a sandbox has one: {}", .0.join(", "))]
    Clusters(Vec<String>),
    /// It is not there.
    #[error("there is no ECS cluster `{0}`")]
    NoCluster(String),
}

/// Looks at everything that is wanted.
///
/// # Errors
/// When AWS refuses a call, when a name leads nowhere, or when nothing says which cluster.
pub async fn look(aws: &Aws, wanted: &Wanted) -> Result<Inventory, InventoryError> {
    let cluster = cluster(aws, wanted.cluster.as_deref()).await?;
    let (services, listed) =
        futures_util::future::try_join(async { services(aws, wanted.lattice_service.as_deref()).await }, async {
            Ok::<_, InventoryError>(groups_listed(aws).await?)
        })
        .await?;
    let ecs = match &cluster {
        Some(cluster) => ecs_services(aws, cluster).await?,
        None => Vec::new(),
    };
    let networks = networks(aws, &services, wanted.lattice_service.is_none()).await?;

    // What traffic goes to, what is asked for, and where the wanted ECS services' tasks register.
    let all = wanted.lattice_service.is_none();
    let mut needed: BTreeSet<String> = services.iter().flat_map(forwarded).collect();
    needed.extend(wanted.slots.iter().map(|(_, group)| last(group).to_owned()));
    let groups_of = |service: &Value| -> Vec<String> {
        let entries = service.pointer("/deployments/0/vpcLatticeConfigurations").and_then(Value::as_array);
        let arns = entries.into_iter().flatten().filter_map(|entry| entry["targetGroupArn"].as_str());
        arns.map(|arn| last(arn).to_owned()).collect()
    };
    let is_wanted = |service: &Value| {
        let slot = wanted.slots.iter().any(|(name, _)| service["serviceName"].as_str() == Some(last(name)));
        all || slot || groups_of(service).iter().any(|group| needed.contains(group))
    };
    let ecs: Vec<Value> = ecs.into_iter().filter(|service| is_wanted(service)).collect();
    needed.extend(ecs.iter().flat_map(groups_of));
    let listed = listed.into_iter().filter(|group| {
        let named = |text: &Option<String>| text.as_ref().is_some_and(|text| needed.contains(text));
        all || named(&group.id) || named(&group.name)
    });
    let groups = every(listed.collect(), |group| self::group(aws, group)).await?;

    let definitions: BTreeSet<String> =
        ecs.iter().filter_map(|service| service["taskDefinition"].as_str().map(str::to_owned)).collect();
    let definitions: BTreeMap<String, Value> = every(definitions.into_iter().collect(), async |arn: String| {
        let definition = aws.ecs.describe_task_definition(&arn).await?;
        Ok((arn, definition.raw))
    })
    .await?
    .into_iter()
    .collect();
    let definition = |service: &Value| definitions.get(service["taskDefinition"].as_str()?).cloned();
    let ecs_services = ecs.into_iter().map(|service| (definition(&service).unwrap_or_default(), service));
    let ecs_services = ecs_services.map(|(definition, service)| (service, definition)).collect();
    Ok(Inventory { cluster, networks, services, groups, ecs_services })
}

/// One call for each, some at a time, in their order.
async fn every<T, R, F: Future<Output = Result<R, Fault>>>(all: Vec<T>, call: impl Fn(T) -> F) -> Result<Vec<R>, Fault> {
    stream::iter(all).map(call).buffered(AT_ONCE).try_collect().await
}

/// What follows the last slash: an id of an ARN.
fn last(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

async fn cluster(aws: &Aws, wanted: Option<&str>) -> Result<Option<String>, InventoryError> {
    if let Some(wanted) = wanted {
        let answer = aws.ecs.client.describe_clusters().clusters(wanted).send().await;
        let answer = answer.map_err(|error| Fault::from_sdk("DescribeClusters", &error))?;
        let found = answer.clusters().iter().find(|cluster| cluster.status() == Some("ACTIVE"));
        let arn = found.and_then(|cluster| cluster.cluster_arn());
        return arn.map(|arn| Some(arn.to_owned())).ok_or_else(|| InventoryError::NoCluster(wanted.to_owned()));
    }
    let pages = aws.ecs.client.list_clusters().into_paginator().items().send();
    let arns: Vec<String> = pages.try_collect().await.map_err(|error| Fault::from_sdk("ListClusters", &error))?;
    match arns.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        several => Err(InventoryError::Clusters(several.iter().map(|arn| last(arn).to_owned()).collect())),
    }
}

async fn ecs_services(aws: &Aws, cluster: &str) -> Result<Vec<Value>, Fault> {
    let pages = aws.ecs.client.list_services().cluster(cluster).max_results(100).into_paginator().items().send();
    let mut arns: Vec<String> = pages.try_collect().await.map_err(|error| Fault::from_sdk("ListServices", &error))?;
    // AWS promises no order; a world is the same only when its parts come in the same one.
    arns.sort();
    let tens: Vec<Vec<String>> = arns.chunks(10).map(<[String]>::to_vec).collect();
    let answers = every(tens, async |names: Vec<String>| {
        let kept = KeepAnswer::default();
        let call = aws.ecs.client.describe_services().cluster(cluster).set_services(Some(names)).include(ServiceField::Tags);
        let answer = call.customize().interceptor(kept.clone()).send().await;
        answer.map_err(|error| Fault::from_sdk("DescribeServices", &error))?;
        Ok(kept.member("services").as_array().cloned().unwrap_or_default())
    });
    Ok(answers.await?.into_iter().flatten().filter(|service| service["status"] == "ACTIVE").collect())
}

/// The tags of a Lattice resource.
async fn tags(aws: &Aws, answer: Value) -> Result<Described, Fault> {
    let tags = aws.lattice.read_tags(answer["arn"].as_str().unwrap_or_default()).await?;
    Ok(Described { answer, tags })
}

async fn services(aws: &Aws, wanted: Option<&str>) -> Result<Vec<Service>, InventoryError> {
    let lattice = &aws.lattice.reads;
    let pages = lattice.list_services().max_results(100).into_paginator().items().send();
    let listed: Vec<_> = pages.try_collect().await.map_err(|error| Fault::from_sdk("ListServices", &error))?;
    let listed = listed
        .into_iter()
        .map(|service: aws_sdk_vpclattice::types::ServiceSummary| Listed::new(service.id, service.name, service.arn));
    let mut listed: Vec<Listed> = listed.collect();
    if let Some(wanted) = wanted {
        listed = vec![pick(Resource::Service, wanted, listed)?];
    }
    listed.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(every(listed, |service| self::service(aws, service.id)).await?)
}

async fn service(aws: &Aws, id: String) -> Result<Service, Fault> {
    let lattice = &aws.lattice.reads;
    let kept = KeepAnswer::default();
    let answer = lattice.get_service().service_identifier(&id).customize().interceptor(kept.clone()).send().await;
    answer.map_err(|error| Fault::from_sdk("GetService", &error))?;
    let card = tags(aws, kept.whole()).await?;
    let pages = lattice.list_listeners().service_identifier(&id).max_results(100).into_paginator().items().send();
    let listed: Vec<_> = pages.try_collect().await.map_err(|error| Fault::from_sdk("ListListeners", &error))?;
    let mut ids: Vec<String> =
        listed.into_iter().filter_map(|listener: aws_sdk_vpclattice::types::ListenerSummary| listener.id).collect();
    ids.sort();
    let mut listeners = Vec::with_capacity(ids.len());
    for listener in ids {
        listeners.push(self::listener(aws, &id, &listener).await?);
    }
    Ok(Service { card, listeners })
}

async fn listener(aws: &Aws, service: &str, id: &str) -> Result<Listener, Fault> {
    let lattice = &aws.lattice.reads;
    let kept = KeepAnswer::default();
    let call = lattice.get_listener().service_identifier(service).listener_identifier(id).customize();
    call.interceptor(kept.clone()).send().await.map_err(|error| Fault::from_sdk("GetListener", &error))?;
    let card = tags(aws, kept.whole()).await?;
    let pages = lattice.list_rules().service_identifier(service).listener_identifier(id).max_results(100);
    let pages = pages.into_paginator().items().send();
    let mut rules: Vec<RuleSummary> = pages.try_collect().await.map_err(|error| Fault::from_sdk("ListRules", &error))?;
    rules.sort_by_key(|rule| rule.priority);
    let (default, others): (Vec<_>, Vec<_>) = rules.into_iter().partition(|rule| rule.is_default == Some(true));
    let default_rule = default.into_iter().find_map(|rule| rule.id).unwrap_or_default();
    let rules = every(others, async |rule: RuleSummary| {
        let kept = KeepAnswer::default();
        let call = lattice.get_rule().service_identifier(service).listener_identifier(id);
        let call = call.rule_identifier(rule.id.unwrap_or_default()).customize().interceptor(kept.clone());
        call.send().await.map_err(|error| Fault::from_sdk("GetRule", &error))?;
        tags(aws, kept.whole()).await
    });
    Ok(Listener { card, default_rule, rules: rules.await? })
}

/// The ids of the target groups that any of its actions names.
fn forwarded(service: &Service) -> Vec<String> {
    let actions = service.listeners.iter().flat_map(|listener| {
        let rules = listener.rules.iter().map(|rule| &rule.answer["action"]);
        rules.chain([&listener.card.answer["defaultAction"]])
    });
    let groups = actions.flat_map(|action| action["forward"]["targetGroups"].as_array().into_iter().flatten());
    groups.filter_map(|group| group["targetGroupIdentifier"].as_str()).map(|id| last(id).to_owned()).collect()
}

async fn networks(aws: &Aws, services: &[Service], all: bool) -> Result<BTreeMap<String, Network>, Fault> {
    let text = |service: &Service, member: &str| service.card.answer[member].as_str().unwrap_or_default().to_owned();
    let ids = services.iter().map(|service| (text(service, "id"), text(service, "name"))).collect();
    let associations = every(ids, async |(id, name): (String, String)| {
        let pages = aws.lattice.reads.list_service_network_service_associations().service_identifier(id).max_results(100);
        let listed: Vec<_> = pages
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .map_err(|error| Fault::from_sdk("ListServiceNetworkServiceAssociations", &error))?;
        Ok((name, listed))
    });
    let mut networks: BTreeMap<String, Network> = BTreeMap::new();
    if all {
        let pages = aws.lattice.reads.list_service_networks().max_results(100).into_paginator().items().send();
        let listed: Vec<_> = pages.try_collect().await.map_err(|error| Fault::from_sdk("ListServiceNetworks", &error))?;
        networks.extend(listed.into_iter().map(|network: aws_sdk_vpclattice::types::ServiceNetworkSummary| {
            let (id, name) = (network.id.unwrap_or_default(), network.name.unwrap_or_default());
            (id, Network { name, services: Vec::new() })
        }));
    }
    for (service, listed) in associations.await? {
        for association in listed {
            let association: aws_sdk_vpclattice::types::ServiceNetworkServiceAssociationSummary = association;
            let network = networks.entry(association.service_network_id.unwrap_or_default()).or_default();
            network.name = association.service_network_name.unwrap_or_default();
            network.services.push(service.clone());
        }
    }
    Ok(networks)
}

async fn groups_listed(aws: &Aws) -> Result<Vec<TargetGroupSummary>, Fault> {
    let pages = aws.lattice.reads.list_target_groups().max_results(100).into_paginator().items().send();
    let mut listed: Vec<TargetGroupSummary> =
        pages.try_collect().await.map_err(|error| Fault::from_sdk("ListTargetGroups", &error))?;
    listed.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(listed)
}

async fn group(aws: &Aws, listed: TargetGroupSummary) -> Result<Group, Fault> {
    let lattice = &aws.lattice.reads;
    let id = listed.id.unwrap_or_default();
    let kept = KeepAnswer::default();
    let call = lattice.get_target_group().target_group_identifier(&id).customize().interceptor(kept.clone());
    call.send().await.map_err(|error| Fault::from_sdk("GetTargetGroup", &error))?;
    let card = tags(aws, kept.whole()).await?;
    let pages = lattice.list_targets().target_group_identifier(&id).max_results(100).into_paginator().items().send();
    let targets: Vec<_> = pages.try_collect().await.map_err(|error| Fault::from_sdk("ListTargets", &error))?;
    let target = |target: aws_sdk_vpclattice::types::TargetSummary| {
        Some((target.id?, target.port.and_then(|port| u16::try_from(port).ok())))
    };
    Ok(Group { card, targets: targets.into_iter().filter_map(target).collect() })
}
