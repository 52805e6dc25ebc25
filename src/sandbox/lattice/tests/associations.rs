//! Services and VPCs in service networks.

use serde_json::{Value, json};

use super::asking::{conflict, encoded, get, id, invalid, missing, new_service, pass, refused, send, world};
use crate::sandbox::world::World;

const NETWORK: &str = "sn-12345678901234567";
const NETWORK_ARN: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:servicenetwork/sn-12345678901234567";
const SERVICES: &str = "/servicenetworkserviceassociations";
const VPCS: &str = "/servicenetworkvpcassociations";

fn vpc(network: &str, vpc: &str) -> Value {
    json!({"serviceNetworkIdentifier": network, "vpcIdentifier": vpc})
}

#[test]
fn a_network_counts_its_services_and_vpcs_and_cannot_go_before_them() {
    let mut world = world();
    let path = format!("/servicenetworks/{NETWORK}");
    let numbers = |world: &mut World| {
        let network = get(world, &path);
        (network["numberOfAssociatedServices"].as_u64(), network["numberOfAssociatedVPCs"].as_u64())
    };
    assert_eq!(numbers(&mut world), (Some(1), Some(0)));
    let text = conflict(&send(&mut world, "DELETE", &path, Value::Null), "SERVICE_NETWORK", NETWORK);
    assert_eq!(text, format!("ServiceNetwork {NETWORK} has service(s) associated"));
    let made = send(&mut world, "POST", VPCS, vpc(NETWORK_ARN, "vpc-12345678"));
    assert_eq!((made.status, &made.value()["status"]), (200, &json!("CREATE_IN_PROGRESS")));
    assert_eq!(numbers(&mut world), (Some(1), Some(1)));
    let association = get(&mut world, &format!("{SERVICES}?serviceNetworkIdentifier={NETWORK}"))["items"][0]["id"].clone();
    send(&mut world, "DELETE", &format!("{SERVICES}/{}", association.as_str().unwrap()), Value::Null);
    pass(&mut world, 2);
    let text = conflict(&send(&mut world, "DELETE", &path, Value::Null), "SERVICE_NETWORK", NETWORK);
    assert_eq!(text, format!("ServiceNetwork {NETWORK} has VPC(s) associated"));
    send(&mut world, "DELETE", &format!("{VPCS}/{}", id(&made)), Value::Null);
    pass(&mut world, 2);
    assert_eq!(send(&mut world, "DELETE", &path, Value::Null).status, 204);
    missing(&send(&mut world, "GET", &path, Value::Null), "SERVICE_NETWORK");
}

#[test]
fn a_network_changes_its_auth_type_and_nothing_else() {
    let mut world = world();
    let path = format!("/servicenetworks/{NETWORK}");
    let reply = send(&mut world, "PATCH", &path, json!({"authType": "AWS_IAM"}));
    let wanted = json!({"id": NETWORK, "arn": NETWORK_ARN, "name": "my-service-network", "authType": "AWS_IAM"});
    assert_eq!((reply.status, reply.value()), (200, wanted));
    assert_eq!(get(&mut world, &path)["authType"], "AWS_IAM");
    invalid(&send(&mut world, "PATCH", &path, json!({})), "authType");
    invalid(&send(&mut world, "PATCH", &path, json!({"authType": "NONE", "name": "other"})), "name");
    missing(&send(&mut world, "PATCH", "/servicenetworks/sn-00000000000000000", json!({"authType": "NONE"})), "SERVICE_NETWORK");
    conflict(&send(&mut world, "POST", "/servicenetworks", json!({"name": "my-service-network"})), "SERVICE_NETWORK", NETWORK);
}

#[test]
fn a_vpc_joins_changes_and_leaves_in_its_own_time() {
    let mut world = world();
    let made = send(
        &mut world,
        "POST",
        VPCS,
        json!({
            "serviceNetworkIdentifier": NETWORK, "vpcIdentifier": "vpc-12345678", "securityGroupIds": ["sg-12345678"],
        }),
    );
    assert_eq!(made.value()["securityGroupIds"], json!(["sg-12345678"]));
    let association = id(&made);
    let path = format!("{VPCS}/{}", encoded(made.value()["arn"].as_str().unwrap()));
    let other = json!({"securityGroupIds": ["sg-87654321"]});
    let text = conflict(&send(&mut world, "PATCH", &path, other.clone()), "SERVICE_NETWORK_VPC_ASSOCIATION", &association);
    assert!(text.ends_with("CREATE_IN_PROGRESS."), "{text}");
    let text = conflict(&send(&mut world, "DELETE", &path, Value::Null), "SERVICE_NETWORK_VPC_ASSOCIATION", &association);
    assert_eq!(text, "Creation is in progress.");
    pass(&mut world, 2);
    let whole = get(&mut world, &path);
    assert_eq!(
        (&whole["status"], &whole["vpcId"], &whole["serviceNetworkArn"]),
        (&json!("ACTIVE"), &json!("vpc-12345678"), &json!(NETWORK_ARN))
    );
    let updated = send(&mut world, "PATCH", &path, other.clone()).value();
    assert_eq!((&updated["status"], &updated["securityGroupIds"]), (&json!("UPDATE_IN_PROGRESS"), &other["securityGroupIds"]));
    let text = conflict(&send(&mut world, "DELETE", &path, Value::Null), "SERVICE_NETWORK_VPC_ASSOCIATION", &association);
    assert_eq!(text, "Update is in progress.");
    pass(&mut world, 2);
    assert_eq!(get(&mut world, &path)["status"], "ACTIVE");
    invalid(&send(&mut world, "PATCH", &path, json!({"securityGroupIds": []})), "securityGroupIds");
    let six: Vec<_> = (0..6).map(|number| format!("sg-1234567{number}")).collect();
    invalid(&send(&mut world, "PATCH", &path, json!({"securityGroupIds": six})), "securityGroupIds");
    for _ in 0..2 {
        let gone = send(&mut world, "DELETE", &path, Value::Null);
        assert_eq!((gone.status, &gone.value()["status"]), (200, &json!("DELETE_IN_PROGRESS")));
        pass(&mut world, 1);
    }
    missing(&send(&mut world, "GET", &path, Value::Null), "SERVICE_NETWORK_VPC_ASSOCIATION");
}

#[test]
fn a_vpc_is_in_one_network_at_a_time() {
    let mut world = world();
    let first = id(&send(&mut world, "POST", VPCS, vpc(NETWORK, "vpc-12345678")));
    let other = id(&send(&mut world, "POST", "/servicenetworks", json!({"name": "other"})));
    for network in [NETWORK, &other] {
        let reply = send(&mut world, "POST", VPCS, vpc(network, "vpc-12345678"));
        assert!(conflict(&reply, "SERVICE_NETWORK_VPC_ASSOCIATION", &first).contains("Association already exists."));
    }
    assert_eq!(send(&mut world, "POST", VPCS, vpc(&other, "vpc-87654321")).status, 200);
    missing(&send(&mut world, "POST", VPCS, vpc("sn-00000000000000000", "vpc-11111111")), "SERVICE_NETWORK");
    let items = |world: &mut World, query: &str| get(world, &format!("{VPCS}?{query}"))["items"].as_array().unwrap().len();
    assert_eq!(items(&mut world, "vpcIdentifier=vpc-12345678"), 1);
    assert_eq!(items(&mut world, &format!("serviceNetworkIdentifier={}", encoded(NETWORK_ARN))), 1);
    assert_eq!(items(&mut world, &format!("serviceNetworkIdentifier={NETWORK}&vpcIdentifier=vpc-87654321")), 0);
    assert_eq!(refused(&send(&mut world, "GET", VPCS, Value::Null), 400, "ValidationException")["reason"], "other");
}

#[test]
fn private_dns_has_its_own_rules() {
    let mut world = world();
    let with = |more: Value| {
        let mut all = vpc(NETWORK, "vpc-12345678");
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let some = json!({"privateDnsPreference": "SPECIFIED_DOMAINS_ONLY", "privateDnsSpecifiedDomains": ["a.example.com"]});
    for (more, member) in [
        (json!({"dnsOptions": some}), "dnsOptions"),
        (
            json!({"privateDnsEnabled": true, "dnsOptions": {"privateDnsPreference": "SPECIFIED_DOMAINS_ONLY"}}),
            "dnsOptions.privateDnsSpecifiedDomains",
        ),
        (
            json!({"privateDnsEnabled": true, "dnsOptions": {"privateDnsPreference": "ALL_DOMAINS", "privateDnsSpecifiedDomains": ["a"]}}),
            "dnsOptions.privateDnsSpecifiedDomains",
        ),
    ] {
        invalid(&send(&mut world, "POST", VPCS, with(more)), member);
    }
    let made = send(&mut world, "POST", VPCS, with(json!({"privateDnsEnabled": true, "dnsOptions": some})));
    assert_eq!((&made.value()["privateDnsEnabled"], &made.value()["dnsOptions"]), (&json!(true), &some));
}

#[test]
fn a_service_joins_once_and_each_domain_once() {
    let mut world = world();
    let named = |name: &str| json!({"name": name, "customDomainName": "api.example.com"});
    let first = new_service(&mut world, named("first"));
    let second = new_service(&mut world, named("second"));
    let join = |world: &mut World, service: &str, network: &str| {
        send(world, "POST", SERVICES, json!({"serviceIdentifier": service, "serviceNetworkIdentifier": network}))
    };
    let made = join(&mut world, &first, NETWORK);
    assert_eq!((made.status, &made.value()["customDomainName"]), (200, &json!("api.example.com")));
    let text = conflict(&join(&mut world, &first, NETWORK), "SERVICE_NETWORK_SERVICE_ASSOCIATION", &id(&made));
    assert_eq!(text, "Association already exists.");
    conflict(&join(&mut world, &second, NETWORK), "SERVICE", &first);
    let other = id(&send(&mut world, "POST", "/servicenetworks", json!({"name": "other"})));
    assert_eq!(join(&mut world, &second, &other).status, 200, "unique within a network only");
    let path = format!("{SERVICES}/{}", id(&made));
    let text = conflict(&send(&mut world, "DELETE", &path, Value::Null), "SERVICE_NETWORK_SERVICE_ASSOCIATION", &id(&made));
    assert_eq!(text, "Creation is in progress.");
    pass(&mut world, 2);
    assert_eq!(get(&mut world, &path)["customDomainName"], "api.example.com");
    send(&mut world, "DELETE", &path, Value::Null);
    let text = conflict(&join(&mut world, &first, NETWORK), "SERVICE_NETWORK_SERVICE_ASSOCIATION", &id(&made));
    assert_eq!(text, "Deletion is in progress.");
    let text = conflict(&send(&mut world, "DELETE", &format!("/services/{first}"), Value::Null), "SERVICE", &first);
    assert_eq!(text, format!("Service {first} has one or more associated service networks."));
    missing(&join(&mut world, "svc-00000000000000000", NETWORK), "SERVICE");
    missing(&join(&mut world, &first, "sn-00000000000000000"), "SERVICE_NETWORK");
}

#[test]
fn associations_are_listed_by_id_or_arn_of_either_side() {
    let mut world = world();
    let service_arn = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567";
    let items = |world: &mut World, query: &str| get(world, &format!("{SERVICES}?{query}"))["items"].as_array().unwrap().len();
    for (query, found) in [
        ("serviceIdentifier=svc-12345678901234567".to_owned(), 1),
        (format!("serviceIdentifier={}", encoded(service_arn)), 1),
        (format!("serviceIdentifier={}&serviceNetworkIdentifier={NETWORK}", encoded(service_arn)), 1),
        (format!("serviceIdentifier={}", encoded(&service_arn.replace("123456789012", "210987654321"))), 0),
        ("serviceNetworkIdentifier=sn-00000000000000000".to_owned(), 0),
    ] {
        assert_eq!(items(&mut world, &query), found, "{query}");
    }
    assert_eq!(refused(&send(&mut world, "GET", SERVICES, Value::Null), 400, "ValidationException")["reason"], "other");
}
