//! What runs on the way: the config's hooks, and those of flags and variables in their place.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    definition::Finding,
    hooks::{Job, Jobs, flags, job::Wanted},
    rollout::hooks::Point,
    settings::{
        Environment, Secret, TestRule,
        config::Config,
        sources::{Asked, Sources, variable},
    },
};

/// A task takes a minute to start on Fargate, a smoke test some more.
const DEFAULT_LIMIT: Duration = Duration::from_secs(5 * 60);
/// Variables with one of these in their names hold what must not be shown.
const SECRET: [&str; 5] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PRIVATE_KEY"];

/// The hooks.
pub(super) fn hooks(sources: &mut Sources<'_>, args: &flags::Hooks, config: &Config) -> Jobs {
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
    Jobs {
        wanted,
        directory: config.directory.clone(),
        told: told(config.test_rule.as_ref()),
        secrets: secrets(sources.environment),
    }
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

/// What hooks are told of the test rule, always all of it.
fn told(rule: Option<&TestRule>) -> Vec<(&'static str, String)> {
    let header = |(name, value): &(String, String)| format!("{name}: {value}");
    let headers = |rule: &TestRule| rule.headers.iter().map(header).collect::<Vec<_>>().join("\n");
    vec![
        ("ESPALIER_TEST_HEADER", rule.map(headers).unwrap_or_default()),
        ("ESPALIER_TEST_PATH", rule.and_then(|rule| rule.path.clone()).unwrap_or_default()),
    ]
}

fn secrets(environment: &Environment) -> Vec<Secret> {
    let is_secret = |name: &str| SECRET.iter().any(|word| name.to_ascii_uppercase().contains(word));
    environment.starting_with("").filter(|(name, _)| is_secret(name)).map(|(_, value)| Secret::new(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(args: &flags::Hooks, variables: &[(&str, &str)], config: &str) -> Result<Jobs, Vec<String>> {
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment = Environment::of(pairs);
        let config = Config::parse("e.yml", config).expect("a config");
        let mut sources = Sources::new(&environment);
        let jobs = hooks(&mut sources, args, &config);
        without_tasks(&mut sources, &jobs);
        sources.done(jobs).map_err(|unsettled| unsettled.findings.iter().map(ToString::to_string).collect())
    }

    const CONFIG: &str = "hooks: { before_shift: ./a, after_step: { run: ./b, timeout: 9s }, timeout: 30s }";

    #[test]
    fn a_flag_takes_the_place_of_the_configs_hook_of_that_point_alone() {
        let args = flags::Hooks { hooks: vec!["before_shift=./c --x=1".to_owned()], hook_timeout: None };
        let jobs = resolved(&args, &[], CONFIG).expect("hooks");
        let told: Vec<_> = jobs
            .wanted
            .iter()
            .map(|(point, wanted)| (point.name(), wanted.job.what(), wanted.limit.as_secs(), wanted.from.as_str()))
            .collect();
        assert_eq!(
            told,
            [("before_shift", "./c --x=1".to_owned(), 30, "--hooks"), ("after_step", "./b".to_owned(), 9, "e.yml:1:41")]
        );
    }

    #[test]
    fn a_variable_has_a_hook_on_each_line_and_what_is_not_said_has_five_minutes() {
        let variables =
            [("ESPALIER_HOOKS", "before_shift=echo a,b\n\n on_rollback = ./tell "), ("MY_TOKEN", "hush"), ("PATH", "/bin")];
        let jobs = resolved(&flags::Hooks::default(), &variables, "").expect("hooks");
        let told: Vec<_> = jobs.wanted.values().map(|wanted| (wanted.job.what(), wanted.limit)).collect();
        assert_eq!(told, [("echo a,b".to_owned(), DEFAULT_LIMIT), ("./tell".to_owned(), DEFAULT_LIMIT)]);
        assert_eq!(jobs.secrets, [Secret::new("hush")]);
    }

    #[test]
    fn what_cannot_be_is_told_all_at_once() {
        let args = flags::Hooks {
            hooks: vec!["before_shift".to_owned(), "later=x".to_owned(), "after_step=".to_owned()],
            hook_timeout: Some("0s".to_owned()),
        };
        let config = "hooks: { before_promote: { run_task: { command: [x] } } }";
        assert_eq!(
            resolved(&args, &[], config).expect_err("refused"),
            [
                "--hook-timeout: a hook without time cannot pass",
                "--hooks: `before_shift` does not say what runs when",
                "--hooks: `later=x` does not say what runs when",
                "--hooks: `after_step=` does not say what runs when",
                "e.yml:1:26: the before_promote hook runs an ECS task, and `shift` moves weights between target groups alone",
            ]
        );
    }
}
