//! The two slots of a release, and the images that go into them.

use crate::{
    definition::{Finding, Given, request::Variable},
    settings::{
        Slot,
        config::Config,
        sources::{Asked, Sources},
    },
};

/// Containers and the images they get.
pub(super) fn images(sources: &mut Sources<'_>, flags: &[String]) -> Vec<(String, String)> {
    let mut images = Vec::new();
    for given in sources.list("image", flags) {
        match given.text.split_once('=') {
            Some((container, image)) if !container.is_empty() && !image.is_empty() => {
                images.push((container.to_owned(), image.to_owned()));
            }
            _ => {
                let finding =
                    Finding::error(given.from, format!("`{}` does not say which container gets which image", given.text));
                sources.findings.push(finding.hint("write `CONTAINER=IMAGE`, such as `web=nginx:1.27`"));
            }
        }
    }
    images
}

/// Variables, and the containers that get them.
pub(super) fn variables(sources: &mut Sources<'_>, flags: &[String]) -> Vec<Variable> {
    let mut variables = Vec::new();
    // Values may have commas in them: in the variable there is one on each line.
    let given = if flags.is_empty() {
        let text = sources.environment.get("ESPALIER_ENV").unwrap_or_default();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(|line| Given::new(line, "ESPALIER_ENV")).collect::<Vec<_>>()
    } else {
        flags.iter().map(|flag| Given::new(flag, "--env")).collect()
    };
    for Given { text, from } in given {
        let parts = text.split_once('=').map(|(name, value)| match name.split_once(':') {
            Some((container, name)) => (Some(container.to_owned()), name.to_owned(), value.to_owned()),
            None => (None, name.to_owned(), value.to_owned()),
        });
        match parts {
            Some((container, name, value)) if !name.is_empty() => variables.push(Variable { container, name, value }),
            Some(_) | None => {
                let finding = Finding::error(from, format!("`{text}` does not say which variable gets which value"));
                sources.findings.push(finding.hint("write `NAME=VALUE`, or `CONTAINER:NAME=VALUE`"));
            }
        }
    }
    variables
}

/// Slots a and b: flags, else the config, else names made of the service's. `said` is what flags or the variable say of them.
pub(super) fn slots(
    sources: &mut Sources<'_>,
    said: Vec<Given>,
    target_group: Option<&String>,
    config: &Config,
    service: &str,
) -> [Slot; 2] {
    let mut flags: [Option<(Given, Given)>; 2] = [None, None];
    for given in said {
        let parts = given.text.split_once('=').and_then(|(name, rest)| {
            let index = ["a", "b"].iter().position(|known| *known == name)?;
            let (ecs_service, target_group) = rest.split_once(':')?;
            (!ecs_service.is_empty() && !target_group.is_empty()).then_some((index, ecs_service, target_group))
        });
        if let Some((index, ecs_service, target_group)) = parts {
            flags[index] = Some((Given::new(ecs_service, &given.from), Given::new(target_group, &given.from)));
        } else {
            let finding = Finding::error(given.from, format!("`{}` is not a slot", given.text));
            sources.findings.push(finding.hint("write `a=ECS_SERVICE:TARGET_GROUP` and `b=ECS_SERVICE:TARGET_GROUP`"));
        }
    }
    let [flag_a, flag_b] = flags;
    let of_a = sources.given(Asked::new("target-group", target_group, None));
    if let (Some((_, slot)), Some(target_group)) = (&flag_a, &of_a)
        && slot.text != target_group.text
    {
        let message = format!("it names `{}` for slot a, --slot names `{}`", target_group.text, slot.text);
        sources.findings.push(Finding::error(&target_group.from, message).hint("give one of them"));
    }
    let groups = config.slots.clone().map(|slot| slot.target_group.map(|given| sources.referred(given)));
    let slot = |name: &str, index: usize, flag: Option<(Given, Given)>, target_group: Option<Given>, default_service: String| {
        let (ecs_service, from_flag) = flag.unzip();
        let written = &config.slots[index];
        Slot {
            name: name.to_owned(),
            ecs_service: ecs_service.or_else(|| written.ecs_service.clone()).map_or(default_service, |given| given.text),
            target_group: from_flag
                .or(target_group)
                .or_else(|| groups[index].clone())
                .unwrap_or_else(|| Given::new(format!("{service}-{name}"), format!("the default of slot {name}"))),
            overrides: written.overrides.clone(),
        }
    };
    let slots = [slot("a", 0, flag_a, of_a, service.to_owned()), slot("b", 1, flag_b, None, format!("{service}-b"))];
    let [a, b] = &slots;
    if !service.is_empty() && a.ecs_service == b.ecs_service {
        let message = format!("both slots have the ECS service `{}`", a.ecs_service);
        sources.findings.push(
            Finding::error(place_of_slots(config), message).hint("a release needs two: one that serves, one for the candidate"),
        );
    }
    if a.target_group.text == b.target_group.text {
        let message = format!("both slots have the target group `{}`", a.target_group.text);
        sources
            .findings
            .push(Finding::error(b.target_group.from.clone(), message).hint("weights shift between two target groups"));
    }
    slots
}

fn place_of_slots(config: &Config) -> String {
    let written = config.slots[1].ecs_service.as_ref().or(config.slots[0].ecs_service.as_ref());
    written.map_or_else(|| "--slot".to_owned(), |given| given.from.clone())
}
