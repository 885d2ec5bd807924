"""Copy the secrets of job types from `.env` to the emulator, where the functions read them as in the cloud."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import dotenv
from botocore.exceptions import ClientError

from chalicelib.job_types.access import SecretPlace

FILE = ".env"
STAGE = "dev"


def read(path: Path) -> dict[str, str]:
    """Return the lines NAME=value of a file; nothing without a file."""
    return {name: value for name, value in dotenv.dotenv_values(path, interpolate=False).items() if value is not None}


def fill(secrets: Mapping[str, Mapping[str, str]], values: Mapping[str, str], clients: boto3.Session) -> list[str]:
    """Store each declared secret that has a value; return a line for each secret without one.

    `secrets`: by type and name.
    """
    notes = []
    for kind, declared in secrets.items():
        for name, written in declared.items():
            place = SecretPlace.of(written, STAGE)
            if place.name.startswith("arn:"):
                notes.append(f"{kind}: {name} is an ARN, which no emulator has: jobs that read it wait.")
            elif name not in values:
                notes.append(f"{kind}: {name} is not in {FILE}: jobs that read it wait.")
            else:
                notes += _stored(clients, place, values[name], f"{kind}: {name}")
    return notes


def _stored(clients: boto3.Session, place: SecretPlace, value: str, about: str) -> Iterator[str]:
    try:
        if place.service == "ssm":
            clients.client("ssm").put_parameter(Name=place.name, Value=value, Type="SecureString", Overwrite=True)
        else:
            _put_secret(clients, place.name, value)
    except ClientError as error:
        yield f"{about} cannot be stored in the emulator: {error}"


def _put_secret(clients: boto3.Session, name: str, value: str) -> None:
    manager = clients.client("secretsmanager")
    try:
        manager.create_secret(Name=name, SecretString=value)
    except manager.exceptions.ResourceExistsException:
        manager.put_secret_value(SecretId=name, SecretString=value)
