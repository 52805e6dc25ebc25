//! Every way to name something of Lattice's: name, id, ARN, tag, parameter, Terraform's address; and names that several have.

use serde_json::{Value, json};

use super::QUICK;
use crate::harness::{CONFIG, Story, Told};

const HERE: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012";

/// The base world with tags on everything, another Lattice service, and what another account shares under the same name.
fn world() -> Value {
    // One of them forwards to a slot; what else did would have to move with it.
    let rule = |name: &str, id: &str, priority: u32, tags: Value| {
        let forwards = id == "rule-12345678901234567";
        let action = if forwards { json!({ "forward": { "myservice-a": 100 } }) } else { json!({ "fixed_response": 404 }) };
        json!({
            "name": name, "id": id, "priority": priority, "tags": tags, "action": action,
            "match": { "httpMatch": { "pathMatch": { "match": { "prefix": format!("/{priority}") } } } },
        })
    };
    let listener = |name: &str, id: &str, port: u32, rules: Value| json!({ "name": name, "id": id, "port": port, "default_action": { "fixed_response": 404 }, "rules": rules, "tags": { "port": port.to_string() } });
    let of_80 = json!([
        rule("api", "rule-12345678901234567", 10, json!({ "app": "api", "team": "shop" })),
        rule("web", "rule-0b000000000000000", 20, json!({ "team": "shop" })),
    ]);
    let of_81 = json!([rule("api", "rule-0c000000000000000", 10, json!({}))]);
    let service = |name: &str, id: &str, tags: Value, listeners: Value| json!({ "name": name, "id": id, "tags": tags, "listeners": listeners });
    let mut shared = service(
        "shared",
        "svc-0c000000000000000",
        json!({}),
        json!([listener("http-80", "listener-0c000000000000000", 80, json!([]))]),
    );
    shared["account"] = json!("210987654321");
    json!({
        "name": "references",
        "lattice": {
            "services": [
                service(
                    "myservice", "svc-12345678901234567", json!({ "app": "shop", "stage": "prod" }),
                    json!([
                        listener("http-80", "listener-12345678901234567", 80, of_80),
                        listener("http-81", "listener-0b000000000000000", 81, of_81),
                    ]),
                ),
                service("shared", "svc-0b000000000000000", json!({ "stage": "prod" }), json!([])),
                shared,
            ],
            "target_groups": [{
                "name": "myservice-a", "id": "tg-12345678901234567", "tags": { "slot": "a" },
                "config": {
                    "port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678",
                    "healthCheck": { "enabled": true, "path": "/health", "healthCheckIntervalSeconds": 10, "healthyThresholdCount": 2, "unhealthyThresholdCount": 2 },
                },
            }],
        },
    })
}

fn story() -> Story {
    Story::of(&world())
}

fn deploy(arguments: &[&str]) -> Told {
    story().deploy(&[&QUICK[..], arguments].concat())
}

#[test]
fn everything_is_released_by_whatever_names_it() {
    let arn = |path: &str| format!("{HERE}:{path}");
    let service = arn("service/svc-12345678901234567");
    let listener = format!("{service}/listener/listener-12345678901234567");
    let rule = format!("{listener}/rule/rule-12345678901234567");
    let group = arn("targetgroup/tg-12345678901234567");
    for [service, listener, rule, group] in [
        ["myservice", "http-80", "api", "myservice-a"],
        ["svc-12345678901234567", "listener-12345678901234567", "rule-12345678901234567", "tg-12345678901234567"],
        [&service, &listener, &rule, &group],
        ["tag:app=shop", "tag:port=80", "tag:app=api", "tag:slot=a"],
        ["tag:app", "tag:port=80", "tag:app", "tag:slot"],
    ] {
        let slot = format!("a=myservice:{group}");
        let told = deploy(&[
            "--lattice-service",
            service,
            "--listener",
            listener,
            "--rules",
            rule,
            "--slot",
            &slot,
            "--slot",
            "b=myservice-green:myservice-b",
        ]);
        let told = told.ends_with(0).says("myservice:2 promoted");
        let actions = told.world.actions();
        assert_eq!(actions["http-80/api"], json!({ "forward": { "myservice-a": 0, "myservice-b": 100 } }), "{service}");
        assert_eq!(actions["http-80/web"], json!({ "fixed_response": 404 }), "{service}: it was not named");
    }
}

#[test]
fn what_several_things_are_called_is_an_error_that_lists_them() {
    let told = deploy(&["--lattice-service", "shared"])
        .ends_with(2)
        .complains("several Lattice services are `shared`: write the ARN of one of ");
    let told = told.complains(&format!("{HERE}:service/svc-0b000000000000000 (shared, ACTIVE, shared-0b000000000000000."));
    told.complains("arn:aws:vpc-lattice:ap-northeast-1:210987654321:service/svc-0c000000000000000 (shared, ACTIVE, ");
    let told = deploy(&["--lattice-service", "tag:stage=prod"]).ends_with(2);
    told.complains("several Lattice services are `tag:stage=prod`")
        .complains("svc-12345678901234567 (myservice, ")
        .complains("svc-0b000000000000000 (shared, ");
    let told = deploy(&["--rules", "tag:team=shop"]).ends_with(2);
    told.complains("rule api (priority 10) of http-80 (")
        .complains(" and rule web (priority 20) of http-80 (")
        .complains("are all `tag:team=shop`");
    // One name on two listeners.
    let file = std::fs::read_to_string(crate::harness::root().join(CONFIG)).expect("the config");
    let story = story();
    let seed = crate::harness::root().join("tests/fixtures/seed");
    let file = file.replace("  listener: http-80\n", "").replace(" ecs-", &format!(" {}/ecs-", seed.display()));
    let path = story.write("espalier.yml", &file);
    let told = story.run(&["deploy", "-c", &path, "--rules", "api"]).ends_with(2);
    let told = told.complains("rule api (priority 10) of http-80 (arn:").complains("rule api (priority 10) of http-81 (arn:");
    assert!(told.world.writes().is_empty());
}

#[test]
fn what_nothing_is_called_is_told_with_what_there_is() {
    deploy(&["--lattice-service", "tag:app=nothing"])
        .ends_with(2)
        .complains("there is no Lattice service `tag:app=nothing`: there are ");
    deploy(&["--rules", "tag:nothing"])
        .ends_with(2)
        .complains("there is no traffic target `tag:nothing` in myservice: there are rule api");
    deploy(&["--lattice-service", "tag:"]).ends_with(2).complains("`tag:` is not a Lattice service: write its name");
}

#[test]
fn what_lies_in_another_account_or_region_is_refused_with_the_reason() {
    let slot = |arn: &str| format!("a=myservice:{arn}");
    let green = ["--slot", "b=myservice-green:myservice-b"];
    let there = slot("arn:aws:vpc-lattice:ap-northeast-1:210987654321:targetgroup/tg-12345678901234567");
    let told = deploy(&[&["--slot", &there], &green[..]].concat()).ends_with(2);
    let told =
        told.complains("its ARN names account 210987654321, and this is account 123456789012 (of the Lattice service myservice)");
    let told = told.complains("a rule's target group lies in its service's account");
    assert_eq!(told.world.writes(), [""; 0]);
    let there = slot("arn:aws:vpc-lattice:us-west-2:123456789012:targetgroup/tg-12345678901234567");
    deploy(&[&["--slot", &there], &green[..]].concat())
        .ends_with(2)
        .complains("its ARN names region us-west-2, and this is region ap-northeast-1");
    let service = "arn:aws:vpc-lattice:ap-northeast-1:000000000000:service/svc-12345678901234567";
    deploy(&["--lattice-service", service])
        .ends_with(2)
        .complains("its ARN names account 000000000000, and this is account 123456789012");
    // What is shared with this account can be seen, and its rules are its owner's.
    let shared = "arn:aws:vpc-lattice:ap-northeast-1:210987654321:service/svc-0c000000000000000";
    let told = deploy(&["--lattice-service", shared]).ends_with(2);
    told.complains("its ARN names account 123456789012, and this is account 210987654321 (of the Lattice service shared)");
}

#[test]
fn patch_and_status_take_tags_too() {
    let arguments =
        ["--task-definition", "tests/fixtures/seed/ecs-task-def.json", "--infrastructure-role", "ecsInfrastructureRole"];
    let file = "tests/fixtures/seed/ecs-service-def.json";
    let told = story().run(&[&["patch", file, "--target-group", "tag:slot=a"], &arguments[..]].concat()).ends_with(0);
    told.says("targetgroup/tg-12345678901234567");
    story().run(&["status", "--lattice-service", "tag:app=shop"]).ends_with(0).says("myservice (svc-12345678901234567)");
}
