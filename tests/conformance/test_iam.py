"""IAM, as far as it is asked: a role, and what its policies say.

Sources: the service model of IAM, and the API reference (GetRole prints policies URL-encoded; botocore decodes them).
"""

import botocore
import pytest

from asking import *

ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"


def test_a_role_and_its_trust(sandbox):
    role = sandbox.client("iam").get_role(RoleName="deployer")["Role"]
    assert (role["Arn"], role["Path"], role["RoleName"]) == (ROLE, "/", "deployer")
    services = [statement["Principal"].get("Service", []) for statement in role["AssumeRolePolicyDocument"]["Statement"]]
    assert any("ecs.amazonaws.com" in each for each in services)


def test_what_policies_would_say(sandbox):
    asked = {"PolicySourceArn": ROLE, "ActionNames": ["ecs:UpdateService", "iam:PassRole"], "ResourceArns": ["*"]}
    answer = sandbox.client("iam").simulate_principal_policy(**asked)
    decisions = [(each["EvalActionName"], each["EvalDecision"]) for each in answer["EvaluationResults"]]
    assert decisions == [("ecs:UpdateService", "allowed"), ("iam:PassRole", "allowed")] and not answer["IsTruncated"]


def test_a_session_is_no_principal(sandbox):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/run"
        sandbox.client("iam").simulate_principal_policy(PolicySourceArn=session, ActionNames=["ecs:UpdateService"])
    assert refused.value.response["Error"]["Code"] == "InvalidInput"
