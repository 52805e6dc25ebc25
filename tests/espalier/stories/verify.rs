//! Everything that would make a release fail, told beforehand.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::broken_worlds::{config, findings, group_a, group_b, roles, verify};
use crate::harness::{CONFIG, Run, Story, espalier};

#[test]
fn a_world_in_which_all_is_well_is_told_so_and_left_alone() {
    let told = Story::within("promoted").run(&["verify", "-c", CONFIG]).ends_with(0);
    let told = told.says("nothing that would make a release fail: 0 errors, 3 warnings, 0 notes");
    assert_eq!(told.world.state(), Story::within("promoted").untold().state(), "nothing was written");
    assert_eq!(told.world.writes(), [""; 0]);
    assert_eq!(told.world.comments(), [""; 0]);
}

#[test]
fn a_security_group_that_keeps_lattice_out_is_told_with_the_command_that_lets_it_in() {
    let lattice = json!({ "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "PrefixListIds": [{ "PrefixListId": "pl-12345678901234567" }] });
    let from =
        |ingress: Value| json!({ "security_groups": [{ "id": "sg-12345678", "vpc": "vpc-12345678", "ingress": ingress }] });
    let told = verify(&from(json!([])), &json!({}), &[]).ends_with(2);
    let told = told.says("security groups (sg-12345678) do not let VPC Lattice in on port 80");
    told.says("--group-id sg-12345678").says("PrefixListIds=[{PrefixListId=pl-12345678901234567}]");
    let told = verify(&from(json!([lattice])), &json!({}), &[]).ends_with(0);
    assert!(!told.run.stdout.contains("security-group"), "{}", told.run.stdout);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let world = json!({
        "lattice": {
            "service_networks": [],
            "target_groups": [
                group_a(&json!({ "config": { "healthCheck": { "enabled": false } } })),
                group_b(&json!({ "type": "INSTANCE", "config": { "vpcIdentifier": "vpc-87654321" } })),
            ],
        },
        "iam": { "roles": {
            "deployer": { "policies": [{ "Statement": [
                { "Effect": "Allow", "NotAction": ["vpc-lattice:UpdateListener", "iam:PassRole"], "Resource": "*" },
            ] }] },
        } },
        "github": "read-only",
    });
    let more = json!({
        "analysis": { "alarms": ["gone"], "metrics": [{ "name": "it", "expression": "${HTTPCode_Target_5XX_Count} * 2", "max": 1 }] },
    });
    let told = verify(&world, &more, &["--format", "json"]).ends_with(2);
    let found = findings(&told);
    for code in [
        "no-health-check",
        "target-group-state",
        "target-groups-differ",
        "service-network",
        "permission-denied",
        "infrastructure-role-missing",
        "metric-unknown",
        "alarm-missing",
        "github-permission",
    ] {
        assert!(found.iter().any(|(_, found)| found == code), "{code} is not in {found:?}");
    }
    for said in ["vpc-lattice:UpdateListener on ", "iam:PassRole on ", "checks: write", "pull-requests: write"] {
        assert!(told.run.stdout.contains(said), "{said}: {}", told.run.stdout);
    }
}

#[test]
fn every_permission_of_a_release_is_looked_at() {
    let used = Story::within("promoted").deploy(&super::QUICK).ends_with(0).world.permissions();
    let policy = |used: &[&Value]| {
        let statement = |used: &&Value| {
            // What a policy can say of things that are not there yet.
            let resource = used["resource"].as_str().expect("a text");
            let wide =
                ["targetgroup/", "task/"].into_iter().find_map(|kind| Some(format!("{}{kind}*", resource.split_once(kind)?.0)));
            let mut statement =
                json!({ "Effect": "Allow", "Action": used["action"], "Resource": wide.unwrap_or_else(|| resource.to_owned()) });
            if let Some(to) = used["passed_to"].as_str() {
                statement["Condition"] = json!({ "StringEquals": { "iam:PassedToService": to } });
            }
            statement
        };
        json!({ "Statement": used.iter().map(statement).collect::<Vec<_>>() })
    };
    let asking = json!({ "Statement": [{ "Effect": "Allow", "Action": ["iam:GetRole", "iam:SimulatePrincipalPolicy"], "Resource": "*" }] });
    let verified = |used: &[&Value], asks: bool| {
        let mut policies = vec![policy(used)];
        policies.extend(asks.then(|| asking.clone()));
        Story::of(&roles(&json!({ "policies": policies }), &json!({}))).run(&["verify", "-c", CONFIG])
    };
    let all: Vec<&Value> = used.iter().collect();
    // Where IAM may not be asked either, what a release needs is enough, and what was not checked is said.
    verified(&all, false).ends_with(0).says("[permissions-unchecked]").says("let the role call iam:SimulatePrincipalPolicy");
    verified(&all, true).ends_with(0).says("0 errors");
    let actions: BTreeSet<&str> = used.iter().filter_map(|used| used["action"].as_str()).collect();
    for action in actions {
        let without: Vec<&Value> = used.iter().filter(|used| used["action"] != action).collect();
        let told = verified(&without, true).ends_with(2);
        assert!(told.run.stdout.contains(action), "{action}: {}", told.run.stdout);
    }
}

#[test]
fn a_token_that_may_not_write_reports_is_a_warning_with_the_line_to_add() {
    let told = Story::within_file("github-read-only").run(&["verify", "-c", CONFIG]).ends_with(0);
    let told = told.says("[github-permission]").says("add `checks: write` to the `permissions:`");
    told.says("add `pull-requests: write` to the `permissions:`");
    let told = Story::within_file("github-outage").run(&["verify", "-c", CONFIG]).ends_with(0);
    assert_eq!(told.run.stdout.matches("[github-unreachable]").count(), 1, "{}", told.run.stdout);
}

#[test]
fn a_rollout_that_is_under_way_is_an_error_unless_the_release_knows_what_to_do_with_it() {
    let story = Story::within("promoted");
    let hold = "--steps 5%:30s,hold:4h,100%:30s --settle 30s";
    let told = story.script(&format!(
        "exits 0 deploy {hold} >/dev/null\nexits 2 espalier verify -c {CONFIG}\nexits 0 espalier verify -c {CONFIG} --on-existing resume --lock ssm"
    ));
    // While it is held both sides have weight: that is what the record says, and no finding of its own.
    told.ends_with(0).says("[rollout-under-way]");
}

#[test]
fn findings_are_told_as_text_markdown_json_and_sarif() {
    let world = json!({ "lattice": { "service_networks": [] } });
    let story = Story::of(&world);
    let folder = story.path("");
    let file = config(&story, &json!({ "lattice": { "service": "myservise" } }));
    let story = story.with("GITHUB_WORKSPACE", &folder);
    let run = |format: &str| story.run(&["verify", "-c", &file, "--format", format]).ends_with(2).run.stdout;
    let text = run("text");
    assert!(text.contains("there is no Lattice service `myservise`: there is myservice [not-found]"), "{text}");
    assert!(text.contains("espalier.yml:1:"), "{text}");
    assert!(run("markdown").starts_with("### a release would fail: 1 error, "), "{}", run("markdown"));
    let log: Value = serde_json::from_str(&run("sarif")).expect("JSON");
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&log["version"], &result["ruleId"], &result["level"]), (&json!("2.1.0"), &json!("not-found"), &json!("error")));
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "espalier.yml");

    // In a file, for a step after this one; the log is for people.
    let output = story.path("espalier.sarif");
    let told = story.run(&["verify", "-c", &file, "--format", "sarif", "-o", output.to_str().expect("UTF-8")]).ends_with(2);
    assert_eq!(told.says("a release would fail").world.writes(), [""; 0]);
    assert_eq!(serde_json::from_str::<Value>(&story.read("espalier.sarif")).expect("JSON"), log);
}

#[test]
fn in_actions_findings_are_annotations_on_their_lines_and_in_the_summary() {
    let story = Story::within("promoted");
    let (folder, summary) = (story.path(""), story.path("summary.md"));
    let file = story.write("espalier.yml", "cluster: my-cluster\nservice: myservice\nlatice: { service: myservice }\n");
    let story = story.with("GITHUB_WORKSPACE", &folder).with("GITHUB_ACTIONS", "true").with("GITHUB_STEP_SUMMARY", &summary);
    let told = story.run(&["verify", "-c", &file]).ends_with(2);
    let told = told.says("::error file=espalier.yml,line=3,col=1,title=espalier config::").says("did you mean `lattice`?");
    told.says("::notice title=espalier not-checked::");
    assert!(story.read("summary.md").contains("❌ **config** "), "{}", story.read("summary.md"));
}

#[test]
fn what_terraform_would_write_back_is_told_until_its_sources_leave_it_alone() {
    let story = Story::within("promoted");
    let rule = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567/listener/listener-12345678901234567/rule/rule-12345678901234567";
    let resource = |kind: &str, name: &str, attributes: Value| json!({ "mode": "managed", "type": kind, "name": name, "instances": [{ "attributes": attributes }] });
    let state = json!({ "version": 4, "outputs": {}, "resources": [
        resource("aws_vpclattice_listener_rule", "api", json!({ "arn": rule })),
        resource("aws_vpclattice_target_group", "a", json!({ "arn": "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-12345678901234567" })),
    ] });
    let path = story.write("terraform.tfstate", &state.to_string());
    let file = config(
        &story,
        &json!({ "tfstate": path, "lattice": { "slots": { "a": { "target_group": "tfstate:aws_vpclattice_target_group.a.arn" } } } }),
    );
    let told = story.run(&["verify", "-c", &file]).ends_with(0);
    told.says("[terraform-owns-weights]").says("ignore_changes = [action]").says("a state does not tell");
    let source = |ignored: &str| {
        format!("resource \"aws_vpclattice_listener_rule\" \"api\" {{\n  lifecycle {{ ignore_changes = [{ignored}] }}\n}}\n")
    };
    story.write("main.tf", &source("match"));
    let told = story.run(&["verify", "-c", &file]).ends_with(0).says("main.tf: aws_vpclattice_listener_rule.api is Terraform's");
    assert!(!told.run.stdout.contains("a state does not tell"));
    story.write("main.tf", &source("action"));
    assert!(!story.run(&["verify", "-c", &file]).ends_with(0).run.stdout.contains("terraform-owns"));
}

#[test]
fn without_credentials_what_needs_none_is_told_all_the_same() {
    let story = Story::within("promoted");
    let file = config(&story, &json!({ "jq": "nope" }));
    let mut command = espalier(&["verify", "-c", &file]);
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    let run = Run::of(&mut command).ends_with(2).says("[credentials]").says("[definition]");
    run.says("nothing in AWS was looked at");
}

#[test]
fn what_is_wrong_with_a_patch_or_a_diff_is_told_as_sarif_too() {
    let rules = |text: &str| {
        let log: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let results = log["runs"][0]["results"].as_array().expect("results").clone();
        results.into_iter().map(|result| (result["ruleId"].clone(), result["level"].clone())).collect::<Vec<_>>()
    };
    let (definition, error, warning) = (json!("definition"), json!("error"), json!("warning"));
    let patch =
        ["patch", "tests/fixtures/seed/ecs-service-def.json", "--task-definition", "tests/fixtures/seed/ecs-task-def.json"];
    let group = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-12345678901234567";
    let more = ["--infrastructure-role", "ecsInfrastructureRole", "--target-group", group, "--format", "sarif"];
    let all = [&patch[..], &more[..]].concat();
    let run = Run::of(&mut espalier(&[&all[..], &["--check"]].concat())).ends_with(3);
    assert_eq!(rules(&run.stdout), vec![(definition.clone(), warning.clone()); 2], "what was mended");
    Run::of(&mut espalier(&all)).ends_with(2).complains("both go to standard output");
    let run = Run::of(&mut espalier(&[&all[..], &["--check", "--port-name", "nope"]].concat())).ends_with(2);
    assert!(rules(&run.stdout).iter().any(|(_, level)| *level == error), "{}", run.stdout);
    run.complains("error: ");

    let story = Story::within("promoted");
    let told = story.run(&["diff", "-c", CONFIG, "--format", "sarif", "--exit-code"]).ends_with(3);
    assert!(rules(&told.run.stdout).iter().all(|(rule, level)| (rule, level) == (&definition, &warning)));
    let file = config(&story, &json!({ "task_definition": "gone.json" }));
    let told = story.run(&["diff", "-c", &file, "--format", "sarif"]).ends_with(2);
    assert_eq!(rules(&told.run.stdout), [(definition, error)]);
}
