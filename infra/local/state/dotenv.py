"""Copy the secrets of job types from `.env` to the emulator, where the functions read them as in the cloud."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
from botocore.exceptions import ClientError
from dotenv import parser

from chalicelib.job_types.access import SecretPlace

FILE = ".env"
STAGE = "dev"
HOW = r"Write NAME='value', with \' and \\ for a quote and a backslash in the value."


def read(path: Path) -> tuple[dict[str, str], list[str]]:
    """Return the values of a file by name, as python-dotenv reads them, and a note for each line that is not read.

    Nothing without a file. `${…}` is not replaced. A note contains no part of the file, which may be a secret.
    """
    values, notes = dict[str, str](), list[str]()
    if path.is_file() or path.is_fifo():
        with path.open(encoding="utf-8") as file:
            for line in parser.parse_stream(file):
                if line.key is not None and line.value is not None:
                    values[line.key] = line.value
                elif line.error or line.key is not None:
                    notes.append(f"{FILE}: {_place(line.original)} not read. {HOW}")
    return values, notes


def _place(original: parser.Original) -> str:
    """Return which lines a part of the file consists of, without the empty lines around it."""
    text = original.string
    first = original.line + text[: len(text) - len(text.lstrip())].count("\n")
    last = first + text.strip().count("\n")
    return f"line {first} is" if first == last else f"lines {first} to {last} are"


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
            elif name not in values and (around := [key for key in values if f"\n{name}=" in values[key]]):
                notes.append(f"{kind}: {name} is in the value of {around[0]} in {FILE}: a quote is missing.")
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
