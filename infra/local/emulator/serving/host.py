"""Connect the parts of the emulator: the HTTP server, moto behind it, long polls (not in moto), and control calls."""

import asyncio
import gc
import logging
import socket
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import create_backend_app

from infra.local import callers
from infra.local.emulator import repairs
from infra.local.emulator.clock import ShiftableClock
from infra.local.emulator.expiry import expire
from infra.local.emulator.serving.roles import Roles
from infra.local.emulator.snapshot import Snapshot

from . import unsigned, wsgi
from .control import PREFIX, Calls, answer
from .dispatch import dispatch
from .longpoll import LongPolls
from .offered import Offered
from .receive import found_nothing, queues_named, without_waiting
from .server import BACKLOG, Answer, Reply, Request, answering, refused, server

LOG = logging.getLogger(__name__)
SHARE = 30
"""The time between two snapshots is at least the duration of a snapshot multiplied by this factor, because all requests
wait during a snapshot."""


class Host:
    """Answer AWS requests with moto. All requests run on one event loop, so each call of moto is atomic.

    `origins`: pages of these origins may read and upload objects. The folder `state` keeps the state, in a snapshot
    `every` so many seconds; nothing is kept without a folder.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        address: tuple[str, int],
        origins: Collection[str],
        state: Path | None,
        every: float,
    ) -> None:
        self._loop = loop
        self._every = every
        self._snapshot = Snapshot(state) if state else None
        self._version = ""
        self._trouble = ""
        self._address = address
        self._origins = origins
        self._signed = Offered()
        self._objects = create_backend_app("s3")
        self._clock = ShiftableClock()
        self._polls = LongPolls(self._due_in, found_nothing)
        self._roles = Roles()
        self._calls: Calls = {
            ("GET", "health"): lambda _: self._describe(),
            ("POST", "reset"): lambda _: self._reset(),
            ("POST", "clock"): lambda asked: {"ahead_seconds": self._advance(float(asked["advance"]))},
            ("POST", "roles"): self._roles.replace,
            ("POST", "back"): lambda asked: self._bring_back(asked["version"], asked["expiring"]),
            ("POST", "expire"): lambda asked: {"expired": expire(time.time() + float(asked["ahead"]))},
            ("POST", "polls"): lambda asked: self._polls.wake(asked["queue"], again=False),
        }
        repairs.apply(self._clock, self._polls.wake)

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        reason = callers.refusal(request.headers.get, self._origins, embeddable=True)
        if reason is not None:
            return refused(HTTPStatus.FORBIDDEN, reason)
        if request.target.startswith(PREFIX):
            return answer(self._calls, request)
        refusal = self._roles.refusal(request)
        if refusal is not None:
            return refusal
        poll = without_waiting(request)
        if poll is None:
            return self._answer(request)
        return self._polls.receive(poll.queue, poll.seconds, partial(self._answer, request))

    def _answer(self, request: Request) -> Reply:
        # moto guesses the service of an unsigned request from its path, and a web page can send any path. A web page
        # cannot sign requests, so unsigned requests reach only objects.
        if "authorization" not in request.headers:
            refused = unsigned.refusal(request, self._address, time.time())
            return refused or wsgi.call(self._objects, request, self._address)
        return dispatch(request, self._address) or wsgi.call(self._signed, request, self._address)

    def _due_in(self, name: str) -> float | None:
        moments = [queue.index.next_due(queue.now()) for queue in queues_named(name)]
        known = [moment / 1000 for moment in moments if moment is not None]
        return max(0.0, min(known) - self._clock()) if known else None

    def _describe(self) -> dict[str, Any]:
        return {"backend": "moto", "waiting_receives": len(self._polls), "trouble": self._trouble}

    def _reset(self) -> None:
        self._polls.wake_all(again=False)
        moto_api_backend.reset()

    def _advance(self, seconds: float) -> float:
        shift = self._clock.advance(seconds)
        self._polls.wake_all()
        return shift

    def _bring_back(self, version: str, expiring: Mapping[str, str]) -> dict[str, Any]:
        """Restore the last run. Begin to write snapshots only after that, because they replace the last run's snapshot.

        Return sentences for the user. `again`: all resources were deleted, and must be created again.
        """
        if self._snapshot is None:
            return {"said": [], "again": False}
        said, again = [], False
        gc.disable()  # two thirds of the time were for looking for garbage among the new objects
        try:
            said = self._snapshot.bring_back(version, expiring)
        except Exception as error:
            LOG.exception("The snapshot could not be brought back.")
            said, again = [self._snapshot.set_aside(f"an error came in between ({error})")], True
            self._reset()
        finally:
            gc.enable()
        self._version = version
        self.keep()
        self._loop.call_later(self._every, self._keep)
        return {"said": said, "again": again}

    def _keep(self) -> None:
        began = self._loop.time()
        self.keep()
        self._loop.call_later(max(self._every, SHARE * (self._loop.time() - began)), self._keep)

    def keep(self) -> None:
        """Write a snapshot, once the last run was brought back.

        A failure is logged and shown by the health call, and the last snapshot stays.
        """
        if self._snapshot is None or not self._version:
            return
        try:
            left = self._snapshot.write(self._version)
            self._trouble = f"Not kept over a restart: {', '.join(left)}." if left else ""
        except Exception as error:
            LOG.exception("No snapshot was written.")
            self._trouble = (
                f"No snapshot was written ({error}; more in emulator.log). The next start brings back the one before."
            )


async def serve(
    host: str,
    port: int,
    announce: Callable[[str], Any],
    origins: Collection[str],
    state: Path | None,
    every: float,
) -> None:
    """Serve until cancelled, as `Host` says. `announce` is called with the URL once requests are accepted.

    Raises OSError if the address is taken, RuntimeError for the wrong moto version.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    loop = asyncio.get_running_loop()
    with socket.create_server((host, port), backlog=BACKLOG) as listener:
        address = listener.getsockname()[:2]
        application = Host(loop, address, origins, state, every)
        gc.freeze()  # do not look for garbage among moto's modules
        serving = await loop.create_server(server(answering(application)), sock=listener, backlog=BACKLOG)
        announce(f"http://{address[0]}:{address[1]}")
        try:
            # do not use serve_forever: since Python 3.12.1, its cancellation waits until all clients have closed their
            # connections, and the process would be killed before that
            await loop.create_future()
        finally:
            serving.close()
            application.keep()
