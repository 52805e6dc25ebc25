"""VPC Lattice: targets, their health and their end.

Sources: aws-facts §2 (statuses, reason codes, drain, fail open), the service model (sizes, paging in the query, filter in the body).
"""

import pytest

from asking import *


@pytest.fixture
def group(sandbox):
    """A group of addresses that nothing uses."""
    made = sandbox.lattice.create_target_group(name="unused", type="IP", config=HTTP_80)
    return sandbox.active(sandbox.lattice.get_target_group, targetGroupIdentifier=made["id"])["id"]


def targets(sandbox, group, **more):
    return sandbox.lattice.list_targets(targetGroupIdentifier=group, **more)["items"]


def test_the_tasks_of_the_service_are_healthy_targets(sandbox):
    items = targets(sandbox, GROUP)
    assert len(items) == 3
    assert {(item["port"], item["status"]) for item in items} == {(80, "HEALTHY")}
    assert all("reasonCode" not in item for item in items)


def test_registering_and_deregistering(sandbox, group):
    lattice = sandbox.lattice
    given = [{"id": "10.0.0.1", "port": 80}, {"id": "10.0.0.1", "port": 81}, {"id": "10.0.0.2"}]
    answer = lattice.register_targets(targetGroupIdentifier=group, targets=given)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200 and answer.get("unsuccessful", []) == []
    assert [target["id"] for target in answer["successful"]] == ["10.0.0.1", "10.0.0.1", "10.0.0.2"]
    # A target is its id and its port, and the group's port where none is given.
    listed = targets(sandbox, group)
    assert sorted((item["id"], item["port"]) for item in listed) == [("10.0.0.1", 80), ("10.0.0.1", 81), ("10.0.0.2", 80)]
    assert {(item["status"], item["reasonCode"]) for item in listed} == {("UNUSED", "TargetGroupNotInUse")}
    # Registering again is no failure and no second target.
    lattice.register_targets(targetGroupIdentifier=group, targets=given[:1])
    assert len(targets(sandbox, group)) == 3
    answer = lattice.deregister_targets(targetGroupIdentifier=group, targets=given[:1])
    assert [target["id"] for target in answer["successful"]] == ["10.0.0.1"]
    sandbox.until(lambda: len(targets(sandbox, group)) == 2, 360, "the target that was deregistered is gone")


def test_a_healthy_target_drains_when_it_is_deregistered(sandbox):
    first = targets(sandbox, GROUP)[0]
    sandbox.lattice.deregister_targets(targetGroupIdentifier=GROUP, targets=[{"id": first["id"], "port": first["port"]}])
    found = [item["status"] for item in targets(sandbox, GROUP) if (item["id"], item["port"]) == (first["id"], first["port"])]
    # Whether ECS has registered its task again by now is its business.
    assert found in (["DRAINING"], ["INITIAL"])


def test_a_group_whose_targets_drain_cannot_be_deleted(serve):
    world = serve(speed=20, knobs={"drain": 60})
    lattice = world.lattice
    made = lattice.create_target_group(name="draining", type="IP", config=HTTP_80)
    world.active(lattice.get_target_group, targetGroupIdentifier=made["id"])
    lattice.update_rule(serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, ruleIdentifier=RULE, action=forward((GROUP, 1), (made["id"], 0)))
    lattice.register_targets(targetGroupIdentifier=made["id"], targets=[{"id": "10.9.9.9"}])
    world.until(lambda: targets(world, made["id"])[0]["status"] != "INITIAL", 300, "the target has been checked")
    lattice.update_rule(serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, ruleIdentifier=RULE, action=forward((GROUP, 1)))
    lattice.update_rule(serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, ruleIdentifier=RULE, action=forward((GROUP, 1), (made["id"], 0)))
    lattice.deregister_targets(targetGroupIdentifier=made["id"], targets=[{"id": "10.9.9.9"}])
    assert targets(world, made["id"])[0]["status"] == "DRAINING"
    lattice.update_rule(serviceIdentifier=SERVICE, listenerIdentifier=LISTENER, ruleIdentifier=RULE, action=forward((GROUP, 1)))
    if targets(world, made["id"]):
        # Observed: terraform-provider-aws #41600.
        conflict(lattice.delete_target_group, "TARGET_GROUP", targetGroupIdentifier=made["id"])
    world.until(lambda: not targets(world, made["id"]), 360, "the target has drained")
    lattice.delete_target_group(targetGroupIdentifier=made["id"])


def test_what_cannot_be_deregistered_is_told_inside_a_200(sandbox, group):
    sandbox.lattice.register_targets(targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])
    given = [{"id": "10.0.0.1", "port": 80}, {"id": "10.0.0.9", "port": 80}]
    answer = sandbox.lattice.deregister_targets(targetGroupIdentifier=group, targets=given)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert [target["id"] for target in answer["successful"]] == ["10.0.0.1"]
    (failure,) = answer["unsuccessful"]
    assert (failure["id"], failure["port"]) == ("10.0.0.9", 80) and failure["failureCode"] and failure["failureMessage"]


def test_an_address_that_is_none_is_not_registered(sandbox, group):
    # Whether the whole request is refused or only that target is not documented.
    try:
        answer = sandbox.lattice.register_targets(targetGroupIdentifier=group, targets=[{"id": "not-an-address"}])
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationException", error
    else:
        assert [failure["id"] for failure in answer["unsuccessful"]] == ["not-an-address"]
    assert targets(sandbox, group) == []


def test_sizes(sandbox, group):
    raw = sandbox.client("vpc-lattice", validate=False)
    many = [{"id": f"10.0.1.{n}"} for n in range(101)]
    invalid(raw.register_targets, "targets", targetGroupIdentifier=group, targets=[])
    invalid(raw.register_targets, "targets", targetGroupIdentifier=group, targets=many)
    invalid(raw.deregister_targets, "targets", targetGroupIdentifier=group, targets=many)
    invalid(raw.list_targets, "targets", targetGroupIdentifier=group, targets=many[:21])
    assert len(raw.register_targets(targetGroupIdentifier=group, targets=many[:100])["successful"]) == 100


def test_a_list_can_be_narrowed_to_some_targets(sandbox):
    first = targets(sandbox, GROUP)[0]
    assert targets(sandbox, GROUP, targets=[{"id": first["id"], "port": first["port"]}]) == [first]
    assert targets(sandbox, GROUP, targets=[{"id": "10.99.99.99", "port": 80}]) == []


def test_paging_is_in_the_query_and_the_body_may_be_empty(sandbox):
    path = f"/targetgroups/{GROUP}/listtargets"
    for body in (b"", b"{}"):
        status, _headers, answer = sandbox.send("POST", f"{path}?maxResults=2", [("content-type", "application/json")], body)
        assert status == 200 and answer.count(b'"HEALTHY"') == 2 and b"nextToken" in answer


def test_a_group_without_checks_says_unavailable(sandbox):
    lattice = sandbox.lattice
    config = HTTP_80 | {"healthCheck": {"enabled": False}}
    made = lattice.create_target_group(name="unchecked", type="IP", config=config)
    sandbox.active(lattice.get_target_group, targetGroupIdentifier=made["id"])
    lattice.register_targets(targetGroupIdentifier=made["id"], targets=[{"id": "10.0.0.1"}])
    rule = {"serviceIdentifier": SERVICE, "listenerIdentifier": LISTENER, "ruleIdentifier": RULE}
    lattice.update_rule(**rule, action=forward((GROUP, 100), (made["id"], 0)))
    sandbox.until(lambda: targets(sandbox, made["id"])[0]["status"] == "UNAVAILABLE", 120, "UNAVAILABLE")


def test_one_function_is_all_that_a_lambda_group_takes(sandbox):
    lattice = sandbox.lattice
    made = lattice.create_target_group(name="function", type="LAMBDA")
    sandbox.active(lattice.get_target_group, targetGroupIdentifier=made["id"])
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"
    assert lattice.register_targets(targetGroupIdentifier=made["id"], targets=[{"id": function}])["successful"][0]["id"] == function
    (target,) = targets(sandbox, made["id"])
    assert target["id"] == function
    # "If it's a Lambda target, you can only have one target in a target group" (model); how it is refused is not documented.
    try:
        answer = lattice.register_targets(targetGroupIdentifier=made["id"], targets=[{"id": function + "-2"}])
    except botocore.exceptions.ClientError:
        pass
    else:
        assert answer["unsuccessful"] and not answer.get("successful")
    assert len(targets(sandbox, made["id"])) == 1


def test_targets_become_unhealthy_with_a_reason(serve):
    world = serve(speed=60, images={"myservice:1": {"healthy_for": 30}, "*": {}})

    def unhealthy():
        return [item for item in targets(world, GROUP) if item["status"] == "UNHEALTHY"]

    found = world.until(unhealthy, 300, "a target is UNHEALTHY")
    assert {item["reasonCode"] for item in found} == {"HealthCheckFailed"}
