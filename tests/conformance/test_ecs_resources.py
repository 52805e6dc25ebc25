"""ECS: clusters, task definitions and tags; which errors a request without sense gets.

Source: the service model (its descriptions and declared errors), restated in ecs-api.md.
"""

import pytest

from asking import *

ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
WEB = {"name": "web", "image": "myservice:2", "essential": True, "portMappings": [{"name": "http", "containerPort": 80, "protocol": "tcp"}]}
FARGATE = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}


def register(ecs, family="myservice", **more):
    return ecs.register_task_definition(family=family, containerDefinitions=[WEB], **(FARGATE | more))["taskDefinition"]


def test_cluster_from_creation_to_deletion(sandbox):
    ecs = sandbox.ecs
    made = ecs.create_cluster(clusterName="other", tags=[{"key": "a", "value": "b"}])["cluster"]
    assert (made["clusterName"], made["clusterArn"], made["status"]) == ("other", f"{ECS}:cluster/other", "ACTIVE")
    # Creating one that is there gives the one that is there.
    assert ecs.create_cluster(clusterName="other")["cluster"]["clusterArn"] == made["clusterArn"]
    assert sorted(ecs.list_clusters()["clusterArns"]) == sorted([f"{ECS}:cluster/my-cluster", made["clusterArn"]])
    answer = ecs.describe_clusters(clusters=["other", made["clusterArn"], "nobody"], include=["TAGS"])
    assert answer["clusters"][0]["tags"] == [{"key": "a", "value": "b"}]
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    assert answer["failures"][0]["arn"] == f"{ECS}:cluster/nobody"
    # "If this field is omitted, this information isn't included" (model).
    assert ecs.describe_clusters(clusters=["other"])["clusters"][0].get("tags", []) == []
    assert ecs.delete_cluster(cluster="other")["cluster"]["status"] == "INACTIVE"
    refused("ClusterNotFoundException", ecs.delete_cluster, status=400, cluster="nobody")


def test_a_cluster_with_services_cannot_be_deleted(sandbox):
    refused("ClusterContainsServicesException", sandbox.ecs.delete_cluster, status=400, cluster=CLUSTER)


def test_a_cluster_counts_what_is_in_it(sandbox):
    (cluster,) = sandbox.ecs.describe_clusters(clusters=[CLUSTER])["clusters"]
    assert (cluster["activeServicesCount"], cluster["runningTasksCount"], cluster["pendingTasksCount"]) == (1, 3, 0)


def test_no_cluster_means_the_one_called_default(sandbox):
    refused("ClusterNotFoundException", sandbox.ecs.list_services, status=400)
    sandbox.ecs.create_cluster()
    assert sandbox.ecs.list_services()["serviceArns"] == []


def test_revisions_count_up_and_stay_as_they_are(sandbox):
    ecs = sandbox.ecs
    first = register(ecs, "web", tags=[{"key": "a", "value": "b"}])
    second = register(ecs, "web")
    assert (first["revision"], second["revision"]) == (1, 2)
    assert first["taskDefinitionArn"] == f"{ECS}:task-definition/web:1" and first["status"] == "ACTIVE"
    assert first["registeredAt"] <= second["registeredAt"]
    for name, revision in (("web", 2), ("web:1", 1), (first["taskDefinitionArn"], 1)):
        assert ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]["revision"] == revision
    # With awsvpc the host's port is the container's (model).
    assert first["containerDefinitions"][0]["portMappings"][0]["hostPort"] == 80
    answer = ecs.describe_task_definition(taskDefinition="web:1", include=["TAGS"])
    assert answer["tags"] == [{"key": "a", "value": "b"}]
    assert ecs.describe_task_definition(taskDefinition="web:1").get("tags", []) == []
    refused("ClientException", ecs.describe_task_definition, status=400, taskDefinition="nobody")
    refused("ClientException", ecs.describe_task_definition, status=400, taskDefinition="web:3")


def test_what_was_registered_comes_back(sandbox):
    rich = WEB | {
        "environment": [{"name": "A", "value": "1"}],
        "secrets": [{"name": "S", "valueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/s"}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-region": REGION, "awslogs-stream-prefix": "web"}},
        "healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 30, "timeout": 5, "retries": 3},
        "dockerLabels": {"a": "b"},
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
    }
    given = {
        "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/task", "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "volumes": [{"name": "v", "host": {}}], "ephemeralStorage": {"sizeInGiB": 30},
    }  # fmt: skip
    made = sandbox.ecs.register_task_definition(family="rich", containerDefinitions=[rich], **FARGATE, **given)["taskDefinition"]
    shown = sandbox.ecs.describe_task_definition(taskDefinition="rich")["taskDefinition"]
    assert shown == made
    for member, value in given.items():
        assert shown[member] == value, member
    container = shown["containerDefinitions"][0]
    for member, value in rich.items():
        if member not in ("portMappings", "healthCheck"):
            assert container[member] == value, member
    assert shown["containerDefinitions"][0]["healthCheck"].items() >= rich["healthCheck"].items()


def test_deregistering(sandbox):
    ecs = sandbox.ecs
    register(ecs, "web")
    register(ecs, "web")
    gone = ecs.deregister_task_definition(taskDefinition="web:2")["taskDefinition"]
    assert gone["status"] == "INACTIVE" and gone["deregisteredAt"] >= gone["registeredAt"]
    assert ecs.describe_task_definition(taskDefinition="web")["taskDefinition"]["revision"] == 1
    assert ecs.describe_task_definition(taskDefinition="web:2")["taskDefinition"]["status"] == "INACTIVE"
    assert ecs.list_task_definitions(familyPrefix="web")["taskDefinitionArns"] == [f"{ECS}:task-definition/web:1"]
    assert ecs.list_task_definitions(familyPrefix="web", status="INACTIVE")["taskDefinitionArns"] == [f"{ECS}:task-definition/web:2"]
    # "You must specify a revision" (model).
    refused(("ClientException", "InvalidParameterException"), ecs.deregister_task_definition, status=400, taskDefinition="web")
    # A revision's number is never given twice.
    assert register(ecs, "web")["revision"] == 3
    assert sorted(ecs.list_task_definition_families()["families"]) == ["myservice", "web"]
    deleted = ecs.delete_task_definitions(taskDefinitions=["web:2", "web:1"])
    assert [found["status"] for found in deleted["taskDefinitions"]] == ["DELETE_IN_PROGRESS"]
    # Only an INACTIVE one can be deleted (API reference, DeleteTaskDefinitions).
    assert [failure["arn"].rsplit("/")[-1] for failure in deleted["failures"]] == ["web:1"]


def test_task_definitions_are_listed_in_order(sandbox):
    ecs = sandbox.ecs
    for family in ("b", "a", "b"):
        register(ecs, family)

    def names(**by):
        return [arn.rsplit("/")[-1] for arn in ecs.list_task_definitions(**by)["taskDefinitionArns"]]

    # "By default (ASC) task definitions are listed lexicographically by family name and in ascending numerical order by revision".
    assert names() == ["a:1", "b:1", "b:2", "myservice:1"]
    assert names(sort="DESC", familyPrefix="b") == ["b:2", "b:1"]


@pytest.mark.parametrize(
    "why, definition",
    [
        ("Fargate needs awsvpc", {"networkMode": "bridge"}),
        ("Fargate needs cpu", {"cpu": None}),
        ("Fargate knows pairs of cpu and memory", {"cpu": "256", "memory": "8192"}),
        ("a container has a name and an image", {"containerDefinitions": [{"name": "web", "essential": True}]}),
        ("one container at least is essential", {"containerDefinitions": [WEB | {"essential": False}]}),
        ("names of containers are unique", {"containerDefinitions": [WEB, WEB]}),
        ("there is a container", {"containerDefinitions": []}),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_definitions_that_make_no_sense(sandbox, why, definition):
    whole = {"family": "bad", "containerDefinitions": [WEB]} | FARGATE | definition
    whole = {member: value for member, value in whole.items() if value is not None}
    refused(("ClientException", "InvalidParameterException"), sandbox.ecs.register_task_definition, status=400, **whole)


def test_tags(sandbox):
    ecs = sandbox.ecs
    task = ecs.list_tasks(cluster=CLUSTER)["taskArns"][0]
    arns = [f"{ECS}:cluster/{CLUSTER}", f"{ECS}:service/{CLUSTER}/{ECS_SERVICE}", f"{ECS}:task-definition/myservice:1", task]
    for arn in arns:
        ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b"}])
        ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "2"}])
        tags = {tag["key"]: tag.get("value", "") for tag in ecs.list_tags_for_resource(resourceArn=arn)["tags"]}
        assert (tags["a"], tags["b"]) == ("2", "")
        ecs.untag_resource(resourceArn=arn, tagKeys=["b", "nobody"])
        assert [tag["key"] for tag in ecs.list_tags_for_resource(resourceArn=arn)["tags"]] == ["a"]
    (service,) = ecs.describe_services(cluster=CLUSTER, services=[ECS_SERVICE], include=["TAGS"])["services"]
    assert service["tags"] == [{"key": "a", "value": "2"}]
    refused(
        ("InvalidParameterException", "ResourceNotFoundException", "ClientException"),
        ecs.tag_resource, status=400, resourceArn=f"{ECS}:service/{CLUSTER}/nobody", tags=[{"key": "a", "value": "b"}],
    )


def test_at_most_50_tags(sandbox):
    ecs, arn = sandbox.ecs, f"{ECS}:service/{CLUSTER}/{ECS_SERVICE}"
    ecs.tag_resource(resourceArn=arn, tags=[{"key": f"k{n}", "value": "v"} for n in range(50)])
    refused(("InvalidParameterException", "LimitExceededException", "ClientException"), ecs.tag_resource, resourceArn=arn, tags=[{"key": "x", "value": "v"}])
    for tag in ({"key": "k" * 129, "value": "v"}, {"key": "k", "value": "v" * 257}, {"key": "aws:x", "value": "v"}):
        refused(("InvalidParameterException", "ClientException"), ecs.tag_resource, resourceArn=f"{ECS}:cluster/{CLUSTER}", tags=[tag])


def test_throttling_is_a_400_here(serve):
    world = serve(speed=20, faults=[{"operations": ["ecs:DescribeServices"], "nth": 1, "effect": "throttle"}])
    response = refused("ThrottlingException", world.ecs.describe_services, status=400, cluster=CLUSTER, services=[ECS_SERVICE])
    assert response["Error"]["Message"] == "Rate exceeded"
    again = world.client("ecs", retries={"mode": "standard", "total_max_attempts": 2})
    assert again.describe_services(cluster=CLUSTER, services=[ECS_SERVICE])["services"]
