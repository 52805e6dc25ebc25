//! What is measured, over the wire: expressions, connection errors, composite alarms, answers that are not whole, and groups of TCP.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{QUICK, QUICKLY};
use crate::{
    harness::{Story, Told, root},
    world::World,
};

const ADDED: &str = "tg-0b0b0b0b0b0b0b0b0";

/// The seed's release in such a world, judged so.
fn release(world: &Value, analysis: &str) -> (Story, Told) {
    let (story, config) = judged(world, analysis);
    let told = story.run(&[&["deploy", "-c", &config], &QUICK[..]].concat());
    (story, told)
}

/// Such a world, and the seed's config judged so. The second slot's target group is there from the start, so that metrics can be said of it.
fn judged(world: &Value, analysis: &str) -> (Story, String) {
    let group = |name: &str, id: &str| {
        json!({ "name": name, "id": id, "config": {
            "port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678",
            "healthCheck": { "enabled": true, "path": "/health", "healthCheckIntervalSeconds": 10, "healthCheckTimeoutSeconds": 5, "healthyThresholdCount": 2, "unhealthyThresholdCount": 2 },
        } })
    };
    let mut all = json!({
        "load": [{ "rps": 100 }],
        "lattice": { "target_groups": [group("myservice-a", "tg-12345678901234567"), group("myservice-b", ADDED)] },
    });
    for (member, value) in world.as_object().expect("members") {
        all[member] = value.clone();
    }
    let story = Story::of(&all);
    let seed = root().join("tests/fixtures/seed");
    let config = std::fs::read_to_string(seed.join("espalier.yml")).expect("the seed");
    let config = config.replace(" ecs-", &format!(" {}/ecs-", seed.display()));
    let config = story.write("espalier.yml", &format!("{config}\nanalysis: {{ {analysis} }}\n"));
    (story, config)
}

/// How busy an ECS service is, in percent; the sandbox has 25 where nothing is said.
const CPU: &str = "name: cpu, metric: CPUUtilization, namespace: AWS/ECS, stat: average, \
    dimensions: { ClusterName: \"${cluster}\", ServiceName: \"${ecs_service}\" }";

/// A metric of an ECS service's, worth so much from some second of the story on.
fn of_service(namespace: &str, name: &str, dimensions: &Value, values: [(u64, f64); 2]) -> Value {
    let steps: Vec<_> = values.iter().map(|(at, value)| json!({ "at": at, "value": value })).collect();
    json!({ "namespace": namespace, "name": name, "dimensions": dimensions, "unit": "None", "value": 0.0, "steps": steps })
}

fn busy(service: &str, values: [(u64, f64); 2]) -> Value {
    of_service("AWS/ECS", "CPUUtilization", &json!({ "ClusterName": "my-cluster", "ServiceName": service }), values)
}

#[test]
fn a_metric_of_another_namespace_decides_by_the_candidates_ecs_service() {
    let limit = format!("metrics: [{{ {CPU}, max: 80, versus_stable: +50% }}]");
    let (_, told) = release(&json!({}), &limit);
    told.ends_with(0).says("cpu 25: pass");
    // Stable's own is nobody's fault.
    let (_, told) = release(&json!({ "metrics": [busy("myservice", [(0, 95.0), (0, 95.0)])] }), &limit);
    told.ends_with(0).says("cpu 25: pass");
    let (_, told) = release(&json!({ "metrics": [busy("myservice-green", [(0, 95.0), (0, 95.0)])] }), &limit);
    let told = told.ends_with(3).says("(analysis-failed)").says("cpu 95 (above 80)");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
    let (_, told) = release(&json!({ "metrics": [busy("myservice-green", [(0, 60.0), (0, 60.0)])] }), &limit);
    told.ends_with(3).says("cpu 60 (stable had 25: worse than at most 50% above stable)");
    // One that an application publishes by itself.
    let lost = |values| json!({ "metrics": [of_service("Shop", "LostOrders", &json!({ "Service": "orders-of-myservice-green" }), values)] });
    let limit = "metrics: [{ name: lost, metric: LostOrders, namespace: Shop, stat: sum, max: 2, dimensions: { Service: \"orders-of-${ecs_service}\" } }]";
    release(&lost([(0, 1.0), (0, 1.0)]), limit).1.ends_with(0).says("lost 1: pass");
    release(&lost([(0, 7.0), (0, 7.0)]), limit).1.ends_with(3).says("lost 7 (above 2)");
}

/// Who is candidate and who is stable changes with each promotion.
#[test]
fn a_metric_of_another_namespace_follows_the_slots_when_they_have_swapped_roles() {
    let limit = format!("metrics: [{{ {CPU}, max: 80 }}]");
    let twice = |seed: Value, ends: i32| {
        let (story, config) = judged(&json!({ "metrics": [seed] }), &limit);
        let deploy = |image: &str| format!("espalier deploy -c {config} --image web={image} {QUICKLY}");
        let (first, second) = (deploy("nginx:1.28"), deploy("nginx:1.29"));
        story.script(&format!("exits 0 {first}\nlater 3600\nexits {ends} {second}")).ends_with(0)
    };
    // In the second release the one is the candidate, and the other is what served before.
    let told = twice(busy("myservice", [(0, 25.0), (3600, 95.0)]), 3).says("myservice:2 promoted").says("cpu 95 (above 80)");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    let told = twice(busy("myservice-green", [(0, 25.0), (3600, 95.0)]), 0).says("myservice:3 promoted");
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
}

#[test]
fn an_expression_of_the_candidates_own_metrics_decides() {
    let metric = "metrics: [{ name: answered, expression: \"100 - 100 * FILL(${HTTPCode_5XX_Count}, 0) / ${TotalRequestCount}\", min: 99 }]";
    let (_, told) = release(&json!({}), metric);
    told.ends_with(0).says("answered 100");
    let (_, told) = release(&json!({ "images": { "*": { "error_rate": 5 } } }), metric);
    told.ends_with(3).says("(analysis-failed)").says("answered 95").says("below 99");
    let (story, told) =
        release(&json!({}), "metrics: [{ name: answered, expression: \"100 - FILL(${HTTPCode_5XX_Count}\", min: 99 }]");
    assert_eq!(told.ends_with(2).world.state(), story.untold().state(), "what CloudWatch does not understand is told before");
}

#[test]
fn connections_that_fail_are_counted_by_the_minute() {
    let metric = "metrics: [{ name: connections, metric: connection-errors, max: 3 }]";
    for (errors, code) in [(2.0, 0), (9.0, 3)] {
        let seed = json!({
            "namespace": "AWS/VpcLattice", "name": "ConnectionErrorCount", "dimensions": { "TargetGroup": ADDED }, "unit": "Count",
            "value": 0.0, "steps": [{ "share_at_least": 5, "value": errors }],
        });
        let (_, told) = release(&json!({ "metrics": [seed] }), metric);
        let told = told.ends_with(code);
        if code == 3 {
            told.says("connections 9").says("above 3");
        }
    }
}

/// Every metric of our own, and one by its published name: each decides, both ways.
#[test]
fn every_metric_passes_what_is_good_and_fails_what_is_not() {
    let seeded = |name: &str, value: f64| {
        json!({ "metrics": [{
            "namespace": "AWS/VpcLattice", "name": name, "dimensions": { "TargetGroup": ADDED }, "unit": "Count",
            "value": 0.0, "steps": [{ "share_at_least": 5, "value": value }],
        }] })
    };
    let image = |behaviour: Value| json!({ "images": { "*": behaviour } });
    let table = [
        (
            "metric: request-time, max: 500ms",
            image(json!({ "latency_ms": 900, "latency_p99_ms": 900 })),
            "it 900ms (above 500ms)",
        ),
        ("metric: request-time, stat: p99, max: 500ms", image(json!({ "latency_p99_ms": 900 })), "(above 500ms)"),
        ("metric: request-count, min: 200", json!({ "load": [{ "rps": 10 }] }), "(below 200)"),
        ("metric: HTTPCode_4XX_Count, max: 5", image(json!({ "error_rate": 5, "error_status": 404 })), "(above 5)"),
        // Requests that never got an answer are no 5xx of the group's.
        ("metric: error-rate, max: 5%", seeded("ConnectionErrorCount", 30.0), "it 10% of 300 requests (above 5%)"),
        ("metric: error-rate, max: 5%", seeded("ConnectionTimeoutCount", 30.0), "it 10% of 300 requests (above 5%)"),
        ("metric: connection-errors, max: 5", seeded("ConnectionTimeoutCount", 9.0), "it 9 (above 5)"),
    ];
    let all: Vec<_> = (0..).zip(&table).map(|(number, (metric, ..))| format!("{{ name: it-{number}, {metric} }}")).collect();
    release(&json!({}), &format!("metrics: [{}]", all.join(", "))).1.ends_with(0);
    for (metric, bad, says) in table {
        let (_, told) = release(&bad, &format!("metrics: [{{ name: it, {metric} }}]"));
        let told = told.ends_with(3).says("(analysis-failed)").says(says);
        assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0], "{metric}");
    }
    // What the client did wrong is nothing that the service failed at.
    let wrong = image(json!({ "error_rate": 5, "error_status": 404 }));
    release(&wrong, "metrics: [{ name: it, metric: error-rate, max: 1% }]").1.ends_with(0);
}

#[test]
fn a_composite_alarm_counts_like_any_other() {
    let alarm = json!([{ "name": "shop", "definition": { "AlarmRule": "ALARM(5xx) OR ALARM(slow)" } }]);
    let (_, told) = release(&json!({ "alarms": alarm }), "alarms: [shop]");
    told.ends_with(0);
    let rings = json!([{ "share_at_least": 5, "at": 30, "do": { "set-alarm": { "name": "shop", "state": "ALARM" } } }]);
    let (_, told) = release(&json!({ "alarms": alarm, "people": rings }), "alarms: [shop]");
    let told = told.ends_with(3).says("shop (on (Set by hand))");
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 0]);
}

/// What CloudWatch calls partial, and what it has more pages of, is waited for.
#[test]
fn argo_10_an_answer_that_is_not_whole_is_no_data() {
    let metric = "metrics: [{ name: errors, metric: error-rate, max: 1% }]";
    let bad = json!({ "*": { "error_rate": 5 } });
    let partial = json!([{ "operations": ["cloudwatch:GetMetricData"], "until": 7, "effect": "partial" }]);
    let (_, told) = release(&json!({ "faults": partial }), metric);
    let told =
        told.ends_with(0).says("what was measured is not complete yet").says("its time is over, and it goes on being watched");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    let (_, told) = release(&json!({ "faults": partial, "images": bad }), metric);
    told.ends_with(3).says("(above 1%)");
}

#[test]
fn a_group_of_tcp_is_not_judged_by_what_only_http_has() {
    let group = |name: &str, id: &str, target: &str| {
        let targets = json!([{ "id": target, "port": 443 }]);
        json!({ "name": name, "id": id, "type": "IP", "targets": targets, "config": {
            "port": 443, "protocol": "TCP", "vpcIdentifier": "vpc-12345678", "healthCheck": { "enabled": false },
        } })
    };
    let service = json!({
        "name": "my-service", "id": "svc-03e92ee54968d87ca", "custom_domain": "shop.example.com",
        "listeners": [{
            "name": "tls", "id": "listener-0c0c0c0c0c0c0c0c0", "port": 443, "protocol": "TLS_PASSTHROUGH",
            "default_action": { "forward": { "old": 100 } },
        }],
    });
    let groups = json!([group("old", "tg-0a0a0a0a0a0a0a0a0", "10.0.0.10"), group("new", "tg-0b0b0b0b0b0b0b0b0", "10.0.0.11"),]);
    let story = Story::of(&json!({
        "lattice": { "service_networks": [], "target_groups": groups, "services": [service] },
        "ecs_services": [],
    }));
    let shift = |metric: &str| {
        let config = story.write("espalier.yml", &format!("analysis: {{ health: unchecked, metrics: [{metric}] }}"));
        let steps = ["--steps", "50%:1m,100%:1m", "--settle", "30s"];
        story.run(
            &[&["shift", "--lattice-service", "my-service", "--from", "old", "--to", "new", "-c", &config], &steps[..]].concat(),
        )
    };
    for metric in ["{ name: errors, metric: error-rate, max: 1% }", "{ name: slow, metric: request-time, max: 1s }"] {
        let told = shift(metric).ends_with(2).complains("is about HTTP requests, and the target group new forwards TCP");
        assert_eq!(told.world.state(), story.untold().state());
    }
    let told = shift(&format!("{{ {CPU}, max: 80 }}")).ends_with(2);
    let told = told.complains("metric cpu has `${ecs_service}`, and a shift knows target groups alone");
    assert_eq!(told.world.state(), story.untold().state());
    let told =
        shift("{ name: connections, metric: connection-errors, max: 3, on_no_data: pass }").ends_with(0).says("new promoted");
    told.world.forwards(&[("old", 0), ("new", 100)]);
}

/// The most that one look asks, by the kind of call: looks are the moments at which nothing was written.
fn a_look(world: &World) -> BTreeMap<String, usize> {
    let mut moments: BTreeMap<u64, BTreeMap<String, usize>> = BTreeMap::new();
    for line in world.log() {
        let of_aws = |what: &&str| ["vpc-lattice:", "ecs:", "cloudwatch:"].iter().any(|service| what.starts_with(service));
        let called = line["what"].as_str().filter(of_aws);
        if let (Some(at), Some(what)) = (line["at"].as_u64(), called) {
            *moments.entry(at).or_default().entry(what.to_owned()).or_default() += 1;
        }
    }
    let shifts = |calls: &BTreeMap<String, usize>| {
        ["UpdateRule", "UpdateListener", "BatchUpdateRule"]
            .iter()
            .any(|write| calls.contains_key(&format!("vpc-lattice:{write}")))
    };
    let began = moments.iter().find(|(_, calls)| shifts(calls)).map(|(at, _)| *at).expect("weights are written");
    let reads = ["Get", "List", "Describe"];
    let is_read =
        |what: &String| what.split(':').nth(1).is_some_and(|operation| reads.iter().any(|word| operation.starts_with(word)));
    let looks = moments.iter().filter(|(at, calls)| **at > began && calls.keys().all(is_read)).map(|(_, calls)| calls);
    let mut most = BTreeMap::new();
    for (what, count) in looks.flatten() {
        let known: &mut usize = most.entry(what.clone()).or_default();
        *known = (*known).max(*count);
    }
    most
}

/// The Gateway API Controller asked for every rule by itself, again and again, until its account was throttled (#100).
#[test]
fn gateway_7_what_a_look_asks_does_not_grow_with_the_number_of_steps() {
    let metric = "metrics: [{ name: errors, metric: error-rate, max: 1% }]";
    let told = |steps: &str| {
        let story = Story::of(&json!({ "load": [{ "rps": 100 }] }));
        let seed = root().join("tests/fixtures/seed");
        let config = std::fs::read_to_string(seed.join("espalier.yml")).expect("the seed");
        let config = config.replace(" ecs-", &format!(" {}/ecs-", seed.display()));
        let config = story.write("espalier.yml", &format!("{config}\nanalysis: {{ {metric} }}\n"));
        let how = ["--steps", steps, "--settle", "30s", "--retire-after", "30s"];
        story.run(&[&["deploy", "-c", &config], &how[..]].concat()).ends_with(0)
    };
    // Longer, so that some minute is asked about at a look that writes nothing.
    let few = told("50%:3m,100%:3m");
    let many = told("1%:1m,2%:1m,5%:1m,10%:1m,20%:1m,40%:1m,60%:1m,80%:1m,90%:1m,100%:1m");
    let look = a_look(&few.world);
    assert_eq!(look, a_look(&many.world));
    // Two traffic targets and two target groups; the rest is asked about once.
    for (what, count) in &look {
        let resources = if what == "vpc-lattice:ListTargets" { 2 } else { 1 };
        assert!(*count <= resources, "{what}: {count} in one look: {look:?}");
    }
    let asked = many.world.times_of("GetMetricData");
    assert!(asked.windows(2).all(|pair| pair[0] / 60_000 < pair[1] / 60_000), "once a minute: {asked:?}");
}

/// The seed's service behind a listener that passes TLS through.
pub(super) fn behind_tls() -> serde_json::Value {
    let health = json!({
        "enabled": true, "protocol": "HTTP", "path": "/health", "healthCheckIntervalSeconds": 10, "healthCheckTimeoutSeconds": 5,
        "healthyThresholdCount": 2, "unhealthyThresholdCount": 2,
    });
    let group = json!({ "name": "myservice-a", "id": "tg-12345678901234567", "type": "IP", "config": {
        "port": 443, "protocol": "TCP", "vpcIdentifier": "vpc-12345678", "healthCheck": health,
    } });
    let service = json!({
        "name": "myservice", "id": "svc-12345678901234567", "custom_domain": "shop.example.com",
        "listeners": [{
            "name": "http-80", "id": "listener-12345678901234567", "port": 443, "protocol": "TLS_PASSTHROUGH",
            "default_action": { "forward": { "myservice-a": 100 } },
        }],
    });
    json!({ "lattice": { "service_networks": [], "target_groups": [group], "services": [service] } })
}

/// The same for a release, and for whoever asks beforehand.
#[test]
fn a_release_behind_tls_is_not_judged_by_what_only_http_has() {
    let story = Story::of(&behind_tls());
    for verb in ["deploy", "verify"] {
        let told = story.run(&[verb, "-c", "tests/fixtures/seed/metrics.yml"]).ends_with(2);
        let said = format!("{}{}", told.run.stdout, told.run.stderr);
        assert!(said.contains("is about HTTP requests"), "{verb}: {said}");
        assert_eq!(told.world.state(), story.untold().state(), "{verb}");
    }
}
