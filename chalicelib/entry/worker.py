"""Make the Lambda function of a job type: `handler = consume(job_type)`, the last line of a file in `handlers/`."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chalicelib import cold_start
from chalicelib.errors import ConfigurationError
from chalicelib.job_types.jobtype import JobType

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


def consume(kind: JobType[Any, Any]) -> Handler:
    """Return the Lambda handler of a job type: it takes an SQS event, and returns the messages to deliver again.

    In Lambda, the API imports the files in `handlers/` too, but only for their declarations. The code that processes
    messages is therefore imported at the first call. The import is also postponed in a worker that Lambda starts
    through the handler of another library, if that handler calls this one.
    """
    given: Any = kind
    if not isinstance(given, JobType):
        named = getattr(given, "__name__", repr(given))
        raise ConfigurationError(f'{named} is not a job type: write @job("word.count") above the function')
    if cold_start.works():
        return _working(kind)
    made: list[Handler] = []

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        if not made:
            made.append(_working(kind))
        return made[0](event, context)

    return handler


def consume_queue(name: str) -> Handler:
    """Return the Lambda handler of a queue that several job types share."""
    from chalicelib.assembly import parts

    return _handling(lambda: parts.shared_worker(name))


def _working(kind: JobType[Any, Any]) -> Handler:
    from chalicelib.assembly import parts

    return _handling(lambda: parts.worker(kind))


class Works(Protocol):
    """A service that processes the messages of one queue."""

    def work(self, event: Mapping[str, Any], context: Any) -> list[str]:
        """Process the event's messages; return the ids of the messages that must be delivered again."""


def _handling(make: Callable[[], Works]) -> Handler:
    from chalicelib.assembly import parts
    from chalicelib.telemetry.capture import capture_descriptors
    from chalicelib.telemetry.emf import gathering
    from chalicelib.worker.consume import BatchFailed

    workers: list[Works] = []

    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        if not workers:
            if cold_start.BY_RUNTIME_API:
                capture_descriptors()
            workers.append(make())
        with gathering():
            again = workers[0].work(event, context)
        cold_start.end_if_recycled()
        if again and not parts.settings.partial_batch:
            raise BatchFailed(f"{len(again)} messages must come again, and PARTIAL_BATCH is not set")
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in again]}

    return handler
