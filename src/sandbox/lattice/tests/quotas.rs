//! Quotas, lowered by the scenario.

use serde_json::json;

use super::asking::{GROUP_A, LISTENER, RULE, SERVICE, forward, id, new_group, new_service, refused, send, world};
use crate::sandbox::scenario::Quotas;

#[test]
fn what_goes_beyond_a_quota_is_told_with_its_code() {
    let mut world = world();
    let (b, other) = (new_group(&mut world, "myservice-b"), new_service(&mut world, json!({"name": "other"})));
    let network = "sn-12345678901234567";
    world.scenario.quotas = Quotas {
        rules_per_listener: 1,
        listeners_per_service: 1,
        target_groups_per_service: 1,
        target_groups: 2,
        targets_per_target_group: 3,
        services: 2,
        service_networks: 1,
        services_per_network: 1,
        vpcs_per_network: 0,
        ..Quotas::default()
    };
    let fixed = json!({"fixedResponse": {"statusCode": 404}});
    let rule = json!({"name": "one", "priority": 1, "match": {"httpMatch": {"method": "GET"}}, "action": fixed});
    let listener = json!({"name": "one", "protocol": "HTTPS", "defaultAction": fixed});
    let targets = format!("/targetgroups/{GROUP_A}/registertargets");
    let action = json!({"action": forward(&[(GROUP_A, 1), (&b, 1)])});
    let join = json!({"serviceIdentifier": other, "serviceNetworkIdentifier": network});
    let vpc = json!({"vpcIdentifier": "vpc-12345678", "serviceNetworkIdentifier": network});
    let ours = "svc-12345678901234567";
    for (method, uri, body, kind, code, parent) in [
        ("POST", format!("{LISTENER}/rules"), rule, "RULE", "L-CF78395E", Some("listener-12345678901234567")),
        ("POST", format!("{SERVICE}/listeners"), listener, "LISTENER", "L-D64E952E", Some(ours)),
        ("PATCH", RULE.to_owned(), action, "TARGET_GROUP", "L-3DEC3B9F", Some(ours)),
        ("POST", "/targetgroups".to_owned(), json!({"name": "third", "type": "LAMBDA"}), "TARGET_GROUP", "L-BB11C6B9", None),
        ("POST", targets, json!({"targets": [{"id": "10.0.7.7"}]}), "TARGET_GROUP", "L-D71303F3", Some(GROUP_A)),
        ("POST", "/services".to_owned(), json!({"name": "third"}), "SERVICE", "L-620C821E", None),
        ("POST", "/servicenetworks".to_owned(), json!({"name": "second"}), "SERVICE_NETWORK", "L-9CAD07FB", None),
        (
            "POST",
            "/servicenetworkserviceassociations".to_owned(),
            join,
            "SERVICE_NETWORK_SERVICE_ASSOCIATION",
            "L-75D4A19E",
            Some(network),
        ),
        (
            "POST",
            "/servicenetworkvpcassociations".to_owned(),
            vpc,
            "SERVICE_NETWORK_VPC_ASSOCIATION",
            "L-EF6E2D62",
            Some(network),
        ),
    ] {
        let body = refused(&send(&mut world, method, &uri, body), 402, "ServiceQuotaExceededException");
        assert_eq!(
            (&body["resourceType"], &body["quotaCode"], &body["serviceCode"]),
            (&json!(kind), &json!(code), &json!("vpc-lattice"))
        );
        assert_eq!(body["resourceId"].as_str(), parent, "{body}");
    }
    world.scenario.quotas = Quotas::default();
    id(&send(&mut world, "POST", "/services", json!({"name": "third"})));
}
