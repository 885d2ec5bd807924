"""Represent one call of a function: its event, its outcome, and the errors that Lambda itself creates."""

import asyncio
import json
import secrets
import signal
import time
import uuid
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """The outcome of an invocation: `payload`, or else Lambda's `error` (errorType, errorMessage, stackTrace)."""

    ok: bool
    request_id: str
    payload: Any = None
    error: dict[str, Any] | None = None
    cold_start: bool = False
    duration_ms: float = 0.0


class Invocation:
    """An event that an execution environment handles. `timeout` in seconds counts from `begin`."""

    def __init__(self, arn: str, event: Any, timeout: float) -> None:
        self.request_id = str(uuid.uuid4())
        self.arn = arn
        self.body = json.dumps(event, separators=(",", ":")).encode()
        self.trace_id = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
        self.timeout = timeout
        self.deadline_ms = 0
        self.cold_start = False
        self.result: asyncio.Future[InvokeResult] = asyncio.get_running_loop().create_future()
        self._began = 0.0

    def begin(self, *, cold_start: bool) -> None:
        """Start the clock; call it just before the event reaches the handler."""
        self.cold_start = cold_start
        self._began = time.monotonic()
        self.deadline_ms = int((time.time() + self.timeout) * 1000)

    @property
    def duration_ms(self) -> float:
        """Return the milliseconds since `begin`; 0 before it."""
        return (time.monotonic() - self._began) * 1000 if self._began else 0.0

    def succeed(self, body: bytes) -> None:
        """Settle with the handler's return value, as JSON."""
        self._settle(ok=True, payload=json.loads(body or b"null"))

    def fail(self, error: dict[str, Any]) -> None:
        """Settle with an error."""
        self._settle(ok=False, error=error)

    def _settle(self, *, ok: bool, payload: Any = None, error: dict[str, Any] | None = None) -> None:
        if self.result.done():
            return
        duration = self.duration_ms
        self.result.set_result(InvokeResult(ok, self.request_id, payload, error, self.cold_start, duration))


def parse_error(body: bytes) -> dict[str, Any]:
    """Return the error that a runtime posted. If the body is not a JSON object, it becomes the message of the error."""
    try:
        error = json.loads(body)
    except ValueError:
        error = None
    if isinstance(error, dict):
        return error
    return {"errorType": "Unhandled", "errorMessage": body.decode(errors="replace")}


def timed_out(request_id: str, seconds: float) -> dict[str, Any]:
    """Return the error of an invocation that reached the function's timeout."""
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return {"errorType": "Sandbox.Timedout", "errorMessage": message}


def exited(request_id: str, returncode: int | None) -> dict[str, Any]:
    """Return the error of an invocation whose process ended. A negative `returncode` is a signal number."""
    how = f"exit status {returncode}"
    if returncode is not None and returncode < 0:
        how = f"signal: {(signal.strsignal(-returncode) or str(-returncode)).lower()}"
    message = f"RequestId: {request_id} Error: Runtime exited with error: {how}"
    return {"errorType": "Runtime.ExitError", "errorMessage": message}
