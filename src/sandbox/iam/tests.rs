//! Roles, tokens and policies over the wire.

use std::time::Duration;

use http::{HeaderName, Method};
use serde_json::{Value, json};

use super::Policy;
use crate::sandbox::{
    oidc,
    protocol::dispatch,
    scenario::{self, RoleSeed},
    wire::{Reply, Request},
    world::World,
};

const ROLE: &str = "arn:aws:iam::123456789012:role/deployer";
const RULE: &str = "/services/svc-12345678901234567/listeners/listener-12345678901234567/rules/rule-12345678901234567";

fn world() -> World {
    World::new(scenario::load("promoted").unwrap())
}

/// The same with a role `deployer` that has these statements.
fn with_policy(statements: Value) -> World {
    let mut world = world();
    let policy = Policy::try_from(json!({"Version": "2012-10-17", "Statement": statements})).unwrap();
    let role = RoleSeed { policies: Some(vec![policy]), ..RoleSeed::default() };
    world.scenario.iam.roles.insert("deployer".to_owned(), role);
    world
}

fn send(world: &mut World, method: Method, path: &str, headers: &[(&'static str, String)], body: &str) -> Reply {
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
    let body = body.to_owned().into();
    let request = Request { method, path: path.to_owned(), query: String::new(), headers, body };
    dispatch::perform(world, dispatch::identify(&request), &request)
}

fn sts(world: &mut World, fields: &str, key: &Key) -> Reply {
    let mut headers = key.headers();
    headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
    send(world, Method::POST, "/", &headers, &format!("{fields}&Version=2011-06-15"))
}

fn ecs(world: &mut World, operation: &str, body: &Value, key: &Key) -> Reply {
    let mut headers = key.headers();
    headers.push(("x-amz-target", format!("AmazonEC2ContainerServiceV20141113.{operation}")));
    send(world, Method::POST, "/", &headers, &body.to_string())
}

fn lattice(world: &mut World, method: Method, path: &str, body: &str, key: &Key) -> Reply {
    send(world, method, path, &key.headers(), body)
}

/// What signs a request.
#[derive(Clone, Default)]
struct Key {
    id: String,
    token: String,
}

impl Key {
    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if !self.id.is_empty() {
            let scope = format!("AWS4-HMAC-SHA256 Credential={}/20261122/r/s/aws4_request, SignedHeaders=host", self.id);
            headers.push(("authorization", scope));
        }
        if !self.token.is_empty() {
            headers.push(("x-amz-security-token", self.token.clone()));
        }
        headers
    }
}

fn token(world: &mut World, audience: &str) -> String {
    let headers = [(HeaderName::from_static("authorization"), format!("bearer {}", oidc::REQUEST_TOKEN).parse().unwrap())];
    let request = Request {
        method: Method::GET,
        path: oidc::PATH.to_owned(),
        query: format!("audience={audience}"),
        headers: headers.into_iter().collect(),
        body: bytes::Bytes::new(),
    };
    oidc::handle(world, &request).value()["value"].as_str().unwrap().to_owned()
}

fn assume(world: &mut World, token: &str, more: &str) -> Reply {
    let fields =
        format!("Action=AssumeRoleWithWebIdentity&RoleArn={ROLE}&RoleSessionName=release-7&WebIdentityToken={token}{more}");
    sts(world, &fields, &Key::default())
}

fn element(reply: &Reply, name: &str) -> String {
    let text = String::from_utf8(reply.body.clone()).unwrap();
    let (_, rest) = text.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{name} is not in {text}"));
    rest.split('<').next().unwrap().to_owned()
}

fn assumed(world: &mut World, more: &str) -> Key {
    let token = token(world, "sts.amazonaws.com");
    let reply = assume(world, &token, more);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    Key { id: element(&reply, "AccessKeyId"), token: element(&reply, "SessionToken") }
}

#[test]
fn a_role_is_assumed_and_its_credentials_end() {
    let mut world = world();
    let key = assumed(&mut world, "&DurationSeconds=900");
    assert!(key.id.starts_with("ASIA") && key.id.len() == 20, "{}", key.id);
    let me = sts(&mut world, "Action=GetCallerIdentity", &key);
    assert_eq!(element(&me, "Arn"), "arn:aws:sts::123456789012:assumed-role/deployer/release-7");
    let me = sts(&mut world, "Action=GetCallerIdentity", &Key::default());
    assert_eq!(element(&me, "Arn"), "arn:aws:sts::123456789012:assumed-role/deployer/GitHubActions");
    assert_eq!(lattice(&mut world, Method::GET, RULE, "", &key).status, 200);

    let bare = Key { token: String::new(), ..key.clone() };
    let reply = lattice(&mut world, Method::GET, RULE, "", &bare);
    assert_eq!(
        (reply.status, reply.value()["message"].clone()),
        (403, json!("The security token included in the request is invalid."))
    );

    world.advance(world.now + Duration::from_secs(900));
    let reply = lattice(&mut world, Method::GET, RULE, "", &key);
    let code = |reply: &Reply| reply.headers.iter().find(|(name, _)| name == "x-amzn-errortype").unwrap().1.clone();
    assert_eq!((reply.status, code(&reply)), (403, "ExpiredTokenException".to_owned()));
    let reply = ecs(&mut world, "ListServices", &json!({}), &key);
    assert_eq!((reply.status, reply.value()["__type"].clone()), (400, json!("ExpiredTokenException")));
    let reply = sts(&mut world, "Action=GetCallerIdentity", &key);
    assert_eq!((reply.status, element(&reply, "Code")), (403, "ExpiredToken".to_owned()));
}

#[test]
fn a_token_must_be_this_runs_for_aws_and_fresh() {
    let mut world = world();
    let right = token(&mut world, "sts.amazonaws.com");
    let other = token(&mut world, "somebody.else");
    let (signed, _) = right.rsplit_once('.').unwrap();
    let table = [
        ("nonsense".to_owned(), "", 400, "InvalidIdentityToken"),
        (format!("{signed}.AAAA"), "", 400, "InvalidIdentityToken"),
        (other, "", 400, "InvalidIdentityToken"),
        (right.clone(), "&DurationSeconds=899", 400, "ValidationError"),
        (right.clone(), "&ProviderId=www.amazon.com", 400, "ValidationError"),
        (right.clone(), "&Policy=%7B", 400, "MalformedPolicyDocument"),
    ];
    for (token, more, status, code) in table {
        let reply = assume(&mut world, &token, more);
        assert_eq!((reply.status, element(&reply, "Code")), (status, code.to_owned()), "{token} {more}");
    }
    world.advance(world.now + Duration::from_secs(300));
    let reply = assume(&mut world, &right, "");
    assert_eq!((reply.status, element(&reply, "Code")), (400, "ExpiredTokenException".to_owned()));
}

#[test]
fn a_role_trusts_whom_its_policy_names_and_for_so_long() {
    let mut world = world();
    let trust = |subject: &str| {
        Policy::try_from(json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
                "StringLike": {"token.actions.githubusercontent.com:sub": subject},
            },
        }]}))
        .unwrap()
    };
    let denied = |world: &mut World| {
        let token = token(world, "sts.amazonaws.com");
        let reply = assume(world, &token, "");
        assert_eq!((reply.status, element(&reply, "Code")), (403, "AccessDenied".to_owned()));
        assert_eq!(element(&reply, "Message"), "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    };
    let role = |world: &mut World, subject: &str| {
        let role = RoleSeed { trust: Some(trust(subject)), max_session: 3600, ..RoleSeed::default() };
        world.scenario.iam.roles.insert("deployer".to_owned(), role);
    };
    role(&mut world, "repo:octo/myservice:*");
    assumed(&mut world, "");
    let right = token(&mut world, "sts.amazonaws.com");
    let reply = assume(&mut world, &right, "&DurationSeconds=3601");
    assert_eq!((reply.status, element(&reply, "Code")), (400, "ValidationError".to_owned()));
    // The form with ids is another subject, which an exact trust does not know.
    world.scenario.oidc.immutable_ids = true;
    denied(&mut world);
    role(&mut world, "repo:octo@*/myservice@*:*");
    assumed(&mut world, "");
    world.scenario.iam.roles.clear();
    world.scenario.iam.roles.insert("other".to_owned(), RoleSeed::default());
    denied(&mut world);
}

#[test]
fn keys_that_are_nobodys_are_refused_where_the_scenario_wants_it() {
    let mut world = world();
    let stranger = Key { id: "AKIANOBODYNOBODY0000".to_owned(), token: String::new() };
    assert_eq!(lattice(&mut world, Method::GET, RULE, "", &stranger).status, 200);
    world.scenario.iam.authentication = true;
    assert_eq!(lattice(&mut world, Method::GET, RULE, "", &stranger).status, 403);
    let reply = ecs(&mut world, "ListServices", &json!({}), &stranger);
    assert_eq!((reply.status, reply.value()["__type"].clone()), (400, json!("UnrecognizedClientException")));
    let reply = sts(&mut world, "Action=GetCallerIdentity", &stranger);
    assert_eq!((reply.status, element(&reply, "Code")), (403, "InvalidClientTokenId".to_owned()));
    let reply = ecs(&mut world, "ListServices", &json!({}), &Key::default());
    assert_eq!(reply.value()["__type"], "MissingAuthenticationTokenException");
    let own = Key { id: crate::sandbox::serve::ACCESS_KEY.to_owned(), token: String::new() };
    assert_eq!(ecs(&mut world, "ListServices", &json!({"cluster": "my-cluster"}), &own).status, 200);
    let key = assumed(&mut world, "");
    assert_eq!(lattice(&mut world, Method::GET, RULE, "", &key).status, 200);
}

#[test]
fn what_no_policy_allows_is_denied_in_each_services_words() {
    let mut world = with_policy(json!([
        {"Effect": "Allow", "Action": ["vpc-lattice:GetRule", "ecs:DescribeServices"], "Resource": "*"},
        {"Effect": "Deny", "Action": "ecs:StopTask", "Resource": "*"},
    ]));
    let nobody = Key::default();
    assert_eq!(lattice(&mut world, Method::GET, RULE, "", &nobody).status, 200);
    let reply = lattice(&mut world, Method::PATCH, RULE, r#"{"priority": 7}"#, &nobody);
    let start = "User: arn:aws:sts::123456789012:assumed-role/deployer/GitHubActions is not authorized to perform: ";
    let rule = format!("arn:aws:vpc-lattice:ap-northeast-1:123456789012:{}", RULE.trim_start_matches('/').replace("s/", "/"));
    let because = "because no identity-based policy allows the vpc-lattice:UpdateRule action";
    assert_eq!(reply.status, 403);
    assert_eq!(reply.value()["message"], format!("{start}vpc-lattice:UpdateRule on resource: {rule} {because}"));
    let reply = ecs(&mut world, "StopTask", &json!({"cluster": "c", "task": "t"}), &nobody);
    let text = "ecs:StopTask on resource: arn:aws:ecs:ap-northeast-1:123456789012:task/c/t with an explicit deny in an identity-based policy";
    assert_eq!((reply.status, reply.value()["__type"].clone()), (400, json!("AccessDeniedException")));
    assert_eq!(reply.value()["message"], format!("{start}{text}"));
    assert_eq!(sts(&mut world, "Action=GetCallerIdentity", &nobody).status, 200, "always allowed");
    let used: Vec<_> = super::snapshot(&world)["used"].as_array().unwrap().iter().map(|used| used["action"].clone()).collect();
    assert_eq!(used, ["vpc-lattice:GetRule"], "what is denied was not used");
}

#[test]
fn a_request_needs_more_than_its_own_action() {
    let register = json!({
        "family": "f", "containerDefinitions": [{"name": "web", "image": "nginx", "memory": 64}],
        "executionRoleArn": "arn:aws:iam::123456789012:role/exec", "tags": [{"key": "team", "value": "a"}],
    });
    let allow = |more: &[Value]| {
        let mut all = vec![json!({"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": "*"})];
        all.extend_from_slice(more);
        with_policy(Value::Array(all))
    };
    let tag = json!({"Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*",
        "Condition": {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition", "aws:RequestTag/team": "a"}}});
    let pass = |to: &str| {
        json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/exec",
            "Condition": {"StringEquals": {"iam:PassedToService": to}}})
    };
    let table = [
        (vec![], "perform: ecs:TagResource on"),
        (vec![tag.clone()], "perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/exec"),
        (vec![tag.clone(), pass("ecs.amazonaws.com")], "perform: iam:PassRole on"),
        (vec![tag, pass("ecs-tasks.amazonaws.com")], ""),
    ];
    for (more, missing) in table {
        let reply = ecs(&mut allow(&more), "RegisterTaskDefinition", &register, &Key::default());
        let text = reply.value()["message"].as_str().unwrap_or_default().to_owned();
        assert!(text.contains(missing) && (reply.status == 200) == missing.is_empty(), "{text}");
    }
    let group = json!({"name": "web", "type": "IP", "config": {"port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-12345678"}});
    let mut world = with_policy(json!({"Effect": "Allow", "Action": "vpc-lattice:CreateTargetGroup", "Resource": "*"}));
    let create = |world: &mut World| lattice(world, Method::POST, "/targetgroups", &group.to_string(), &Key::default());
    assert!(create(&mut world).value()["message"].as_str().unwrap().contains("perform: ec2:DescribeVpcs on resource: *"));
    world.scenario.iam.ec2_lookups = false;
    assert_eq!(create(&mut world).status, 201);
}

#[test]
fn conditions_see_the_tags_of_the_resource() {
    let body = r#"{"priority": 7}"#;
    let mut world = with_policy(json!([
        {"Effect": "Allow", "Action": "vpc-lattice:TagResource", "Resource": "*"},
        {"Effect": "Allow", "Action": "vpc-lattice:UpdateRule", "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}, "Null": {"vpc-lattice:TargetGroupArns": "true"}}},
    ]));
    let nobody = Key::default();
    assert_eq!(lattice(&mut world, Method::PATCH, RULE, body, &nobody).status, 403);
    let arn = format!("arn:aws:vpc-lattice:ap-northeast-1:123456789012:{}", RULE.trim_start_matches('/').replace("s/", "/"));
    let path = format!("/tags/{}", arn.replace(':', "%3A").replace('/', "%2F"));
    assert_eq!(lattice(&mut world, Method::POST, &path, r#"{"tags": {"team": "a"}}"#, &nobody).status, 200);
    assert_eq!(lattice(&mut world, Method::PATCH, RULE, body, &nobody).status, 200);
}

#[test]
fn a_session_policy_bounds_what_the_role_may() {
    let mut world = world();
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"vpc-lattice:Get*","Resource":"*"}}"#;
    let encoded: String = policy.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let key = assumed(&mut world, &format!("&Policy={encoded}"));
    assert_eq!(lattice(&mut world, Method::GET, RULE, "", &key).status, 200);
    let reply = lattice(&mut world, Method::PATCH, RULE, r#"{"priority": 7}"#, &key);
    let text = reply.value()["message"].as_str().unwrap().to_owned();
    assert!(
        reply.status == 403 && text.ends_with("because no session policy allows the vpc-lattice:UpdateRule action"),
        "{text}"
    );
}

/// A question to IAM.
fn iam(world: &mut World, fields: &str) -> Reply {
    let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
    send(world, Method::POST, "/", &headers, &format!("{fields}&Version=2010-05-08"))
}

/// What it answers, its status before it.
fn said(reply: &Reply) -> String {
    format!("{} {}", reply.status, String::from_utf8_lossy(&reply.body))
}

#[test]
fn a_role_is_told_with_its_trust_and_one_that_is_not_there_is_not() {
    let mut world = world();
    let open = said(&iam(&mut world, "Action=GetRole&RoleName=anything"));
    assert!(open.starts_with("200 ") && open.contains("<Arn>arn:aws:iam::123456789012:role/anything</Arn>"), "{open}");
    assert!(open.contains("%22ecs.amazonaws.com%22"), "without roles every one is there, for ECS too: {open}");
    let trust =
        json!({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}}});
    let seed = RoleSeed { trust: Some(Policy::try_from(trust).unwrap()), ..RoleSeed::default() };
    world.scenario.iam.roles.insert("teams/a/ecs".to_owned(), seed);
    let role = said(&iam(&mut world, "Action=GetRole&RoleName=ecs"));
    assert!(role.contains("<Path>/teams/a/</Path>") && role.contains(":role/teams/a/ecs</Arn>"), "{role}");
    assert!(!role.contains("ecs-tasks"), "{role}");
    let missing = said(&iam(&mut world, "Action=GetRole&RoleName=anything"));
    assert!(missing.starts_with("404 ") && missing.contains("<Code>NoSuchEntity</Code>"), "{missing}");
}

#[test]
fn what_policies_say_is_told_without_anybody_doing_it() {
    let mut world = with_policy(json!([
        {"Effect": "Allow", "Action": ["ecs:*", "iam:SimulatePrincipalPolicy"], "Resource": "*"},
        {"Effect": "Deny", "Action": "ecs:DeleteService", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}}},
    ]));
    let asked = |more: &str| format!("Action=SimulatePrincipalPolicy&PolicySourceArn={ROLE}{more}");
    let verdicts = |reply: &Reply| {
        let text = said(reply);
        text.split("<EvalDecision>").skip(1).filter_map(|rest| rest.split('<').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    let actions =
        "&ActionNames.member.1=ecs:UpdateService&ActionNames.member.2=ecs:DeleteService&ActionNames.member.3=iam:PassRole";
    let reply = iam(&mut world, &asked(actions));
    assert_eq!(verdicts(&reply), ["allowed", "explicitDeny", "implicitDeny"]);
    assert!(said(&reply).contains("<member>iam:PassedToService</member>"), "what it would have to know: {}", said(&reply));
    let passed = "&ContextEntries.member.1.ContextKeyName=iam:PassedToService&ContextEntries.member.1.ContextKeyType=string\
                  &ContextEntries.member.1.ContextKeyValues.member.1=ecs.amazonaws.com";
    let reply = iam(&mut world, &asked(&format!("{actions}{passed}")));
    assert_eq!(verdicts(&reply), ["allowed", "explicitDeny", "allowed"]);
    let both = "&ActionNames.member.1=ecs:UpdateService&ResourceArns.member.1=arn:a&ResourceArns.member.2=arn:b";
    assert_eq!(verdicts(&iam(&mut world, &asked(both))).len(), 2, "each on each");

    let session = "arn:aws:sts::123456789012:assumed-role/deployer/run";
    let reply = iam(&mut world, &format!("Action=SimulatePrincipalPolicy&PolicySourceArn={session}{actions}"));
    assert!(said(&reply).contains("does not clearly define entity type and name"), "{}", said(&reply));
    let mut world = with_policy(json!([{"Effect": "Allow", "Action": "ecs:*", "Resource": "*"}]));
    let reply = iam(&mut world, &asked(actions));
    assert!(said(&reply).starts_with("403 ") && said(&reply).contains("iam:SimulatePrincipalPolicy"), "{}", said(&reply));
}
