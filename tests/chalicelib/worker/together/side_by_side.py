"""Run many workers of one job type in parallel, on one clock that does not depend on the machine.

Each worker is a thread, and one runs at a time: a sleeping one hands over to the one that wakes first.
"""

import heapq
import logging
import math
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import HeldMessage, MemoryJobQueue
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import JobStore, Message
from chalicelib.limits.memory import MemoryTurns
from chalicelib.limits.port import Turns
from chalicelib.limits.rate import Pacing
from chalicelib.producing.service import JobService
from chalicelib.watchdog.run import Watchdog
from chalicelib.worker.consume import Worker
from tests.chalicelib.worker.one_type import Note
from tests.proof.grounds.faults import Crash
from tests.support import T0, sqs_record

NAME = "test.paced"
POLL = 0.3
LONG_POLL = 5.0


class Over(BaseException):
    """The simulation has ended: every thread ends, wherever it is."""


@dataclass
class Invocation:
    clock: Callable[[], float]
    ends: float
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends - self.clock()) * 1000)


@dataclass
class Slow:
    """A port whose answers need time; it counts its calls, and the changes by job."""

    world: "SideBySide"
    port: str

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            counted = args[0] if name == "apply" else name
            self.world.calls[counted] = self.world.calls.get(counted, 0) + 1
            found = getattr(getattr(self.world, self.port), name)(*args, **more)
            self.world.sleep(self.world.rng.uniform(0, self.world.latency))
            return found

        return call


@dataclass
class SideBySide:
    """Workers of a type with a rate. `takes` gives the seconds of a run, `dies` whether its process ends in it."""

    rate: Rate
    workers: int = 4
    batch_size: int = 1
    timeout: int = 60
    seed: int = 1
    skew: float = 0.0
    takes: Callable[[random.Random], float] = lambda _: 0.05
    dies: Callable[[random.Random], bool] = lambda _: False
    fails: Callable[[random.Random], bool] = lambda _: False
    repeats: Callable[[random.Random], bool] = lambda _: False
    latency: float = 0.02
    turns: Turns = field(default_factory=MemoryTurns)
    now: float = T0
    starts: list[float] = field(default_factory=list)
    received: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    paused: bool = False
    over: bool = False

    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        function = Function(batch_size=self.batch_size, concurrency=max(2, self.workers))
        self.kind: JobType[Any, Any] = JobType(
            NAME, self._function, Note, max_attempts=5, timeout=self.timeout, rate=self.rate, function=function
        )
        self.store = MemoryJobStore(self.clock)
        self.queue = MemoryJobQueue(self.clock, self.kind.visibility_timeout, self.kind.max_receives)
        service = JobService(self.store, self.queue, clock=self.clock)
        self.watchdog = Watchdog(service.dispatcher, [NAME])
        self._sleepers: list[tuple[float, int, threading.Event]] = []
        self._ticket, self._main = count(), threading.Event()

    def clock(self) -> float:
        return self.now

    def submit(self, number: int, prefix: str = "job") -> None:
        for n in range(number):
            job = Job(f"{prefix}-{n:05}", NAME, Status.QUEUED, self.now, self.now, payload={"text": "hi"}, sent=True,
                      max_attempts=5, due_at=self.now + 60)  # fmt: skip
            self.store.add(job)
            self.ids.append(job.id)
            self.queue.send(Message(job.id, 1, NAME))

    def run(self, seconds: float) -> None:
        """Run everything for that time, or until no job is left."""
        ends = self.now + seconds
        with self._threads():
            while self._sleepers and self.now < ends and not self._done():
                at, _, event = heapq.heappop(self._sleepers)
                self.now = max(self.now, at)
                self._hand_over(event)

    def most(self) -> int:
        """Return the maximum number of starts in any window of the rate's length."""
        at = sorted(round(start * 1_000_000) for start in self.starts)
        width, low, most = round(self.rate.per * 1_000_000), 0, 0
        for high, last in enumerate(at):
            while at[low] <= last - width:
                low += 1
            most = max(most, high - low + 1)
        return most

    def jobs(self) -> list[Job]:
        return [self.store.get(job_id) for job_id in self.ids]

    def sleep(self, seconds: float) -> None:
        """Let the other threads run meanwhile."""
        if self.over:
            raise Over
        event = threading.Event()
        heapq.heappush(self._sleepers, (self.now + max(0.0, seconds), next(self._ticket), event))
        self._main.set()
        event.wait()
        if self.over:
            raise Over

    def _done(self) -> bool:
        return all(job.terminal for job in self.jobs()) if self.rng.random() < 0.02 else False

    def _hand_over(self, event: threading.Event) -> None:
        self._main.clear()
        event.set()
        self._main.wait()

    @contextmanager
    def _threads(self) -> Iterator[None]:
        # Each worker captures its job's output; the captures end in another order than they begin.
        root, streams = list(logging.getLogger().handlers), (sys.stdout, sys.stderr)
        works = [*(lambda n=n: self._worker(n) for n in range(self.workers)), self._watch]
        threads = [threading.Thread(target=self._begin, args=(work,), daemon=True) for work in works]
        for thread in threads:
            self._main.clear()
            thread.start()
            self._main.wait()
        try:
            yield
        finally:
            self.over = True
            for _, _, event in self._sleepers:
                self._hand_over(event)
            for thread in threads:
                thread.join(5)
            self._sleepers, self.over = [], False
            logging.getLogger().handlers, (sys.stdout, sys.stderr) = root, streams

    def _begin(self, work: Callable[[], None]) -> None:
        try:
            self.sleep(self.rng.uniform(0, POLL))
            work()
        except Over:
            pass
        finally:
            self._main.set()

    def _watch(self) -> None:
        while True:
            self.watchdog.run(lambda: 50.0)
            self.sleep(60)

    def _worker(self, number: int) -> None:
        ahead = self.skew * number / max(1, self.workers - 1)
        worker = self._new(ahead)
        while True:
            batch = [] if self.paused else self.queue.receive(NAME, self.batch_size)
            if not batch:
                self.sleep(self._quiet())
                continue
            for held in batch:
                self.received[held.message.id] = self.received.get(held.message.id, 0) + 1
                if self.repeats(self.rng):
                    self.queue.send(held.message)
            try:
                self._work(worker, batch, ahead)
            except Crash:
                worker = self._new(ahead)

    def _quiet(self) -> float:
        """Return for how many seconds no message can become visible, and a moment more.

        A poller waits for messages this long.
        """
        next_at = min((held.visible_at for held in self.queue.messages.get(NAME, [])), default=math.inf)
        return max(0.0, min(next_at - self.now, LONG_POLL)) + self.rng.uniform(0.5, 1) * POLL

    def _work(self, worker: Worker, batch: list[HeldMessage], ahead: float) -> None:
        records = [sqs_record(m.receipt, write_message(m.message), m.receive_count, m.sent_at) for m in batch]
        clock = self._clock_of(ahead)
        again = worker.work({"Records": records}, Invocation(clock, clock() + self.timeout))
        for message in batch:
            if message.receipt not in again:
                self.queue.delete(NAME, message.receipt)

    def _new(self, ahead: float) -> Worker:
        clock, store = self._clock_of(ahead), cast("JobStore", Slow(self, "store"))
        pacing = Pacing.of(self.kind, self.rate, cast("Turns", Slow(self, "turns")), store, clock, self.sleep)
        return Worker(self.kind, store, self.queue, clock, self.rng.uniform, self.rng.uniform, sleep=self.sleep,
                      starts=pacing)  # fmt: skip

    def _clock_of(self, ahead: float) -> Callable[[], float]:
        return lambda: self.now + ahead

    def _function(self, _: Note, __: JobContext) -> str:
        self.starts.append(self.now)
        self.sleep(self.takes(self.rng))
        if self.dies(self.rng):
            raise Crash
        if self.fails(self.rng):
            raise ValueError("boom")
        return "done"
