"""Faults on request: the process dies at a given call, before or after it; or calls fail for a while."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.jobs.ports import JobQueue, Nudge


class Crash(BaseException):
    """The process is gone: nothing after this line runs. No `except Exception` of the code under test sees it."""


class Throttled(Exception):
    """AWS refused a request; nothing was written."""


class ReplyLost(Exception):
    """AWS did what was asked, and the answer never arrived."""


@dataclass
class Faults:
    """Counts the calls of the code under test, and kills it, or fails one, where it is told to."""

    calls: int = 0
    crash_at: int | None = None
    after: bool = False
    fail: Callable[[str], Exception | None] = lambda _: None
    lose: Callable[[str], Exception | None] = lambda _: None
    unsent: int = 0
    """How many entries of the next SendMessageBatch SQS will not take."""
    names: list[str] = field(default_factory=list)
    sleeping: bool = False

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Calls made inside are the observer's: not counted, not disturbed."""
        self.sleeping = True
        try:
            yield
        finally:
            self.sleeping = False

    def before(self, name: str) -> None:
        """A call is about to be made."""
        if self.sleeping:
            return
        self.calls += 1
        self.names.append(name)
        if self.crash_at == self.calls and not self.after:
            raise Crash(f"before {name}, call {self.calls}")
        error = self.fail(name)
        if error is not None:
            raise error

    def done(self, name: str) -> None:
        """A call was made, and its answer is about to be read."""
        if self.sleeping:
            return
        if self.crash_at == self.calls and self.after:
            raise Crash(f"after {name}, call {self.calls}")
        error = self.lose(name)
        if error is not None:
            raise error


class Partial:
    """A queue that takes a part of a batch, when the faults say so."""

    def __init__(self, queue: JobQueue, faults: Faults) -> None:
        self._queue = queue
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    def send_many(self, nudges: Sequence[Nudge], delays: Mapping[str, int] | None = None) -> Sequence[Nudge]:
        """See JobQueue."""
        lost, self._faults.unsent = list(nudges[: self._faults.unsent]), 0
        taken = nudges[len(lost) :]
        return [*lost, *(self._queue.send_many(taken, delays) if taken else ())]


class Faulty:
    """A port whose every call goes through the faults."""

    def __init__(self, port: object, faults: Faults) -> None:
        self._port = port
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._faults.before(name)
            answer, refusal = None, None
            try:
                answer = method(*args, **kwargs)
            except Exception as error:
                refusal = error
            self._faults.done(name)
            if refusal is not None:
                raise refusal
            return answer

        return call
