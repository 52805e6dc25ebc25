use serde_json::{Value, json};

use super::asking::{GROUP, ask, metric, pass, refused, scenario, world};
use crate::sandbox::{
    cloudwatch::alarm_state,
    scenario::{AlarmEdit, AlarmSeed, AlarmState, Edit, Person},
    world::World,
};

fn definition() -> Value {
    json!({
        "AlarmName": "errors", "Namespace": "AWS/VpcLattice", "MetricName": "HTTPCode_5XX_Count", "Statistic": "Sum", "Period": 60,
        "Dimensions": [{"Name": "TargetGroup", "Value": GROUP}], "EvaluationPeriods": 2, "DatapointsToAlarm": 2, "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
    })
}

fn described(world: &mut World) -> Value {
    ask(world, "DescribeAlarms", &json!({"AlarmNames": ["errors"]}))["MetricAlarms"][0].clone()
}

#[test]
fn an_alarm_follows_its_metric_and_says_why() {
    let mut world = world(scenario(), |_| {}, &[(10, 0, 9), (10, 6, 9), (10, 7, 9), (10, 0, 9), (10, 0, 9)]);
    ask(&mut world, "PutMetricAlarm", &definition());
    let made = described(&mut world);
    assert_eq!(
        (&made["StateValue"], &made["StateReason"]),
        (&json!("INSUFFICIENT_DATA"), &json!("Unchecked: Initial alarm creation"))
    );
    assert_eq!(made["AlarmArn"], "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors");
    for (member, value) in definition().as_object().unwrap() {
        assert_eq!(&made[member], value, "{member}");
    }
    let mut states = Vec::new();
    for _ in 0..7 {
        pass(&mut world, 60);
        let now = described(&mut world);
        states.push((now["StateValue"].as_str().unwrap().to_owned(), now["StateReason"].as_str().unwrap().to_owned()));
    }
    let states: Vec<_> = states.iter().map(|(state, reason)| (state.as_str(), reason.as_str())).collect();
    assert_eq!(states[0].0, "INSUFFICIENT_DATA", "nothing is published yet");
    let ok = "Threshold Crossed: 1 out of the last 2 datapoints [0.0 (22/11/26 00:00:00)] was not greater than the threshold (5.0) \
              (minimum 1 datapoint for ALARM -> OK transition).";
    assert_eq!(states[1], ("OK", ok));
    assert_eq!(states[2].0, "OK");
    let alarm = "Threshold Crossed: 2 out of the last 2 datapoints [7.0 (22/11/26 00:02:00), 6.0 (22/11/26 00:01:00)] were greater \
                 than the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).";
    assert_eq!(states[3], ("ALARM", alarm));
    assert_eq!(states[4].0, "OK", "the newest two decide");
    let found = described(&mut world);
    let start = scenario().start.as_secs();
    assert_eq!(
        (&found["StateUpdatedTimestamp"], &found["StateTransitionedTimestamp"]),
        (&json!(start as f64 + 300.0), &json!(start as f64 + 300.0))
    );
    let data: Value = serde_json::from_str(found["StateReasonData"].as_str().unwrap()).unwrap();
    assert_eq!((&data["recentDatapoints"], &data["startDate"]), (&json!([7.0, 0.0]), &json!("2026-11-22T00:02:00.000+0000")));
}

#[test]
fn an_expression_is_watched_and_missing_data_counts_as_told() {
    for (missing, wanted) in
        [("missing", "INSUFFICIENT_DATA"), ("breaching", "ALARM"), ("notBreaching", "OK"), ("ignore", "INSUFFICIENT_DATA")]
    {
        let mut world = world(scenario(), |_| {}, &[]);
        let mut hidden = metric("bad", "HTTPCode_5XX_Count", "Sum");
        hidden["ReturnData"] = json!(false);
        let mut total = metric("total", "TotalRequestCount", "Sum");
        total["ReturnData"] = json!(false);
        let rate = json!({"Id": "rate", "Expression": "100 * bad / total"});
        let alarm = json!({
            "AlarmName": "errors", "Metrics": [hidden, total, rate], "EvaluationPeriods": 1, "Threshold": 10.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": missing,
        });
        ask(&mut world, "PutMetricAlarm", &alarm);
        pass(&mut world, 60);
        assert_eq!(alarm_state(&world, "errors"), Some(wanted), "{missing}");
        if missing == "breaching" {
            let reason =
                "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [Breaching].";
            assert_eq!(described(&mut world)["StateReason"], reason);
        }
    }
    let mut world = world(scenario(), |_| {}, &[(10, 1, 9)]);
    let rate = json!({"Id": "rate", "Expression": "100 * bad / SUM([bad, METRICS('total')])"});
    let queries = [metric("bad", "HTTPCode_5XX_Count", "Sum"), metric("total", "TotalRequestCount", "Sum")].map(|mut query| {
        query["ReturnData"] = json!(false);
        query
    });
    let mut alarm = definition();
    for member in ["Namespace", "MetricName", "Statistic", "Period", "Dimensions", "DatapointsToAlarm"] {
        alarm.as_object_mut().unwrap().remove(member);
    }
    alarm["Metrics"] = json!([queries[0], queries[1], rate]);
    alarm["EvaluationPeriods"] = json!(1);
    ask(&mut world, "PutMetricAlarm", &alarm);
    pass(&mut world, 120);
    assert_eq!(alarm_state(&world, "errors"), Some("ALARM"), "9 % is more than 5");
}

#[test]
fn a_state_set_by_hand_lasts_until_an_evaluation_finds_another() {
    let seed = AlarmSeed { name: "myservice-5xx".to_owned(), ..AlarmSeed::default() };
    let person = Person {
        at: 90,
        r#do: Edit::SetAlarm(AlarmEdit { name: "myservice-5xx".to_owned(), state: AlarmState::Alarm }),
        ..Person::default()
    };
    let mut world = world(scenario(), |it| (it.alarms, it.people) = (vec![seed], vec![person]), &[(10, 0, 9); 9]);
    assert_eq!(alarm_state(&world, "myservice-5xx"), Some("OK"));
    pass(&mut world, 60);
    assert_eq!(alarm_state(&world, "myservice-5xx"), Some("OK"));
    pass(&mut world, 600);
    assert_eq!(alarm_state(&world, "myservice-5xx"), Some("ALARM"), "it watches nothing that could change it");
    assert_eq!(alarm_state(&world, "nobody"), None);

    ask(&mut world, "PutMetricAlarm", &definition());
    pass(&mut world, 60);
    assert_eq!(alarm_state(&world, "errors"), Some("OK"));
    let set = json!({"AlarmName": "errors", "StateValue": "ALARM", "StateReason": "a test", "StateReasonData": "{}"});
    ask(&mut world, "SetAlarmState", &set);
    assert_eq!(
        (&described(&mut world)["StateValue"], &described(&mut world)["StateReason"]),
        (&json!("ALARM"), &json!("a test"))
    );
    let updated = definition();
    ask(&mut world, "PutMetricAlarm", &updated);
    assert_eq!(described(&mut world)["StateValue"], "ALARM", "an update leaves the state");
    pass(&mut world, 60);
    assert_eq!(alarm_state(&world, "errors"), Some("OK"));
}

#[test]
fn alarms_are_listed_and_deleted() {
    let mut world = world(scenario(), |_| {}, &[]);
    for name in ["b-1", "a-2", "a-1"] {
        let mut alarm = definition();
        alarm["AlarmName"] = json!(name);
        alarm["AlarmActions"] = json!([format!("arn:aws:sns:ap-northeast-1:123456789012:{name}")]);
        ask(&mut world, "PutMetricAlarm", &alarm);
    }
    let listed = |world: &mut World, request: Value| {
        let answer = ask(world, "DescribeAlarms", &request);
        let names =
            answer["MetricAlarms"].as_array().unwrap().iter().map(|alarm| alarm["AlarmName"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), answer["NextToken"].clone())
    };
    assert_eq!(listed(&mut world, json!({})).0, ["a-1", "a-2", "b-1"]);
    assert_eq!(listed(&mut world, json!({"AlarmNamePrefix": "a-"})).0, ["a-1", "a-2"]);
    assert_eq!(listed(&mut world, json!({"StateValue": "OK"})).0, [""; 0]);
    assert_eq!(listed(&mut world, json!({"AlarmTypes": ["CompositeAlarm"]})).0, [""; 0]);
    assert_eq!(listed(&mut world, json!({"ActionPrefix": "arn:aws:sns:ap-northeast-1:123456789012:a"})).0, ["a-1", "a-2"]);
    let (first, token) = listed(&mut world, json!({"MaxRecords": 2}));
    let (second, end) = listed(&mut world, json!({"MaxRecords": 2, "NextToken": token}));
    assert_eq!((first.len(), second, end), (2, vec!["b-1".to_owned()], Value::Null));
    let gone = refused(&mut world, "DeleteAlarms", &json!({"AlarmNames": ["nobody", "a-1"]}));
    assert_eq!(gone, (404, "ResourceNotFound".to_owned(), "Unknown alarm: nobody".to_owned()));
    assert_eq!(listed(&mut world, json!({})).0, ["a-2", "b-1"], "those that there are go");
    let set = json!({"AlarmName": "nobody", "StateValue": "OK", "StateReason": "x"});
    assert_eq!(refused(&mut world, "SetAlarmState", &set).1, "ResourceNotFound");
    let set = json!({"AlarmName": "a-2", "StateValue": "OK", "StateReason": "x", "StateReasonData": "{"});
    assert_eq!(refused(&mut world, "SetAlarmState", &set).1, "InvalidFormatFault");
}

#[test]
fn alarms_that_make_no_sense_are_told() {
    let mut world = world(scenario(), |_| {}, &[]);
    let table: [(&[(&str, Value)], &str); 12] = [
        (&[("ComparisonOperator", Value::Null)], "ComparisonOperator must not be null"),
        (&[("EvaluationPeriods", Value::Null)], "EvaluationPeriods must not be null"),
        (&[("Threshold", Value::Null)], "Threshold must not be null"),
        (&[("MetricName", Value::Null)], "MetricName must not be null"),
        (&[("Period", Value::Null)], "Period must not be null"),
        (&[("Period", json!(45))], "Period must be 10, 20, 30 or a multiple of 60."),
        (&[("DatapointsToAlarm", json!(3))], "DatapointsToAlarm must be less than or equal to EvaluationPeriods"),
        (
            &[("EvaluationPeriods", json!(1441)), ("DatapointsToAlarm", json!(1))],
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400).",
        ),
        (&[("ExtendedStatistic", json!("p99"))], "Exactly one of Statistic and ExtendedStatistic must be set."),
        (&[("Metrics", json!([metric("m", "RequestTime", "p99")]))], "Namespace should not be set if list of Metrics is set."),
        (
            &[("ComparisonOperator", json!("GreaterThanUpperThreshold"))],
            "GreaterThanUpperThreshold is for anomaly detection, which is not emulated by the sandbox.",
        ),
        (&[("EvaluationWindow", json!({"SlidingWindow": {}}))], "EvaluationWindow is not emulated by the sandbox."),
    ];
    for (changes, wanted) in table {
        let mut alarm = definition();
        for (member, value) in changes {
            alarm[*member] = value.clone();
        }
        assert_eq!(refused(&mut world, "PutMetricAlarm", &alarm), (400, "ValidationError".to_owned(), wanted.to_owned()));
    }
    let two = json!({
        "AlarmName": "x", "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "LessThanThreshold",
        "Metrics": [metric("m", "RequestTime", "p99"), json!({"Id": "e", "Expression": "m * 2"})],
    });
    let wanted = "Exactly one element of the metrics list should return data.";
    assert_eq!(refused(&mut world, "PutMetricAlarm", &two).2, wanted);
    assert_eq!(ask(&mut world, "DescribeAlarms", &json!({}))["MetricAlarms"], json!([]));
}

#[test]
fn a_percentile_of_too_few_samples_can_be_ignored() {
    for (requests, option, wanted) in [(999, "ignore", "INSUFFICIENT_DATA"), (1000, "ignore", "ALARM"), (10, "evaluate", "ALARM")]
    {
        let mut world = world(scenario(), |_| {}, &[(requests, 0, 900)]);
        let mut alarm = definition();
        alarm.as_object_mut().unwrap().remove("Statistic");
        (alarm["MetricName"], alarm["ExtendedStatistic"]) = (json!("RequestTime"), json!("p99"));
        (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) = (json!(1), json!(1));
        (alarm["Threshold"], alarm["EvaluateLowSampleCountPercentile"]) = (json!(500.0), json!(option));
        ask(&mut world, "PutMetricAlarm", &alarm);
        pass(&mut world, 120);
        assert_eq!(alarm_state(&world, "errors"), Some(wanted), "{requests} requests, {option}");
    }
}
