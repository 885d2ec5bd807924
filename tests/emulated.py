"""Run moto inside this process, for tests that need no server, do not wait, and have their own clock."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from moto import mock_aws
from moto.core.models import botocore_stubber

from infra.local.emulator import repairs
from infra.local.emulator.serving.dispatch import dispatch
from infra.local.emulator.serving.receive import found_nothing, without_waiting
from infra.local.emulator.serving.server import Reply, Request

REGION = "us-east-1"
IGNORE_ENDPOINTS = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
RETRY_SECONDS = 0.05


@contextmanager
def emulated(clock: Callable[[], float] | None = None) -> Iterator[None]:
    """Answer every AWS call of this process, from any thread, with an empty, repaired moto while the block runs.

    `clock` (seconds since the epoch, UTC) is the clock of the queues: of visibility, delays and retention. With
    `clock`, a receive answers at once and never waits, because only the caller moves the clock. Without it, a receive
    waits in real time, until a message comes. AWS_DEFAULT_REGION is us-east-1 unless set; AWS_ENDPOINT_URL is ignored.
    """
    arrivals = threading.Condition()

    def announce(_queue: str) -> None:
        with arrivals:
            arrivals.notify_all()

    with _own_environment(), mock_aws(), repairs.apply(clock or time.time, announce) as replacements:
        calls = _Calls(botocore_stubber.process_request, None if clock else arrivals)
        replacements.put(botocore_stubber, "process_request", calls.answer)
        yield


class _Calls:
    """Answer requests of botocore, one at a time.

    Frequent calls directly, all others with moto's own code (`stock`).
    """

    def __init__(self, stock: Callable[[Any], Any], arrivals: threading.Condition | None) -> None:
        self._stock = stock
        self._arrivals = arrivals
        self._lock = threading.RLock()

    def answer(self, sent: Any) -> Any:
        """Return status, headers and body, as moto's stubber does; None for a request that does not go to AWS."""
        request = _request(sent)
        reply = self._reply(request) if request else None
        if reply is None:
            with self._lock:
                return self._by_stock(sent)
        return reply.status, dict(reply.headers), reply.body

    def _by_stock(self, sent: Any) -> Any:
        """Return moto's answer. If moto does not implement a call, this is an error, as from moto's server."""
        try:
            return self._stock(sent)
        except NotImplementedError:
            return 501, {}, b""  # an empty body: clients of every protocol then read only the status

    def _reply(self, request: Request) -> Reply | None:
        poll = without_waiting(request)
        ends_at = time.monotonic() + (poll.seconds if poll else 0)
        while True:
            with self._lock:
                reply = dispatch(request)
            left = ends_at - time.monotonic()
            if reply is None or self._arrivals is None or left <= 0 or not found_nothing(reply):
                return reply
            with self._arrivals:  # a message that is sent before this wait is found by the next attempt
                self._arrivals.wait(min(left, RETRY_SECONDS))


def _request(sent: Any) -> Request | None:
    """Return botocore's prepared request in our form; None if it is not clearly a request to AWS."""
    url = urlsplit(sent.url)
    if not (url.hostname or "").endswith(".amazonaws.com") or not isinstance(getattr(sent, "body", None), bytes):
        return None
    headers = [(name, value.decode() if isinstance(value, bytes) else value) for name, value in sent.headers.items()]
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    return Request(sent.method, target, {name.lower(): value for name, value in headers}, headers, sent.body)


def _own_environment() -> AbstractContextManager[object]:
    """Set a region if there is none, and ignore AWS_ENDPOINT_URL, which may point to another running emulator."""
    wanted = {"AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", REGION), **IGNORE_ENDPOINTS}
    return mock.patch.dict(os.environ, wanted)
