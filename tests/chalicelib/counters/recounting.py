"""A platform whose stream stands still until a test lets it flow, with a recount over it."""

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters.changes import CanaryPassed, Image, JobChange, Told
from chalicelib.counters.port import Census
from chalicelib.counters.recounting.recount import Recount, Report
from chalicelib.counters.stream import StreamCounter
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore
from tests.support import Clock

PLENTY = 800.0


class Stream:
    """Canaries that go into a stream of changes, in order, which reach the counters only when a test says so."""

    def __init__(self) -> None:
        self.waiting: list[Told] = []
        self._place = 0

    def change(self, before: Job | None, after: Job | None, at: float) -> None:
        images = [None if job is None else image(job) for job in (before, after)]
        self.waiting.append(JobChange(self._next(), images[0], images[1], at))

    def release(self, run: str, number: int) -> None:
        self.waiting += [CanaryPassed(self._next(), run) for _ in range(number)]

    def _next(self) -> str:
        self._place += 1
        return f"{self._place:040}"


def image(job: Job) -> Image:
    return Image(job.id, job.type, job.status, job.created_at, job.updated_at, job.started_at, job.finished_at)


class Platform:
    """A store, its stream, its counters and a recount over them; `clock` moves only when it is told to."""

    def __init__(self, store: JobStore, census: Census, counters: MemoryCounters | DynamoCounters, clock: Clock):
        self.store, self.counters, self.clock, self.stream = store, counters, clock, Stream()
        self.flows = True
        self.counter = StreamCounter(counters, clock)
        self.recount = Recount(census, self.stream, counters, counters, clock, self._pass)

    def _pass(self, seconds: float) -> None:
        self.clock.now += seconds
        self.flow()

    def flow(self) -> None:
        """Let the stream deliver what waits, unless it is stuck."""
        if self.flows:
            self.counter.count(self.stream.waiting, "s")
            self.stream.waiting = []

    def add(self, *jobs: Job, lost: bool = False) -> None:
        for job in jobs:
            self.store.add(job)
            if not lost:
                self.stream.change(None, job, self.clock.now)

    def step(self, left: float = PLENTY, *, start: bool = False) -> Report:
        return self.recount.step(lambda: left, start=start)

    def total(self, status: Status = Status.QUEUED) -> int:
        return self.counters.standing().totals.get(("email.send", status), 0)
