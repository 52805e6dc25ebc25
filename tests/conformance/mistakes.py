"""From a service's model: for each operation a request that the model allows, and every way in which it can be wrong.

The models are botocore's own, read at run time, and not the copies that the sandbox reads.
"""

import copy
import dataclasses
import typing

import strict

DEPTH = 4
ZEROS = "0" * 17

# Texts for shapes whose patterns no generator guesses; each is checked against its pattern before it is used.
EXAMPLES = {
    "ServiceIdentifier": f"svc-{ZEROS}",
    "ServiceNetworkIdentifier": f"sn-{ZEROS}",
    "ServiceNetworkIdentifierWithoutRegex": f"sn-{ZEROS}",
    "ListenerIdentifier": f"listener-{ZEROS}",
    "RuleIdentifier": f"rule-{ZEROS}",
    "TargetGroupIdentifier": f"tg-{ZEROS}",
    "AccessLogSubscriptionIdentifier": f"als-{ZEROS}",
    "ServiceNetworkServiceAssociationIdentifier": f"snsa-{ZEROS}",
    "ServiceNetworkVpcAssociationIdentifier": f"snva-{ZEROS}",
    "ResourceIdentifier": f"svc-{ZEROS}",
    "ResourceArn": f"arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-{ZEROS}",
    "Arn": f"arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-{ZEROS}",
    "AccessLogDestinationArn": "arn:aws:s3:::my-access-logs",
    "CertificateArn": "arn:aws:acm:ap-northeast-1:123456789012:certificate/0",
    "VpcId": "vpc-12345678",
    "SecurityGroupId": "sg-12345678",
    "UUID": "00000000-0000-4000-8000-000000000000",
    "Latitude": "1.0",
    "Longitude": "1.0",
    "PathMatchExact": "/a",
    "PathMatchPrefix": "/a",
    "HealthCheckPath": "/a",
    "HttpCodeMatcher": "200",
    "TargetIdString": "10.0.0.1",
    "PrivateDnsSpecifiedDomain": "a.example.com",
    "arnType": "arn:aws:iam::123456789012:role/deployer",
    "AuthPolicyString": "{}",
    "PolicyString": "{}",
}


@dataclasses.dataclass
class Mistake:
    """One way in which a request is wrong."""

    kind: str
    path: str
    member: str
    # The parameters that the client serializes, and the body to send in place of what it made of them (None: as it is).
    parameters: dict
    body: typing.Any = None

    def __str__(self):
        return f"{self.kind}: {self.path}"


def example(shape, depth=0):
    """A value that the model allows: what is required and nothing else."""
    kind = shape.type_name
    meta = shape.metadata
    if kind == "structure":
        if getattr(shape, "is_tagged_union", False):
            name, member = next(iter(shape.members.items()))
            return {name: example(member, depth + 1)}
        return {name: example(shape.members[name], depth + 1) for name in shape.required_members}
    if kind == "list":
        return [_numbered(example(shape.member, depth + 1), n) for n in range(meta.get("min", 1) or 1)]
    if kind == "map":
        return {example(shape.key): example(shape.value, depth + 1)}
    if kind in ("integer", "long"):
        return max(meta.get("min", 1), 1) if meta.get("max", 1) >= 1 else meta["min"]
    if kind in ("float", "double"):
        return 1.0
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return 1_790_000_000
    if kind != "string":
        raise AssertionError(f"no example for a {kind}")
    if meta.get("enum"):
        return meta["enum"][0]
    text = EXAMPLES.get(shape.name, "")
    if not text:
        text = "a" * max(meta.get("min", 1), min(5, meta.get("max", 5)))
    pattern = meta.get("pattern")
    assert pattern is None or strict.matches(pattern, text), f"the example {text!r} of {shape.name} does not match {pattern}"
    return text


def _numbered(value, number):
    return f"{value}{number}" if isinstance(value, str) and number else value


def valid(operation):
    """Parameters with all that is required."""
    return example(operation.input_shape) if operation.input_shape else {}


def mistakes(operation, typed=True):
    """Every mistake in the operation's input, down to a depth. `typed`: also values of a wrong type, and members that are unknown."""
    shape = operation.input_shape
    if shape is None:
        return
    base = valid(operation)
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location is None:
            continue
        for kind, value in scalar_mistakes(member):
            yield Mistake(kind, name, name, base | {name: value})
        if location != "uri" and name in shape.required_members:
            yield Mistake("missing", name, name, {k: v for k, v in base.items() if k != name})
    elsewhere = {name for name, member in shape.members.items() if member.serialization.get("location")}
    document = {name: value for name, value in base.items() if name not in elsewhere}
    located = {name: value for name, value in base.items() if name in elsewhere}
    bodied = len(elsewhere) < len(shape.members)
    for kind, path, member, body in in_structure(shape, document, (), elsewhere, typed) if bodied else ():
        # A form or XML cannot be written from here, so there the client serializes the mistake itself.
        yield Mistake(kind, ".".join(map(str, path)), member, base if typed else located | body, body if typed else None)


def in_structure(shape, root, path, elsewhere, typed, depth=0):
    """Mistakes in the structure at this path of the document: what is wrong, where, the member, and the whole document."""
    if typed and not getattr(shape, "is_tagged_union", False):
        yield "unknown member", (*path, "notAMember"), "notAMember", changed(root, (*path, "notAMember"), "x")
    union = getattr(shape, "is_tagged_union", False)
    # In a form a structure without members is not there at all.
    if union and typed:
        yield "empty union", path, str(path[-1]), changed(root, path, {})
    for name, member in shape.members.items():
        if name in elsewhere:
            continue
        here = (*path, name)
        if name in shape.required_members:
            yield "missing", here, name, removed(root, here)
        whole = changed(root, path, {}) if union else root
        whole = changed(whole, here, example(member))
        yield from in_value(member, whole, here, name, typed, depth)


def in_value(shape, root, path, name, typed, depth):
    kind = shape.type_name
    meta = shape.metadata
    if typed:
        wrong = "wrong" if kind in ("structure", "list", "map") else {"wrong": "type"}
        yield "wrong type", path, name, changed(root, path, wrong)
    if kind == "structure":
        if depth < DEPTH:
            yield from in_structure(shape, root, path, (), typed, depth + 1)
    elif kind == "list":
        one = example(shape.member)
        if meta.get("min", 0) > 0:
            yield "too few", path, name, changed(root, path, [_numbered(one, n) for n in range(meta["min"] - 1)])
        if meta.get("max", 10_000) <= 200:
            yield "too many", path, name, changed(root, path, [_numbered(one, n) for n in range(meta["max"] + 1)])
        if depth < DEPTH:
            yield from in_value(shape.member, changed(root, path, [one]), (*path, 0), name, typed, depth + 1)
    elif kind == "map":
        if meta.get("max", 10_000) <= 200:
            yield "too many", path, name, changed(root, path, {f"k{n}": example(shape.value) for n in range(meta["max"] + 1)})
        for what, key in scalar_mistakes(shape.key):
            yield f"{what} (key)", path, name, changed(root, path, {key: example(shape.value)})
        key = example(shape.key)
        if depth < DEPTH:
            yield from in_value(shape.value, changed(root, path, {key: example(shape.value)}), (*path, key), name, typed, depth + 1)
    else:
        for what, value in scalar_mistakes(shape):
            yield what, path, name, changed(root, path, value)


def scalar_mistakes(shape):
    """What is wrong, and a value that is wrong so and in no other way."""
    kind, meta = shape.type_name, shape.metadata
    least, most, pattern = meta.get("min"), meta.get("max"), meta.get("pattern")
    if kind in ("integer", "long"):
        if least is not None:
            yield "too small", least - 1
        if most is not None and most < 2**31 - 1:
            yield "too great", most + 1
    if kind != "string":
        return
    if meta.get("enum"):
        yield "not in the enum", "NOT_IN_THE_ENUM"
        return
    text = example(shape)
    if most is not None and most <= 5000:
        yield "too long", longer(text, most + 1, pattern)
    if least is not None and least > 1:
        yield "too short", text[: least - 1]
    if pattern is not None:
        for candidate in ("!!!!!", "a b\nc d", "\u3042" * 5, " ", "A__A_"):
            bad = candidate if len(candidate) >= (least or 0) else candidate + "!" * ((least or 0) - len(candidate))
            if not strict.matches(pattern, bad) and (most is None or len(bad) <= most):
                yield "does not match", bad
                break


def longer(text, length, pattern):
    """The text made so long, if possible so that it still matches."""
    candidates = [text + text[-1] * (length - len(text)), text[0] * (length - len(text)) + text]
    return next((one for one in candidates if pattern is None or strict.matches(pattern, one)), candidates[0])


def changed(root, path, value):
    """A copy of the document with this value at this path; what is on the way is made."""
    copied = copy.deepcopy(root)
    if not path:
        return value
    at = copied
    for key in path[:-1]:
        if isinstance(at, dict) and key not in at:
            at[key] = {}
        at = at[key]
    at[path[-1]] = value
    return copied


def removed(root, path):
    copied = copy.deepcopy(root)
    at = copied
    for key in path[:-1]:
        at = at[key]
    at.pop(path[-1], None)
    return copied
