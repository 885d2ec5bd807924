"""Copy the secrets of job types from `.env` to the emulator, where the functions read them as in the cloud."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from botocore.exceptions import ClientError

from chalicelib.job_types.access import SecretPlace
from infra.local.lambdas.clients import Clients

FILE = ".env"
STAGE = "dev"


def read(path: Path) -> dict[str, str]:
    """Return the lines NAME=value of a file; nothing without a file. Quotes around a value are removed."""
    if not path.exists():
        return {}
    lines = (line.strip().removeprefix("export ") for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): _unquoted(value.strip()) for name, equals, value in pairs if equals}


def fill(secrets: Mapping[str, Mapping[str, str]], values: Mapping[str, str], clients: Clients) -> list[str]:
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


def _stored(clients: Clients, place: SecretPlace, value: str, about: str) -> Iterator[str]:
    try:
        if place.service == "ssm":
            clients.ssm().put_parameter(Name=place.name, Value=value, Type="SecureString", Overwrite=True)
        else:
            _put_secret(clients, place.name, value)
    except ClientError as error:
        yield f"{about} cannot be stored in the emulator: {error}"


def _put_secret(clients: Clients, name: str, value: str) -> None:
    manager = clients.secretsmanager()
    try:
        manager.create_secret(Name=name, SecretString=value)
    except manager.exceptions.ResourceExistsException:
        manager.put_secret_value(SecretId=name, SecretString=value)


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
