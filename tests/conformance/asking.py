"""What the tests have in common: names of things in the built-in world, and how to ask for what is to be refused."""

import botocore.exceptions
import pytest

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
LATTICE = f"arn:aws:vpc-lattice:{REGION}:{ACCOUNT}"

# The built-in world (`espalier sandbox serve`, scenario `promoted`).
SERVICE, LISTENER, RULE = "svc-12345678901234567", "listener-12345678901234567", "rule-12345678901234567"
GROUP, NETWORK = "tg-12345678901234567", "sn-12345678901234567"
SERVICE_ARN, GROUP_ARN, NETWORK_ARN = f"{LATTICE}:service/{SERVICE}", f"{LATTICE}:targetgroup/{GROUP}", f"{LATTICE}:servicenetwork/{NETWORK}"
LISTENER_ARN = f"{SERVICE_ARN}/listener/{LISTENER}"
RULE_ARN = f"{LISTENER_ARN}/rule/{RULE}"
CLUSTER, ECS_SERVICE = "my-cluster", "myservice"

VPC = "vpc-12345678"
HTTP_80 = {"port": 80, "protocol": "HTTP", "vpcIdentifier": VPC}
FIXED_404 = {"fixedResponse": {"statusCode": 404}}


def forward(*groups):
    """A forward action, from pairs of a target group and its weight."""
    return {"forward": {"targetGroups": [{"targetGroupIdentifier": g, "weight": w} for g, w in groups]}}


def on_path(prefix, **more):
    """A match of requests whose path begins so."""
    return {"httpMatch": {"pathMatch": {"match": {"prefix": prefix}}, **more}}


def refused(codes, call, *, status=None, **parameters):
    """Asserts that the call is refused with this error (or one of these), and gives the parsed answer."""
    codes = (codes,) if isinstance(codes, str) else codes
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        answer = call(**parameters)
        pytest.fail(f"{call.__name__}({parameters}) was answered with {answer}, and not refused as {' or '.join(codes)}")
    response = caught.value.response
    assert response["Error"]["Code"] in codes, caught.value
    if status is not None:
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status, caught.value
    return response


def invalid(call, member, **parameters):
    """Asserts that VPC Lattice refuses the call because of this member: ValidationException with `reason` and `fieldList`."""
    response = refused("ValidationException", call, status=400, **parameters)
    assert response.get("reason") == "fieldValidationFailed", response
    named = [field["name"] for field in response.get("fieldList", [])]
    assert any(member in name for name in named), f"the fields named are {named}, not {member}"
    return response


def conflict(call, resource_type=None, resource_id=None, **parameters):
    """Asserts that VPC Lattice refuses the call as a conflict: 409 with `resourceId` and `resourceType`."""
    response = refused("ConflictException", call, status=409, **parameters)
    if resource_type:
        assert response["resourceType"] == resource_type, response
    if resource_id:
        assert response["resourceId"] == resource_id, response
    return response


def missing(call, resource_type=None, **parameters):
    """Asserts that VPC Lattice does not find what the call names: 404 with `resourceId` and `resourceType`."""
    response = refused("ResourceNotFoundException", call, status=404, **parameters)
    if resource_type:
        assert response["resourceType"] == resource_type, response
    return response


def pages(client, operation, result, size, **parameters):
    """All that a paginator gives, in pages of this size, with the number of pages."""
    paginator = client.get_paginator(operation)
    items, number = [], 0
    for page in paginator.paginate(PaginationConfig={"PageSize": size}, **parameters):
        number += 1
        assert len(page.get(result, [])) <= size, f"{operation} gives {len(page[result])} where at most {size} were asked for"
        items += page.get(result, [])
    return items, number
