//! What a config may have, and how it is told what it may not.

use super::*;

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
        ("ecspresso: e.yml", "espalier.yml:1:1: `ecspresso` is not supported by this version", "`service_definition`"),
        (
            "github: { deployment: x }",
            "espalier.yml:1:11: `github.deployment` is not supported by this version",
            "`environment:`",
        ),
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
fn all_mistakes_are_told_at_once_with_their_places() {
    let text = "regoin: x\necspresso: x\nlattice:\n  service: [a]\n  test_rule: 1\n  slots: { c: {} }\nrollout:\n  steps: [{ weight: 5, bake: 2m }, { hold: {} }, { weight: 100% }]\n  strategy: {}\nanalysis: { metrics: [], health: unchecked }\ncluster:\n";
    assert_eq!(
        told(text),
        [
            "espalier.yml:1:1: unknown key `regoin`",
            "espalier.yml:2:1: `ecspresso` is not supported by this version",
            "espalier.yml:4:12: `service` is one text, not a list or map",
            "espalier.yml:5:14: lattice.test_rule is a map",
            "espalier.yml:6:12: unknown key `lattice.slots.c`",
            "espalier.yml:8:11: `5` is not a share of traffic: write a percentage from 0% to 100%, such as `5%` or `0.5%`",
            "espalier.yml:8:44: a hold without `timeout` would wait for ever",
            "espalier.yml:8:50: a step needs `weight` and `bake`",
            "espalier.yml:9:13: `strategy` names one strategy",
            "espalier.yml:10:13: `analysis.metrics` is not supported by this version",
            "espalier.yml:10:34: `health: unchecked` is not supported by this version",
            "espalier.yml:11:8: `cluster` has no value",
        ]
    );
    let finding = Config::parse("f", "regoin: x").expect_err("refused").remove(0);
    assert_eq!(finding.hint.as_deref(), Some("did you mean `region`?"));
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
