"""A sandbox for each test, and clients that lead to it.

`serve` starts one; `sandbox` is the ordinary one. Every client that a `Sandbox` hands out has `strict.watch` on it: an answer that
is not what the service's model says fails the test, whatever the test itself looks at.
"""

import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request

import botocore.config
import botocore.session
import pytest

import strict

BINARY = os.environ.get("ESPALIER", "")

# One session for all: reading the models is what takes time.
SESSION = botocore.session.get_session()

# A world with nothing in it but a cluster.
EMPTY = {"lattice": {"service_networks": [], "target_groups": [], "services": []}, "ecs_services": []}


class Sandbox:
    """A running `espalier sandbox serve`."""

    def __init__(self, folder, scenario="promoted", speed=1, arguments=(), **differences):
        self.folder = pathlib.Path(folder)
        if differences:
            # YAML is a superset of JSON. A scenario that is a file says how it differs from `promoted`.
            path = self.folder / "scenario.yml"
            path.write_text(json.dumps({"name": "conformance", "description": "One of the conformance tests.", **differences}))
            scenario = str(path)
        self.env_file = self.folder / "env"
        self.speed = speed
        self.log = open(self.folder / "log", "w+b")
        command = [BINARY, "sandbox", "serve", "--port", "0", "--env-file", str(self.env_file)]
        command += ["--scenario", scenario, "--speed", str(speed), *arguments]
        plain = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder)}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=plain)
        self.violations = []
        self.env = self._wait_for_environment()
        self.endpoint = self.env["AWS_ENDPOINT_URL"]

    def _wait_for_environment(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the sandbox ended with {self.process.returncode}: {self.said()}")
            if self.env_file.exists() and (text := self.env_file.read_text()).endswith("\n"):
                return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
            time.sleep(0.005)
        raise AssertionError(f"the sandbox has written no environment after 10 s: {self.said()}")

    def said(self):
        self.log.flush()
        return (self.folder / "log").read_text(errors="replace")[-4000:]

    def client(self, service, validate=True, credentials=None, **config):
        """A boto3-like client of botocore, without retries, watched by `strict`."""
        key, secret, token = credentials or (self.env["AWS_ACCESS_KEY_ID"], self.env["AWS_SECRET_ACCESS_KEY"], None)
        config.setdefault("retries", {"total_max_attempts": 1})
        client = SESSION.create_client(
            service,
            region_name=self.env["AWS_REGION"],
            endpoint_url=self.endpoint,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=botocore.config.Config(parameter_validation=validate, read_timeout=20, **config),
        )
        strict.watch(client, self.violations)
        return client

    @property
    def lattice(self):
        return self._cached("vpc-lattice")

    @property
    def ecs(self):
        return self._cached("ecs")

    @property
    def cloudwatch(self):
        return self._cached("cloudwatch")

    def _cached(self, service):
        clients = self.__dict__.setdefault("clients", {})
        if service not in clients:
            clients[service] = self.client(service)
        return clients[service]

    def world(self):
        """What the sandbox says that its world is: `GET /_sandbox/world`."""
        with urllib.request.urlopen(f"{self.endpoint}/_sandbox/world", timeout=20) as answer:
            return json.load(answer)

    def send(self, method, path, headers=(), body=b"", base=None):
        """An HTTP request as it is: status, headers and body of the answer."""
        request = urllib.request.Request((base or self.endpoint) + path, data=body or None, headers=dict(headers), method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, dict((k.lower(), v) for k, v in answer.headers.items()), answer.read()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, dict((k.lower(), v) for k, v in answer.headers.items()), answer.read()

    def until(self, look, virtual, what):
        """Looks until it is true, at most so many seconds of the sandbox's time (and a little of ours); gives what it saw."""
        deadline = time.monotonic() + virtual / self.speed + 2
        while True:
            seen = look()
            if seen:
                return seen
            assert time.monotonic() < deadline, f"not after {virtual} s of the sandbox's time: {what}; the last look: {seen!r}"
            time.sleep(0.02)

    def active(self, get, **identifier):
        """Waits until a Lattice resource is ACTIVE."""
        return self.until(lambda: (answer := get(**identifier))["status"] == "ACTIVE" and answer, 300, f"{identifier} ACTIVE")

    def gone(self, get, **identifier):
        """Waits until a Lattice resource is answered with ResourceNotFoundException."""

        def look():
            try:
                get(**identifier)
            except botocore.exceptions.ClientError as error:
                assert error.response["Error"]["Code"] == "ResourceNotFoundException", error
                return True

        self.until(look, 300, f"{identifier} gone")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@pytest.fixture
def serve(tmp_path, request):
    """Starts sandboxes, and ends them with the test: `serve(scenario="promoted", speed=1, **keys of a scenario)`."""
    yield from _serving(tmp_path)


@pytest.fixture(scope="module")
def serve_long(tmp_path_factory):
    """As `serve`, for sandboxes that a module's tests share."""
    yield from _serving(tmp_path_factory.mktemp("shared"))


def _serving(folder):
    started = []

    def start(**options):
        own = folder / f"sandbox-{len(started)}"
        own.mkdir()
        started.append(Sandbox(own, **options))
        return started[-1]

    try:
        yield start
    finally:
        for one in started:
            one.stop()
    violations = [line for one in started for line in one.violations]
    if violations:
        pytest.fail("answers that the model does not allow:\n  " + "\n  ".join(dict.fromkeys(violations)), pytrace=False)
    panics = [said for one in started if "panicked" in (said := (one.folder / "log").read_text(errors="replace"))]
    if panics:
        pytest.fail(f"the sandbox panicked: {panics[0]}", pytrace=False)


@pytest.fixture
def sandbox(serve):
    """The built-in `promoted` at twenty times the speed: a Lattice resource is ACTIVE after a tenth of a second."""
    return serve(speed=20)


@pytest.fixture
def empty(serve):
    """A world with nothing but a cluster, at the same speed."""
    return serve(speed=20, **EMPTY)


def pytest_configure():
    if not os.access(BINARY, os.X_OK):
        raise pytest.UsageError("ESPALIER names no binary; start this with tests/conformance/run")
