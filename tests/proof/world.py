"""Run a complete JobFlow in one thread, on a clock that the test moves: client, worker, poller, watchdog, operator."""

import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import cast

from chalicelib.bulk.background import BulkWork
from chalicelib.counters.port import CounterTable, Pause, Standing
from chalicelib.errors import JobNotFound, MalformedMessage
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import registered
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Job
from chalicelib.jobs.message import parse_message
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.step import Step
from chalicelib.jobs.tenants import group_of
from chalicelib.limits.rate import Pacing
from chalicelib.operating.operations import Operations
from chalicelib.operating.posting import Posting
from chalicelib.pausing.memory import MemoryPastPauses
from chalicelib.pausing.port import PastPause, PastPauses
from chalicelib.producing.service import JobService
from chalicelib.watchdog.lookback import Lookback
from chalicelib.watchdog.pulse import Pulse, Seen
from chalicelib.watchdog.quiet_queues import QuietQueues
from chalicelib.watchdog.run import Watchdog
from tests.proof.grounds.faults import DYNAMODB, Faulty
from tests.proof.grounds.ground import BY_HAND, TOLD, TYPE, Ground
from tests.proof.grounds.honest import LaggingIndex
from tests.proof.roles.batching import Batching
from tests.proof.roles.by_itself import ByItself
from tests.proof.roles.clients import Clients
from tests.proof.roles.composed import Composed
from tests.proof.roles.counting import Counting
from tests.proof.roles.declared import Declared
from tests.proof.roles.in_bulk import InBulk
from tests.proof.roles.notifying import Notifying
from tests.proof.roles.planned import Planned
from tests.proof.roles.poller import WORKERS, Poller
from tests.proof.roles.script import ScriptedFunction, declare
from tests.proof.roles.telling import Telling
from tests.proof.roles.waking import Waking
from tests.support import Clock

DAY = 86_400.0


@dataclass
class World(Clients, Declared, Poller):
    """One job type and all processes that handle it. `wrong` records what goes wrong."""

    ground: Ground
    clock: Clock
    rng: random.Random
    script: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    always: dict[str, str] = field(default_factory=dict)
    """What each further attempt of a job does, by the job's name; attempts that are not listed complete at once."""
    batch: int = 1
    """Messages in one delivery."""
    threads: int = 1
    """Jobs of a delivery that run side by side; those of types with keys or limits run one after the other."""
    claims_first: bool | None = None
    """Whether a worker claims a job before it sets the visibility timeout; None: in every second delivery."""
    watchdog_on: bool = True
    paused: bool = False
    """Whether Lambda's poller receives nothing, because the queue is paused."""
    pause_known: bool = False
    """Whether the watchdog has read the pause."""
    paused_at: float = 0.0
    past_pauses: MemoryPastPauses = field(default_factory=MemoryPastPauses)
    duplicate_next: bool = False
    runs: dict[tuple[str, int, int], str] = field(default_factory=dict)
    disturbed: set[tuple[str, int, int]] = field(default_factory=set)
    """The attempts that the platform may give back after the job function has begun: a request of the function was
    refused or its answer was lost, other jobs of the invocation left it no time, or it does not fit a kept step."""
    accepted: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    stopped: set[tuple[str, int]] = field(default_factory=set)
    excused: set[str] = field(default_factory=set)
    """Jobs whose messages were deleted by hand: they may lack evidence in the dead-letter queue."""
    hurried: set[str] = field(default_factory=set)
    """Jobs whose wait an operator ended: they are due since the time of the API's clock, which may be ahead of the
    worker's."""
    placed: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """The ends of the invocations that run the jobs of a limit, by its id."""
    blocked: int = 0
    """How many attempts have begun after a wait for a place."""
    rate: Rate | None = None
    """The rate of the job type TYPE."""
    warm: dict[str, Pacing] = field(default_factory=dict)
    """What the process of each of its workers has cached of the plan."""
    by_itself: ByItself | None = None
    """The automatic pauses of the job type TYPE."""
    planned: Planned | None = None
    """The schedules."""
    telling: Telling | None = None
    """The function that makes the jobs of `on_end`."""
    batching: Batching | None = None
    """The batches."""
    post: Callable[[JobContext], object] = lambda _: None
    """What delivers a message to a webhook."""
    unique: dict[str, float] = field(default_factory=dict)
    """The types whose jobs are unique by their name, and for how many seconds."""
    started: list[float] = field(default_factory=list)
    of_key: dict[str, list[Job]] = field(default_factory=lambda: defaultdict(list))
    """The jobs whose attempts run now, by their key."""
    keyed: int = 0
    """How many attempts with a key have begun."""
    debounced: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    answered: dict[str, str] = field(default_factory=dict)
    """The requests with each debounce key in order, and the last of them that was answered."""
    died: set[tuple[str, int, int]] = field(default_factory=set)
    """The tokens of attempts whose worker died, or could no longer write until its invocation ended."""
    only: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The ids of the jobs in the answers to requests with one value."""
    wrong: list[str] = field(default_factory=list)
    crashes: int = 0
    steps: int = 0
    """How often a process, an attempt or a part of one has begun or ended, and the counters have counted."""
    watched_at: float = 0.0
    nested: Callable[[], object] | None = None

    skew: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds by which the clock of "api", of "watchdog" or of one of WORKERS is ahead."""
    worker: str = WORKERS[0]
    """The worker whose batch is being processed, or was the last one."""
    deliveries: int = 0
    removed: str | None = None
    """The type that the present deployment does not have."""
    throttled: bool = False
    """Whether Lambda refuses invocations: a batch is received, counted, and hidden for its visibility timeout."""
    time_of_watchdog: float = 50.0
    """Seconds that a run of the watchdog has."""
    ends: ContextVar[float | None] = field(default_factory=lambda: ContextVar("ends", default=None))
    """When the invocation of this thread is killed: while one of its jobs waits, a batch may be worked on within it."""
    running: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    """The ends of the invocations that run a function for a job's generation."""

    def __post_init__(self) -> None:
        self.ground.faults.moment = lambda: (self.clock.now, self.steps)
        self.kinds = {name: declare(ScriptedFunction(self), name) for name in self.ground.types}
        self.kind = self.kinds[TYPE]
        self.service = JobService(
            self.ground.store, self.ground.queue, clock=self.clock_of("api"), sleep=self.clock.advance,
            places=lambda: self.ground.places,
        )  # fmt: skip
        self.operations = Operations(self.service.dispatcher, "ada")
        self.composed = Composed(
            self.clock, lambda: max(map(abs, self.skew.values()), default=0.0), self.wrong, self._row,
            lambda: len(self.ground.writes()), self.ground.faults.asleep,
        )  # fmt: skip
        self.posting = Posting(self.service.dispatcher, "ada")
        self.waking = Waking(self)
        self.counting = Counting(self.ground, self.clock)
        self.index = LaggingIndex(self.ground.store)
        watching = JobService(
            cast("JobStore", self.index), self.ground.queue, clock=self.clock_of("watchdog"),
            places=lambda: self.ground.places,
        )  # fmt: skip
        past = cast("PastPauses", Faulty(self.past_pauses, self.ground.faults, DYNAMODB))
        self.in_bulk = InBulk(self)
        self.watchdog = Watchdog(
            watching.dispatcher, self.ground.types, standing=self.standing, past_pauses=past,
            bulk=cast("BulkWork", self.in_bulk), pulse=self.pulse(Seen()),
        )  # fmt: skip

    def standing(self) -> Standing:
        """Return the counters' facts for the watchdog, with the pause if it was read; also count what they lack."""
        self.steps += 1
        known = [*self.ground.types] if self.pause_known else []
        known += [TYPE] if self.by_itself is not None and self.by_itself.told() is not None else []
        return self.counting.standing(dict.fromkeys(known, self.clock.now))

    def pulse(self, seen: Seen) -> Pulse:
        """Return what compares the stream with its counters, for a process of the watchdog."""
        return Pulse(self.counting, cast("CounterTable", self.counting), seen)

    def _row(self, job: Job, key: str) -> Step | None:
        with self.ground.faults.asleep():
            return self.ground.store.kept_step(job, key)

    def acknowledged(self, body: str) -> None:
        """Record that a message was acknowledged."""
        try:
            told = parse_message(body)
        except MalformedMessage:
            return
        if any(job_id == told.id for job_id, _ in self.composed.asked):
            with self.ground.faults.asleep(), suppress(JobNotFound):
                job = self.ground.store.get_without_bodies(told.id)
                if job.gen == told.gen:
                    self.composed.acknowledged(job)

    def pause_all(self, on: bool, known: bool = True) -> None:
        """Pause every type as an operator does, or resume them; `known`: the watchdog reads it.

        A type that pauses automatically has its own operator.
        """
        if self.paused and not on:
            pause = Pause(self.paused_at, "ada", "")
            for name in self.ground.types:
                if self.by_itself is None or name != TYPE:
                    self.past_pauses.add(name, PastPause(pause, self.clock.now, "ada"))
        if on and not self.paused:
            self.paused_at = self.clock.now
        self.paused, self.pause_known = on, on and known
        self.ground.told_paused = {*self.ground.types} if self.pause_known else set()

    def pause_when(self, rule: Failing) -> None:
        """Let the job type TYPE pause by itself."""
        self.by_itself = ByItself(self, rule)

    def tell_ends(self) -> None:
        """Give the jobs of TYPE `on_end` with the type TOLD."""
        self.telling = Telling(self)
        self.kind = self.kinds[TYPE] = registered[TYPE] = replace(self.kind, on_end=TOLD)

    def notify_ends(self) -> Notifying:
        """Register webhooks that are told each end; return the function that makes the deliveries."""
        self.telling = notifying = Notifying(self)
        self.post = notifying.post
        return notifying

    def make_batches(self) -> None:
        """Let clients make batches of jobs of TYPE, whose ends are told to the type TOLD."""
        self.telling = self.batching = Batching(self)

    def follow(self) -> None:
        """Run the function `followup` on the changes of jobs, in a process that may die."""
        if self.telling is not None:
            self.process(self.telling.follow)

    def _group(self, body: str) -> str:
        told = parse_message(body)
        return next((group_of(job.tags) for job in self.ground.jobs() if job.id == told.id), None) or BY_HAND

    def remove(self, kind: str | None) -> None:
        """Deploy without this type, or with all types; a removed type has neither watchdog nor worker."""
        self.removed = kind
        self.watchdog.types = [name for name in self.ground.types if name != kind]

    def clock_of(self, process: str) -> Callable[[], float]:
        """Return the clock of a process: correct, except for its skew."""
        return lambda: self.clock.now + self.skew[process]

    def calm(self) -> None:
        """End everything that prevents the simulated platform from coming to rest, except the wrong clocks."""
        self.paused = self.pause_known = self.throttled = False
        self.ground.told_paused = set()
        self.time_of_watchdog, self.index.frozen, self.watchdog_on = 50.0, None, True
        self.counting.lag, self.counting.out = 0.0, False
        if self.telling is not None:
            self.telling.out = False
        self.remove(None)
        if self.by_itself is not None:
            self.by_itself.resume()

    def lose_messages(self, kind: str = TYPE) -> None:
        """Purge the queue: messages on the way to the dead-letter queue will not reach it."""
        self.excused |= {job.id for job in self.ground.jobs()}
        self.waking.excuse()
        self.ground.purge(kind)

    def console_redrive(self, kind: str = TYPE) -> int:
        """Do what StartMessageMoveTask of SQS does: same bodies; new message ids, receive counts and times."""
        bodies = self.ground.take_dead(kind)
        for body in bodies:
            self.ground.put(body, kind, self._group(body))
        return len(bodies)

    # ---- time

    def watch(self) -> None:
        """Run the scheduled watchdog, if a minute has passed and it has no outage."""
        if self.watchdog_on and self.clock.now >= self.watched_at + 60:
            self.watched_at = self.clock.now
            if not self.process(self._watch):
                # the next run is in a new process
                self.watchdog.lookback, self.watchdog.quiet = Lookback(), QuietQueues()
                self.watchdog.pulse = self.pulse(Seen())
            self.in_bulk.go_on()
            for probe in self.by_itself.probes() if self.by_itself is not None else ():
                self.deliver(probe)
                self.waking.probed(parse_message(probe[0].body).id)

    def _watch(self) -> None:
        if self.planned is not None:
            self.planned.run()
        if self.batching is not None:
            self.batching.look_after()
        if self.by_itself is not None:
            self.by_itself.watchdog.run()
        self.watchdog.run(lambda: self.time_of_watchdog)

    def at_rest(self) -> bool:
        """Return whether nothing is left to do."""
        untold = self.telling is not None and self.telling.pending()
        untold = untold or (self.batching is not None and self.batching.open())
        waiting = any(map(self.ground.waiting, self.ground.types)) or self.counting.rows.bulk or untold
        return not self.ground.unfinished() and not waiting

    def poll_all(self) -> int:
        """Receive one batch of each type that has a message, and process it."""
        return sum(self.poll(kind=kind) for kind in self.ground.types if kind == TYPE or self.ground.waiting(kind))

    def rest(self, most: float = 2 * DAY) -> None:
        """Let the system run until nothing is left to do, and the watchdog has cleaned up."""
        end, idle = self.clock.now + most, 0
        while not self.at_rest() and self.clock.now < end:
            idle = 0 if self.poll_all() else idle + 1
            self.follow()
            self.watch()
            if idle:
                self.clock.advance(self.rng.choice((1, 3, 9)) if idle < 6 else min(30.0 * 2 ** (idle // 3 - 2), 600))
        # An automatic pause of a type without jobs ends when its next probe is due.
        for _ in range(12 if self.by_itself is not None and self.by_itself.open() else 0):
            self.clock.advance(610)
            self.watch()
        # The dead-letter queue was swept, and a disabled queue was enabled again: after a run that a crash ends,
        # another run follows.
        tidy = any(map(self.ground.dead, self.ground.types)) or self.by_itself is not None
        for _ in range(3 if tidy else 0):
            self.clock.advance(130)
            self.watch()
            while self.poll_all():
                self.clock.advance(1)
