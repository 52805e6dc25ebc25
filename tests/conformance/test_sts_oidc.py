"""STS, and the endpoint from which a run of GitHub Actions gets its identity token.

Sources: the service model of STS (operations, error codes), and github-facts §4 for the token's endpoint and its claims.
"""

import base64
import email.utils
import json

import botocore
import pytest

from asking import *

ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"


def token(world, audience="sts.amazonaws.com"):
    """A token as the toolkit's `getIDToken` gets it."""
    status, headers, body = ask(world, f"&audience={audience}", world.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
    assert status == 200 and headers["content-type"].startswith("application/json"), body
    return json.loads(body)["value"]


def ask(world, more, bearer):
    headers = {"accept": "application/json; api-version=2.0"} | ({"authorization": f"bearer {bearer}"} if bearer else {})
    return world.send("GET", more, headers.items(), base=world.env["ACTIONS_ID_TOKEN_REQUEST_URL"])


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def assume(world, given, **more):
    sts = world.client("sts", signature_version=botocore.UNSIGNED)
    return sts.assume_role_with_web_identity(RoleArn=ROLE, RoleSessionName="release-7", WebIdentityToken=given, **more)


def test_who_am_i(sandbox):
    answer = sandbox.client("sts").get_caller_identity()
    assert answer["Account"] == ACCOUNT and answer["Arn"].startswith("arn:aws:") and f":{ACCOUNT}:" in answer["Arn"]
    assert answer["UserId"]


def test_the_token_says_which_run_it_is_for(sandbox):
    assert "?" in sandbox.env["ACTIONS_ID_TOKEN_REQUEST_URL"], "the toolkit appends &audience=…, so a query must be there already"
    header, claims, signature = token(sandbox).split(".")
    assert decoded(header)["typ"] == "JWT" and decoded(header)["alg"] == "HS256" and signature
    claims = decoded(claims)
    assert claims["iss"] == "https://token.actions.githubusercontent.com"
    assert claims["aud"] == "sts.amazonaws.com"
    assert claims["repository"] == sandbox.env["GITHUB_REPOSITORY"] and claims["sub"].startswith("repo:")
    assert claims["sub"].endswith(":pull_request") and claims["event_name"] == "pull_request"
    assert claims["sha"] == sandbox.env["GITHUB_SHA"]
    # Short-lived: minutes.
    assert claims["nbf"] <= claims["iat"] < claims["exp"] <= claims["iat"] + 900


def test_no_token_without_the_runs_own_secret(sandbox):
    for bearer in (None, "wrong"):
        status, _headers, body = ask(sandbox, "&audience=sts.amazonaws.com", bearer)
        assert status in (401, 403) and b'"value"' not in body


def test_a_role_is_assumed_with_the_token(sandbox):
    given = token(sandbox)
    answer = assume(sandbox, given, DurationSeconds=900)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/release-7"
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":release-7")
    assert answer["SubjectFromWebIdentityToken"] == decoded(given.split(".")[1])["sub"] and answer["Audience"] == "sts.amazonaws.com"
    assert answer["Provider"].endswith("token.actions.githubusercontent.com")
    keys = answer["Credentials"]
    assert keys["AccessKeyId"].startswith("ASIA")
    credentials = (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    me = sandbox.client("sts", credentials=credentials).get_caller_identity()
    assert me["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert sandbox.client("vpc-lattice", credentials=credentials).get_service(serviceIdentifier=SERVICE)["id"] == SERVICE


def test_credentials_last_as_long_as_was_asked_for(sandbox):
    for seconds in (900, 3600):
        answer = assume(sandbox, token(sandbox), DurationSeconds=seconds)
        date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
        left = (answer["Credentials"]["Expiration"] - email.utils.parsedate_to_datetime(date)).total_seconds()
        assert abs(left - seconds) <= 1, left


def test_tokens_that_are_none_are_refused(sandbox):
    whole = token(sandbox)
    header, claims, signature = whole.split(".")
    other = base64.urlsafe_b64encode(json.dumps(decoded(claims) | {"sub": "repo:evil/evil:ref:refs/heads/main"}).encode()).decode().rstrip("=")
    for wrong in ("nonsense", f"{header}.{other}.{signature}", f"{header}.{claims}.", token(sandbox, "somebody.else")):
        refused("InvalidIdentityToken", lambda **p: assume(sandbox, **p), status=400, given=wrong)


def test_a_token_ends(serve):
    world = serve(speed=3600)
    old = token(world)
    wait_until = decoded(old.split(".")[1])["exp"]

    def ended():
        try:
            assume(world, old)
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "ExpiredTokenException", error
            return True

    world.until(ended, 3600, f"the token that ends at {wait_until} is refused")
    assert assume(world, token(world))["Credentials"]


def test_credentials_of_an_assumed_role_end(serve):
    world = serve(speed=3600)
    keys = assume(world, token(world), DurationSeconds=900)["Credentials"]
    client = world.client("ecs", credentials=(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]))

    def ended():
        try:
            client.describe_services(cluster=CLUSTER, services=[ECS_SERVICE])
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] in ("ExpiredTokenException", "ExpiredToken"), error
            return True

    world.until(ended, 3600, "the credentials are refused")


def test_a_role_that_is_none(sandbox):
    sts = sandbox.client("sts", signature_version=botocore.UNSIGNED, validate=False)
    refused("ValidationError", sts.assume_role_with_web_identity, status=400, RoleArn="short", RoleSessionName="release-7", WebIdentityToken=token(sandbox))
