//! A scenario under the names of a config, so that everything built in can be rehearsed with one's own.
//!
//! Scenarios speak of the world that they all start from: a cluster, a Lattice service with a listener, a rule and a target group,
//! an ECS service in it. Where a config is rehearsed, its names, ids and definitions take their places, wherever the scenario uses
//! them; what a scenario names differently is its own and stays.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{definitions::ForSlot, deploy, start};
use crate::{
    aws::slots::Launch,
    definition::{Given, arn::Arn},
    exit::Error,
    resources::resource::OWNER,
    sandbox::scenario::{ActionSeed, Edit, GroupSeed, ListenerSeed, RuleSeed, Scenario, ServiceSeed},
    settings::{DeploySettings, Rules},
};

/// The tag of what runs before the release, so that it is another image than the one that is released.
const BEFORE: &str = "before-the-rehearsal";

/// A resource as a config names it: by name, id or ARN.
struct Named {
    name: Option<String>,
    id: Option<String>,
}

impl Named {
    fn read(text: &str, prefix: &str) -> Self {
        let last = Arn::parse(text).map_or(text, |arn| arn.resource.rsplit('/').next().unwrap_or(arn.resource));
        let is_id = !prefix.is_empty()
            && last.strip_prefix(prefix).is_some_and(|id| id.len() == 17 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let [name, id] = if is_id { [None, Some(last)] } else { [Some(last), None] };
        Self { name: name.map(str::to_owned), id: id.map(str::to_owned) }
    }

    /// A listener's default action, and no rule.
    fn is_default(&self) -> bool {
        self.name.as_deref().is_some_and(|name| name == "default" || name.starts_with("default of "))
    }

    /// Takes the place of a name and an id.
    fn replace(&self, name: &mut String, id: &mut String) {
        if let Some(own) = &self.name {
            name.clone_from(own);
        }
        if let Some(own) = &self.id {
            id.clone_from(own);
        }
    }
}

/// Puts the config's names and definitions in the place of the starting world's.
///
/// # Errors
/// Everything that is wrong with the definitions.
pub(super) fn rename(scenario: &mut Scenario, config: &DeploySettings) -> Result<(), Error> {
    let base = start::named(start::DEFAULT)?;
    let (Some(service), Some(group), Some(ecs)) =
        (base.lattice.services.first(), base.lattice.target_groups.first(), base.ecs_services.first())
    else {
        return Ok(());
    };
    account(scenario, config);
    if scenario.cluster == base.cluster {
        scenario.cluster = Named::read(&config.cluster, "").name.unwrap_or_default();
    }
    let definitions = deploy::definitions(config)?;
    let [a, b] = &config.lattice.slots;

    let stable = Named::read(&a.target_group.text, "tg-");
    let group_name = stable.name.clone().unwrap_or_else(|| group.name.clone());
    for seed in scenario.lattice.target_groups.iter_mut().filter(|seed| seed.name == group.name) {
        stable.replace(&mut seed.name, &mut seed.id);
    }
    // A group that is named by its id cannot be created by the release, so it has to be there.
    let candidate = Named::read(&b.target_group.text, "tg-");
    if let Some(id) = candidate.id {
        let made = GroupSeed { name: format!("{group_name}-beside"), id, config: group.config.clone(), ..GroupSeed::default() };
        scenario.lattice.target_groups.push(made);
    }
    let group_id = stable.id.unwrap_or_else(|| group.id.clone());
    let group_arn = format!("arn:aws:vpc-lattice:{}:{}:targetgroup/{group_id}", scenario.region, scenario.account);

    let names = Names::of(config, service, (&group.name, &group_name));
    names.replace(scenario);

    for seed in scenario.ecs_services.iter_mut().filter(|seed| seed.name == ecs.name) {
        let slot = ForSlot {
            slot: &a.name,
            ecs_service: &a.ecs_service,
            group_arn: &group_arn,
            overrides: a.overrides.as_slice(),
            beside_stable: false,
            // The rules get their ARNs only as the world begins.
            rules: Vec::new(),
        };
        let patched = definitions.for_slot(slot)?;
        let (launch, _) = definitions.launch(&patched, &scenario.cluster, &a.ecs_service, "", ("", ""));
        if let Launch::Definition { create: Value::Object(mut create), .. } = launch {
            for member in ["cluster", "serviceName", "taskDefinition", "desiredCount", "clientToken"] {
                create.remove(member);
            }
            // What runs there was not made by a release.
            if let Some(Value::Array(tags)) = create.get_mut("tags") {
                tags.retain(|tag| tag["key"] != OWNER);
            }
            create.retain(|member, value| member != "tags" || value.as_array().is_some_and(|tags| !tags.is_empty()));
            seed.definition = Value::Object(create);
        }
        seed.name.clone_from(&a.ecs_service);
        seed.desired = definitions.desired_count().max(1);
        seed.task_definition = definitions.register.body.clone();
        for container in seed.task_definition["containerDefinitions"].as_array_mut().into_iter().flatten() {
            let before = before(container["image"].as_str().unwrap_or_default());
            // What is stable in the starting world behaves as that world says.
            let stable = base.images.keys().find(|image| *image != "*").and_then(|image| scenario.images.get(image)).cloned();
            scenario.images.insert(before.clone(), stable.unwrap_or_default());
            container["image"] = Value::from(before);
        }
    }
    Ok(())
}

/// The image that runs before: the same repository with a tag of its own.
fn before(image: &str) -> String {
    let repository = image.split_once('@').map_or(image, |(repository, _)| repository);
    let repository = match repository.rsplit_once(':') {
        // A colon before a slash is a registry's port.
        Some((repository, tag)) if !tag.contains('/') => repository,
        Some(_) | None => repository,
    };
    format!("{repository}:{BEFORE}")
}

/// Region and account, as far as the config tells them.
fn account(scenario: &mut Scenario, config: &DeploySettings) {
    let lattice = &config.lattice;
    let role = lattice.infrastructure_role.as_ref().map(|given: &Given| given.text.as_str());
    let groups = lattice.slots.iter().map(|slot| slot.target_group.text.as_str());
    let texts = [config.cluster.as_str(), lattice.service.as_str()].into_iter().chain(lattice.listener.as_deref()).chain(groups);
    let arns: Vec<Arn<'_>> = texts.chain(role).filter_map(Arn::parse).collect();
    if let Some(account) = arns.iter().map(|arn| arn.account).find(|account| account.len() == 12) {
        account.clone_into(&mut scenario.account);
    }
    let region = config.aws.region.as_deref().or_else(|| arns.iter().map(|arn| arn.region).find(|region| !region.is_empty()));
    if let Some(region) = region {
        region.clone_into(&mut scenario.region);
    }
}

/// What the starting world calls the Lattice side, and what the config calls it.
struct Names {
    service: (String, Named),
    listener: Option<(String, Named)>,
    /// The starting world's rule, and the config's.
    rules: Option<(String, Vec<Named>)>,
    group: (String, String),
}

impl Names {
    fn of(config: &DeploySettings, base: &ServiceSeed, group: (&str, &str)) -> Self {
        let listener = base.listeners.first();
        let rule = listener.and_then(|listener| listener.rules.first());
        let wanted = match &config.lattice.rules {
            Rules::All => None,
            Rules::Listed(rules) => Some(rules.iter().map(|rule| Named::read(rule, "rule-")).collect()),
        };
        Self {
            service: (base.name.clone(), Named::read(&config.lattice.service, "svc-")),
            listener: listener
                .zip(config.lattice.listener.as_deref())
                .map(|(base, own)| (base.name.clone(), Named::read(own, "listener-"))),
            rules: rule.map(|rule| rule.name.clone()).zip(wanted),
            group: (group.0.to_owned(), group.1.to_owned()),
        }
    }

    fn replace(&self, scenario: &mut Scenario) {
        let mut unused = String::new();
        let (base, own) = &self.service;
        let lattice = &mut scenario.lattice;
        for service in lattice.services.iter_mut().filter(|service| service.name == *base) {
            own.replace(&mut service.name, &mut service.id);
            service.listeners.iter_mut().for_each(|listener| self.listener(listener));
        }
        for listener in lattice.services.iter_mut().flat_map(|service| &mut service.listeners) {
            self.action(&mut listener.default_action);
            listener.rules.iter_mut().for_each(|rule| self.action(&mut rule.action));
        }
        for name in lattice.service_networks.iter_mut().flat_map(|network| &mut network.services).filter(|name| *name == base) {
            own.replace(name, &mut unused);
        }
        for person in &mut scenario.people {
            if person.service == *base {
                own.replace(&mut person.service, &mut unused);
            }
            if let Some((base, own)) = &self.listener
                && person.listener == *base
            {
                own.replace(&mut person.listener, &mut unused);
            }
            if let Some((base, own)) = &self.rules
                && person.rule == *base
                && let Some(first) = own.first()
            {
                first.replace(&mut person.rule, &mut unused);
            }
            if let Edit::SetAction(action) = &mut person.r#do {
                self.action(action);
            }
        }
    }

    fn listener(&self, listener: &mut ListenerSeed) {
        if let Some((base, own)) = &self.listener
            && listener.name == *base
        {
            own.replace(&mut listener.name, &mut listener.id);
        }
        let Some((base, own)) = &self.rules else { return };
        let (place, pattern) = match listener.rules.iter().position(|rule| rule.name == *base) {
            Some(place) => (place, listener.rules.remove(place)),
            // Where nothing serves yet, the rules that a config lists are there and do what the listener does.
            None if listener.rules.is_empty() => {
                let matching = serde_json::json!({"httpMatch": {"pathMatch": {"match": {"prefix": format!("/{base}")}}}});
                let action = listener.default_action.clone();
                (0, RuleSeed { name: base.clone(), priority: 10, r#match: matching, action, ..RuleSeed::default() })
            }
            None => return,
        };
        // What the config does not name serves something else: a release moves all that sends requests to a slot.
        if !own.iter().any(Named::is_default) {
            listener.default_action = ActionSeed { fixed_response: Some(404), ..ActionSeed::default() };
        }
        let made = own.iter().filter(|named| !named.is_default()).zip(0..).map(|(named, index): (_, u32)| {
            let mut rule = RuleSeed { priority: pattern.priority + index, ..pattern.clone() };
            if index > 0 {
                // Each takes other requests than the first one.
                rule.name = format!("{base}-{index}");
                rule.id = String::new();
                rule.r#match = serde_json::json!({"httpMatch": {"pathMatch": {"match": {"prefix": format!("/{base}-{index}")}}}});
            }
            named.replace(&mut rule.name, &mut rule.id);
            rule
        });
        let made: Vec<_> = made.collect();
        listener.rules.splice(place..place, made);
    }

    fn action(&self, action: &mut ActionSeed) {
        let (base, own) = &self.group;
        let forward = std::mem::take(&mut action.forward);
        let renamed = |name: String| if name == *base { own.clone() } else { name };
        action.forward = forward.into_iter().map(|(name, weight)| (renamed(name), weight)).collect::<BTreeMap<_, _>>();
    }
}

#[cfg(test)]
mod tests {
    use super::{Named, before};

    #[test]
    fn a_name_an_id_and_an_arn_are_told_apart() {
        let read = |text| {
            let Named { name, id } = Named::read(text, "svc-");
            (name, id)
        };
        let id = Some("svc-0123456789abcdef0".to_owned());
        assert_eq!(read("svc-0123456789abcdef0"), (None, id.clone()));
        assert_eq!(read("arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-0123456789abcdef0"), (None, id));
        assert_eq!(read("shop"), (Some("shop".to_owned()), None));
        assert_eq!(Named::read("arn:aws:ecs:eu-central-1:123456789012:cluster/prod", "").name.as_deref(), Some("prod"));
    }

    #[test]
    fn the_image_before_is_another_of_the_same_repository() {
        for (image, expected) in [
            ("nginx", "nginx:before-the-rehearsal"),
            ("nginx:1.27", "nginx:before-the-rehearsal"),
            ("localhost:5000/web", "localhost:5000/web:before-the-rehearsal"),
            ("r.example/web:1@sha256:0f", "r.example/web:before-the-rehearsal"),
        ] {
            assert_eq!(before(image), expected);
        }
    }
}
