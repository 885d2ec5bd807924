"""The emulator: moto behind the HTTP server, long polls kept outside of it, and the control calls."""

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import sqs_backends

from . import repairs, wsgi
from .clock import ShiftableClock
from .control import PREFIX, Control
from .dispatch import Dispatcher
from .http import BACKLOG, Answer, Connection, Reply, Request
from .longpoll import LongPolls

RECEIVE = "AmazonSQS.ReceiveMessage"
LONGEST_WAIT_SECONDS = 20


class Host:
    """Answers AWS requests with moto. All of it runs on one event loop, which is what makes moto's calls atomic."""

    def __init__(self, loop: asyncio.AbstractEventLoop, address: tuple[str, int]) -> None:
        self._address = address
        self._app = DomainDispatcherApplication(create_backend_app)
        self._clock = ShiftableClock()
        self._polls = LongPolls(loop, self._due_in, _found_nothing)
        self._control = Control(reset=self._reset, advance=self._advance, describe={"backend": "moto"})
        repairs.apply(self._clock, self._polls.wake)
        self._dispatch = Dispatcher()

    def __call__(self, request: Request) -> Answer:
        if request.target.startswith(PREFIX):
            return self._control(request)
        if request.headers.get("x-amz-target") == RECEIVE:
            return self._receive(request)
        return self._answer(request)

    def _answer(self, request: Request) -> Reply:
        return self._dispatch(request) or wsgi.call(self._app, request, self._address)

    def _receive(self, request: Request) -> Answer:
        """A receive, its wait taken out: moto would sleep in it, and everybody with it."""
        try:
            parameters = json.loads(request.body)
            wait, name = parameters.get("WaitTimeSeconds"), queue_name(parameters)
        except (ValueError, AttributeError):
            return self._answer(request)
        wait = _default_wait_seconds(name) if wait is None else wait
        if not isinstance(wait, int) or not 0 < wait <= LONGEST_WAIT_SECONDS:
            return self._answer(request)
        request.body = json.dumps({**parameters, "WaitTimeSeconds": 0}).encode()
        reply = self._answer(request)
        return self._polls.wait(name, wait, partial(self._answer, request)) if _found_nothing(reply) else reply

    def _due_in(self, name: str) -> float | None:
        moments = [queue.next_due() for queue in queues_named(name)]
        known = [moment for moment in moments if moment is not None]
        return max(0.0, min(known) - self._clock()) if known else None

    def _reset(self) -> None:
        self._polls.abandon()
        moto_api_backend.reset()

    def _advance(self, seconds: float) -> float:
        shift = self._clock.advance(seconds)
        self._polls.wake_all()
        return shift


def queue_name(parameters: dict[str, Any]) -> str:
    """Return the name of the queue a call's QueueUrl means."""
    return str(parameters.get("QueueUrl", "")).rstrip("/").rpartition("/")[2]


def queues_named(name: str) -> list[Any]:
    """Return moto's queues of that name, whatever their account and region."""
    regions = [backend for account in sqs_backends.values() for backend in account.values()]
    return [backend.queues[name] for backend in regions if name in backend.queues]


def _default_wait_seconds(name: str) -> int:
    return max((int(queue.receive_message_wait_time_seconds) for queue in queues_named(name)), default=0)


def _found_nothing(reply: Reply) -> bool:
    return reply.status == HTTPStatus.OK and b'"Messages"' not in reply.body


async def serve(host: str, port: int, announce: Callable[[str], Any]) -> None:
    """Serve until cancelled. `announce` is called with the URL once requests are accepted.

    Raises OSError when the address is taken, RuntimeError for the wrong moto version.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    with socket.create_server((host, port), backlog=BACKLOG) as listener:
        address = listener.getsockname()[:2]
        application = Host(loop, address)
        server = await loop.create_server(lambda: Connection(application), sock=listener, backlog=BACKLOG)
        announce(f"http://{address[0]}:{address[1]}")
        await server.serve_forever()
