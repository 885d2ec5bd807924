"""Start further runs of the watchdog, as asynchronous invocations of its own function."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.jobs.ports import Helpers
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

LOOK = "look_at"


@dataclass(frozen=True)
class LambdaHelpers:
    """Invocations of the function with that name."""

    client: "LambdaClient"
    function: str

    def look_at(self, types: Sequence[str], ids: Sequence[str]) -> None:
        """See Helpers. Lambda drops the invocation when it is throttled for a minute; the next run looks again."""
        payload = json.dumps({LOOK: {"types": list(types), "ids": list(ids)}}).encode()
        self.client.invoke(FunctionName=self.function, InvocationType="Event", Payload=payload)


def asked_for(event: Mapping[str, Any]) -> tuple[Sequence[str], Sequence[str]] | None:
    """Return the job types and the ids that a helper's invocation is about; None for a scheduled run."""
    asked = event.get(LOOK)
    return None if asked is None else (asked["types"], asked["ids"])


def helpers(settings: Settings) -> Helpers | None:
    """Return the helpers; None on a laptop, where one run does everything."""
    from chalicelib.adapters import aws

    if not settings.watchdog_function:
        return None
    return LambdaHelpers(aws.client("lambda", settings.region), settings.watchdog_function)
