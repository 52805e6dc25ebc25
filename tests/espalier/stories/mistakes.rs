//! What is said to whoever makes a mistake: where it is, and what to do in that place.

use serde_json::json;

use super::QUICK;
use crate::harness::{CONFIG, Run, Story, espalier, root};

/// A config whose names may be wrong, each on a line of its own.
fn config(cluster: &str, service: &str, group: &str) -> String {
    let seed = root().join("tests/fixtures/seed").display().to_string();
    format!(
        "cluster: {cluster}\n\
         service: myservice\n\
         service_definition: {seed}/ecs-service-def.json\n\
         task_definition: {seed}/ecs-task-def.json\n\
         jq: del(.serviceConnectConfiguration)\n\
         lattice:\n  \
           service: {service}\n  \
           infrastructure_role: ecsInfrastructureRole\n  \
           slots: {{ a: {{ target_group: {group} }} }}\n"
    )
}

#[test]
fn a_name_that_leads_nowhere_is_told_where_it_was_said() {
    const ARN: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567";
    let story = Story::within("promoted");
    for (cluster, service, group, place, message) in [
        ("my-cluster", "shopx", "myservice-a", "shop.yml:7:12: ", "there is no Lattice service `shopx`: there is myservice"),
        ("my-cluster", ARN.replace("/svc-1", "/tg-1").as_str(), "myservice-a", "shop.yml:7:12: ", "is not a Lattice service"),
        ("my-cluster", "myservice", ARN, "shop.yml:9:31: ", "is not a target group"),
        ("nowhere", "myservice", "myservice-a", "shop.yml:1:10: ", "Cluster not found (nowhere)"),
    ] {
        let file = story.write("shop.yml", &config(cluster, service, group));
        let told = story.run(&["deploy", "-c", &file]).ends_with(2).complains(place).complains(message);
        assert_eq!(told.world.writes(), [""; 0]);
        let found = story.run(&["verify", "-c", &file]).ends_with(2).says(message);
        assert!(found.run.stdout.contains(place.trim_end_matches(": ")), "{place}: {}", found.run.stdout);
    }
    let flag = ["deploy", "-c", CONFIG, "--lattice-service", "shopx"];
    story.run(&flag).ends_with(2).complains("--lattice-service: there is no").complains("`espalier sandbox run --config FILE");
    story.run(&["status", "--lattice-service", "shopx"]).ends_with(2).complains("`espalier sandbox run --config FILE");
    let verify = story.run(&["verify", "-c", CONFIG, "--lattice-service", "shopx"]).ends_with(2);
    assert!(verify.run.stdout.contains("`espalier sandbox run --config FILE"), "{}", verify.run.stdout);
    let shift = story.run(&["shift", "--lattice-service", "shopx", "--from", "a", "--to", "b"]).ends_with(2);
    shift.complains("`espalier sandbox run --config FILE");
    let variable = Story::within("promoted").with("ESPALIER_CLUSTER", "nowhere");
    variable.deploy(&[]).ends_with(2).complains("ESPALIER_CLUSTER: ").complains("Cluster not found (nowhere)");
}

#[test]
fn init_says_what_there_is_and_where_it_looked() {
    let empty = Story::of(&json!({
        "name": "empty", "ecs_services": [],
        "lattice": { "services": [], "target_groups": [], "service_networks": [] },
    }));
    let hint = "hint: the cluster has no ECS service at all";
    empty.run(&["init", "--cluster", "my-cluster", "--service", "shop", "--dry-run"]).ends_with(2).complains(hint);
    let nowhere = ["init", "--cluster", "nowhere", "--dry-run"];
    Story::within("promoted").run(&nowhere).ends_with(2).complains("Cluster not found (nowhere)");
    let other = ["init", "--cluster", "my-cluster", "--service", "shop", "--dry-run"];
    Story::within("promoted").run(&other).ends_with(2).complains("hint: there is myservice");
}

#[test]
fn a_shell_is_told_what_a_shell_does() {
    let status = |actions: &str| Run::of(espalier(&["status", "--lattice-service", "x"]).env("GITHUB_ACTIONS", actions));
    let shell = status("").ends_with(1).complains("no AWS region").complains("--region").complains("AWS_REGION");
    assert!(!shell.stderr.contains("uses:"), "{}", shell.stderr);
    let job = status("true").ends_with(1);
    assert!(job.stdout.contains("aws-region: ") || job.stderr.contains("aws-region: "), "{}{}", job.stdout, job.stderr);
}

#[test]
fn a_contradiction_comes_with_the_way_out() {
    let of = |arguments: &[&str]| Run::of(&mut espalier(arguments)).ends_with(2);
    of(&["patch", "-", "--in-place"]).complains("`espalier patch FILE --in-place`");
    of(&["patch", "-", "--format", "json"]).complains("`--output FILE`");
    of(&["deploy", "-c", CONFIG, "--strategy", "canary"])
        .complains("--strategy: `canary` says neither how far nor for how long")
        .complains("hint: a strategy is written like `canary:5%:10m`");
    of(&["deploy", "-c", CONFIG, "--strategy", "rolling:1m"])
        .complains("`rolling:1m` is not a strategy")
        .complains("canary:5%:10m");
    of(&["up"]).complains("--config: there is no espalier.yml here, and no ecspresso.yml").complains("`espalier init`");
}

#[test]
fn what_finds_nothing_to_do_says_so() {
    let story = Story::within("promoted");
    let told = story.run(&["resume", "--all"]).ends_with(0).says("nothing is under way");
    assert!(!told.run.stdout.contains("else"), "{}", told.run.stdout);
    story.run(&["preview", "sweep", "-c", CONFIG]).ends_with(0).says("no preview has to be taken away");
}

#[test]
fn a_group_without_targets_is_told_as_one() {
    let group = json!({ "name": "empty", "config": { "port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678" } });
    let live = json!({ "name": "myservice-a", "id": "tg-12345678901234567", "config": group["config"] });
    let story = Story::of(&json!({ "name": "empty", "lattice": { "target_groups": [live, group] } }));
    let shift = ["shift", "--lattice-service", "myservice", "--from", "myservice-a", "--to", "empty"];
    let told = story.run(&[&shift[..], &QUICK[..4]].concat()).ends_with(3);
    told.says("no target of the candidate's group was healthy after");
}
