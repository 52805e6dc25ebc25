"""The judge is judged first: `strict` must say what is wrong, and nothing where nothing is."""

import json
import types

import pytest

from conftest import SESSION
import strict

SERVICE = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-0123456789abcdefg"
JSON_HEADERS = {"content-type": "application/json", "x-amzn-requestid": "1"}


def judged(operation, status, body, headers=JSON_HEADERS, service="vpc-lattice"):
    model = SESSION.get_service_model(service).operation_model(operation)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return strict.answer(types.SimpleNamespace(status_code=status, headers=headers, content=content), model)


@pytest.mark.parametrize(
    "body, said",
    [
        ({"items": [{"arn": SERVICE, "status": "ACTIVE", "createdAt": "2026-11-22T00:00:00Z"}]}, None),
        ({"items": [{"arn": "svc-1"}]}, "does not match"),
        ({"items": [{"status": "BORED"}]}, "is not one of"),
        ({"items": [{"createdAt": 1}]}, "is not a timestamp"),
        ({"items": [{"weight": 1}]}, "no such member"),
        ({"items": None}, "null"),
        ({"items": {}}, "is not a list"),
        (b"<xml/>", "is not JSON"),
    ],
)
def test_members(body, said):
    problems = judged("ListServices", 200, body)
    assert (problems == []) if said is None else any(said in problem for problem in problems), problems


def test_required_members_unions_and_status():
    assert "items: required in ListTargetsResponse, and not there" in judged("ListTargets", 200, {})
    both = {"action": {"forward": {"targetGroups": []}, "fixedResponse": {"statusCode": 404}}}
    problems = judged("GetRule", 200, both)
    assert any("is a union" in problem for problem in problems), problems
    assert "status 200, the model says 201" in judged("CreateService", 200, {})
    assert any("a body with 204" in problem for problem in judged("DeleteRule", 204, {}))


def test_errors():
    headers = JSON_HEADERS | {"x-amzn-errortype": "ConflictException"}
    whole = {"message": "m", "resourceId": "r", "resourceType": "SERVICE"}
    assert judged("DeleteService", 409, whole, headers) == []
    assert judged("DeleteService", 400, whole, headers) == ["ConflictException with status 400, the model says 409"]
    assert "ConflictException.resourceId: required in ConflictException, and not there" in judged(
        "DeleteService", 409, {"message": "m", "resourceType": "SERVICE"}, headers
    )
    assert any("is not one that the operation declares" in problem for problem in judged("GetService", 409, whole, headers))
    assert any("content-type" in problem for problem in judged("DeleteService", 409, whole, headers | {"content-type": "text/plain"}))


def test_query():
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    headers = {"content-type": "text/xml", "x-amzn-requestid": "1"}
    inner = "<GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
    whole = f'<GetCallerIdentityResponse xmlns="{space}">{inner}</GetCallerIdentityResponse>'
    assert judged("GetCallerIdentity", 200, whole.encode(), headers, "sts") == []
    other = whole.replace("Account>", "Accont>").encode()
    assert judged("GetCallerIdentity", 200, other, headers, "sts") == ["Accont: GetCallerIdentityResponse has no such member"]


def test_ec2():
    space = "http://ec2.amazonaws.com/doc/2016-11-15"
    headers = {"content-type": "text/xml", "x-amzn-requestid": "1"}
    group = "<securityGroupInfo><item><groupId>sg-1</groupId></item></securityGroupInfo>"
    whole = f'<DescribeSecurityGroupsResponse xmlns="{space}"><requestId>1</requestId>{group}</DescribeSecurityGroupsResponse>'
    judge = lambda body, status=200: judged("DescribeSecurityGroups", status, body.encode(), headers, "ec2")
    assert judge(whole) == []
    assert judge(whole.replace("groupId>", "groupID>")) == ["SecurityGroups[0].groupID: SecurityGroup has no such member"] or judge(
        whole.replace("groupId>", "groupID>")
    ) == ["securityGroupInfo[0].groupID: SecurityGroup has no such member"]
    assert judge(whole.replace("<requestId>1</requestId>", "")) == ["no requestId"]
    refusal = "<Response><Errors><Error><Code>InvalidGroup.NotFound</Code><Message>m</Message></Error></Errors><RequestID>1</RequestID></Response>"
    assert judge(refusal, 400) == []
    assert any("not a Response" in problem for problem in judge(refusal.replace("RequestID", "RequestId"), 400))
    assert any("is not as EC2 writes" in problem for problem in judge(refusal, 404))
