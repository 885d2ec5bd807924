"""Let many workers take the slots of two rates side by side, with a virtual clock: each request takes 8 ms."""

import math
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from chalicelib.job_types.rate import Rate
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import Limit, LimitedJob, Runs, Standing, turns_of
from chalicelib.limits.slots import Slots
from tests.proof.virtual_time import VirtualTime

REQUEST, WITHIN, RUNS_FOR, WORKERS, SECONDS = 0.008, 5.0, 0.1, 20, 60.0


@dataclass
class Row:
    """A job's row."""

    id: str
    type: str
    since: float
    limits: tuple[Limit, ...]
    standing: Standing = Standing.OTHER
    claims: int = 0
    passed: int | None = None
    waits: str | None = None
    at: float = 0.0


@dataclass
class World:
    """The jobs, their workers and their messages. It is the LimitedJobs of the platform's own code."""

    time: VirtualTime = field(default_factory=lambda: VirtualTime(1_000_000.0))
    memory: MemoryPlaces = field(default_factory=MemoryPlaces)
    rows: dict[str, Row] = field(default_factory=dict)
    limits: dict[str, Limit] = field(default_factory=dict)
    busy: Counter[str] = field(default_factory=Counter)
    queued: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    starts: list[tuple[float, Row]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    slots: Counter[str] = field(default_factory=Counter)
    late: dict[str, float] = field(default_factory=dict)
    """Seconds by which the workers of a type begin a woken job late."""

    def __getattr__(self, name: str) -> Any:
        """Return a method of the places, which takes the time of a request."""
        method = getattr(self.memory, name)

        def request(*args: Any, **more: Any) -> Any:
            self.time.sleep(REQUEST / 2)
            answer = method(*args, **more)
            if name == "slot" and answer is not None:
                self.slots[args[0].id] += 1
            self.time.sleep(REQUEST / 2)
            return answer

        return request

    def seen(self, row: Row) -> LimitedJob:
        return LimitedJob(row.id, row.type, row.since, 1, row.claims, row.passed, row.standing, row.waits)

    def find(self, jobs: Sequence[str]) -> Sequence[LimitedJob]:
        self.time.sleep(REQUEST)
        return [self.seen(self.rows[one]) for one in jobs]

    def wake(self, job: LimitedJob, limit: Limit, *, sent: bool, at: float = 0.0) -> bool:
        self.time.sleep(REQUEST)
        row = self.rows[job.id]
        waits = row.standing is Standing.BLOCKED and (row.claims, row.waits) == (job.claims, limit.id)
        if waits:
            row.standing, row.at = Standing.WOKEN, at
        return waits

    def send(self, job: LimitedJob) -> None:
        self.time.sleep(REQUEST)
        self._deliver(self.rows[job.id], max(0.0, math.ceil(self.rows[job.id].at - self.time.now)) + 0.03)

    def block_again(self, job: LimitedJob) -> LimitedJob | None:
        raise NotImplementedError

    def usable(self, limit: Limit, types: Collection[str], paused: Collection[str]) -> Mapping[str, Runs]:
        return {one: Runs(limit.share(len(types)), frozenset((one,))) for one in types}

    def narrower(self, job: LimitedJob, limit: Limit) -> Sequence[Limit]:
        return [one for one in self.rows[job.id].limits if one.id < limit.id]

    def declared(self, limit: str) -> Limit | None:
        return self.limits[limit]

    def submit(self, name: str, rates: Mapping[str, Rate], after: float) -> None:
        limits = tuple(Limit(key, turns_of(rate), rate) for key, rate in sorted(rates.items()))
        self.limits |= {one.id: one for one in limits}
        row = Row(str(uuid.UUID(int=len(self.rows) + 1)), name, self.time.now + after, limits)
        self.rows[row.id] = row
        self._deliver(row, after)

    def run(self, seconds: float | None = None) -> None:
        self.time.begin(1, self._watch)
        self.time.run(SECONDS if seconds is None else seconds)
        self.time.end()

    def _places(self, more: Callable[[], bool] | None = None) -> AtMostPlaces:
        store: Any = self
        return AtMostPlaces(store, self) if more is None else AtMostPlaces(store, self, more)

    def _deliver(self, row: Row, after: float) -> None:
        late = self.late.get(row.type, 0.0) if row.claims else 0.0
        self.time.begin(after + late, lambda: self._received(row))

    def _received(self, row: Row) -> None:
        self.time.sleep(REQUEST)
        if row.standing not in (Standing.OTHER, Standing.WOKEN):
            return
        early = row.at - self.time.now
        if early > 0:
            self._deliver(row, max(1, math.ceil(early)))
        elif self.busy[row.type] >= WORKERS:
            self.queued[row.type].append(row)
        else:
            self.busy[row.type] += 1
            self._attempt(row)
            self.busy[row.type] -= 1
            if self.queued[row.type]:
                self._deliver(self.queued[row.type].pop(0), 0.0)

    def _attempt(self, row: Row) -> None:
        row.standing, row.claims, row.waits, began = Standing.RUNS, row.claims + 1, None, self.time.now
        places, job = self._places(), self.seen(row)
        slots = Slots(places, lambda: self.time.now, self.time.sleep, WITHIN, began + 50)
        full = places.take_all(job, row.limits) or slots.take(job, row.limits)
        if full is None:
            self.starts.append((self.time.now, row))
            self.waited.append(self.time.now - began)
            self.time.sleep(RUNS_FOR)
            row.standing, row.claims = Standing.UNREADABLE, row.claims  # it has ended
            return
        self.time.sleep(REQUEST)
        row.standing, row.waits = Standing.BLOCKED, full.limit.id
        row.passed = row.claims if row.passed is None or full.anew else row.passed
        if self._places().wait(self.seen(row), full.limit, full.holds):
            self._deliver(row, 1.0)

    def _watch(self) -> None:
        while True:
            self.time.sleep(60)
            for one in self.memory.listed():
                self._places(lambda: True).watch(one, self.limits[one.limit])


def most_in(starts: Sequence[float], seconds: float) -> int:
    return max(sum(first <= one < first + seconds for one in starts[number:]) for number, first in enumerate(starts))


@pytest.mark.parametrize(
    ("narrow", "wide", "customers", "of_each", "others", "a_second"),
    [
        (Rate(2), Rate(5, shared="w"), 2, 130, 0, 2.4),
        (Rate(2), Rate(5, shared="w"), 1, 130, 0, 1.1),
        (Rate(2), Rate(5, shared="w"), 1, 130, 300, 3.3),
        (Rate(10, per=60), Rate(5, shared="w"), 20, 30, 0, 2.0),
        (Rate(20), Rate(50, per=60, shared="w"), 3, 40, 0, 0.7),
        (Rate(50, per=60), Rate(100, per=60, shared="w"), 2, 60, 0, 1.3),
    ],
)
def test_jobs_with_two_rates_use_most_of_them(
    narrow: Rate, wide: Rate, customers: int, of_each: int, others: int, a_second: float
) -> None:
    """If a job sleeps for one slot while it has another one, the slots are lost in pairs."""
    world = World()
    for number in range(of_each):
        for customer in range(customers):
            rates = {f"0-rate.a.c{customer}": narrow, "3-rate.w": wide}
            world.submit("a", rates, 0.005 * (number * customers + customer))
    for number in range(others):
        world.submit("b", {"3-rate.w": wide}, 0.005 * number + 0.0005)
    world.run()
    started = Counter(row.type for _, row in world.starts)
    assert len(world.starts) / SECONDS >= a_second
    assert started["a"] >= 0.4 * SECONDS / (1 + (others > 0)), "the other type leaves it its part"
    assert world.slots["3-rate.w"] <= 1.6 * len(world.starts), "few slots are lost"
    assert max(row.claims for row in world.rows.values()) <= 10, "no job is claimed again and again"
    assert max(world.waited) <= WITHIN + 1
    assert most_in([at for at, _ in world.starts], wide.per) <= wide.n


@pytest.mark.parametrize(
    ("rate", "late"),
    [(Rate(10, per=60, shared="w"), 1.0), (Rate(1, per=60, shared="w"), 2.5), (Rate(5, per=3600, shared="w"), 1.0)],
)
def test_a_type_whose_workers_begin_later_has_its_part_of_a_slow_rate(rate: Rate, late: float) -> None:
    """If two types came for one slot, the one that is earlier would have each."""
    world, count = World(late={"b": late}), 60
    for number in range(count):
        for name in ("b", "a"):
            world.submit(name, {"3-rate.w": rate}, 0.01 * number)
    world.run(count * rate.apart)
    started = Counter(row.type for _, row in world.starts)
    assert min(started["a"], started["b"]) >= 0.4 * count, started
    assert max(row.claims for row in world.rows.values()) <= 4
    assert most_in([at for at, _ in world.starts], rate.per) <= rate.n


@pytest.mark.parametrize("request_takes", [0.1, 0.3, 1.0])
def test_a_slow_store_uses_up_neither_the_time_of_a_job_with_two_rates_nor_their_slots(request_takes: float) -> None:
    """The job has its budget after `WITHIN` only; each slot that it takes in vain is a start less of all types."""
    memory, now, requests = MemoryPlaces(), [1_000_000.0], Counter[str]()

    class Slow:
        def __getattr__(self, name: str) -> Any:
            def request(*args: Any, **more: Any) -> Any:
                requests[name] += 1
                now[0] += request_takes
                return getattr(memory, name)(*args, **more)

            return request

    def sleep(seconds: float) -> None:
        now[0] += seconds

    rates = {"0-rate.a.c": Rate(2), "3-rate.w": Rate(5, shared="w")}
    limits = [Limit(key, turns_of(rate), rate) for key, rate in rates.items()]
    job = LimitedJob(str(uuid.UUID(int=1)), "a", 1.0, 1, 1, None, Standing.RUNS)
    store: Any = Slow()
    jobs: Any = None
    slots = Slots(AtMostPlaces(store, jobs), lambda: now[0], sleep, WITHIN, now[0] + 50)
    assert slots.take(job, limits) is not None
    assert now[0] - 1_000_000.0 <= WITHIN + 3 * request_takes
    assert requests["slot"] <= 6


class Waiting:
    """The jobs of a line, each without a turn, whose requests take `takes` seconds of the clock `now`."""

    def __init__(self, memory: MemoryPlaces, limit: Limit, now: list[float], takes: float) -> None:
        self.memory, self.now, self.takes = memory, now, takes
        ids = [str(uuid.UUID(int=number + 2)) for number in range(20)]
        jobs = [LimitedJob(one, "a", 10.0, 1, 1, 1, Standing.BLOCKED, limit.id) for one in ids]
        self.rows = {job.id: job for job in jobs}
        for job in jobs:
            memory.stand(limit, job.waiter)
            memory.mark(limit, "a")

    def __getattr__(self, name: str) -> Any:
        """Return a method of the places that takes the time of a request."""

        def request(*args: Any, **more: Any) -> Any:
            self.now[0] += self.takes
            return getattr(self.memory, name)(*args, **more)

        return request

    def find(self, jobs: Sequence[str]) -> Sequence[LimitedJob]:
        self.now[0] += self.takes
        return [self.rows[one] for one in jobs]

    def wake(self, job: LimitedJob, limit: Limit, *, sent: bool, at: float = 0.0) -> bool:
        self.now[0] += self.takes
        self.rows[job.id] = replace(job, standing=Standing.WOKEN)
        return True

    def send(self, job: LimitedJob) -> None:
        self.now[0] += self.takes

    def usable(self, limit: Limit, types: Collection[str], paused: Collection[str]) -> Mapping[str, Runs]:
        return {one: Runs(limit.share(len(types)), frozenset((one,))) for one in types}


@pytest.mark.parametrize("limit", ["1-rate.a", "3-rate.w"])
@pytest.mark.parametrize("request_takes", [0.1, 0.3, 1.0])
def test_a_job_that_starts_gives_turns_to_others_only_as_long_as_it_may_wait_itself(
    limit: str, request_takes: float
) -> None:
    """After a pause, for example, many turns are free. The job needs the time that is left to run."""
    memory, now = MemoryPlaces(), [1_000_000.0]
    rate = Rate(50) if limit == "1-rate.a" else Rate(50, per=60, shared="w")
    rated = Limit(limit, turns_of(rate), rate)
    waiting: Any = Waiting(memory, rated, now, request_takes)
    job = LimitedJob(str(uuid.UUID(int=1)), "a", 1.0, 1, 2, 1, Standing.RUNS)
    memory.grant(rated, job.waiter)

    def sleep(seconds: float) -> None:
        now[0] += seconds

    Slots(AtMostPlaces(waiting, waiting), lambda: now[0], sleep, WITHIN, now[0] + 50).take(job, [rated])
    assert now[0] - 1_000_000.0 <= WITHIN + 10 * request_takes


@pytest.mark.parametrize("rates", [(Rate(5),), (Rate(5), Rate(10, shared="w"))], ids=["one", "two"])
def test_a_job_whose_slots_were_lost_before_it_could_start_prepares_nothing(rates: Sequence[Rate]) -> None:
    """To prepare is to keep the version of the run: a job that waits in the line must not be bound to one."""
    now, prepared = [1_000_000.0], list[float]()

    class Stops(MemoryPlaces):
        """Places whose process stands still after it has taken its last slot, longer than a start may be late."""

        asked = 0

        def slot(self, *args: Any, **more: Any) -> Any:
            self.asked += 1
            found = super().slot(*args, **more)
            now[0] += 0.5 if self.asked % len(rates) == 0 else 0.0
            return found

    def sleep(seconds: float) -> None:
        now[0] += seconds

    ids = ["0-rate.a.c", "3-rate.w"][-len(rates) :]
    limits = [Limit(key, turns_of(rate), rate) for key, rate in zip(ids, rates, strict=True)]
    job = LimitedJob(str(uuid.UUID(int=1)), "a", 1.0, 1, 1, None, Standing.RUNS)
    jobs: Any = None
    slots = Slots(
        AtMostPlaces(Stops(), jobs),
        lambda: now[0],
        sleep,
        WITHIN,
        now[0] + 50,
        ready=lambda: prepared.append(now[0]),
    )
    assert slots.take(job, limits) is not None
    assert not prepared
