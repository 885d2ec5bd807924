"""Invoke functions of the stage without waiting: further runs of the watchdog, and the work on bulk actions.

On a laptop no function invokes another one: one run of the watchdog does everything, and the runner looks for open bulk
actions itself, within a second.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

LOOK = "look_at"


@dataclass(frozen=True)
class LambdaFunction:
    """A function by its name."""

    client: "LambdaClient"
    name: str

    def start(self, event: Mapping[str, Any]) -> None:
        """Invoke it without waiting. Lambda drops the invocation when it is throttled for a minute."""
        self.client.invoke(FunctionName=self.name, InvocationType="Event", Payload=json.dumps(event).encode())


@dataclass(frozen=True)
class LambdaHelpers:
    """Further runs of the watchdog, by its own function."""

    function: LambdaFunction

    def look_at(self, types: Sequence[str], ids: Sequence[str]) -> None:
        """See Helpers. An invocation that is dropped does no harm: the next run looks again."""
        self.function.start({LOOK: {"types": list(types), "ids": list(ids)}})


@dataclass(frozen=True)
class LambdaBackground:
    """The function that works off bulk actions; None on a laptop."""

    function: LambdaFunction | None

    def wake(self) -> None:
        """See Background."""
        if self.function:
            self.function.start({"bulk": True})


def asked_for(event: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[str]] | None:
    """Return the job types and the ids that a helper's invocation is about; None for a scheduled run."""
    asked = event.get(LOOK)
    return None if asked is None else (asked["types"], asked["ids"])


def helpers(settings: Settings) -> LambdaHelpers | None:
    """Return the helpers; None on a laptop."""
    function = _function(settings, settings.watchdog_function)
    return LambdaHelpers(function) if function else None


def background(settings: Settings) -> LambdaBackground:
    """Return what invokes the function that works off bulk actions."""
    return LambdaBackground(_function(settings, settings.background_function))


def _function(settings: Settings, name: str) -> LambdaFunction | None:
    from chalicelib.adapters import aws

    return LambdaFunction(aws.client("lambda", settings.region), name) if name else None
