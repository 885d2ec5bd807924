"""Play random games of jobs whose four types share three limits crosswise: places, rates, of all jobs or of a customer.

The processes run the platform's own code (`chalicelib.limits.at_most`, `chalicelib.limits.slots`) over the places in
memory, with a virtual clock: each request takes a random time, and any process may go on while another one waits. So,
unlike the explorer of `tests/proof/limits.py`, a game has times, and more jobs and limits than can be explored.

Processes die, messages come twice, attempts fail, jobs are cancelled, types are paused, numbers are changed. After some
minutes all that ends, and each job must end.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from chalicelib.job_types.rate import Rate, numbers_of
from chalicelib.jobs.priority import HIGH, LOW, NORMAL
from chalicelib.limits.at_most import AtMostPlaces, few
from chalicelib.limits.changed import Changed
from chalicelib.limits.constants import CHANGES_KEPT, UNCLAIMED_AFTER
from chalicelib.limits.ids import name_of_values
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.limits.places import Full, Limit, LimitedJob, Listed, Places, Runs, Slot, Standing, Waiter, turns_of
from chalicelib.limits.slots import Slots
from tests.proof.virtual_time import VirtualTime

T = TypeVar("T")
QUEUED, RUNS, BLOCKED, ENDED = "queued", "processing", "blocked", "ended"
SHARES = {"a": "xy", "b": "yz", "c": "xz", "d": "xyz"}
"""The limits that each type shares."""
CUSTOMERS = ("acme", "globex")
RATES = (Rate(1), Rate(2), Rate(2, per=10), Rate(5, per=10, burst=3), Rate(12, per=60), Rate(2, per=60, burst=1))
START, FAULTS, CALM, LEASE, WATCHED, LONGEST_DELAY, MANY = 1_000_000.0, 240.0, 10_800.0, 90.0, 60.0, 900.0, 100
"""Times in seconds: when a game begins, how long faults happen, within how long all jobs must end after that."""
IN_FORCE = 10.0
"""Seconds after which all processes know a changed number."""
LONGEST_WAIT = 8.0
"""Seconds between the time at which a slot is taken and the start, at most."""
SOON = 5.0
"""Seconds for which a process may use what it has read about pauses."""


class Died(BaseException):
    """A process dies here."""


class Broken(BaseException):
    """Something happened that never must; no code of the platform catches it."""


@dataclass
class Row:
    """A job's row. `at` is when a woken job may be claimed; `woken` is when it was woken.

    `waited` has the limits for which it has waited, and `most` is how often it may be claimed by now.
    """

    id: str
    type: str
    limits: tuple[Limit, ...]
    rank: int
    since: float
    status: str = QUEUED
    claims: int = 0
    passed: int | None = None
    waits: str | None = None
    sent: bool = True
    lease: float = 0.0
    stop: bool = False
    at: float = 0.0
    woken: float = 0.0
    position: int | None = None
    waited: set[str] = field(default_factory=set)
    most: int = 0

    def __post_init__(self) -> None:
        self.goes_through_all()

    def goes_through_all(self) -> None:
        """Allow one claim, and one wait for each limit."""
        self.most += 1 + len(self.limits)

    def waits_for(self, full: Full) -> None:
        """Allow one claim more for a slot that the job has missed, and more waits for the places that it left then."""
        rates = sum(one.rate is not None for one in self.limits)
        self.most += full.limit.rate is not None and full.limit.id in self.waited
        self.most += len(self.limits) - rates if full.anew and rates else 0
        self.waited.add(full.limit.id)


@dataclass(frozen=True)
class Rules:
    """What a game plays, and the changes of a negative control.

    `code` and `slots` are what the processes run. `reversed_type` takes its limits in the other order. `fair`: tenants
    take turns.
    """

    code: type[AtMostPlaces] = AtMostPlaces
    slots: type[Slots] = Slots
    reversed_type: str = ""
    fair: bool = False


@dataclass
class Known:
    """What one worker, or one process of the API, remembers: the numbers of the limits, and the paused types."""

    numbers: dict[str, int] = field(default_factory=dict)
    at: float = -math.inf
    stamps: dict[str, float] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    paused_at: float = -math.inf


class Game:
    """A game: the jobs, their messages, their workers, the watchdog, and the operators."""

    def __init__(self, seed: int, rules: Rules) -> None:
        self.rules, self.random, self.time = rules, random.Random(seed), VirtualTime(START)
        self.memory = MemoryPlaces(clock=lambda: self.time.now)
        draw = self.random
        self.declared = dict[str, Limit]()
        shared = {name: self._limit_drawn(name) for name in "xyz"}
        self.types = {name: [shared[one] for one in limits] for name, limits in SHARES.items()}
        for name, limits in self.types.items():
            if draw.random() < 0.25:
                limits.append(Limit(draw.choice((f"0.{name}", f"1.{name}")), draw.choice((1, 2))))
        self.concurrency = {name: draw.choice((1, 2, 3, 5)) for name in self.types}
        self.rows = dict[str, Row]()
        self.known = {name: [Known() for _ in range(most)] for name, most in self.concurrency.items()}
        self.busy: dict[str, set[int]] = {name: set() for name in self.types}
        self.queues: defaultdict[str, list[str]] = defaultdict(list)
        self.off = set[str]()
        self.numbers: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
        self.stamps = dict[str, float]()
        self.started: defaultdict[str, list[float]] = defaultdict(list)
        self.faults = Counter[str]()
        self.active, self.unclean_until, self.watched = 0, -math.inf, 0.0
        self.calm = False
        """Whether no more faults happen."""
        self.steps = 0
        weather = draw.choice((0.3, 1.0, 4.0))
        self.delays = [draw.expovariate(1 / (0.008 * weather)) for _ in range(60)]
        self.delays += [draw.expovariate(1 / (0.15 * weather)) for _ in range(12)]
        self.chances = {what: draw.choice((0.0, 0.0, 0.004, 0.02)) for what in ("dies", "stalls")}
        for number in range(draw.randint(5, 12)):
            self._submit(number)

    def _limit_drawn(self, name: str) -> Limit:
        draw = self.random
        rank = draw.choice("2333")
        if draw.random() < 0.4:
            rate = draw.choice(RATES)
            shared = replace(rate, shared=name)
            return Limit(f"{rank}-rate.{name}", turns_of(shared), shared)
        return Limit(f"{rank}.{name}", draw.choice((1, 1, 2, 3)))

    def _number_drawn(self, limit: Limit) -> int:
        """Return another number for a limit: of places or, of a rate, of starts in its period."""
        if limit.rate is None:
            return self.random.choice((0, 1, 2, 3))
        least, most = numbers_of(limit.rate)
        return self.random.choice((0, least, min(most, 3 * limit.rate.n), min(most, 20 * limit.rate.n)))

    def _submit(self, number: int) -> None:
        draw = self.random
        job_type, customer = draw.choice(tuple(self.types)), draw.choice(CUSTOMERS)
        limits = [replace(one, id=f"{one.id}.{customer}") if one.id[0] in "02" else one for one in self.types[job_type]]
        limits.sort(key=lambda one: one.id, reverse=job_type == self.rules.reversed_type)
        self.declared |= {one.id: one for one in limits}
        after = draw.choice((0.0, draw.uniform(0, 20)))
        rank = draw.choice((NORMAL, NORMAL, NORMAL, LOW, HIGH))
        name = f"{job_type}{number:02}"
        self.rows[name] = Row(name, job_type, tuple(limits), rank, START + after + number / 1000)
        if self.rules.fair:
            self.rows[name].position = draw.randrange(4)
        self.time.begin(after, lambda: self._come(name))

    # messages and workers

    def deliver(self, job: str, after: float) -> None:
        """Let a message of a job come after so many seconds, and sometimes twice."""
        self.time.begin(after, lambda: self._come(job))
        if not self.calm and self.random.random() < 0.02:
            self.faults["duplicate"] += 1
            self.time.begin(after + self.random.choice((0.0, 0.05, 30.0)), lambda: self._come(job))

    def _come(self, job: str) -> None:
        row = self.rows[job]
        if row.status == RUNS and row.lease > self.time.now:
            self.time.begin(row.lease - self.time.now + 0.1, lambda: self._come(job))
        elif row.status == QUEUED and row.at > self.time.now:
            self.time.begin(max(1.0, math.ceil(row.at - self.time.now)), lambda: self._come(job))
        else:
            self.queues[row.type].append(job)
            self.receive(row.type)

    def receive(self, job_type: str) -> None:
        """Let free workers of a type receive the messages of its queue."""
        while self.queues[job_type] and job_type not in self.off:
            free = [one for one in range(self.concurrency[job_type]) if one not in self.busy[job_type]]
            if not free:
                return
            job = self.queues[job_type].pop(0)
            self.busy[job_type].add(free[0])
            self.begin(lambda job=job, worker=free[0]: self._work(job, worker))  # type: ignore[misc]

    def _work(self, job: str, worker: int) -> None:
        row = self.rows[job]
        until = self.time.now + LEASE
        process = Process(self, self.known[row.type][worker], until)
        try:
            again = process.work(row)
        except Died:
            self.unclean(LEASE)
            again = until - self.time.now + 0.1
        self.busy[row.type].discard(worker)
        if again is not None:
            self.deliver(job, again)
        self.receive(row.type)

    def begin(self, act: Callable[[], None], after: float = 0.0) -> None:
        """Begin a process that makes requests."""

        def run() -> None:
            self.active += 1
            try:
                act()
            except Died:
                self.unclean(0.0)
            self.active -= 1
            self.at_rest()

        self.time.begin(after, run)

    # faults

    def play(self) -> None:
        """Play the game; raises Broken."""
        try:
            self._watch()
            for _ in range(self.random.choice((0, 2, 6))):
                self.time.begin(self.random.uniform(0, FAULTS / 4), self._fault)
            self.time.run(FAULTS)
            self._calm_down()
            left = CALM
            while left > 0 and any(row.status != ENDED for row in self.rows.values()):
                self.time.run(WATCHED)
                left -= WATCHED
            self._all_ended()
            self.time.run(2 * LEASE + 3 * WATCHED)
            self._windows()
            self._nothing_left()
        finally:
            self.time.end()

    def _calm_down(self) -> None:
        self.calm = True
        for job_type in sorted(self.off):
            self._resume(job_type)
        for name, changes in sorted(self.numbers.items()):
            if changes[-1][1] == 0:
                rate = self.declared[name].rate
                self._change(name, 1 if rate is None else numbers_of(rate)[0])

    def _fault(self) -> None:
        draw, (kind,) = self.random, self.random.choices(("cancel", "pause", "change"), (2, 1, 1))
        self.faults[kind] += 1
        if kind == "cancel":
            row = draw.choice(tuple(self.rows.values()))
            self.begin(lambda: Process(self, Known()).cancel(row))
        elif kind == "pause":
            job_type = draw.choice(tuple(self.types))
            self.off.add(job_type)
            self.time.begin(draw.choice((1.0, 20.0, 300.0)), lambda: self._resume(job_type))
        else:
            name = draw.choice(tuple(self.declared))
            self._change(name, self._number_drawn(self.declared[name]))

    def _resume(self, job_type: str) -> None:
        self.off.discard(job_type)
        self.unclean(SOON)
        self.receive(job_type)

    def _change(self, name: str, n: int) -> None:
        self.begin(lambda: Process(self, Known()).change(self.declared[name], n))

    def _watch(self) -> None:
        if self.time.now > START:
            self.begin(lambda: Process(self, Known()).watch())
        self.time.begin(WATCHED, self._watch)

    # what must be true

    def unclean(self, seconds: float) -> None:
        """Allow that the watchdog is needed, for these seconds and until it has looked after them."""
        self.unclean_until = max(self.unclean_until, self.time.now + seconds)

    def number(self, limit: Limit) -> int:
        """Return how many places a limit has now, or how many jobs start in the period of its rate."""
        changes = self.numbers.get(limit.id)
        return changes[-1][1] if changes else _declared(limit)

    def most(self, limit: Limit, begin: float | None = None, end: float | None = None) -> int:
        """Return the largest number that may have been used between these times; None: now.

        A process may use a number for ten seconds after it was changed.
        """
        begin, end = self.time.now if begin is None else begin, self.time.now if end is None else end
        changes: list[tuple[float, int]] = [(-math.inf, _declared(limit)), *self.numbers.get(limit.id, ())]
        ends = [*(at for at, _ in changes[1:]), math.inf]
        used = zip(changes, ends, strict=True)
        return max([n for (at, n), until in used if until >= begin - IN_FORCE and at <= end])

    def given(self, limit: Limit) -> None:
        """Check that a place that was just given was free."""
        held = len(self.memory.read(limit).held)
        if limit.rate is None and held > self.most(limit):
            raise Broken(f"{held} jobs have places of {limit.id}, which has {self.most(limit)}")

    def begins(self, row: Row) -> None:
        """Check that a job whose function begins has its places, and note the time."""
        self.runs(row)
        for limit in row.limits:
            if limit.rate is not None:
                self.started[limit.id].append(self.time.now)
        if row.claims > row.most:
            raise Broken(f"{row.id} was claimed {row.claims} times instead of {row.most}")

    def runs(self, row: Row) -> None:
        """Check that a job whose function runs has its places."""
        job = self.seen(row)
        for limit in row.limits:
            if limit.rate is None and not self.memory.read(limit).has(job):
                raise Broken(f"{row.id} runs without a place of {limit.id}")

    def in_a_circle(self) -> None:
        """Check that no jobs wait for each other in a circle."""
        waiting = dict[str, Collection[str]]()
        for row in self.rows.values():
            limit = self.declared[row.waits or ""] if row.status == BLOCKED else None
            if limit is not None and limit.rate is None and not self.memory.read(limit).has(self.seen(row)):
                held = self.memory.read(limit).held
                if 0 < self.number(limit) <= len(held):
                    waiting[row.id] = [one if self.seen(self.rows[one]).name == held[one] else "" for one in held]
        while gone := [one for one, others in waiting.items() if not waiting.keys() >= {*others}]:
            for one in gone:
                del waiting[one]
        if waiting:
            raise Broken(f"jobs wait for each other: {sorted(waiting)}")

    def at_rest(self) -> None:
        """Check that no place is free beside a job that waits for it and could run, if no process makes a request."""
        if self.active or self.watched <= self.unclean_until:
            return
        for row in self.rows.values():
            if row.status == BLOCKED and row.type not in self.off:
                limit = self.declared[row.waits or ""]
                found = self.memory.read(limit)
                runs = self.usable(limit, found.types, self.off)[row.type]
                if limit.rate is None:
                    idle = len(found.held) < self.number(limit) and not (limit.shared and runs.full(found))
                else:
                    idle = not found.held and self.number(limit) > 0
                if idle:
                    raise Broken(f"a place of {limit.id} is free, and {row.id} waits for it")

    def _all_ended(self) -> None:
        left = [f"{row.id} is {row.status}" for row in self.rows.values() if row.status != ENDED]
        if left:
            raise Broken(f"for ever: {', '.join(left)}")

    def _nothing_left(self) -> None:
        for limit in self.declared.values():
            found = self.memory.read(limit)
            if found.held:
                raise Broken(f"{limit.id} has lost a place")
            if found.waits:
                raise Broken(f"{limit.id} says for ever that a job waits")
        if self.memory.listed():
            raise Broken("a limit is in the list for ever")

    def _windows(self) -> None:
        for name, starts in self.started.items():
            limit = self.declared[name]
            rate = limit.rate
            assert rate is not None
            for number, first in enumerate(starts):
                window = [at for at in starts[number:] if at - first < rate.per]
                # a slot is taken up to some seconds before its start
                most = self.most(limit, first - LONGEST_WAIT, window[-1]) + rate.burst
                if len(window) > most:
                    raise Broken(f"more than {most} starts of {name} within {rate.per:g} seconds")

    # what processes see

    def seen(self, row: Row) -> LimitedJob:
        """Return a job as its limits see it."""
        standing = Standing.OTHER
        if row.status == RUNS and row.lease > self.time.now:
            standing = Standing.RUNS
        elif row.status == BLOCKED:
            standing = Standing.BLOCKED
        elif row.status == QUEUED and row.waits is not None:
            standing = Standing.WOKEN
        idle = standing is Standing.WOKEN and self.time.now - max(row.woken, row.at) >= UNCLAIMED_AFTER
        return LimitedJob(
            row.id, row.type, row.since, 1, row.claims, row.passed, standing, row.waits, row.sent, idle, rank=row.rank,
            at=row.at if standing is Standing.WOKEN else 0.0, position=row.position,
        )  # fmt: skip

    def usable(self, limit: Limit, types: Collection[str], paused: Collection[str]) -> Mapping[str, Runs]:
        """See LimitedJobs."""
        running = [one for one in sorted(types) if one not in paused]
        if limit.rate is not None:
            return {one: Runs(limit.share(len(running)), frozenset((one,))) for one in running}
        return {one: Runs(self._usable_by(one, limit), frozenset((one,))) for one in running}

    def _usable_by(self, job_type: str, limit: Limit) -> int:
        widest = max(one.id for one in self.types[job_type])
        return self.concurrency[job_type] if limit.id == widest or limit.id.startswith(f"{widest}.") else MANY


class Process:
    """A process, with what it remembers. It is the PlaceStore and the LimitedJobs of the platform's own code.

    A worker is killed at `until`, before its lease ends.
    """

    def __init__(self, game: Game, known: Known, until: float = math.inf) -> None:
        self.game, self.known, self.until = game, known, until
        self.memory, self.time, self.random = game.memory, game.time, game.random

    def places(self, more: Callable[[], bool] | None = None) -> AtMostPlaces:
        """Return the platform's code."""
        return self.game.rules.code(self, self, more or self._few())  # type: ignore[arg-type]

    def _few(self) -> Callable[[], bool]:
        more = few()

        def looks() -> bool:
            left = more()
            if not left:
                self.game.unclean(0.0)
            return left

        return looks

    def request(self, act: Callable[[], T]) -> T:
        """Make a request; the process may die before and after it."""
        game, draw = self.game, self.random
        game.steps += 1
        self.time.sleep(draw.choice(game.delays))
        if not game.calm and draw.random() < game.chances["stalls"]:
            game.faults["stall"] += 1
            self.time.sleep(draw.choice((1.0, 10.0, 100.0)))
        dies = not game.calm and draw.random() < game.chances["dies"]
        if self.time.now >= self.until or (dies and draw.random() < 0.5):
            game.faults["crash"] += 1
            raise Died
        answer = act()
        if dies:
            game.faults["crash"] += 1
            raise Died
        return answer

    # PlaceStore

    def _with(self, limit: Limit) -> Limit:
        """Return a limit with the number that this process knows."""
        if not limit.declared:
            return limit
        if self.time.now - self.known.at >= CHANGES_KEPT:
            self._learn()
        if limit.rate is not None:
            return limit.with_number(self.known.numbers.get(limit.id))
        return replace(limit, n=self.known.numbers.get(limit.id, limit.n))

    def _learn(self) -> None:
        self.known.numbers = {name: changes[-1][1] for name, changes in self.game.numbers.items() if changes}
        self.known.at = self.time.now

    def _after(self, limit: Limit, found: Places) -> Places:
        """Return a row that was read; whoever reads the stamp of a change learns the numbers."""
        stamp = self.game.stamps.get(limit.id)
        if stamp is not None and self.known.stamps.get(limit.id) != stamp:
            self._learn()
            self.known.stamps[limit.id] = stamp
        if limit.rate is not None:
            return replace(found, n=self._with(limit).changed)
        return replace(found, n=self._with(limit).n)

    def read(self, limit: Limit) -> Places:
        return self.request(lambda: self._after(limit, self.memory.read(limit)))

    def take(self, limit: Limit, job: str, name: str) -> bool:
        def act() -> bool:
            before = job in self.memory.read(limit).held
            taken = self._knowing(limit, lambda: self.memory.take(self._with(limit), job, name))
            if taken and not before:
                self.game.given(limit)
            return taken

        return self.request(act)

    def grant(self, limit: Limit, waiter: Waiter, clock: int | None = None, *, asked: bool = False) -> bool:
        def act() -> bool:
            before = waiter.job in self.memory.read(limit).held
            granted = self._knowing(limit, lambda: self.memory.grant(self._with(limit), waiter, clock, asked=asked))
            if granted and not before:
                self.game.given(limit)
            return granted

        return self.request(act)

    def slot(self, limit: Limit, job: str, name: str, **how: Any) -> Slot | None:
        return self.request(lambda: self._knowing(limit, lambda: self.memory.slot(limit, job, name, **how)))

    def move(self, limit: Limit) -> Places:
        return self.request(lambda: self._after(limit, self._knowing(limit, lambda: self.memory.move(limit))))

    def _knowing(self, limit: Limit, act: Callable[[], T]) -> T:
        """Act on the row of a limit with the number of its rate that this process knows."""
        known = self._with(limit).changed
        if known is None:
            return act()
        self.memory.change(Changed(limit.id, known, "", "", 0.0))
        try:
            return act()
        finally:
            self.memory.reset(limit.id)

    def leave(self, limit: Limit, job: str, name: str) -> bool:
        return self.request(lambda: self.memory.leave(limit, job, name))

    def stand(self, limit: Limit, waiter: Waiter) -> None:
        self.request(lambda: self.memory.stand(limit, waiter))

    def step_out(self, limit: Limit, waiter: Waiter) -> None:
        self.request(lambda: self.memory.step_out(limit, waiter))

    def mark(self, limit: Limit, job_type: str) -> tuple[Places, bool]:
        def act() -> tuple[Places, bool]:
            found, new = self.memory.mark(limit, job_type)
            return self._after(limit, found), new

        return self.request(act)

    def enlist(self, limit: Limit) -> None:
        self.request(lambda: self.memory.enlist(limit))

    def in_force(self, limit: Limit) -> int:
        def act() -> int:
            self._learn()
            return self._with(limit).n

        assert name_of_values(limit.id) is not None
        return self.request(act)

    def strike(self, listed: Listed) -> None:
        self.request(lambda: self.memory.strike(listed))

    def first(
        self, limit: Limit, types: Collection[str], most: int = 1, after: Waiter | None = None
    ) -> Sequence[Waiter]:
        return self.request(lambda: self.memory.first(limit, types, most, after))

    def paused(self) -> Collection[str]:
        if self.time.now - self.known.paused_at >= SOON:
            self.known.paused, self.known.paused_at = frozenset(self.game.off), self.time.now
        return self.known.paused

    def close(self, limit: Limit) -> Places | None:
        return self.request(lambda: self.memory.close(limit))

    def unmark(self, limit: Limit, closing: str) -> Places | None:
        return self.request(lambda: self.memory.unmark(limit, closing))

    # LimitedJobs

    def find(self, jobs: Sequence[str]) -> Sequence[LimitedJob]:
        return self.request(lambda: [self.game.seen(self.game.rows[one]) for one in jobs])

    def wake(self, job: LimitedJob, limit: Limit, *, sent: bool, at: float = 0.0) -> bool:
        row = self.game.rows[job.id]

        def act() -> bool:
            waits = row.status == BLOCKED and (row.claims, row.waits) == (job.claims, limit.id)
            if waits:
                row.status, row.sent, row.at, row.woken = QUEUED, sent, at, self.time.now
            return waits

        return self.request(act)

    def send(self, job: LimitedJob) -> None:
        row = self.game.rows[job.id]
        delay = max(0.0, math.ceil(row.at - self.time.now))
        if delay > LONGEST_DELAY:
            return
        self.request(lambda: self.game.deliver(job.id, delay + self.random.uniform(0.01, 0.1)))

        def act() -> None:
            if row.status == QUEUED and row.claims == job.claims:
                row.sent = True

        self.request(act)

    def block_again(self, job: LimitedJob) -> LimitedJob | None:
        row = self.game.rows[job.id]

        def act() -> LimitedJob | None:
            if row.status != QUEUED or row.claims != job.claims or row.waits is None:
                return None
            row.status, row.claims, row.passed, row.sent = BLOCKED, row.claims + 1, row.claims + 1, False
            row.most += 1
            row.goes_through_all()
            self.game.in_a_circle()
            return self.game.seen(row)

        return self.request(act)

    def usable(self, limit: Limit, types: Collection[str], paused: Collection[str]) -> Mapping[str, Runs]:
        return self.game.usable(limit, types, paused)

    def narrower(self, job: LimitedJob, limit: Limit) -> Sequence[Limit]:
        limits = self.game.rows[job.id].limits
        return limits[: [one.id for one in limits].index(limit.id)]

    def declared(self, limit: str) -> Limit | None:
        return self.game.declared[limit]

    # what the processes do

    def work(self, row: Row) -> float | None:
        """Process a message of a job; return after how many seconds it comes again, None if it does not."""
        claimed = self.request(lambda: self._claimed(row))
        if claimed is None:
            return self._again(row)
        places, limits = self.places(), row.limits
        full = places.take_all(claimed, limits) or self._slots(claimed, limits)
        if full is None:
            return self._run(row, claimed)
        blocked = self.request(lambda: self._blocked(row, claimed, full))
        if blocked is not None:
            return 1.0 if self.places().wait(blocked, full.limit, full.holds) else None
        if self.request(lambda: self._settled(row, claimed, ENDED)):
            self.places().leave(claimed, limits)
        return None

    def _slots(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
        within, ends = self.random.choice((5.0, 1.2)), self.until - 30
        slots = self.game.rules.slots(self.places(), lambda: self.time.now, self.time.sleep, within, ends)
        until = min(self.time.now + within, ends)
        full = slots.take(job, limits)
        if self.time.now > until:
            self.game.unclean(0.0)  # it may not have given the next turn
        return full

    def _run(self, row: Row, job: LimitedJob) -> float | None:
        game = self.game
        if self.time.now >= self.until:
            raise Died
        game.begins(row)
        game.active -= 1
        game.at_rest()
        self.time.sleep(self.random.choice((0.05, 1.0, 5.0)))
        game.active += 1
        game.runs(row)
        fails = not game.calm and not row.stop and self.random.random() < 0.05
        game.faults["failure"] += fails
        if not self.request(lambda: self._settled(row, job, QUEUED if fails else ENDED)):
            return 1.0
        woken = job.passed is not None  # a slow process may have given it a turn again
        self.places().leave(job, tuple(one for one in row.limits if one.rate is None or woken))
        return self.random.uniform(1, 20) if fails else None

    def _again(self, row: Row) -> float | None:
        """Process a message whose job is blocked or has ended: perhaps a worker died after that was written."""
        job = self.game.seen(row)
        if job.standing is Standing.BLOCKED:
            limit = self.game.declared[job.waits or ""]
            places = self.places()
            places.list_again([one for one in row.limits if one != limit])
            return 1.0 if places.wait(job, limit, self.narrower(job, limit), again=True) else None
        if job.standing is Standing.RUNS:
            return max(0.1, row.lease - self.time.now + 0.1)
        places = self.places()
        for limit in row.limits:
            places.judge(limit)
        places.list_again(row.limits)
        return None

    def _claimed(self, row: Row) -> LimitedJob | None:
        if row.status in (ENDED, BLOCKED) or (row.status == RUNS and row.lease > self.time.now):
            return None
        taken_over = row.status == RUNS
        if taken_over:
            row.passed = None
            row.goes_through_all()
        row.status, row.claims, row.waits, row.sent, row.lease = RUNS, row.claims + 1, None, True, self.until + 1.0
        return self.game.seen(row)

    def _blocked(self, row: Row, job: LimitedJob, full: Full) -> LimitedJob | None:
        if row.status != RUNS or row.claims != job.claims or row.stop:
            return None
        row.passed = row.claims if row.passed is None or full.anew else row.passed
        row.status, row.waits, row.sent, row.lease, row.at = BLOCKED, full.limit.id, False, 0.0, 0.0
        row.waits_for(full)
        self.game.in_a_circle()
        return self.game.seen(row)

    def _settled(self, row: Row, job: LimitedJob, status: str) -> bool:
        if row.status != RUNS or row.claims != job.claims:
            return False
        row.status, row.passed, row.lease, row.at = status, None, 0.0, 0.0
        if status == QUEUED:
            row.goes_through_all()
        return True

    def cancel(self, row: Row) -> None:
        """Cancel a job, for an operator."""
        found = self.request(lambda: self._cancelled(row))
        if found is not None:
            ended, limit = found
            raised = limit is not None and limit != row.limits[0]
            self.places().leave_ended(ended, row.limits, limit, raised=raised)

    def _cancelled(self, row: Row) -> tuple[LimitedJob, Limit | None] | None:
        if row.status in (ENDED, RUNS):
            row.stop = True
            return None
        limit = self.game.declared[row.waits or ""] if row.status == BLOCKED else None
        row.status, row.passed, row.waits = ENDED, None, None
        return self.game.seen(row), limit

    def change(self, limit: Limit, n: int) -> None:
        """Change how many places a limit has, for an operator."""
        self.request(lambda: self.game.numbers[limit.id].append((self.time.now, max(n, int(self.game.calm)))))
        self.request(lambda: self.game.stamps.update({limit.id: self.time.now}))
        if limit.rate is None:
            self.places().pump(limit)
        else:
            self.places().judge(limit)

    def watch(self) -> None:
        """Look at all limits with a mark, and at woken jobs without a message."""
        began = self.time.now
        for row in self.game.rows.values():
            woken = row.status == QUEUED and row.waits is not None and not row.sent
            if woken and self.time.now - row.woken > 20 and row.at - self.time.now <= LONGEST_DELAY:
                self.send(self.game.seen(row))
        for listed in self.request(self.memory.listed):
            self.places(lambda: True).watch(listed, self.game.declared[listed.limit])
        self.game.watched = max(self.game.watched, began)


def _declared(limit: Limit) -> int:
    return limit.n if limit.rate is None else limit.rate.n


USUAL = Rules()


def play(seed: int, rules: Rules = USUAL) -> str | None:
    """Play a game; return what was broken, else None."""
    game = Game(seed, rules)
    try:
        game.play()
    except Broken as error:
        return f"game {seed}: {error}"
    return None


def broken(seeds: Iterable[int], rules: Rules = USUAL) -> Iterator[str]:
    """Play these games; return what was broken."""
    return (found for seed in seeds if (found := play(seed, rules)))
