//! Shares over the wire.

use std::time::Duration;

use serde_json::{Value, json};

use crate::sandbox::{
    protocol::testing::ask_rest,
    scenario::{self, Draft},
    world::World,
};

const SERVICE: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567";
const NETWORK: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:servicenetwork/sn-12345678901234567";
const OTHER: &str = "210987654321";
const ORGANIZATION: &str = "arn:aws:organizations::210987654321:organization/o-abcdefghij";

fn world() -> World {
    World::new(scenario::load("promoted").unwrap())
}

fn later(world: &mut World, secs: u64) {
    world.advance(world.now + Duration::from_secs(secs));
}

fn ask(world: &mut World, path: &str, body: &Value) -> Result<Value, String> {
    let reply = ask_rest(world, "POST", path, body.to_string());
    if reply.status == 200 {
        return Ok(reply.value());
    }
    let code = reply.headers.iter().find(|(name, _)| name == "x-amzn-errortype").unwrap();
    Err(code.1.clone())
}

/// A share that is ACTIVE; its ARN.
fn shared(world: &mut World, more: &Value) -> String {
    let mut body = json!({"name": "shop"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = ask(world, "/createresourceshare", &body).unwrap()["resourceShare"].clone();
    later(world, 2);
    made["resourceShareArn"].as_str().unwrap().to_owned()
}

fn statuses(world: &mut World, arn: &str, kind: &str) -> Vec<(String, String)> {
    let body = json!({"associationType": kind, "resourceShareArns": [arn]});
    let answer = ask(world, "/getresourceshareassociations", &body).unwrap();
    let list = answer["resourceShareAssociations"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list.iter().map(|one| (text(&one["associatedEntity"]), text(&one["status"]))).collect()
}

#[test]
fn a_share_becomes_active_and_is_remembered_for_a_while() {
    let mut world = world();
    let tags = json!([{"key": "owner", "value": "espalier"}]);
    let made =
        ask(&mut world, "/createresourceshare", &json!({"name": "shop", "resourceArns": [SERVICE], "tags": tags})).unwrap();
    assert_eq!((&made["resourceShare"]["status"], &made["resourceShare"]["tags"]), (&json!("PENDING"), &tags));
    let arn = made["resourceShare"]["resourceShareArn"].as_str().unwrap().to_owned();
    let delete = |world: &mut World| {
        let query = percent_encoding::utf8_percent_encode(&arn, percent_encoding::NON_ALPHANUMERIC).to_string();
        ask_rest(world, "DELETE", &format!("/deleteresourceshare?resourceShareArn={query}"), String::new()).status
    };
    assert_eq!(delete(&mut world), 400, "it is not ACTIVE yet");
    later(&mut world, 2);
    let find = |world: &mut World, more: &Value| {
        let mut body = json!({"resourceOwner": "SELF"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let found = ask(world, "/getresourceshares", &body).unwrap()["resourceShares"].clone();
        found.as_array().unwrap().iter().map(|share| share["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let owner = |value: &str| json!({"tagFilters": [{"tagKey": "owner", "tagValues": [value]}]});
    assert_eq!(find(&mut world, &owner("espalier")), ["ACTIVE"]);
    assert_eq!(find(&mut world, &owner("somebody")), Vec::<String>::new());
    assert_eq!(find(&mut world, &json!({"name": "shop"})), ["ACTIVE"]);
    assert_eq!(find(&mut world, &json!({"name": "other"})), Vec::<String>::new());
    assert_eq!(delete(&mut world), 200);
    assert_eq!(find(&mut world, &json!({})), ["DELETING"]);
    later(&mut world, 2);
    assert_eq!(find(&mut world, &json!({"resourceShareArns": [arn]})), ["DELETED"]);
    assert_eq!(delete(&mut world), 400);
    later(&mut world, 7200);
    assert_eq!(find(&mut world, &json!({})), Vec::<String>::new());
}

#[test]
fn what_is_in_a_share_comes_and_goes() {
    let mut world = world();
    let arn = shared(&mut world, &json!({"resourceArns": [SERVICE], "principals": [OTHER]}));
    let pair = |entity: &str, status: &str| (entity.to_owned(), status.to_owned());
    assert_eq!(statuses(&mut world, &arn, "RESOURCE"), [pair(SERVICE, "ASSOCIATED")]);
    assert_eq!(statuses(&mut world, &arn, "PRINCIPAL"), [pair(OTHER, "ASSOCIATING")], "nobody has accepted");
    let body = json!({"resourceShareArn": arn, "resourceArns": [NETWORK, SERVICE], "principals": [ORGANIZATION]});
    ask(&mut world, "/associateresourceshare", &body).unwrap();
    later(&mut world, 2);
    assert_eq!(statuses(&mut world, &arn, "RESOURCE"), [pair(SERVICE, "ASSOCIATED"), pair(NETWORK, "ASSOCIATED")]);
    assert_eq!(statuses(&mut world, &arn, "PRINCIPAL")[1], pair(ORGANIZATION, "ASSOCIATED"));
    let body = json!({"resourceShareArn": arn, "resourceArns": [SERVICE]});
    let answer = ask(&mut world, "/disassociateresourceshare", &body).unwrap();
    assert_eq!(answer["resourceShareAssociations"][0]["status"], "DISASSOCIATING");
    assert_eq!(ask(&mut world, "/disassociateresourceshare", &body), Err("UnknownResourceException".to_owned()));
    let own = ask(&mut world, "/listresources", &json!({"resourceOwner": "SELF"})).unwrap()["resources"].clone();
    assert_eq!((own.as_array().unwrap().len(), &own[0]["type"]), (1, &json!("vpc-lattice:ServiceNetwork")));
    let shown = super::snapshot(&world);
    assert_eq!(
        (&shown[0]["resources"], &shown[0]["principals"]),
        (&json!([NETWORK]), &json!([OTHER, ORGANIZATION])),
        "what stays"
    );
}

#[test]
fn a_client_token_is_for_one_request() {
    let mut world = world();
    let body = json!({"name": "shop", "clientToken": "t"});
    let first = ask(&mut world, "/createresourceshare", &body).unwrap();
    assert_eq!(first["clientToken"], "t");
    assert_eq!(ask(&mut world, "/createresourceshare", &body).unwrap(), first);
    let other = json!({"name": "shop2", "clientToken": "t"});
    assert_eq!(ask(&mut world, "/createresourceshare", &other), Err("IdempotentParameterMismatchException".to_owned()));
    assert_eq!(super::snapshot(&world).as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_shared_is_refused() {
    let theirs = SERVICE.replace("123456789012", OTHER);
    let table = [
        (json!({"resourceArns": ["service/svc-1"]}), "MalformedArnException"),
        (json!({"resourceArns": [SERVICE.replace("svc-1", "svc-2")]}), "UnknownResourceException"),
        (json!({"resourceArns": [theirs]}), "OperationNotPermittedException"),
        (json!({"principals": ["somebody"]}), "InvalidParameterException"),
        (json!({"principals": [OTHER], "allowExternalPrincipals": false}), "OperationNotPermittedException"),
        (json!({"name": ""}), "InvalidParameterException"),
        (json!({"tags": [{"key": "aws:x", "value": ""}]}), "InvalidParameterException"),
        (json!({"name": 1}), "SerializationException"),
    ];
    let mut world = world();
    for (more, expected) in table {
        let mut body = json!({"name": "shop"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(ask(&mut world, "/createresourceshare", &body), Err(expected.to_owned()), "{body}");
    }
    let none = json!({"resourceShareArn": "arn:aws:ram:ap-northeast-1:123456789012:resource-share/none", "name": "x"});
    assert_eq!(ask(&mut world, "/updateresourceshare", &none), Err("UnknownResourceException".to_owned()));
    assert_eq!(
        ask(&mut world, "/updateresourceshare", &json!({"resourceShareArn": "none"})),
        Err("MalformedArnException".to_owned())
    );
}

#[test]
fn there_are_so_many_and_not_more() {
    let mut draft: Draft = scenario::open("promoted").unwrap();
    draft.scenario.quotas.resource_shares = 1;
    let mut world = World::new(draft.finish().unwrap());
    shared(&mut world, &json!({}));
    let again = ask(&mut world, "/createresourceshare", &json!({"name": "shop"}));
    assert_eq!(again, Err("ResourceShareLimitExceededException".to_owned()));
}

#[test]
fn tags_are_added_and_taken_away() {
    let mut world = world();
    let arn = shared(&mut world, &json!({"tags": [{"key": "a", "value": "1"}]}));
    let tags = json!([{"key": "a", "value": "2"}, {"key": "b", "value": "3"}]);
    ask(&mut world, "/tagresource", &json!({"resourceShareArn": arn, "tags": tags})).unwrap();
    ask(&mut world, "/untagresource", &json!({"resourceArn": arn, "tagKeys": ["b"]})).unwrap();
    assert_eq!(super::snapshot(&world)[0]["tags"], json!({"a": "2"}));
    ask(&mut world, "/updateresourceshare", &json!({"resourceShareArn": arn, "name": "other"})).unwrap();
    assert_eq!(super::snapshot(&world)[0]["name"], "other");
}
