"""Remove the wait from an SQS receive: moto would sleep, and delay every other request."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from moto.sqs.models import sqs_backends

from .server import Reply, Request

TARGET = "AmazonSQS.ReceiveMessage"
LONGEST_WAIT_SECONDS = 20


@dataclass(frozen=True, slots=True)
class LongPoll:
    """The queue on which a receive would wait, and for how many seconds."""

    queue: str
    seconds: int


def without_waiting(request: Request) -> LongPoll | None:
    """Change `request` so that it is answered at once; return the wait that the request or its queue asked for.

    Return None if the request is not a receive, if it does not wait, or if moto must refuse it.
    """
    if request.headers.get("x-amz-target") != TARGET:
        return None
    try:
        parameters = json.loads(request.body)
        seconds, name = parameters.get("WaitTimeSeconds"), _queue_name(parameters)
    except (ValueError, AttributeError):
        return None
    seconds = _default_seconds(name) if seconds is None else seconds
    if not isinstance(seconds, int) or not 0 < seconds <= LONGEST_WAIT_SECONDS:
        return None
    request.body = json.dumps({**parameters, "WaitTimeSeconds": 0}).encode()
    return LongPoll(name, seconds)


def found_nothing(reply: Reply) -> bool:
    """Return True when a receive succeeded and returned no messages."""
    return reply.status == HTTPStatus.OK and b'"Messages"' not in reply.body


def queues_named(name: str) -> list[Any]:
    """Return moto's queues of that name, of every account and region."""
    regions = [backend for account in sqs_backends.values() for backend in account.values()]
    return [backend.queues[name] for backend in regions if name in backend.queues]


def _queue_name(parameters: dict[str, Any]) -> str:
    return str(parameters.get("QueueUrl", "")).rstrip("/").rpartition("/")[2]


def _default_seconds(name: str) -> int:
    return max((int(queue.receive_message_wait_time_seconds) for queue in queues_named(name)), default=0)
