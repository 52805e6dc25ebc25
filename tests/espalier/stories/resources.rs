//! `up` and `down`: the Lattice resources that a config declares.

use serde_json::Value;

use crate::{
    harness::{Story, Told},
    world::World,
};

/// Everything that Lattice has, declared.
const WHOLE: &str = "tests/fixtures/resources/espalier.yml";
/// What releases of the seed need.
const RELEASE: &str = "tests/fixtures/resources/release.yml";

/// What there is, names and settings, without what every world makes up anew.
pub(super) fn there(world: &World) -> Value {
    let state = world.state();
    serde_json::json!({
        "lattice": state["lattice"], "services": state["ecs"]["services"], "scaling": state["scaling"],
        "shares": state["shares"], "hosted_zones": state["hosted_zones"],
    })
}

fn up_and(more: &str) -> Told {
    Story::within("promoted").script(&format!("exits 0 espalier up -c {WHOLE}\n{more}"))
}

#[test]
fn up_makes_everything_and_writes_nothing_the_second_time() {
    let first = up_and("").ends_with(0).says("up: shop: 18 to make").says("Done.");
    let twice = up_and(&format!("exits 0 espalier up -c {WHOLE}")).ends_with(0);
    assert!(twice.run.stdout.ends_with("up: shop: 18 as they are already\nNothing to do.\n"), "{}", twice.run.stdout);
    let sorted = |mut writes: Vec<String>| {
        writes.sort();
        writes
    };
    assert_eq!(sorted(first.world.writes()), sorted(twice.world.writes()));
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let told = Story::within("promoted").run(&["up", "-c", WHOLE, "--dry-run"]).ends_with(0);
    assert!(told.world.writes().is_empty());
    assert_eq!(there(&told.world), there(&Story::within("promoted").untold()));
    insta::assert_snapshot!(told.run.stdout, @r#"
    up: shop: 18 to make
      + network                             service network shop-network
      + network.vpcs.vpc-0123456789abcdef0  VPC association vpc-0123456789abcdef0
      + network.auth_policy                 auth policy of shop-network
      + network.access_logs.s3              access log subscription arn:aws:s3:::my-access-logs
      + service                             Lattice service shop
      + service.network                     service network association of shop
      + service.auth_policy                 auth policy of shop
      + service.access_logs.logs            access log subscription arn:aws:logs:ap-northeast-1:123456789012:log-group:lattice
      + target_groups.a                     target group shop-a
      + target_groups.b                     target group shop-b
      + target_groups.batch                 target group shop-batch
      + target_groups.batch.targets         targets of shop-batch
      + target_groups.legacy                target group shop-legacy
      + target_groups.legacy.targets        targets of shop-legacy
      + listeners.http                      listener http
      + listeners.http.rules.batch          rule batch
      + listeners.http.rules.legacy         rule legacy
      + listeners.http.rules.gone           rule gone
    Nothing was written: this is what would be done.
    "#);
    let json = Story::within("promoted").run(&["up", "-c", WHOLE, "--dry-run", "--format", "json"]).ends_with(0);
    let json: Value = serde_json::from_str(&json.run.stdout).expect("JSON");
    assert_eq!((json["plan"].as_array().map(Vec::len), &json["outcome"]), (Some(18), &"planned".into()));
}

#[test]
fn down_takes_away_all_of_ours_and_nothing_else() {
    let told = up_and(&format!("exits 0 espalier down -c {WHOLE}\nexits 0 espalier down -c {WHOLE}")).ends_with(0);
    assert!(told.run.stdout.ends_with("down: shop: nothing is there\nNothing to do.\n"), "{}", told.run.stdout);
    assert_eq!(there(&told.world), there(&Story::within("promoted").untold()));
    // Weights off, rules, listeners, associations, service, targets, groups, network.
    let writes = told.world.writes();
    let place = |operation: &str| {
        writes
            .iter()
            .position(|write| write.ends_with(&format!(":{operation}")))
            .unwrap_or_else(|| panic!("{operation}: {writes:?}"))
    };
    let order = ["UpdateListener", "DeleteRule", "DeleteListener", "DeleteService", "DeleteTargetGroup"].map(place);
    assert!(order.is_sorted(), "{writes:#?}");
    assert!(
        place("DeregisterTargets") < place("DeleteTargetGroup")
            && place("DeleteServiceNetworkVpcAssociation") < place("DeleteServiceNetwork")
    );
}

/// Names, settings and tags of all that is there, without ids.
pub(super) fn named(world: &World) -> Vec<String> {
    let mut names = Vec::new();
    collect(&there(world), "", &mut names);
    names.sort();
    names
}

fn collect(value: &Value, path: &str, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if !matches!(name.as_str(), "id" | "arn" | "domain" | "share" | "AliasTarget" | "ResourceRecords" | "resources") {
                    collect(member, &format!("{path}.{name}"), names);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, names)),
        leaf @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => names.push(format!("{path} {leaf}")),
    }
}

#[test]
fn a_throttled_account_makes_it_slow_and_never_fails_it() {
    let scenario = "faults:\n  - { operations: [\"vpc-lattice:*\"], every: 3, effect: throttle }\n  - { operations: [\"vpc-lattice:write\"], every: 4, effect: conflict }\n";
    let story = Story::within("promoted").elsewhere("throttled.yml", scenario);
    let told = story.script(&format!("exits 0 espalier up -c {WHOLE}\nexits 0 espalier down -c {WHOLE}")).ends_with(0);
    assert_eq!(there(&told.world), there(&Story::within("promoted").untold()));
}

#[test]
fn limits_and_refusals_are_each_one_line_that_says_what_to_do() {
    let refused = |effect: &str| {
        let scenario = format!("faults:\n  - {{ operations: [CreateListener], effect: {effect} }}\n");
        Story::within("promoted").elsewhere("refused.yml", &scenario).run(&["up", "-c", WHOLE]).ends_with(1)
    };
    let told = refused("denied").complains("error: listener http: CreateListener: AccessDeniedException: ");
    let told = told.complains("hint: let the job's role call `CreateListener`");
    // What does not depend on it is done.
    assert!(told.world.writes().iter().any(|write| write.ends_with(":CreateServiceNetworkServiceAssociation")));
    told.complains(
        "error: not done because of that: listeners.http.rules.batch, listeners.http.rules.legacy, listeners.http.rules.gone",
    );
    refused("conflict")
        .complains("listener http: not done in time: CreateListener: ConflictException")
        .complains("hint: run it again");

    let story = Story::within("promoted");
    let rules: String =
        (1..=12).map(|n| format!("        r-{n}: {{ priority: {n}, match: {{ path: /{n} }}, respond: 404 }}\n")).collect();
    let config =
        format!("region: ap-northeast-1\nservice: shop\nup:\n  service: {{}}\n  listeners:\n    http:\n      rules:\n{rules}");
    let config = story.write("espalier.yml", &config);
    let told = story.run(&["up", "-c", &config]).ends_with(1).complains("CreateRule: ServiceQuotaExceededException");
    told.complains("hint: remove something that is no longer used, or ask AWS for a higher quota");
}

#[test]
fn what_exists_is_taken_over_only_when_told_to() {
    let story = Story::within("promoted");
    let config = story.write(
        "espalier.yml",
        "region: ap-northeast-1\nservice: myservice\nup:\n  service: {}\n  target_groups:\n    a: { vpc: vpc-12345678 }\n",
    );
    let told = story.run(&["up", "-c", &config]).ends_with(5);
    assert!(told.world.writes().is_empty());
    let told =
        told.complains("Lattice service myservice is there and is not ours").complains("hint: run `up --adopt` to take it over");
    drop(told);
    let told = story.script(&format!("exits 0 espalier up -c {config} --adopt\nexits 0 espalier up -c {config}")).ends_with(0);
    assert!(told.run.stdout.ends_with("Nothing to do.\n"), "{}", told.run.stdout);
    assert_eq!(told.world.writes(), ["vpc-lattice:TagResource", "vpc-lattice:TagResource"]);
}

#[test]
fn what_cannot_be_changed_is_named_and_replaced_only_when_told_to() {
    let story = Story::within("promoted");
    let text = std::fs::read_to_string(crate::harness::root().join(RELEASE))
        .expect("a config")
        .replace("../seed", "tests/fixtures/seed");
    let first = story.write("first.yml", &text);
    let second = story.write("second.yml", &text.replace("http: { default", "http: { port: 8080, default"));
    let told = story.script(&format!("exits 0 espalier up -c {first}\nexits 5 espalier up -c {second}")).ends_with(0);
    let told = told.complains("listener http: `port` is 80 and never changes, wanted is 8080");
    let told = told.complains(
        "run `up --replace`: it takes this and all that needs it away and makes them again; nothing answers on its port",
    );
    // The pull request is told the same, and that nothing was done.
    let comment = told.world.comments().pop().expect("a comment");
    assert!(
        comment.contains("### ❌ Resources of `shop`: `up` is refused") && comment.contains("Nothing was written:\n- "),
        "{comment}"
    );
    let again = format!("exits 0 espalier up -c {second}");
    let told =
        story.script(&format!("exits 0 espalier up -c {first}\nexits 0 espalier up -c {second} --replace\n{again}")).ends_with(0);
    assert!(told.run.stdout.ends_with("Nothing to do.\n"), "{}", told.run.stdout);
    let told = told.says("± listeners.http  listener http").says("port: 80 → 8080");
    let port = |world: &World| named(world).iter().any(|line| line.ends_with(".listeners.port 8080"));
    assert!(port(&told.world), "{:#?}", named(&told.world));
}

/// Weights belong to releases: `up` declares with which it begins.
#[test]
fn releases_run_on_what_up_made_and_up_leaves_their_weights_alone() {
    let story = Story::within("promoted");
    let told = story.script(&format!(
        "exits 0 espalier up -c {RELEASE}
         exits 0 espalier deploy -c {RELEASE} --image web=nginx:1.28
         exits 0 espalier deploy -c {RELEASE} --image web=nginx:1.29
         exits 0 espalier up -c {RELEASE}
         exits 0 espalier status --lattice-service shop
         exits 0 espalier down -c {RELEASE}"
    ));
    let told = told.ends_with(0).says("default action of http: shop-a 0, shop-b 100").says("up: shop: 7 as they are already");
    assert_eq!(there(&told.world), there(&Story::within("promoted").untold()));
}

/// Whatever is made again is asked for anew: AWS answers a call that it knows with what it made then.
#[test]
fn what_went_down_comes_up_and_is_released_again() {
    let story = Story::within("promoted");
    let text = std::fs::read_to_string(crate::harness::root().join(RELEASE))
        .expect("a config")
        .replace("../seed", &crate::harness::root().join("tests/fixtures/seed").display().to_string())
        .replace("    b: { vpc: vpc-12345678 }\n", "")
        .replace("{ a: 100, b: 0 }", "{ a: 100 }");
    let config = story.write("espalier.yml", &text);
    let life = format!(
        "exits 0 espalier up -c {config}
         exits 0 espalier deploy -c {config} --image web=nginx:1.28
         exits 0 espalier deploy -c {config} --image web=nginx:1.29
         exits 0 espalier down -c {config}\n"
    );
    let told = story.script(&format!("{life}{life}")).ends_with(0);
    assert_eq!(there(&told.world), there(&Story::within("promoted").untold()));
}

#[test]
fn while_a_rollout_is_open_its_service_is_neither_taken_away_nor_turned() {
    let story = Story::within("promoted");
    let text = std::fs::read_to_string(crate::harness::root().join(RELEASE))
        .expect("a config")
        .replace("../seed", &crate::harness::root().join("tests/fixtures/seed").display().to_string());
    let first = story.write("first.yml", &text);
    let turned = story.write("turned.yml", &text.replace("{ forward: { a: 100, b: 0 } }", "{ respond: 404 }"));
    let told = story.script(&format!(
        "exits 0 espalier up -c {first}
         exits 0 espalier deploy -c {first} --image web=nginx:1.28
         exits 0 espalier deploy -c {first} --image web=nginx:1.29 --steps 10%:30s,hold:4h,100%:30s
         exits 5 espalier down -c {first}
         exits 5 espalier up -c {turned}
         exits 0 espalier abort --lattice-service shop
         exits 0 espalier up -c {turned}"
    ));
    let told = told.ends_with(0).complains("a rollout of this service's traffic is under way");
    told.complains("listener http: `defaultAction` cannot be changed now: a rollout is under way there");
}

#[test]
fn what_others_added_stays_and_keeps_what_it_needs() {
    let story = Story::within("promoted");
    let other = story.write("other.yml", "region: ap-northeast-1\nservice: other\nup:\n  service: shop\n  network: shop-network\n  listeners:\n    theirs: { port: 8080, default: { respond: 404 } }\n");
    let told = story.script(&format!(
        "exits 0 espalier up -c {WHOLE}
         exits 0 espalier up -c {other}
         exits 0 espalier down -c {WHOLE}
         exits 0 espalier down -c {other}
         exits 0 espalier down -c {WHOLE}"
    ));
    let told = told.ends_with(0).says("Lattice service shop: stays: listener theirs still needs it");
    assert_eq!(there(&told.world), there(&Story::within("promoted").untold()));
}

#[test]
fn c20_a_target_group_that_somebody_else_forwards_to_is_not_taken_away() {
    let story = Story::within("promoted");
    let theirs = "region: ap-northeast-1\nservice: other\nup:\n  service: shop\n  listeners: { theirs: { port: 8080, default: { forward: shop-batch } } }\n";
    let other = story.write("other.yml", theirs);
    let (mine, up) = (format!("exits 0 espalier up -c {WHOLE}\n"), format!("exits 0 espalier up -c {other}\n"));
    let told = story.script(&format!("{mine}{up}exits 0 espalier down -c {WHOLE}")).ends_with(0);
    let group = |world: &World| {
        let groups = world.state()["lattice"]["target_groups"].as_array().cloned().unwrap_or_default();
        groups.into_iter().find(|group| group["name"] == "shop-batch").expect("it is there")
    };
    assert_eq!(group(&told.world), group(&story.script(&mine).world), "with its targets");
    told.says("target group shop-batch: stays: listener theirs still needs it");
}

#[test]
fn the_plan_stands_on_the_pull_request() {
    let told = up_and("").ends_with(0);
    let comments = told.world.comments();
    let [comment] = &comments[..] else { panic!("{comments:?}") };
    assert!(comment.contains("\nIn a rehearsal: AWS is `http://127.0.0.1:"), "{comment}");
    let lines: Vec<&str> = comment.lines().filter(|line| !line.starts_with("In a rehearsal")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    <!-- espalier:shop:resources -->
    ### ✅ Resources of `shop`: up


    18 to make

    ```diff
    + network                             service network shop-network
    + network.vpcs.vpc-0123456789abcdef0  VPC association vpc-0123456789abcdef0
    + network.auth_policy                 auth policy of shop-network
    + network.access_logs.s3              access log subscription arn:aws:s3:::my-access-logs
    + service                             Lattice service shop
    + service.network                     service network association of shop
    + service.auth_policy                 auth policy of shop
    + service.access_logs.logs            access log subscription arn:aws:logs:ap-northeast-1:123456789012:log-group:lattice
    + target_groups.a                     target group shop-a
    + target_groups.b                     target group shop-b
    + target_groups.batch                 target group shop-batch
    + target_groups.batch.targets         targets of shop-batch
    + target_groups.legacy                target group shop-legacy
    + target_groups.legacy.targets        targets of shop-legacy
    + listeners.http                      listener http
    + listeners.http.rules.batch          rule batch
    + listeners.http.rules.legacy         rule legacy
    + listeners.http.rules.gone           rule gone
    ```

    Done.
    "#);
}

/// Records have no tags, and whatever says whose one is has to outlive the service that it leads to.
#[test]
fn an_alias_does_not_outlive_down_though_its_service_is_gone() {
    let scenario = "hosted_zones: [{ name: example.com, records: [{ name: www.example.com, type: CNAME, values: [elsewhere.example.net] }] }]\n";
    let story = Story::within("promoted").elsewhere("zones.yml", scenario);
    let zones = |world: &World| world.state()["hosted_zones"].clone();
    let before = zones(&story.untold());
    let service =
        |more: &str| format!("region: ap-northeast-1\nservice: shop\nup: {{ service: {{ domain: shop.example.com{more} }} }}\n");
    let config = story.write("domain.yml", &service(", hosted_zone: example.com"));
    // Who deletes the service knows nothing of the record.
    let other = story.write("other.yml", &service(""));
    let told = story.script(&format!(
        "exits 0 espalier up -c {config}
         exits 0 espalier down -c {other}
         exits 0 espalier down -c {config}
         exits 0 espalier down -c {config}"
    ));
    let told = told.ends_with(0).says("service.alias  alias record shop.example.com");
    assert_eq!(zones(&told.world), before);
    // A service of the same name has another name of its own: the record is ours, and leads there from now on.
    let told = story.script(&format!(
        "exits 0 espalier up -c {config}
         exits 0 espalier down -c {other}
         exits 0 espalier up -c {config}
         exits 0 espalier up -c {config}"
    ));
    let told = told.ends_with(0).says("~ service.alias  alias record shop.example.com: points: false → true");
    assert!(told.run.stdout.ends_with("Nothing to do.\n"), "{}", told.run.stdout);
    // With its hosted zone a record is gone, which is no reason to leave the rest.
    let gone = story.write("gone.yml", &service(", hosted_zone: example.net").replace("example.com", "example.net"));
    let told =
        story.script(&format!("exits 0 espalier up -c {other}\nexits 0 espalier down -c {gone}\nexits 2 espalier up -c {gone}"));
    let told = told.ends_with(0).says("service: Lattice service shop taken away");
    assert_eq!(zones(&told.world), before);
}

#[test]
fn a_custom_domain_is_an_alias_of_the_service_and_other_accounts_share_it() {
    let scenario = "hosted_zones: [{ name: example.com, records: [{ name: www.example.com, type: CNAME, values: [elsewhere.example.net] }] }]\n";
    let story = Story::within("promoted").elsewhere("zones.yml", scenario);
    let before = there(&story.untold());
    let config = |domain: &str, zone: &str, with: &str| {
        format!(
            "region: ap-northeast-1\nservice: shop\nup:\n  network: {{ share_with: [\"210987654321\"] }}\n  listeners: {{ http: {{}} }}\n  \
             service: {{ domain: {domain}, hosted_zone: {zone}, share_with: [{with}\"210987654321\"] }}\n"
        )
    };
    let organization = "\"arn:aws:organizations::123456789012:organization/o-abcdefghij\", ";
    let domain = story.write("domain.yml", &config("shop.example.com", "example.com", organization));
    let fewer = story.write("fewer.yml", &config("shop.example.com", "example.com", ""));
    let told = story.script(&format!(
        "exits 0 espalier up -c {domain}
         exits 0 espalier up -c {domain}
         exits 0 espalier up -c {fewer}
         exits 0 espalier down -c {domain}"
    ));
    let told = told
        .ends_with(0)
        .says("up: shop: 7 as they are already")
        .says("~ service.share_with  resource share shop-share: principals: ");
    assert_eq!(there(&told.world), before);
    // A name that leads elsewhere is somebody else's, and another domain's zone is none.
    let taken = story.write("taken.yml", &config("www.example.com", "example.com", ""));
    let other = story.write("other.yml", &config("shop.example.net", "example.net", ""));
    let told = story.script(&format!("exits 5 espalier up -c {taken}\nexits 2 espalier up -c {other}")).ends_with(0);
    assert!(told.world.writes().is_empty(), "it is seen beforehand");
    let told = told.complains("alias record www.example.com is there and is not ours");
    told.complains("the account has no hosted zone that `shop.example.net` is in");
}
