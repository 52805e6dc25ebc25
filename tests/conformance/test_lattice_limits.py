"""VPC Lattice: quotas, idempotency tokens and refusals that a scenario asks for.

Sources: the quotas page in aws-facts §1; `clientToken` in the API reference. What a token with other parameters is refused with is
not documented: the sandbox's default is a conflict.
"""

import pytest

from asking import *


def quota(call, resource_type=None, **parameters):
    """402 with the members of ServiceQuotaExceededException."""
    response = refused("ServiceQuotaExceededException", call, status=402, **parameters)
    # The model requires both; which code a quota has is not written down where we could read it.
    assert response["serviceCode"] == "vpc-lattice" and response["quotaCode"], response
    if resource_type:
        assert response["resourceType"] == resource_type
    return response


def test_two_listeners_for_a_service(sandbox):
    def listener(name, port):
        return sandbox.lattice.create_listener(serviceIdentifier=SERVICE, name=name, protocol="HTTP", port=port, defaultAction=FIXED_404)

    listener("second", 81)
    quota(lambda **p: listener(**p), name="third", port=82)


def test_ten_rules_for_a_listener(sandbox):
    def rule(number):
        return sandbox.lattice.create_rule(
            serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, name=f"no-{number}", priority=100 + number,
            match=on_path(f"/{number}"), action=FIXED_404,
        )  # fmt: skip

    # Whether the default rule counts is not documented: eight more beside `api` must go, twelve must not.
    for number in range(8):
        rule(number)

    def four_more():
        for number in range(8, 12):
            rule(number)

    quota(four_more)


def test_ten_groups_for_a_service(sandbox):
    groups = [sandbox.lattice.create_target_group(name=f"more-{n}", type="IP", config=HTTP_80)["id"] for n in range(10)]
    for group in groups:
        sandbox.active(sandbox.lattice.get_target_group, targetGroupIdentifier=group)
    at = {"serviceIdentifier": SERVICE, "listenerIdentifier": LISTENER}
    sandbox.lattice.update_rule(**at, ruleIdentifier=RULE, action=forward((GROUP, 1), *[(g, 1) for g in groups[:9]]))
    quota(sandbox.lattice.create_rule, **at, name="eleventh", priority=50, match=on_path("/e"), action=forward((groups[9], 1)))


def test_a_thousand_targets_in_a_group(empty):
    made = empty.lattice.create_target_group(name="large", type="IP", config=HTTP_80)
    empty.active(empty.lattice.get_target_group, targetGroupIdentifier=made["id"])
    for block in range(10):
        targets = [{"id": f"10.0.{block}.{n}"} for n in range(100)]
        empty.lattice.register_targets(targetGroupIdentifier=made["id"], targets=targets)
    quota(empty.lattice.register_targets, targetGroupIdentifier=made["id"], targets=[{"id": "10.0.10.1"}])


def test_fifty_networks(empty):
    for number in range(50):
        empty.lattice.create_service_network(name=f"net-{number}")
    quota(empty.lattice.create_service_network, "SERVICE_NETWORK", name="net-50")


def everything_that_takes_a_token(world):
    """For each operation with a `clientToken`: a call, its parameters, other parameters, and how many there are of the thing."""
    lattice = world.lattice
    service = lattice.create_service(name="tokens")["id"]
    network = lattice.create_service_network(name="tokens-net")["id"]
    world.active(lattice.get_service, serviceIdentifier=service)
    listener = lattice.create_listener(serviceIdentifier=service, name="first", protocol="HTTP", port=8080, defaultAction=FIXED_404)["id"]
    at = {"serviceIdentifier": service}

    def count(operation, **by):
        return lambda: len(getattr(lattice, operation)(**by)["items"])

    return {
        "CreateService": (lattice.create_service, {"name": "once"}, {"name": "twice"}, count("list_services")),
        "CreateServiceNetwork": (lattice.create_service_network, {"name": "once"}, {"name": "twice"}, count("list_service_networks")),
        "CreateTargetGroup": (
            lattice.create_target_group, {"name": "once", "type": "IP", "config": HTTP_80}, {"name": "twice"}, count("list_target_groups"),
        ),
        "CreateListener": (
            lattice.create_listener, at | {"name": "once", "protocol": "HTTP", "port": 81, "defaultAction": FIXED_404}, {"port": 82},
            count("list_listeners", **at),
        ),
        "CreateRule": (
            lattice.create_rule,
            at | {"listenerIdentifier": listener, "name": "once", "priority": 9, "match": on_path("/x"), "action": FIXED_404},
            {"priority": 8},
            count("list_rules", **at, listenerIdentifier=listener),
        ),
        "CreateServiceNetworkServiceAssociation": (
            lattice.create_service_network_service_association,
            {"serviceIdentifier": service, "serviceNetworkIdentifier": network}, {"tags": {"a": "b"}},
            count("list_service_network_service_associations", serviceNetworkIdentifier=network),
        ),
        "CreateServiceNetworkVpcAssociation": (
            lattice.create_service_network_vpc_association,
            {"serviceNetworkIdentifier": network, "vpcIdentifier": VPC}, {"vpcIdentifier": "vpc-87654321"},
            count("list_service_network_vpc_associations", serviceNetworkIdentifier=network),
        ),
        "CreateAccessLogSubscription": (
            lattice.create_access_log_subscription,
            {"resourceIdentifier": service, "destinationArn": "arn:aws:s3:::my-access-logs"}, {"destinationArn": "arn:aws:s3:::other-access-logs"},
            count("list_access_log_subscriptions", resourceIdentifier=service),
        ),
    }  # fmt: skip


TAKES_A_TOKEN = [
    "CreateService", "CreateServiceNetwork", "CreateTargetGroup", "CreateListener", "CreateRule",
    "CreateServiceNetworkServiceAssociation", "CreateServiceNetworkVpcAssociation", "CreateAccessLogSubscription",
]  # fmt: skip


@pytest.mark.parametrize("operation", TAKES_A_TOKEN)
def test_a_token_makes_one_resource(sandbox, operation):
    call, parameters, other, count = everything_that_takes_a_token(sandbox)[operation]
    before = count()
    first = call(**parameters, clientToken="the-token")
    again = call(**parameters, clientToken="the-token")
    assert (again["id"], again["arn"]) == (first["id"], first["arn"])
    assert again["ResponseMetadata"]["HTTPStatusCode"] == first["ResponseMetadata"]["HTTPStatusCode"]
    assert count() == before + 1
    # The same token for something else "fails" (API reference).
    conflict(call, **(parameters | other), clientToken="the-token")
    assert count() == before + 1


def test_throttling_says_when_to_come_again(serve):
    world = serve(speed=20, faults=[{"operations": ["GetService"], "nth": 1, "effect": "throttle"}])
    response = refused("ThrottlingException", world.lattice.get_service, status=429, serviceIdentifier=SERVICE)
    assert response["ResponseMetadata"]["HTTPHeaders"]["retry-after"].isdigit()
    assert world.lattice.get_service(serviceIdentifier=SERVICE)["id"] == SERVICE


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_a_client_that_retries_gets_through(serve, mode):
    world = serve(speed=20, faults=[{"operations": ["GetService"], "nth": 1, "effect": "throttle"}, {"operations": ["GetRule"], "nth": 1, "effect": "error500"}])
    client = world.client("vpc-lattice", retries={"mode": mode, "total_max_attempts": 3})
    answer = client.get_service(serviceIdentifier=SERVICE)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    answer = client.get_rule(serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, ruleIdentifier=RULE)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
