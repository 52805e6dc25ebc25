//! As whom a release runs, and for how long.

use serde_json::{Value, json};

use super::{QUICK, hooks};
use crate::harness::Story;

const ROLE: &str = "arn:aws:iam::123456789012:role/releaser";

/// A world in which only the role may do anything, and only this subject may have it.
fn with_role(subject: &str, more: &Value) -> Value {
    let mut scenario = json!({
        "name": "a role",
        "iam": {
            "role": "nobody",
            "roles": {
                "nobody": { "policies": [] },
                "releaser": {
                    "policies": [{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] }],
                    "trust": { "Version": "2012-10-17", "Statement": [{
                        "Effect": "Allow",
                        "Principal": { "Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
                        "Action": "sts:AssumeRoleWithWebIdentity",
                        "Condition": { "StringEquals": {
                            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                            "token.actions.githubusercontent.com:sub": subject,
                        } },
                    }] },
                },
            },
        },
    });
    for (member, value) in more.as_object().expect("members") {
        scenario[member] = value.clone();
    }
    scenario
}

#[test]
fn a_role_is_assumed_and_assumed_again_for_as_long_as_the_release_runs() {
    let story = Story::of(&with_role("repo:octo/myservice:pull_request", &json!({})));
    let steps = ["--steps", "5%:50m,100%:50m", "--timeout", "3h", "--aws-role", ROLE];
    let told = story.deploy(&steps).ends_with(0).says("myservice:2 promoted");
    let assumed = told.world.calls().iter().filter(|call| *call == "sts:AssumeRoleWithWebIdentity").count();
    assert!((3..=4).contains(&assumed), "{assumed} sessions of an hour, each until ten minutes before its end");
    assert!(!told.run.stdout.contains("credentials end"), "what is renewed does not run out");
}

#[test]
fn a_role_that_cannot_be_had_says_what_is_missing() {
    let production = Story::of(&with_role("repo:octo/myservice:environment:production", &json!({})));
    let told = production.deploy(&["--aws-role", ROLE]).ends_with(1);
    let told = told
        .complains("AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity")
        .complains("`token.actions.githubusercontent.com:sub` is `repo:octo/myservice:pull_request`");
    assert_eq!(told.world.writes(), [""; 0]);

    let without = Story::of(&with_role("repo:octo/myservice:pull_request", &json!({ "oidc": { "enabled": false } })));
    without.deploy(&["--aws-role", ROLE]).ends_with(1).complains("only a job of GitHub Actions can prove itself like that");
    let told = without.script(&format!("export GITHUB_ACTIONS=true\ndeploy --aws-role {ROLE}")).ends_with(1).run;
    assert!(told.stdout.contains("id-token: write") || told.stderr.contains("id-token: write"), "{}{}", told.stdout, told.stderr);
    let config = hooks::config_with(&without, &json!({}), &json!(null));
    let mut asks: Value = serde_json::from_str(&std::fs::read_to_string(&config).expect("a config")).expect("JSON");
    asks["aws"] = json!({ "role": ROLE });
    let asks = without.write("role.yml", &asks.to_string());
    without.run(&["abort", "-c", &asks]).ends_with(1).complains("`--aws-role none` goes by credentials of your own here");
    let own = Story::within("promoted");
    own.run(&["abort", "-c", &asks, "--aws-role", "none"]).ends_with(5).complains("there is no record of a rollout");
    without.deploy(&["--aws-role", "releaser"]).ends_with(2).complains("--aws-role: `releaser` is not the ARN of a role");
}

#[test]
fn credentials_that_end_in_the_middle_are_warned_of_and_leave_the_release_stuck_with_the_commands() {
    let told = Story::within("expired-credentials").deploy(&[]).ends_with(4);
    told.says("the credentials end at 2026-11-22T00:10:00Z")
        .says("ExpiredTokenException")
        .says("aws vpc-lattice update-rule --service-identifier svc-12345678901234567")
        .says("STUCK");
    let enough = Story::of(&json!({ "iam": { "expires": 36000 } })).deploy(&QUICK).ends_with(0);
    assert!(!enough.run.stdout.contains("credentials end"), "{}", enough.run.stdout);
}

/// The way back takes up to ten minutes more than the timeout: whoever has less than both is told beforehand.
#[test]
fn credentials_have_to_outlive_the_timeout_by_ten_minutes() {
    let timeout = ["--timeout", "45m"];
    for (minutes, warned) in [(5, true), (9, true), (11, false)] {
        let expires = (45 + minutes) * 60;
        let told = Story::of(&json!({ "iam": { "expires": expires } })).deploy(&[&timeout[..], &QUICK].concat()).ends_with(0);
        let says = told.run.stdout.contains("and the release may need them for 55m (its timeout and ten minutes)");
        assert_eq!(says, warned, "{minutes} minutes after the timeout:\n{}", told.run.stdout);
        assert_eq!(told.run.stdout.contains("credentials end"), warned, "{minutes}:\n{}", told.run.stdout);
    }
}
