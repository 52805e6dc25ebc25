"""Every list that comes in pages: one item at a time gives what one page gives, and a token that nobody gave is refused.

Which operations have pages is botocore's paginator data; that all covered ones are here is checked.
"""

import pytest

from asking import *
from conftest import SESSION
from test_ecs_services import NETWORK_CONFIGURATION
from test_generic import COVERED

SCALABLE = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
ZONE = "Z0123456789ABCDEFGHI"
AT = {"serviceIdentifier": SERVICE, "listenerIdentifier": LISTENER}


@pytest.fixture
def world(shared):
    yield shared
    violations = list(dict.fromkeys(shared.violations))
    shared.violations.clear()
    assert not violations, violations


@pytest.fixture(scope="module")
def shared(serve_long):
    """Three of everything that can be listed."""
    groups = [{"id": f"sg-1234567{number}", "vpc": "vpc-12345678"} for number in range(7)]
    world = serve_long(speed=100, hosted_zones=[{"name": "example.com", "id": ZONE}], security_groups=groups)
    lattice, ecs = world.lattice, world.ecs
    for number in range(3):
        service = lattice.create_service(name=f"service-{number}")["id"]
        world.active(lattice.get_service, serviceIdentifier=service)
        lattice.create_service_network(name=f"network-{number}")
        lattice.create_target_group(name=f"group-{number}", type="IP", config=HTTP_80)
        lattice.create_rule(**AT, name=f"more-{number}", priority=100 + number, match=on_path(f"/{number}"), action=FIXED_404)
        lattice.create_service_network_service_association(serviceIdentifier=service, serviceNetworkIdentifier=NETWORK)
        ecs.create_cluster(clusterName=f"cluster-{number}")
        ecs.register_task_definition(family=f"family-{number}", containerDefinitions=[{"name": "web", "image": "a", "memory": 64}])
        ecs.create_service(
            cluster=CLUSTER, serviceName=f"service-{number}", taskDefinition="myservice", desiredCount=0, launchType="FARGATE",
            networkConfiguration=NETWORK_CONFIGURATION,
        )  # fmt: skip
        ecs.update_service(cluster=CLUSTER, service=ECS_SERVICE, forceNewDeployment=True)
    lattice.create_listener(serviceIdentifier=SERVICE, name="second", protocol="HTTP", port=8080, defaultAction=FIXED_404)
    # Other tests judge the answers to these.
    world.violations.clear()
    return world


def more_of_lattice(world):
    """What may not be there yet while the sandbox grows; each is asked for by its own case only."""
    lattice = world.lattice
    for number in range(3):
        lattice.create_service_network_vpc_association(serviceNetworkIdentifier=NETWORK, vpcIdentifier=f"vpc-1234567{number}")


def logs(world):
    # One for each kind of destination.
    account = "ap-northeast-1:123456789012"
    for destination in ("arn:aws:s3:::logs-of-myservice", f"arn:aws:logs:{account}:log-group:/logs", f"arn:aws:firehose:{account}:deliverystream/logs"):
        world.lattice.create_access_log_subscription(resourceIdentifier=SERVICE, destinationArn=destination)


def scalable(world):
    client = world.client("application-autoscaling")
    for number in range(3):
        resource = {"ResourceId": f"service/{CLUSTER}/service-{number}"}
        client.register_scalable_target(**SCALABLE, **resource, MinCapacity=1, MaxCapacity=4)
        client.put_scaling_policy(
            **SCALABLE, **resource, PolicyName="cpu", PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 50.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
            },
        )  # fmt: skip


def scheduled(world):
    scalable(world)
    client = world.client("application-autoscaling")
    for number in range(3):
        client.put_scheduled_action(
            **SCALABLE, ResourceId=f"service/{CLUSTER}/service-{number}", ScheduledActionName="night", Schedule="cron(0 22 * * ? *)",
            ScalableTargetAction={"MinCapacity": 1},
        )  # fmt: skip


def activities(world):
    scalable(world)
    client = world.client("application-autoscaling")
    world.until(lambda: len(client.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"]) >= 3, 600, "three activities")


def alarms(world):
    for number in range(3):
        world.cloudwatch.put_metric_alarm(
            AlarmName=f"alarm-{number}", Namespace="AWS/VpcLattice", MetricName="TotalRequestCount", Statistic="Sum", Period=60,
            EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip


def shares(world):
    ram = world.client("ram")
    if ram.get_resource_shares(resourceOwner="SELF")["resourceShares"]:
        return
    for number in range(3):
        service = world.lattice.create_service(name=f"shared-{number}")["arn"]
        ram.create_resource_share(name=f"share-{number}", resourceArns=[service], principals=[f"21098765432{number}"])


def records(world):
    change = lambda number: {"Action": "UPSERT", "ResourceRecordSet": {
        "Name": f"r{number}.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}],
    }}  # fmt: skip
    batch = {"Changes": [change(number) for number in range(3)]}
    world.client("route53").change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch=batch)


# Operation: what to make first, and the parameters.
LISTS = {
    ("vpc-lattice", "ListServices"): (None, {}),
    ("vpc-lattice", "ListServiceNetworks"): (None, {}),
    ("vpc-lattice", "ListTargetGroups"): (None, {}),
    ("vpc-lattice", "ListListeners"): (None, {"serviceIdentifier": SERVICE}),
    ("vpc-lattice", "ListRules"): (None, AT),
    ("vpc-lattice", "ListTargets"): (None, {"targetGroupIdentifier": GROUP}),
    ("vpc-lattice", "ListServiceNetworkServiceAssociations"): (None, {"serviceNetworkIdentifier": NETWORK}),
    ("vpc-lattice", "ListServiceNetworkVpcAssociations"): (more_of_lattice, {"serviceNetworkIdentifier": NETWORK}),
    ("vpc-lattice", "ListAccessLogSubscriptions"): (logs, {"resourceIdentifier": SERVICE}),
    ("ecs", "ListClusters"): (None, {}),
    ("ecs", "ListServices"): (None, {"cluster": CLUSTER}),
    ("ecs", "ListTasks"): (None, {"cluster": CLUSTER}),
    ("ecs", "ListTaskDefinitions"): (None, {}),
    ("ecs", "ListTaskDefinitionFamilies"): (None, {}),
    ("application-autoscaling", "DescribeScalableTargets"): (scalable, {"ServiceNamespace": "ecs"}),
    ("application-autoscaling", "DescribeScalingPolicies"): (scalable, {"ServiceNamespace": "ecs"}),
    ("application-autoscaling", "DescribeScheduledActions"): (scheduled, {"ServiceNamespace": "ecs"}),
    ("application-autoscaling", "DescribeScalingActivities"): (activities, {"ServiceNamespace": "ecs"}),
    ("cloudwatch", "DescribeAlarms"): (alarms, {}),
    ("ram", "GetResourceShares"): (shares, {"resourceOwner": "SELF"}),
    ("ram", "GetResourceShareAssociations"): (shares, {"associationType": "PRINCIPAL"}),
    ("ram", "ListResources"): (shares, {"resourceOwner": "SELF"}),
    ("route53", "ListResourceRecordSets"): (records, {"HostedZoneId": ZONE}),
    ("ec2", "DescribeManagedPrefixLists"): (None, {}),
    ("ec2", "DescribeSecurityGroups"): (None, {}),
    ("iam", "SimulatePrincipalPolicy"): (
        None, {"PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:role/deployer", "ActionNames": ["ecs:UpdateService", "ecs:RunTask", "iam:PassRole"]}
    ),
}
# Paginated without a size that could be asked for, or with one that counts something else than what is listed.
WITHOUT_A_SIZE = {("cloudwatch", "ListMetrics"), ("cloudwatch", "GetMetricData")}
WRONG_TOKEN = {
    "vpc-lattice": "ValidationException",
    "ecs": ("InvalidParameterException", "ClientException"),
    "application-autoscaling": ("InvalidNextTokenException", "ValidationException"),
    "cloudwatch": ("InvalidNextToken", "InvalidParameterValue", "ValidationError"),
    "iam": ("InvalidInput", "ValidationError"),
    "ram": "InvalidNextTokenException",
    "ec2": ("InvalidPaginationToken", "InvalidNextToken", "InvalidParameterValue"),
}
# A page of EC2's groups has at least five; the others give one at a time.
LEAST = {("ec2", "DescribeSecurityGroups"): 5}


def paginator(world, service, operation):
    """The client, its method, and what botocore knows about the pages."""
    client = world.client(service)
    name = next(py for py, api in client.meta.method_to_api_mapping.items() if api == operation)
    config = SESSION.get_component("data_loader").load_service_model(service, "paginators-1")["pagination"][operation]
    return client, name, config


def test_every_covered_list_is_here():
    known = set()
    for service, operations in COVERED.items():
        try:
            pages = SESSION.get_component("data_loader").load_service_model(service, "paginators-1")["pagination"]
        except Exception:
            continue
        known |= {(service, operation) for operation in operations if operation in pages}
    assert known == set(LISTS) | (WITHOUT_A_SIZE & known)


@pytest.mark.parametrize("service, operation", LISTS, ids=[f"{service}-{operation}" for service, operation in LISTS])
def test_one_at_a_time_gives_the_same_as_all_at_once(world, service, operation):
    prepare, parameters = LISTS[service, operation]
    if prepare:
        prepare(world)
    client, name, config = paginator(world, service, operation)
    key = config["result_key"][0] if isinstance(config["result_key"], list) else config["result_key"]
    if (service, operation) == ("cloudwatch", "DescribeAlarms"):
        key = "MetricAlarms"
    # Application Auto Scaling's documentation allows 50 at most, the others 100.
    most = 50 if service == "application-autoscaling" else 100
    whole, number = pages(client, name, key, most, **parameters)
    assert number == 1 and len(whole) >= 2, f"{len(whole)} in {number} pages"
    least = LEAST.get((service, operation), 1)
    for size in (least, least + 1):
        # Tasks start and stop meanwhile: what counts is a time in which nothing came or went.
        for _ in range(20):
            found, number = pages(client, name, key, size, **parameters)
            before, whole = whole, pages(client, name, key, most, **parameters)[0]
            if strip(before) == strip(whole):
                break
        assert strip(found) == strip(whole), f"pages of {size} give something else"
        assert number in (-(-len(whole) // size), len(whole) // size + 1), f"{len(whole)} items in {number} pages of {size}"


def strip(items):
    """Without what moves while one looks: the time at this speed is not still."""
    moving = {"status", "reasonCode", "lastUpdatedAt", "StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp", "StatusCode", "StatusMessage", "EndTime"}
    return [{k: v for k, v in item.items() if k not in moving} if isinstance(item, dict) else item for item in items]


# Route 53's pages begin at a name that anybody may give.
WITH_TOKENS = [(service, operation) for service, operation in LISTS if service != "route53"]


@pytest.mark.parametrize("service, operation", WITH_TOKENS, ids=[f"{service}-{operation}" for service, operation in WITH_TOKENS])
def test_a_token_that_nobody_gave_is_refused(world, service, operation):
    client, name, config = paginator(world, service, operation)
    for token in ("nonsense", "1", "\u3042"):
        refused(WRONG_TOKEN[service], getattr(client, name), status=400, **LISTS[service, operation][1], **{config["input_token"]: token})


def test_the_size_of_a_page_is_1_to_100(world):
    raw = world.client("vpc-lattice", validate=False)
    for size in (0, 101, -1):
        invalid(raw.list_services, "maxResults", maxResults=size)


def test_service_deployments_come_in_pages_too(world):
    # botocore has no paginator for it, though the operation has tokens.
    ask = {"cluster": CLUSTER, "service": ECS_SERVICE}
    whole = world.ecs.list_service_deployments(**ask)["serviceDeployments"]
    found, token = [], {}
    while True:
        answer = world.ecs.list_service_deployments(**ask, maxResults=1, **token)
        found += answer["serviceDeployments"]
        assert len(answer["serviceDeployments"]) <= 1
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert [d["serviceDeploymentArn"] for d in found] == [d["serviceDeploymentArn"] for d in whole] and len(whole) >= 3
