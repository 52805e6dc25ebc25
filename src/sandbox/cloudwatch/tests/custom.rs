use serde_json::json;

use super::asking::{pass, scenario, values, world};
use crate::sandbox::scenario::{MetricSeed, MetricStep};

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
