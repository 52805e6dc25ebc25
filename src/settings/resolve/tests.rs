//! Precedence, defaults, and every kind of mistake.

use std::{fs, time::Duration};

use clap::Parser as _;
use tempfile::TempDir;

use super::*;
use crate::{
    cli::{self, Cli, Command},
    definition::Given,
    settings::{Application, DeploySettings, Environment, Format, PatchInput, PatchOutput, Rules, Unsettled, Which},
};

fn environment(directory: &TempDir, pairs: &[(&str, &str)]) -> Environment {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Environment::of(pairs).in_directory(directory.path())
}

fn parse(line: &str) -> Command {
    Cli::try_parse_from(line.split(' ')).expect("the line parses").command
}

fn deploy_of(line: &str) -> cli::Deploy {
    if let Command::Deploy(args) = parse(line) { *args.0 } else { panic!("not a deploy") }
}

fn patch_of(line: &str) -> cli::Patch {
    if let Command::Patch(args) = parse(line) { *args.0 } else { panic!("not a patch") }
}

fn seed(directory: &TempDir) {
    fs::write(directory.path().join("espalier.yml"), include_str!("../../../tests/fixtures/seed/espalier.yml")).expect("written");
}

fn told<T: std::fmt::Debug>(result: Result<T, Unsettled>) -> Vec<String> {
    result.expect_err("refused").findings.iter().map(ToString::to_string).collect()
}

const FLAGS: &str =
    "espalier deploy --cluster c --service s --service-definition s.json --task-definition t.json --lattice-service l";

fn with(line: &str, directory: &TempDir, pairs: &[(&str, &str)]) -> Result<DeploySettings, Unsettled> {
    deploy(&deploy_of(line), &environment(directory, pairs))
}

#[test]
fn flags_alone_suffice_and_defaults_are_those_of_the_docs() {
    let directory = TempDir::new().expect("a directory");
    let settings = with(FLAGS, &directory, &[("AWS_REGION", "eu-west-1")]).expect("settings");
    assert_eq!(settings.aws.region.as_deref(), Some("eu-west-1"));
    let slots: Vec<_> =
        settings.lattice.slots.iter().map(|slot| (slot.ecs_service.as_str(), slot.target_group.text.as_str())).collect();
    assert_eq!(slots, [("s", "s-a"), ("s-b", "s-b")]);
    let steps: Vec<_> = settings.plan.steps.iter().map(ToString::to_string).collect();
    assert_eq!(steps, ["5%:2m", "25%:5m", "100%:10m"]);
    assert_eq!(settings.plan.settle, Duration::from_secs(90));
    assert_eq!(settings.plan.timeout, Duration::from_secs(2700));
    assert_eq!(settings.plan.interval, Duration::from_secs(15));
    assert_eq!(settings.plan.retire_after, Some(Duration::from_secs(600)));
    assert_eq!((settings.lattice.rules, settings.format, settings.force), (Rules::All, Format::Text, false));
    assert!(settings.github.comment && settings.github.check && settings.github.summary);
}

#[test]
fn the_seeds_config_is_enough() {
    let directory = TempDir::new().expect("a directory");
    seed(&directory);
    let settings = with("espalier deploy", &directory, &[]).expect("settings");
    assert_eq!(settings.service_definition, directory.path().join("ecs-service-def.json"));
    let [a, b] = &settings.lattice.slots;
    assert_eq!((a.ecs_service.as_str(), a.target_group.text.as_str()), ("myservice", "myservice-a"));
    assert_eq!((b.ecs_service.as_str(), b.target_group.text.as_str()), ("myservice-green", "myservice-b"));
    assert!(a.overrides.is_none() && b.overrides.is_none());
    assert_eq!(settings.jq, [Given::new("del(.serviceConnectConfiguration)", "espalier.yml:8:5")]);
    assert_eq!(settings.aws.region.as_deref(), Some("ap-northeast-1"));
}

#[test]
fn a_flag_is_more_than_a_variable_is_more_than_the_config() {
    let directory = TempDir::new().expect("a directory");
    seed(&directory);
    let variables = [
        ("ESPALIER_CLUSTER", "from-env"),
        ("ESPALIER_FORCE", "true"),
        ("ESPALIER_IMAGE", "web=a:1\nlog=b:2"),
        ("ESPALIER_SERVICE", ""),
    ];
    let settings = with("espalier deploy --settle 1s --format json", &directory, &variables).expect("settings");
    assert_eq!((settings.cluster.as_str(), settings.service.as_str()), ("from-env", "myservice"));
    assert_eq!((settings.force, settings.plan.settle, settings.format), (true, Duration::from_secs(1), Format::Json));
    assert_eq!(settings.images, [("web".to_owned(), "a:1".to_owned()), ("log".to_owned(), "b:2".to_owned())]);
    let settings =
        with("espalier deploy --cluster from-flag --force=false --slot b=other:tg-b", &directory, &variables).expect("settings");
    assert_eq!((settings.cluster.as_str(), settings.force), ("from-flag", false));
    assert_eq!(settings.lattice.slots[1].ecs_service, "other");
}

#[test]
fn a_slot_keeps_what_its_flag_cannot_say() {
    let directory = TempDir::new().expect("a directory");
    fs::write(directory.path().join("espalier.yml"), "lattice: { slots: { b: { overrides: del(.loadBalancers) } } }")
        .expect("written");
    let settings = with(&format!("{FLAGS} --slot b=other:tg-b"), &directory, &[]).expect("settings");
    let [a, b] = &settings.lattice.slots;
    assert_eq!((b.ecs_service.as_str(), b.target_group.text.as_str()), ("other", "tg-b"));
    assert_eq!(b.overrides, Some(Given::new("del(.loadBalancers)", "espalier.yml:1:37")));
    assert!(a.overrides.is_none());
}

#[test]
fn holds_are_planned_wherever_they_are_asked_for() {
    let directory = TempDir::new().expect("a directory");
    let settings = with(&format!("{FLAGS} --on-cancel hold --steps 5%:2m,hold:4h,100%:1m"), &directory, &[]).expect("settings");
    assert_eq!(settings.plan.on_cancel, crate::rollout::plan::OnCancel::Hold);
    assert_eq!(settings.plan.steps[1].to_string(), "hold:4h,100%:1m");
    assert_eq!(settings.plan.steps[0].hold, None);
    let config = "rollout: { on_cancel: hold, on_existing: rollback-first, steps: [{ hold: { timeout: 10s } }, { weight: 100%, bake: 1m }] }";
    fs::write(directory.path().join("espalier.yml"), config).expect("written");
    let told = told(with(FLAGS, &directory, &[]));
    assert!(matches!(told.as_slice(), [one] if one.contains("the hold before step 1 lasts 10s")), "{told:?}");
}

#[test]
fn steps_and_a_strategy_contradict_each_other_only_in_the_same_place() {
    let directory = TempDir::new().expect("a directory");
    let steps = |line: &str, pairs: &[(&str, &str)]| {
        let settings = with(line, &directory, pairs).expect("settings");
        let steps: Vec<_> = settings.plan.steps.iter().map(ToString::to_string).collect();
        (steps.join(","), settings.plan_origin.expansion.is_some())
    };
    let of = |steps: &str, expanded| (steps.to_owned(), expanded);
    let canary = format!("{FLAGS} --strategy canary:1%:5m");
    let variable = [("ESPALIER_STEPS", "50%:1m,100%:1m")];
    assert_eq!(steps(&canary, &variable), of("1%:5m,100%:5m", true));
    assert_eq!(steps(&format!("{FLAGS} --steps 100%:1m"), &[("ESPALIER_STRATEGY", "blue_green:5m")]), of("100%:1m", false));
    fs::write(directory.path().join("espalier.yml"), "rollout: { strategy: { linear: { step: 50%, bake: 1m } } }")
        .expect("written");
    assert_eq!(steps(FLAGS, &[]), of("50%:1m,100%:1m", true));
    assert_eq!(steps(FLAGS, &variable), of("50%:1m,100%:1m", false));

    let both = [variable[0], ("ESPALIER_STRATEGY", "blue_green:5m")];
    assert_eq!(
        told(with(FLAGS, &directory, &both)),
        ["ESPALIER_STRATEGY: it stands beside ESPALIER_STEPS, and both say which steps there are"]
    );
    let config = "rollout: { steps: [{ weight: 100%, bake: 1m }], strategy: { blue_green: { bake: 1m } } }";
    fs::write(directory.path().join("espalier.yml"), config).expect("written");
    assert_eq!(
        told(with(FLAGS, &directory, &[])),
        ["espalier.yml:1:59: `strategy` stands beside `steps`, and both say which steps there are"]
    );
    assert_eq!(told(with(&format!("{FLAGS} --strategy rolling"), &directory, &[])).len(), 1);
    assert_eq!(told(with(&format!("{FLAGS} --strategy linear:0%:1m"), &directory, &[])), ["--strategy: there are no steps"]);
    assert_eq!(told(with(&format!("{FLAGS} --strategy linear:0.35%:1m --timeout 10d"), &directory, &[])).len(), 1);
}

#[test]
fn paths_start_from_the_config_or_from_here() {
    let directory = TempDir::new().expect("a directory");
    fs::create_dir(directory.path().join("app")).expect("made");
    fs::write(directory.path().join("app/e.yml"), "service_definition: s.json\ntask_definition: t.json").expect("written");
    let line = "espalier deploy -c app/e.yml --cluster c --service s --lattice-service l --task-definition u.json";
    let settings = with(line, &directory, &[]).expect("settings");
    assert_eq!(settings.service_definition, directory.path().join("app/s.json"));
    assert_eq!(settings.task_definition, directory.path().join("u.json"));
}

#[test]
fn everything_that_is_missing_or_wrong_is_told_at_once() {
    let directory = TempDir::new().expect("a directory");
    let variables = [("ESPALIER_FORCE", "yes"), ("ESPALIER_FORMAT", "html"), ("ESPALIER_SETTLE", "90")];
    let line = "espalier deploy --image web --slot c=x --steps 5 --on-cancel stay";
    assert_eq!(
        told(with(line, &directory, &variables)),
        [
            "--config: there is no espalier.yml here, and no ecspresso.yml",
            "--cluster: it is needed, and nothing says it",
            "--service: it is needed, and nothing says it",
            "--lattice-service: it is needed, and nothing says it",
            "--service-definition: it is needed, and nothing says it",
            "--task-definition: it is needed, and nothing says it",
            "--steps: `5` is not a step: write a share and a bake time, such as `5%:2m`",
            "ESPALIER_SETTLE: `90` is not a length of time",
            "--on-cancel: `stay` is not one of `rollback` and `hold`",
            "--slot: `c=x` is not a slot",
            "--image: `web` does not say which container gets which image",
            "ESPALIER_FORCE: `yes` is neither true nor false",
            "ESPALIER_FORMAT: `html` is not one of `text`, `json` and `markdown`",
        ]
    );
    let endless = [("ESPALIER_TIMEOUT", "18446744073709551615s")];
    assert_eq!(told(with(FLAGS, &directory, &endless)), ["ESPALIER_TIMEOUT: `18446744073709551615s` is longer than a year"]);
    let steps = told(with(&format!("{FLAGS} --steps 50%:18446744073709551615s,100%:18446744073709551615s"), &directory, &[]));
    assert!(steps[0].starts_with("--steps: the steps need at least "), "{steps:?}");
    assert_eq!(told(with("espalier deploy -c none.yml", &directory, &[])), ["none.yml: there is no such file"]);
}

#[test]
fn weights_that_do_not_climb_to_100_are_refused_where_they_stand() {
    let directory = TempDir::new().expect("a directory");
    let findings = with(&format!("{FLAGS} --steps 25%:1m,5%:1m"), &directory, &[]).expect_err("refused").findings;
    let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["--steps: step 2 (5%) does not climb above step 1 (25%)", "--steps: the last step is 5%, not 100%"]);
    assert_eq!(findings[1].hint.as_deref(), Some("add a step such as `100%:10m`, only then can the candidate be promoted"));

    fs::write(directory.path().join("espalier.yml"), "rollout:\n  steps: [{ weight: 50%, bake: 1m }]\nanalysis: { interval: 0s, health: { min_healthy: 80, unhealthy_for: 0 } }").expect("written");
    assert_eq!(
        self::told(with(FLAGS, &directory, &[])),
        ["espalier.yml:3:50: `80` is not a share of healthy targets", "espalier.yml:3:69: `0` is not a number of observations"]
    );
    let config = "rollout:\n  steps: [{ weight: 50%, bake: 1m }]\nanalysis: { interval: 0s }";
    fs::write(directory.path().join("espalier.yml"), config).expect("written");
    assert_eq!(
        self::told(with(FLAGS, &directory, &[])),
        ["espalier.yml:2:10: the last step is 50%, not 100%", "espalier.yml:3:23: `interval` is less than a second"]
    );
    let with_interval = |interval: &str| with(&format!("{FLAGS} --steps 100%:5m --interval {interval}"), &directory, &[]);
    assert_eq!(self::told(with_interval("61s")), ["--interval: `interval` is longer than a minute"]);
    assert!(with_interval("60s").is_ok());
}

#[test]
fn limits_on_health_and_confidence_are_those_of_the_config() {
    let directory = TempDir::new().expect("a directory");
    let health = "health: { min_healthy: 62.5%, unhealthy_for: 3 }";
    let metrics = "metrics: [{ name: e, metric: error-rate, versus_stable: +0.5, confidence: 99% }, { name: f, metric: HTTPCode_4XX_Count, stat: Maximum, max: 7 }, { name: g, metric: request-time, max: 1s }, { name: h, metric: request-count, min: 9 }]";
    fs::write(directory.path().join("espalier.yml"), format!("analysis: {{ {health}, {metrics} }}")).expect("written");
    let settings = with(FLAGS, &directory, &[]).expect("settings");
    let health = settings.plan.health;
    assert_eq!((health.min_healthy.to_string().as_str(), health.unhealthy_for, health.unchecked), ("62.5%", 3, false));
    let metrics = settings.judging.analysis.metrics;
    assert_eq!(metrics[0].confidence.to_string(), "99%");
    let sources: Vec<_> = metrics.iter().map(|metric| metric.source.to_string()).collect();
    assert_eq!(sources, ["error-rate", "HTTPCode_4XX_Count maximum", "request-time average", "request-count"]);
    assert_eq!(metrics.iter().map(|metric| metric.min_requests).collect::<Vec<_>>(), [100, 0, 100, 0]);
}

#[test]
fn slots_that_contradict_each_other_are_refused() {
    let directory = TempDir::new().expect("a directory");
    for (flags, message) in [
        ("--slot b=s:x", "--slot: both slots have the ECS service `s`"),
        ("--slot b=t:s-a", "--slot: both slots have the target group `s-a`"),
        ("--slot a=s:x --target-group y", "--target-group: it names `y` for slot a, --slot names `x`"),
    ] {
        assert_eq!(told(with(&format!("{FLAGS} {flags}"), &directory, &[])), [message]);
    }
}

#[test]
fn the_sandboxs_clock_is_refused_for_every_command_on_real_endpoints() {
    let directory = TempDir::new().expect("a directory");
    let variables = [("ESPALIER_CLOCK", "http://127.0.0.1:1"), ("AWS_ENDPOINT_URL", "https://ecs.eu-west-1.amazonaws.com")];
    assert_eq!(
        told(with(FLAGS, &directory, &variables)),
        ["AWS_ENDPOINT_URL: `https://ecs.eu-west-1.amazonaws.com` is not on this machine"]
    );
    let Command::Status(args) = parse("espalier status --lattice-service l") else { panic!("not a status") };
    assert!(status(&args, &environment(&directory, &variables)).is_err());
}

#[test]
fn abort_and_shift_read_the_config_too() {
    let directory = TempDir::new().expect("a directory");
    seed(&directory);
    let Command::Abort(args) = parse("espalier abort --reason why --force") else { panic!("not an abort") };
    let settings = abort(&args, &environment(&directory, &[])).expect("settings");
    let Which::Application(lattice_service, application) = settings.which else { panic!("not the config's own") };
    assert_eq!((lattice_service.as_str(), settings.force), ("myservice", true));
    assert_eq!(application.ecs_services, ["myservice", "myservice-green"]);
    let Command::Abort(args) = parse("espalier abort --lattice-service other") else { panic!("not an abort") };
    let settings = abort(&args, &environment(&directory, &[])).expect("settings");
    assert_eq!(settings.which, Which::LatticeService("other".to_owned()), "whatever is under way there");
    let Command::Rollback(args) = parse("espalier rollback --traffic-target arn:x") else { panic!("not a rollback") };
    assert_eq!(rollback(&args, &environment(&directory, &[])).expect("settings").which, Which::TrafficTarget("arn:x".to_owned()));
    let Command::Shift(args) = parse("espalier shift --to other") else { panic!("not a shift") };
    let settings = shift(&args, &environment(&directory, &[])).expect("settings");
    assert_eq!((settings.from.as_str(), settings.to.as_str(), settings.plan.retire_after), ("myservice-a", "other", None));
}

#[test]
fn names_that_a_config_leaves_to_the_service_come_from_wherever_that_is_said() {
    let directory = TempDir::new().expect("a directory");
    let config = "up:\n  service: {}\n  target_groups: { a: { vpc: vpc-12345678 }, b: { vpc: vpc-12345678 } }\n";
    fs::write(directory.path().join("espalier.yml"), config).expect("written");
    let line = "espalier deploy --cluster c --service-definition s.json --task-definition t.json";
    for (line, pairs) in [
        (format!("{line} --service shop"), &[("ESPALIER_SERVICE", "other")][..]),
        (line.to_owned(), &[("ESPALIER_SERVICE", "shop")]),
    ] {
        let settings = with(&line, &directory, pairs).expect("settings");
        let groups: Vec<_> = settings.lattice.slots.iter().map(|slot| slot.target_group.text.as_str()).collect();
        assert_eq!((settings.lattice.service.as_str(), groups), ("shop", vec!["shop-a", "shop-b"]), "{line}");
    }
    let Command::Recover(args) = parse("espalier recover") else { panic!("not a recover") };
    let settings = recover(&args.0, &environment(&directory, &[("ESPALIER_SERVICE", "shop")])).expect("settings");
    let application = Application {
        ecs_services: ["shop".to_owned(), "shop-b".to_owned()],
        target_groups: ["shop-a".to_owned(), "shop-b".to_owned()],
    };
    assert_eq!(settings.which, Which::Application("shop".to_owned(), application));
}

#[test]
fn that_there_is_no_config_is_said_before_what_is_missing_for_that() {
    let directory = TempDir::new().expect("a directory");
    let nothing = "--config: there is no espalier.yml here, and no ecspresso.yml";
    let missing = told(with("espalier deploy", &directory, &[]));
    assert_eq!((missing.len(), missing[0].as_str()), (6, nothing), "{missing:?}");
    let Command::Up(args) = parse("espalier up --service shop") else { panic!("not an up") };
    assert_eq!(told(up(&args.0, &environment(&directory, &[]))), [nothing]);
    fs::write(directory.path().join("espalier.yml"), "cluster: c\n").expect("written");
    assert!(!told(with("espalier deploy", &directory, &[])).contains(&nothing.to_owned()));
}

#[test]
fn patch_has_one_place_to_write_to() {
    let directory = TempDir::new().expect("a directory");
    let settled = |line: &str, pairs: &[(&str, &str)]| patch(&patch_of(line), &environment(&directory, pairs));
    assert_eq!(settled("espalier patch -", &[]).map(|settings| settings.input).ok(), Some(PatchInput::Stdin));
    let settings = settled("espalier patch s.json --jq .a --jq .b -o out.json", &[]).expect("settings");
    assert_eq!(settings.output, PatchOutput::File(directory.path().join("out.json")));
    assert_eq!(settings.jq.iter().map(|filter| filter.from.as_str()).collect::<Vec<_>>(), ["--jq (number 1)", "--jq (number 2)"]);
    assert_eq!(settled("espalier patch s.json", &[("ESPALIER_CHECK", "true")]).expect("settings").output, PatchOutput::Check);
    assert_eq!(told(settled("espalier patch", &[])), ["patch: which service definition? Nothing names one"]);
    for line in ["espalier patch - --in-place", "espalier patch s.json --check --in-place", "espalier patch s.json --check -o x"]
    {
        assert_eq!(told(settled(line, &[])).len(), 1, "{line}");
    }
    assert!(settled("espalier patch s.json -o x", &[("ESPALIER_IN_PLACE", "true")]).is_err());
}

#[test]
fn the_sandbox_is_told_by_flags_and_variables() {
    let directory = TempDir::new().expect("a directory");
    let Command::Sandbox(cli::Sandbox::Serve(args)) = parse("espalier sandbox serve --env-file env --speed 60") else {
        panic!("not serve")
    };
    let settings = sandbox_serve(&args, &environment(&directory, &[("ESPALIER_PORT", "99")])).expect("settings");
    assert_eq!((settings.port, settings.env_file, settings.speed), (Some(99), Some(directory.path().join("env")), 60.0));
    let Command::Sandbox(cli::Sandbox::Serve(args)) = parse("espalier sandbox serve --speed 0") else { panic!("not serve") };
    assert_eq!(told(sandbox_serve(&args, &environment(&directory, &[]))), ["--speed: `0` is not a speed"]);
    let Command::Sandbox(cli::Sandbox::Run(args)) = parse("espalier sandbox run --scenario x -- deploy -c a --force") else {
        panic!("not run")
    };
    let settings = sandbox_run(&args, &environment(&directory, &[])).expect("settings");
    assert_eq!(settings.command, ["deploy", "-c", "a", "--force"]);
    assert!(Cli::try_parse_from(["espalier", "sandbox", "run"]).is_err());
}

#[test]
fn each_step_knows_how_late_its_metrics_are() {
    let directory = TempDir::new().expect("a directory");
    fs::write(directory.path().join("espalier.yml"), include_str!("../../../tests/fixtures/seed/metrics.yml")).expect("written");
    let minutes = |settings: &DeploySettings| settings.plan.steps.iter().map(|step| step.lag.as_secs() / 60).collect::<Vec<_>>();
    let settings = with("espalier deploy", &directory, &[]).expect("settings");
    assert_eq!(minutes(&settings), [2, 2, 2]);
    assert_eq!(settings.judging.analysis.steps, [Some(vec![0, 2]), None, None]);
    // 17 minutes of baking, 4.5 of settling, and two for each step's metrics.
    assert_eq!(settings.plan.least_time(), Duration::from_secs((17 * 60) + (3 * 90) + (3 * 120)));
    let other = with("espalier deploy --steps 50%:1m,100%:1m", &directory, &[]).expect("settings");
    assert_eq!(other.judging.analysis.steps, [None, None], "other steps than the config's");
    assert_ne!(settings.plan.digest_with(&settings.judging.analysis), settings.plan.digest());
}

#[test]
fn what_would_judge_nothing_is_refused_where_it_stands() {
    let directory = TempDir::new().expect("a directory");
    let told_of = |text: &str| {
        fs::write(directory.path().join("espalier.yml"), text).expect("written");
        told(with(FLAGS, &directory, &[]))
    };
    let steps = "rollout: { steps: [{ weight: 50%, bake: 1m, analysis: [e] }, { weight: 100%, bake: 1m, analysis: [] }] }\n";
    assert_eq!(
        told_of("analysis: { health: unchecked }"),
        ["espalier.yml:1:21: without health checks, metrics and alarms nothing would judge a release"]
    );
    assert_eq!(
        told_of(&format!("{steps}analysis: {{ health: unchecked, metrics: [{{ name: e, metric: error-rate, max: 1% }}] }}")),
        ["espalier.yml:2:21: without health checks nothing would judge step 2 (100%)"]
    );
    assert_eq!(told_of(steps), ["espalier.yml:1:56: there is no metric `e`"]);
    assert_eq!(
        told_of("analysis: { reporting_lag: 10s, alarm_at_start: wait, alarms: x }"),
        [
            "espalier.yml:1:28: metrics do not come `10s` after their minute",
            "espalier.yml:1:49: `wait` is not one of `refuse` and `ignore`",
        ]
    );
    // A step takes as long as its metrics are late, whole minutes.
    assert_eq!(
        told_of(
            "timeout: 5m\nrollout: { settle: 30s, steps: [{ weight: 50%, bake: 10s }, { weight: 100%, bake: 10s }] }\nanalysis: { metrics: [{ name: e, metric: error-rate, max: 1% }] }"
        ),
        [
            "espalier.yml:2:32: the steps need at least 7m (settle and bake of each, and what metrics are late), which is more than the timeout of 5m"
        ]
    );
}
