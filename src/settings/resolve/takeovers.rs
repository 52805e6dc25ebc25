//! Settings of the commands that act on a recorded rollout.

use super::{
    common::{aws, github, surroundings},
    hooks::hooks,
    plan::{plan, retire_after},
    release::{deploy, lattice_service},
};
use crate::{
    cli,
    definition::{Finding, Given},
    hooks::flags::Hooks,
    rollout::plan::Plan,
    settings::{
        AbortSettings, AnalysisSettings, Application, Environment, PlanOrigin, PromoteSettings, RecoverSettings, ResumeSettings,
        RollbackSettings, Scope, Unsettled, Which,
        config::Config,
        sources::{Asked, Sources},
    },
};

/// Settles what `promote` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn promote(args: &cli::Promote, environment: &Environment) -> Result<PromoteSettings, Unsettled> {
    let (mut sources, config) = Sources::open(environment, &args.common)?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let (plan, plan_origin, judging) = recorded_plan(&mut sources, &config);
    let settings = PromoteSettings {
        aws: aws(&mut sources, &args.common, &config, &surroundings),
        which: which(&mut sources, &args.which, &config),
        rollout_id: rollout_id(&mut sources, &args.which),
        step: step(&mut sources, args.step.as_ref()),
        full: sources.boolean("full", args.full, None, false),
        plan,
        plan_origin,
        judging,
        hooks: hooks(&mut sources, &Hooks::default(), &config),
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.reporting.format),
        github: github(&mut sources, &config),
        surroundings,
    };
    sources.done(settings)
}

/// Settles what `resume` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn resume(args: &cli::Resume, environment: &Environment) -> Result<ResumeSettings, Unsettled> {
    let (mut sources, config) = Sources::open(environment, &args.common)?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let (plan, plan_origin, judging) = recorded_plan(&mut sources, &config);
    let all = sources.boolean("all", args.all, None, false);
    let one = &args.which;
    if all && (one.lattice_service.is_some() || one.traffic_target.is_some() || one.rollout_id.is_some()) {
        let finding = Finding::error("--all", "it is about every rollout, and another flag names one");
        sources.findings.push(finding.hint("write one of them"));
    }
    let scope = if all { Scope::All(application(&mut sources, &config)) } else { Scope::One(which(&mut sources, one, &config)) };
    // Only a candidate that was not started yet needs it, so that what it lacks is told then.
    let release = cli::Deploy { common: args.common.clone(), ..cli::Deploy::default() };
    let settings = ResumeSettings {
        aws: aws(&mut sources, &args.common, &config, &surroundings),
        scope,
        rollout_id: rollout_id(&mut sources, one).filter(|_| !all),
        step: step(&mut sources, args.step.as_ref()).filter(|_| !all),
        plan,
        plan_origin,
        judging,
        hooks: hooks(&mut sources, &Hooks::default(), &config),
        release: deploy(&release, environment).ok().map(Box::new),
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.reporting.format),
        github: github(&mut sources, &config),
        surroundings,
    };
    sources.done(settings)
}

/// Settles what `recover` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn recover(args: &cli::Recover, environment: &Environment) -> Result<RecoverSettings, Unsettled> {
    let (mut sources, config) = Sources::open(environment, &args.common)?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let settings = RecoverSettings {
        aws: aws(&mut sources, &args.common, &config, &surroundings),
        which: which(&mut sources, &args.which, &config),
        rollout_id: rollout_id(&mut sources, &args.which),
        owner: sources.text(Asked::new("rollout-owner", None, None)),
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
pub fn abort(args: &cli::Abort, environment: &Environment) -> Result<AbortSettings, Unsettled> {
    let (mut sources, config) = Sources::open(environment, &args.common)?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let settings = AbortSettings {
        aws: aws(&mut sources, &args.common, &config, &surroundings),
        which: which(&mut sources, &args.which, &config),
        rollout_id: rollout_id(&mut sources, &args.which),
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
pub fn rollback(args: &cli::Rollback, environment: &Environment) -> Result<RollbackSettings, Unsettled> {
    let (mut sources, config) = Sources::open(environment, &args.common)?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let settings = RollbackSettings {
        aws: aws(&mut sources, &args.common, &config, &surroundings),
        which: which(&mut sources, &args.which, &config),
        rollout_id: rollout_id(&mut sources, &args.which),
        revision: sources.text(Asked::new("revision", args.revision.as_ref(), None)),
        reason: sources.text(Asked::new("reason", args.reason.as_ref(), None)),
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.reporting.format),
        github: github(&mut sources, &config),
        surroundings,
    };
    sources.done(settings)
}

/// The plan that the rollout should have begun with, by variables and config.
fn recorded_plan(sources: &mut Sources<'_>, config: &Config) -> (Plan, PlanOrigin, AnalysisSettings) {
    let retire_after = retire_after(sources, None, config);
    plan(sources, &cli::Steps::default(), config, retire_after)
}

fn step(sources: &mut Sources<'_>, flag: Option<&String>) -> Option<usize> {
    let given = sources.given(Asked::new("step", flag, None))?;
    let step = given.text.parse().ok().filter(|step| *step > 0);
    if step.is_none() {
        let finding = Finding::error(given.from, format!("`{}` is not the number of a step", given.text));
        sources.findings.push(finding.hint("they are counted from 1"));
    }
    step
}

fn which(sources: &mut Sources<'_>, args: &cli::Which, config: &Config) -> Which {
    let service = args.lattice_service.as_ref();
    // A flag for the service is more than a variable for the traffic target.
    let target =
        if service.is_some() { None } else { sources.text(Asked::new("traffic-target", args.traffic_target.as_ref(), None)) };
    if let Some(target) = target {
        return Which::TrafficTarget(target);
    }
    // Whoever names a Lattice service means whatever is under way there; whoever gives a config means its own.
    let said = sources.text(Asked::new("lattice-service", service, None));
    let lattice_service = lattice_service(sources, service, config);
    match application(sources, config).filter(|_| said.is_none()) {
        Some(application) => Which::Application(lattice_service, application),
        None => Which::LatticeService(lattice_service),
    }
}

/// The application that a config is about; none where it names no slots. What is wrong with them is told by whoever releases.
pub(super) fn application(sources: &mut Sources<'_>, config: &Config) -> Option<Application> {
    let service = sources.text(Asked::new("service", None, config.service.as_ref()));
    let text = |given: &Option<Given>| given.as_ref().map(|given| given.text.clone());
    let mut named = config.slots.each_ref().map(|slot| (text(&slot.ecs_service), text(&slot.target_group)));
    for given in sources.list("slot", &[]) {
        let parts = given.text.split_once('=').and_then(|(name, rest)| Some((name, rest.split_once(':')?)));
        if let Some((name @ ("a" | "b"), (ecs_service, group))) = parts {
            named[usize::from(name == "b")] = (Some(ecs_service.to_owned()), Some(group.to_owned()));
        }
    }
    let [(a, group_a), (b, group_b)] = named;
    let or = |said: Option<String>, end: &str| said.or_else(|| service.as_ref().map(|service| format!("{service}{end}")));
    Some(Application {
        ecs_services: [or(a, "")?, or(b, "-b")?],
        // A group that only a reference names is not looked up for this.
        target_groups: [or(group_a, "-a").unwrap_or_default(), or(group_b, "-b").unwrap_or_default()],
    })
}

fn rollout_id(sources: &mut Sources<'_>, args: &cli::Which) -> Option<String> {
    sources.text(Asked::new("rollout-id", args.rollout_id.as_ref(), None))
}
