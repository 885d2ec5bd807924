"""Inject faults on request: the process dies before or after a given call, or calls fail, once or for hours."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobQueue, JobStore, Message

DYNAMODB, SQS = "DynamoDB", "SQS"
"""The services that can have an outage."""
CREATE = "create"
"""The write that creates a job; it is not in the table of moves."""


class Crash(BaseException):
    """The process has ended: nothing after this line runs. No `except Exception` of the tested code catches it."""


class Throttled(Exception):
    """AWS refused a request; nothing was written."""


class ReplyLost(Exception):
    """AWS did what was requested, but the answer is lost."""


@dataclass
class Faults:
    """Counts the calls of the tested code. Kills the process, or lets a call fail, where a test requires it."""

    calls: int = 0
    crash_at: int | None = None
    after: bool = False
    fail: Callable[[str], Exception | None] = lambda _: None
    lose: Callable[[str], Exception | None] = lambda _: None
    unsent: int = 0
    """Number of entries of the next SendMessageBatch that SQS refuses."""
    names: list[str] = field(default_factory=list)
    moment: Callable[[], object] = lambda: None
    """Returns the present moment: it is the same at two calls if nothing but these calls happened between them."""
    moments: list[object] = field(default_factory=list)
    """The time of each call."""
    port_calls: int = 0
    """How often a call of a port has begun or ended; counted only if a call of a port makes several requests."""
    ports: list[int] = field(default_factory=list)
    """The call of a port to which each call belongs."""
    dies: Callable[[], object] = lambda: None
    """Called when a process dies at a call."""
    sleeping: bool = False
    out: set[str] = field(default_factory=set)
    """The services that refuse every request."""
    out_from: dict[str, int] = field(default_factory=dict)
    """The services that refuse every request from this call on, because an outage may begin in the middle of an
    attempt."""
    around: set[str] = field(default_factory=set)
    """Faults that last, such as a wrong clock: they affect every move that is made meanwhile."""
    aims: dict[str, str] = field(default_factory=dict)
    """By move, a fault that happens the next time the move is made, once."""
    strikes: int = 0
    """Number of calls that died, were refused or lost their answer."""
    moving: str | None = None
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each fault happened during each move."""

    def calm(self) -> None:
        """End every fault."""
        self.crash_at, self.unsent, self.aims = None, 0, {}
        self.fail = self.lose = lambda _: None
        self.out, self.out_from, self.around = set(), {}, set()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Do not count or disturb the observer's calls within the block."""
        before, self.sleeping = self.sleeping, True
        try:
            yield
        finally:
            self.sleeping = before

    def before(self, name: str, service: str = DYNAMODB) -> None:
        """Handle a call before it is made."""
        if self.sleeping:
            return
        self.calls += 1
        self.names.append(name)
        self.moments.append(self.moment())
        self.ports.append(self.port_calls)
        if (self.crash_at == self.calls and not self.after) or self._hits("dies before"):
            self._strike("dies before")
            self.dies()
            raise Crash(f"before {name}, call {self.calls}")
        if self._hits(f"{DYNAMODB} is out of order"):
            self.out.add(DYNAMODB)
        if self._hits(f"{SQS} is out of order"):
            self.out.add(SQS)
            self.around.add(f"{SQS} is out of order")
        # other threads count calls meanwhile
        if service in self.out_from and self.out_from[service] <= self.calls:
            self.out.add(service)
        error = Throttled(f"{service} is out of order") if service in self.out else self.fail(name)
        if self._hits("refused"):
            error = Throttled(name)
        if error is not None:
            self._strike(f"{service} is out of order" if service in self.out else "refused")
            raise error

    def done(self, name: str) -> None:
        """Handle a call that was made, before its answer is read."""
        if self.sleeping:
            return
        if (self.crash_at == self.calls and self.after) or self._hits("dies after"):
            self._strike("dies after")
            self.dies()
            raise Crash(f"after {name}, call {self.calls}")
        error = ReplyLost(name) if self._hits("reply lost") else self.lose(name)
        if error is not None:
            self._strike("reply lost")
            raise error
        for fault in self.around:
            self._strike(fault)

    @contextmanager
    def move(self, name: str) -> Iterator[None]:
        """Let calls within the block belong to this move."""
        self.moving = name
        try:
            yield
        finally:
            self.moving = None

    def _hits(self, fault: str) -> bool:
        """Return whether this fault is planned for the present move, and remove it from the plan."""
        if self.moving is None or not self.aims or self.aims.get(self.moving) != fault:
            return False
        del self.aims[self.moving]
        return True

    def _strike(self, fault: str) -> None:
        self.strikes += fault not in self.around
        if self.moving is not None:
            self.struck[fault, self.moving] += 1


class Numbered:
    """A port that reports which of its requests belong to one of its calls."""

    def __init__(self, port: object, faults: Faults) -> None:
        self._port, self._faults = port, faults

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if not callable(method):
            return method

        def call(*asked: Any, **more: Any) -> Any:
            self._faults.port_calls += 1
            try:
                return method(*asked, **more)
            finally:
                self._faults.port_calls += 1

        return call


class Moving:
    """A store that reports the move of each of its writes."""

    def __init__(self, store: JobStore, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def add(self, job: Job) -> None:
        """See JobStore."""
        with self._faults.move(CREATE):
            self._store.add(job)

    def add_listed(self, job: Job) -> None:
        """See JobStore."""
        with self._faults.move(CREATE):
            self._store.add_listed(job)

    def apply(self, job_id: str, change: Change) -> Job:
        """See JobStore."""
        with self._faults.move(change.move.name):
            return self._store.apply(job_id, change)


class Partial:
    """A queue that accepts only a part of a batch, if the faults require it."""

    def __init__(self, queue: JobQueue, faults: Faults) -> None:
        self._queue = queue
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    def send_many(self, messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        """See JobQueue."""
        lost, self._faults.unsent = list(messages[: self._faults.unsent]), 0
        taken = messages[len(lost) :]
        return [*lost, *(self._queue.send_many(taken, delays) if taken else ())]


WITHOUT_REQUEST = frozenset({"signed"})
"""Calls that are answered from memory."""


class Faulty:
    """A port whose calls that make requests all pass through the faults."""

    def __init__(self, port: object, faults: Faults, service: str) -> None:
        self._port = port
        self._faults = faults
        self._service = service

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name in WITHOUT_REQUEST:
            return method

        def call(*args: Any, **kwargs: Any) -> Any:
            self._faults.before(name, self._service)
            answer, refusal = None, None
            try:
                answer = getattr(self._port, name)(*args, **kwargs)
            except Exception as error:
                refusal = error
            self._faults.done(name)
            if refusal is not None:
                raise refusal
            return answer

        self.__dict__[name] = call  # found without __getattr__ the next time
        return call
