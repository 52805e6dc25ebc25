"""VPC Lattice: services, service networks, target groups and listeners from creation to deletion.

Sources: the service model (members, codes, patterns), the API reference's descriptions in it, and the states in aws-facts §1.
"""

import re

import pytest

from asking import *

ID = r"[0-9a-z]{17}"


def test_service_from_creation_to_deletion(empty):
    made = empty.lattice.create_service(name="myservice", authType="NONE", idleTimeoutSeconds=120, tags={"team": "a"})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert re.fullmatch(f"svc-{ID}", made["id"])
    assert made["arn"] == f"{LATTICE}:service/{made['id']}"
    assert (made["name"], made["authType"], made["idleTimeoutSeconds"]) == ("myservice", "NONE", 120)
    # Returned at once, while the service is not there yet (user guide, service-custom-domain-name).
    assert made["status"] == "CREATE_IN_PROGRESS"
    domain = made["dnsEntry"]["domainName"]
    assert re.fullmatch(rf"myservice-{made['id'][4:]}\.[0-9a-z]+\.vpc-lattice-svcs\.{REGION}\.on\.aws", domain), domain
    assert made["dnsEntry"]["hostedZoneId"]

    whole = empty.active(empty.lattice.get_service, serviceIdentifier=made["id"])
    assert whole["createdAt"] <= whole["lastUpdatedAt"]
    assert "customDomainName" not in whole and "failureCode" not in whole
    assert empty.lattice.list_tags_for_resource(resourceArn=made["arn"])["tags"] == {"team": "a"}
    (summary,) = empty.lattice.list_services()["items"]
    assert (summary["id"], summary["status"], summary["dnsEntry"]["domainName"]) == (made["id"], "ACTIVE", domain)

    updated = empty.lattice.update_service(serviceIdentifier=made["arn"], authType="AWS_IAM", idleTimeoutSeconds=600)
    assert (updated["ResponseMetadata"]["HTTPStatusCode"], updated["authType"], updated["idleTimeoutSeconds"]) == (200, "AWS_IAM", 600)
    assert empty.lattice.get_service(serviceIdentifier=made["id"])["authType"] == "AWS_IAM"

    deleted = empty.lattice.delete_service(serviceIdentifier=made["id"])
    assert (deleted["ResponseMetadata"]["HTTPStatusCode"], deleted["status"]) == (200, "DELETE_IN_PROGRESS")
    empty.gone(empty.lattice.get_service, serviceIdentifier=made["id"])
    assert empty.lattice.list_services()["items"] == []


def test_service_defaults(empty):
    made = empty.lattice.create_service(name="plain")
    assert made["authType"] == "NONE"
    # "If you don't specify a value, the default is 60 seconds" (model).
    assert empty.lattice.get_service(serviceIdentifier=made["id"])["idleTimeoutSeconds"] == 60


def test_custom_domain_is_kept_and_cannot_be_changed(empty):
    certificate = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0"
    made = empty.lattice.create_service(name="named", customDomainName="api.example.com", certificateArn=certificate)
    assert (made["customDomainName"], made["certificateArn"]) == ("api.example.com", certificate)
    # No update operation has the member: it is unknown there.
    assert "customDomainName" not in empty.lattice.meta.service_model.operation_model("UpdateService").input_shape.members
    assert empty.lattice.get_service(serviceIdentifier=made["id"])["customDomainName"] == "api.example.com"


@pytest.mark.parametrize("name", ["ab", "svc-mine", "-edge", "edge-", "dou--ble", "UPPER", "under_score", "x" * 41])
def test_service_names_that_the_model_does_not_allow(empty, name):
    client = empty.client("vpc-lattice", validate=False)
    invalid(client.create_service, "name", name=name)


def test_names_are_unique_within_the_account(sandbox):
    lattice = sandbox.lattice
    conflict(lattice.create_service, "SERVICE", name="myservice")
    conflict(lattice.create_service_network, "SERVICE_NETWORK", name="my-service-network")
    conflict(lattice.create_target_group, "TARGET_GROUP", name="myservice-a", type="IP", config=HTTP_80)
    conflict(lattice.create_listener, "LISTENER", serviceIdentifier=SERVICE, name="http-80", protocol="HTTP", port=81, defaultAction=FIXED_404)
    # Another kind of resource may have the name.
    lattice.create_service(name="myservice-a")


def test_a_name_is_free_again_once_its_resource_is_gone(empty):
    first = empty.lattice.create_service(name="again")
    empty.active(empty.lattice.get_service, serviceIdentifier=first["id"])
    empty.lattice.delete_service(serviceIdentifier=first["id"])
    empty.gone(empty.lattice.get_service, serviceIdentifier=first["id"])
    second = empty.lattice.create_service(name="again")
    assert second["id"] != first["id"]


def test_deleting_again_while_it_is_going_changes_nothing_and_later_is_not_found(serve):
    slow = serve(speed=20, knobs={"activation": 20})
    made = slow.lattice.create_target_group(name="going", type="IP", config=HTTP_80)
    slow.active(slow.lattice.get_target_group, targetGroupIdentifier=made["id"])
    assert slow.lattice.delete_target_group(targetGroupIdentifier=made["id"])["status"] == "DELETE_IN_PROGRESS"
    # "if you retry it while the status is DELETE_IN_PROGRESS, the status doesn't change" (model).
    assert slow.lattice.delete_target_group(targetGroupIdentifier=made["id"])["status"] == "DELETE_IN_PROGRESS"
    slow.gone(slow.lattice.get_target_group, targetGroupIdentifier=made["id"])
    missing(slow.lattice.delete_target_group, "TARGET_GROUP", targetGroupIdentifier=made["id"])


def test_a_service_that_is_in_a_network_cannot_be_deleted(sandbox):
    said = conflict(sandbox.lattice.delete_service, "SERVICE", SERVICE, serviceIdentifier=SERVICE)
    assert "associated" in said["message"]


def test_deleting_a_service_deletes_its_listeners_rules_policy_and_log_subscription(sandbox):
    lattice = sandbox.lattice
    log = lattice.create_access_log_subscription(resourceIdentifier=SERVICE, destinationArn="arn:aws:s3:::my-access-logs")
    (association,) = lattice.list_service_network_service_associations(serviceIdentifier=SERVICE)["items"]
    lattice.delete_service_network_service_association(serviceNetworkServiceAssociationIdentifier=association["id"])
    sandbox.gone(
        lattice.get_service_network_service_association, serviceNetworkServiceAssociationIdentifier=association["id"]
    )
    lattice.delete_service(serviceIdentifier=SERVICE)
    sandbox.gone(lattice.get_service, serviceIdentifier=SERVICE)
    missing(lattice.get_listener, serviceIdentifier=SERVICE, listenerIdentifier=LISTENER)
    missing(lattice.get_rule, serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, ruleIdentifier=RULE)
    missing(lattice.get_access_log_subscription, accessLogSubscriptionIdentifier=log["id"])
    # Nothing uses the group any more.
    assert lattice.get_target_group(targetGroupIdentifier=GROUP).get("serviceArns", []) == []


def test_every_identifier_may_be_an_id_or_an_arn_and_never_a_name(sandbox):
    lattice = sandbox.lattice
    for identifier in (SERVICE, SERVICE_ARN):
        assert lattice.get_service(serviceIdentifier=identifier)["id"] == SERVICE
        assert lattice.list_listeners(serviceIdentifier=identifier)["items"][0]["id"] == LISTENER
        for listener in (LISTENER, LISTENER_ARN):
            assert lattice.get_listener(serviceIdentifier=identifier, listenerIdentifier=listener)["arn"] == LISTENER_ARN
            for rule in (RULE, RULE_ARN):
                found = lattice.get_rule(serviceIdentifier=identifier, listenerIdentifier=listener, ruleIdentifier=rule)
                assert found["arn"] == RULE_ARN
    for identifier in (GROUP, GROUP_ARN):
        assert lattice.get_target_group(targetGroupIdentifier=identifier)["arn"] == GROUP_ARN
        assert lattice.list_targets(targetGroupIdentifier=identifier)["items"]
    for identifier in (NETWORK, NETWORK_ARN):
        assert lattice.get_service_network(serviceNetworkIdentifier=identifier)["arn"] == NETWORK_ARN
    raw = sandbox.client("vpc-lattice", validate=False)
    invalid(raw.get_service, "serviceIdentifier", serviceIdentifier="myservice-by-its-name")
    invalid(raw.get_target_group, "targetGroupIdentifier", targetGroupIdentifier="myservice-a-by-its-name")


def test_an_arn_of_another_account_or_region_is_not_ours(sandbox):
    for arn in (SERVICE_ARN.replace(ACCOUNT, "210987654321"), SERVICE_ARN.replace(REGION, "eu-west-1")):
        refused(("ResourceNotFoundException", "AccessDeniedException"), sandbox.lattice.get_service, serviceIdentifier=arn)


def test_what_is_not_there_is_not_found_with_its_kind(sandbox):
    lattice, none = sandbox.lattice, "0" * 17
    missing(lattice.get_service, "SERVICE", serviceIdentifier=f"svc-{none}")
    missing(lattice.get_service_network, "SERVICE_NETWORK", serviceNetworkIdentifier=f"sn-{none}")
    missing(lattice.get_target_group, "TARGET_GROUP", targetGroupIdentifier=f"tg-{none}")
    missing(lattice.get_listener, "LISTENER", serviceIdentifier=SERVICE, listenerIdentifier=f"listener-{none}")
    missing(lattice.get_rule, "RULE", serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, ruleIdentifier=f"rule-{none}")
    missing(lattice.list_listeners, "SERVICE", serviceIdentifier=f"svc-{none}")
    missing(lattice.delete_service, "SERVICE", serviceIdentifier=f"svc-{none}")
    response = missing(lattice.update_service_network, serviceNetworkIdentifier=f"sn-{none}", authType="NONE")
    assert response["resourceId"] == f"sn-{none}"


def test_service_network_from_creation_to_deletion(empty):
    lattice = empty.lattice
    made = lattice.create_service_network(name="my-network", authType="NONE", sharingConfig={"enabled": True}, tags={"a": "b"})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert re.fullmatch(f"sn-{ID}", made["id"]) and made["arn"] == f"{LATTICE}:servicenetwork/{made['id']}"
    assert made["sharingConfig"] == {"enabled": True} and made["authType"] == "NONE"
    # Synchronous: a service network has no status (model).
    assert "status" not in made
    whole = lattice.get_service_network(serviceNetworkIdentifier=made["id"])
    assert (whole["numberOfAssociatedServices"], whole["numberOfAssociatedVPCs"]) == (0, 0)
    assert lattice.list_service_networks()["items"][0]["name"] == "my-network"
    assert lattice.update_service_network(serviceNetworkIdentifier=made["id"], authType="AWS_IAM")["authType"] == "AWS_IAM"
    deleted = lattice.delete_service_network(serviceNetworkIdentifier=made["arn"])
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    missing(lattice.get_service_network, "SERVICE_NETWORK", serviceNetworkIdentifier=made["id"])


def test_a_network_that_is_in_use_cannot_be_deleted(sandbox):
    conflict(sandbox.lattice.delete_service_network, "SERVICE_NETWORK", NETWORK, serviceNetworkIdentifier=NETWORK)
    assert sandbox.lattice.get_service_network(serviceNetworkIdentifier=NETWORK)["numberOfAssociatedServices"] == 1


def test_target_group_from_creation_to_deletion(empty):
    lattice = empty.lattice
    made = lattice.create_target_group(name="my-group", type="IP", config=HTTP_80, tags={"a": "b"})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert re.fullmatch(f"tg-{ID}", made["id"]) and made["arn"] == f"{LATTICE}:targetgroup/{made['id']}"
    assert made["status"] == "CREATE_IN_PROGRESS"
    config = made["config"]
    assert (config["port"], config["protocol"], config["protocolVersion"], config["ipAddressType"]) == (80, "HTTP", "HTTP1", "IPV4")
    # The documented defaults, filled in at once (user guide, target-group-health-checks).
    check = {k: v for k, v in config["healthCheck"].items() if k in DEFAULT_CHECK}
    assert check == DEFAULT_CHECK
    whole = empty.active(lattice.get_target_group, targetGroupIdentifier=made["id"])
    assert whole.get("serviceArns", []) == [] and whole["createdAt"] <= whole["lastUpdatedAt"]
    (summary,) = lattice.list_target_groups()["items"]
    assert (summary["port"], summary["protocol"], summary["vpcIdentifier"], summary["type"]) == (80, "HTTP", VPC, "IP")
    deleted = lattice.delete_target_group(targetGroupIdentifier=made["arn"])
    assert (deleted["ResponseMetadata"]["HTTPStatusCode"], deleted["status"]) == (200, "DELETE_IN_PROGRESS")
    empty.gone(lattice.get_target_group, targetGroupIdentifier=made["id"])


DEFAULT_CHECK = {
    "enabled": True,
    "protocol": "HTTP",
    "protocolVersion": "HTTP1",
    "path": "/",
    "healthCheckIntervalSeconds": 30,
    "healthCheckTimeoutSeconds": 5,
    "healthyThresholdCount": 5,
    "unhealthyThresholdCount": 2,
    "matcher": {"httpCode": "200"},
}


@pytest.mark.parametrize("version, enabled", [("HTTP1", True), ("HTTP2", False), ("GRPC", False)])
def test_checks_are_on_by_default_for_http1_only(empty, version, enabled):
    made = empty.lattice.create_target_group(name="versioned", type="IP", config=HTTP_80 | {"protocolVersion": version})
    assert made["config"]["healthCheck"]["enabled"] is enabled


def test_only_the_health_check_of_a_group_can_be_changed_and_0_resets_a_number(sandbox):
    lattice = sandbox.lattice
    check = {"enabled": True, "path": "/ready", "healthCheckIntervalSeconds": 15, "unhealthyThresholdCount": 3}
    updated = lattice.update_target_group(targetGroupIdentifier=GROUP, healthCheck=check)
    assert updated["config"]["healthCheck"] | check == updated["config"]["healthCheck"]
    reset = lattice.update_target_group(targetGroupIdentifier=GROUP, healthCheck={"healthCheckIntervalSeconds": 0})
    # "To reset this value to its default, specify 0" (model).
    assert reset["config"]["healthCheck"]["healthCheckIntervalSeconds"] == 30
    assert list(lattice.meta.service_model.operation_model("UpdateTargetGroup").input_shape.members) == ["targetGroupIdentifier", "healthCheck"]


def test_a_lambda_group_has_neither_port_nor_vpc(empty):
    lattice = empty.lattice
    made = lattice.create_target_group(name="function", type="LAMBDA")
    assert made["type"] == "LAMBDA"
    assert not {"port", "protocol", "vpcIdentifier", "healthCheck"} & set(made.get("config", {}))
    # "Not supported if the target group type is LAMBDA" (model).
    refused("ValidationException", lattice.create_target_group, name="function-2", type="LAMBDA", config=HTTP_80)
    refused("ValidationException", lattice.create_target_group, name="no-config", type="IP")


def test_a_group_in_use_cannot_be_deleted_and_says_by_whom(sandbox):
    lattice = sandbox.lattice
    assert lattice.get_target_group(targetGroupIdentifier=GROUP)["serviceArns"] == [SERVICE_ARN]
    conflict(lattice.delete_target_group, "TARGET_GROUP", GROUP, targetGroupIdentifier=GROUP)


def test_a_group_cannot_be_deleted_while_it_is_created(serve):
    slow = serve(speed=1, knobs={"activation": 300})
    made = slow.lattice.create_target_group(name="young", type="IP", config=HTTP_80)
    conflict(slow.lattice.delete_target_group, "TARGET_GROUP", made["id"], targetGroupIdentifier=made["id"])


def test_groups_are_listed_by_vpc_and_type(sandbox):
    lattice = sandbox.lattice
    lattice.create_target_group(name="elsewhere", type="IP", config=HTTP_80 | {"vpcIdentifier": "vpc-87654321"})
    lattice.create_target_group(name="instances", type="INSTANCE", config=HTTP_80)

    def names(**filters):
        return sorted(item["name"] for item in lattice.list_target_groups(**filters)["items"])

    assert names() == ["elsewhere", "instances", "myservice-a"]
    assert names(vpcIdentifier="vpc-87654321") == ["elsewhere"]
    assert names(targetGroupType="INSTANCE") == ["instances"]
    assert names(targetGroupType="LAMBDA") == []


def test_listener_from_creation_to_deletion(sandbox):
    lattice = sandbox.lattice
    made = lattice.create_listener(serviceIdentifier=SERVICE, name="tls", protocol="HTTPS", defaultAction=FIXED_404)
    assert made["port"] == 443
    assert re.fullmatch(f"listener-{ID}", made["id"]) and made["arn"] == f"{SERVICE_ARN}/listener/{made['id']}"
    assert (made["serviceArn"], made["serviceId"], made["defaultAction"]) == (SERVICE_ARN, SERVICE, FIXED_404)
    whole = lattice.get_listener(serviceIdentifier=SERVICE, listenerIdentifier=made["id"])
    assert whole["createdAt"] <= whole["lastUpdatedAt"]
    deleted = lattice.delete_listener(serviceIdentifier=SERVICE, listenerIdentifier=made["arn"])
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    missing(lattice.get_listener, "LISTENER", serviceIdentifier=SERVICE, listenerIdentifier=made["id"])
    # An HTTP listener is at 80 unless it says otherwise.
    other = lattice.create_service(name="ports")
    sandbox.active(lattice.get_service, serviceIdentifier=other["id"])
    assert lattice.create_listener(serviceIdentifier=other["id"], name="plain", protocol="HTTP", defaultAction=FIXED_404)["port"] == 80


def test_only_the_default_action_of_a_listener_can_be_changed(sandbox):
    lattice = sandbox.lattice
    updated = lattice.update_listener(serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, defaultAction=FIXED_404)
    assert (updated["ResponseMetadata"]["HTTPStatusCode"], updated["defaultAction"], updated["port"]) == (200, FIXED_404, 80)
    members = set(lattice.meta.service_model.operation_model("UpdateListener").input_shape.members)
    assert members == {"serviceIdentifier", "listenerIdentifier", "defaultAction"}


def test_deleting_a_listener_frees_its_groups(sandbox):
    lattice = sandbox.lattice
    lattice.delete_listener(serviceIdentifier=SERVICE, listenerIdentifier=LISTENER)
    assert lattice.list_listeners(serviceIdentifier=SERVICE)["items"] == []
    assert lattice.get_target_group(targetGroupIdentifier=GROUP).get("serviceArns", []) == []
    missing(lattice.get_rule, serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, ruleIdentifier=RULE)


def test_a_group_belongs_to_one_service_only(sandbox):
    lattice = sandbox.lattice
    other = lattice.create_service(name="other")
    sandbox.active(lattice.get_service, serviceIdentifier=other["id"])
    # "A target group can only be used by a single service" (model). The type of the error is not documented.
    refused(
        ("ConflictException", "ValidationException"),
        lattice.create_listener,
        serviceIdentifier=other["id"],
        name="taken",
        protocol="HTTP",
        defaultAction=forward((GROUP, 100)),
    )


def test_an_action_must_name_groups_that_are_there(sandbox):
    lattice = sandbox.lattice
    refused(
        ("ResourceNotFoundException", "ValidationException"),
        lattice.update_listener,
        serviceIdentifier=SERVICE,
        listenerIdentifier=LISTENER,
        defaultAction=forward(("tg-" + "0" * 17, 1)),
    )


@pytest.mark.parametrize("status", [404, 500])
def test_fixed_responses_that_are_allowed(sandbox, status):
    action = {"fixedResponse": {"statusCode": status}}
    updated = sandbox.lattice.update_listener(serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, defaultAction=action)
    assert updated["defaultAction"] == action


@pytest.mark.parametrize("status", [200, 403, 503])
def test_fixed_responses_that_are_not(sandbox, status):
    # "Only 404 and 500 status codes are supported" (model).
    refused(
        "ValidationException",
        sandbox.client("vpc-lattice", validate=False).update_listener,
        status=400,
        serviceIdentifier=SERVICE,
        listenerIdentifier=LISTENER,
        defaultAction={"fixedResponse": {"statusCode": status}},
    )
