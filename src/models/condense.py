#!/usr/bin/env python3
"""Condenses botocore's service models to what espalier and its sandbox read: one file a service, beside this script.

    python3 -m venv venv && venv/bin/pip install botocore==1.44.5
    venv/bin/python src/models/condense.py            # writes src/models/*.json
    venv/bin/python src/models/condense.py --check    # exit 1 when a file is not what this script makes

Kept are routes, members and constraints of the operations listed in SERVICES; prose, examples and endpoints are left out.
botocore is Copyright Amazon.com, Inc. or its affiliates, licensed under Apache-2.0 (https://github.com/boto/botocore).
"""

import json
import pathlib
import sys

import botocore
import botocore.loaders

VERSION = "1.44.5"

SERVICES = {
    "vpc-lattice": """
        CreateServiceNetwork GetServiceNetwork ListServiceNetworks UpdateServiceNetwork DeleteServiceNetwork
        CreateService GetService ListServices UpdateService DeleteService
        CreateListener GetListener ListListeners UpdateListener DeleteListener
        CreateRule GetRule ListRules UpdateRule BatchUpdateRule DeleteRule
        CreateTargetGroup GetTargetGroup ListTargetGroups UpdateTargetGroup DeleteTargetGroup
        RegisterTargets ListTargets DeregisterTargets
        CreateServiceNetworkServiceAssociation GetServiceNetworkServiceAssociation ListServiceNetworkServiceAssociations
        DeleteServiceNetworkServiceAssociation
        CreateServiceNetworkVpcAssociation GetServiceNetworkVpcAssociation ListServiceNetworkVpcAssociations
        UpdateServiceNetworkVpcAssociation DeleteServiceNetworkVpcAssociation
        CreateAccessLogSubscription GetAccessLogSubscription ListAccessLogSubscriptions UpdateAccessLogSubscription
        DeleteAccessLogSubscription
        PutAuthPolicy GetAuthPolicy DeleteAuthPolicy PutResourcePolicy GetResourcePolicy DeleteResourcePolicy
        TagResource UntagResource ListTagsForResource""",
    "ecs": """
        CreateCluster DescribeClusters ListClusters DeleteCluster
        RegisterTaskDefinition DescribeTaskDefinition ListTaskDefinitions ListTaskDefinitionFamilies DeregisterTaskDefinition
        DeleteTaskDefinitions
        CreateService DescribeServices ListServices UpdateService DeleteService
        RunTask StopTask DescribeTasks ListTasks
        ListServiceDeployments DescribeServiceDeployments StopServiceDeployment ContinueServiceDeployment
        DescribeServiceRevisions TagResource UntagResource ListTagsForResource""",
    "application-autoscaling": """
        RegisterScalableTarget DescribeScalableTargets DeregisterScalableTarget
        PutScalingPolicy DescribeScalingPolicies DeleteScalingPolicy DescribeScalingActivities
        PutScheduledAction DescribeScheduledActions DeleteScheduledAction""",
    "cloudwatch": """
        GetMetricData ListMetrics PutMetricAlarm DescribeAlarms DeleteAlarms SetAlarmState""",
    "sts": """
        GetCallerIdentity AssumeRoleWithWebIdentity""",
    "ssm": """
        PutParameter GetParameter GetParameters DeleteParameter""",
    "iam": """
        GetRole SimulatePrincipalPolicy""",
    "ram": """
        CreateResourceShare GetResourceShares UpdateResourceShare DeleteResourceShare
        AssociateResourceShare DisassociateResourceShare GetResourceShareAssociations ListResources TagResource UntagResource""",
    "route53": """
        ListHostedZonesByName GetHostedZone ListResourceRecordSets ChangeResourceRecordSets GetChange""",
    "ec2": """
        DescribeSecurityGroups DescribeManagedPrefixLists""",
}

METADATA = ["apiVersion", "endpointPrefix", "jsonVersion", "protocols", "serviceId", "signingName", "targetPrefix", "xmlNamespace"]
SHAPE = [
    "type", "required", "enum", "min", "max", "pattern", "union", "document", "exception", "fault", "flattened",
    "timestampFormat", "payload",
]
MEMBER = ["shape", "location", "locationName", "idempotencyToken", "flattened", "queryName", "timestampFormat"]


def kept(source, names):
    return {name: source[name] for name in names if source.get(name) is not None and source[name] is not False}


def reference(source):
    return kept(source, MEMBER)


def shape(source):
    made = kept(source, SHAPE)
    error = source.get("error", {})
    if "httpStatusCode" in error:
        made["status"] = error["httpStatusCode"]
    if "code" in error:
        made["code"] = error["code"]
    if "members" in source:
        made["members"] = {name: reference(member) for name, member in source["members"].items()}
    for part in ("member", "key", "value"):
        if part in source:
            made[part] = reference(source[part])
    return made


def condense(service, operations):
    model = botocore.loaders.Loader().load_service_model(service, "service-2")
    paginators = botocore.loaders.Loader().load_service_model(service, "paginators-1")["pagination"]
    made = {"operations": {}, "shapes": {}}
    waiting = []
    for name in operations:
        source = model["operations"][name]
        http = source["http"]
        operation = {"method": http["method"], "uri": http["requestUri"]}
        if http.get("responseCode", 200) != 200:
            operation["status"] = http["responseCode"]
        for part in ("input", "output"):
            if part in source:
                operation[part] = source[part]["shape"]
                waiting.append(source[part]["shape"])
        wrapper = source.get("output", {}).get("resultWrapper")
        if wrapper:
            operation["resultWrapper"] = wrapper
        operation["errors"] = [error["shape"] for error in source.get("errors", [])]
        waiting += operation["errors"]
        if name in paginators and paginators[name].get("limit_key"):
            operation["paginated"] = True
        made["operations"][name] = operation
    while waiting:
        name = waiting.pop()
        if name in made["shapes"]:
            continue
        source = model["shapes"][name]
        made["shapes"][name] = shape(source)
        waiting += [member["shape"] for member in source.get("members", {}).values()]
        waiting += [source[part]["shape"] for part in ("member", "key", "value") if part in source]
    made["shapes"] = dict(sorted(made["shapes"].items()))
    metadata = kept(model["metadata"], METADATA)
    # restXml says its name space beside each request that has a body.
    spaces = {operation["input"]["xmlNamespace"]["uri"] for operation in model["operations"].values() if "xmlNamespace" in operation.get("input", {})}
    if len(spaces) == 1:
        metadata["xmlNamespace"] = spaces.pop()
    return {"source": f"botocore {VERSION}, Apache-2.0", **metadata, **made}


def lines(model):
    """JSON with a line for each operation and shape, so that a new version of botocore reads well as a change."""
    dump = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    text = "{\n"
    for name, value in model.items():
        if name in ("operations", "shapes"):
            inner = ",\n".join(f"{dump(key)}:{dump(entry)}" for key, entry in value.items())
            text += f"{dump(name)}:{{\n{inner}\n}}"
        else:
            text += f"{dump(name)}:{dump(value)}"
        text += "\n}\n" if name == "shapes" else ",\n"
    return text


def main():
    if botocore.__version__ != VERSION:
        sys.exit(f"wanted is botocore {VERSION}, here is {botocore.__version__}")
    folder = pathlib.Path(__file__).parent
    stale = []
    for service, operations in SERVICES.items():
        path = folder / f"{service}.json"
        text = lines(condense(service, operations.split()))
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
    if stale:
        sys.exit(f"not what src/models/condense.py makes of botocore {VERSION}: {', '.join(stale)}")


if __name__ == "__main__":
    main()
