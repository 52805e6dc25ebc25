//! Auth policies and resource policies.

use serde_json::{Value, json};

use super::asking::{encoded, get, invalid, missing, pass, send, world};

const SERVICE: &str = "svc-12345678901234567";
const NETWORK: &str = "sn-12345678901234567";
const ALLOW: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"vpc-lattice-svcs:Invoke","Resource":"*"}]}"#;

fn arn(path: &str) -> String {
    encoded(&format!("arn:aws:vpc-lattice:ap-northeast-1:123456789012:{path}"))
}

#[test]
fn an_auth_policy_is_active_with_aws_iam() {
    let mut world = world();
    for (resource, by_arn, uri) in [
        (SERVICE, arn(&format!("service/{SERVICE}")), format!("/services/{SERVICE}")),
        (NETWORK, arn(&format!("servicenetwork/{NETWORK}")), format!("/servicenetworks/{NETWORK}")),
    ] {
        let path = format!("/authpolicy/{resource}");
        missing(&send(&mut world, "GET", &path, Value::Null), "AUTH_POLICY");
        let put = send(&mut world, "PUT", &path, json!({"policy": ALLOW}));
        assert_eq!((put.status, put.value()), (200, json!({"policy": ALLOW, "state": "Inactive"})));
        assert_eq!(send(&mut world, "PATCH", &uri, json!({"authType": "AWS_IAM"})).status, 200);
        pass(&mut world, 5);
        let put = send(&mut world, "PUT", &format!("/authpolicy/{by_arn}"), json!({"policy": ALLOW}));
        assert_eq!(put.value()["state"], "Active");
        let got = get(&mut world, &path);
        assert_eq!((&got["policy"], &got["state"]), (&json!(ALLOW), &json!("Active")));
        assert!(got["createdAt"].as_str() < got["lastUpdatedAt"].as_str(), "{got}");
        assert_eq!(send(&mut world, "DELETE", &path, Value::Null).status, 204);
        missing(&send(&mut world, "DELETE", &path, Value::Null), "AUTH_POLICY");
    }
    missing(&send(&mut world, "PUT", "/authpolicy/svc-00000000000000000", json!({"policy": ALLOW})), "SERVICE");
    missing(&send(&mut world, "PUT", "/authpolicy/sn-00000000000000000", json!({"policy": ALLOW})), "SERVICE_NETWORK");
}

#[test]
fn a_resource_policy_belongs_to_an_arn() {
    let mut world = world();
    let path = format!("/resourcepolicy/{}", arn(&format!("service/{SERVICE}")));
    assert_eq!(send(&mut world, "PUT", &path, json!({"policy": ALLOW})).status, 200);
    assert_eq!(get(&mut world, &path), json!({"policy": ALLOW}));
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null).status, 204);
    missing(&send(&mut world, "GET", &path, Value::Null), "RESOURCE_POLICY");
    missing(&send(&mut world, "DELETE", &path, Value::Null), "RESOURCE_POLICY");
    invalid(&send(&mut world, "GET", &format!("/resourcepolicy/{SERVICE}"), Value::Null), "resourceArn");
}

#[test]
fn what_is_no_policy_is_refused() {
    let mut world = world();
    let statement = |more: &str| format!(r#"{{"Statement":[{{"Effect":"Allow"{more}}}]}}"#);
    let large = format!(r#"{}{}"#, ALLOW, " ".repeat(10_300));
    for (policy, says) in [
        (ALLOW.replace(',', ",\n"), "must not contain newlines or blank lines"),
        (large, "must not be larger than 10 KB"),
        ("not JSON".to_owned(), "must be valid JSON"),
        ("{}".to_owned(), "must have at least one Statement"),
        (r#"{"Statement":[]}"#.to_owned(), "must have at least one Statement"),
        (r#"{"Statement":{"Effect":"Maybe"}}"#.to_owned(), "must have an Effect of Allow or Deny in each Statement"),
        (statement(""), "must have either Principal or NotPrincipal in each Statement"),
        (statement(r#","Principal":"*""#), "must have either Action or NotAction in each Statement"),
        (statement(r#","Principal":"*","Action":"*""#), "must have either Resource or NotResource in each Statement"),
    ] {
        let reply = send(&mut world, "PUT", &format!("/authpolicy/{SERVICE}"), json!({"policy": policy}));
        assert_eq!(invalid(&reply, "policy"), says, "{policy}");
    }
}
