"""Declare what a job type's function may reach beyond its own job: statements, secrets, a network, layers. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.errors import ConfigurationError

Words = str | Sequence[str]
ACTION = re.compile(r"[a-z][a-z0-9-]*:[A-Za-z*?]+")
ARN = re.compile(r"arn:[^:\s]+:[a-z0-9-]+:[^:\s]*:[^:\s]*:\S+")
PSEUDO = re.compile(r"\$\{AWS::[A-Za-z]+\}")
VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
OF_LAMBDA = ("AWS_", "LAMBDA_")
"""Prefixes of names that Lambda sets itself."""
SECRET = re.compile(r"(arn:\S+|ssm:/?\S+|[A-Za-z0-9/_+=.@{}-]+)")
LAYER = re.compile(r"arn:[^:\s]+:lambda:[^:\s]+:\d{12}:layer:[A-Za-z0-9_-]+:\d+")
MOST_LAYERS = 5
EPHEMERAL_MB = (512, 10_240)
"""Lambda's limits of /tmp; 512 MB cost nothing."""


@dataclass(frozen=True)
class Allow:
    """Allow the function one or several actions on one or several resources, as an IAM statement.

    Resources are ARNs; `${AWS::Region}` and the like are filled in, and `arn:aws:` stands for the stack's partition.
    `conditions` are IAM's: {"StringEquals": {"s3:ExistingObjectTag/kind": "invoice"}}. A `*` that stands alone as
    action or resource is refused unless `unsafe_wildcard` says why it must be. Raises ConfigurationError.
    """

    actions: Words
    resources: Words
    conditions: Mapping[str, Mapping[str, Words]] = field(default_factory=dict)
    unsafe_wildcard: str = ""

    def __post_init__(self) -> None:
        if not self.every_action or not self.every_resource:
            raise ConfigurationError("Allow needs at least one action and one resource")
        for action in self.every_action:
            if action != "*" and not ACTION.fullmatch(action):
                raise ConfigurationError(f"Allow: {action!r} is no action; write one like dynamodb:GetItem")
        for resource in self.every_resource:
            if resource != "*" and not ARN.fullmatch(PSEUDO.sub("x", resource)):
                raise ConfigurationError(
                    f"Allow: {resource!r} is no ARN; write one like arn:aws:dynamodb:*:*:table/orders"
                )
        wide = self.wildcards
        if wide and not self.unsafe_wildcard:
            raise ConfigurationError(
                f"Allow: {', '.join(wide)} allows everything; name actions and resources, or say why it must be so: "
                'unsafe_wildcard="…"'
            )

    @property
    def every_action(self) -> tuple[str, ...]:
        """Return the actions."""
        return several(self.actions)

    @property
    def every_resource(self) -> tuple[str, ...]:
        """Return the resources."""
        return several(self.resources)

    @property
    def wildcards(self) -> tuple[str, ...]:
        """Return the actions and resources in which a `*` stands alone."""
        actions = (action for action in self.every_action if action.rpartition(":")[2] == "*")
        places = ((resource, PSEUDO.sub("x", resource).split(":", 5)[-1]) for resource in self.every_resource)
        return (*actions, *(resource for resource, place in places if place in ("*", "/*")))


@dataclass(frozen=True, slots=True)
class Reach:
    """Settings of the function besides time and memory; `ephemeral_storage` in MB of /tmp."""

    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    vpc: bool = False
    layers: tuple[str, ...] = ()
    ephemeral_storage: int = EPHEMERAL_MB[0]


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """The place of a secret: `service` is secretsmanager or ssm, `name` its name or ARN there."""

    service: str
    name: str

    @classmethod
    def of(cls, written: str, stage: str) -> "SecretPlace":
        """Read a place as `secrets=` has it; `{stage}` in it is the stage's name."""
        text = written.replace("{stage}", stage)
        if text.startswith("ssm:"):
            return cls("ssm", text.removeprefix("ssm:"))
        return cls("ssm" if ":parameter/" in text else "secretsmanager", text)


def several(words: Words) -> tuple[str, ...]:
    """Return one word or several as several."""
    return (words,) if isinstance(words, str) else tuple(words)


def check_reach(name: str, reach: Reach, grants: Iterable[Any]) -> None:
    """Raise ConfigurationError for what Lambda, IAM or the secret stores would refuse."""
    wrong = [*_wrong_names(reach), *_wrong_values(reach)]
    wrong += [
        f"grants: {grant!r} is neither a text like s3:GetObject:uploads/* nor Allow(…)"
        for grant in grants
        if not isinstance(grant, str | Allow)
    ]
    if wrong:
        raise ConfigurationError(f"{name}: {'; '.join(wrong)}")


def _wrong_names(reach: Reach) -> list[str]:
    wrong = []
    for setting, names in (("environment", reach.environment), ("secrets", reach.secrets)):
        for variable in names:
            if not VARIABLE.fullmatch(variable):
                wrong.append(f"{setting}: {variable!r} is no name; use letters, digits and _, a letter first")
            elif variable.startswith(OF_LAMBDA):
                wrong.append(f"{setting}: {variable} is a name that Lambda sets itself")
    return wrong


def _wrong_values(reach: Reach) -> list[str]:
    wrong = [
        f"environment: {variable} must be a text"
        for variable, value in reach.environment.items()
        if not isinstance(value, str)
    ]
    wrong += [
        f"secrets: {place!r} is no place; write the name of a secret, or ssm:/name of a parameter"
        for place in reach.secrets.values()
        if not SECRET.fullmatch(place)
    ]
    wrong += [
        f"layers: {layer!r} is no ARN of a layer's version" for layer in reach.layers if not LAYER.fullmatch(layer)
    ]
    if len(reach.layers) > MOST_LAYERS:
        wrong.append(f"layers: Lambda takes {MOST_LAYERS} at most")
    low, high = EPHEMERAL_MB
    if not low <= reach.ephemeral_storage <= high:
        wrong.append(f"ephemeral_storage must be between {low} and {high} MB")
    return wrong
