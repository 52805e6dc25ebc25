"""VPC Lattice: services and VPCs in service networks, access logs, policies and tags.

Sources: the service model; the states, conflicts and their texts are in aws-facts §1 and lattice-api §7.
"""

import json
import re

import pytest

from asking import *

ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]})
LOGS = "arn:aws:s3:::my-access-logs"


@pytest.fixture
def pair(empty):
    """An ACTIVE service and a network."""
    service = empty.lattice.create_service(name="single", customDomainName="single.example.com")
    network = empty.lattice.create_service_network(name="net")
    empty.active(empty.lattice.get_service, serviceIdentifier=service["id"])
    return service, network


def test_a_service_joins_and_leaves_a_network(empty, pair):
    lattice, (service, network) = empty.lattice, pair
    made = lattice.create_service_network_service_association(
        serviceIdentifier=service["id"], serviceNetworkIdentifier=network["arn"], tags={"a": "b"}
    )
    assert (made["ResponseMetadata"]["HTTPStatusCode"], made["status"]) == (200, "CREATE_IN_PROGRESS")
    assert re.fullmatch("snsa-[0-9a-z]{17}", made["id"])
    assert made["arn"] == f"{LATTICE}:servicenetworkserviceassociation/{made['id']}"
    assert (made["createdBy"], made["customDomainName"]) == (ACCOUNT, "single.example.com")
    assert made["dnsEntry"]["domainName"] == service["dnsEntry"]["domainName"]
    identifier = {"serviceNetworkServiceAssociationIdentifier": made["id"]}
    whole = empty.active(lattice.get_service_network_service_association, **identifier)
    assert (whole["serviceName"], whole["serviceId"], whole["serviceNetworkName"]) == ("single", service["id"], "net")
    for by in ({"serviceIdentifier": service["arn"]}, {"serviceNetworkIdentifier": network["id"]}):
        assert [item["id"] for item in lattice.list_service_network_service_associations(**by)["items"]] == [made["id"]]
    # "You must provide either the service network identifier or the service identifier" (model).
    refused("ValidationException", lattice.list_service_network_service_associations, status=400)
    assert lattice.get_service_network(serviceNetworkIdentifier=network["id"])["numberOfAssociatedServices"] == 1
    # "You can't use this operation if the service and service network are already associated" (model).
    said = conflict(
        lattice.create_service_network_service_association,
        serviceIdentifier=service["id"], serviceNetworkIdentifier=network["id"],
    )
    assert "already" in said["message"]
    deleted = lattice.delete_service_network_service_association(serviceNetworkServiceAssociationIdentifier=made["arn"])
    assert (deleted["ResponseMetadata"]["HTTPStatusCode"], deleted["status"]) == (200, "DELETE_IN_PROGRESS")
    empty.gone(lattice.get_service_network_service_association, **identifier)
    lattice.delete_service_network(serviceNetworkIdentifier=network["id"])


def test_a_service_that_is_not_active_cannot_join(serve):
    slow = serve(speed=1, knobs={"activation": 300})
    made = slow.lattice.create_service(name="young")
    said = conflict(
        slow.lattice.create_service_network_service_association,
        serviceIdentifier=made["id"], serviceNetworkIdentifier=NETWORK,
    )
    # AWS's gateway controller waits for this word.
    assert "CREATE_IN_PROGRESS" in said["message"]


def test_an_association_cannot_be_deleted_while_it_is_created(serve):
    slow = serve(speed=20, knobs={"activation": 40})
    lattice = slow.lattice
    network = lattice.create_service_network(name="net")
    service = lattice.create_service(name="young")
    slow.active(lattice.get_service, serviceIdentifier=service["id"])
    made = lattice.create_service_network_service_association(serviceIdentifier=service["id"], serviceNetworkIdentifier=network["id"])
    by_vpc = lattice.create_service_network_vpc_association(serviceNetworkIdentifier=network["id"], vpcIdentifier=VPC)
    # "This operation fails if an association is still in progress" (model).
    conflict(
        lattice.delete_service_network_service_association, serviceNetworkServiceAssociationIdentifier=made["id"]
    )
    # "You can't disassociate the VPC if there is a create or update association in progress" (model).
    conflict(lattice.delete_service_network_vpc_association, serviceNetworkVpcAssociationIdentifier=by_vpc["id"])
    # Nothing that takes part can go.
    conflict(lattice.delete_service, "SERVICE", service["id"], serviceIdentifier=service["id"])
    conflict(lattice.delete_service_network, "SERVICE_NETWORK", network["id"], serviceNetworkIdentifier=network["id"])


def test_a_vpc_joins_changes_and_leaves(serve):
    world = serve(speed=20, knobs={"activation": 10})
    lattice = world.lattice
    made = lattice.create_service_network_vpc_association(
        serviceNetworkIdentifier=NETWORK, vpcIdentifier=VPC, securityGroupIds=["sg-12345678"]
    )
    assert (made["ResponseMetadata"]["HTTPStatusCode"], made["status"]) == (200, "CREATE_IN_PROGRESS")
    assert re.fullmatch("snva-[0-9a-z]{17}", made["id"])
    assert made["arn"] == f"{LATTICE}:servicenetworkvpcassociation/{made['id']}"
    assert (made["createdBy"], made["securityGroupIds"]) == (ACCOUNT, ["sg-12345678"])
    identifier = {"serviceNetworkVpcAssociationIdentifier": made["id"]}
    # An update is refused while the association is created.
    conflict(lattice.update_service_network_vpc_association, **identifier, securityGroupIds=["sg-87654321"])
    whole = world.active(lattice.get_service_network_vpc_association, **identifier)
    assert (whole["vpcId"], whole["serviceNetworkId"], whole["serviceNetworkArn"]) == (VPC, NETWORK, NETWORK_ARN)
    for by in ({"vpcIdentifier": VPC}, {"serviceNetworkIdentifier": NETWORK}):
        (item,) = lattice.list_service_network_vpc_associations(**by)["items"]
        assert item["id"] == made["id"] and "securityGroupIds" not in item
    refused("ValidationException", lattice.list_service_network_vpc_associations, status=400)
    assert lattice.get_service_network(serviceNetworkIdentifier=NETWORK)["numberOfAssociatedVPCs"] == 1

    updated = lattice.update_service_network_vpc_association(**identifier, securityGroupIds=["sg-87654321"])
    assert (updated["status"], updated["securityGroupIds"]) == ("UPDATE_IN_PROGRESS", ["sg-87654321"])
    assert world.active(lattice.get_service_network_vpc_association, **identifier)["securityGroupIds"] == ["sg-87654321"]

    deleted = lattice.delete_service_network_vpc_association(serviceNetworkVpcAssociationIdentifier=made["arn"])
    assert (deleted["ResponseMetadata"]["HTTPStatusCode"], deleted["status"]) == (200, "DELETE_IN_PROGRESS")
    world.gone(lattice.get_service_network_vpc_association, **identifier)


def test_security_groups_cannot_be_emptied_and_are_at_most_five(empty):
    lattice = empty.lattice
    network = lattice.create_service_network(name="net")
    raw = empty.client("vpc-lattice", validate=False)
    many = [f"sg-1234567{n}" for n in range(6)]
    invalid(
        raw.create_service_network_vpc_association, "securityGroupIds",
        serviceNetworkIdentifier=network["id"], vpcIdentifier=VPC, securityGroupIds=many,
    )
    made = lattice.create_service_network_vpc_association(
        serviceNetworkIdentifier=network["id"], vpcIdentifier=VPC, securityGroupIds=many[:5]
    )
    empty.active(lattice.get_service_network_vpc_association, serviceNetworkVpcAssociationIdentifier=made["id"])
    # "to remove all security groups, you must first delete the association and then recreate it" (model: 1 to 5).
    invalid(
        raw.update_service_network_vpc_association, "securityGroupIds",
        serviceNetworkVpcAssociationIdentifier=made["id"], securityGroupIds=[],
    )


def test_a_vpc_is_in_one_network_only(sandbox):
    lattice = sandbox.lattice
    lattice.create_service_network_vpc_association(serviceNetworkIdentifier=NETWORK, vpcIdentifier=VPC)
    other = lattice.create_service_network(name="other-network")
    # One service network per VPC by association (quotas page); the type of the error is not documented.
    refused(
        ("ConflictException", "ServiceQuotaExceededException"),
        lattice.create_service_network_vpc_association,
        serviceNetworkIdentifier=other["id"], vpcIdentifier=VPC,
    )


def test_access_log_subscriptions(sandbox):
    lattice = sandbox.lattice
    made = lattice.create_access_log_subscription(resourceIdentifier=SERVICE, destinationArn=LOGS, tags={"a": "b"})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert re.fullmatch("als-[0-9a-z]{17}", made["id"]) and made["arn"] == f"{LATTICE}:accesslogsubscription/{made['id']}"
    assert (made["resourceId"], made["resourceArn"], made["destinationArn"]) == (SERVICE, SERVICE_ARN, LOGS)
    identifier = {"accessLogSubscriptionIdentifier": made["id"]}
    assert lattice.get_access_log_subscription(accessLogSubscriptionIdentifier=made["arn"])["destinationArn"] == LOGS
    # Observed: a second one from the same source to the same destination conflicts.
    conflict(lattice.create_access_log_subscription, resourceIdentifier=SERVICE, destinationArn=LOGS)
    updated = lattice.update_access_log_subscription(**identifier, destinationArn=LOGS + "-2")
    assert (updated["ResponseMetadata"]["HTTPStatusCode"], updated["destinationArn"]) == (200, LOGS + "-2")
    on_network = lattice.create_access_log_subscription(resourceIdentifier=NETWORK_ARN, destinationArn=LOGS, serviceNetworkLogType="SERVICE")
    assert (on_network["resourceId"], on_network["serviceNetworkLogType"]) == (NETWORK, "SERVICE")
    (item,) = lattice.list_access_log_subscriptions(resourceIdentifier=SERVICE_ARN)["items"]
    assert (item["id"], item["destinationArn"]) == (made["id"], LOGS + "-2")
    assert lattice.delete_access_log_subscription(**identifier)["ResponseMetadata"]["HTTPStatusCode"] == 204
    missing(lattice.get_access_log_subscription, **identifier)
    assert lattice.list_access_log_subscriptions(resourceIdentifier=SERVICE)["items"] == []


def test_auth_policies_are_active_only_with_iam(sandbox):
    lattice = sandbox.lattice
    put = lattice.put_auth_policy(resourceIdentifier=SERVICE, policy=ALLOW)
    # "The auth policy is only active when the auth type is set to AWS_IAM" (model).
    assert (put["ResponseMetadata"]["HTTPStatusCode"], put["state"], json.loads(put["policy"])) == (200, "Inactive", json.loads(ALLOW))
    lattice.update_service(serviceIdentifier=SERVICE, authType="AWS_IAM")
    got = lattice.get_auth_policy(resourceIdentifier=SERVICE_ARN)
    assert (got["state"], json.loads(got["policy"])) == ("Active", json.loads(ALLOW)) and got["createdAt"] <= got["lastUpdatedAt"]
    lattice.put_auth_policy(resourceIdentifier=NETWORK, policy=ALLOW)
    assert lattice.get_auth_policy(resourceIdentifier=NETWORK_ARN)["state"] == "Inactive"
    assert lattice.delete_auth_policy(resourceIdentifier=SERVICE)["ResponseMetadata"]["HTTPStatusCode"] == 204
    # What GetAuthPolicy says where there is none is not documented: not found, or nothing.
    try:
        assert "policy" not in lattice.get_auth_policy(resourceIdentifier=SERVICE)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceNotFoundException"


def test_policies_that_are_none_are_refused(sandbox):
    # "The policy string in JSON must not contain newlines or blank lines" (model).
    lattice = sandbox.lattice
    for policy in (json.dumps(json.loads(ALLOW), indent=1), "not JSON"):
        refused("ValidationException", lattice.put_auth_policy, status=400, resourceIdentifier=SERVICE, policy=policy)
        refused("ValidationException", lattice.put_resource_policy, status=400, resourceArn=SERVICE_ARN, policy=policy)
    missing(lattice.put_auth_policy, resourceIdentifier="svc-" + "0" * 17, policy=ALLOW)


def test_resource_policies(sandbox):
    lattice = sandbox.lattice
    assert lattice.put_resource_policy(resourceArn=SERVICE_ARN, policy=ALLOW)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert json.loads(lattice.get_resource_policy(resourceArn=SERVICE_ARN)["policy"]) == json.loads(ALLOW)
    assert lattice.delete_resource_policy(resourceArn=SERVICE_ARN)["ResponseMetadata"]["HTTPStatusCode"] == 204
    missing(lattice.get_resource_policy, resourceArn=SERVICE_ARN)


TAGGED = {"service": SERVICE_ARN, "listener": LISTENER_ARN, "rule": RULE_ARN, "target group": GROUP_ARN, "network": NETWORK_ARN}


@pytest.mark.parametrize("arn", TAGGED.values(), ids=TAGGED.keys())
def test_tags(sandbox, arn):
    lattice = sandbox.lattice
    lattice.tag_resource(resourceArn=arn, tags={"Environment": "Production", "Service": "API", "empty": ""})
    lattice.tag_resource(resourceArn=arn, tags={"Service": "Web"})
    tags = lattice.list_tags_for_resource(resourceArn=arn)["tags"]
    assert {k: tags[k] for k in ("Environment", "Service", "empty")} == {"Environment": "Production", "Service": "Web", "empty": ""}
    # A key that is not there is no mistake.
    lattice.untag_resource(resourceArn=arn, tagKeys=["Environment", "empty", "nobody"])
    assert "Environment" not in lattice.list_tags_for_resource(resourceArn=arn)["tags"]


def test_a_resource_has_at_most_50_tags(sandbox):
    # "Tags per resource: 50" (AWS general reference; the model itself allows 200 in one request). The error's type differs between
    # pages.
    lattice = sandbox.lattice
    lattice.tag_resource(resourceArn=SERVICE_ARN, tags={f"k{n}": "v" for n in range(50)})
    refused(("ValidationException", "ServiceQuotaExceededException"), lattice.tag_resource, resourceArn=SERVICE_ARN, tags={"one-more": "v"})
    # Changing one that is there stays possible.
    lattice.tag_resource(resourceArn=SERVICE_ARN, tags={"k1": "other"})
    assert len(lattice.list_tags_for_resource(resourceArn=SERVICE_ARN)["tags"]) == 50


def test_tags_that_are_not_allowed(sandbox):
    raw = sandbox.client("vpc-lattice", validate=False)
    refused("ValidationException", raw.tag_resource, status=400, resourceArn=SERVICE_ARN, tags={"": "v"})
    refused("ValidationException", raw.tag_resource, status=400, resourceArn=SERVICE_ARN, tags={"k" * 129: "v"})
    refused("ValidationException", raw.tag_resource, status=400, resourceArn=SERVICE_ARN, tags={"k": "v" * 257})
    # "aws:" is reserved (tagging rules of the AWS general reference).
    refused("ValidationException", raw.tag_resource, status=400, resourceArn=SERVICE_ARN, tags={"aws:mine": "v"})
    missing(raw.tag_resource, resourceArn=SERVICE_ARN[:-17] + "0" * 17, tags={"a": "b"})
    missing(raw.list_tags_for_resource, resourceArn=SERVICE_ARN[:-17] + "0" * 17)
