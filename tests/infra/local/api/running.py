"""Run the local gateway in a thread, as a process of its own would."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from infra.local.api.gateway import Gateway
from infra.local.api.lines import LEFT, READY
from infra.local.api.server import Server


class Serving:
    """A gateway that serves in a thread."""

    def __init__(self, listener: socket.socket, gateway: Gateway) -> None:
        self._listener = listener
        self._gateway = gateway
        self._said = {READY: threading.Event(), LEFT: threading.Event()}
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._said[READY].wait(30)

    def leave(self) -> None:
        """Return when every new request goes to another process."""
        self._loop.call_soon_threadsafe(self._server.leave)
        assert self._said[LEFT].wait(30)

    def has_ended(self, seconds: float = 30) -> bool:
        """Return True if it has answered everything, after at most some seconds."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = Server(self._gateway)
        await self._server.serve(self._listener, lambda line: self._said[line].set())


@contextmanager
def serving(listener: socket.socket, gateway: Gateway) -> Iterator[Serving]:
    """Yield a gateway that serves on a copy of the listening socket; it ends with the block."""
    server = Serving(listener.dup(), gateway)
    try:
        yield server
    finally:
        if not server.has_ended(0):
            server.leave()
        assert server.has_ended()
