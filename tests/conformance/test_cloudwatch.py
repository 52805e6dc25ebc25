"""CloudWatch: the metrics of VPC Lattice and alarms, by JSON (boto3) and by rpc-v2-cbor (what the Rust SDK speaks).

Sources: the service model; metrics, dimensions and what is not there before the first request are in aws-facts §5. The delay with
which a minute is published is not documented, so nothing is asserted about it but that it is not for ever.
"""

import datetime

import cbor2
import pytest

import strict
from asking import *
from conftest import SESSION

SPEED = 120
PATH = "/service/GraniteServiceVersion20100801/operation/"
CBOR = {"content-type": "application/cbor", "accept": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
MODEL = SESSION.get_service_model("cloudwatch")


@pytest.fixture
def world(serve):
    """The built-in world at two minutes a second."""
    return serve(speed=SPEED)


def now(world):
    """The world's own time."""
    return datetime.datetime.fromtimestamp(world.world()["now"] / 1000, datetime.UTC)


def statistic(name, stat="Sum", dimension="TargetGroup", value=GROUP, identifier="m", period=60, **more):
    metric = {"Namespace": "AWS/VpcLattice", "MetricName": name, "Dimensions": [{"Name": dimension, "Value": value}]}
    return {"Id": identifier, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}, **more}


def window(world):
    end = now(world) + datetime.timedelta(minutes=1)
    return {"StartTime": end - datetime.timedelta(hours=3), "EndTime": end}


def ask(world, *queries, **more):
    """Answers by id."""
    answer = world.cloudwatch.get_metric_data(MetricDataQueries=list(queries), **(window(world) | more))
    return {result["Id"]: result for result in answer["MetricDataResults"]}


def traffic(world, number, path="/api"):
    host = world.lattice.get_service(serviceIdentifier=SERVICE)["dnsEntry"]["domainName"]
    for _ in range(number):
        status, _headers, _body = world.send("GET", path, {"host": host}.items(), base=data_plane(world))
        assert status < 600


def data_plane(world):
    value = world.env["ESPALIER_DATA_PLANE"]
    return value if "://" in value else f"http://{value}"


def published(world, *queries, wanted):
    """Asks until the sum of the first one's values is what is wanted."""
    first = queries[0]["Id"]
    return world.until(
        lambda: sum((answers := ask(world, *queries))[first]["Values"]) >= wanted and answers, 1200, f"{wanted} of {queries[0]}"
    )


def test_there_is_nothing_before_the_first_request(world):
    answer = ask(world, statistic("TotalRequestCount"))["m"]
    assert (answer["Values"], answer["Timestamps"], answer["StatusCode"]) == ([], [], "Complete")
    assert world.cloudwatch.list_metrics(Namespace="AWS/VpcLattice")["Metrics"] == []


def test_requests_are_counted_by_the_minute(world):
    traffic(world, 40)
    both = [
        statistic("TotalRequestCount", identifier="g"),
        statistic("TotalRequestCount", identifier="s", dimension="Service", value=SERVICE),
        statistic("HTTPCode_2XX_Count", identifier="ok"),
        statistic("RequestTime", "Average", identifier="avg"),
        statistic("RequestTime", "p99", identifier="tail"),
    ]
    answers = published(world, *both, wanted=40)
    assert sum(answers["g"]["Values"]) == sum(answers["s"]["Values"]) == sum(answers["ok"]["Values"]) == 40
    for answer in answers.values():
        assert answer["Label"] and answer["StatusCode"] == "Complete" and len(answer["Timestamps"]) == len(answer["Values"])
        assert all(at.second == 0 for at in answer["Timestamps"])
        # "TimestampDescending" is the default of ScanBy (model).
        assert answer["Timestamps"] == sorted(answer["Timestamps"], reverse=True)
    assert answers["avg"]["Values"][0] > 0 and answers["tail"]["Values"][0] >= answers["avg"]["Values"][0]
    ascending = ask(world, both[0], ScanBy="TimestampAscending")["g"]["Timestamps"]
    assert ascending == sorted(ascending)


def test_metrics_are_listed_with_their_dimensions(world):
    traffic(world, 3)
    published(world, statistic("TotalRequestCount"), wanted=3)
    metrics = world.cloudwatch.list_metrics(Namespace="AWS/VpcLattice")["Metrics"]
    seen = {(metric["MetricName"], *[(d["Name"], d["Value"]) for d in metric["Dimensions"]]) for metric in metrics}
    assert ("TotalRequestCount", ("TargetGroup", GROUP)) in seen and ("TotalRequestCount", ("Service", SERVICE)) in seen
    only = world.cloudwatch.list_metrics(Namespace="AWS/VpcLattice", MetricName="RequestTime", Dimensions=[{"Name": "TargetGroup", "Value": GROUP}])
    assert {metric["MetricName"] for metric in only["Metrics"]} == {"RequestTime"}
    assert world.cloudwatch.list_metrics(Namespace="AWS/Nobody")["Metrics"] == []


def test_metric_math(world):
    traffic(world, 10)
    queries = [
        statistic("TotalRequestCount", identifier="all"),
        statistic("HTTPCode_2XX_Count", identifier="good", ReturnData=False),
        {"Id": "rate", "Expression": "100 * (all - FILL(good, 0)) / all", "Label": "error rate"},
        {"Id": "sum", "Expression": "SUM([all, good])"},
        {"Id": "yes", "Expression": "IF(all > 0, 1, 0)"},
        {"Id": "least", "Expression": "MIN([all, good]) - MAX([all, good])"},
    ]
    answers = published(world, *queries, wanted=10)
    assert "good" not in answers and answers["rate"]["Label"] == "error rate"
    assert answers["rate"]["Timestamps"] == answers["all"]["Timestamps"]
    assert set(answers["rate"]["Values"]) == set(answers["least"]["Values"]) == {0.0}
    assert sum(answers["sum"]["Values"]) == 20 and set(answers["yes"]["Values"]) == {1.0}


@pytest.mark.parametrize("expression", ["nobody + 1", "1 +", "EVAL('x')"])
def test_mathematics_that_makes_no_sense(world, expression):
    refused(
        ("ValidationError", "InvalidParameterValue", "InvalidParameterCombination"),
        world.cloudwatch.get_metric_data, status=400,
        MetricDataQueries=[{"Id": "e", "Expression": expression}], **window(world),
    )


def test_queries_that_make_no_sense(world):
    codes = ("ValidationError", "InvalidParameterValue", "InvalidParameterCombination", "MissingParameter")
    end = now(world)
    get = world.cloudwatch.get_metric_data
    one = statistic("TotalRequestCount")
    refused(codes, get, status=400, MetricDataQueries=[one], StartTime=end, EndTime=end - datetime.timedelta(hours=1))
    refused(codes, get, status=400, MetricDataQueries=[one, one], **window(world))
    refused(codes, get, status=400, MetricDataQueries=[one | {"Id": "Upper"}], **window(world))
    refused(codes, get, status=400, MetricDataQueries=[{"Id": "m"}], **window(world))
    refused(codes, get, status=400, MetricDataQueries=[statistic("TotalRequestCount", period=7)], **window(world))


ALARM = dict(
    AlarmName="myservice-requests", Namespace="AWS/VpcLattice", MetricName="TotalRequestCount", Statistic="Sum", Period=60,
    Dimensions=[{"Name": "TargetGroup", "Value": GROUP}], EvaluationPeriods=1, Threshold=1.0,
    ComparisonOperator="GreaterThanOrEqualToThreshold",
)  # fmt: skip


def alarm(world, name="myservice-requests"):
    (found,) = world.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def test_an_alarm_follows_its_metric(world):
    world.cloudwatch.put_metric_alarm(**ALARM)
    made = alarm(world)
    # "When this operation creates an alarm, the alarm state is immediately set to INSUFFICIENT_DATA" (model).
    assert made["StateValue"] == "INSUFFICIENT_DATA" and made["StateReason"]
    assert made["AlarmArn"] == f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:myservice-requests"
    for member, value in ALARM.items():
        assert made[member] == value, member
    assert made["ActionsEnabled"] is True
    traffic(world, 5)
    world.until(lambda: alarm(world)["StateValue"] == "ALARM", 1200, "the alarm is in ALARM")
    assert [found["AlarmName"] for found in world.cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]] == ["myservice-requests"]
    assert world.cloudwatch.describe_alarms(StateValue="OK")["MetricAlarms"] == []
    assert world.cloudwatch.describe_alarms(AlarmNames=["nobody"])["MetricAlarms"] == []


def test_missing_data_can_be_called_good(world):
    world.cloudwatch.put_metric_alarm(**(ALARM | {"TreatMissingData": "notBreaching"}))
    world.until(lambda: alarm(world)["StateValue"] == "OK", 1200, "the alarm is OK")


def test_an_alarms_state_is_set_by_hand_and_it_is_deleted(world):
    cloudwatch = world.cloudwatch
    cloudwatch.put_metric_alarm(**ALARM)
    cloudwatch.set_alarm_state(AlarmName="myservice-requests", StateValue="ALARM", StateReason="a test")
    found = alarm(world)
    assert (found["StateValue"], found["StateReason"]) == ("ALARM", "a test")
    refused(("ResourceNotFound", "ResourceNotFoundException"), cloudwatch.set_alarm_state, AlarmName="nobody", StateValue="OK", StateReason="x")
    cloudwatch.delete_alarms(AlarmNames=["myservice-requests"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_alarms_are_listed_by_prefix(world):
    for name in ("a-1", "a-2", "b-1"):
        world.cloudwatch.put_metric_alarm(**(ALARM | {"AlarmName": name}))
    found = world.cloudwatch.describe_alarms(AlarmNamePrefix="a-")["MetricAlarms"]
    assert [item["AlarmName"] for item in found] == ["a-1", "a-2"]


def indefinite(value):
    """CBOR as the Rust SDK writes it: every map and list of indefinite length."""
    if isinstance(value, dict):
        return b"\xbf" + b"".join(cbor2.dumps(key) + indefinite(item) for key, item in value.items()) + b"\xff"
    if isinstance(value, list):
        return b"\x9f" + b"".join(indefinite(item) for item in value) + b"\xff"
    if isinstance(value, datetime.datetime):
        return cbor2.dumps(cbor2.CBORTag(1, value.timestamp()))
    return cbor2.dumps(value)


def test_the_encoder_writes_what_it_is_given():
    value = {"a": [1, {"b": 2.5}], "t": datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)}
    assert cbor2.loads(indefinite(value)) == value and indefinite({}) == b"\xbf\xff"


def by_cbor(world, operation, body, encode=indefinite):
    """A request by rpc-v2-cbor, and its answer judged by the model."""
    headers = CBOR | {"x-amzn-query-mode": "true"}
    status, given, answer = world.send("POST", PATH + operation, headers.items(), encode(body))
    assert given.get("smithy-protocol") == "rpc-v2-cbor" and given["content-type"] == "application/cbor", given
    decoded = cbor2.loads(answer) if answer else {}
    if status == 200:
        shape = MODEL.operation_model(operation).output_shape
        if shape is not None:
            problems = []
            strict.structure(decoded, shape, "", "cbor", problems)
            assert problems == [], problems
    return status, given, decoded


@pytest.mark.parametrize("encode", [indefinite, cbor2.dumps], ids=["indefinite", "definite"])
def test_metric_data_by_cbor(world, encode):
    traffic(world, 7)
    published(world, statistic("TotalRequestCount"), wanted=7)
    times = window(world)
    if encode is cbor2.dumps:
        times = {name: cbor2.CBORTag(1, int(at.timestamp())) for name, at in times.items()}
    status, _headers, answer = by_cbor(world, "GetMetricData", {"MetricDataQueries": [statistic("TotalRequestCount")], **times}, encode)
    assert status == 200
    (result,) = answer["MetricDataResults"]
    assert sum(result["Values"]) == 7 and all(isinstance(value, float) for value in result["Values"])
    assert all(at.second == 0 for at in result["Timestamps"]) and result["StatusCode"] == "Complete"


def test_alarms_by_cbor_are_the_ones_of_json(world):
    assert by_cbor(world, "PutMetricAlarm", ALARM)[0] == 200
    by_json = alarm(world)
    status, _headers, answer = by_cbor(world, "DescribeAlarms", {})
    assert status == 200
    (found,) = answer["MetricAlarms"]
    assert {member: found[member] for member in ALARM} == {member: by_json[member] for member in ALARM}
    assert found["StateUpdatedTimestamp"].replace(microsecond=0) == by_json["StateUpdatedTimestamp"].astimezone(datetime.UTC).replace(microsecond=0)
    assert by_cbor(world, "ListMetrics", {"Namespace": "AWS/VpcLattice"})[2]["Metrics"] == []


def test_errors_by_cbor(world):
    status, headers, answer = by_cbor(world, "GetMetricData", {"MetricDataQueries": []} )
    assert status == 400 and answer["__type"] and answer.get("message", answer.get("Message"))
    assert headers["x-amzn-query-error"].endswith(";Sender")
    status, headers, answer = by_cbor(world, "SetAlarmState", {"AlarmName": "nobody", "StateValue": "OK", "StateReason": "x"})
    assert answer["__type"].split("#")[-1] == "ResourceNotFound" and headers["x-amzn-query-error"] == "ResourceNotFound;Sender", (answer, headers)
    status, _headers, answer = by_cbor(world, "NoSuchOperation", {})
    assert status in (400, 404) and answer["__type"]


@pytest.mark.parametrize("body", [b"", b"\x00", b"\xbf", b"\xbf\x61", b"\xff", b"\x9f\xff", b"{}", b"\xa1\x01\x02", b"\xbf" * 100_000], ids=range(9))
def test_what_is_no_cbor_is_refused(world, body):
    status, _headers, _answer = world.send("POST", PATH + "GetMetricData", CBOR.items(), body)
    assert status == 400
    assert world.cloudwatch.describe_alarms()["MetricAlarms"] == []
