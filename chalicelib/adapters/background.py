"""Begin to work off bulk actions: by an invocation of Lambda, or by the runner on a laptop."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.jobs.ports import Background
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

EVENT = b'{"bulk": true}'


@dataclass(frozen=True)
class LambdaBackground:
    """Invokes `function` without waiting for it."""

    client: "LambdaClient"
    function: str

    def wake(self) -> None:
        """See Background."""
        self.client.invoke(FunctionName=self.function, InvocationType="Event", Payload=EVENT)


class FollowedBackground:
    """Whoever invokes the functions looks for open bulk actions itself: the runner on a laptop, within a second."""

    def wake(self) -> None:
        """See Background."""


def background(settings: Settings) -> Background:
    """Return what invokes the function that works off bulk actions."""
    from chalicelib.adapters import aws

    name = settings.background_function
    return LambdaBackground(aws.client("lambda", settings.region), name) if name else FollowedBackground()
