//! Previews: up, pushed to, down; what is there besides stays as it was, and none of production's traffic gets there.

use serde_json::{Value, json};

use super::with_rules;
use crate::{
    harness::{Story, Told, root},
    world::World,
};

/// The commit of a pull request, by one of its digits.
pub(super) fn head(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// A world with one more pull request, number 12, and these members.
pub(super) fn world(more: &Value) -> Value {
    let mut world = json!({
        "name": "previews", "pull_requests": [{ "number": 12, "head": head('a'), "branch": "feature/`a|b` <!-- 日本 --> $(x)" }],
    });
    for (member, value) in more.as_object().expect("members") {
        world[member] = value.clone();
    }
    world
}

/// The seed's config, with paths that hold in the story's folder, and what the story says of previews.
pub(super) fn config(story: &Story, preview: &Value) -> String {
    let seed = root().join("tests/fixtures/seed");
    let text = std::fs::read_to_string(seed.join("espalier.yml")).expect("the seed");
    let text = text.replace("ecs-service-def.json", &seed.join("ecs-service-def.json").display().to_string());
    let text = text.replace("ecs-task-def.json", &seed.join("ecs-task-def.json").display().to_string());
    story.write("espalier.yml", &format!("{text}\npreview: {preview}\n"))
}

/// A line that has a pull request be so from now on.
pub(super) fn set(pull: &Value) -> String {
    let people = json!({ "people": [{ "do": { "set-pull-request": pull } }] });
    format!("asks POST events '{people}' >/dev/null\n")
}

/// A script in that world, with `up`, `down`, `list` and `sweep` by that config.
pub(super) fn script(story: &Story, config: &str, text: &str) -> Told {
    story.script(&format!(
        "preview() {{ local verb=\"$1\"; shift; espalier preview \"$verb\" -c {config} \"$@\"; }}\n\
         up() {{ preview up --pull-request 12 \"$@\"; }}\ndown() {{ preview down --pull-request 12 \"$@\"; }}\n{text}"
    ))
}

fn names(world: &World, pointer: &str, member: &str) -> Vec<String> {
    let state = world.state();
    let list = state.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    list.iter().map(|one| one[member].as_str().expect("a name").to_owned()).collect()
}

/// The names of all that a preview may consist of.
pub(super) fn everything(world: &World) -> [Vec<String>; 4] {
    let state = world.state();
    let rules = state.pointer("/lattice/services").and_then(Value::as_array).into_iter().flatten();
    let rules = rules.flat_map(|service| service["listeners"].as_array().expect("listeners").clone());
    let rules = rules.flat_map(|listener| listener["rules"].as_array().expect("rules").clone());
    let rules = rules.map(|rule| rule["name"].as_str().expect("a name").to_owned()).collect();
    [
        names(world, "/lattice/target_groups", "name"),
        names(world, "/lattice/services", "name"),
        rules,
        names(world, "/ecs/services", "serviceName"),
    ]
}

/// Only a preview's own rule, by its header alone, or its own service names its target group; and no weight was ever written for it.
#[track_caller]
pub(super) fn production_is_apart(world: &World) {
    let state = world.state();
    let services = state.pointer("/lattice/services").and_then(Value::as_array).expect("services");
    for service in services.iter().filter(|service| !service["name"].as_str().expect("a name").contains("-pr-")) {
        for rule in
            service["listeners"].as_array().expect("listeners").iter().flat_map(|one| one["rules"].as_array().expect("rules"))
        {
            let forwards = rule.pointer("/action/forward").and_then(Value::as_object);
            let to: Vec<&String> = forwards.into_iter().flatten().map(|(group, _)| group).collect();
            let is_preview = rule["name"].as_str().expect("a name").starts_with("espalier-preview-");
            assert_eq!(to.iter().any(|group| group.contains("-pr-")), is_preview, "{rule:#}");
            if is_preview {
                let key = to[0].rsplit_once("-pr-").map(|(_, number)| format!("pr-{number}")).expect("a preview's group");
                let only = json!([{ "name": "x-espalier-preview", "match": { "exact": key }, "caseSensitive": true }]);
                assert_eq!((to.len(), &rule["match"]["httpMatch"]["headerMatches"]), (1, &only), "{rule:#}");
            }
        }
    }
    // At every moment, not only in the end.
    for split in world.splits() {
        let groups = split["weights"].as_array().expect("weights");
        if groups.iter().any(|pair| pair[0].as_str().is_some_and(|group| group.contains("-pr-"))) {
            let place = split["traffic_target"].as_str().expect("a place");
            let is_its_own =
                place.contains("/espalier-preview-") || place.split('/').next().is_some_and(|service| service.contains("-pr-"));
            assert!(groups.len() == 1 && is_its_own, "{split:#}");
        }
    }
}

/// Nothing of previews is left, and nothing else has changed.
#[track_caller]
pub(super) fn is_as_before(told: &Told, before: &World, what: &str) {
    let all = format!("{what}\n{}{}", told.run.stdout, told.run.stderr);
    assert_eq!(everything(&told.world), everything(before), "{all}");
    assert_eq!(told.world.actions(), before.actions(), "{all}");
    assert_eq!((told.world.tasks("myservice"), told.world.tasks("myservice-pr-12")), (3, 0), "{all}");
    let count = |operation: &str| told.world.writes().iter().filter(|write| *write == operation).count();
    let (made, gone) = (count("ecs:RegisterTaskDefinition"), count("ecs:DeregisterTaskDefinition"));
    assert!(gone >= made || made == 0, "{gone} of {made} task definitions are deregistered: {all}");
}

#[test]
fn a_preview_comes_up_follows_a_push_and_goes() {
    let story = Story::of(&world(&json!({})));
    let before = story.untold();
    let config =
        config(&story, &json!({ "cpu": 256, "memory": 512, "spot": true, "environment": { "DATABASE": "app_{number}" } }));
    let told = script(&story, &config, "exits 0 up --image web=myservice:2").ends_with(0);
    let told = told
        .says("preview pr-12 of myservice (aaaaaaa) is up and healthy")
        .says("curl -H 'x-espalier-preview: pr-12' http://myservice-");
    production_is_apart(&told.world);
    assert_eq!((told.world.tasks("myservice-pr-12"), told.world.tasks("myservice")), (1, 3));
    let state = told.world.state();
    let services = state.pointer("/ecs/services").and_then(Value::as_array).expect("services");
    let service = services.iter().find(|service| service["serviceName"] == "myservice-pr-12").expect("its service");
    assert_eq!(service["capacityProviderStrategy"][0]["capacityProvider"], "FARGATE_SPOT");
    let [groups, services, rules, ecs] = everything(&told.world);
    assert!(groups.contains(&"myservice-pr-12".to_owned()) && services == ["myservice"] && ecs.len() == 2);
    assert!(rules.contains(&"espalier-preview-myservice-pr-12".to_owned()), "{rules:?}");
    let comments = told.world.comments();
    assert_eq!(comments.len(), 1);
    assert!(
        comments[0].contains("Preview of `myservice`: up") && comments[0].contains("curl -H 'x-espalier-preview: pr-12'"),
        "{}",
        comments[0]
    );
    assert!(comments[0].contains("&lt;&#33;-- 日本"), "{}", comments[0]);
    let deployments = told.world.deployments();
    assert_eq!((&deployments[0]["environment"], &deployments[0]["sha"]), (&json!("preview/pr-12"), &json!(head('a'))));
    assert_eq!(told.world.statuses_of("aaaaaaa"), ["in_progress", "success"]);

    let pushed = set(&json!({ "number": 12, "head": head('b'), "branch": "feature/x" }));
    let push = format!("exits 0 up --image web=myservice:2\n{pushed}exits 0 up --image web=myservice:3\nexits 0 preview list");
    let told = script(&story, &config, &push).ends_with(0).says("pr-12    open          bbbbbbb  feature/x  header      1 of 1");
    production_is_apart(&told.world);
    assert_eq!((told.world.comments().len(), told.world.deployments().len()), (1, 2));
    assert_eq!(told.world.statuses_of("aaaaaaa").last().map(String::as_str), Some("inactive"));
    assert_eq!(told.world.revision("myservice-pr-12"), "myservice-pr-12:2");
    assert!(told.world.writes().contains(&"ecs:DeregisterTaskDefinition".to_owned()), "the old one is not run any more");

    let closed = set(&json!({ "number": 12, "open": false, "head": head('b'), "branch": "feature/x" }));
    let told = script(&story, &config, &format!("{push}\n{closed}exits 0 down\nexits 0 down\nexits 0 preview list")).ends_with(0);
    let told =
        told.says("preview pr-12 of myservice is taken away: pull request 12 is closed").says("there is no preview of myservice");
    is_as_before(&told, &before, "up, push, down");
    assert!(told.world.comments()[0].contains("taken away"), "{:?}", told.world.comments());
    assert_eq!(told.world.statuses_of("bbbbbbb").last().map(String::as_str), Some("inactive"));
}

/// Updated in place: whoever asks with the header is answered all the time.
#[test]
fn a_push_leaves_no_gap() {
    let load = json!([{ "rps": 10, "headers": { "x-espalier-preview": "pr-12" }, "from": 600 }]);
    let story = Story::of(&world(&json!({ "load": load })));
    let config = config(&story, &json!({}));
    let pushed = set(&json!({ "number": 12, "head": head('b') }));
    let told = script(
        &story,
        &config,
        &format!(
            "exits 0 up --image web=myservice:2\nlater 900\n{pushed}exits 0 up --image web=myservice:3\nlater 300\nasks GET traffic \"\""
        ),
    );
    let told = told.ends_with(0);
    let requests = requests(&told, "myservice-pr-12");
    let (all, good): (u64, u64) = (requests.0, requests.1);
    assert!(all > 3000 && all == good, "{good} of {all} are answered well");
}

/// All requests of a target group, and those that were answered well, as `asks GET traffic` tells them.
fn requests(told: &Told, group: &str) -> (u64, u64) {
    let body = told.run.stdout.split("\r\n\r\n").last().expect("an answer");
    let traffic: Value = serde_json::from_str(body.trim()).expect("JSON");
    let state = told.world.state();
    let groups = state.pointer("/lattice/target_groups").and_then(Value::as_array).expect("groups");
    let arn = groups.iter().find(|one| one["name"] == group).and_then(|one| one["arn"].as_str()).expect("such a group");
    let id = arn.rsplit('/').next().expect("an id");
    let series = traffic["series"].as_array().expect("series").iter().find(|series| series["id"] == id);
    let minutes = series.map(|series| {
        let minutes = series["minutes"].as_array().cloned().unwrap_or_default();
        minutes.into_iter().chain([series["running"].clone()]).collect::<Vec<_>>()
    });
    let sum = |member: &str| minutes.iter().flatten().filter_map(|minute| minute[member].as_u64()).sum();
    (sum("requests"), sum("status_2xx"))
}

#[test]
fn a_preview_gets_the_requests_with_its_header_and_production_all_others() {
    let load = |rps: u32, path: &str, headers: Value| json!({ "rps": rps, "path": path, "headers": headers });
    let production = [
        load(50, "/", json!({})),
        load(50, "/api/x", json!({ "x-espalier-preview": "pr-1" })),
        load(5, "/", json!({ "x-other": "pr-12" })),
    ];
    let one = |preview: u32| {
        let mut loads = production.to_vec();
        loads.extend((preview > 0).then(|| load(preview, "/api", json!({ "x-espalier-preview": "pr-12" }))));
        let story = Story::of(&world(&json!({ "load": loads })));
        let config = config(&story, &json!({}));
        let told = script(&story, &config, "exits 0 up --image web=myservice:2\nlater 600\nasks GET traffic \"\"").ends_with(0);
        production_is_apart(&told.world);
        (requests(&told, "myservice-pr-12").0, requests(&told, "myservice-a"))
    };
    let (none, (all, good)) = one(0);
    assert_eq!(none, 0, "not one request of production's reaches the preview");
    assert!(all > 60_000 && all == good, "{good} of {all}");
    let (some, _) = one(3);
    assert!(some > 1500, "{some}");
}

#[test]
fn a_release_goes_on_as_if_there_were_no_preview() {
    let story = Story::of(&world(&json!({})));
    let config = config(&story, &json!({}));
    let release = format!(
        "exits 0 up --image web=myservice:2\nexits 0 espalier deploy -c {config} --image web=nginx:1.29 {}\n",
        super::QUICKLY
    );
    let told = script(&story, &config, &format!("{release}exits 0 espalier verify -c {config}\nexits 0 down")).ends_with(0);
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    production_is_apart(&told.world);
}

#[test]
fn without_room_for_a_rule_it_has_a_service_of_its_own() {
    let story = Story::of(&{
        let mut full = with_rules(11..=20, &world(&json!({})));
        full["name"] = json!("full");
        full
    });
    let before = story.untold();
    let auto = config(&story, &json!({}));
    let told = script(&story, &auto, "exits 0 up --image web=myservice:2\nexits 0 up --image web=myservice:3").ends_with(0);
    let told = told
        .says(
            "it has a Lattice service of its own: the listener has 10 rules of 10 (the quota \"Rules per listener\", L-CF78395E)",
        )
        .says("curl http://myservice-pr-12-");
    let [_, services, rules, _] = everything(&told.world);
    assert_eq!(
        (services, rules.len()),
        (vec!["myservice".to_owned(), "myservice-pr-12".to_owned()], 12),
        "ten, and two default ones"
    );
    assert!(told.world.comments()[0].contains("It has a Lattice service of its own, because"), "{:?}", told.world.comments());
    production_is_apart(&told.world);
    let told = script(&story, &auto, "exits 0 up --image web=myservice:2\nexits 0 down").ends_with(0);
    is_as_before(&told, &before, "a service of its own, and down");

    let header = config(&story, &json!({ "reach": "header" }));
    let told = script(&story, &header, "exits 2 up --image web=myservice:2").ends_with(0);
    let told = told.complains("there is no room for one more rule: the listener has 10 rules of 10");
    is_as_before(&told, &before, "refused");

    // AWS knows better than the config: what was raised is less than it says.
    let raised = config(&story, &json!({ "quotas": { "rules_per_listener": 25 } }));
    let told = script(&story, &raised, "exits 0 up --image web=myservice:2").ends_with(0);
    told.says("it has a Lattice service of its own: AWS refused one more: ");
}

#[test]
fn room_for_a_release_is_kept() {
    let story = Story::of(&world(&json!({ "quotas": { "target_groups_per_service": 2 } })));
    let config = config(&story, &json!({ "quotas": { "target_groups_per_service": 2 } }));
    let told = script(&story, &config, "exits 0 up --image web=myservice:2").ends_with(0);
    told.says("the service uses 1 target groups of 2").says("1 of which a release may need");
}

#[test]
fn where_it_is_reached_may_be_changed() {
    let story = Story::of(&world(&json!({})));
    let before = story.untold();
    let mut changes = String::new();
    for (number, preview) in
        [json!({ "reach": "service" }), json!({ "reach": "header" }), json!({ "header": "x-other" })].iter().enumerate()
    {
        let path = config(&story, preview);
        let own = story.write(&format!("{number}.yml"), &std::fs::read_to_string(path).expect("a config"));
        changes += &format!("exits 0 espalier preview up -c {own} --pull-request 12 --image web=myservice:2\n");
    }
    let path = config(&story, &json!({}));
    let told = script(&story, &path, &changes).ends_with(0).says("curl http://myservice-pr-12-").says("curl -H 'x-other: pr-12'");
    let [_, services, rules, _] = everything(&told.world);
    assert_eq!((services, rules.iter().filter(|rule| rule.contains("preview")).count()), (vec!["myservice".to_owned()], 1));
    let told = script(&story, &path, &format!("{changes}exits 0 down")).ends_with(0);
    is_as_before(&told, &before, "three ways, and down");
}

#[test]
fn one_that_is_not_healthy_says_why_and_the_commit_before_goes_on() {
    let images = json!({ "myservice:1": {}, "myservice:2": {}, "*": { "healthy": false } });
    let story = Story::of(&world(&json!({ "images": images })));
    let config = config(&story, &json!({ "timeout": "5m" }));
    let pushed = set(&json!({ "number": 12, "head": head('b') }));
    let text = format!("exits 0 up --image web=myservice:2\n{pushed}exits 1 up --image web=broken:1\nexits 0 preview list");
    let told = script(&story, &config, &text).ends_with(0).complains("did not become healthy");
    let comment = told.world.comments()[0].clone();
    assert!(comment.contains("not healthy") && comment.contains("What answers is still"), "{comment}");
    assert_eq!(told.world.statuses_of("bbbbbbb").last().map(String::as_str), Some("failure"));
    production_is_apart(&told.world);
}
