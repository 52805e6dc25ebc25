//! Settings of the commands that touch traffic.

use std::path::PathBuf;

use clap::ValueEnum as _;

use super::{
    common::{aws, github, surroundings},
    hooks::{hooks, without_tasks},
    plan::{lock, plan, retire_after},
    slots::{images, slots, variables},
    takeovers::application,
};
use crate::{
    cli,
    definition::{Finding, Given},
    settings::{
        DeploySettings, DiffSettings, Environment, FindingsFormat, FindingsSettings, LatticeSettings, OnExisting, Rules,
        ShiftSettings, StatusSettings, Surroundings, Unsettled,
        config::Config,
        sources::{Asked, Sources},
        surroundings::check_clock,
    },
};

/// Settles what `deploy` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn deploy(args: &cli::Deploy, environment: &Environment) -> Result<DeploySettings, Unsettled> {
    let (mut sources, config) = Sources::open_for(environment, &args.common, args.released.service.as_ref())?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let cluster =
        sources.required_given(Asked::new("cluster", args.released.cluster.as_ref(), config.cluster.as_ref()), "cluster");
    let service = sources.required(Asked::new("service", args.released.service.as_ref(), config.service.as_ref()), "service");
    let traffic = &args.released.traffic;
    let asked = Asked::new("lattice-service", traffic.lattice_service.as_ref(), config.lattice_service.as_ref());
    let lattice_service = sources.required_given(asked, "lattice.service");
    let service_definition = file(
        &mut sources,
        &config,
        "service-definition",
        args.released.service_definition.as_ref(),
        config.service_definition.as_ref(),
    );
    let task_definition =
        file(&mut sources, &config, "task-definition", args.released.task_definition.as_ref(), config.task_definition.as_ref());
    sources.look_into(&service_definition);
    sources.look_into(&task_definition);
    let retire_after = retire_after(&mut sources, args.retire_after.as_ref(), &config);
    let (plan, plan_origin, judging) = plan(&mut sources, &args.steps, &config, retire_after);
    let said = sources.list("slot", &args.released.slot);
    let slots = slots(&mut sources, said, args.released.target_group.as_ref(), &config, &service);
    let listener = sources.given(Asked::new("listener", traffic.listener.as_ref(), config.listener.as_ref()));
    let groups = slots.iter().map(|slot| &slot.target_group);
    let named = [&cluster, &lattice_service].into_iter().chain(&listener).chain(groups).cloned().collect();
    let settings = DeploySettings {
        aws: aws(&mut sources, &args.common, &config, &surroundings),
        images: images(&mut sources, &args.released.image),
        variables: variables(&mut sources, &args.released.env),
        lattice: LatticeSettings {
            service: lattice_service.text,
            listener: listener.map(|given| given.text),
            rules: rules(&mut sources, traffic.rules.as_ref(), &config),
            test_rule: config.test_rule.clone(),
            infrastructure_role: sources.given(Asked::new(
                "infrastructure-role",
                args.released.infrastructure_role.as_ref(),
                config.infrastructure_role.as_ref(),
            )),
            port_name: sources.given(Asked::new("port-name", args.released.port_name.as_ref(), config.port_name.as_ref())),
            slots,
        },
        lock: lock(&mut sources, &args.steps, &config),
        plan,
        plan_origin,
        judging,
        hooks: hooks(&mut sources, &args.steps.hooks, &config),
        jq: sources.filters(&args.released.jq, &args.released.filters.jq_file, &config.jq),
        seen: sources.seen(&args.released.filters.jq_env, &config.jq_env, &surroundings.runner),
        on_existing: sources.word(
            Asked::new("on-existing", args.on_existing.as_ref(), config.on_existing.as_ref()),
            &[("refuse", OnExisting::Refuse), ("resume", OnExisting::Resume), ("rollback-first", OnExisting::RollbackFirst)],
            OnExisting::default(),
        ),
        force: sources.boolean("force", args.force, None, false),
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.reporting.format),
        github: github(&mut sources, &config),
        cluster: cluster.text,
        service,
        named,
        service_definition,
        task_definition,
        surroundings,
        templating: std::mem::take(&mut sources.templating),
    };
    sources.done(settings)
}

/// Settles what `diff` is told.
///
/// # Errors
/// As [`deploy`].
pub fn diff(args: &cli::Diff, environment: &Environment) -> Result<DiffSettings, Unsettled> {
    let release = cli::Deploy {
        common: args.common.clone(),
        released: args.released.clone(),
        // The variable may say `sarif`, which a release does not know.
        reporting: cli::Reporting { format: Some(cli::Format::Text), ..cli::Reporting::default() },
        ..cli::Deploy::default()
    };
    let release = deploy(&release, environment)?;
    let mut sources = Sources::new(environment);
    let exit_code = sources.boolean("exit-code", args.exit_code, None, false);
    let format = sources.format(args.format);
    sources.done(DiffSettings { release, exit_code, format })
}

/// The release that `verify` is about.
///
/// # Errors
/// As [`deploy`].
pub fn verified(args: &cli::Verify, environment: &Environment) -> Result<DeploySettings, Unsettled> {
    let release = cli::Deploy {
        common: args.common.clone(),
        released: args.released.clone(),
        steps: args.steps.clone(),
        on_existing: args.on_existing.clone(),
        // The variable may say `sarif`, which a release does not know.
        reporting: cli::Reporting { format: Some(cli::Format::Text), github_token: args.github_token.clone() },
        ..cli::Deploy::default()
    };
    deploy(&release, environment)
}

/// The format of findings, as far as it is known: what is wrong with it is told by whoever needs it.
#[must_use]
pub fn findings_format(flag: Option<FindingsFormat>, environment: &Environment) -> FindingsFormat {
    let variable = || environment.get("ESPALIER_FORMAT").and_then(|text| FindingsFormat::from_str(text, false).ok());
    flag.or_else(variable).unwrap_or_default()
}

/// How `verify` shows what it found, whatever is wrong with the rest.
///
/// # Errors
/// What is wrong with these.
pub fn findings(args: &cli::Verify, environment: &Environment) -> Result<FindingsSettings, Unsettled> {
    let mut sources = Sources::new(environment);
    let config = args.common.config.clone().or_else(|| environment.get("ESPALIER_CONFIG").map(PathBuf::from));
    let settings = FindingsSettings {
        format: sources.format(args.format),
        output: sources.path("output", args.output.as_deref(), None, &environment.directory),
        config: config.map_or_else(|| "espalier.yml".to_owned(), |path| path.display().to_string()),
        surroundings: Surroundings::read(environment, args.github_token.as_ref()),
    };
    sources.done(settings)
}

/// Whose release it is, and where to say that it is refused: what is known even when the rest cannot be read.
#[derive(Clone, Debug)]
pub struct Who {
    /// What was to be released.
    pub service: String,
    /// Where.
    pub cluster: String,
    /// Everything from the environment.
    pub surroundings: Surroundings,
}

/// Who asked for a `deploy` that is refused; none where not even that is known, or nothing was to be written.
#[must_use]
pub fn who(args: &cli::Deploy, environment: &Environment) -> Option<Who> {
    let mut sources = Sources::new(environment);
    let config = args.common.config.clone().or_else(|| environment.get("ESPALIER_CONFIG").map(PathBuf::from));
    let config = environment.directory.join(config.unwrap_or_else(|| "espalier.yml".into()));
    let config = std::fs::read_to_string(config).unwrap_or_default();
    // The file may not even be YAML.
    let line = |key: &str| {
        let value = config.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| Given::new(value, key))
    };
    let mut of = |flag: &'static str, value: Option<&String>| sources.text(Asked::new(flag, value, line(flag).as_ref()));
    let surroundings = Surroundings::read(environment, args.reporting.github_token.as_ref());
    let mut findings = Vec::new();
    check_clock(environment, &surroundings, &mut findings);
    let dry_run = args.dry_run.dry_run.or_else(|| Some(environment.get("ESPALIER_DRY_RUN") == Some("true")));
    if dry_run == Some(true) || !findings.is_empty() {
        return None;
    }
    Some(Who {
        service: of("service", args.released.service.as_ref())?,
        cluster: of("cluster", args.released.cluster.as_ref())?,
        surroundings,
    })
}

/// Settles what `shift` is told. It never retires anything.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn shift(args: &cli::Shift, environment: &Environment) -> Result<ShiftSettings, Unsettled> {
    let (mut sources, config) = Sources::open(environment, &args.common)?;
    let surroundings = surroundings(&mut sources, args.reporting.github_token.as_ref());
    let groups = config.slots.each_ref().map(|slot| slot.target_group.clone().map(|given| sources.referred(given)));
    let said = sources.given(Asked::new("to", args.to.as_ref(), None));
    // Where it goes to one of the slots it comes from the other.
    let is_to_a = said.as_ref().zip(groups[0].as_ref()).is_some_and(|(to, a)| is_same_group(&to.text, &a.text));
    let from = sources
        .required(Asked::new("from", args.from.as_ref(), groups[usize::from(is_to_a)].as_ref()), "lattice.slots.a.target_group");
    let to = sources
        .required(Asked::new("to", args.to.as_ref(), config.slots[1].target_group.as_ref()), "lattice.slots.b.target_group");
    if from == to && !from.is_empty() {
        let finding = Finding::error("--to", format!("`{to}` is the target group that the traffic is to leave"));
        sources.findings.push(finding.hint("name two different target groups"));
    }
    let cluster = sources.text(Asked::new("cluster", None, config.cluster.as_ref()));
    let application = application(&mut sources, &config);
    let hooks = hooks(&mut sources, &args.steps.hooks, &config);
    without_tasks(&mut sources, &hooks);
    let (plan, plan_origin, judging) = plan(&mut sources, &args.steps, &config, None);
    let settings = ShiftSettings {
        aws: aws(&mut sources, &args.common, &config, &surroundings),
        lattice_service: lattice_service(&mut sources, args.traffic.lattice_service.as_ref(), &config),
        listener: sources.text(Asked::new("listener", args.traffic.listener.as_ref(), config.listener.as_ref())),
        rules: rules(&mut sources, args.traffic.rules.as_ref(), &config),
        test_rule: config.test_rule.clone(),
        from,
        to,
        application: cluster.zip(application),
        lock: lock(&mut sources, &args.steps, &config),
        plan,
        plan_origin,
        judging,
        hooks,
        dry_run: sources.boolean("dry-run", args.dry_run.dry_run, None, false),
        format: sources.format(args.reporting.format),
        github: github(&mut sources, &config),
        surroundings,
    };
    sources.done(settings)
}

/// Whether two texts name the same target group: ids equal to their ARNs.
fn is_same_group(one: &str, other: &str) -> bool {
    let id = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    id(one) == id(other)
}

/// Settles what `status` is told.
///
/// # Errors
/// Every mistake in flags, environment and config.
pub fn status(args: &cli::Status, environment: &Environment) -> Result<StatusSettings, Unsettled> {
    let (mut sources, config) = Sources::open(environment, &args.common)?;
    let surroundings = surroundings(&mut sources, None);
    let settings = StatusSettings {
        aws: aws(&mut sources, &args.common, &config, &surroundings),
        lattice_service: lattice_service(&mut sources, args.lattice_service.as_ref(), &config),
        watch: sources.boolean("watch", args.watch, None, false),
        format: sources.format(args.format),
        surroundings,
    };
    sources.done(settings)
}

pub(super) fn lattice_service(sources: &mut Sources<'_>, flag: Option<&String>, config: &Config) -> String {
    sources.required(Asked::new("lattice-service", flag, config.lattice_service.as_ref()), "lattice.service")
}

fn file(sources: &mut Sources<'_>, config: &Config, flag: &str, value: Option<&PathBuf>, given: Option<&Given>) -> PathBuf {
    sources.path(flag, value.map(PathBuf::as_path), given, &config.directory).unwrap_or_else(|| {
        sources.required(Asked { flag, ..Asked::default() }, &flag.replace('-', "_"));
        PathBuf::new()
    })
}

pub(super) fn rules(sources: &mut Sources<'_>, flag: Option<&String>, config: &Config) -> Rules {
    let listed = match sources.given(Asked::new("rules", flag, None)) {
        None => match config.rules.clone().unwrap_or_default() {
            Rules::All => return Rules::All,
            Rules::Listed(rules) => rules.into_iter().map(|rule| Given::new(rule, "lattice.rules")).collect(),
        },
        Some(given) if given.text == "all" => return Rules::All,
        Some(Given { text, from }) => {
            let rules = text.split([',', '\n']).map(str::trim).filter(|rule| !rule.is_empty());
            rules.map(|rule| Given::new(rule, from.clone())).collect::<Vec<_>>()
        }
    };
    Rules::Listed(listed.into_iter().map(|rule| sources.referred(rule).text).collect())
}
