"""Run the API as a child process that can be replaced without refusing a request."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from infra.cloud.package.shipped import GATEWAY, probed
from infra.local import lifeline
from infra.local.api.lines import LEFT, READY
from infra.local.ending import end
from infra.local.errors import BrokenCode
from infra.local.lambdas.logs import FunctionLog
from infra.local.lambdas.site import of_host

SERVER = "aiohttp"
"""The library of the local server. It is in no package, so only this process may import it."""
START_SECONDS = 60.0
STOP_SECONDS = 3.5
LEAVE_SECONDS = 2.0
MAKE_WAY_SECONDS = 10.0


class ApiProcess:
    """The processes of the API, one after the other, on one listening socket.

    The socket stays open in this process when one process replaces another.
    """

    def __init__(self, listener: socket.socket, root: Path, log: FunctionLog) -> None:
        self._listener = listener
        self._root = root
        self._log = log
        self._current: Generation | None = None

    @property
    def pid(self) -> int | None:
        """Return the id of the process that serves."""
        return self._current.process.pid if self._current else None

    @property
    def ended(self) -> bool:
        """Return True if the process that serves has ended and nobody asked it to."""
        return self._current is not None and self._current.process.poll() is not None

    def replace(self, environment: Mapping[str, str]) -> None:
        """Start a new process; once it serves, end the old one.

        Raises BrokenCode, and then the old process continues.
        """
        successor = Generation(self._listener, self._root, environment, self._log)
        try:
            successor.wait_until_ready()
        except BrokenCode:
            successor.stop()
            raise
        if self._current is not None:
            self._current.make_way()
        self._current = successor

    def stop(self) -> None:
        """End the process that serves. Idempotent."""
        if self._current is not None:
            self._current.stop()


class Generation:
    """One process."""

    def __init__(self, listener: socket.socket, root: Path, environment: Mapping[str, str], log: FunctionLog) -> None:
        descriptor = listener.fileno()
        self._log = log
        self._said: list[str] = []
        self._settled = threading.Event()
        self._left = threading.Event()
        self._ready = False
        self.process = subprocess.Popen(
            [*lifeline.command(sys.executable), "infra.local.api.serve", str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[descriptor],
            cwd=root,
            env={**of_host(), **environment, "PYTHONPATH": str(root), **probed(root, (*GATEWAY, SERVER))},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="api-output", daemon=True)
        self._reader.start()

    def wait_until_ready(self) -> None:
        """Return once the process serves.

        Raises BrokenCode with the process's output if it ends before, or takes too long.
        """
        if not self._settled.wait(START_SECONDS) or not self._ready:
            raise BrokenCode("The API did not start.\n" + "\n".join(self._said[-30:]))

    def make_way(self) -> None:
        """Let every new connection go to the new process, then return.

        This process ends when its clients have also moved to the new process.
        """
        self.process.send_signal(signal.SIGTERM)
        self._left.wait(LEAVE_SECONDS)
        threading.Thread(target=self.stop, args=(MAKE_WAY_SECONDS,), name="api-makes-way", daemon=True).start()

    def stop(self, patience: float = STOP_SECONDS) -> None:
        """Let the process finish its current requests, at most `patience` seconds, then kill it."""
        end(self.process, patience, self._reader)

    def _read(self) -> None:
        output = self.process.stdout
        for raw in output or ():
            line = raw.decode(errors="replace").rstrip(os.linesep)
            if line == READY:
                self._ready = True
                self._settled.set()
            elif line == LEFT:
                self._left.set()
            elif self._ready:
                self._log.line(line)
            else:
                self._said.append(line)
        self._settled.set()
        self._left.set()
