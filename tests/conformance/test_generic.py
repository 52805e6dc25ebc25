"""Every operation that the sandbox covers, by the model alone: what is wrong with a request is told as the service would.

Which operations are covered is read from `src/models/*.json`, what they take from botocore's models. A request is wrong in one way
at a time (mistakes.py), and must be refused with the service's documented error, whatever the world looks like.
"""

import collections
import json
import pathlib

import botocore.exceptions
import pytest

import mistakes
from asking import *
from conftest import SESSION

MODELS = pathlib.Path(__file__).resolve().parents[2] / "src" / "models"
COVERED = {path.stem: sorted(json.loads(path.read_text())["operations"]) for path in sorted(MODELS.glob("*.json"))}
ALL = [(service, operation) for service, operations in COVERED.items() for operation in operations]

# The errors for a request that the model does not allow, by service: for a value of a wrong type, and for anything else. (Common
# Errors pages; the ECS model's InvalidParameterException and ClientException; CloudWatch is query compatible, so its codes are the
# query protocol's or its own shapes'.)
CLOUDWATCH = {
    "ValidationError", "ValidationException", "InvalidParameterValue", "InvalidParameterValueException", "InvalidParameterCombination",
    "MissingParameter", "MissingRequiredParameterException", "MissingRequiredParameter",
}  # fmt: skip
REFUSALS = {
    "vpc-lattice": {"ValidationException"},
    "ecs": {"InvalidParameterException", "ClientException"},
    "application-autoscaling": {"ValidationException"},
    "ssm": {"ValidationException"},
    "iam": {"ValidationError"},
    "cloudwatch": CLOUDWATCH,
    "ram": {"InvalidParameterException"},
    "route53": {"InvalidInput"},
    # Its error codes are one list for all operations (EC2 API reference, "Error codes").
    "ec2": {"InvalidParameterValue", "InvalidParameterCombination", "MissingParameter", "UnknownParameter", "InvalidParameter"},
    "sts": {"ValidationError", "MissingParameter", "InvalidParameterValue"},
}
UNREADABLE = {
    "vpc-lattice": {"ValidationException"},
    "cloudwatch": CLOUDWATCH | {"SerializationException", "MalformedInput"},
    "route53": {"InvalidInput"},
}
# What has no types on the wire: all is text.
UNTYPED = ("query", "rest-xml", "ec2")
OTHERWISE_UNREADABLE = {"SerializationException", "ValidationException", "InvalidParameterException", "ClientException"}


@pytest.fixture(scope="module")
def world(serve_long):
    return serve_long(speed=1)


@pytest.fixture(scope="module")
def clients(world):
    """For each service a client that checks nothing, whose next body can be replaced."""
    made = {}

    def get(service):
        if service not in made:
            client = world.client(service, validate=False)
            made[service] = client, Replaced(client)
        return made[service]

    return get


class Replaced:
    """Puts another body into a client's next request."""

    def __init__(self, client):
        self.body = None
        client.meta.events.register("before-call", self.replace)

    def replace(self, params, **_others):
        if self.body is not None:
            params["body"] = json.dumps(self.body).encode()
            self.body = None


def test_there_is_something_to_cover():
    assert len(ALL) > 90 and {"vpc-lattice", "ecs", "cloudwatch", "sts", "ssm", "application-autoscaling"} <= set(COVERED), COVERED


def send(clients, service, operation, parameters, body=None):
    """The parsed answer, or the parsed error."""
    client, replaced = clients(service)
    replaced.body = body
    method = getattr(client, next(py for py, name in client.meta.method_to_api_mapping.items() if name == operation))
    try:
        return method(**parameters)
    except botocore.exceptions.ClientError as error:
        return error.response
    finally:
        replaced.body = None


def judged(service, mistake, answer):
    """What is wrong with the answer to this mistake; None where nothing is."""
    if "Error" not in answer:
        return "accepted"
    code, status = answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
    allowed = set(REFUSALS[service])
    if mistake.kind in ("wrong type", "unknown member"):
        allowed |= UNREADABLE.get(service, OTHERWISE_UNREADABLE)
    if code not in allowed or status != 400:
        return f"{code} ({status}): {answer['Error']['Message'][:100]}"
    if service == "vpc-lattice":
        reason, fields = answer.get("reason"), [field["name"] for field in answer.get("fieldList", [])]
        readable = mistake.kind not in ("wrong type", "unknown member")
        if reason != "fieldValidationFailed" and (readable or reason not in ("cannotParse", "other")):
            return f"the reason is {reason}"
        if readable and not any(mistake.member in field for field in fields):
            return f"fieldList names {fields}"
    return None


@pytest.mark.parametrize("service, operation", ALL, ids=[f"{service}-{operation}" for service, operation in ALL])
def test_whatever_is_wrong_is_refused(world, clients, service, operation):
    model = SESSION.get_service_model(service).operation_model(operation)
    problems, count, wrong = collections.defaultdict(list), 0, 0
    for mistake in mistakes.mistakes(model, typed=model.service_model.resolved_protocol not in UNTYPED):
        count += 1
        problem = judged(service, mistake, send(clients, service, operation, mistake.parameters, mistake.body))
        wrong += problem is not None
        for one in {problem, *world.violations} - {None}:
            problems[one].append(str(mistake))
        world.violations.clear()
    if problems:
        told = "".join(f"\n  {answer}\n    {len(of)} × {', '.join(of[:8])}{' …' if len(of) > 8 else ''}" for answer, of in list(problems.items())[:12])
        pytest.fail(f"{service}:{operation}: {wrong} of {count} mistakes are not refused as they should be:{told}", pytrace=False)


@pytest.mark.parametrize("service, operation", ALL, ids=[f"{service}-{operation}" for service, operation in ALL])
def test_what_the_model_allows_is_understood(world, clients, service, operation):
    """All that is required and no more; and every optional member of the body as null, which means that it is not there."""
    model = SESSION.get_service_model(service).operation_model(operation)
    parameters = mistakes.valid(model)
    answers = [send(clients, service, operation, parameters)]
    members = model.input_shape.members if model.input_shape else {}
    in_body = {name for name, member in members.items() if not member.serialization.get("location")}
    if in_body and model.service_model.resolved_protocol not in UNTYPED:
        body = dict.fromkeys(in_body) | {name: value for name, value in parameters.items() if name in in_body}
        answers.append(send(clients, service, operation, parameters, body))
    problems = list(world.violations)
    world.violations.clear()
    for answer in answers:
        code = answer.get("Error", {}).get("Code", "")
        if code in ("UnknownOperationException", "SerializationException", "InvalidAction"):
            problems.append(f"refused with {code}: {answer['Error']['Message']}")
        if answer["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            problems.append(f"status {answer['ResponseMetadata']['HTTPStatusCode']}")
    if problems:
        pytest.fail(f"{service}:{operation}:\n  " + "\n  ".join(dict.fromkeys(problems)), pytrace=False)


def target(service, operation):
    metadata = SESSION.get_service_model(service).metadata
    return {"x-amz-target": f"{metadata['targetPrefix']}.{operation}", "content-type": f"application/x-amz-json-{metadata['jsonVersion']}"}


JSON_SERVICES = ["ecs", "application-autoscaling", "ssm", "cloudwatch"]


@pytest.mark.parametrize("service", JSON_SERVICES)
def test_unknown_operations_of_json_services(world, service):
    status, _headers, body = world.send("POST", "/", target(service, "NoSuchOperation").items(), b"{}")
    assert status in (400, 404) and json.loads(body)["__type"].split("#")[-1] in ("UnknownOperationException", "InvalidAction"), body


def test_unknown_routes_of_lattice(world):
    for method, path in (("GET", "/nobody"), ("POST", f"/services/{SERVICE}"), ("GET", "/services/a/b/c"), ("PUT", "/services")):
        status, headers, body = world.send(method, path, {"content-type": "application/json"}.items(), b"{}" if method != "GET" else b"")
        code = headers.get("x-amzn-errortype")
        known = code == "UnknownOperationException" or (code == "ValidationException" and json.loads(body)["reason"] == "unknownOperation")
        assert status in (400, 404, 405) and known, (method, path, status, code, body)


def test_unknown_actions_of_sts(world):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    status, given, body = world.send("POST", "/", headers.items(), b"Action=NoSuchAction&Version=2011-06-15")
    assert status == 400 and given["content-type"].startswith("text/xml") and b"<Code>InvalidAction</Code>" in body, body


def not_covered():
    """Of each service the first few operations that AWS has and the sandbox has not."""
    found = []
    for service, operations in COVERED.items():
        found += [(service, name) for name in sorted(set(SESSION.get_service_model(service).operation_names) - set(operations))[:3]]
    return found


@pytest.mark.parametrize("service, operation", not_covered())
def test_what_is_not_covered_is_refused_aloud(world, clients, service, operation):
    shape = SESSION.get_service_model(service).operation_model(operation).input_shape
    # Paths need their members; a body may as well be empty.
    located = {name for name, member in shape.members.items() if member.serialization.get("location") == "uri"} if shape else ()
    answer = send(clients, service, operation, dict.fromkeys(located, "x" * 30))
    world.violations.clear()
    assert "Error" in answer, answer
    # Somebody who reads only this must learn that it is the sandbox that lacks it, not AWS.
    assert "sandbox" in answer["Error"]["Message"].lower(), answer["Error"]


@pytest.mark.parametrize("service", JSON_SERVICES)
@pytest.mark.parametrize("body", [b"{", b"nonsense", b"[]", b'"x"', b"\xff\xfe", b"{" * 5000, b"[" * 100_000, b'{"a":' * 20_000], ids=range(8))
def test_bodies_that_are_no_json_objects(world, service, body):
    operation = COVERED[service][0]
    status, _headers, answer = world.send("POST", "/", target(service, operation).items(), body)
    assert status == 400 and json.loads(answer)["__type"].split("#")[-1] in OTHERWISE_UNREADABLE | CLOUDWATCH | {"MalformedInput"}, answer


@pytest.mark.parametrize("body", [b"{", b"nonsense", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000], ids=range(6))
def test_bodies_that_lattice_cannot_parse(world, body):
    status, headers, answer = world.send("POST", "/services", {"content-type": "application/json"}.items(), body)
    assert status == 400 and headers["x-amzn-errortype"] == "ValidationException"
    assert json.loads(answer)["reason"] in ("cannotParse", "fieldValidationFailed"), answer


@pytest.mark.parametrize("path", ["/services/%", "/services/%zz", "/services/%ff%fe", "/services/..%2f..", "//services", "/services/?maxResults=x", "/tags/%00"])
def test_paths_that_make_no_sense(world, path):
    status, _headers, body = world.send("GET", path)
    assert 400 <= status < 500 and json.loads(body).get("message"), (status, body)
