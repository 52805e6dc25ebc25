"""Application Auto Scaling, and what it does to the counts of ECS services.

Source: the service model. That a minimum above the desired count raises it, and a maximum below lowers it, is what the service's
own scaling activities say ("minimum capacity was set to N").
"""

import time

import pytest

from asking import *

TARGET = {"ServiceNamespace": "ecs", "ResourceId": f"service/{CLUSTER}/{ECS_SERVICE}", "ScalableDimension": "ecs:service:DesiredCount"}
ALL_SUSPENDED = {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": True, "ScheduledScalingSuspended": True}


@pytest.fixture
def fast(serve):
    return serve(speed=200)


@pytest.fixture
def scaling(fast):
    return fast.client("application-autoscaling")


def desired(world):
    return world.ecs.describe_services(cluster=CLUSTER, services=[ECS_SERVICE])["services"][0]["desiredCount"]


def test_scalable_target_from_registration_to_deregistration(scaling):
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    made = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=10)
    assert made["ScalableTargetARN"].startswith(f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/")
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[TARGET["ResourceId"]])["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"], target["ScalableTargetARN"]) == (1, 10, made["ScalableTargetARN"])
    assert target["RoleARN"] and target["CreationTime"]
    assert target["SuspendedState"] == dict.fromkeys(ALL_SUSPENDED, False)
    # Registering again changes what is given and keeps the rest (model).
    scaling.register_scalable_target(**TARGET, MaxCapacity=6)
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 6)
    scaling.register_scalable_target(**TARGET, SuspendedState={"DynamicScalingInSuspended": True})
    (target,) = scaling.describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[TARGET["ResourceId"]], ScalableDimension=TARGET["ScalableDimension"]
    )["ScalableTargets"]
    assert target["SuspendedState"]["DynamicScalingInSuspended"] is True
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 6)
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"] == []
    refused("ObjectNotFoundException", scaling.deregister_scalable_target, status=400, **TARGET)


def test_a_new_target_needs_both_capacities_and_a_service(scaling):
    refused("ValidationException", scaling.register_scalable_target, status=400, **TARGET, MinCapacity=1)
    refused("ValidationException", scaling.register_scalable_target, status=400, **TARGET, MinCapacity=5, MaxCapacity=4)
    nobody = TARGET | {"ResourceId": f"service/{CLUSTER}/nobody"}
    refused("ValidationException", scaling.register_scalable_target, status=400, **nobody, MinCapacity=1, MaxCapacity=2)


def test_the_desired_count_is_brought_between_the_capacities(fast, scaling):
    scaling.register_scalable_target(**TARGET, MinCapacity=5, MaxCapacity=10)
    fast.until(lambda: desired(fast) == 5, 600, "the desired count is the minimum")
    fast.until(lambda: fast.ecs.describe_services(cluster=CLUSTER, services=[ECS_SERVICE])["services"][0]["runningCount"] == 5, 300, "five tasks run")
    activities = scaling.describe_scaling_activities(ServiceNamespace="ecs", ResourceId=TARGET["ResourceId"])["ScalingActivities"]
    assert activities and activities[0]["StatusCode"] in ("Successful", "InProgress", "Pending") and activities[0]["Cause"]
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    fast.until(lambda: desired(fast) == 2, 600, "the desired count is the maximum")


def test_suspended_scaling_leaves_the_count_alone(fast, scaling):
    scaling.register_scalable_target(**TARGET, MinCapacity=5, MaxCapacity=10, SuspendedState=ALL_SUSPENDED)
    time.sleep(300 / fast.speed)
    assert desired(fast) == 3
    scaling.register_scalable_target(**TARGET, SuspendedState=dict.fromkeys(ALL_SUSPENDED, False))
    fast.until(lambda: desired(fast) == 5, 600, "once resumed, the desired count is the minimum")


TRACKING = {
    "PolicyName": "cpu",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    },
}


def test_policies(scaling):
    # A policy needs its target (model: ObjectNotFoundException).
    refused("ObjectNotFoundException", scaling.put_scaling_policy, status=400, **TARGET, **TRACKING)
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=10)
    made = scaling.put_scaling_policy(**TARGET, **TRACKING)
    assert made["PolicyARN"].startswith(f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:scalingPolicy:")
    (policy,) = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=TARGET["ResourceId"])["ScalingPolicies"]
    assert (policy["PolicyName"], policy["PolicyType"], policy["PolicyARN"]) == ("cpu", "TargetTrackingScaling", made["PolicyARN"])
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 50.0
    scaling.put_scaling_policy(**TARGET, **TRACKING)
    assert len(scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]) == 1
    scaling.delete_scaling_policy(**TARGET, PolicyName="cpu")
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    refused("ObjectNotFoundException", scaling.delete_scaling_policy, status=400, **TARGET, PolicyName="cpu")
    # "When you deregister a scalable target, all scaling policies that are associated with it are deleted" (model).
    scaling.put_scaling_policy(**TARGET, **TRACKING)
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []


def test_scheduled_actions_are_kept_by_name(scaling):
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=10)
    night = {"ScheduledActionName": "night", "Schedule": "cron(0 22 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2}}
    scaling.put_scheduled_action(**TARGET, **night)
    scaling.put_scheduled_action(**TARGET, ScheduledActionName="night", Timezone="Asia/Tokyo")
    (action,) = scaling.describe_scheduled_actions(ServiceNamespace="ecs", ResourceId=TARGET["ResourceId"])["ScheduledActions"]
    assert (action["Schedule"], action["Timezone"], action["ScalableTargetAction"]) == (night["Schedule"], "Asia/Tokyo", night["ScalableTargetAction"])
    refused("ValidationException", scaling.put_scheduled_action, status=400, **TARGET, ScheduledActionName="day")
    scaling.delete_scheduled_action(**TARGET, ScheduledActionName="night")
    refused("ObjectNotFoundException", scaling.delete_scheduled_action, status=400, **TARGET, ScheduledActionName="night")
