//! Settings of `patch`.

use std::path::Path;

use super::{
    common::{aws, surroundings},
    release::{lattice_service, rules},
    slots::slots,
};
use crate::{
    cli,
    definition::Finding,
    settings::{
        Environment, FindingsFormat, PatchInput, PatchOutput, PatchSettings, PatchSlot, Unsettled, WhichSlot,
        config::Config,
        sources::{Asked, Sources},
    },
};

/// Settles what `patch` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn patch(args: &cli::Patch, environment: &Environment) -> Result<PatchSettings, Unsettled> {
    let (mut sources, config) = Sources::open_for(environment, &args.common, args.service.as_ref())?;
    let surroundings = surroundings(&mut sources, None);
    let file = args.file.as_deref().or(args.service_definition.as_deref());
    let input = match sources.path("service-definition", file, config.service_definition.as_ref(), &config.directory) {
        Some(path) if path == Path::new("-") => PatchInput::Stdin,
        Some(path) => PatchInput::File(path),
        None => {
            sources.findings.push(
                Finding::error("patch", "which service definition? Nothing names one")
                    .hint("write `espalier patch FILE`, or `-` for standard input"),
            );
            PatchInput::Stdin
        }
    };

    let in_place = sources.boolean("in-place", args.in_place, None, false);
    let check = sources.boolean("check", args.check, None, false);
    let file = sources.path("output", args.output.as_deref(), None, &config.directory);
    let output = match (check, in_place, file) {
        (true, true, _) => contradiction(&mut sources, "--check writes nothing and --in-place writes the file"),
        (true, false, Some(_)) => contradiction(&mut sources, "--check writes nothing and --output writes a file"),
        (false, true, Some(_)) => contradiction(&mut sources, "--in-place and --output name two places to write to"),
        (true, false, None) => PatchOutput::Check,
        (false, true, None) if input == PatchInput::Stdin => {
            contradiction(&mut sources, "--in-place needs a file, standard input is none")
        }
        (false, true, None) => PatchOutput::InPlace,
        (false, false, Some(path)) if path == Path::new("-") => PatchOutput::Stdout,
        (false, false, Some(path)) => PatchOutput::File(path),
        (false, false, None) => PatchOutput::Stdout,
    };

    let format = sources.format(args.format);
    if format != FindingsFormat::Text && output == PatchOutput::Stdout {
        contradiction(&mut sources, "the findings would stand in the definition: both go to standard output");
    }
    let task_definition =
        sources.path("task-definition", args.task_definition.as_deref(), config.task_definition.as_ref(), &config.directory);
    if let PatchInput::File(path) = &input {
        sources.look_into(path);
    }
    task_definition.iter().for_each(|path| sources.look_into(path));
    let slot = slot(&mut sources, args, &config);
    let of_config = config.slots[0].target_group.as_ref().filter(|_| slot.is_none());
    let target_group = Asked::new("target-group", args.target_group.as_ref(), of_config);
    let settings = PatchSettings {
        aws: aws(&mut sources, &args.common, &config, &surroundings),
        input,
        task_definition,
        service: sources.text(Asked::new("service", args.service.as_ref(), config.service.as_ref())),
        target_group: sources.given(target_group),
        slot: slot.map(Box::new),
        infrastructure_role: sources.given(Asked::new(
            "infrastructure-role",
            args.infrastructure_role.as_ref(),
            config.infrastructure_role.as_ref(),
        )),
        port_name: sources.given(Asked::new("port-name", args.port_name.as_ref(), config.port_name.as_ref())),
        jq: sources.filters(&args.jq, &args.filters.jq_file, &config.jq),
        seen: sources.seen(&args.filters.jq_env, &config.jq_env, &surroundings.runner),
        output,
        format,
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        surroundings,
        templating: std::mem::take(&mut sources.templating),
    };
    sources.done(settings)
}

/// The slot that it is for, where one is named; slots may be said beside it, as they are for `deploy`.
fn slot(sources: &mut Sources<'_>, args: &cli::Patch, config: &Config) -> Option<PatchSlot> {
    let (said, words): (Vec<_>, Vec<_>) =
        sources.list("slot", &args.slot).into_iter().partition(|given| given.text.contains('='));
    let [word] = words.as_slice() else {
        let second = words.get(1)?;
        let finding = Finding::error(&second.from, format!("`{}` is another slot than `{}`", second.text, words[0].text));
        sources.findings.push(finding.hint("name one: a definition is for one slot"));
        return None;
    };
    let which = match word.text.as_str() {
        "idle" => WhichSlot::Idle,
        "live" => WhichSlot::Live,
        "a" => WhichSlot::Of(0),
        "b" => WhichSlot::Of(1),
        other => {
            let finding = Finding::error(&word.from, format!("`{other}` is not a slot"));
            sources
                .findings
                .push(finding.hint("write `idle`, `live`, `a` or `b`; `a=ECS_SERVICE:TARGET_GROUP` says what slot a is"));
            return None;
        }
    };
    if let Some(group) = sources.given(Asked::new("target-group", args.target_group.as_ref(), None)) {
        let message = format!("it names the target group `{}`, and {} takes the slot's own", group.text, word.from);
        let hint = "remove one: another group in a live ECS service's definition would roll its tasks out of the group that has the traffic";
        sources.findings.push(Finding::error(group.from, message).hint(hint));
    }
    let service = sources.required(Asked::new("service", args.service.as_ref(), config.service.as_ref()), "service");
    Some(PatchSlot {
        which,
        cluster: sources.required(Asked::new("cluster", args.cluster.as_ref(), config.cluster.as_ref()), "cluster"),
        lattice_service: lattice_service(sources, args.traffic.lattice_service.as_ref(), config),
        listener: sources.text(Asked::new("listener", args.traffic.listener.as_ref(), config.listener.as_ref())),
        rules: rules(sources, args.traffic.rules.as_ref(), config),
        slots: slots(sources, said, None, config, &service),
        service,
        unchecked: config.analysis.unchecked.is_some(),
        deployed_by_ecspresso: config.deployed_by_ecspresso.clone(),
    })
}

fn contradiction(sources: &mut Sources<'_>, message: &str) -> PatchOutput {
    sources.findings.push(Finding::error("patch", message).hint("give one of them"));
    PatchOutput::Stdout
}
