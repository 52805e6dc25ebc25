"""ECS: services, their deployments and their tasks, with the waiters that botocore has.

Sources: ecs-api.md (members, waiters) and aws-facts §3 (Lattice) and §4 (deployments, circuit breaker, service deployments).
"""

import re

import pytest

from asking import *
from test_ecs_resources import ECS, FARGATE, WEB, register

NETWORK_CONFIGURATION = {"awsvpcConfiguration": {"subnets": ["subnet-12345678"], "securityGroups": ["sg-12345678"], "assignPublicIp": "DISABLED"}}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ecsInfrastructureRole"
LATTICE_CONFIGURATION = {"roleArn": ROLE, "targetGroupArn": GROUP_ARN, "portName": "http"}
FAST = 200


@pytest.fixture
def fast(serve):
    """The built-in world, two hundred times as fast."""
    return serve(speed=FAST)


def wait(world, name, **parameters):
    """A waiter of botocore's, asking as often as AWS's delay is long in the world's time; it gives up when AWS's would."""
    waiter = world.ecs.get_waiter(name)
    delay = waiter.config.delay / world.speed
    waiter.wait(cluster=CLUSTER, WaiterConfig={"Delay": delay, "MaxAttempts": waiter.config.max_attempts}, **parameters)


def create(world, name="second", **more):
    wanted = dict(
        cluster=CLUSTER, serviceName=name, taskDefinition="myservice:1", desiredCount=2, launchType="FARGATE",
        networkConfiguration=NETWORK_CONFIGURATION,
    )  # fmt: skip
    return world.ecs.create_service(**(wanted | more))["service"]


def update(world, **more):
    return world.ecs.update_service(cluster=CLUSTER, service=ECS_SERVICE, **more)["service"]


def describe(world, name=ECS_SERVICE):
    answer = world.ecs.describe_services(cluster=CLUSTER, services=[name])
    assert answer["failures"] == []
    return answer["services"][0]


def primary(service):
    return next(deployment for deployment in service["deployments"] if deployment["status"] == "PRIMARY")


def states(world, service=ECS_SERVICE):
    found = world.ecs.list_service_deployments(cluster=CLUSTER, service=service)["serviceDeployments"]
    return [deployment["status"] for deployment in found]


def newest(world, service=ECS_SERVICE):
    """The newest service deployment, whole."""
    brief = world.ecs.list_service_deployments(cluster=CLUSTER, service=service)["serviceDeployments"][0]
    answer = world.ecs.describe_service_deployments(serviceDeploymentArns=[brief["serviceDeploymentArn"]])
    assert answer["failures"] == []
    return answer["serviceDeployments"][0]


def events(world, name=ECS_SERVICE):
    return [event["message"] for event in describe(world, name)["events"]]


def test_a_service_in_its_steady_state(sandbox):
    service = describe(sandbox)
    assert service["serviceArn"] == f"{ECS}:service/{CLUSTER}/{ECS_SERVICE}" and service["clusterArn"] == f"{ECS}:cluster/{CLUSTER}"
    assert (service["status"], service["desiredCount"], service["runningCount"], service["pendingCount"]) == ("ACTIVE", 3, 3, 0)
    assert (service["launchType"], service["schedulingStrategy"]) == ("FARGATE", "REPLICA")
    (deployment,) = service["deployments"]
    assert re.fullmatch(r"ecs-svc/\d{19}", deployment["id"])
    assert (deployment["status"], deployment["rolloutState"], deployment["failedTasks"]) == ("PRIMARY", "COMPLETED", 0)
    # It stands with the deployment and nowhere else (model).
    assert deployment["vpcLatticeConfigurations"] == [LATTICE_CONFIGURATION] and "vpcLatticeConfigurations" not in service
    wait(sandbox, "services_stable", services=[ECS_SERVICE])


def test_a_service_from_creation_to_deletion(fast):
    made = create(fast, tags=[{"key": "a", "value": "b"}])
    assert (made["status"], made["desiredCount"], made["runningCount"]) == ("ACTIVE", 2, 0)
    (deployment,) = made["deployments"]
    assert (deployment["status"], deployment["rolloutState"], deployment["desiredCount"]) == ("PRIMARY", "IN_PROGRESS", 2)
    # What the model's descriptions call the defaults.
    assert made["deploymentConfiguration"]["maximumPercent"] == 200 and made["deploymentConfiguration"]["minimumHealthyPercent"] == 100
    assert made.get("deploymentController", {"type": "ECS"}) == {"type": "ECS"}
    wait(fast, "services_stable", services=["second"])
    service = describe(fast, "second")
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    fast.until(lambda: primary(describe(fast, "second"))["rolloutState"] == "COMPLETED", 120, "the rollout is COMPLETED")
    # "The service is actively maintaining tasks": force, or scale to 0 first (model).
    refused("InvalidParameterException", fast.ecs.delete_service, status=400, cluster=CLUSTER, service="second")
    fast.ecs.update_service(cluster=CLUSTER, service="second", desiredCount=0)
    fast.until(lambda: describe(fast, "second")["runningCount"] == 0, 300, "no task runs")
    assert fast.ecs.delete_service(cluster=CLUSTER, service="second")["service"]["status"] in ("DRAINING", "INACTIVE")
    wait(fast, "services_inactive", services=["second"])
    assert fast.ecs.list_services(cluster=CLUSTER)["serviceArns"] == [f"{ECS}:service/{CLUSTER}/{ECS_SERVICE}"]
    refused("ServiceNotActiveException", fast.ecs.update_service, status=400, cluster=CLUSTER, service="second", desiredCount=1)
    # Its name is free again.
    create(fast, desiredCount=0)


def test_a_forced_deletion_drains(fast):
    fast.ecs.delete_service(cluster=CLUSTER, service=ECS_SERVICE, force=True)
    assert describe(fast)["status"] == "DRAINING"
    refused("ServiceNotActiveException", fast.ecs.update_service, status=400, cluster=CLUSTER, service=ECS_SERVICE, desiredCount=1)
    wait(fast, "services_inactive", services=[ECS_SERVICE])
    assert fast.ecs.list_tasks(cluster=CLUSTER)["taskArns"] == []
    fast.until(lambda: fast.lattice.list_targets(targetGroupIdentifier=GROUP)["items"] == [], 360, "its targets are gone")


def test_the_waiter_says_that_a_service_is_missing_or_draining(fast):
    with pytest.raises(botocore.exceptions.WaiterError, match="MISSING"):
        wait(fast, "services_stable", services=["nobody"])
    fast.ecs.delete_service(cluster=CLUSTER, service=ECS_SERVICE, force=True)
    with pytest.raises(botocore.exceptions.WaiterError, match="DRAINING|INACTIVE"):
        wait(fast, "services_stable", services=[ECS_SERVICE])


def test_failures_of_describe_services(sandbox):
    answer = sandbox.ecs.describe_services(cluster=CLUSTER, services=[ECS_SERVICE, "nobody"])
    assert [service["serviceName"] for service in answer["services"]] == [ECS_SERVICE]
    assert answer["failures"] == [{"arn": f"{ECS}:service/{CLUSTER}/nobody", "reason": "MISSING"}]
    refused("ClusterNotFoundException", sandbox.ecs.describe_services, status=400, cluster="nobody", services=[ECS_SERVICE])
    refused("InvalidParameterException", sandbox.ecs.describe_services, status=400, cluster=CLUSTER, services=[f"s{n}" for n in range(11)])
    refused("ServiceNotFoundException", sandbox.ecs.update_service, status=400, cluster=CLUSTER, service="nobody", desiredCount=1)


def test_a_second_service_of_the_name_is_refused(sandbox):
    with pytest.raises(botocore.exceptions.ClientError, match="InvalidParameterException.*Creation of service was not idempotent"):
        create(sandbox, ECS_SERVICE)


def test_a_token_makes_one_service(sandbox):
    first = create(sandbox, clientToken="the-token")
    assert create(sandbox, clientToken="the-token")["serviceArn"] == first["serviceArn"]
    assert len(sandbox.ecs.list_services(cluster=CLUSTER)["serviceArns"]) == 2


@pytest.mark.parametrize(
    "codes, wrong",
    [
        (("ClientException", "InvalidParameterException"), {"taskDefinition": "nobody:1"}),
        ("InvalidParameterException", {"networkConfiguration": {}}),
        ("InvalidParameterException", {"launchType": "FARGATE", "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]}),
        ("InvalidParameterException", {"vpcLatticeConfigurations": [LATTICE_CONFIGURATION | {"portName": "nobody"}]}),
        ("InvalidParameterException", {"serviceName": "not a name"}),
        ("InvalidParameterException", {"desiredCount": -1}),
    ],
)
def test_services_that_make_no_sense(sandbox, codes, wrong):
    wanted = dict(
        cluster=CLUSTER, serviceName="bad", taskDefinition="myservice:1", desiredCount=1, launchType="FARGATE",
        networkConfiguration=NETWORK_CONFIGURATION,
    )  # fmt: skip
    refused(codes, sandbox.ecs.create_service, status=400, **(wanted | wrong))
    assert len(sandbox.ecs.list_services(cluster=CLUSTER)["serviceArns"]) == 1


def test_a_new_revision_is_deployed(fast):
    register(fast.ecs)
    before = primary(describe(fast))["id"]
    updated = update(fast, taskDefinition="myservice")
    assert {d["status"]: d["rolloutState"] for d in updated["deployments"]} == {"PRIMARY": "IN_PROGRESS", "ACTIVE": "COMPLETED"}
    assert primary(updated)["taskDefinition"] == f"{ECS}:task-definition/myservice:2" and primary(updated)["id"] != before
    assert re.fullmatch(r"ECS deployment ecs-svc/\d{19} in progress\.", primary(updated)["rolloutStateReason"])
    wait(fast, "services_stable", services=[ECS_SERVICE])
    service = fast.until(lambda: primary(describe(fast))["rolloutState"] == "COMPLETED" and describe(fast), 300, "COMPLETED")
    (deployment,) = service["deployments"]
    assert (deployment["runningCount"], service["taskDefinition"]) == (3, f"{ECS}:task-definition/myservice:2")
    assert deployment["rolloutStateReason"] == f"ECS deployment {deployment['id']} completed."
    said = "\n".join(events(fast))
    for wanted in (r"has started \d tasks?", r"registered \d targets? in", r"deregistered \d targets? in", r"has stopped \d running tasks?", r"deployment completed\.", r"has reached a steady state\."):
        assert re.search(rf"\(service {ECS_SERVICE}[^)]*\).* ?{wanted}", said), f"no event like {wanted!r} in\n{said}"


def test_the_new_tasks_are_registered_become_healthy_and_the_old_ones_drain(serve):
    world = serve(speed=40)
    register(world.ecs)
    old = {item["id"] for item in world.lattice.list_targets(targetGroupIdentifier=GROUP)["items"]}
    update(world, taskDefinition="myservice:2")

    def statuses(of_old):
        return {item["status"] for item in world.lattice.list_targets(targetGroupIdentifier=GROUP)["items"] if (item["id"] in old) == of_old}

    world.until(lambda: "INITIAL" in statuses(False), 300, "a new target is INITIAL")
    world.until(lambda: "HEALTHY" in statuses(False), 300, "a new target is HEALTHY")
    world.until(lambda: "DRAINING" in statuses(True), 300, "an old target is DRAINING")
    world.until(lambda: statuses(True) == set() and statuses(False) == {"HEALTHY"}, 600, "only the new targets are there")


def test_what_starts_a_deployment_and_what_does_not(fast):
    first = primary(describe(fast))["id"]
    # "This parameter doesn't trigger a new service deployment" (model).
    for quiet in ({"desiredCount": 4}, {"deploymentConfiguration": {"maximumPercent": 150, "minimumHealthyPercent": 50}}, {"healthCheckGracePeriodSeconds": 5}):
        assert primary(update(fast, **quiet))["id"] == first, quiet
    fast.until(lambda: describe(fast)["runningCount"] == 4, 120, "four tasks run")
    seen = {first}
    for loud in ({"forceNewDeployment": True}, {"networkConfiguration": NETWORK_CONFIGURATION}, {"vpcLatticeConfigurations": []}):
        current = primary(update(fast, **loud))["id"]
        assert current not in seen, loud
        seen.add(current)


def test_an_absent_member_keeps_the_lattice_configuration_and_an_empty_list_removes_it(fast):
    kept = primary(update(fast, forceNewDeployment=True))
    assert kept["vpcLatticeConfigurations"] == [LATTICE_CONFIGURATION]
    removed = primary(update(fast, vpcLatticeConfigurations=[]))
    assert removed.get("vpcLatticeConfigurations", []) == []
    wait(fast, "services_stable", services=[ECS_SERVICE])
    fast.until(lambda: fast.lattice.list_targets(targetGroupIdentifier=GROUP)["items"] == [], 600, "no task is a target any more")
    assert len(fast.ecs.list_tasks(cluster=CLUSTER, serviceName=ECS_SERVICE)["taskArns"]) == 3


def test_a_service_deployment_and_its_revisions(fast):
    register(fast.ecs)
    service = update(fast, taskDefinition="myservice:2")
    fast.until(lambda: states(fast)[0] == "SUCCESSFUL", 600, "the service deployment is SUCCESSFUL")
    whole = newest(fast)
    assert re.fullmatch(rf"{ECS}:service-deployment/{CLUSTER}/{ECS_SERVICE}/[\w-]+", whole["serviceDeploymentArn"])
    assert whole["serviceArn"] == service["serviceArn"]
    assert whole["createdAt"] <= whole["startedAt"] <= whole["finishedAt"]
    arns = [whole["targetServiceRevision"]["arn"], *[revision["arn"] for revision in whole["sourceServiceRevisions"]]]
    assert all(re.fullmatch(rf"{ECS}:service-revision/{CLUSTER}/{ECS_SERVICE}/\d+", arn) for arn in arns) and len(set(arns)) == 2
    answer = fast.ecs.describe_service_revisions(serviceRevisionArns=arns)
    assert answer["failures"] == []
    revisions = {revision["serviceRevisionArn"]: revision for revision in answer["serviceRevisions"]}
    assert [revisions[arn]["taskDefinition"].rsplit("/")[-1] for arn in arns] == ["myservice:2", "myservice:1"]
    assert revisions[arns[0]]["vpcLatticeConfigurations"] == [LATTICE_CONFIGURATION]
    assert revisions[arns[0]]["containerImages"][0]["image"] == "myservice:2"
    current = describe(fast)
    assert [revision["arn"] for revision in current["currentServiceRevisions"]] == [arns[0]]
    assert current.get("currentServiceDeployment") == whole["serviceDeploymentArn"]
    missing_arn = whole["serviceDeploymentArn"].rsplit("/", 1)[0] + "/nobodynobodynobodyno1"
    assert [f["reason"] for f in fast.ecs.describe_service_deployments(serviceDeploymentArns=[missing_arn])["failures"]] == ["MISSING"]
    only = fast.ecs.list_service_deployments(cluster=CLUSTER, service=ECS_SERVICE, status=["IN_PROGRESS"])["serviceDeployments"]
    assert only == []


CRASHING = {"myservice:1": {}, "*": {"exits": {"after": 1, "code": 1}}}


def breaker(rollback, **more):
    return {"deploymentCircuitBreaker": {"enable": True, "rollback": rollback, **more}, "maximumPercent": 200, "minimumHealthyPercent": 100}


def test_a_circuit_breaker_fails_the_deployment(serve):
    world = serve(speed=FAST, images=CRASHING)
    register(world.ecs)
    update(world, taskDefinition="myservice:2", deploymentConfiguration=breaker(False))
    failed = world.until(lambda: (d := primary(describe(world)))["rolloutState"] == "FAILED" and d, 900, "FAILED")
    assert failed["taskDefinition"].endswith("myservice:2") and failed["rolloutStateReason"].startswith("ECS deployment circuit breaker: ")
    whole = newest(world)
    assert (whole["status"], whole["deploymentCircuitBreaker"]["status"]) == ("STOPPED", "TRIGGERED")
    # 50 % of three, but three at least (deployment-circuit-breaker page).
    assert whole["deploymentCircuitBreaker"]["threshold"] == 3 and whole["deploymentCircuitBreaker"]["failureCount"] >= 3
    assert describe(world)["runningCount"] >= 3
    assert any("unable to consistently start tasks successfully" in said or "tasks failed to start" in said for said in events(world))


def test_a_circuit_breaker_rolls_back(serve):
    world = serve(speed=FAST, images=CRASHING)
    register(world.ecs)
    update(world, taskDefinition="myservice:2", deploymentConfiguration=breaker(True))
    world.until(lambda: states(world)[0] == "ROLLBACK_SUCCESSFUL", 1800, "the service deployment is ROLLBACK_SUCCESSFUL")
    whole = newest(world)
    assert whole["rollback"]["serviceRevisionArn"] == whole["sourceServiceRevisions"][0]["arn"] and whole["rollback"]["reason"]
    # The waiter cannot tell this from a success.
    wait(world, "services_stable", services=[ECS_SERVICE])
    service = describe(world)
    assert service["taskDefinition"].endswith("myservice:1") and primary(service)["rolloutState"] == "COMPLETED"


def test_stopping_a_service_deployment_rolls_back(serve):
    world = serve(speed=FAST, images={"myservice:1": {}, "*": {"healthy": False}})
    register(world.ecs)
    update(world, taskDefinition="myservice:2")
    current = world.until(lambda: (d := newest(world))["status"] == "IN_PROGRESS" and d, 60, "IN_PROGRESS")
    arn = current["serviceDeploymentArn"]
    assert world.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")["serviceDeploymentArn"] == arn
    assert newest(world)["status"] in ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL")
    world.until(lambda: newest(world)["status"] == "ROLLBACK_SUCCESSFUL", 900, "ROLLBACK_SUCCESSFUL")
    assert describe(world)["taskDefinition"].endswith("myservice:1")
    # It has ended: there is nothing to stop any more.
    refused(("ConflictException", "InvalidParameterException", "ClientException"), world.ecs.stop_service_deployment, status=400, serviceDeploymentArn=arn)
    nobody = arn.rsplit("/", 1)[0] + "/nobodynobodynobodyno1"
    refused("ServiceDeploymentNotFoundException", world.ecs.stop_service_deployment, status=400, serviceDeploymentArn=nobody)
    # A rolling deployment has no hook to continue from.
    refused(
        ("InvalidParameterException", "ClientException"),
        world.ecs.continue_service_deployment, status=400, serviceDeploymentArn=arn, hookId="nobody",
    )
    refused(
        "ServiceDeploymentNotFoundException",
        world.ecs.continue_service_deployment, status=400, serviceDeploymentArn=nobody, hookId="nobody",
    )


BLUE_GREEN = {
    "strategy": "BLUE_GREEN",
    "bakeTimeInMinutes": 1,
    "lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}],
}


@pytest.mark.parametrize("action, end", [("CONTINUE", "SUCCESSFUL"), ("ROLLBACK", "ROLLBACK_SUCCESSFUL")])
def test_a_deployment_that_pauses_at_a_hook(serve, action, end):
    world = serve(speed=FAST)
    register(world.ecs)
    other = world.lattice.create_target_group(name="myservice-b", type="IP", config=HTTP_80)
    world.active(world.lattice.get_target_group, targetGroupIdentifier=other["id"])
    at = {"serviceIdentifier": SERVICE, "listenerIdentifier": LISTENER, "ruleIdentifier": RULE}
    world.lattice.update_rule(**at, action=forward((GROUP, 100), (other["id"], 0)))
    advanced = {"alternateTargetGroupArn": other["arn"], "productionListenerRule": RULE_ARN}
    wanted = {"vpcLatticeConfigurations": [LATTICE_CONFIGURATION | {"advancedConfiguration": advanced}], "deploymentConfiguration": BLUE_GREEN}
    try:
        update(world, taskDefinition="myservice:2", **wanted)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in ("UnsupportedFeatureException", "InvalidParameterException", "ClientException"), error
        assert "sandbox" in error.response["Error"]["Message"].lower(), error
        pytest.skip("the sandbox does not emulate ECS's own blue/green deployments, and says so")

    def paused():
        hooks = newest(world).get("lifecycleHookDetails", [])
        return [hook for hook in hooks if hook["status"] == "AWAITING_ACTION"]

    (hook,) = world.until(paused, 1800, "the deployment awaits an action")
    arn = newest(world)["serviceDeploymentArn"]
    assert (newest(world)["lifecycleStage"], hook["targetType"]) == ("POST_SCALE_UP", "PAUSE")
    assert world.lattice.get_rule(**at)["action"] == forward((GROUP, 100), (other["id"], 0))
    answer = world.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook["hookId"], action=action)
    assert answer["serviceDeploymentArn"] == arn
    world.until(lambda: newest(world)["status"] == end, 3600, end)
    swapped = forward((GROUP, 0), (other["id"], 100)) if end == "SUCCESSFUL" else forward((GROUP, 100), (other["id"], 0))
    by_group = {item["targetGroupIdentifier"]: item["weight"] for item in world.lattice.get_rule(**at)["action"]["forward"]["targetGroups"]}
    assert by_group == {item["targetGroupIdentifier"]: item["weight"] for item in swapped["forward"]["targetGroups"]}


def discoverable(name, namespace="my-namespace"):
    service = {"portName": "http", "discoveryName": name, "clientAliases": [{"port": 80, "dnsName": name}]}
    return {"enabled": True, "namespace": namespace, "services": [service]}


def test_names_of_service_connect_are_unique_in_their_namespace(sandbox):
    create(sandbox, "one", serviceConnectConfiguration=discoverable("web"))
    wanted = dict(
        cluster=CLUSTER, serviceName="two", taskDefinition="myservice:1", desiredCount=1, launchType="FARGATE",
        networkConfiguration=NETWORK_CONFIGURATION,
    )  # fmt: skip
    refused("InvalidParameterException", sandbox.ecs.create_service, status=400, **wanted, serviceConnectConfiguration=discoverable("web"))
    create(sandbox, "two", serviceConnectConfiguration=discoverable("other"))
    # The name stays taken by its own service alone: that one may be deployed again with it.
    sandbox.ecs.update_service(cluster=CLUSTER, service="one", serviceConnectConfiguration=discoverable("web"))
    refused(
        "InvalidParameterException", sandbox.ecs.update_service, status=400,
        cluster=CLUSTER, service="two", serviceConnectConfiguration=discoverable("web"),
    )


def test_tasks_that_are_run_and_stopped(fast):
    answer = fast.ecs.run_task(
        cluster=CLUSTER, taskDefinition="myservice", count=2, launchType="FARGATE", networkConfiguration=NETWORK_CONFIGURATION,
        startedBy="conformance", overrides={"containerOverrides": [{"name": "web", "environment": [{"name": "PROBE", "value": "1"}]}]},
        tags=[{"key": "a", "value": "b"}],
    )  # fmt: skip
    assert answer["failures"] == [] and len(answer["tasks"]) == 2
    arns = [task["taskArn"] for task in answer["tasks"]]
    assert all(re.fullmatch(rf"{ECS}:task/{CLUSTER}/[0-9a-f]{{32}}", arn) for arn in arns)
    assert {(task["lastStatus"], task["desiredStatus"]) for task in answer["tasks"]} == {("PROVISIONING", "RUNNING")}
    assert sorted(fast.ecs.list_tasks(cluster=CLUSTER, startedBy="conformance")["taskArns"]) == sorted(arns)
    wait(fast, "tasks_running", tasks=arns)
    (task,) = fast.ecs.describe_tasks(cluster=CLUSTER, tasks=arns[:1], include=["TAGS"])["tasks"]
    assert task["createdAt"] <= task["startedAt"] and task["tags"] == [{"key": "a", "value": "b"}]
    assert (task["group"], task["startedBy"], task["launchType"]) == ("family:myservice", "conformance", "FARGATE")
    assert task["overrides"]["containerOverrides"] == [{"name": "web", "environment": [{"name": "PROBE", "value": "1"}]}]
    (container,) = task["containers"]
    assert (container["name"], container["image"], container["lastStatus"]) == ("web", "myservice:1", "RUNNING")
    assert container["networkInterfaces"][0]["privateIpv4Address"]
    details = {detail["name"]: detail["value"] for attachment in task["attachments"] for detail in attachment["details"]}
    assert details["privateIPv4Address"] == container["networkInterfaces"][0]["privateIpv4Address"]
    stopped = fast.ecs.stop_task(cluster=CLUSTER, task=arns[0], reason="enough")["task"]
    assert (stopped["desiredStatus"], stopped["stopCode"], stopped["stoppedReason"]) == ("STOPPED", "UserInitiated", "enough")
    wait(fast, "tasks_stopped", tasks=arns[:1])
    (task,) = fast.ecs.describe_tasks(cluster=CLUSTER, tasks=arns[:1])["tasks"]
    assert task["stoppingAt"] <= task["stoppedAt"] and task["containers"][0]["lastStatus"] == "STOPPED"
    assert fast.ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"] == arns[:1]
    answer = fast.ecs.describe_tasks(cluster=CLUSTER, tasks=["0" * 32])
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]


def test_a_task_that_ends_by_itself(serve):
    world = serve(speed=FAST, images={"myservice:1": {}, "*": {"exits": {"after": 5, "code": 3}}})
    register(world.ecs)
    answer = world.ecs.run_task(cluster=CLUSTER, taskDefinition="myservice:2", launchType="FARGATE", networkConfiguration=NETWORK_CONFIGURATION)
    arn = answer["tasks"][0]["taskArn"]
    wait(world, "tasks_stopped", tasks=[arn])
    (task,) = world.ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"]
    assert (task["stopCode"], task["stoppedReason"]) == ("EssentialContainerExited", "Essential container in task exited")
    assert task["containers"][0]["exitCode"] == 3


def test_a_stopped_task_of_a_service_is_replaced(fast):
    before = fast.ecs.list_tasks(cluster=CLUSTER, serviceName=ECS_SERVICE)["taskArns"]
    fast.ecs.stop_task(cluster=CLUSTER, task=before[0])
    fast.until(lambda: before[0] not in fast.ecs.list_tasks(cluster=CLUSTER, serviceName=ECS_SERVICE)["taskArns"], 60, "the task is no longer listed")
    after = fast.until(
        lambda: len(arns := fast.ecs.list_tasks(cluster=CLUSTER, serviceName=ECS_SERVICE)["taskArns"]) == 3 and arns, 120, "three tasks again"
    )
    assert set(before[1:]) < set(after)
    wait(fast, "services_stable", services=[ECS_SERVICE])


def test_tasks_are_listed_by_what_they_are(sandbox):
    def count(**by):
        return len(sandbox.ecs.list_tasks(cluster=CLUSTER, **by)["taskArns"])

    assert (count(), count(serviceName=ECS_SERVICE), count(family="myservice"), count(family="nobody")) == (3, 3, 3, 0)
    assert (count(desiredStatus="RUNNING"), count(desiredStatus="STOPPED"), count(launchType="EC2"), count(launchType="FARGATE")) == (3, 0, 0, 3)
    refused("ServiceNotFoundException", sandbox.ecs.list_tasks, status=400, cluster=CLUSTER, serviceName="nobody")


def test_an_unhealthy_target_has_its_task_replaced(serve):
    world = serve(speed=FAST, images={"myservice:1": {"healthy_for": 60}, "*": {}})
    before = set(world.ecs.list_tasks(cluster=CLUSTER, serviceName=ECS_SERVICE)["taskArns"])
    world.until(lambda: not before & set(world.ecs.list_tasks(cluster=CLUSTER, serviceName=ECS_SERVICE)["taskArns"]), 900, "all are replaced")
    said = "\n".join(events(world))
    assert re.search(rf"\(service {ECS_SERVICE}\).* is unhealthy in .*{GROUP}.* due to", said), said


def test_a_task_that_cannot_be_placed(serve):
    world = serve(speed=FAST, images={"myservice:1": {}, "*": {"placement_fails": "CannotPullContainerError: no such image"}})
    register(world.ecs)
    update(world, taskDefinition="myservice:2")

    def failing():
        return primary(describe(world))["failedTasks"] >= 2

    world.until(failing, 600, "two tasks have failed to start")
    stopped = world.ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
    tasks = world.ecs.describe_tasks(cluster=CLUSTER, tasks=stopped[:10])["tasks"]
    assert any(task["stopCode"] == "TaskFailedToStart" and "CannotPullContainerError" in task["stoppedReason"] for task in tasks)
