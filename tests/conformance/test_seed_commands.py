"""Every AWS command of ecspresso's guide to VPC Lattice, run by the real AWS CLI as it is written there, in its order.

The guide is the document this project began with. Its steps and commands are copied below, line by line. Where the AWS CLI itself
refuses a command, or no account would take it, the step says what the document has wrong and which command is right, and both are
run. The ids in the document are placeholders; the world below has a service and a target group with exactly those ids.

What is not an AWS command (`ecspresso deploy`, `jq`) is not here: tests/espalier holds the definitions to the same document.
"""

import json
import pathlib
import shlex
import subprocess
import sys

import pytest

from asking import *

# The document's own placeholders, as a world: everything that it takes for granted and does not make itself.
WORLD = {
    "lattice": {
        "service_networks": [],
        "target_groups": [{"name": "documented-tg", "id": GROUP, "config": HTTP_80}],
        "services": [{"name": "documented", "id": SERVICE, "listeners": []}],
    },
    "ecs_services": [],
}

GUIDE = [
    (
        "VPC Latticeサービスネットワークの作成",
        """aws vpc-lattice create-service-network \
  --name my-service-network \
  --auth-type NONE""",
    ),
    (
        "VPCとサービスネットワークの関連付け",
        """aws vpc-lattice create-service-network-vpc-association \
  --service-network-identifier my-service-network \
  --vpc-identifier vpc-12345678 \
  --security-group-ids sg-12345678""",
    ),
    (
        "VPC Latticeサービスの作成",
        """aws vpc-lattice create-service \
  --name myservice \
  --auth-type NONE""",
    ),
    (
        "VPC Latticeターゲットグループの作成",
        """aws vpc-lattice create-target-group \
  --name myservice-tg \
  --type INSTANCE \
  --config '{"port":80,"protocol":"HTTP","vpcIdentifier":"vpc-12345678"}'""",
    ),
    (
        "VPC Latticeリスナーの作成",
        """aws vpc-lattice create-listener \
  --service-identifier svc-12345678901234567 \
  --name myservice-listener \
  --protocol HTTP \
  --port 80 \
  --default-action '{"targetGroupIdentifier":"tg-12345678901234567","type":"forward"}'""",
    ),
    ("VPC Lattice接続の検証 1", "aws vpc-lattice list-services"),
    ("VPC Lattice接続の検証 2", "aws vpc-lattice list-target-groups"),
    ("VPC Lattice接続の検証 3", "aws vpc-lattice list-targets --target-group-identifier tg-12345678901234567"),
    (
        "3. ヘルスチェックの設定",
        """aws vpc-lattice update-target-group \
  --target-group-identifier tg-12345678901234567 \
  --health-check '{"enabled":true,"protocol":"HTTP","path":"/health","port":80,"healthCheckIntervalSeconds":30,"healthCheckTimeoutSeconds":5,"healthyThresholdCount":5,"unhealthyThresholdCount":2}'""",
    ),
    (
        "4. アクセスログの有効化",
        """aws vpc-lattice update-service \
  --service-identifier svc-12345678901234567 \
  --access-log-configuration '{"enabled":true,"destinationType":"S3","destination":"arn:aws:s3:::my-access-logs"}'""",
    ),
    (
        "5. タグの使用",
        """aws vpc-lattice tag-resource \
  --resource-arn arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567 \
  --tags Key=Environment,Value=Production Key=Service,Value=API""",
    ),
]

# The job of "CI/CDパイプラインでの使用" repeats three of them on every run.
PIPELINE = ["VPC Latticeサービスの作成", "VPC Latticeターゲットグループの作成", "VPC Latticeリスナーの作成"]
COMMANDS = dict(GUIDE)

# What is wrong in the document: who says so (the CLI, before it sends anything, or the service), with which words, and the command
# that does what the step wants. `{network}` is the id that the first step was answered with.
WRONG = {
    "VPCとサービスネットワークの関連付け": (
        "the service",
        # "The ID or ARN of the service network": a name is neither. Which of the two errors it is, is not documented.
        ("ValidationException", "ResourceNotFoundException"),
        """aws vpc-lattice create-service-network-vpc-association --service-network-identifier {network}
  --vpc-identifier vpc-12345678 --security-group-ids sg-12345678""",
    ),
    "VPC Latticeリスナーの作成": (
        "the CLI",
        # An action is a union of `forward` and `fixedResponse`.
        ("Unknown parameter in defaultAction", "Parameter validation failed"),
        """aws vpc-lattice create-listener --service-identifier svc-12345678901234567 --name myservice-listener
  --protocol HTTP --port 80
  --default-action '{"forward":{"targetGroups":[{"targetGroupIdentifier":"tg-12345678901234567","weight":100}]}}'""",
    ),
    "4. アクセスログの有効化": (
        "the CLI",
        # Access logs are a resource of their own.
        ("Unknown options: --access-log-configuration",),
        """aws vpc-lattice create-access-log-subscription --resource-identifier svc-12345678901234567
  --destination-arn arn:aws:s3:::my-access-logs""",
    ),
    "5. タグの使用": (
        "the CLI",
        # Tags are a map here, not a list of keys and values.
        ("Unknown options: Key=Service,Value=API",),
        """aws vpc-lattice tag-resource
  --resource-arn arn:aws:vpc-lattice:ap-northeast-1:123456789012:service/svc-12345678901234567
  --tags Environment=Production,Service=API""",
    ),
}

# And what the steps that are right, or put right, are answered with.
EXPECTED = {
    "VPC Latticeサービスネットワークの作成": {"name": "my-service-network", "authType": "NONE"},
    "VPCとサービスネットワークの関連付け": {"status": "CREATE_IN_PROGRESS", "securityGroupIds": ["sg-12345678"]},
    "VPC Latticeサービスの作成": {"name": "myservice", "authType": "NONE", "status": "CREATE_IN_PROGRESS"},
    "VPC Latticeターゲットグループの作成": {"name": "myservice-tg", "type": "INSTANCE", "status": "CREATE_IN_PROGRESS"},
    "VPC Latticeリスナーの作成": {"name": "myservice-listener", "port": 80, "protocol": "HTTP", "serviceId": SERVICE},
    "3. ヘルスチェックの設定": {"id": GROUP},
    "4. アクセスログの有効化": {"resourceId": SERVICE, "destinationArn": "arn:aws:s3:::my-access-logs"},
}


class Cli:
    """The AWS CLI of the same virtual environment, in the sandbox's environment and in no other."""

    def __init__(self, world):
        self.environment = world.env | {"PATH": "/usr/bin:/bin", "HOME": str(world.folder), "AWS_PAGER": "", "AWS_RETRY_MODE": "standard"}
        self.environment |= {"AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
        self.aws = [sys.executable, str(pathlib.Path(sys.executable).with_name("aws"))]

    def __call__(self, command):
        """Exit code, the answer as JSON where there is one, and what was said on stderr."""
        program, *arguments = shlex.split(command)
        assert program == "aws"
        done = subprocess.run(self.aws + arguments, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr.strip()


def step(cli, name, network):
    """Runs a step as written, shows that it is wrong where it is, and gives the answer to what is right."""
    code, answer, said = cli(COMMANDS[name])
    if name not in WRONG:
        assert code == 0, f"{name}: exit code {code}: {said}"
        return answer
    who, words, right = WRONG[name]
    assert code != 0 and any(word in said for word in words), f"{name} is expected to be refused by {who} with one of {words}: exit code {code}: {said}"
    # With this the CLI tells what a service answered from what it never sent.
    assert ("An error occurred" in said) == (who == "the service"), said
    code, answer, said = cli(right.replace("{network}", str(network)))
    assert code == 0, f"{name}, put right: exit code {code}: {said}"
    return answer


def test_the_guide_from_beginning_to_end(serve):
    world = serve(speed=20, **WORLD)
    cli = Cli(world)
    answers, network = {}, None
    for name in COMMANDS:
        answers[name] = step(cli, name, network)
        network = network or answers["VPC Latticeサービスネットワークの作成"]["id"]
    for name, wanted in EXPECTED.items():
        found = {member: answers[name].get(member) for member in wanted}
        assert found == wanted, name

    assert sorted(item["name"] for item in answers["VPC Lattice接続の検証 1"]["items"]) == ["documented", "myservice"]
    assert sorted(item["name"] for item in answers["VPC Lattice接続の検証 2"]["items"]) == ["documented-tg", "myservice-tg"]
    assert answers["VPC Lattice接続の検証 3"]["items"] == []
    check = answers["3. ヘルスチェックの設定"]["config"]["healthCheck"]
    assert (check["path"], check["port"], check["healthCheckIntervalSeconds"], check["healthyThresholdCount"]) == ("/health", 80, 30, 5)
    assert answers["5. タグの使用"] is None
    tags = world.lattice.list_tags_for_resource(resourceArn=SERVICE_ARN)["tags"]
    assert tags == {"Environment": "Production", "Service": "API"}

    # The document's pipeline creates the same things again on every push: the second time each of them is a conflict.
    for name in PIPELINE:
        command = WRONG[name][2] if name in WRONG else COMMANDS[name]
        code, answer, said = cli(command)
        assert code != 0 and answer is None and "(ConflictException)" in said, f"{name}, again: exit code {code}: {said}"


def test_a_target_group_for_ecs_is_of_type_ip(serve):
    """The guide's group is of type INSTANCE; tasks with awsvpc register by address, which only a group of type IP takes."""
    world = serve(speed=20, **WORLD)
    made = world.lattice.create_target_group(name="myservice-tg", type="INSTANCE", config=HTTP_80)
    world.active(world.lattice.get_target_group, targetGroupIdentifier=made["id"])
    address = [{"id": "10.0.0.1", "port": 80}]
    try:
        assert world.lattice.register_targets(targetGroupIdentifier=made["id"], targets=address)["unsuccessful"]
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "ValidationException"


def test_the_guides_service_definition_member_is_not_ecs(serve):
    """`vpcLatticeConfiguration` with `enabled` and `serviceArn` is no member of CreateService; the CLI refuses it, and so do we."""
    world = serve(speed=20, **WORLD)
    definition = {
        "cluster": CLUSTER,
        "serviceName": "myservice",
        "taskDefinition": "myservice",
        "vpcLatticeConfiguration": {"enabled": True, "serviceArn": SERVICE_ARN, "targetGroupArn": GROUP_ARN},
    }
    code, _answer, said = Cli(world)(f"aws ecs create-service --cli-input-json {shlex.quote(json.dumps(definition))}")
    assert code != 0 and "vpcLatticeConfiguration" in said and "must be one of" in said, said
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AmazonEC2ContainerServiceV20141113.CreateService"}
    status, _headers, body = world.send("POST", "/", headers.items(), json.dumps(definition).encode())
    assert status == 400 and b"vpcLatticeConfiguration" in body, body
