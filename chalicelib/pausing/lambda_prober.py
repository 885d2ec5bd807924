"""Give one message to a worker whose queue is disabled: an asynchronous invocation of its function."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.invocations import LambdaFunction
from chalicelib.job_types.jobtype import queue_of
from chalicelib.job_types.queue import name_in_aws
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.pausing.port import Prober
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from chalicelib.pausing.dynamo import DynamoAutoPauses


@dataclass(frozen=True)
class LambdaProber:
    """Invoke the workers, whose names begin with `prefix`."""

    client: "LambdaClient"
    prefix: str

    def probe(self, message: Message) -> None:
        """See Prober.

        Lambda may invoke twice, or not at all if the function is throttled for hours: both are harmless.
        """
        worker = LambdaFunction(self.client, self.prefix + name_in_aws(queue_of(message.type)))
        worker.start(event_of(write_message(message)))


@dataclass(frozen=True)
class FollowedProber:
    """Leave the message for the runner on a laptop, which invokes the worker when it finds the message."""

    rows: "DynamoAutoPauses"

    def probe(self, message: Message) -> None:
        """See Prober."""
        self.rows.ask(queue_of(message.type), write_message(message))


def event_of(body: str) -> dict[str, Any]:
    """Return an event like those of SQS, with a message that is in no queue, so it has no receipt handle."""
    return {"Records": [{"messageId": "probe", "receiptHandle": "", "body": body}]}


def prober(settings: Settings) -> Prober:
    """Return the object that starts probes: through Lambda, or on a laptop through the runner."""
    from chalicelib.adapters import aws
    from chalicelib.pausing.dynamo import DynamoAutoPauses

    if not settings.event_sources:
        return FollowedProber(DynamoAutoPauses(settings))
    prefix = settings.log_group_prefix.removeprefix("/aws/lambda/")
    return LambdaProber(aws.client("lambda", settings.region), prefix)
