"""Test the store of secrets, in memory and over Secrets Manager and the Parameter Store."""

import boto3
import pytest

from chalicelib.adapters.memory.secret_store import MemorySecretStore
from chalicelib.adapters.secret_store import AwsSecretStore
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
