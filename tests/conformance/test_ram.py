"""RAM: shares of Lattice services and service networks with other accounts.

Source: the service model (operations, members, declared errors) and the user guide.
"""

import pytest

from asking import *

OTHER = "210987654321"
OWNER = {"key": "owner", "value": "espalier"}


@pytest.fixture
def ram(sandbox):
    return sandbox.client("ram")


def share(sandbox, ram, **more):
    """A share that is ACTIVE; its ARN."""
    made = ram.create_resource_share(name="shop", **more)["resourceShare"]
    arn = made["resourceShareArn"]
    assert made["status"] in ("PENDING", "ACTIVE") and made["owningAccountId"] == ACCOUNT
    assert arn.startswith(f"arn:aws:ram:{REGION}:{ACCOUNT}:resource-share/")
    sandbox.until(lambda: status(ram, arn) == "ACTIVE", 60, "the share is ACTIVE")
    return arn


def status(ram, arn):
    return ram.get_resource_shares(resourceOwner="SELF", resourceShareArns=[arn])["resourceShares"][0]["status"]


def members(ram, arn, kind):
    answer = ram.get_resource_share_associations(associationType=kind, resourceShareArns=[arn])
    return {one["associatedEntity"]: one["status"] for one in answer["resourceShareAssociations"]}


def test_share_from_creation_to_deletion(sandbox, ram):
    arn = share(sandbox, ram, resourceArns=[SERVICE_ARN], principals=[OTHER], tags=[OWNER])
    by_tag = [{"tagKey": "owner", "tagValues": ["espalier"]}]
    found = ram.get_resource_shares(resourceOwner="SELF", name="shop", tagFilters=by_tag)["resourceShares"]
    assert [one["resourceShareArn"] for one in found] == [arn] and found[0]["tags"] == [OWNER]
    assert found[0]["creationTime"] and found[0]["allowExternalPrincipals"] is True
    assert ram.get_resource_shares(resourceOwner="SELF", name="other")["resourceShares"] == []
    assert ram.get_resource_shares(resourceOwner="OTHER-ACCOUNTS")["resourceShares"] == []
    sandbox.until(lambda: members(ram, arn, "RESOURCE") == {SERVICE_ARN: "ASSOCIATED"}, 60, "the service is shared")
    # Another account has to accept first, and nobody does.
    assert members(ram, arn, "PRINCIPAL") == {OTHER: "ASSOCIATING"}
    listed = ram.list_resources(resourceOwner="SELF")["resources"]
    assert [(one["arn"], one["type"]) for one in listed] == [(SERVICE_ARN, "vpc-lattice:Service")]
    ram.update_resource_share(resourceShareArn=arn, name="shop-2")
    assert ram.delete_resource_share(resourceShareArn=arn)["returnValue"] is True
    # "Deleted resource shares are shown for two hours" (user guide).
    sandbox.until(lambda: status(ram, arn) == "DELETED", 60, "the share is DELETED")
    refused("UnknownResourceException", ram.update_resource_share, status=400, resourceShareArn=arn, name="x")


def test_resources_and_principals_come_and_go(sandbox, ram):
    arn = share(sandbox, ram, resourceArns=[SERVICE_ARN])
    organization = f"arn:aws:organizations::{OTHER}:organization/o-abcdefghij"
    answer = ram.associate_resource_share(resourceShareArn=arn, resourceArns=[NETWORK_ARN], principals=[organization])
    assert {one["associationType"] for one in answer["resourceShareAssociations"]} == {"RESOURCE", "PRINCIPAL"}
    sandbox.until(lambda: members(ram, arn, "PRINCIPAL") == {organization: "ASSOCIATED"}, 60, "the organization has it")
    ram.disassociate_resource_share(resourceShareArn=arn, resourceArns=[SERVICE_ARN])
    sandbox.until(lambda: members(ram, arn, "RESOURCE").get(SERVICE_ARN) != "DISASSOCIATING", 60, "the service is out")
    assert members(ram, arn, "RESOURCE")[NETWORK_ARN] == "ASSOCIATED"
    refused("UnknownResourceException", ram.disassociate_resource_share, status=400, resourceShareArn=arn, resourceArns=[SERVICE_ARN])


def test_the_same_client_token_makes_one_share(ram):
    first = ram.create_resource_share(name="shop", clientToken="t")
    assert first["clientToken"] == "t"
    assert ram.create_resource_share(name="shop", clientToken="t")["resourceShare"] == first["resourceShare"]
    refused("IdempotentParameterMismatchException", ram.create_resource_share, status=400, name="other", clientToken="t")


@pytest.mark.parametrize(
    "code, more",
    [
        ("MalformedArnException", {"resourceArns": ["nonsense"]}),
        ("UnknownResourceException", {"resourceArns": [f"{LATTICE}:service/svc-00000000000000000"]}),
        ("OperationNotPermittedException", {"resourceArns": [SERVICE_ARN.replace(ACCOUNT, OTHER)]}),
        ("OperationNotPermittedException", {"principals": [OTHER], "allowExternalPrincipals": False}),
        ("InvalidParameterException", {"principals": ["nobody"]}),
    ],
)
def test_what_cannot_be_shared(ram, code, more):
    refused(code, ram.create_resource_share, status=400, name="shop", **more)


def test_pages(sandbox, ram):
    for number in range(5):
        ram.create_resource_share(name=f"shop-{number}")
    items, number = pages(ram, "get_resource_shares", "resourceShares", 2, resourceOwner="SELF")
    assert [one["name"] for one in items] == [f"shop-{n}" for n in range(5)] and number == 3
    refused("InvalidNextTokenException", ram.get_resource_shares, status=400, resourceOwner="SELF", nextToken="x")


def test_tags(sandbox, ram):
    arn = share(sandbox, ram)
    ram.tag_resource(resourceShareArn=arn, tags=[OWNER, {"key": "b", "value": "2"}])
    ram.untag_resource(resourceShareArn=arn, tagKeys=["b"])
    assert ram.get_resource_shares(resourceOwner="SELF")["resourceShares"][0]["tags"] == [OWNER]


def test_a_quota(serve):
    sandbox = serve(quotas={"resource_shares": 1})
    ram = sandbox.client("ram")
    ram.create_resource_share(name="one")
    refused("ResourceShareLimitExceededException", ram.create_resource_share, status=400, name="two")
