"""Test the store of secrets, in memory and over Secrets Manager and the Parameter Store."""

import threading
import time

import boto3
import pytest

from chalicelib.adapters.memory.secret_store import MemorySecretStore
from chalicelib.adapters.secret_store import AwsSecretStore, read_briefly
from chalicelib.job_types.access import SecretPlace
from chalicelib.job_types.port import SecretStore
from chalicelib.settings import Settings
from tests.support import REGION

KEY, PARAMETER = SecretPlace.of("billing/key", "dev"), SecretPlace.of("ssm:/billing/{stage}/url", "dev")
VALUES = {KEY: "k-1234", PARAMETER: "https://billing.example"}


@pytest.fixture(params=["memory", "aws"])
def secrets(request: pytest.FixtureRequest) -> SecretStore:
    if request.param == "memory":
        return MemorySecretStore(VALUES)
    settings: Settings = request.getfixturevalue("cloud")
    boto3.client("secretsmanager", REGION).create_secret(Name=KEY.name, SecretString=VALUES[KEY])
    boto3.client("ssm", REGION).put_parameter(Name=PARAMETER.name, Value=VALUES[PARAMETER], Type="SecureString")
    return AwsSecretStore(settings)


def test_a_secret_is_read_from_its_place(secrets: SecretStore) -> None:
    assert {place: secrets.read(place) for place in VALUES} == VALUES


@pytest.mark.parametrize("place", ["billing/other", "ssm:/billing/other"])
def test_a_secret_that_is_not_there_is_an_error(secrets: SecretStore, place: str) -> None:
    with pytest.raises(Exception, match=r"(?i)other|not ?found"):
        secrets.read(SecretPlace.of(place, "dev"))


def test_a_value_is_used_again_for_a_while(cloud: Settings) -> None:
    client = boto3.client("secretsmanager", REGION)
    client.create_secret(Name=KEY.name, SecretString="first")
    secrets = AwsSecretStore(cloud)
    assert secrets.read(KEY) == "first"
    client.put_secret_value(SecretId=KEY.name, SecretString="second")
    assert secrets.read(KEY) == "first"
    assert AwsSecretStore(cloud).read(KEY) == "second"


def test_a_new_value_is_read_at_once_by_who_asks_for_it(cloud: Settings) -> None:
    client = boto3.client("secretsmanager", REGION)
    client.create_secret(Name=KEY.name, SecretString="first")
    assert read_briefly(cloud, KEY.name) == "first"
    client.put_secret_value(SecretId=KEY.name, SecretString="second")
    assert read_briefly(cloud, KEY.name) == "second"


@pytest.mark.parametrize("there", [True, False])
def test_threads_that_need_a_secret_at_once_share_one_request(cloud: Settings, *, there: bool) -> None:
    if there:
        boto3.client("ssm", REGION).put_parameter(Name=PARAMETER.name, Value="v", Type="SecureString")
    secrets, asked, got = AwsSecretStore(cloud), list[object](), list[object]()

    def slow(**_: object) -> None:
        asked.append(1)
        time.sleep(0.3)

    secrets._parameters.client.meta.events.register("before-call.ssm.GetParameter", slow)
    begin = threading.Barrier(8)

    def read() -> None:
        begin.wait(60)
        try:
            got.append(secrets.read(PARAMETER))
        except Exception as error:
            got.append(type(error).__name__)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert got == (["v"] if there else ["GetParameterError"]) * 8
    assert len(asked) == 1
