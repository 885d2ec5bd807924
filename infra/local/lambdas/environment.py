"""Run one execution environment: a process that handles one invocation after another, and may end at any time."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from infra.local import lifeline
from infra.local.lambdas.invocation import Invocation, exited, parse_error, timed_out
from infra.local.lambdas.lines import LinePump
from infra.local.lambdas.logs import FunctionLog, peak_memory_mb
from infra.local.lambdas.runtime_api import RuntimeApi
from infra.local.lambdas.site import Site, variables
from infra.local.lambdas.specs import FunctionSpec

RUNTIME = "awslambdaric"
MEMORY_SECONDS = 0.1
OUT_OF_MEMORY = "Runtime.OutOfMemory"


OnIdle = Callable[["Environment"], None]
OnGone = Callable[["Environment", dict[str, Any] | None], None]


class Environment:
    """A process that runs AWS's runtime client, with its own Runtime API.

    It calls `on_idle` when it can take an invocation, and `on_gone` when its process has ended, with the error if it
    never became ready.
    """

    def __init__(self, spec: FunctionSpec, site: Site, on_idle: OnIdle, on_gone: OnGone) -> None:
        self.spec = spec
        self.log = FunctionLog(spec, site.sink)
        self.ready = False
        self.current: Invocation | None = None
        self._site = site
        self._on_idle = on_idle
        self._on_gone = on_gone
        self._api = RuntimeApi(self.next_invocation, self.answer, self.init_failed)
        self._process: asyncio.subprocess.Process | None = None
        self._lines: LinePump | None = None
        self._turn: asyncio.Future[Invocation] | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._began = 0.0
        self._init_ms: float | None = None
        self._init_error: dict[str, Any] | None = None
        self._memory: int | None = None

    @property
    def pid(self) -> int | None:
        """Return the process id, once started."""
        return self._process.pid if self._process else None

    async def run(self) -> None:
        """Start the process and wait until it has ended, for any reason."""
        self._began = time.monotonic()
        try:
            process = await self._spawn()
            self._timers["end"] = asyncio.get_running_loop().call_later(self._site.init_timeout, self._init_expired)
            returncode = await process.wait()
        finally:
            self.kill()
            self._api.close()
            self._stop_clock()
            if self._lines is not None:
                self._lines.drain()
                self._lines.close()
        self._end(returncode)

    def deliver(self, invocation: Invocation) -> None:
        """Give an idle environment its next invocation, and start to measure its timeout."""
        assert self._turn is not None  # noqa: S101 - only idle environments are given one
        invocation.begin(cold_start=self._init_ms is not None)
        self.current = invocation
        self.log.start(invocation)
        self._look_at_memory()
        self._timers["end"] = asyncio.get_running_loop().call_later(invocation.timeout, self._timed_out)
        turn, self._turn = self._turn, None
        turn.set_result(invocation)

    def kill(self) -> None:
        """End the process and its children at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def next_invocation(self) -> Invocation:
        """Record that the runtime is ready and waits (Runtime API)."""
        if not self.ready:
            self.ready = True
            self._stop_clock()
            self._init_ms = (time.monotonic() - self._began) * 1000
        turn: asyncio.Future[Invocation] = asyncio.get_running_loop().create_future()
        self._turn = turn
        self._on_idle(self)  # this call may deliver an invocation at once
        return await turn

    def answer(self, request_id: str, body: bytes, ok: bool) -> bool:
        """Record the outcome that the runtime posted (Runtime API)."""
        invocation = self.current
        if invocation is None or invocation.request_id != request_id:
            return False
        self._finish_log(invocation, None)
        self.current = None
        if ok:
            invocation.succeed(body)
        else:
            invocation.fail(parse_error(body))
        return True

    def init_failed(self, body: bytes) -> None:
        """Record that the runtime could not load the handler (Runtime API)."""
        self._init_error = parse_error(body)

    async def _spawn(self) -> asyncio.subprocess.Process:
        address = await self._api.start()
        read_end, write_end = os.pipe()
        self._lines = LinePump(read_end, self.log.line)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *lifeline.command(sys.executable), RUNTIME, self.spec.handler,
                stdin=asyncio.subprocess.PIPE, stdout=write_end, stderr=write_end,
                cwd=self._site.root, env=variables(self.spec, self._site, address, self.log.stream),
                start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(write_end)
        return self._process

    def _finish_log(self, invocation: Invocation, status: str | None) -> None:
        self._stop_clock()
        if self._is_over_its_memory():
            # kill the process only now: this invocation has its answer, and the next invocation needs a new process
            self.kill()
        if self._lines is not None:
            self._lines.drain()  # read the output first: the handler printed it before it posted its answer
        self.log.end(invocation, init_ms=self._init_ms, memory=self._memory, status=status)
        self._init_ms = None

    def _look_at_memory(self) -> None:
        """End a process that uses more memory than its function may.

        Lambda ends it at once; here it ends soon after.
        """
        if self._is_over_its_memory():
            self.kill()
        else:
            self._timers["memory"] = asyncio.get_running_loop().call_later(MEMORY_SECONDS, self._look_at_memory)

    def _is_over_its_memory(self) -> bool:
        peak = peak_memory_mb(self.pid or 0)
        self._memory = peak if peak is not None else self._memory
        return self._memory is not None and self._memory > self.spec.memory

    def _timed_out(self) -> None:
        invocation = self.current
        if invocation is None:
            return
        self.log.line(f"{invocation.request_id} Task timed out after {invocation.timeout:.2f} seconds", platform=True)
        self._finish_log(invocation, "timeout")
        self.kill()
        self.current = None
        invocation.fail(timed_out(invocation.request_id, invocation.timeout))

    def _init_expired(self) -> None:
        seconds = self._site.init_timeout
        self._init_error = {"errorType": "Sandbox.Timedout", "errorMessage": f"Init timed out after {seconds:.0f} s"}
        self.kill()

    def _end(self, returncode: int) -> None:
        if (invocation := self.current) is not None:
            error = exited(invocation.request_id, returncode)
            self.log.line(error["errorMessage"], platform=True)
            self._finish_log(invocation, OUT_OF_MEMORY if self._is_over_its_memory() else error["errorType"])
            self.current = None
            invocation.fail(error)
        if not self.ready and self._init_error is None:
            self._init_error = exited("-", returncode)
        self._on_gone(self, None if self.ready else self._init_error)

    def _stop_clock(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
