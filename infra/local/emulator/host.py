"""The emulator: moto behind the HTTP server, long polls kept outside of it, and the control calls."""

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import sqs_backends

from . import repairs, wsgi
from .clock import ShiftableClock
from .control import PREFIX, Control
from .http import BACKLOG, Answer, Connection, Reply, Request
from .longpoll import LongPolls

RECEIVE = "AmazonSQS.ReceiveMessage"
QUIET_SQS_CALLS = ("AmazonSQS.Receive", "AmazonSQS.Delete", "AmazonSQS.Get", "AmazonSQS.List")


class Host:
    """Answers AWS requests with moto. All of it runs on one event loop, which is what makes moto's calls atomic."""

    def __init__(self, loop: asyncio.AbstractEventLoop, address: tuple[str, int]) -> None:
        self._address = address
        self._app = DomainDispatcherApplication(create_backend_app)
        self._clock = ShiftableClock()
        self._polls = LongPolls(loop)
        self._control = Control(reset=self._reset, advance=self._advance, describe={"backend": "moto"})
        repairs.apply(self._clock)

    def __call__(self, request: Request) -> Answer:
        if request.target.startswith(PREFIX):
            return self._control(request)
        target = request.headers.get("x-amz-target", "")
        if target == RECEIVE:
            return self._receive(request)
        reply = wsgi.call(self._app, request, self._address)
        if target.startswith("AmazonSQS.") and not target.startswith(QUIET_SQS_CALLS):
            self._polls.wake()
        return reply

    def _receive(self, request: Request) -> Answer:
        """A receive, the wait taken out: moto would sleep in it, and everybody with it."""
        parameters = json.loads(request.body or b"{}")
        wait = parameters.get("WaitTimeSeconds")
        name = str(parameters.get("QueueUrl", "")).rstrip("/").rpartition("/")[2]
        if wait is None:
            wait = _queue_wait_seconds(name)
        if not isinstance(wait, int) or not 0 < wait <= 20:
            return wsgi.call(self._app, request, self._address)
        request.body = json.dumps({**parameters, "WaitTimeSeconds": 0}).encode()

        def receive() -> Reply:
            return wsgi.call(self._app, request, self._address)

        reply = receive()
        return self._polls.wait(name, wait, receive, _found_nothing) if _found_nothing(reply) else reply

    def _reset(self) -> None:
        self._polls.abandon()
        moto_api_backend.reset()

    def _advance(self, seconds: float) -> float:
        shift = self._clock.advance(seconds)
        self._polls.wake()
        return shift


def _found_nothing(reply: Reply) -> bool:
    return reply.status == 200 and b'"Messages"' not in reply.body


def _queue_wait_seconds(name: str) -> int:
    for account in sqs_backends.values():
        for backend in account.values():
            if name in backend.queues:
                return int(backend.queues[name].receive_message_wait_time_seconds)
    return 0


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
