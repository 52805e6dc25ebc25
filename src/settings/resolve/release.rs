//! Settings of the commands that touch traffic.

use std::{path::PathBuf, time::Duration};

use super::{aws, github, surroundings};
use crate::{
    cli,
    definition::{Finding, Given},
    rollout::{
        plan::{HealthLimits, OnCancel, OnDrift, Plan, PlanError, Step, parse_steps},
        split::Share,
    },
    settings::{
        AbortSettings, DeploySettings, Environment, LatticeSettings, RollbackSettings, Rules, ShiftSettings, Slot,
        StatusSettings, Which,
        config::Config,
        sources::{Asked, Sources},
    },
};

const DEFAULT_STEPS: &str = "5%:2m,25%:5m,100%:10m";
const DEFAULT_SETTLE: Duration = Duration::from_secs(90);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);
const DEFAULT_INTERVAL: Duration = Duration::from_secs(15);
const DEFAULT_RETIRE_AFTER: Duration = Duration::from_secs(10 * 60);

/// Settles what `deploy` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn deploy(args: &cli::Deploy, environment: &Environment) -> Result<DeploySettings, Vec<Finding>> {
    let (mut sources, config) = Sources::open(environment, args.common.config.as_deref())?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let cluster = sources.required(Asked::new("cluster", args.cluster.as_ref(), config.cluster.as_ref()), "cluster");
    let service = sources.required(Asked::new("service", args.service.as_ref(), config.service.as_ref()), "service");
    let service_definition =
        file(&mut sources, &config, "service-definition", args.service_definition.as_ref(), config.service_definition.as_ref());
    let task_definition =
        file(&mut sources, &config, "task-definition", args.task_definition.as_ref(), config.task_definition.as_ref());
    let retire_after = retire_after(&mut sources, args.retire_after.as_ref(), &config);
    let settings = DeploySettings {
        aws: aws(&sources, &args.common, &config, &surroundings),
        images: images(&mut sources, &args.image),
        lattice: LatticeSettings {
            service: lattice_service(&mut sources, args.traffic.lattice_service.as_ref(), &config),
            listener: sources.text(Asked::new("listener", args.traffic.listener.as_ref(), config.listener.as_ref())),
            rules: rules(&sources, args.traffic.rules.as_ref(), &config),
            infrastructure_role: sources.given(Asked::new(
                "infrastructure-role",
                args.infrastructure_role.as_ref(),
                config.infrastructure_role.as_ref(),
            )),
            port_name: sources.given(Asked::new("port-name", args.port_name.as_ref(), config.port_name.as_ref())),
            slots: slots(&mut sources, args, &config, &service),
        },
        plan: plan(&mut sources, &args.steps, &config, retire_after),
        jq: sources.filters(&args.jq, &config.jq),
        force: sources.boolean("force", args.force, None, false),
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.reporting.format),
        github: github(&mut sources, &config),
        cluster,
        service,
        service_definition,
        task_definition,
        surroundings,
    };
    sources.done(settings)
}

/// Settles what `shift` is told. It never retires anything.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn shift(args: &cli::Shift, environment: &Environment) -> Result<ShiftSettings, Vec<Finding>> {
    let (mut sources, config) = Sources::open(environment, args.common.config.as_deref())?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let from = sources
        .required(Asked::new("from", args.from.as_ref(), config.slots[0].target_group.as_ref()), "lattice.slots.a.target_group");
    let to = sources
        .required(Asked::new("to", args.to.as_ref(), config.slots[1].target_group.as_ref()), "lattice.slots.b.target_group");
    if from == to && !from.is_empty() {
        let finding = Finding::error("--to", format!("`{to}` is the target group that the traffic is to leave"));
        sources.findings.push(finding.hint("name two different target groups"));
    }
    let settings = ShiftSettings {
        aws: aws(&sources, &args.common, &config, &surroundings),
        lattice_service: lattice_service(&mut sources, args.traffic.lattice_service.as_ref(), &config),
        listener: sources.text(Asked::new("listener", args.traffic.listener.as_ref(), config.listener.as_ref())),
        rules: rules(&sources, args.traffic.rules.as_ref(), &config),
        from,
        to,
        plan: plan(&mut sources, &args.steps, &config, None),
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.reporting.format),
        github: github(&mut sources, &config),
        surroundings,
    };
    sources.done(settings)
}

/// Settles what `abort` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn abort(args: &cli::Abort, environment: &Environment) -> Result<AbortSettings, Vec<Finding>> {
    let (mut sources, config) = Sources::open(environment, args.common.config.as_deref())?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let settings = AbortSettings {
        aws: aws(&sources, &args.common, &config, &surroundings),
        which: which(&mut sources, args.lattice_service.as_ref(), args.traffic_target.as_ref(), &config),
        to: sources.text(Asked::new("to", args.to.as_ref(), None)),
        reason: sources.text(Asked::new("reason", args.reason.as_ref(), None)),
        force: sources.boolean("force", args.force, None, false),
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.reporting.format),
        github: github(&mut sources, &config),
        surroundings,
    };
    sources.done(settings)
}

/// Settles what `rollback` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn rollback(args: &cli::Rollback, environment: &Environment) -> Result<RollbackSettings, Vec<Finding>> {
    let (mut sources, config) = Sources::open(environment, args.common.config.as_deref())?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let settings = RollbackSettings {
        aws: aws(&sources, &args.common, &config, &surroundings),
        which: which(&mut sources, args.lattice_service.as_ref(), args.traffic_target.as_ref(), &config),
        reason: sources.text(Asked::new("reason", args.reason.as_ref(), None)),
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.reporting.format),
        github: github(&mut sources, &config),
        surroundings,
    };
    sources.done(settings)
}

/// Settles what `status` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn status(args: &cli::Status, environment: &Environment) -> Result<StatusSettings, Vec<Finding>> {
    let (mut sources, config) = Sources::open(environment, args.common.config.as_deref())?;
    let surroundings = surroundings(&mut sources, None);
    let settings = StatusSettings {
        aws: aws(&sources, &args.common, &config, &surroundings),
        lattice_service: lattice_service(&mut sources, args.lattice_service.as_ref(), &config),
        format: sources.format(args.format),
        surroundings,
    };
    sources.done(settings)
}

fn lattice_service(sources: &mut Sources<'_>, flag: Option<&String>, config: &Config) -> String {
    sources.required(Asked::new("lattice-service", flag, config.lattice_service.as_ref()), "lattice.service")
}

fn which(sources: &mut Sources<'_>, service: Option<&String>, target: Option<&String>, config: &Config) -> Which {
    // A flag for the service is more than a variable for the traffic target.
    let target = if service.is_some() { None } else { sources.text(Asked::new("traffic-target", target, None)) };
    target.map_or_else(|| Which::LatticeService(lattice_service(sources, service, config)), Which::TrafficTarget)
}

fn file(sources: &mut Sources<'_>, config: &Config, flag: &str, value: Option<&PathBuf>, given: Option<&Given>) -> PathBuf {
    sources.path(flag, value.map(PathBuf::as_path), given, &config.directory).unwrap_or_else(|| {
        sources.required(Asked { flag, ..Asked::default() }, &flag.replace('-', "_"));
        PathBuf::new()
    })
}

fn rules(sources: &Sources<'_>, flag: Option<&String>, config: &Config) -> Rules {
    let Some(given) = sources.given(Asked::new("rules", flag, None)) else { return config.rules.clone().unwrap_or_default() };
    if given.text == "all" {
        return Rules::All;
    }
    Rules::Listed(given.text.split([',', '\n']).map(str::trim).filter(|rule| !rule.is_empty()).map(str::to_owned).collect())
}

fn images(sources: &mut Sources<'_>, flags: &[String]) -> Vec<(String, String)> {
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

fn slots(sources: &mut Sources<'_>, args: &cli::Deploy, config: &Config, service: &str) -> [Slot; 2] {
    let mut flags: [Option<(Given, Given)>; 2] = [None, None];
    for given in sources.list("slot", &args.slot) {
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
    let of_a = sources.given(Asked::new("target-group", args.target_group.as_ref(), None));
    if let (Some((_, slot)), Some(target_group)) = (&flag_a, &of_a)
        && slot.text != target_group.text
    {
        let message = format!("it names `{}` for slot a, --slot names `{}`", target_group.text, slot.text);
        sources.findings.push(Finding::error(&target_group.from, message).hint("give one of them"));
    }
    let slot = |name: &str, index: usize, flag: Option<(Given, Given)>, target_group: Option<Given>, default_service: String| {
        let (ecs_service, from_flag) = flag.unzip();
        let written = &config.slots[index];
        Slot {
            name: name.to_owned(),
            ecs_service: ecs_service.or_else(|| written.ecs_service.clone()).map_or(default_service, |given| given.text),
            target_group: from_flag
                .or(target_group)
                .or_else(|| written.target_group.clone())
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

fn retire_after(sources: &mut Sources<'_>, flag: Option<&String>, config: &Config) -> Option<Duration> {
    let asked = Asked::new("retire-after", flag, config.retire_after.as_ref());
    if sources.text(asked).as_deref() == Some("never") { None } else { Some(sources.duration(asked, DEFAULT_RETIRE_AFTER)) }
}

fn plan(sources: &mut Sources<'_>, args: &cli::Steps, config: &Config, retire_after: Option<Duration>) -> Plan {
    let before = sources.findings.len();
    let (steps, steps_from) = steps(sources, args.steps.as_ref(), config);
    let interval = Asked::new("interval", args.interval.as_ref(), config.interval.as_ref());
    let interval_from = sources.given(interval).map_or_else(|| "--interval".to_owned(), |given| given.from);
    let plan = Plan {
        steps,
        settle: sources.duration(Asked::new("settle", args.settle.as_ref(), config.settle.as_ref()), DEFAULT_SETTLE),
        timeout: sources.duration(Asked::new("timeout", args.timeout.as_ref(), config.timeout.as_ref()), DEFAULT_TIMEOUT),
        interval: sources.duration(interval, DEFAULT_INTERVAL),
        health: health(sources, config),
        on_cancel: sources.word(
            Asked::new("on-cancel", args.on_cancel.as_ref(), config.on_cancel.as_ref()),
            &[("rollback", OnCancel::Rollback), ("hold", OnCancel::Hold)],
            OnCancel::default(),
        ),
        on_drift: sources.word(
            Asked::new("on-drift", args.on_drift.as_ref(), config.on_drift.as_ref()),
            &[("stop", OnDrift::Stop), ("restore", OnDrift::Restore)],
            OnDrift::default(),
        ),
        retire_after,
    };
    if sources.findings.len() > before {
        // What could not be read has been told; judging the defaults in its place would only confuse.
        return plan;
    }
    match plan.clone().check() {
        Ok(plan) => plan,
        Err(errors) => {
            sources.findings.extend(errors.into_iter().map(|error| {
                let from = if error == PlanError::ZeroInterval { &interval_from } else { &steps_from };
                let message = error.to_string();
                match message.split_once(": ") {
                    Some((message, hint)) => Finding::error(from, message).hint(hint),
                    None => Finding::error(from, message),
                }
            }));
            plan
        }
    }
}

fn steps(sources: &mut Sources<'_>, flag: Option<&String>, config: &Config) -> (Vec<Step>, String) {
    let given = match (sources.given(Asked::new("steps", flag, None)), &config.steps) {
        (Some(given), _) => given,
        (None, Some((steps, from))) => return (steps.clone(), from.clone()),
        (None, None) => Given::new(DEFAULT_STEPS, "the default steps"),
    };
    match parse_steps(&given.text) {
        Ok(steps) => (steps, given.from),
        Err(error) => {
            let finding = Finding::error(&given.from, error.to_string());
            sources.findings.push(finding.hint(format!("steps are written like `{DEFAULT_STEPS}`")));
            (Vec::new(), given.from)
        }
    }
}

fn health(sources: &mut Sources<'_>, config: &Config) -> HealthLimits {
    let mut health = HealthLimits::default();
    if let Some(given) = &config.min_healthy {
        match given.text.parse::<Share>() {
            Ok(share) => health.min_healthy = share,
            Err(_) => sources.findings.push(
                Finding::error(&given.from, format!("`{}` is not a share of healthy targets", given.text))
                    .hint("write a percentage, such as `80%`"),
            ),
        }
    }
    if let Some(given) = &config.unhealthy_for {
        match given.text.parse::<u32>() {
            Ok(count) if count > 0 => health.unhealthy_for = count,
            Ok(_) | Err(_) => sources.findings.push(
                Finding::error(&given.from, format!("`{}` is not a number of observations", given.text)).hint("write 1 or more"),
            ),
        }
    }
    health
}
