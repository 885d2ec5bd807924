"""Let one customer's jobs fill a line, and tell when another customer's job starts: `python -m tests.proof.flood`.

`--jobs 100000` jobs of one customer are submitted, and workers block them: only the platform's own code writes into a
line. Then three other customers submit one job each. It prints after how many seconds their jobs start, and how many
jobs of the first customer start in between.

A virtual clock runs: each request takes 4 ms or more, 10 ms on average, and CONCURRENCY workers run side by side. The
rows of jobs and limits are in memory, or with `--over dynamodb` in DynamoDB as it is emulated in this process. With
100,000 jobs, a case takes a minute of CPU time; ten if many of these jobs start meanwhile: choose with `--case`.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from pydantic import BaseModel, Field

from chalicelib import AtMost, Function, JobContext, JobType, Rate, job
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import HeldMessage, MemoryJobQueue
from chalicelib.job_types.at_most import AnyLimit
from chalicelib.job_types.retry import no_jitter
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import JobQueue, JobStore
from chalicelib.limits.dynamo import DynamoPlaces
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.port import PlaceStore
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import Lines
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.worker.consume import Worker
from tests.chalicelib.api.support import only_types
from tests.emulated import emulated
from tests.proof.roles.script import silence
from tests.proof.virtual_time import VirtualTime
from tests.support import SETTINGS, T0, Invocation, create_stores, sqs_record

MEMORY, DYNAMODB = "memory", "dynamodb"
TYPE, FIRST, OTHERS = "flood.probe", "acme", ("globex", "initech", "hooli")
JOBS, SECONDS = 100_000, 10.0
CONCURRENCY, TIMEOUT = 100, 60
REQUEST, RECEIVED, POLL = (0.004, 0.006), 0.1, 0.02
"""Seconds: what a request takes at least, and on average more than that; within how many a message is received."""
SETTLED, APART = 3.0, 1.0
"""Seconds from the time when the first customer's jobs wait to the first other job, and between the other jobs."""


@dataclass(frozen=True)
class Case:
    """The limits of the job type, and how long one job runs. Workers are free in each case."""

    limits: Sequence[AnyLimit]
    fair: bool = False
    runs_for: float = 0.5


CASES = {
    "a shared rate, and a narrower limit of each customer": Case(
        (AtMost(3, by="customer"), Rate(50, shared="provider"))
    ),
    "a slow shared rate, and a narrower rate of each customer": Case(
        (Rate(2, by="customer"), Rate(5, shared="provider"))
    ),
    "a shared limit, and a narrower limit of each customer": Case(
        (AtMost(3, by="customer"), AtMost(20, shared="provider"))
    ),
    "a shared rate with fair_by": Case((Rate(50, shared="provider"),), fair=True),
    "a slow shared rate with fair_by": Case((Rate(5, shared="provider"),), fair=True),
    "a shared limit with fair_by": Case((AtMost(20, shared="provider"),), fair=True),
    "a slow shared rate alone": Case((Rate(5, shared="provider"),)),
}


class Mine(BaseModel):
    """A job of a customer."""

    customer: str = Field(description="Whose.", examples=[FIRST])


@dataclass
class Told:
    """What happened: when the others' jobs started (None: not within the time), and what started before them."""

    waiting: int
    """How many jobs of the first customer wait when the first other job is submitted."""
    after: Sequence[float | None]
    """Seconds from the submission of each other job to its start."""
    before: Sequence[int]
    """How many jobs of the first customer start between the two, or in all the time."""
    a_second: float
    """How many jobs start in a second."""
    messages: float
    """How many messages are sent for each job that starts."""

    @property
    def longest(self) -> float | None:
        """Return after how many seconds the last of the other jobs starts; None: one has not started."""
        started = [one for one in self.after if one is not None]
        return max(started) if len(started) == len(self.after) else None


@dataclass
class Takes:
    """A port whose calls take the time of a request, once `on` is set."""

    port: Any
    time: VirtualTime
    random: random.Random
    on: bool = False
    calls: Counter[str] = field(default_factory=Counter)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.port, name)
        if not callable(found) or name == "signed":
            return found

        def request(*args: Any, **more: Any) -> Any:
            answer = found(*args, **more)
            if self.on:
                self.calls[name] += 1
                self.time.sleep(REQUEST[0] + self.random.expovariate(1 / REQUEST[1]))
            return answer

        return request


class Stage:
    """A job type with its workers. Functions note when they start."""

    def __init__(self, case: Case, clock: VirtualTime, store: JobStore, places: PlaceStore) -> None:
        self.time, self.busy, self.started = clock, 0, list[tuple[float, str]]()
        self.random, self.held = random.Random(1), MemoryJobQueue(lambda: clock.now, TIMEOUT)
        self.ports = [Takes(port, clock, self.random) for port in (store, self.held, places)]
        self.store, self.queue = cast("JobStore", self.ports[0]), cast("JobQueue", self.ports[1])
        self.created = clock.now
        self.service = JobService(self.store, self.queue, clock=lambda: self.created, sleep=clock.sleep)

        def run(payload: Mine, ctx: JobContext) -> None:
            self.started.append((clock.now, payload.customer))
            clock.sleep(case.runs_for)

        self.kind: JobType[Any, Any] = job(
            TYPE, timeout=TIMEOUT, limits=[*case.limits], fair_by="customer" if case.fair else None,
            function=Function(concurrency=CONCURRENCY),
        )(run)  # fmt: skip
        dispatcher = Dispatcher(self.store, self.queue, lambda: clock.now)
        self.lines = Lines(dispatcher, cast("PlaceStore", self.ports[2]), self.kind)

    def submit(self, customer: str) -> None:
        """Submit a job."""
        self.service.submit(Submission(TYPE, {"customer": customer}))

    def fill(self, jobs: int) -> None:
        """Submit the first customer's jobs, which were created in the last hour, and let workers look at each."""
        for number in range(jobs):
            self.created = self.time.now - 3600.0 * (1 - number / jobs)
            self.submit(FIRST)
            self.time.begin(0.0, self._invoke)
            self.time.sleep(0.0)

    def waiting(self, jobs: int) -> int:
        """Return how many of so many jobs are blocked: they have no message, and have not started."""
        return jobs - len(self.started) - len(self.held.messages[TYPE])

    def begin(self) -> None:
        """From now on, requests take time, and so many workers as there are receive messages."""
        for port in self.ports:
            port.on = True
        self.time.begin(0.0, self._poll)

    def _poll(self) -> None:
        while True:
            self.created = self.time.now
            for message in self.held.receive(TYPE, CONCURRENCY - self.busy) if self.busy < CONCURRENCY else ():
                self.busy += 1
                self.time.begin(self.random.uniform(0, RECEIVED), lambda message=message: self._work(message))  # type: ignore[misc]
            self.time.sleep(POLL)

    def _invoke(self) -> None:
        for message in self.held.receive(TYPE, 1):
            self.busy += 1
            self._work(message)

    def _work(self, message: HeldMessage) -> None:
        clock: Any = lambda: self.time.now  # noqa: E731 - a clock needs no name in tracebacks
        worker = Worker(
            self.kind, self.store, self.queue, clock, no_jitter, spread=lambda low, _: low, sleep=self.time.sleep,
            service=self.service, lines=self.lines,
        )  # fmt: skip
        body, ends = write_message(message.message), self.time.now + TIMEOUT
        record = sqs_record(message.receipt, body, message.receive_count, message.sent_at)
        if not worker.work({"Records": [record]}, Invocation(self.time, ends)):
            self.held.delete(TYPE, message.receipt)
        self.busy -= 1


def flood(case: Case, jobs: int, over: str = MEMORY, seconds: float = SECONDS) -> Told:
    """Let so many jobs of one customer wait, and submit the others' jobs; wait so many seconds for them at most."""
    clock = VirtualTime(T0)
    with silence(), only_types(), _stores(over, clock) as (store, places):
        stage = Stage(case, clock, store, places)
        clock.begin(0.0, lambda: stage.fill(jobs))
        try:
            clock.run(0.0)
            stage.begin()
            clock.run(SETTLED)
            settled, waiting, submitted = len(stage.started), stage.waiting(jobs), dict[str, float]()
            for customer in OTHERS:
                stage.created = submitted[customer] = clock.now
                clock.begin(0.0, lambda customer=customer: stage.submit(customer))  # type: ignore[misc]
                clock.run(APART)
            end = clock.now - APART + seconds
            while clock.now < end and not {*OTHERS} <= {one for _, one in stage.started}:
                clock.run(min(APART, end - clock.now))
        finally:
            clock.end()
        started, a_second = stage.started, (len(stage.started) - settled) / (clock.now - T0 - SETTLED)
        sent = stage.ports[1].calls["send"] / max(1, sum(at > T0 for at, _ in started))
        return _told(started, submitted, Told(waiting, (), (), a_second, sent))


def _told(started: Sequence[tuple[float, str]], submitted: dict[str, float], told: Told) -> Told:
    begun = {customer: at for at, customer in started}
    after = [begun[one] - at if one in begun else None for one, at in submitted.items()]
    before = [
        sum(since < at <= begun.get(one, at) for at, customer in started if customer == FIRST)
        for one, since in submitted.items()
    ]
    return replace(told, after=after, before=before)


@contextmanager
def _stores(over: str, clock: VirtualTime) -> Iterator[tuple[JobStore, PlaceStore]]:
    now = lambda: clock.now  # noqa: E731 - a clock needs no name in tracebacks
    if over == MEMORY:
        yield MemoryJobStore(now), MemoryPlaces()
        return
    with emulated(now):
        create_stores(SETTINGS)
        yield DynamoJobStore(SETTINGS, now), DynamoPlaces(SETTINGS, now)


def said(told: Told, seconds: float) -> str:
    """Return the result as a sentence."""
    if told.longest is None:
        behind = told.waiting / told.a_second
        return (
            f"not within {seconds:g} s: {max(told.before):,} others start before it, {told.a_second:.0f} a second; "
            f"in the order of creation it starts after {behind:,.0f} s"
        )
    return f"starts within {told.longest:.1f} s, after at most {max(told.before)} others ({told.a_second:.0f} a second)"


def main() -> int:
    """Play each case; return 1 if another customer's job does not start in time in one that is to be fair."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.flood", description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS, help="jobs of the first customer")
    parser.add_argument("--over", choices=(MEMORY, DYNAMODB), default=MEMORY, help="where the rows are")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long another customer's job may wait")
    parser.add_argument("--case", default="", help="only cases whose name contains this")
    asked, late = parser.parse_args(), 0
    for name, case in CASES.items():
        if asked.case in name:
            began = time.process_time()
            told = flood(case, asked.jobs, asked.over, asked.seconds)
            print(f"{name}: {told.waiting:,} jobs of one customer wait; another one's job {said(told, asked.seconds)}")
            cpu, limits = time.process_time() - began, ", ".join(map(str, case.limits))
            print(f"  {limits}; {told.messages:.1f} messages for each start; {cpu:.0f} s of CPU", flush=True)
            late += told.longest is None and (case.fair or len(case.limits) > 1)
    return int(late > 0)


if __name__ == "__main__":
    sys.exit(main())
