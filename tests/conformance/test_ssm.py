"""Systems Manager: parameters, as much of them as a lock needs.

Source: the service model (operations, members, declared errors).
"""

import concurrent.futures

import pytest

from asking import *

NAME = "/espalier/lock"


@pytest.fixture
def ssm(sandbox):
    return sandbox.client("ssm")


def test_parameter_from_creation_to_deletion(ssm):
    refused("ParameterNotFound", ssm.get_parameter, status=400, Name=NAME)
    assert ssm.put_parameter(Name=NAME, Value="one", Type="String")["Version"] == 1
    found = ssm.get_parameter(Name=NAME)["Parameter"]
    assert (found["Name"], found["Value"], found["Type"], found["Version"]) == (NAME, "one", "String", 1)
    assert found["ARN"] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{NAME}" and found["DataType"] == "text"
    assert found["LastModifiedDate"]
    # Without Overwrite the value stays: what a lock is made of (model: "The default value is false").
    refused("ParameterAlreadyExists", ssm.put_parameter, status=400, Name=NAME, Value="two", Type="String")
    refused("ParameterAlreadyExists", ssm.put_parameter, status=400, Name=NAME, Value="two", Type="String", Overwrite=False)
    assert ssm.get_parameter(Name=NAME)["Parameter"]["Value"] == "one"
    assert ssm.put_parameter(Name=NAME, Value="two", Overwrite=True)["Version"] == 2
    assert ssm.get_parameter(Name=NAME)["Parameter"]["Value"] == "two"
    ssm.delete_parameter(Name=NAME)
    refused("ParameterNotFound", ssm.get_parameter, status=400, Name=NAME)
    refused("ParameterNotFound", ssm.delete_parameter, status=400, Name=NAME)


def test_several_at_once(ssm):
    ssm.put_parameter(Name="/a", Value="1", Type="String")
    ssm.put_parameter(Name="/b", Value="2", Type="String")
    answer = ssm.get_parameters(Names=["/a", "/b", "/nobody"])
    assert {found["Name"]: found["Value"] for found in answer["Parameters"]} == {"/a": "1", "/b": "2"}
    assert answer["InvalidParameters"] == ["/nobody"]


def test_a_new_parameter_needs_a_type(ssm):
    # "This parameter is required" for a new one (model, Type).
    refused("ValidationException", ssm.put_parameter, status=400, Name=NAME, Value="one")


def test_an_old_version_can_be_asked_for(ssm):
    ssm.put_parameter(Name=NAME, Value="one", Type="String")
    ssm.put_parameter(Name=NAME, Value="two", Type="String", Overwrite=True)
    # "To query by parameter version, use Name: name:version" (model).
    assert ssm.get_parameter(Name=f"{NAME}:1")["Parameter"]["Value"] == "one"
    refused("ParameterVersionNotFound", ssm.get_parameter, status=400, Name=f"{NAME}:9")


def test_of_many_that_want_it_one_gets_it(sandbox):
    clients = [sandbox.client("ssm") for _ in range(8)]

    def take(number):
        try:
            clients[number].put_parameter(Name=NAME, Value=str(number), Type="String")
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "ParameterAlreadyExists"
            return None
        return str(number)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        took = [number for number in pool.map(take, range(8)) if number is not None]
    assert took == [clients[0].get_parameter(Name=NAME)["Parameter"]["Value"]]
