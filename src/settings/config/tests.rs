//! What a config may have, and how it is told what it may not.

use super::*;
use crate::rollout::analysis::{Analysis, OnNoData};

fn told(text: &str) -> Vec<String> {
    Config::parse("espalier.yml", text).expect_err("refused").iter().map(ToString::to_string).collect()
}

#[test]
fn the_seeds_config_reads() {
    let config = Config::parse("espalier.yml", include_str!("../../../tests/fixtures/seed/espalier.yml")).expect("a config");
    let [filter] = config.jq.as_slice() else { panic!("not one filter: {:?}", config.jq) };
    assert_eq!((filter.text.as_str(), filter.from.as_str()), ("del(.serviceConnectConfiguration)", "espalier.yml:8:5"));
    let groups = config.slots.each_ref().map(|slot| slot.target_group.as_ref().map(|given| given.text.as_str()));
    assert_eq!(groups, [Some("myservice-a"), Some("myservice-b")]);
    assert_eq!(config.steps.expect("steps").0.len(), 3);
    assert_eq!(config.cluster.expect("a cluster").text, "my-cluster");
}

#[test]
fn a_role_is_read_with_its_place() {
    let role = Config::parse("espalier.yml", "aws: { role: 'arn:x' }").expect("a config").role.expect("a role");
    assert_eq!((role.text.as_str(), role.from.as_str()), ("arn:x", "espalier.yml:1:14"));
    assert_eq!(told("aws: { rol: x }"), ["espalier.yml:1:8: unknown key `aws.rol`"]);
}

#[test]
fn a_deployment_is_an_environment_with_or_without_its_address() {
    let of = |text: &str| {
        let config = Config::parse("espalier.yml", text).expect("a config");
        [config.deployment, config.environment_url].map(|given| given.map(|given| given.text).unwrap_or_default())
    };
    assert_eq!(of("github: { deployment: production }"), ["production", ""]);
    assert_eq!(of("github: { deployment: { environment: eu, url: https://a.b } }"), ["eu", "https://a.b"]);
    assert_eq!(told("github: { deployment: { url: x } }"), ["espalier.yml:1:23: `github.deployment` has no environment"]);
}

#[test]
fn a_slot_has_overrides_of_its_own() {
    let text = "jq: [.a = 1, .b = 2]\nlattice:\n  slots:\n    b: { overrides: del(.loadBalancers) }";
    let config = Config::parse("espalier.yml", text).expect("a config");
    assert_eq!(config.jq.iter().map(|filter| filter.text.as_str()).collect::<Vec<_>>(), [".a = 1", ".b = 2"]);
    assert!(config.slots[0].overrides.is_none());
    let overrides = config.slots[1].overrides.as_ref().expect("overrides");
    assert_eq!((overrides.text.as_str(), overrides.from.as_str()), ("del(.loadBalancers)", "espalier.yml:4:21"));
}

/// What DESIGN promises and this version does not have is told apart from slips of the pen, with what does its work meanwhile.
#[test]
fn what_a_later_version_has_says_what_to_do_until_then() {
    for (text, message, instead) in [
        (
            "lattice: { slots: { a: { target_group: [x, y] } } }",
            "espalier.yml:1:40: several target groups for `lattice.slots.a.target_group` are not supported by this version",
            "write one",
        ),
        (
            "lattice: { slots: { b: { target_group: { http: x } } } }",
            "espalier.yml:1:40: several target groups for `lattice.slots.b.target_group` are not supported by this version",
            "write one",
        ),
    ] {
        let findings = Config::parse("espalier.yml", text).expect_err("refused");
        assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [message]);
        let hint = findings[0].hint.as_deref().unwrap_or_default();
        assert!(hint.contains(instead), "{message}: {hint}");
    }
}

#[test]
fn flagger_b12_all_mistakes_are_told_at_once_with_their_places() {
    let text = "regoin: x\necspresso: [x]\nlattice:\n  service: [a]\n  test_rule: 1\n  slots: { c: {} }\nrollout:\n  steps: [{ weight: 5, bake: 2m }, { hold: {} }, { weight: 100% }]\n  strategy: {}\nanalysis: { metrics: 1, healt: unchecked }\ncluster:\n";
    assert_eq!(
        told(text),
        [
            "espalier.yml:1:1: unknown key `regoin`",
            "espalier.yml:2:12: `ecspresso` is one text, not a list or map",
            "espalier.yml:4:12: `service` is one text, not a list or map",
            "espalier.yml:5:14: lattice.test_rule is a map",
            "espalier.yml:6:12: unknown key `lattice.slots.c`",
            "espalier.yml:8:11: `5` is not a share of traffic: write a percentage from 0% to 100%, such as `5%` or `0.5%`, or a fraction, such as `1/3`",
            "espalier.yml:8:44: a hold without `timeout` would wait for ever",
            "espalier.yml:8:50: a step needs `weight` and `bake`",
            "espalier.yml:9:13: `strategy` names one strategy",
            "espalier.yml:10:22: `metrics` is a list",
            "espalier.yml:10:25: unknown key `analysis.healt`",
            "espalier.yml:11:8: `cluster` has no value",
        ]
    );
    let finding = Config::parse("f", "regoin: x").expect_err("refused").remove(0);
    assert_eq!(finding.hint.as_deref(), Some("did you mean `region`?"));
}

/// There a word that is none of those that mean something means the usual thing.
#[test]
fn kayenta_5_a_word_that_means_nothing_is_an_error() {
    let metric = |of: &str| format!("analysis: {{ metrics: [{{ name: e, metric: error-rate, max: 1%, {of} }}] }}");
    for text in [
        metric("on_no_data: odd"),
        metric("report_only: odd"),
        metric("min_requests: odd"),
        "analysis: { metrics: [{ name: e, metric: odd, max: 1% }] }".to_owned(),
        "analysis: { metrics: [{ name: e, metric: request-time, stat: odd, max: 1s }] }".to_owned(),
        "rollout: { steps: [{ hold: { timeout: 4h, on_timeout: odd } }, { weight: 100%, bake: 1m }] }".to_owned(),
    ] {
        let told = told(&text);
        assert!(matches!(told.as_slice(), [one] if one.contains("odd")), "{text}: {told:?}");
    }
}

#[test]
fn what_is_not_yaml_is_told_with_its_place() {
    assert!(told("a: b: c")[0].starts_with("espalier.yml:1:5: this is not YAML that a config can be: "), "{:?}", told("a: b: c"));
    assert!(told("region: x\nregion: y")[0].starts_with("espalier.yml:2:1: "), "{:?}", told("region: x\nregion: y"));
    assert_eq!(told("- a"), ["espalier.yml:1:1: the config is a map"]);
    assert!(Config::parse("f", "# nothing\n---\n").is_ok());
}

#[test]
fn numbers_and_ids_keep_their_spelling() {
    let config = Config::parse("f", "cluster: 012345678901\nservice: no\ntimeout: 45m").expect("a config");
    assert_eq!(config.cluster.map(|given| given.text).as_deref(), Some("012345678901"));
    assert_eq!(config.service.map(|given| given.text).as_deref(), Some("no"));
}

#[test]
fn a_hold_belongs_to_the_step_that_follows_it_and_a_strategy_is_steps() {
    let steps = |rollout: &str| {
        let config = Config::parse("f", &format!("rollout: {{ {rollout} }}")).expect(rollout);
        let steps = config.steps.map(|(steps, _)| steps).or_else(|| config.strategy.map(|(strategy, _)| strategy.expand()));
        steps.expect("steps").iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    };
    let hold = "steps: [{ weight: 5%, bake: 2m }, { hold: { timeout: 4h, on_timeout: continue } }, { weight: 100%, bake: 10m }]";
    assert_eq!(steps(hold), "5%:2m,hold:4h:continue,100%:10m");
    assert_eq!(steps("steps: [{ hold: { timeout: 1h } }, { weight: 100%, bake: 10m }]"), "hold:1h,100%:10m");
    assert_eq!(steps("strategy: { canary: { weight: 5%, bake: 10m } }"), "5%:10m,100%:10m");
    assert_eq!(steps("strategy: { linear: { step: 40%, bake: 5m } }"), "40%:5m,80%:5m,100%:5m");
    assert_eq!(steps("strategy: { blue_green: { bake: 10m } }"), "100%:10m");
}

#[test]
fn holds_and_strategies_that_cannot_be_are_told_with_their_places() {
    for (rollout, message) in [
        ("steps: [{ hold: 4h }]", "rollout.steps.hold is a map"),
        ("steps: [{ hold: { timeout: 4h } }]", "a hold stands at the end: after the last step"),
        ("steps: [{ hold: { timeout: 4h, on_timeout: wait } }, { weight: 100%, bake: 1m }]", "`hold:4h:wait` is not a hold"),
        (
            "steps: [{ hold: { timeout: 4h } }, { hold: { timeout: 4h } }, { weight: 100%, bake: 1m }]",
            "this hold follows another one",
        ),
        ("steps: [{ weight: 100%, bake: 1m, hold: { timeout: 4h } }]", "a hold has neither `weight` nor `bake`"),
        ("strategy: { canary: { bake: 10m } }", "`canary` needs `weight` and `bake`"),
        ("strategy: { canary: { weight: 5%, bake: 10m }, blue_green: { bake: 1m } }", "`strategy` names one strategy"),
        ("strategy: { linear: { step: 10, bake: 10m } }", "`10` is not a share of traffic"),
        ("strategy: { rolling: { bake: 10m } }", "unknown key `rollout.strategy.rolling`"),
    ] {
        let findings = Config::parse("f", &format!("rollout: {{ {rollout} }}")).expect_err(rollout);
        let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(matches!(told.as_slice(), [one] if one.starts_with("f:1:") && one.contains(message)), "{rollout}: {told:?}");
    }
}

/// The one finding about a metric that is written so.
fn refused(metric: &str) -> (String, String) {
    let findings = Config::parse("f", &format!("analysis: {{ metrics: [{metric}] }}")).expect_err(metric);
    assert_eq!(findings.len(), 1, "{metric}: {findings:?}");
    (findings[0].to_string(), findings[0].hint.clone().unwrap_or_default())
}

#[test]
fn metrics_read_as_they_are_written() {
    let text = include_str!("../../../tests/fixtures/seed/metrics.yml");
    let config = Config::parse("metrics.yml", text).expect("a config");
    let limits: Vec<_> = config.analysis.metrics.iter().map(|metric| format!("{}: {}", metric.source, metric.limits())).collect();
    assert_eq!(
        limits,
        [
            "error-rate: at most 1%",
            "error-rate: at most 0.5 percentage points above stable",
            "request-time p99: at most 800ms, at most 50% above stable",
        ]
    );
    let judged_by: Vec<_> = config
        .judged_by
        .iter()
        .map(|named| named.as_ref().map(|named| named.iter().map(|given| given.text.as_str()).collect()))
        .collect();
    assert_eq!(judged_by, [Some(vec!["errors", "latency"]), None, None]);
    let text = "analysis: { alarms: [a, { name: b, on_no_data: pass }], reporting_lag: 3m, health: unchecked }";
    let config = Config::parse("f", text).expect("a config");
    let alarms: Vec<_> = config.analysis.alarms.iter().map(|alarm| (alarm.name.as_str(), alarm.on_no_data)).collect();
    assert_eq!(alarms, [("a", OnNoData::Extend), ("b", OnNoData::Pass)]);
    assert_eq!(config.analysis.unchecked.map(|given| given.from).as_deref(), Some("f:1:84"));
}

#[test]
fn a_metric_of_another_namespace_is_what_a_release_is_judged_by() {
    let analysis = |dimensions: &str| {
        let metric = "name: cpu, metric: CPUUtilization, namespace: AWS/ECS, stat: average, max: 80, versus_stable: +20%";
        let config = Config::parse("f", &format!("analysis: {{ metrics: [{{ {metric}, dimensions: {{ {dimensions} }} }}] }}"));
        Analysis { metrics: config.expect("a config").analysis.metrics, ..Analysis::default() }
    };
    let own = analysis("ClusterName: \"${cluster}\", ServiceName: \"${ecs_service}\"");
    let metric = &own.metrics[0];
    assert_eq!(metric.source.to_string(), "AWS/ECS CPUUtilization average");
    assert_eq!((metric.limits().as_str(), metric.min_requests), ("at most 80, at most 20% above stable", 0));
    assert_eq!(metric.source.texts(), ["${cluster}", "${ecs_service}"]);
    // The digest of a record is made of this: another dimension is another rollout.
    let other = analysis("ClusterName: other, ServiceName: \"${ecs_service}\"");
    assert!(own.text().expect("something") != other.text().expect("something"));
}

#[test]
fn argo_a2_a_metric_that_makes_no_sense_is_told_what_to_write_instead() {
    for (metric, message, instead) in [
        ("{ metric: error-rate, max: 1% }", "f:1:23: a metric needs `name`", "name: errors"),
        ("{ name: My Errors, metric: error-rate, max: 1% }", "f:1:31: `My Errors` cannot be a metric's name", "lower-case"),
        ("{ name: e, max: 1% }", "f:1:23: nothing says what is measured", "`metric: error-rate`"),
        (
            "{ name: e, metric: error-rates, max: 1% }",
            "f:1:42: there is no metric `error-rates` of target groups",
            "`error-rate`?",
        ),
        ("{ name: e, metric: error-rate, max: 1 }", "f:1:59: `1` is not a limit of an error rate", "`1%`"),
        ("{ name: e, metric: error-rate, max: 1%, min: 0% }", "f:1:68: an error rate has no least value", "`max`"),
        ("{ name: e, metric: error-rate, stat: p99, max: 1% }", "f:1:60: `error-rate` is counted and has no `stat`", "remove"),
        ("{ name: e, metric: request-time, max: 800 }", "f:1:61: `800` is not a length of time", "`800ms`"),
        ("{ name: e, metric: request-time, stat: p100.1, max: 1s }", "f:1:62: `p100.1` is not a statistic", "`p99`"),
        ("{ name: e, metric: request-time, min: 2s, max: 1s }", "f:1:61: `min` is above `max`: no value would pass", "swap"),
        ("{ name: e, metric: error-rate }", "f:1:23: nothing could fail the metric `e`", "`report_only: true`"),
        (
            "{ name: e, metric: error-rate, versus_stable: +0.5% }",
            "f:1:69: `+0.5%` could be a part of stable's rate or percentage points",
            "`+0.5`",
        ),
        (
            "{ name: e, metric: request-count, versus_stable: +5 }",
            "f:1:72: a count cannot be compared with stable's: it depends on the share of the requests",
            "`error-rate`",
        ),
        ("{ name: e, metric: error-rate, max: 1%, confidence: 95% }", "f:1:75: `confidence` is how sure", "`versus_stable`"),
        (
            "{ name: e, metric: error-rate, max: 1%, failures: 0 }",
            "f:1:73: `0` is not a number of failing measurements",
            "1 or more",
        ),
        (
            "{ name: e, metric: error-rate, max: 1%, on_no_data: wait }",
            "f:1:75: `wait` is not what missing data can mean",
            "`extend`",
        ),
        ("{ name: e, expression: \"${Requests\", max: 1 }", "f:1:46: a `${` is never closed", "`${target_group}`"),
        ("{ name: e, expression: 1 + 1, versus_stable: +1 }", "f:1:68: this is the same for candidate and stable", "side"),
        (
            "{ name: e, metric: CPUUtilization, max: 80 }",
            "f:1:42: there is no metric `CPUUtilization` of target groups",
            "`namespace` and `dimensions`",
        ),
        (
            "{ name: e, metric: Cpu, namespace: AWS/ECS, max: 80 }",
            "f:1:42: nothing says which value of a minute's `Cpu` counts",
            "`stat: average`",
        ),
        (
            "{ name: e, metric: request-time, dimensions: { Service: x }, max: 1s }",
            "f:1:68: `dimensions` belong to a metric of another namespace",
            "`AWS/ECS`",
        ),
        (
            "{ name: e, expression: 1 + 1, namespace: AWS/ECS, max: 1 }",
            "f:1:64: `namespace` stands without `metric`",
            "`metric: CPUUtilization`",
        ),
        (
            "{ name: e, metric: Cpu, namespace: N, stat: sum, dimensions: [x], max: 1 }",
            "f:1:84: `dimensions` is a map",
            "`dimensions: {",
        ),
        (
            "{ name: e, metric: Cpu, namespace: N, stat: sum, dimensions: { Service: \"${service}\" }, max: 1 }",
            "f:1:95: `${service}` stands for nothing",
            "`${ecs_service}`",
        ),
        (
            "{ name: e, metric: Cpu, namespace: N, stat: sum, dimensions: { Service: \"${ecs_service:p99}\" }, max: 1 }",
            "f:1:95: `${ecs_service:p99}` stands for nothing",
            "`${ecs_service}`",
        ),
        (
            "{ name: e, metric: Cpu, namespace: N, stat: sum, dimensions: { Cluster: \"${cluster}\" }, versus_stable: +5 }",
            "f:1:126: this is the same for candidate and stable",
            "`${ecs_service}`",
        ),
        ("{ name: e, expression: x, metric: error-rate, max: 1 }", "f:1:46: `expression` stands beside `metric`", "one of them"),
    ] {
        let (told, hint) = refused(metric);
        assert!(told.starts_with(message), "{metric}: {told}");
        assert!(hint.contains(instead), "{metric}: {hint}");
    }
    let twice =
        told("analysis: { metrics: [{ name: e, metric: error-rate, max: 1% }, { name: e, metric: error-rate, max: 2% }] }");
    assert_eq!(twice, ["espalier.yml:1:65: there is another metric `e`"]);
    assert_eq!(told("analysis: { alarms: [a, a] }"), ["espalier.yml:1:25: the alarm `a` is listed twice"]);
}
