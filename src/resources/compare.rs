//! What differs between a resource as it is wanted and as it was seen, and whether AWS can change that.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    Kind, Known, Resource, Seen,
    action::{self, ActionChange},
};

/// One member that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Its name: `config.port`, `tags.team`.
    pub member: String,
    /// What it is.
    pub is: Value,
    /// What it is to be.
    pub wanted: Value,
    /// How it gets there.
    pub way: Way,
}

/// How a member is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// By the operation that updates the resource.
    Update,
    /// By tagging it.
    Tag,
    /// Only by taking the resource away and making it again.
    Replace,
    /// Not now, and why.
    Never(String),
}

/// Members that never change once a resource is made (service models: no `Update…` operation has them).
fn fixed(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Service => &["customDomainName"],
        Kind::TargetGroup => &[
            "type",
            "config.port",
            "config.protocol",
            "config.protocolVersion",
            "config.vpcIdentifier",
            "config.ipAddressType",
            "config.lambdaEventStructureVersion",
        ],
        Kind::Listener => &["protocol", "port"],
        Kind::Network
        | Kind::VpcAssociation
        | Kind::ServiceAssociation
        | Kind::Targets
        | Kind::Rule
        | Kind::AccessLog
        | Kind::AuthPolicy
        | Kind::Share
        | Kind::Alias
        | Kind::EcsService => &[],
    }
}

/// Members that the operation of the same kind changes.
fn changeable(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Network => &["authType"],
        Kind::Service => &["authType", "certificateArn"],
        Kind::Rule => &["priority", "match"],
        Kind::Share => &["principals", "resourceArns"],
        Kind::Alias => &["points"],
        Kind::VpcAssociation
        | Kind::ServiceAssociation
        | Kind::TargetGroup
        | Kind::Targets
        | Kind::Listener
        | Kind::AccessLog
        | Kind::AuthPolicy
        | Kind::EcsService => &[],
    }
}

/// Everything that differs. What the config does not say may be anything; what is not known yet (an address) is not compared.
#[must_use]
pub fn differences(resource: &Resource, seen: &Seen, known: &Known) -> Vec<Difference> {
    if resource.is_external {
        return Vec::new();
    }
    let wanted = resource.resolved(known);
    let mut found = Vec::new();
    let mut plain = |names: &[&str], way: &Way| {
        for name in names {
            let pointer = format!("/{}", name.replace('.', "/"));
            let Some(wants) = wanted.pointer(&pointer).filter(|wants| !wants.is_null()) else { continue };
            let is = seen.attributes.pointer(&pointer).unwrap_or(&Value::Null);
            if !is_same(wants, is) {
                found.push(Difference { member: (*name).to_owned(), is: is.clone(), wanted: wants.clone(), way: way.clone() });
            }
        }
    };
    plain(fixed(resource.kind), &Way::Replace);
    plain(changeable(resource.kind), &Way::Update);
    match resource.kind {
        Kind::TargetGroup => found.extend(health_check(&wanted, seen)),
        Kind::VpcAssociation => found.extend(security_groups(&wanted, seen)),
        Kind::Targets => found.extend(targets(&wanted, seen)),
        Kind::AuthPolicy => found.extend(policy(&wanted, seen)),
        Kind::Listener => found.extend(requests(&wanted, seen, "defaultAction")),
        Kind::Rule => found.extend(requests(&wanted, seen, "action")),
        Kind::Network
        | Kind::Service
        | Kind::ServiceAssociation
        | Kind::AccessLog
        | Kind::Share
        | Kind::Alias
        | Kind::EcsService => {}
    }
    if resource.kind.is_tagged() {
        for (key, value) in resource.tags() {
            let is = seen.tags.get(&key);
            if is != Some(&value) {
                let is = is.map_or(Value::Null, |is| is.clone().into());
                found.push(Difference { member: format!("tags.{key}"), is, wanted: value.into(), way: Way::Tag });
            }
        }
    }
    found
}

/// Lists whose order means nothing are compared without it.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            let texts = |list: &[Value]| list.iter().map(Value::to_string).collect::<BTreeSet<_>>();
            texts(one) == texts(other)
        }
        _ => one == other,
    }
}

/// Every leaf of `wanted` is in `is`; AWS fills in what is not said.
fn holds(is: &Value, wanted: &Value) -> bool {
    match (wanted, is) {
        (Value::Object(wanted), Value::Object(is)) => {
            wanted.iter().all(|(name, wanted)| holds(is.get(name).unwrap_or(&Value::Null), wanted))
        }
        (Value::Null, _) => true,
        _ => wanted == is,
    }
}

fn health_check(wanted: &Value, seen: &Seen) -> Option<Difference> {
    let (wants, is) = (&wanted["config"]["healthCheck"], &seen.attributes["config"]["healthCheck"]);
    if holds(is, wants) {
        return None;
    }
    // What is not said stays as it is.
    let mut whole = is.as_object().cloned().unwrap_or_default();
    whole.extend(wants.as_object().cloned().unwrap_or_default());
    Some(Difference { member: "config.healthCheck".to_owned(), is: is.clone(), wanted: whole.into(), way: Way::Update })
}

/// An association that has security groups cannot be without any again (AWS documentation, "VPC associations").
fn security_groups(wanted: &Value, seen: &Seen) -> Option<Difference> {
    let none = json!([]);
    let read = |value: &Value| if value.is_null() { none.clone() } else { value.clone() };
    let (wants, is) = (read(&wanted["securityGroupIds"]), read(&seen.attributes["securityGroupIds"]));
    if is_same(&wants, &is) {
        return None;
    }
    let way = if wants == none { Way::Replace } else { Way::Update };
    Some(Difference { member: "securityGroupIds".to_owned(), is, wanted: wants, way })
}

/// Targets that are missing. Others are left alone: something else may have registered them.
fn targets(wanted: &Value, seen: &Seen) -> Option<Difference> {
    let is = seen.attributes["targets"].as_array().cloned().unwrap_or_default();
    let is_there = |target: &Value| {
        is.iter().any(|there| there["id"] == target["id"] && (target["port"].is_null() || there["port"] == target["port"]))
    };
    let missing: Vec<Value> =
        wanted["targets"].as_array().into_iter().flatten().filter(|target| !is_there(target)).cloned().collect();
    if missing.is_empty() {
        return None;
    }
    Some(Difference { member: "targets".to_owned(), is: is.into(), wanted: missing.into(), way: Way::Update })
}

/// Policies are compared by what they say, not by how they are written.
fn policy(wanted: &Value, seen: &Seen) -> Option<Difference> {
    let read = |value: &Value| value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (wants, is) = (&wanted["policy"], &seen.attributes["policy"]);
    if read(wants) == read(is) {
        return None;
    }
    Some(Difference { member: "policy".to_owned(), is: is.clone(), wanted: wants.clone(), way: Way::Update })
}

fn requests(wanted: &Value, seen: &Seen, member: &str) -> Option<Difference> {
    let (wants, is) = (&wanted[member], &seen.attributes[member]);
    let difference = |to: &Value, way| Some(Difference { member: member.to_owned(), is: is.clone(), wanted: to.clone(), way });
    match action::change(wants, is) {
        ActionChange::Same => None,
        ActionChange::Refused(why) => difference(wants, Way::Never(why)),
        ActionChange::To(_) if seen.is_rolled_out => {
            difference(wants, Way::Never("a rollout is under way there: wait for its end, or abort it".to_owned()))
        }
        ActionChange::To(action) => difference(&action, Way::Update),
    }
}

/// The members of the operation that updates a resource, for these differences.
#[must_use]
pub fn update(resource: &Resource, seen: &Seen, known: &Known, differences: &[Difference]) -> Value {
    let wanted = resource.resolved(known);
    let mut input = Map::new();
    // Whatever the resource is in is named by the same members as when it is made.
    for name in ["serviceIdentifier", "listenerIdentifier", "resourceIdentifier", "targetGroupIdentifier"] {
        if let Some(id) = wanted.get(name) {
            input.insert(name.to_owned(), id.clone());
        }
    }
    if let Some(operations) = resource.kind.operations()
        && !input.contains_key(operations.identifier)
    {
        input.insert(operations.identifier.to_owned(), seen.id.clone().into());
    }
    for difference in differences.iter().filter(|difference| difference.way == Way::Update) {
        let name = difference.member.rsplit('.').next().unwrap_or(&difference.member);
        input.insert(name.to_owned(), difference.wanted.clone());
    }
    input.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(kind: Kind, wanted: Value) -> Resource {
        Resource {
            address: "it".to_owned(),
            kind,
            name: "it".to_owned(),
            from: "f".to_owned(),
            needs: Vec::new(),
            is_external: false,
            wanted,
        }
    }

    fn told(kind: Kind, wanted: Value, attributes: Value) -> Vec<String> {
        let seen = Seen { id: "x-1".to_owned(), attributes, ..Seen::default() };
        let found = differences(&resource(kind, wanted), &seen, &Known::new());
        found.into_iter().map(|it| format!("{} {} {:?}", it.member, it.wanted, it.way)).collect()
    }

    #[test]
    fn what_never_changes_wants_a_replacement_and_what_is_not_said_is_as_it_may_be() {
        let is = json!({ "type": "IP", "config": { "port": 80, "protocol": "HTTP", "protocolVersion": "HTTP1", "vpcIdentifier": "vpc-1",
            "healthCheck": { "enabled": true, "path": "/", "healthCheckIntervalSeconds": 30 } } });
        for (wanted, differs) in [
            (json!({ "type": "IP", "config": { "port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-1" } }), vec![]),
            (json!({ "config": { "port": 81 } }), vec!["config.port 81 Replace"]),
            (json!({ "type": "ALB" }), vec![r#"type "ALB" Replace"#]),
            (
                json!({ "config": { "healthCheck": { "path": "/health" } } }),
                vec![r#"config.healthCheck {"enabled":true,"path":"/health","healthCheckIntervalSeconds":30} Update"#],
            ),
            (json!({ "config": { "healthCheck": { "enabled": true } } }), vec![]),
        ] {
            assert_eq!(told(Kind::TargetGroup, wanted.clone(), is.clone()), differs, "{wanted}");
        }
        assert_eq!(
            told(Kind::Listener, json!({ "port": 443, "protocol": "HTTPS" }), json!({ "port": 80, "protocol": "HTTP" })).len(),
            2
        );
        assert_eq!(
            told(Kind::Service, json!({ "authType": "AWS_IAM" }), json!({ "authType": "NONE" })),
            [r#"authType "AWS_IAM" Update"#]
        );
    }

    #[test]
    fn security_groups_have_no_order_and_cannot_be_taken_off() {
        let is = json!({ "securityGroupIds": ["sg-1", "sg-2"] });
        assert!(told(Kind::VpcAssociation, json!({ "securityGroupIds": ["sg-2", "sg-1"] }), is.clone()).is_empty());
        assert_eq!(
            told(Kind::VpcAssociation, json!({ "securityGroupIds": ["sg-1"] }), is.clone()),
            [r#"securityGroupIds ["sg-1"] Update"#]
        );
        assert_eq!(told(Kind::VpcAssociation, json!({}), is), ["securityGroupIds [] Replace"]);
        assert!(told(Kind::VpcAssociation, json!({}), json!({})).is_empty());
    }

    #[test]
    fn policies_are_what_they_say_and_targets_only_join() {
        assert!(
            told(Kind::AuthPolicy, json!({ "policy": r#"{"a":1,"b":2}"# }), json!({ "policy": r#"{ "b": 2, "a": 1 }"# }))
                .is_empty()
        );
        assert_eq!(told(Kind::AuthPolicy, json!({ "policy": "{}" }), json!({})).len(), 1);
        let is = json!({ "targets": [{ "id": "i-1", "port": 80 }, { "id": "i-2", "port": 80 }] });
        assert!(told(Kind::Targets, json!({ "targets": [{ "id": "i-1" }] }), is.clone()).is_empty());
        assert_eq!(
            told(Kind::Targets, json!({ "targets": [{ "id": "i-1", "port": 81 }, { "id": "i-2" }] }), is),
            [r#"targets [{"id":"i-1","port":81}] Update"#]
        );
    }

    #[test]
    fn tags_are_added_and_others_are_left() {
        let wanted = resource(Kind::Network, json!({ "name": "n", "tags": { "team": "shop", "espalier:owner": "it" } }));
        let tags = [("team", "other"), ("espalier:owner", "it"), ("more", "1")];
        let tags = tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let found = differences(&wanted, &Seen { tags, ..Seen::default() }, &Known::new());
        let [tag] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            (tag.member.as_str(), &tag.is, &tag.wanted, &tag.way),
            ("tags.team", &json!("other"), &json!("shop"), &Way::Tag)
        );
    }

    #[test]
    fn an_update_names_the_resource_and_has_what_differs() {
        let known = Known::from([
            ("service".to_owned(), ("svc-1".to_owned(), String::new())),
            ("listeners.http".to_owned(), ("listener-1".to_owned(), String::new())),
        ]);
        let wanted = json!({ "serviceIdentifier": "@service", "listenerIdentifier": "@listeners.http", "name": "api", "priority": 20,
            "match": { "httpMatch": { "method": "GET" } }, "action": { "fixedResponse": { "statusCode": 404 } } });
        let rule = resource(Kind::Rule, wanted.clone());
        let mut attributes = wanted;
        attributes["priority"] = json!(10);
        let seen = Seen { id: "rule-1".to_owned(), attributes, ..Seen::default() };
        let found = differences(&rule, &seen, &known);
        assert_eq!(
            update(&rule, &seen, &known, &found),
            json!({ "serviceIdentifier": "svc-1", "listenerIdentifier": "listener-1", "ruleIdentifier": "rule-1", "priority": 20 })
        );
    }

    #[test]
    fn nothing_moves_under_a_rollout() {
        let wanted = json!({ "action": { "forward": { "targetGroups": [{ "targetGroupIdentifier": "tg-c", "weight": 100 }] } } });
        let is = json!({ "action": { "forward": { "targetGroups": [{ "targetGroupIdentifier": "tg-a", "weight": 100 }] } } });
        let mut seen = Seen { attributes: is, ..Seen::default() };
        let way = |seen: &Seen| differences(&resource(Kind::Rule, wanted.clone()), seen, &Known::new()).remove(0).way;
        assert_eq!(way(&seen), Way::Update);
        seen.is_rolled_out = true;
        assert!(matches!(way(&seen), Way::Never(_)));
    }
}
