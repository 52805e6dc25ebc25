//! Access log subscriptions.

use serde_json::{Value, json};

use super::asking::{conflict, encoded, get, id, invalid, missing, send, world};
use crate::sandbox::world::World;

const LOGS: &str = "/accesslogsubscriptions";
const SERVICE: &str = "svc-12345678901234567";
const NETWORK: &str = "sn-12345678901234567";
const S3: &str = "arn:aws:s3:::access-logs";
const GROUP: &str = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/lattice:*";
const STREAM: &str = "arn:aws:firehose:ap-northeast-1:123456789012:deliverystream/lattice";

fn subscribe(world: &mut World, resource: &str, destination: &str) -> crate::sandbox::wire::Reply {
    send(world, "POST", LOGS, json!({"resourceIdentifier": resource, "destinationArn": destination}))
}

#[test]
fn there_is_one_of_each_kind_of_destination_for_each_resource() {
    let mut world = world();
    let made: Vec<_> = [S3, GROUP, STREAM].iter().map(|destination| id(&subscribe(&mut world, SERVICE, destination))).collect();
    let text = conflict(&subscribe(&mut world, SERVICE, "arn:aws:s3:::other-logs"), "ACCESS_LOG_SUBSCRIPTION", &made[0]);
    assert!(text.contains("already exists"), "{text}");
    let path = format!("{LOGS}/{}", made[0]);
    conflict(&send(&mut world, "PATCH", &path, json!({"destinationArn": GROUP})), "ACCESS_LOG_SUBSCRIPTION", &made[1]);
    let updated = send(&mut world, "PATCH", &path, json!({"destinationArn": "arn:aws:s3:::other-logs"}));
    assert_eq!((updated.status, &updated.value()["destinationArn"]), (200, &json!("arn:aws:s3:::other-logs")));
    assert_eq!(subscribe(&mut world, NETWORK, S3).status, 201, "another resource");
    let arn = format!("arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/{SERVICE}");
    let listed = get(&mut world, &format!("{LOGS}?resourceIdentifier={}", encoded(&arn)));
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    assert_eq!(listed["items"][0]["destinationArn"], "arn:aws:s3:::other-logs");
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null).status, 204);
    for method in ["GET", "DELETE"] {
        missing(&send(&mut world, method, &path, Value::Null), "ACCESS_LOG_SUBSCRIPTION");
    }
    assert_eq!(subscribe(&mut world, SERVICE, S3).status, 201);
}

#[test]
fn a_network_has_logs_of_its_services_and_of_its_resources() {
    let mut world = world();
    let with = |log_type: &str| json!({"resourceIdentifier": NETWORK, "destinationArn": S3, "serviceNetworkLogType": log_type});
    let made = send(&mut world, "POST", LOGS, with("RESOURCE"));
    assert_eq!((made.status, &made.value()["serviceNetworkLogType"]), (201, &json!("RESOURCE")));
    let default = subscribe(&mut world, NETWORK, S3);
    assert_eq!(default.value()["serviceNetworkLogType"], "SERVICE");
    conflict(&send(&mut world, "POST", LOGS, with("SERVICE")), "ACCESS_LOG_SUBSCRIPTION", &id(&default));
    let of_service = json!({"resourceIdentifier": SERVICE, "destinationArn": S3, "serviceNetworkLogType": "SERVICE"});
    invalid(&send(&mut world, "POST", LOGS, of_service), "serviceNetworkLogType");
}

#[test]
fn logs_go_only_where_lattice_can_write() {
    let mut world = world();
    for destination in [
        "arn:aws:sqs:ap-northeast-1:123456789012:queue",
        "arn:aws:logs:ap-northeast-1:123456789012:destination:one",
        "arn:aws:s3",
    ] {
        invalid(&subscribe(&mut world, SERVICE, destination), "destinationArn");
    }
    missing(&subscribe(&mut world, "svc-00000000000000000", S3), "SERVICE");
    missing(&subscribe(&mut world, "sn-00000000000000000", S3), "SERVICE_NETWORK");
    assert_eq!(get(&mut world, &format!("{LOGS}?resourceIdentifier=svc-00000000000000000"))["items"], json!([]));
    invalid(&send(&mut world, "GET", LOGS, Value::Null), "resourceIdentifier");
}
