#!/usr/bin/env python3
"""Holds the sandbox's GitHub against GitHub's own OpenAPI description, and drives a client that nobody here wrote (PyGithub).

    python3 tests/conformance/github.py path/to/espalier

What the binary itself sends during releases has to be what the description takes. Each request and each answer here has to be what
the description says; where the sandbox refuses a request because of its form, the
description has to refuse it too, unless the check names the source for the rule. One line per check; exit code 0 when all hold, else 1.

The description is GitHub's own, pruned and tightened: github-openapi/prune.mjs says from what and how. What the binary sends is also sent to
Prism, a server that answers by the description and refuses what does not fit it; it comes from the npm registry into a temporary
folder, and what is missing of requirements-github.txt into a virtual environment there.
"""

import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
# This file is called like PyGithub's package.
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]

PRISM = "@stoplight/prism-cli@5.14.2"
REPOSITORY = "/repos/{owner}/{repo}"
HEAD = "5eed" * 10
OPENAPI = HERE / "github-openapi" / "description.json"
checks = {"good": 0, "bad": 0}


def check(name, findings):
    findings = list(findings)
    checks["bad" if findings else "good"] += 1
    print(("FAIL " if findings else "ok   ") + name, *findings, sep="\n       ")


def in_an_environment(folder):
    """Comes back where the packages are there; else runs this again where they are."""
    try:
        import github  # noqa: F401
        import jsonschema  # noqa: F401
    except ImportError:
        if os.environ.get("CONFORMANCE_GITHUB_VENV"):
            raise
        requirements = HERE / "requirements-github.txt"
        subprocess.run([sys.executable, "-m", "venv", f"{folder}/venv"], check=True)
        python = f"{folder}/venv/bin/python"
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements]
        subprocess.run(pip, check=True)
        again = {**os.environ, "CONFORMANCE_GITHUB_VENV": "1"}
        sys.exit(subprocess.run([python, __file__, *sys.argv[1:]], env=again).returncode)


def description():
    """GitHub's OpenAPI description, with OpenAPI 3.0's `nullable` in the words of JSON Schema."""
    return translated(json.loads(OPENAPI.read_text()))


def translated(node):
    if isinstance(node, list):
        return [translated(item) for item in node]
    if not isinstance(node, dict):
        return node
    out = {name: translated(value) for name, value in node.items() if name not in ("example", "examples")}
    if node.get("nullable") is True:
        if isinstance(out.get("type"), str):
            out["type"] = [out["type"], "null"]
            if "enum" in out:
                out["enum"] = [*out["enum"], None]
        else:
            out = {"anyOf": [{k: v for k, v in out.items() if k != "nullable"}, {"type": "null"}]}
    return out


class Description:
    def __init__(self, document):
        from jsonschema import Draft202012Validator, FormatChecker
        from referencing import Registry, Resource
        from referencing.jsonschema import DRAFT202012

        self.document = document
        self.registry = Registry().with_resource("urn:github", Resource.from_contents(document, DRAFT202012))
        self.formats = FormatChecker(formats=())
        self.formats.checks("uri")(lambda text: not isinstance(text, str) or bool(re.match(r"https?://[^\s/]+|^$", text)))
        self.formats.checks("date-time", raises=ValueError)(
            lambda text: not isinstance(text, str) or bool(datetime.datetime.fromisoformat(text))
        )
        self.validator = Draft202012Validator

    def operation(self, path, method):
        return self.document["paths"][REPOSITORY + path if not path.startswith("//") else path[1:]][method.lower()]

    def resolved(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.document
            for part in node["$ref"][2:].split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def findings(self, schema, value):
        # References are to the description's own root.
        rooted = json.loads(json.dumps(schema).replace('"$ref": "#/', '"$ref": "urn:github#/'))
        found = self.validator(rooted, registry=self.registry, format_checker=self.formats).iter_errors(value)
        return [f"{error.json_path}: {error.message[:200]}" for error in found]

    def unknown(self, schema, value, place="$"):
        """Members that the description does not have: what the sandbox made up, or what GitHub would ignore."""
        known, items, is_open = {}, None, False
        queue = [schema]
        while queue:
            node = self.resolved(queue.pop())
            queue += [*node.get("allOf", []), *node.get("anyOf", []), *node.get("oneOf", [])]
            for name, member in node.get("properties", {}).items():
                known.setdefault(name, []).append(member)
            items = node.get("items", items)
            is_open = is_open or bool(node.get("additionalProperties"))
        if isinstance(value, list) and items is not None:
            return [found for index, item in enumerate(value) for found in self.unknown(items, item, f"{place}[{index}]")]
        if not isinstance(value, dict) or not known:
            return []
        found = [] if is_open else [f"{place}.{name} is not described" for name in value if name not in known]
        for name, members in known.items():
            if name in value:
                found += self.unknown({"anyOf": members}, value[name], f"{place}.{name}")
        return found


class Sandbox:
    """`sandbox serve` of a scenario, for as long as a `with` lasts."""

    def __init__(self, binary, folder, scenario="promoted"):
        self.variables_file = Path(folder) / f"{Path(scenario).stem}.env"
        command = [binary, "sandbox", "serve", "--scenario", scenario, "--env-file", str(self.variables_file)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().startswith("sandbox ready on "), "it announces its address"
        lines = self.variables_file.read_text().splitlines()
        self.variables = dict(line.split("=", 1) for line in lines)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.stdout.read()
        self.process.wait()

    def call(self, method, path, body=None, headers=()):
        """Status, headers (lower case) and body, read as JSON where it is."""
        headers = {
            "authorization": f"Bearer {self.variables['GITHUB_TOKEN']}",
            "accept": "application/vnd.github+json",
            "user-agent": "conformance",
            "x-github-api-version": "2022-11-28",
            **dict(headers),
        }
        headers = {name: value for name, value in headers.items() if value is not None}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.variables["GITHUB_API_URL"] + path, data, headers, method=method)
        try:
            response = urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            response = error
        text = response.read().decode()
        is_json = response.headers.get("content-type", "").startswith("application/json")
        return response.status, {name.lower(): value for name, value in response.headers.items()}, json.loads(text) if is_json else text


class Conformance:
    def __init__(self, described, sandbox):
        self.described, self.sandbox = described, sandbox

    def ask(self, status, method, path, body=None, query="", beyond=None, **names):
        """One operation: what is sent and what comes back are held against the description. `beyond` says where a rule comes
        from that the description does not have."""
        operation = self.described.operation(path, method)
        own = self.sandbox.variables["GITHUB_REPOSITORY"]
        below = re.sub(r"\{(\w+)\}", lambda name: urllib.parse.quote(str(names[name[1]]), safe=""), path)
        address = below[1:] if path.startswith("//") else f"/repos/{own}{below}"
        got, headers, answer = self.sandbox.call(method, address + query, body)
        findings = [] if got == status else [f"status {got} in place of {status}: {json.dumps(answer)[:300]}"]
        if body is not None:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            refused = self.described.findings(schema, body)
            if got < 400:
                findings += [f"request {finding}" for finding in refused + self.described.unknown(schema, body)]
            elif not refused and beyond is None and got in (400, 422):
                findings.append("the description accepts this request")
        findings += self.parameters(operation, query, got)
        findings += self.answer(operation, got, answer) + self.headers(got, headers)
        shown = json.dumps(body)[:60] if body is not None else ""
        check(f"{method} {below}{query} {shown} → {got}", findings)
        return answer, headers

    def parameters(self, operation, query, got):
        described = [self.described.resolved(one) for one in operation.get("parameters", [])]
        known = {one["name"] for one in described if one["in"] == "query"}
        return [f"{name} is no parameter" for name, _ in urllib.parse.parse_qsl(query[1:]) if name not in known]

    def answer(self, operation, got, answer):
        responses = operation["responses"]
        if got in (204, 304):
            return [] if str(got) in responses and answer == "" else [f"{got} with {answer!r}"]
        if got >= 400:
            kind = "validation-error" if "errors" in answer else "basic-error"
            if answer.get("errors") and "contexts" in answer["errors"][0]:
                kind = "basic-error"  # A conflict's errors are an example in the description, and no schema.
            schema = {"$ref": f"#/components/schemas/{kind}"}
            extra = [name for name in answer if name not in ("message", "errors", "documentation_url", "status")]
            documented = operation.get("externalDocs", {}).get("url", "").rsplit("#")[-1]
            is_ours = answer["documentation_url"].rsplit("#")[-1] == documented
            wrong = [] if is_ours else [f"documentation_url {answer['documentation_url']}, described is #{documented}"]
            return self.described.findings(schema, answer) + [f"{name} is not GitHub's" for name in extra] + wrong
        if str(got) not in responses:
            return [f"{got} is not described"]
        schema = self.described.resolved(responses[str(got)])["content"]["application/json"]["schema"]
        return self.described.findings(schema, answer) + self.described.unknown(schema, answer)

    def headers(self, got, headers):
        wanted = {
            "x-ratelimit-limit": r"\d+",
            "x-ratelimit-remaining": r"\d+",
            "x-ratelimit-used": r"\d+",
            "x-ratelimit-reset": r"\d{10}",
            "x-ratelimit-resource": r"core",
            "x-github-request-id": r"[0-9A-F]+(:[0-9A-F]+){4}",
            "x-github-media-type": r"github\.v3; format=json",
            "date": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
        }
        if got not in (204, 304):
            wanted["content-type"] = r"application/json; charset=utf-8"
        return [f"{name}: {headers.get(name)}" for name, form in wanted.items() if not re.fullmatch(form, headers.get(name, ""))]

    def comments(self):
        many, one = "/issues/{issue_number}/comments", "/issues/comments/{comment_id}"
        made, headers = self.ask(201, "POST", many, {"body": "<!-- marker -->\nhello"}, issue_number=7)
        check("Location is the comment's address", [] if headers.get("location") == made["url"] else [headers.get("location")])
        self.ask(200, "PATCH", one, {"body": "edited"}, comment_id=made["id"])
        self.ask(200, "GET", one, comment_id=made["id"])
        for number in range(4):
            self.ask(201, "POST", many, {"body": f"comment {number}"}, issue_number=7)
        _, headers = self.ask(200, "GET", many, query="?per_page=2&page=2", issue_number=7)
        relations = re.findall(r'<([^>]+)>; rel="(\w+)"', headers.get("link", ""))
        wanted = ["prev", "next", "last", "first"]
        check("Link leads to all four pages", [] if [name for _, name in relations] == wanted else [headers.get("link")])
        for address, name in relations:
            path = address.removeprefix(self.sandbox.variables["GITHUB_API_URL"])
            got, _, listed = self.sandbox.call("GET", path)
            lengths = {"prev": 2, "next": 1, "last": 1, "first": 2}
            check(f"rel={name} can be followed", [] if (got, len(listed)) == (200, lengths[name]) else [f"{got} {listed}"])
        self.ask(200, "GET", many, query="?since=2020-01-01T00:00:00Z", issue_number=7)
        self.ask(204, "DELETE", one, comment_id=made["id"])
        self.ask(404, "GET", one, comment_id=made["id"])
        self.ask(404, "POST", many, {"body": "x"}, issue_number=8)
        self.ask(201, "POST", many, {"body": "on the issue"}, issue_number=6)
        self.ask(422, "POST", many, {}, issue_number=7)
        self.ask(422, "POST", many, {"body": 7}, issue_number=7)
        self.ask(201, "POST", many, {"body": "é" * 65536}, issue_number=7)
        issues = "`Body is too long (maximum is 65536 characters)`, quoted in many issue threads"
        answer, _ = self.ask(422, "POST", many, {"body": "x" * 65537}, beyond=issues, issue_number=7)
        check("the words of a body too long", [] if "65536" in answer["errors"][0]["message"] else [str(answer)])

    def commands(self):
        asked = "/collaborators/{username}/permission"
        for name, permission in [("octocat", "write"), ("Octocat", "write"), ("hubot", "read")]:
            answer, _ = self.ask(200, "GET", asked, username=name)
            check(f"{name} may {permission}", [] if answer["permission"] == permission else [answer["permission"]])
        self.ask(404, "GET", asked, username="../octocat")
        many = "/issues/comments/{comment_id}/reactions"
        self.ask(201, "POST", many, {"content": "eyes"}, comment_id=5)
        self.ask(200, "POST", many, {"content": "eyes"}, comment_id=5)
        self.ask(201, "POST", many, {"content": "rocket"}, comment_id=5)
        self.ask(422, "POST", many, {"content": "smile"}, comment_id=5)
        self.ask(422, "POST", many, {}, comment_id=5)
        self.ask(404, "POST", many, {"content": "eyes"}, comment_id=2_999_999_999)

    def check_runs(self):
        run = {"name": "release", "head_sha": HEAD, "status": "in_progress", "external_id": "1", "details_url": "https://example.com"}
        annotation = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
        output = {"title": "t", "summary": "s"}
        made, _ = self.ask(201, "POST", "/check-runs", {**run, "output": {**output, "annotations": [annotation] * 50}})
        one = "/check-runs/{check_run_id}"
        names = {"check_run_id": made["id"]}
        self.ask(200, "GET", one, **names)
        self.ask(200, "PATCH", one, {"status": "in_progress", "output": {"summary": "s", "annotations": [annotation]}}, **names)
        listed, _ = self.ask(200, "GET", f"{one}/annotations", query="?per_page=100", **names)
        check("annotations are appended", [] if len(listed) == 51 else [str(len(listed))])
        self.ask(200, "PATCH", one, {"status": "completed", "conclusion": "success", "output": {**output, "text": "x" * 65535}}, **names)
        self.ask(200, "GET", "/commits/{ref}/check-runs", query="?check_name=release&filter=all&per_page=100", ref=HEAD)
        self.ask(200, "GET", "/commits/{ref}/check-runs", query="?status=completed&page=2", ref="heads/release")
        for bad, beyond in [
            ({"name": "release"}, None),
            ({**run, "status": "running"}, None),
            ({**run, "name": 1}, None),
            ({**run, "status": "completed"}, "the description's own words: conclusion is required"),
            ({**run, "conclusion": "stale"}, "the description's own words: only GitHub sets it"),
            ({**run, "head_sha": "abc"}, "there is no such commit"),
            ({**run, "output": {"title": "t"}}, None),
            ({**run, "output": {"title": "t", "summary": "x" * 65536}}, None),
            ({**run, "output": {**output, "annotations": [annotation] * 51}}, None),
            ({**run, "output": {**output, "annotations": [{**annotation, "annotation_level": "error"}]}}, None),
            ({**run, "output": {**output, "images": [{"alt": "a"}]}}, None),
            ({**run, "actions": [{"label": "l", "description": "d", "identifier": "i"}] * 4}, None),
            ({**run, "actions": [{"label": "l" * 21, "description": "d", "identifier": "i"}]}, None),
        ]:
            self.ask(422, "POST", "/check-runs", bad, beyond=beyond)
        self.ask(422, "PATCH", one, {"status": "completed"}, **names)
        self.ask(404, "PATCH", one, {"status": "in_progress"}, check_run_id=1)

    def deployments(self):
        deployment = {"ref": HEAD, "environment": "preview", "auto_merge": False, "required_contexts": [], "payload": {"a": 1}}
        made, _ = self.ask(201, "POST", "/deployments", deployment)
        one = "/deployments/{deployment_id}"
        names = {"deployment_id": made["id"]}
        self.ask(200, "GET", one, **names)
        self.ask(200, "GET", "/deployments", query="?environment=preview&task=deploy")
        many = f"{one}/statuses"
        status = {"state": "in_progress", "log_url": "https://example.com/log", "description": "d" * 140, "auto_inactive": True}
        status, _ = self.ask(201, "POST", many, status, **names)
        self.ask(200, "GET", many, **names)
        self.ask(200, "GET", f"{many}/{{status_id}}", status_id=status["id"], **names)
        self.ask(422, "POST", many, {"state": "done"}, **names)
        self.ask(422, "POST", many, {"state": "success", "description": "d" * 141}, beyond="documented: 140 characters", **names)
        self.ask(422, "POST", "/deployments", {"environment": "preview"})
        self.ask(422, "POST", "/deployments", {"ref": "nowhere"}, beyond="there is no such ref")
        self.ask(201, "POST", "/statuses/{sha}", {"state": "pending", "context": "c", "target_url": None}, sha=HEAD)
        self.ask(422, "POST", "/statuses/{sha}", {"state": "good"}, sha=HEAD)
        self.ask(200, "GET", "/commits/{ref}/statuses", ref="release")
        self.ask(409, "POST", "/deployments", {"ref": "release"}, beyond="a status is pending")
        self.ask(204, "DELETE", one, **names)
        self.ask(404, "GET", one, **names)

    def the_rest(self):
        self.ask(200, "GET", "/pulls/{pull_number}", pull_number=7)
        self.ask(404, "GET", "/pulls/{pull_number}", pull_number=8)
        self.ask(200, "GET", "/commits/{commit_sha}/pulls", commit_sha=HEAD)
        self.ask(200, "GET", "//rate_limit")
        self.ask(403, "GET", "//user")
        path = f"/repos/{self.sandbox.variables['GITHUB_REPOSITORY']}/pulls/7"
        _, headers, _ = self.sandbox.call("GET", path)
        got, again, _ = self.sandbox.call("GET", path, headers={"if-none-match": headers["etag"]}.items())
        costs = int(again["x-ratelimit-used"]) - int(headers["x-ratelimit-used"])
        check("304 for what the client has, at no cost", [] if (got, costs) == (304, 0) else [f"{got}, {costs}"])
        for what, changed, body, wanted, words in [
            ("a wrong token", {"authorization": "Bearer wrong"}, None, 401, "Bad credentials"),
            ("no token", {"authorization": None}, None, 200, None),
            ("no user agent", {"user-agent": ""}, None, 403, "User-Agent header"),
            ("an unknown version", {"x-github-api-version": "2020-01-01"}, None, 400, "version"),
            ("another media type", {"accept": "text/plain"}, None, 415, "Unsupported 'Accept' header"),
        ]:
            got, _, answer = self.sandbox.call("GET", path, body, changed.items())
            fits = got == wanted and (words is None or words in answer["message"])
            check(f"{what} → {got}", [] if fits else [f"{got}: {json.dumps(answer)[:200]}"])
        for body, words in [(b"{", "Problems parsing JSON"), (b"[]", "Body should be a JSON object")]:
            got, _, answer = self.sandbox.call("POST", path.replace("pulls/7", "check-runs"), body)
            check(f"{body.decode()} → {got} {answer['message']}", [] if (got, answer["message"]) == (400, words) else ["400"])


def drive_a_client(sandbox):
    """PyGithub does what a release does."""
    import github

    hub = github.Github(
        lazy=True,
        base_url=sandbox.variables["GITHUB_API_URL"],
        auth=github.Auth.Token(sandbox.variables["GITHUB_TOKEN"]),
        retry=None,
        per_page=2,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    repository = hub.get_repo(sandbox.variables["GITHUB_REPOSITORY"])
    pull = repository.get_pull(7)
    made = [pull.create_issue_comment(f"from PyGithub {number}") for number in range(5)]
    made[0].edit("edited")
    listed = [comment.body for comment in pull.get_issue_comments() if "PyGithub" in comment.body or comment.body == "edited"]
    check("PyGithub pages through the comments", [] if len(listed) == 5 and listed[0] == "edited" else [str(listed)])
    run = repository.create_check_run("pygithub", pull.head.sha, status="in_progress")
    run.edit(status="completed", conclusion="success", output={"title": "t", "summary": "s"})
    check("PyGithub completes a check run", [] if repository.get_check_run(run.id).conclusion == "success" else ["not success"])
    deployment = repository.create_deployment(pull.head.sha, auto_merge=False, required_contexts=[], environment="pygithub")
    deployment.create_status("success", description="done")
    states = [status.state for status in deployment.get_statuses()]
    check("PyGithub deploys", [] if states == ["success"] else [str(states)])
    try:
        pull.create_issue_comment("x" * 65537)
        check("PyGithub meets the limit of a comment", ["it was accepted"])
    except github.GithubException as error:
        check("PyGithub meets the limit of a comment", [] if error.status == 422 else [str(error)])
    try:
        repository.get_issue(99).title
        check("PyGithub finds no issue 99", ["it was found"])
    except github.UnknownObjectException:
        check("PyGithub finds no issue 99", [])
    check("PyGithub reads the rate limit", [] if hub.get_rate_limit().resources.core.limit == 1000 else ["another limit"])


def modes(binary, folder):
    """A token that may only read, and an outage."""
    for mode, wanted in [("read-only", 403), ("outage", 503)]:
        scenario = Path(folder) / f"{mode}.yml"
        scenario.write_text(f"name: {mode}\ngithub: {mode}\n")
        with Sandbox(binary, folder, str(scenario)) as sandbox:
            path = f"/repos/{sandbox.variables['GITHUB_REPOSITORY']}/issues/7/comments"
            got, headers, answer = sandbox.call("POST", path, {"body": "x"})
            check(f"{mode}: a write → {got}", [] if got == wanted else [str(answer)])
            if mode == "read-only":
                words = "Resource not accessible by integration"
                permissions = headers.get("x-accepted-github-permissions")
                fits = answer["message"] == words and permissions == "issues=write; pull_requests=write"
                check(f"{mode}: {words}; {permissions}", [] if fits else [str(answer)])
            got, _, _ = sandbox.call("GET", path)
            check(f"{mode}: a read → {got}", [] if got == (200 if mode == "read-only" else 503) else ["another status"])


# Command lines of the binary, each with its scenario and exit code: together they send every body that there is.
RUNS = [
    ("promoted", 0, ["deploy"]),
    ("candidate-unhealthy", 3, ["deploy"]),
    ("error-rate-5pct", 3, ["deploy", "-c", "judged"]),
    ("stuck", 4, ["deploy"]),
    ("promoted", 0, ["deploy", "--steps", "5%:1m,hold:4h,100%:1m"]),
    ("promoted", 2, ["deploy", "-c", "broken"]),
    # Two releases, the second of which ends the first one's deployment; then back.
    ("promoted", 0, ["sh", "-c", 'D="$ESPALIER deploy -c $DEPLOYING"; $D --image web=nginx:1.29 && $D --image web=nginx:1.30 && '
                     '$ESPALIER rollback -c $DEPLOYING']),
    # One that waits for somebody, and a comment that promotes it.
    ("promoted", 0, ["sh", "-c", 'export ESPALIER_STEPS=5%:30s,hold:4h,100%:30s; $ESPALIER deploy -c $DEPLOYING && printf %s "$COMMENT" >event.json && '
                     'GITHUB_EVENT_NAME=issue_comment GITHUB_EVENT_PATH=event.json $ESPALIER answer -c $DEPLOYING']),
]
COMMENT = json.dumps({
    "action": "created", "issue": {"number": 7, "pull_request": {}},
    "comment": {"id": 5, "body": "/espalier promote", "user": {"login": "octocat"}},
})


def what_the_binary_sends(described, binary, folder):
    """The requests that releases send, as the sandbox recorded them: addresses, parameters and bodies."""
    seed = HERE.parent / "fixtures" / "seed"
    config = (seed / "espalier.yml").read_text()
    for name in ("ecs-service-def.json", "ecs-task-def.json"):
        config = config.replace(name, str(seed / name))
    config += "\ngithub: { deployment: { environment: staging, url: 'https://staging.example.com' } }\n"
    metric = "\nanalysis: { metrics: [{ name: errors, metric: error-rate, max: 1% }] }\n"
    # More mistakes than one request may have annotations.
    broken = "cluster: my-cluster\nservice: myservice\n" + "".join(f"unknown{number}: x\n" for number in range(70))
    files = {"deploying": config, "judged": config + metric, "broken": broken}
    paths = {name: Path(folder) / f"{name}.yml" for name in files}
    for name, text in files.items():
        paths[name].write_text(text)
    sent, requests = {}, {}
    for number, (scenario, code, command) in enumerate(RUNS):
        record = Path(folder) / f"record-{number}.jsonl"
        command = [str(paths[word]) if word in paths else word for word in command]
        if command[0] == "deploy" and "-c" not in command:
            command += ["-c", str(paths["deploying"])]
        run = [binary, "sandbox", "run", "--scenario", scenario, "--record", str(record), "--", *command]
        variables = {"PATH": os.environ["PATH"], "ESPALIER": binary, "DEPLOYING": str(paths["deploying"]), "GITHUB_WORKSPACE": folder,
                     "COMMENT": COMMENT}
        ended = subprocess.run(run, env=variables, cwd=folder, capture_output=True, text=True)
        shown = " ".join(RUNS[number][2])[:80]
        wrong = [] if ended.returncode == code else [f"exit code {ended.returncode}: {ended.stdout[-400:]}{ended.stderr[-400:]}"]
        for line in record.read_text().splitlines():
            request, answer = json.loads(line)["request"], json.loads(line)["answer"]
            if request["path"].startswith("/api/v3/repos/"):
                wrong += described_request(described, request, answer, sent)
                requests[json.dumps([request["method"], request["path"], request["query"], request["body"]])] = request
        check(f"{scenario}: {shown} sends what the description takes", dict.fromkeys(wrong))
    wanted = {
        f"{method} {path}"
        for method, path in [
            ("POST", "/issues/{issue_number}/comments"),
            ("PATCH", "/issues/comments/{comment_id}"),
            ("POST", "/check-runs"),
            ("PATCH", "/check-runs/{check_run_id}"),
            ("POST", "/deployments"),
            ("POST", "/deployments/{deployment_id}/statuses"),
            ("POST", "/issues/comments/{comment_id}/reactions"),
            ("GET", "/collaborators/{username}/permission"),
        ]
    }
    check(f"every kind of body was sent: {dict(sorted(sent.items()))}", sorted(wanted - sent.keys()))
    taken_by_prism(list(requests.values()), folder)


def taken_by_prism(requests, folder):
    """Sends the requests to a server that knows nothing but the description."""
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, PRISM]
    subprocess.run(install, check=True, capture_output=True)
    main = Path(folder) / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    command = ["node", main, "mock", OPENAPI, "--host", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as prism:
        try:
            listening = (re.search(r"Prism is listening on (http\S+)", line) for line in prism.stdout)
            address = next(found.group(1) for found in listening if found)
            # What it says later is read by nobody, and a full pipe would stop it.
            threading.Thread(target=prism.stdout.read, daemon=True).start()
            refused = [found for request in requests for found in refused_by_prism(address, request)]
            check(f"Prism takes all {len(requests)} requests of the binary's", dict.fromkeys(refused))
            broken = next(request for request in requests if request["method"] == "POST" and "/check-runs" in request["path"])
            broken = {**broken, "body": {**broken["body"], "conclusoin": "success"}}
            check("and none with a wrong member", [] if refused_by_prism(address, broken) else ["it was taken"])
        finally:
            prism.terminate()


def refused_by_prism(address, request):
    query = f"?{request['query']}" if request["query"] else ""
    body = json.dumps(request["body"]).encode() if request["method"] in ("POST", "PATCH") else None
    headers = {"authorization": "Bearer sandbox-token", "content-type": "application/json"}
    url = address + request["path"].removeprefix("/api/v3") + query
    try:
        urllib.request.urlopen(urllib.request.Request(url, body, headers, method=request["method"])).close()
    except urllib.error.HTTPError as error:
        return [f"{request['method']} {request['path']}: {error.code} {error.read().decode()[:300]}"]
    return []


def described_request(described, request, answer, sent):
    """What is wrong with a request of the binary's; counts it in `sent`."""
    below = "/" + request["path"].split("/", 6)[6]
    matches = []
    for path, operations in described.document["paths"].items():
        if path.startswith(REPOSITORY + "/") and request["method"].lower() in operations:
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path[len(REPOSITORY):]))
            if re.fullmatch(pattern, below):
                matches.append(path)
    if not matches:
        return [f"{request['method']} {below} is not described"]
    path = min(matches, key=lambda one: one.count("{"))
    operation = described.document["paths"][path][request["method"].lower()]
    name = f"{request['method']} {path[len(REPOSITORY):]}"
    sent[name] = sent.get(name, 0) + 1
    wrong = [] if isinstance(answer, dict) and answer["status"] < 300 else [f"answered {json.dumps(answer)[:300]}"]
    known = {one["name"] for one in map(described.resolved, operation.get("parameters", [])) if one["in"] == "query"}
    wrong += [f"{parameter} is no parameter" for parameter, _ in urllib.parse.parse_qsl(request["query"]) if parameter not in known]
    if request["method"] in ("POST", "PATCH"):
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        wrong += described.findings(schema, request["body"]) + described.unknown(schema, request["body"])
        if request["body"].get("status") == "completed" and "conclusion" not in request["body"]:
            wrong.append("completed without a conclusion")
    return [f"{name}: {finding}" for finding in wrong]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: github.py path/to/espalier")
    binary = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        in_an_environment(folder)
        described = Description(description())
        with Sandbox(binary, folder) as sandbox:
            conformance = Conformance(described, sandbox)
            conformance.comments()
            conformance.check_runs()
            conformance.deployments()
            conformance.commands()
            conformance.the_rest()
        # Another one: the checks above have used up what GitHub lets one create in a minute.
        with Sandbox(binary, folder) as sandbox:
            drive_a_client(sandbox)
        modes(binary, folder)
        what_the_binary_sends(described, binary, folder)
    print(f"{checks['good']} hold, {checks['bad']} do not")
    sys.exit(1 if checks["bad"] else 0)


if __name__ == "__main__":
    main()
