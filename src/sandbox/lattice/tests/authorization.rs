//! Auth policies at work on requests.

use serde_json::{Value, json};

use super::{
    super::{Invocation, authorized},
    asking::{send, world},
};
use crate::sandbox::world::World;

const SERVICE: &str = "svc-12345678901234567";
const NETWORK: &str = "sn-12345678901234567";
const ARN: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567";
const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/deployer/run-1";

fn guard(world: &mut World, resource: &str, policy: &Value) {
    let list = if resource == NETWORK { "servicenetworks" } else { "services" };
    assert_eq!(send(world, "PATCH", &format!("/{list}/{resource}"), json!({"authType": "AWS_IAM"})).status, 200);
    if !policy.is_null() {
        let put = send(world, "PUT", &format!("/authpolicy/{resource}"), json!({"policy": policy.to_string()}));
        assert_eq!(put.status, 200, "{}", put.value());
    }
}

fn asks(world: &World, caller: Option<&str>, target: &str) -> bool {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = [("x-team".parse().unwrap(), "blue".parse().unwrap())].into_iter().collect();
    authorized(world, SERVICE, &Invocation { method: "GET", path, query, headers: &headers, port: 80, caller })
}

fn statement(effect: &str, more: Value) -> Value {
    let mut all = json!({"Effect": effect, "Principal": "*", "Action": "vpc-lattice-svcs:Invoke", "Resource": "*"});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

fn policy(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[test]
fn nothing_is_asked_without_iam_and_everything_denied_without_a_policy() {
    let mut world = world();
    assert!(asks(&world, None, "/"));
    guard(&mut world, SERVICE, &Value::Null);
    assert!(!asks(&world, None, "/") && !asks(&world, Some(SESSION), "/"));
    guard(&mut world, SERVICE, &policy(json!([statement("Allow", json!({}))])));
    assert!(asks(&world, None, "/"));
    // Both must allow it.
    guard(&mut world, NETWORK, &Value::Null);
    assert!(!asks(&world, None, "/"));
    guard(&mut world, NETWORK, &policy(json!([statement("Allow", json!({"Resource": format!("{ARN}/*")}))])));
    assert!(asks(&world, None, "/"));
    let wrong = Invocation { method: "GET", path: "/", query: "", headers: &http::HeaderMap::new(), port: 80, caller: None };
    assert!(!authorized(&world, "svc-00000000000000000", &wrong));
}

#[test]
fn statements_are_about_callers_paths_and_conditions() {
    let role = json!({"AWS": "arn:aws:iam::123456789012:role/deployer"});
    let condition = |operator: &str, key: &str, value: Value| json!({"Condition": {operator: {key: value}}});
    let key = |name: &str| format!("vpc-lattice-svcs:{name}");
    // What an Allow says, who asks for what, and whether that is let in.
    let cases: Vec<(Value, Option<&str>, &str, bool)> = vec![
        (json!({"Principal": role}), Some(SESSION), "/", true),
        (json!({"Principal": role}), None, "/", false),
        (json!({"Principal": {"AWS": "123456789012"}}), Some(SESSION), "/", true),
        (json!({"Principal": {"AWS": ["arn:aws:iam::123456789012:root"]}}), Some(SESSION), "/", true),
        (json!({"Principal": {"AWS": "arn:aws:iam::210987654321:root"}}), Some(SESSION), "/", false),
        (json!({"Principal": {"AWS": "*"}}), None, "/", true),
        (json!({"Principal": {"Service": "ecs.amazonaws.com"}}), Some(SESSION), "/", false),
        (json!({"Action": "vpc-lattice-svcs:*"}), None, "/", true),
        (json!({"Action": ["vpc-lattice-svcs:Connect"]}), None, "/", false),
        (json!({"Resource": format!("{ARN}/api/*")}), None, "/api/users", true),
        (json!({"Resource": format!("{ARN}/api/*")}), None, "/other", false),
        (json!({"Resource": "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-?2345678901234567"}), None, "/x", true),
        (condition("StringEquals", &key("RequestMethod"), json!(["GET", "HEAD"])), None, "/", true),
        (condition("StringEquals", &key("RequestMethod"), json!("POST")), None, "/", false),
        (condition("StringNotEquals", &key("RequestMethod"), json!("POST")), None, "/", true),
        (condition("StringLike", &key("RequestPath"), json!("/api/*")), None, "/api/x", true),
        (condition("StringEquals", &key("RequestHeader/X-Team"), json!("blue")), None, "/", true),
        (condition("StringEquals", &key("RequestHeader/x-other"), json!("blue")), None, "/", false),
        (condition("StringEqualsIfExists", &key("RequestHeader/x-other"), json!("blue")), None, "/", true),
        (condition("StringEquals", &key("RequestQueryString/stage"), json!("a b")), None, "/?x=1&stage=a%20b", true),
        (condition("Null", &key("RequestQueryString/stage"), json!("true")), None, "/?stage=x", false),
        (condition("NumericEquals", &key("Port"), json!(80)), None, "/", true),
        (condition("StringEquals", &key("Port"), json!("443")), None, "/", false),
        (condition("ArnLike", &key("ServiceArn"), json!("arn:aws:vpc-lattice:*:*:service/*")), None, "/", true),
        (condition("StringEquals", &key("ServiceNetworkArn"), json!("arn:other")), None, "/", false),
        (condition("StringNotEqualsIgnoreCase", "aws:PrincipalType", json!("anonymous")), None, "/", false),
        (condition("StringNotEqualsIgnoreCase", "aws:PrincipalType", json!("anonymous")), Some(SESSION), "/", true),
        (condition("ArnEquals", "aws:PrincipalArn", json!("arn:aws:iam::123456789012:role/deployer")), Some(SESSION), "/", true),
        (condition("StringEquals", "aws:PrincipalAccount", json!("123456789012")), Some(SESSION), "/", true),
        // What is not known here allows nothing.
        (condition("DateGreaterThan", "aws:CurrentTime", json!("2020-01-01T00:00:00Z")), None, "/", false),
        (condition("StringEquals", "aws:RequestTag/x", json!("y")), None, "/", false),
    ];
    for (more, caller, target, wanted) in cases {
        let mut world = world();
        guard(&mut world, SERVICE, &policy(json!([statement("Allow", more.clone())])));
        assert_eq!(asks(&world, caller, target), wanted, "{more} {caller:?} {target}");
    }
}

#[test]
fn a_denial_outweighs_whatever_allows() {
    let mut world = world();
    let deny = |more: Value| policy(json!([statement("Allow", json!({})), statement("Deny", more)]));
    guard(&mut world, SERVICE, &deny(json!({"Resource": format!("{ARN}/admin*")})));
    assert!(asks(&world, None, "/") && !asks(&world, None, "/admin/x"));
    // A condition that cannot be told denies what the statement is about.
    guard(&mut world, SERVICE, &deny(json!({"Condition": {"Bool": {"aws:SecureTransport": "false"}}})));
    assert!(!asks(&world, None, "/"));
    let other = json!({"Effect": "Deny", "NotPrincipal": {"AWS": "123456789012"}, "NotAction": "vpc-lattice-svcs:Connect", "NotResource": "arn:x"});
    guard(&mut world, SERVICE, &policy(json!([statement("Allow", json!({})), other])));
    assert!(asks(&world, Some(SESSION), "/") && !asks(&world, None, "/"));
}
