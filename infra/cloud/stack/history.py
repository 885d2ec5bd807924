"""Store a stage's deployments: a list in the artifacts bucket, next to the templates and the packages."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.stack import artifacts
from infra.definition.parameters import HIDDEN

KEY = "deployments.json"
MOST = 20
"""Maximum number of deployments that a rollback can reach. The packages themselves stay until the stage is
destroyed."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """One deployment: the URL of its template, its parameters without the secret ones, and when CloudFormation made it.

    `at` is the time that CloudFormation gives for the stack's last change.
    """

    url: str
    parameters: Mapping[str, str]
    at: str

    @classmethod
    def of(cls, found: Mapping[str, Any], url: str) -> Self:
        """Return the deployment that CloudFormation describes, with the template at `url`."""
        return cls(url, shown(found), changed_at(found))

    def same_as(self, other: "Deployed") -> bool:
        """Return whether both have the same template and the same parameters."""
        return (self.url, self.parameters) == (other.url, other.parameters)


def shown(found: Mapping[str, Any]) -> dict[str, str]:
    """Return a described stack's parameters, without the secret ones, whose values a rollback does not change."""
    values = {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in found.get("Parameters", [])}
    return {name: value for name, value in values.items() if value != HIDDEN}


def changed_at(found: Mapping[str, Any]) -> str:
    """Return when CloudFormation began the last change of a described stack; empty if unknown."""
    at = found.get("LastUpdatedTime") or found.get("CreationTime")
    return "" if at is None else str(at.isoformat())


def unnoted(deployments: Sequence[Deployed], found: Mapping[str, Any]) -> bool:
    """Return whether a described stack was changed since the last recorded deployment. Pure.

    If it was, the present state was not recorded: a deployment was stopped before the end of its smoke test, or another
    tool changed the stack.
    """
    return bool(deployments and deployments[-1].at != changed_at(found))


def before(deployments: Sequence[Deployed], found: Mapping[str, Any]) -> Sequence[Deployed]:
    """Return the deployments before the present one of a described stack, oldest first. Pure.

    If the present state was not recorded, a rollback returns to the last recorded deployment, not to the one before
    that.
    """
    return deployments if unnoted(deployments, found) else deployments[:-1]


def read(account: Account, stack: str) -> list[Deployed]:
    """Return the deployments, oldest first."""
    try:
        found = account.client("s3").get_object(Bucket=artifacts.name(account, stack), Key=KEY)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket"):
            return []
        raise
    return [Deployed(**one) for one in json.loads(found["Body"].read())]


def write(account: Account, stack: str, deployments: Sequence[Deployed]) -> None:
    """Store the last of these deployments."""
    body = json.dumps([asdict(one) for one in deployments[-MOST:]]).encode()
    account.client("s3").put_object(Bucket=artifacts.name(account, stack), Key=KEY, Body=body)


def remember(account: Account, stack: str, deployed: Deployed) -> bool:
    """Add a successful deployment; return False if the last one had the same template and parameters."""
    known = read(account, stack)
    if not known or not known[-1].same_as(deployed):
        write(account, stack, [*known, deployed])
        return True
    if known[-1] != deployed:
        write(account, stack, [*known[:-1], replace(known[-1], at=deployed.at)])
    return False


def template(account: Account, stack: str, url: str) -> dict[str, Any]:
    """Return a stored template."""
    key = url.rpartition("/")[2]
    found = account.client("s3").get_object(Bucket=artifacts.name(account, stack), Key=key)
    read_back: dict[str, Any] = json.loads(found["Body"].read())
    return read_back
