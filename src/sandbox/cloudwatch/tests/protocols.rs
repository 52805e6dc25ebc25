//! The same questions in all three protocols.

use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::asking::{ask, hour, metric, pass, scenario, world};
use crate::sandbox::{
    protocol::dispatch,
    wire::{Reply, Request},
    world::World,
};

fn send(world: &mut World, path: &str, headers: &[(&'static str, &str)], body: Vec<u8>) -> Reply {
    let headers = headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
    let request = Request {
        method: http::Method::POST,
        path: path.to_owned(),
        query: String::new(),
        headers: headers.collect(),
        body: body.into(),
    };
    dispatch::perform(world, dispatch::identify(&request), &request)
}

/// As the Rust SDK sends it (measured): indefinite maps, these headers.
fn by_cbor(world: &mut World, operation: &str, body: Vec<u8>) -> (Reply, Cbor) {
    let headers = [
        ("content-type", "application/cbor"),
        ("accept", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amzn-query-mode", "true"),
    ];
    let reply = send(world, &format!("/service/GraniteServiceVersion20100801/operation/{operation}"), &headers, body);
    let header = |name: &str| reply.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!((header("smithy-protocol"), header("content-type")), (Some("rpc-v2-cbor"), Some("application/cbor")));
    let value = ciborium::from_reader(reply.body.as_slice()).unwrap();
    (reply, value)
}

fn by_form(world: &mut World, form: &str) -> (Reply, String) {
    let body = format!("{form}&Version=2010-08-01").into_bytes();
    let reply = send(world, "/", &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")], body);
    let text = String::from_utf8(reply.body.clone()).unwrap();
    (reply, text)
}

/// Every map and list of indefinite length, text keys, times as tag 1 around a float.
fn indefinite(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            into.push(0xbf);
            for (name, member) in members {
                indefinite(&json!(name), into);
                if name == "StartTime" || name == "EndTime" {
                    into.push(0xc1);
                    into.push(0xfb);
                    into.extend(member.as_f64().unwrap().to_be_bytes());
                } else {
                    indefinite(member, into);
                }
            }
            into.push(0xff);
        }
        Value::Array(items) => {
            into.push(0x9f);
            items.iter().for_each(|item| indefinite(item, into));
            into.push(0xff);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => ciborium::into_writer(value, into).unwrap(),
    }
}

fn member<'c>(map: &'c Cbor, name: &str) -> &'c Cbor {
    let entries = map.as_map().unwrap();
    &entries.iter().find(|(key, _)| key.as_text() == Some(name)).unwrap_or_else(|| panic!("{name} in {map:?}")).1
}

#[test]
fn metric_data_is_the_same_in_all_three() {
    let mut world = world(scenario(), |_| {}, &[(10, 1, 20), (20, 0, 20)]);
    pass(&mut world, 180);
    let request = hour(&[metric("m", "TotalRequestCount", "Sum"), json!({"Id": "e", "Expression": "m / 8"})]);
    let by_json = ask(&mut world, "GetMetricData", &request);
    let start = scenario().start.as_secs();
    assert_eq!(by_json["MetricDataResults"][1]["Values"], json!([1.25, 2.5]));

    let mut body = Vec::new();
    indefinite(&request, &mut body);
    let (reply, answer) = by_cbor(&mut world, "GetMetricData", body);
    assert_eq!(reply.status, 200);
    let result = &member(&answer, "MetricDataResults").as_array().unwrap()[1];
    assert_eq!(member(result, "Values").as_array().unwrap(), &[Cbor::Float(1.25), Cbor::Float(2.5)]);
    let at = |seconds: u64| Cbor::Tag(1, Box::new(Cbor::Float(seconds as f64)));
    assert_eq!(member(result, "Timestamps").as_array().unwrap(), &[at(start), at(start + 60)]);

    let form = "Action=GetMetricData&StartTime=2026-11-22T00:00:00Z&EndTime=2026-11-22T01:00:00Z&ScanBy=TimestampAscending\
        &MetricDataQueries.member.1.Id=m&MetricDataQueries.member.1.MetricStat.Metric.Namespace=AWS%2FVpcLattice\
        &MetricDataQueries.member.1.MetricStat.Metric.MetricName=TotalRequestCount\
        &MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=TargetGroup\
        &MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value=tg-12345678901234567\
        &MetricDataQueries.member.1.MetricStat.Period=60&MetricDataQueries.member.1.MetricStat.Stat=Sum\
        &MetricDataQueries.member.2.Id=e&MetricDataQueries.member.2.Expression=m+%2F+8";
    let (reply, text) = by_form(&mut world, form);
    assert_eq!(reply.status, 200, "{text}");
    let wanted = "<member><Id>e</Id><Label>e</Label><Timestamps><member>2026-11-22T00:00:00Z</member>\
                  <member>2026-11-22T00:01:00Z</member></Timestamps><Values><member>1.25</member><member>2.5</member></Values>\
                  <StatusCode>Complete</StatusCode></member>";
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn errors_have_their_query_code_in_all_three() {
    let mut world = world(scenario(), |_| {}, &[]);
    let header = |reply: &Reply| {
        reply.headers.iter().find(|(name, _)| name == "x-amzn-query-error").map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let cases = [
        (
            "SetAlarmState",
            json!({"AlarmName": "nobody", "StateValue": "OK", "StateReason": "x"}),
            404,
            "ResourceNotFound",
            "ResourceNotFound",
        ),
        ("DescribeAlarms", json!({"NextToken": "x"}), 400, "InvalidNextToken", "InvalidNextToken"),
        (
            "SetAlarmState",
            json!({"AlarmName": "nobody", "StateValue": "OK", "StateReason": "x", "StateReasonData": "{"}),
            400,
            "InvalidFormatFault",
            "InvalidFormat",
        ),
        (
            "SetAlarmState",
            json!({"AlarmName": "nobody", "StateValue": "GOOD", "StateReason": "x"}),
            400,
            "ValidationError",
            "ValidationError",
        ),
    ];
    for (operation, input, status, shape, code) in cases {
        let mut body = Vec::new();
        indefinite(&input, &mut body);
        let (reply, answer) = by_cbor(&mut world, operation, body);
        assert_eq!((reply.status, header(&reply)), (status, format!("{code};Sender")), "{operation}");
        let kind = member(&answer, "__type").as_text().unwrap();
        assert_eq!(kind.rsplit('#').next(), Some(shape));
        let reply = crate::sandbox::protocol::testing::ask_json(&mut world, "cloudwatch", operation, &input);
        assert_eq!((reply.status, header(&reply), &reply.value()["__type"]), (status, format!("{code};Sender"), &json!(shape)));
        let form: String =
            input.as_object().unwrap().iter().map(|(name, value)| format!("&{name}={}", value.as_str().unwrap())).collect();
        let (reply, text) = by_form(&mut world, &format!("Action={operation}{form}"));
        assert_eq!(reply.status, status, "{text}");
        assert!(text.contains(&format!("<Type>Sender</Type><Code>{code}</Code>")), "{text}");
    }
}

#[test]
fn operations_without_an_answer_give_an_empty_map() {
    let mut world = world(scenario(), |_| {}, &[]);
    let alarm = json!({
        "AlarmName": "a", "Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 1.5, "ComparisonOperator": "LessThanThreshold",
    });
    let mut body = Vec::new();
    indefinite(&alarm, &mut body);
    let (reply, answer) = by_cbor(&mut world, "PutMetricAlarm", body);
    assert_eq!((reply.status, answer), (200, Cbor::Map(Vec::new())));
    let (_, described) = by_cbor(&mut world, "DescribeAlarms", vec![0xbf, 0xff]);
    let found = &member(&described, "MetricAlarms").as_array().unwrap()[0];
    assert_eq!(member(found, "Threshold"), &Cbor::Float(1.5));
    assert!(matches!(member(found, "StateUpdatedTimestamp"), Cbor::Tag(1, _)));
    let (reply, text) = by_form(&mut world, "Action=DeleteAlarms&AlarmNames.member.1=a");
    assert_eq!(reply.status, 200);
    assert!(
        text.starts_with("<DeleteAlarmsResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><ResponseMetadata>"),
        "{text}"
    );
    assert_eq!(by_cbor(&mut world, "DescribeAlarms", Vec::new()).0.status, 200, "no body is no members");
}
