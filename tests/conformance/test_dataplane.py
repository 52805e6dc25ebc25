"""The data plane: one port, where the Host header picks the Lattice service.

Sources: the walkthrough of AWS's announcement of VPC Lattice (two thirds and one third, `/to-instance`, `/to-function`), the user
guide on rules, matching and health in aws-facts §2 and §7, and the header that Lattice adds for targets.
"""

import collections
import json

import pytest

from asking import *
from test_cloudwatch import data_plane


def ask(world, domain, path="/", method="GET", **headers):
    """Status, headers and body (as JSON where it is) of the service's answer."""
    given = {name.replace("_", "-"): value for name, value in headers.items()} | {"host": domain}
    status, headers, body = world.send(method, path, given.items(), base=data_plane(world))
    try:
        return status, headers, json.loads(body)
    except ValueError:
        return status, headers, body


def domain_of(world, service=SERVICE):
    return world.lattice.get_service(serviceIdentifier=service)["dnsEntry"]["domainName"]


def group_of(headers):
    """The target group in `x-amzn-lattice-target: ServiceArn=…;ServiceNetworkArn=…;TargetGroupArn=…`."""
    parts = dict(part.split("=", 1) for part in headers["x-amzn-lattice-target"].split(";"))
    return parts["TargetGroupArn"].rsplit("/", 1)[-1]


def followed(world, domain, path, group):
    world.until(lambda: "x-amzn-lattice-target" in (h := ask(world, domain, path)[1]) and group_of(h) == group, 120, f"{path} goes to {group}")


def target_of(world, group, body):
    """The id of the target of this group that the answer names."""
    said = json.dumps(body)
    (target,) = [item["id"] for item in world.lattice.list_targets(targetGroupIdentifier=group)["items"] if f"{item['id']}:" in said or f'{item["id"]}"' in said]
    return target


def test_the_port_is_loopback(sandbox):
    assert data_plane(sandbox).startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))


def test_anyone_can_see_who_answered(sandbox):
    status, headers, body = ask(sandbox, domain_of(sandbox), "/api")
    assert status == 200 and headers["content-type"] == "application/json" and group_of(headers) == GROUP
    assert f"ServiceArn={SERVICE_ARN}" in headers["x-amzn-lattice-target"]
    # The target group, the target and the revision.
    said = json.dumps(body)
    assert GROUP in said and target_of(sandbox, GROUP, body) and "myservice:1" in said, said


def test_targets_take_turns(sandbox):
    domain = domain_of(sandbox)
    seen = collections.Counter(target_of(sandbox, GROUP, ask(sandbox, domain, "/api")[2]) for _ in range(9))
    assert sorted(seen.values()) == [3, 3, 3]


def test_a_host_that_is_nobodys(sandbox):
    status, headers, _body = ask(sandbox, "nobody.example.com")
    assert status == 404 and "x-amzn-lattice-target" not in headers


def test_the_walkthrough_by_hand(serve):
    """Two thirds and one third, and two paths: what the announcement of VPC Lattice shows with curl."""
    world = serve(speed=100, lattice={"service_networks": [], "target_groups": [], "services": []}, ecs_services=[])
    lattice = world.lattice
    instance = lattice.create_target_group(name="instance", type="INSTANCE", config={"port": 8080, "protocol": "HTTP", "vpcIdentifier": VPC})
    function = lattice.create_target_group(name="function", type="LAMBDA")
    for group, target in ((instance, {"id": "i-0123456789abcdef0"}), (function, {"id": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"})):
        world.active(lattice.get_target_group, targetGroupIdentifier=group["id"])
        assert lattice.register_targets(targetGroupIdentifier=group["id"], targets=[target]).get("unsuccessful", []) == []
    service = lattice.create_service(name="my-service", authType="NONE")
    world.active(lattice.get_service, serviceIdentifier=service["id"])
    listener = lattice.create_listener(
        serviceIdentifier=service["id"], name="https", protocol="HTTPS", defaultAction=forward((instance["id"], 20), (function["id"], 10))
    )
    at = {"serviceIdentifier": service["id"], "listenerIdentifier": listener["id"]}
    for name, priority, group in (("to-instance", 10, instance), ("to-function", 20, function)):
        match = {"httpMatch": {"pathMatch": {"match": {"exact": f"/{name}"}}}}
        lattice.create_rule(**at, name=name, priority=priority, match=match, action=forward((group["id"], 1)))
    network = lattice.create_service_network(name="my-network")
    joined = lattice.create_service_network_service_association(serviceIdentifier=service["id"], serviceNetworkIdentifier=network["id"])
    answer = world.active(lattice.get_service_network_service_association, serviceNetworkServiceAssociationIdentifier=joined["id"])
    domain = answer["dnsEntry"]["domainName"]
    followed(world, domain, "/to-instance", instance["id"])
    followed(world, domain, "/to-function", function["id"])
    world.until(lambda: ask(world, domain)[0] == 200, 120, "the default action answers")
    counts = collections.Counter(group_of(ask(world, domain)[1]) for _ in range(30))
    assert counts == {instance["id"]: 20, function["id"]: 10}


@pytest.fixture
def second(serve):
    """A world with a second group beside the one that serves, and a target in it that answers."""
    world = serve(speed=100)
    made = world.lattice.create_target_group(name="myservice-b", type="INSTANCE", config=HTTP_80)
    world.active(world.lattice.get_target_group, targetGroupIdentifier=made["id"])
    world.lattice.register_targets(targetGroupIdentifier=made["id"], targets=[{"id": "i-0123456789abcdef0"}])
    return world, made["id"]


AT = {"serviceIdentifier": SERVICE, "listenerIdentifier": LISTENER}


def test_weights_are_followed_after_the_propagation_and_not_before(serve):
    world = serve(speed=10, knobs={"propagation": 30})
    domain = domain_of(world)
    world.lattice.update_rule(**AT, ruleIdentifier=RULE, action=FIXED_404)
    assert world.lattice.get_rule(**AT, ruleIdentifier=RULE)["action"] == FIXED_404
    assert ask(world, domain, "/api")[0] == 200
    world.until(lambda: ask(world, domain, "/api")[0] == 404, 60, "the rule's fixed response is given")


def test_rules_go_by_priority_and_match(second):
    world, other = second
    domain = domain_of(world)
    matches = {
        "by-method": (1, {"method": "DELETE"}),
        "by-header": (2, {"headerMatches": [{"name": "x-test", "match": {"exact": "1"}}]}),
        "by-prefix-of-header": (3, {"headerMatches": [{"name": "x-kind", "match": {"prefix": "can"}, "caseSensitive": False}]}),
        "by-exact-path": (4, {"pathMatch": {"match": {"exact": "/exact"}, "caseSensitive": True}}),
        "by-path-without-case": (5, {"pathMatch": {"match": {"prefix": "/folded"}, "caseSensitive": False}}),
        "by-both": (6, {"pathMatch": {"match": {"prefix": "/api/both"}}, "headerMatches": [{"name": "x-both", "match": {"contains": "es"}}]}),
    }
    for name, (priority, match) in matches.items():
        world.lattice.create_rule(**AT, name=name, priority=priority, match={"httpMatch": match}, action=forward((other, 1)))
    followed(world, domain, "/exact", other)
    wanted = [
        (("/",), {}, GROUP), (("/", "DELETE"), {}, other), (("/",), {"x_test": "1"}, other), (("/",), {"x_test": "2"}, GROUP),
        (("/",), {"X_TEST": "1"}, other), (("/",), {"x_kind": "CANary"}, other), (("/",), {"x_kind": "acan"}, GROUP),
        (("/exact/more",), {}, GROUP), (("/EXACT",), {}, GROUP), (("/FOLDED/x",), {}, other), (("/exact?a=b",), {}, other),
        (("/api/both",), {}, GROUP), (("/api/both",), {"x_both": "yes"}, other),
    ]  # fmt: skip
    for arguments, headers, group in wanted:
        found = group_of(ask(world, domain, *arguments, **headers)[1])
        assert found == group, f"{arguments} {headers} goes to {found}"


def test_weights_split_exactly(second):
    world, other = second
    domain = domain_of(world)
    world.lattice.update_rule(**AT, ruleIdentifier=RULE, action=forward((GROUP, 75), (other, 25)))
    world.until(lambda: group_of(ask(world, domain, "/api")[1]) == other, 120, "the other group gets something")
    counts = collections.Counter(group_of(ask(world, domain, "/api")[1]) for _ in range(100))
    assert abs(counts[other] - 25) <= 1 and counts[GROUP] + counts[other] == 100


def test_it_fails_open_when_all_targets_are_unhealthy(serve):
    world = serve(speed=60, images={"myservice:1": {"healthy_for": 60}, "*": {}})
    # ECS leaves tasks alone that are unhealthy in their grace period.
    world.ecs.update_service(cluster=CLUSTER, service=ECS_SERVICE, healthCheckGracePeriodSeconds=86400)
    domain = domain_of(world)
    world.until(
        lambda: {item["status"] for item in world.lattice.list_targets(targetGroupIdentifier=GROUP)["items"]} == {"UNHEALTHY"}, 600, "UNHEALTHY"
    )
    # All of them are asked, and answer as badly as they answered their checks.
    seen = [ask(world, domain, "/api") for _ in range(3)]
    assert {(status, group_of(headers)) for status, headers, _body in seen} == {(500, GROUP)}
    assert len({target_of(world, GROUP, body) for _status, _headers, body in seen}) == 3


def test_a_custom_domain_is_a_name_too(sandbox):
    made = sandbox.lattice.create_service(name="named", customDomainName="api.example.com")
    sandbox.active(sandbox.lattice.get_service, serviceIdentifier=made["id"])
    sandbox.lattice.create_listener(serviceIdentifier=made["id"], name="http", protocol="HTTP", defaultAction={"fixedResponse": {"statusCode": 500}})
    sandbox.until(lambda: ask(sandbox, "api.example.com")[0] == 500, 120, "the custom domain answers")
    assert ask(sandbox, "API.example.com:80")[0] == 500


def test_errors_of_the_image_reach_the_client(serve):
    world = serve(speed=20, images={"myservice:1": {"error_rate": 25}, "*": {}})
    domain = domain_of(world)
    counts = collections.Counter(ask(world, domain, "/api")[0] for _ in range(40))
    assert set(counts) == {200, 500} and 8 <= counts[500] <= 12, counts
