"""VPC Lattice: rules, their order and their actions, and batches of them.

Sources: the service model; what ListRules leaves out, the default rule, and partial failure inside a 200 are in aws-facts §0 and §1.
"""

import re

import pytest

from asking import *

AT = {"serviceIdentifier": SERVICE, "listenerIdentifier": LISTENER}


def create(lattice, name, priority, prefix=None, action=None, **more):
    return lattice.create_rule(
        **AT, name=name, priority=priority, match=on_path(prefix or f"/{name}"), action=action or FIXED_404, **more
    )


@pytest.fixture
def second(sandbox):
    """A second group beside the one that serves."""
    made = sandbox.lattice.create_target_group(name="myservice-b", type="IP", config=HTTP_80)
    return sandbox.active(sandbox.lattice.get_target_group, targetGroupIdentifier=made["id"])["id"]


def default_rule(lattice):
    return next(rule for rule in lattice.list_rules(**AT)["items"] if rule["isDefault"])


def test_rule_from_creation_to_deletion(sandbox):
    lattice = sandbox.lattice
    match = {
        "httpMatch": {
            "method": "GET",
            "pathMatch": {"match": {"exact": "/one"}, "caseSensitive": False},
            "headerMatches": [{"name": "x-test", "match": {"contains": "yes"}, "caseSensitive": True}],
        }
    }
    made = lattice.create_rule(**AT, name="one", priority=5, match=match, action=FIXED_404, tags={"a": "b"})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert re.fullmatch("rule-[0-9a-z]{17}", made["id"]) and made["arn"] == f"{LISTENER_ARN}/rule/{made['id']}"
    assert (made["name"], made["priority"], made["match"], made["action"]) == ("one", 5, match, FIXED_404)
    whole = lattice.get_rule(**AT, ruleIdentifier=made["id"])
    assert (whole["match"], whole["action"], whole["isDefault"]) == (match, FIXED_404, False)
    assert whole["createdAt"] <= whole["lastUpdatedAt"]
    assert lattice.list_tags_for_resource(resourceArn=made["arn"])["tags"] == {"a": "b"}
    assert lattice.delete_rule(**AT, ruleIdentifier=made["arn"])["ResponseMetadata"]["HTTPStatusCode"] == 204
    missing(lattice.get_rule, "RULE", **AT, ruleIdentifier=made["id"])


def test_a_list_of_rules_has_the_default_one_and_no_matches_or_actions(sandbox):
    items = sandbox.lattice.list_rules(**AT)["items"]
    assert sorted(item["isDefault"] for item in items) == [False, True]
    for item in items:
        # One GetRule is needed for each (model: RuleSummary).
        assert set(item) <= {"arn", "id", "name", "isDefault", "priority", "createdAt", "lastUpdatedAt"}
    whole = sandbox.lattice.get_rule(**AT, ruleIdentifier=default_rule(sandbox.lattice)["id"])
    assert whole["isDefault"] and whole["action"] == forward((GROUP, 100)) and "match" not in whole


def test_the_default_rule_is_changed_by_its_listener_only(sandbox):
    lattice = sandbox.lattice
    default = default_rule(lattice)["id"]
    # "You can't modify a default listener rule. To modify a default listener rule, use UpdateListener" (model); the type of the
    # error is not documented.
    refused(("ValidationException", "ConflictException"), lattice.update_rule, **AT, ruleIdentifier=default, action=FIXED_404)
    # "You can delete additional listener rules, but you cannot delete the default rule" (model).
    refused(("ValidationException", "ConflictException"), lattice.delete_rule, **AT, ruleIdentifier=default)
    lattice.update_listener(**AT, defaultAction=FIXED_404)
    assert lattice.get_rule(**AT, ruleIdentifier=default)["action"] == FIXED_404


def test_an_update_replaces_only_what_it_has(sandbox, second):
    lattice = sandbox.lattice
    before = lattice.get_rule(**AT, ruleIdentifier=RULE)
    action = forward((GROUP, 90), (second, 10))
    updated = lattice.update_rule(**AT, ruleIdentifier=RULE_ARN, action=action)
    assert updated["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert (updated["action"], updated["match"], updated["priority"], updated["name"]) == (action, before["match"], before["priority"], before["name"])
    assert lattice.update_rule(**AT, ruleIdentifier=RULE, priority=7)["priority"] == 7
    after = lattice.get_rule(**AT, ruleIdentifier=RULE)
    # The API gives back at once what was written, whatever the data plane does.
    assert (after["action"], after["priority"], after["match"]) == (action, 7, before["match"])
    assert after["lastUpdatedAt"] >= before["lastUpdatedAt"] and after["createdAt"] == before["createdAt"]
    # The action is replaced whole: a group that is left out is gone.
    lattice.update_rule(**AT, ruleIdentifier=RULE, action=forward((second, 1)))
    assert lattice.get_rule(**AT, ruleIdentifier=RULE)["action"] == forward((second, 1))


def test_groups_may_be_named_by_arn_and_weights_may_be_left_out(sandbox):
    lattice = sandbox.lattice
    lattice.update_rule(**AT, ruleIdentifier=RULE, action={"forward": {"targetGroups": [{"targetGroupIdentifier": GROUP_ARN}]}})
    (group,) = lattice.get_rule(**AT, ruleIdentifier=RULE)["action"]["forward"]["targetGroups"]
    # "The default weight is 100" where there is one group (model); id or ARN is not documented for the answer.
    assert group["targetGroupIdentifier"] in (GROUP, GROUP_ARN) and group.get("weight", 100) == 100


def test_a_priority_is_unique_in_its_listener(sandbox):
    lattice = sandbox.lattice
    conflict(create, lattice=lattice, name="same", priority=10)
    made = create(lattice, "other", 20)
    conflict(lattice.update_rule, **AT, ruleIdentifier=made["id"], priority=10)
    assert lattice.get_rule(**AT, ruleIdentifier=made["id"])["priority"] == 20


def test_a_name_is_unique_in_its_listener(sandbox):
    conflict(create, "RULE", lattice=sandbox.lattice, name="api", priority=30)


@pytest.mark.parametrize("priority", [1, 2000])
def test_the_least_and_the_greatest_priority(sandbox, priority):
    assert create(sandbox.lattice, "edge", priority)["priority"] == priority


def test_weights_are_0_to_999_and_groups_at_most_ten(sandbox):
    raw = sandbox.client("vpc-lattice", validate=False)
    invalid(raw.update_rule, "weight", **AT, ruleIdentifier=RULE, action=forward((GROUP, 1000)))
    invalid(raw.update_rule, "weight", **AT, ruleIdentifier=RULE, action=forward((GROUP, -1)))
    invalid(raw.update_rule, "targetGroups", **AT, ruleIdentifier=RULE, action={"forward": {"targetGroups": []}})
    invalid(raw.update_rule, "targetGroups", **AT, ruleIdentifier=RULE, action=forward(*[(GROUP, 1)] * 11))
    raw.update_rule(**AT, ruleIdentifier=RULE, action=forward((GROUP, 999)))


def test_an_action_is_one_of_the_two(sandbox):
    raw = sandbox.client("vpc-lattice", validate=False)
    refused("ValidationException", raw.update_rule, status=400, **AT, ruleIdentifier=RULE, action={})
    refused("ValidationException", raw.update_rule, status=400, **AT, ruleIdentifier=RULE, action=forward((GROUP, 1)) | FIXED_404)


def test_a_batch_swaps_what_single_updates_cannot(sandbox):
    lattice = sandbox.lattice
    other = create(lattice, "other", 20)["id"]
    # "This can be useful when bulk updating or swapping rule priority" (model).
    answer = lattice.batch_update_rule(**AT, rules=[{"ruleIdentifier": RULE, "priority": 20}, {"ruleIdentifier": other, "priority": 10}])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200 and answer.get("unsuccessful", []) == []
    assert {rule["id"]: rule["priority"] for rule in answer["successful"]} == {RULE: 20, other: 10}
    assert lattice.get_rule(**AT, ruleIdentifier=RULE)["priority"] == 20
    assert lattice.get_rule(**AT, ruleIdentifier=other)["priority"] == 10


def test_a_batch_that_fails_in_part_is_still_a_200(sandbox):
    lattice, nobody = sandbox.lattice, "rule-" + "0" * 17
    rules = [{"ruleIdentifier": RULE, "action": FIXED_404}, {"ruleIdentifier": nobody, "action": FIXED_404}]
    answer = lattice.batch_update_rule(**AT, rules=rules)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert [rule["id"] for rule in answer["successful"]] == [RULE]
    (failure,) = answer["unsuccessful"]
    assert failure["ruleIdentifier"] == nobody and failure["failureCode"] and failure["failureMessage"]
    assert lattice.get_rule(**AT, ruleIdentifier=RULE)["action"] == FIXED_404


def test_a_batch_has_1_to_10_rules(sandbox):
    raw = sandbox.client("vpc-lattice", validate=False)
    invalid(raw.batch_update_rule, "rules", **AT, rules=[])
    invalid(raw.batch_update_rule, "rules", **AT, rules=[{"ruleIdentifier": RULE, "priority": n} for n in range(1, 12)])


def test_a_rule_keeps_the_groups_that_it_names_from_being_deleted_even_at_weight_0(sandbox, second):
    lattice = sandbox.lattice
    lattice.update_rule(**AT, ruleIdentifier=RULE, action=forward((GROUP, 100), (second, 0)))
    conflict(lattice.delete_target_group, "TARGET_GROUP", second, targetGroupIdentifier=second)
    assert lattice.get_target_group(targetGroupIdentifier=second)["serviceArns"] == [SERVICE_ARN]
    lattice.update_rule(**AT, ruleIdentifier=RULE, action=forward((GROUP, 100)))
    assert lattice.delete_target_group(targetGroupIdentifier=second)["status"] == "DELETE_IN_PROGRESS"


def test_a_tls_listener_that_passes_through_has_no_rules(sandbox):
    lattice = sandbox.lattice
    made = lattice.create_service(name="passing", customDomainName="passing.example.com")
    sandbox.active(lattice.get_service, serviceIdentifier=made["id"])
    group = lattice.create_target_group(name="passing", type="IP", config={"port": 443, "protocol": "TCP", "vpcIdentifier": VPC})
    sandbox.active(lattice.get_target_group, targetGroupIdentifier=group["id"])
    # Only a forward action to a TCP group (user guide, TLS listeners).
    refused(
        "ValidationException",
        lattice.create_listener,
        serviceIdentifier=made["id"], name="tls", protocol="TLS_PASSTHROUGH", port=443, defaultAction=FIXED_404,
    )
    listener = lattice.create_listener(
        serviceIdentifier=made["id"], name="tls", protocol="TLS_PASSTHROUGH", port=443, defaultAction=forward((group["id"], 1))
    )
    refused(
        ("ValidationException", "ConflictException"),
        lattice.create_rule,
        serviceIdentifier=made["id"], listenerIdentifier=listener["id"], name="none", priority=1, match=on_path("/"), action=FIXED_404,
    )
