"""Looks at every answer that a botocore client gets, byte for byte, and compares it with the service's model.

botocore's own parsers are lenient: they drop what they do not know and miss nothing that is not there. Here an unknown member, a
missing required one, a value outside its enum, pattern, length or range, a timestamp in another format, a null, a wrong status
code or content type, and an error that the operation does not declare are all violations.
"""

import base64
import binascii
import datetime
import functools
import json
import re
import xml.etree.ElementTree

# What any operation of a service may answer beside the errors that it declares (each service's "Common Errors" page).
COMMON_JSON = frozenset(
    "AccessDeniedException ExpiredTokenException IncompleteSignature InternalFailure InvalidSignatureException "
    "MissingAuthenticationTokenException NotAuthorized OptInRequired SerializationException ServiceUnavailable ThrottlingException "
    "UnknownOperationException UnrecognizedClientException ValidationException".split()
)
COMMON_QUERY = frozenset(
    "AccessDenied ExpiredToken ExpiredTokenException IncompleteSignature InternalFailure InvalidAction InvalidClientTokenId "
    "InvalidParameterCombination InvalidParameterValue MalformedInput MissingAction MissingAuthenticationToken MissingParameter "
    "NotAuthorized SignatureDoesNotMatch Throttling ValidationError".split()
)
# The only service whose answers are XML without an element around them; its model has the name space with the requests alone.
ROUTE53 = "{https://route53.amazonaws.com/doc/2013-04-01/}"
ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
DEFAULT_TIMESTAMP = {"json": "unixTimestamp", "rest-json": "unixTimestamp", "query": "iso8601", "rest-xml": "iso8601", "ec2": "iso8601", "cbor": "cbor"}


def watch(client, violations):
    """From now on appends to `violations` what is wrong with the answers that this client gets."""

    def look(http_response, model, **_others):
        violations.extend(f"{model.service_model.service_name}:{model.name}: {problem}" for problem in answer(http_response, model))

    client.meta.events.register("after-call", look)


def answer(http, operation):
    """What is wrong with this answer to this operation, in words; empty where nothing is."""
    protocol = operation.service_model.resolved_protocol
    problems = []
    headers = {name.lower(): value for name, value in http.headers.items()}
    if not headers.get("x-amzn-requestid"):
        problems.append("no header x-amzn-requestid")
    if http.status_code >= 300:
        _error(http, headers, operation, protocol, problems)
    elif protocol == "query":
        _query(http, headers, operation, problems)
    elif protocol == "ec2":
        _ec2(http, headers, operation, problems)
    elif protocol == "rest-xml":
        _rest_xml(http, headers, operation, problems)
    else:
        _json(http, headers, operation, protocol, problems)
    return problems


def _json(http, headers, operation, protocol, problems):
    wanted = operation.http.get("responseCode", 200) if protocol == "rest-json" else 200
    if http.status_code != wanted:
        problems.append(f"status {http.status_code}, the model says {wanted}")
    body = http.content
    shape = operation.output_shape
    if wanted == 204:
        if body:
            problems.append(f"a body with 204: {body[:80]!r}")
        return
    if not body:
        if protocol != "rest-json" or (shape is not None and shape.required_members):
            # awsJson answers an operation without an output with nothing or {}: both are seen.
            if shape is not None and shape.members:
                problems.append("an empty body")
        return
    content_type(headers, operation, protocol, problems)
    try:
        value = json.loads(body)
    except ValueError as error:
        problems.append(f"the body is not JSON ({error}): {body[:80]!r}")
        return
    if shape is None:
        if value != {}:
            problems.append(f"a body where the model has none: {body[:80]!r}")
        return
    located = {name for name, member in shape.members.items() if member.serialization.get("location")}
    structure(value, shape, "", protocol, problems, elsewhere=located)


def content_type(headers, operation, protocol, problems):
    version = operation.service_model.metadata.get("jsonVersion")
    wanted = "application/json" if protocol == "rest-json" else f"application/x-amz-json-{version}"
    if headers.get("content-type", "").split(";")[0] != wanted:
        problems.append(f"content-type {headers.get('content-type')!r}, the protocol wants {wanted!r}")


def _query(http, headers, operation, problems):
    if http.status_code != 200:
        problems.append(f"status {http.status_code}, the protocol says 200")
    if headers.get("content-type", "").split(";")[0] != "text/xml":
        problems.append(f"content-type {headers.get('content-type')!r}, the protocol wants 'text/xml'")
    try:
        root = xml.etree.ElementTree.fromstring(http.content)
    except xml.etree.ElementTree.ParseError as error:
        problems.append(f"the body is not XML ({error})")
        return
    space = "{" + operation.service_model.metadata["xmlNamespace"] + "}"
    if root.tag != f"{space}{operation.name}Response":
        problems.append(f"the root is {root.tag}")
    if not root.findtext(f"{space}ResponseMetadata/{space}RequestId"):
        problems.append("no ResponseMetadata/RequestId")
    if operation.output_shape is None:
        return
    result = root.find(space + operation.output_shape.serialization.get("resultWrapper", ""))
    if result is None:
        problems.append(f"no {operation.output_shape.serialization.get('resultWrapper')}")
        return
    structure(_from_xml(result, operation.output_shape, space), operation.output_shape, "", "query", problems)


def _ec2(http, headers, operation, problems):
    """EC2's variant of the query protocol: the members stand in the root, beside the request's id."""
    if http.status_code != 200:
        problems.append(f"status {http.status_code}, the protocol says 200")
    if headers.get("content-type", "").split(";")[0] != "text/xml":
        problems.append(f"content-type {headers.get('content-type')!r}, the protocol wants 'text/xml'")
    try:
        root = xml.etree.ElementTree.fromstring(http.content)
    except xml.etree.ElementTree.ParseError as error:
        problems.append(f"the body is not XML ({error})")
        return
    space = "{" + operation.service_model.metadata["xmlNamespace"] + "}"
    if root.tag != f"{space}{operation.name}Response":
        problems.append(f"the root is {root.tag}")
    request = root.find(f"{space}requestId")
    if request is None or not request.text:
        problems.append("no requestId")
    else:
        root.remove(request)
    if operation.output_shape is not None:
        wrong = [item.tag for element in root.iter() for item in element if element.tag == f"{space}item" and not item.tag.startswith(space)]
        problems.extend(f"{tag} is in no name space" for tag in wrong)
        structure(_from_xml(root, operation.output_shape, space), operation.output_shape, "", "ec2", problems)


def _rest_xml(http, headers, operation, problems):
    wanted = operation.http.get("responseCode", 200)
    if http.status_code != wanted:
        problems.append(f"status {http.status_code}, the model says {wanted}")
    if headers.get("content-type", "").split(";")[0] != "text/xml":
        problems.append(f"content-type {headers.get('content-type')!r}, Route 53's is 'text/xml'")
    try:
        root = xml.etree.ElementTree.fromstring(http.content)
    except xml.etree.ElementTree.ParseError as error:
        problems.append(f"the body is not XML ({error})")
        return
    shape = operation.output_shape
    if root.tag != f"{ROUTE53}{shape.name}":
        problems.append(f"the root is {root.tag}, the model says {shape.name}")
    structure(_from_xml(root, shape, ROUTE53), shape, "", "rest-xml", problems)


def _from_xml(element, shape, space):
    """An element as the value that JSON would have; members that the shape does not know stay text."""
    if shape.type_name == "structure":
        names = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        return {
            child.tag.removeprefix(space): _from_xml(child, names[name], space) if (name := child.tag.removeprefix(space)) in names else child.text
            for child in element
        }
    if shape.type_name == "list":
        return [_from_xml(child, shape.member, space) for child in element]
    text = element.text or ""
    if shape.type_name in ("integer", "long") and re.fullmatch(r"-?\d+", text):
        return int(text)
    if shape.type_name == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _error(http, headers, operation, protocol, problems):
    query_compatible = "awsQueryCompatible" in operation.service_model.metadata
    if protocol in ("query", "rest-xml", "ec2"):
        try:
            root = xml.etree.ElementTree.fromstring(http.content)
        except xml.etree.ElementTree.ParseError as error:
            problems.append(f"the error is not XML ({error}): {http.content[:80]!r}")
            return
        if protocol == "ec2":
            # It has no name space, declares no errors, and documents them on a page for all operations.
            found = {name: root.findtext(f"Errors/Error/{name}") for name in ("Code", "Message")}
            if root.tag != "Response" or not all(found.values()) or not root.findtext("RequestID"):
                problems.append(f"not a Response with Errors/Error/Code and Message, and RequestID: {http.content[:200]!r}")
            if not re.fullmatch(r"[A-Za-z]+(\.[A-Za-z]+)?", found["Code"] or "") or http.status_code not in (400, 403, 500, 503):
                problems.append(f"the error {found['Code']} ({http.status_code}) is not as EC2 writes them")
            return
        space = ROUTE53 if protocol == "rest-xml" else "{" + operation.service_model.metadata["xmlNamespace"] + "}"
        found = {name: root.findtext(f"{space}Error/{space}{name}") for name in ("Type", "Code", "Message")}
        if root.tag != f"{space}ErrorResponse" or not all(found.values()) or not root.findtext(f"{space}RequestId"):
            problems.append(f"not an ErrorResponse with Error/Type, Code and Message, and RequestId: {http.content[:200]!r}")
        code, body = found["Code"], None
    else:
        try:
            body = json.loads(http.content)
        except ValueError:
            problems.append(f"the error is not JSON: {http.content[:80]!r}")
            return
        content_type(headers, operation, protocol, problems)
        code = headers.get("x-amzn-errortype") if protocol == "rest-json" else body.get("__type")
        if not code:
            problems.append(f"an error without {'x-amzn-ErrorType' if protocol == 'rest-json' else '__type'}: {http.content[:80]!r}")
            return
        code = code.split(":")[0].split("#")[-1]
        if query_compatible and not re.fullmatch(r"[\w.]+;(Sender|Receiver)", headers.get("x-amzn-query-error", "")):
            problems.append(f"x-amzn-query-error is {headers.get('x-amzn-query-error')!r}; a query compatible service says Code;Sender")
    declared = {shape.name: shape for shape in operation.error_shapes} | {shape.error_code: shape for shape in operation.error_shapes}
    shape = declared.get(code)
    common = COMMON_QUERY if protocol in ("query", "rest-xml") else COMMON_JSON | (COMMON_QUERY if query_compatible else frozenset())
    if shape is None and code not in common:
        problems.append(f"the error {code} ({http.status_code}) is not one that the operation declares: {sorted(declared)}")
        return
    if shape is None:
        return
    said = shape.metadata.get("error", {})
    wanted = said.get("httpStatusCode") or (500 if shape.metadata.get("fault") or said.get("fault") else 400)
    if http.status_code != wanted:
        problems.append(f"{code} with status {http.status_code}, the model says {wanted}")
    if body is not None:
        body.pop("__type", None)
        located = {name for name, member in shape.members.items() if member.serialization.get("location")}
        if "message" not in shape.members and "Message" not in shape.members:
            body.pop("message", None)
        structure(body, shape, code, protocol, problems, elsewhere=located)


def structure(value, shape, path, protocol, problems, elsewhere=frozenset()):
    """Adds to `problems` what is wrong with a value of this structure."""
    if not isinstance(value, dict):
        problems.append(f"{path or '(body)'}: {_short(value)} is not a structure {shape.name}")
        return
    by_wire = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items() if name not in elsewhere}
    for wire, given in value.items():
        if wire not in by_wire:
            problems.append(f"{_join(path, wire)}: {shape.name} has no such member")
        else:
            check(given, by_wire[wire][1], _join(path, wire), protocol, problems)
    for name in shape.required_members:
        wire = shape.members[name].serialization.get("name", name)
        if name not in elsewhere and wire not in value:
            problems.append(f"{_join(path, wire)}: required in {shape.name}, and not there")
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        problems.append(f"{path}: {shape.name} is a union, and {sorted(value)} are not exactly one member")


def check(value, shape, path, protocol, problems):
    """Adds to `problems` what is wrong with a value of this shape."""
    kind = shape.type_name
    if value is None:
        problems.append(f"{path}: null; what is not there is left out")
    elif kind == "structure":
        structure(value, shape, path, protocol, problems)
    elif kind == "list":
        if not isinstance(value, list):
            problems.append(f"{path}: {_short(value)} is not a list")
            return
        _size(len(value), shape, path, "items", problems)
        for number, item in enumerate(value):
            check(item, shape.member, f"{path}[{number}]", protocol, problems)
    elif kind == "map":
        if not isinstance(value, dict):
            problems.append(f"{path}: {_short(value)} is not a map")
            return
        _size(len(value), shape, path, "entries", problems)
        for key, item in value.items():
            check(key, shape.key, f"{path}[{key!r}] (key)", protocol, problems)
            check(item, shape.value, f"{path}[{key!r}]", protocol, problems)
    else:
        _scalar(value, shape, kind, path, protocol, problems)


def _scalar(value, shape, kind, path, protocol, problems):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind in ("string", "character"):
        if not isinstance(value, str):
            problems.append(f"{path}: {_short(value)} is not a string")
            return
        enum = shape.metadata.get("enum")
        if enum and value not in enum:
            problems.append(f"{path}: {value!r} is not one of {enum}")
        _size(len(value), shape, path, "characters", problems)
        pattern = shape.metadata.get("pattern")
        if pattern and not matches(pattern, value):
            problems.append(f"{path}: {value!r} does not match {pattern}")
    elif kind in ("integer", "long"):
        if not number or not isinstance(value, int):
            problems.append(f"{path}: {_short(value)} is not an integer")
        else:
            _size(value, shape, path, "as a value", problems)
    elif kind in ("float", "double"):
        if not number:
            problems.append(f"{path}: {_short(value)} is not a number")
    elif kind == "boolean":
        if not isinstance(value, bool):
            problems.append(f"{path}: {_short(value)} is not a boolean")
    elif kind == "timestamp":
        _timestamp(value, shape.serialization.get("timestampFormat", DEFAULT_TIMESTAMP[protocol]), path, protocol, problems)
    elif kind == "blob" and protocol != "cbor":
        try:
            base64.b64decode(value, validate=True)
        except (TypeError, binascii.Error):
            problems.append(f"{path}: {_short(value)} is not base64")


def _timestamp(value, form, path, protocol, problems):
    if protocol == "cbor":
        right = isinstance(value, datetime.datetime)
    elif form.lower() == "iso8601":
        right = isinstance(value, str) and ISO_8601.fullmatch(value)
    else:
        right = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not right:
        problems.append(f"{path}: {_short(value)} is not a timestamp in the format {form}")


def _size(size, shape, path, unit, problems):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        problems.append(f"{path}: {size} {unit}, at least {least}")
    if most is not None and size > most:
        problems.append(f"{path}: {size} {unit}, at most {most}")


@functools.cache
def compiled(pattern):
    """A model's pattern, or None where Python cannot read it."""
    try:
        return re.compile(pattern, re.DOTALL)
    except re.error:
        return None


def matches(pattern, text):
    """Whether the whole text matches: botocore's models have lost the anchors that the services' own documentation shows."""
    expression = compiled(pattern)
    return expression is None or expression.fullmatch(text) is not None


def _join(path, name):
    return f"{path}.{name}" if path else name


def _short(value):
    return repr(value)[:80]
