use serde_json::json;

use super::asking::{GROUP, pass, scenario, values, world};
use crate::sandbox::{
    protocol::dispatch,
    scenario::{MetricSeed, MetricStep},
    wire::Request,
    world::World,
};

fn send(world: &mut World, method: http::Method, path: &str, body: &serde_json::Value) -> serde_json::Value {
    let (query, headers) = (String::new(), http::HeaderMap::new());
    let request = Request { method, path: path.to_owned(), query, headers, body: body.to_string().into() };
    let reply = dispatch::perform(world, dispatch::identify(&request), &request);
    assert!(reply.status < 300, "{}", reply.value());
    reply.value()
}

#[test]
fn a_metric_of_the_scenario_changes_with_time() {
    let steps = vec![
        MetricStep { at: 120, value: Some(8.0), ..MetricStep::default() },
        MetricStep { at: 240, ..MetricStep::default() },
        MetricStep { share_at_least: Some(5.0), value: Some(99.0), ..MetricStep::default() },
    ];
    let seed = MetricSeed {
        namespace: "Shop".to_owned(),
        name: "Failures".to_owned(),
        value: Some(3.0),
        steps,
        ..MetricSeed::default()
    };
    let mut world = world(scenario(), |it| it.metrics = vec![seed], &[]);
    pass(&mut world, 600);
    let query = json!({"Id": "m", "MetricStat": {"Period": 60, "Stat": "Average", "Metric": {"Namespace": "Shop", "MetricName": "Failures"}}});
    assert_eq!(values(&mut world, query), [(0, 3.0), (1, 8.0), (2, 8.0)], "a step without a value ends the data");
    let utilization = json!({"Id": "m", "MetricStat": {"Period": 300, "Stat": "Average", "Metric": {
        "Namespace": "AWS/ECS", "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "ServiceName", "Value": "myservice"}, {"Name": "ClusterName", "Value": "my-cluster"}],
    }}});
    assert_eq!(values(&mut world, utilization), [(0, 25.0), (5, 25.0)]);
}

#[test]
fn a_metric_of_the_scenario_follows_the_share_of_an_added_group() {
    let steps = vec![MetricStep { share_at_least: Some(5.0), value: Some(99.0), ..MetricStep::default() }];
    let seed = MetricSeed {
        namespace: "Shop".to_owned(),
        name: "Failures".to_owned(),
        value: Some(3.0),
        steps,
        ..MetricSeed::default()
    };
    let mut world = world(scenario(), |it| it.metrics = vec![seed], &[]);
    let config = json!({"port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678"});
    let group = json!({"name": "candidate", "type": "IP", "config": config});
    let group = send(&mut world, http::Method::POST, "/targetgroups", &group);
    pass(&mut world, 60);
    let listener = "/services/svc-12345678901234567/listeners/listener-12345678901234567";
    let split = |share: u64| {
        json!({"forward": {"targetGroups": [
            {"targetGroupIdentifier": GROUP, "weight": 100 - share}, {"targetGroupIdentifier": group["id"], "weight": share},
        ]}})
    };
    for share in [4, 5] {
        send(
            &mut world,
            http::Method::PATCH,
            &format!("{listener}/rules/rule-12345678901234567"),
            &json!({"action": split(share)}),
        );
        pass(&mut world, 60);
    }
    pass(&mut world, 120);
    let query = json!({"Id": "m", "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {"Namespace": "Shop", "MetricName": "Failures"}}});
    assert_eq!(values(&mut world, query)[..3], [(0, 3.0), (1, 3.0), (2, 99.0)]);
}
