//! What runs on the way: the config's hooks, and those of flags and variables in their place.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    cli,
    definition::Finding,
    hooks::{Job, Jobs, job::Wanted},
    rollout::hooks::Point,
    settings::{
        Environment, Secret,
        config::Config,
        sources::{Asked, Sources, variable},
    },
};

/// A task takes a minute to start on Fargate, a smoke test some more.
const DEFAULT_LIMIT: Duration = Duration::from_secs(5 * 60);
/// Variables with one of these in their names hold what must not be shown.
const SECRET: [&str; 5] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PRIVATE_KEY"];

/// The hooks.
pub(super) fn hooks(sources: &mut Sources<'_>, args: &cli::Hooks, config: &Config) -> Jobs {
    let asked = Asked::new("hook-timeout", args.hook_timeout.as_ref(), config.hooks.timeout.as_ref());
    let limit = limit(sources, asked, DEFAULT_LIMIT);
    let mut wanted = BTreeMap::new();
    for (point, hook) in &config.hooks.hooks {
        let limit = self::limit(sources, Asked { flag: "", value: None, config: hook.timeout.as_ref() }, limit);
        wanted.insert(*point, Wanted { job: hook.job.clone(), limit, from: hook.from.clone() });
    }
    for (given, from) in said(sources, &args.hooks) {
        let parts = given.split_once('=').map(|(point, text)| (point.trim(), text.trim()));
        let known = |name: &str| Point::ALL.into_iter().find(|point| point.name() == name);
        match parts.and_then(|(point, text)| Some((known(point)?, text))) {
            Some((point, text)) if !text.is_empty() => {
                wanted.insert(point, Wanted { job: Job::Shell(text.to_owned()), limit, from });
            }
            Some(_) | None => {
                let points = Point::ALL.map(Point::name).join(", ");
                let finding = Finding::error(from, format!("`{given}` does not say what runs when"));
                sources.findings.push(
                    finding.hint(format!("write `POINT=COMMAND`, such as `before_shift=./smoke.sh`; the points are {points}")),
                );
            }
        }
    }
    Jobs { wanted, directory: config.directory.clone(), secrets: secrets(sources.environment) }
}

/// A limit of nothing would fail every hook.
fn limit(sources: &mut Sources<'_>, asked: Asked<'_>, default: Duration) -> Duration {
    let limit = sources.duration(asked, default);
    if limit.is_zero()
        && let Some(given) = sources.given(asked)
    {
        let finding = Finding::error(given.from, "a hook without time cannot pass").hint("write `30s`, `2m` or `1h 30m`");
        sources.findings.push(finding);
    }
    limit
}

/// In the variable each stands on a line of its own: commands have commas.
fn said(sources: &Sources<'_>, flags: &[String]) -> Vec<(String, String)> {
    if !flags.is_empty() {
        return flags.iter().map(|flag| (flag.clone(), "--hooks".to_owned())).collect();
    }
    let name = variable("hooks");
    let lines = sources.environment.get(&name).unwrap_or_default().lines();
    lines.map(str::trim).filter(|line| !line.is_empty()).map(|line| (line.to_owned(), name.clone())).collect()
}

/// `shift` knows no ECS service whose network a task could run in.
pub(super) fn without_tasks(sources: &mut Sources<'_>, jobs: &Jobs) {
    for (point, wanted) in jobs.wanted.iter().filter(|(_, wanted)| matches!(wanted.job, Job::Task(_))) {
        let message = format!("the {point} hook runs an ECS task, and `shift` moves weights between target groups alone");
        sources.findings.push(Finding::error(&wanted.from, message).hint("run a command, or release with `deploy`"));
    }
}

fn secrets(environment: &Environment) -> Vec<Secret> {
    let is_secret = |name: &str| SECRET.iter().any(|word| name.to_ascii_uppercase().contains(word));
    environment.starting_with("").filter(|(name, _)| is_secret(name)).map(|(_, value)| Secret::new(value)).collect()
}
