"""Invoke functions of the stage without waiting: more runs of the watchdog, and bulk actions.

On a laptop no function invokes another. One run of the watchdog does all the work, and the runner itself searches for
open bulk actions every second.
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
    """A Lambda function, by its name."""

    client: "LambdaClient"
    name: str

    def start(self, event: Mapping[str, Any]) -> None:
        """Invoke the function without waiting. Lambda drops the invocation if it is throttled for a minute."""
        self.client.invoke(FunctionName=self.name, InvocationType="Event", Payload=json.dumps(event).encode())


@dataclass(frozen=True)
class LambdaHelpers:
    """Start more runs of the watchdog in its own function."""

    function: LambdaFunction

    def look_at(self, types: Sequence[str], ids: Sequence[str]) -> None:
        """See Helpers. A dropped invocation is harmless, because the next run checks again."""
        self.function.start({LOOK: {"types": list(types), "ids": list(ids)}})


@dataclass(frozen=True)
class LambdaBackground:
    """Invoke the function that processes bulk actions; None on a laptop."""

    function: LambdaFunction | None

    def wake(self) -> None:
        """See Background."""
        if self.function:
            self.function.start({"bulk": True})


def asked_for(event: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[str]] | None:
    """Return the job types and ids of a helper's invocation; None for a scheduled run."""
    asked = event.get(LOOK)
    return None if asked is None else (asked["types"], asked["ids"])


def helpers(settings: Settings) -> LambdaHelpers | None:
    """Return the helpers; None on a laptop."""
    function = _function(settings, settings.watchdog_function)
    return LambdaHelpers(function) if function else None


def background(settings: Settings) -> LambdaBackground:
    """Return the invoker of the function that processes bulk actions."""
    return LambdaBackground(_function(settings, settings.background_function))


def _function(settings: Settings, name: str) -> LambdaFunction | None:
    from chalicelib.adapters import aws

    return LambdaFunction(aws.client("lambda", settings.region), name) if name else None
