"""Declare a job type's additional permissions and data in AWS. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.errors import ConfigurationError

Words = str | Sequence[str]
GRANT = re.compile(r"(?P<service>[a-z0-9]+):(?P<action>[A-Z][A-Za-z]+)(:(?P<where>\S+))?")
"""The short form of a grant."""
ACTION = re.compile(r"[a-z][a-z0-9-]*:[A-Za-z*?]+")
ARN = re.compile(r"arn:[^:\s]+:[a-z0-9-]+:[^:\s]*:[^:\s]*:\S+")
PSEUDO = re.compile(r"\$\{AWS::[A-Za-z]+\}")
VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
OF_LAMBDA = ("AWS_", "LAMBDA_")
"""Prefixes of names that Lambda sets itself."""
SECRET = re.compile(r"(arn:\S+|ssm:/?\S+|[A-Za-z0-9/_+=.@{}-]+)")


@dataclass(frozen=True)
class Allow:
    """Allow the function one or several actions on one or several resources, as an IAM statement.

    Resources are ARNs; `${AWS::Region}` and similar are filled in, and `arn:aws:` is replaced by the stack's partition.
    `conditions` are IAM's: {"StringEquals": {"s3:ExistingObjectTag/kind": "invoice"}}. A lone `*` as action or resource
    is refused unless `unsafe_wildcard` gives the reason. Raises ConfigurationError.
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
                raise ConfigurationError(f"Allow: {action!r} is not an action; write one like dynamodb:GetItem")
        for resource in self.every_resource:
            if resource != "*" and not ARN.fullmatch(PSEUDO.sub("x", resource)):
                raise ConfigurationError(
                    f"Allow: {resource!r} is not an ARN; write one like arn:aws:dynamodb:*:*:table/orders"
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
        """Return the actions and resources that are a lone `*`."""
        actions = (action for action in self.every_action if action.rpartition(":")[2] == "*")
        places = ((resource, PSEUDO.sub("x", resource).split(":", 5)[-1]) for resource in self.every_resource)
        return (*actions, *(resource for resource, place in places if place in ("*", "/*")))


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsAccess:
    """Set the additional permissions, secrets and variables of a job type's function. Raises ConfigurationError.

    * `grants`: statements of its role. A string "service:Action:where" is for the stack's own resources
      ("ses:SendEmail", "s3:GetObject:uploads/*", "dynamodb:Query:jobs/index/all"; all forms are in
      `infra/definition/iam/permissions.py`), `Allow(actions, ARNs)` is for any other.
    * `secrets`: the source of each `ctx.secret(name)`: the name or ARN of a secret, or "ssm:" and the name of a
      parameter; `{stage}` in it is the stage's name.
    * `environment`: variables of the function; at most 2,560 bytes.
    """

    grants: Sequence[str | Allow] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for setting in ("secrets", "environment"):
            if not isinstance(getattr(self, setting), Mapping):
                raise ConfigurationError(f'access: {setting} is a mapping, such as {{"NAME": "…"}}')
        wrong = [*self._wrong_grants(), *self._wrong_names(), *self._wrong_values()]
        if wrong:
            raise ConfigurationError(f"access: {'; '.join(wrong)}")

    def _wrong_names(self) -> Iterator[str]:
        for setting, names in (("environment", self.environment), ("secrets", self.secrets)):
            for variable in names:
                if not VARIABLE.fullmatch(variable):
                    yield (
                        f"{setting}: {variable!r} is not a valid name: use letters, "
                        "digits and _, and begin with a letter"
                    )
                elif variable.startswith(OF_LAMBDA):
                    yield f"{setting}: {variable} is a name that Lambda sets itself"

    def _wrong_grants(self) -> Iterator[str]:
        given: Any = self.grants
        if isinstance(given, str | Allow):
            yield f"grants is a list: write ({given!r},)"
            return
        for grant in given:
            if not isinstance(grant, str | Allow):
                yield f"grants: {grant!r} is neither a text like s3:GetObject:uploads/* nor Allow(…)"
            elif isinstance(grant, str) and not GRANT.fullmatch(grant):
                yield f"grants: {grant!r} is not a grant; write service:Action:where, like s3:GetObject:uploads/*"

    def _wrong_values(self) -> Iterator[str]:
        values: Iterable[tuple[str, Any]] = self.environment.items()
        for variable, value in values:
            if not isinstance(value, str):
                yield f"environment: {variable} must be a text"
        places: Iterable[Any] = self.secrets.values()
        for place in places:
            if not (isinstance(place, str) and SECRET.fullmatch(place)):
                yield f"secrets: {place!r} does not name a secret: write a secret's name, or ssm:/name for a parameter"


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """The place of a secret: `service` is secretsmanager or ssm; `name` is the secret's name or ARN there."""

    service: str
    name: str

    @classmethod
    def of(cls, written: str, stage: str) -> "SecretPlace":
        """Read a place from `AwsAccess`; `{stage}` in it is the stage's name."""
        text = written.replace("{stage}", stage)
        if text.startswith("ssm:"):
            return cls("ssm", text.removeprefix("ssm:"))
        return cls("ssm" if ":parameter/" in text else "secretsmanager", text)


def several(words: Words) -> tuple[str, ...]:
    """Return a single string as a tuple, and several unchanged."""
    return (words,) if isinstance(words, str) else tuple(words)
