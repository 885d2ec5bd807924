"""Simulate days with all faults at random times, from one seed: `make proof HOURS=720`."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from chalicelib.bulk.background import NewBulkAction
from chalicelib.errors import JobConflict
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.jobtype import registered
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import ACTIVE, DISCARDABLE, PLANNED, RETRYABLE, Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.jobs.priority import PRIORITIES
from chalicelib.watchdog.lookback import Lookback
from chalicelib.watchdog.pulse import Seen
from chalicelib.watchdog.quiet_queues import QuietQueues
from tests.proof.grounds.faults import DYNAMODB, ReplyLost, Throttled
from tests.proof.grounds.ground import TYPE, TYPES
from tests.proof.grounds.memory import MemoryGround
from tests.proof.invariants import broken_at_rest
from tests.proof.months.liveness import Liveness
from tests.proof.months.weather import COUNTED, EXPIRED, KINDS, MOMENTS, Weather
from tests.proof.promises import APART, STALLS, plays
from tests.proof.roles.composed import EVENT
from tests.proof.roles.planned import Planned
from tests.proof.roles.script import TIMEOUT, silence
from tests.proof.world import DAY, World
from tests.support import Clock

HOUR = 3_600.0
EPISODE, WEEK = 72.0, 168.0
"""Hours until everything comes to rest and is checked; the next episode begins with a new simulated platform."""
WEEKS = 6
"""One episode in this number lasts a week, and begins with a pause in which messages expire."""
OUTCOMES = (
    "later", "much later", "err", "err", "perm", "oom", "stall", "progress", "ask then obey", "ask then err",
    "nested then ok", "long", "make", "make then err", "make many", "make many then err",
    "make quiet", "make quiet then err", "nap", "long nap", "call", "keep then call two",
    "keep then err", "keep then wait", "keep then wait or undo", "wait", "keep then oom",
)  # fmt: skip
ARRIVALS = 1 / 900
"""Jobs a second: one in a quarter of an hour, so that most CPU time is used for the events of each job."""
DEBOUNCED = 0.2
"""Share of the requests that have the debounce key: one an hour, so that half of them find a waiting job."""
RATE = Rate(1, per=600)
"""The rate, such that many of a type's jobs wait for their turn, with a hidden message or parked: a third more than
they need."""
UNIQUE = 0.1
"""Share of the requests for the unique type."""
UNIQUE_FOR = 2 * HOUR
EXPIRING = 0.2
"""Share of the requests for jobs that expire."""
BULKS = 1 / (8 * HOUR)
"""Bulk actions a second."""
LISTED = 30
"""Maximum number of jobs in the list of a bulk action."""
FAILING = Failing(of=2, within=2 * HOUR)
"""Two equal failures within two hours: the type is paused automatically every few hours."""
LIMITS = (
    (AtMost(1, shared="proof"),), (AtMost(1),), (AtMost(1, by="ballast"), AtMost(2, shared="proof")),
)  # fmt: skip
"""The limits of two types, by month; a deployment removes one of the types."""
LIMITED_TYPES = TYPES[1:]
FAIR = {1: "name", 3: "ballast"}
"""The field of the tenants that take turns in their lines, in every month with this rest: each job has one of its own,
or all have one."""
LIMITED_PAUSES = 6
"""In every eighth month with this rest, the type that pauses automatically has limits, too, and shares them."""
URGENT_EVERY, URGENT = 11, 9
"""In every month with this rest, types have an urgent queue, too."""
HIGH = 0.3
"""Share of the requests for jobs of their types that are of high priority."""
LIMITED, MOST_WAITING = 0.2, 3
"""Share of the requests for several jobs of a type with a limit, and their number."""
BESIDE = ("nested then ok", "nested then ok", "nested then err", "nested then oom", "stall", "nested then later")
"""What the first one does, while the others come."""
KEYS = 3
"""The keys of the jobs of a serial type; a job without a key never waits for another job."""
KEYS_OF_ONE = 3
"""The Idempotency-Keys of requests for the unique job; each is repeated in an episode."""
FOLLOWED = 0.3
"""Share of the requests after which several jobs with one key are requested, one after the other."""
BATCH = 3
"""Messages of a serial type in one batch, so that some follow another message of their key in the batch."""
THREADED = 5
"""In one episode of this number, a worker runs the jobs of a batch side by side, except those with keys or limits."""
POLLED_EVERY = 90 * 60.0
"""Seconds between two polls of a type with few workers. Half of its jobs come in between, so after two days a job waits
for more than a day behind others."""
FEW_WORKERS = 8
"""One episode in this number has few workers."""
SHORTEST = TIMEOUT / 2
"""Minimum seconds of an invocation. Lambda gives each invocation its whole timeout, but a job that is claimed late has
less."""
LONGEST_REST = 10 * DAY
TELLING = 3
"""In one episode of this number, the jobs of TYPE have `on_end`."""
NOTIFYING = 9
"""In every such month, two webhooks are told each end: it has three times as many jobs."""
FOLLOWED_UP_EVERY = 60.0
"""Average seconds between two reads of the stream."""
BATCHING = 4
"""In every month whose number has this rest by NOTIFYING, clients make batches; the jobs tell their ends to nobody."""
BATCHES = 1 / (3 * HOUR)
"""Batches a second."""
MOST_MEMBERS = 6
WIDE = 9
"""In one episode of this number, clocks differ by up to 30 s. Promises that depend on a lease's end do not apply
then."""
OF_CLOCKS = (
    "was taken over under a live lease", "ends before its invocation", "while another worker could still be writing",
    "I24 ", "I42 ",
)  # fmt: skip
"""The promises that do not apply then, as docs/delivery.md says."""
WAITS = frozenset({Status.SUSPENDED})
OPERATED: Mapping[str, frozenset[Status]] = {
    "discard": DISCARDABLE, "requeue": RETRYABLE, "run_now": PLANNED, "cancel": ACTIVE, "wake": WAITS,
    "compensate": WAITS,
}  # fmt: skip
"""An operator's actions, each with the statuses of a job that allow it."""

plays("M", range(1, 14), (*KINDS, *MOMENTS, EXPIRED, STALLS))
plays("M", (1, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15), (APART,))
plays("M", (14, 15), (*KINDS, *MOMENTS, EXPIRED, STALLS))


@dataclass
class Report:
    """The results: simulated hours, jobs, the hours of their lives, how often each fault happened, and what was broken.

    `probes` and `keyed` count the starts during automatic pauses, and those with a key; `came` counts the faults that
    belong to no move, `judged` the jobs for which I16 was checked, and `woken` the waits for which I37 was checked.
    """

    hours: float = 0.0
    jobs: int = 0
    job_hours: float = 0.0
    cpu_seconds: float = 0.0
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    probes: int = 0
    keyed: int = 0
    came: Counter[str] = field(default_factory=Counter)
    judged: int = 0
    woken: int = 0

    def add(self, other: "Report") -> None:
        """Add another report to this one."""
        self.hours, self.jobs = self.hours + other.hours, self.jobs + other.jobs
        self.job_hours += other.job_hours
        self.cpu_seconds += other.cpu_seconds
        self.struck.update(other.struck)
        self.came.update(other.came)
        self.judged += other.judged
        self.woken += other.woken
        self.broken += other.broken
        self.probes, self.keyed = self.probes + other.probes, self.keyed + other.keyed

    def missed(self) -> list[str]:
        """Return the faults that never happened, and whether no job was checked in times without faults."""
        never = [f"{name!r} never came" for name in COUNTED if not self.came[name]]
        never += [] if self.judged else ["the weather was never calm, so I16 was not asked"]
        return never if self.woken else [*never, "no wait ended while nothing failed, so I37 was not asked"]


def episode(seed: int, hours: float = EPISODE) -> Report:
    """Simulate this number of hours, then let everything come to rest; `seed` repeats it exactly."""
    spent = time.process_time()
    clock, rng = Clock(), random.Random(f"{seed} month")
    random.seed(seed)  # of the waits between two tries to take a key
    with silence():
        world = World(MemoryGround(clock, 6 * TIMEOUT, TYPES), clock, rng)
        steer(world, seed)
        players = Players(world, rng, few=seed % FEW_WORKERS == 6)
        weather, liveness, began = Weather(world, rng), Liveness(world), clock.now
        if apart(seed):
            weather.keep_apart()
        if hours > EPISODE:
            weather.pause()
        while clock.now < began + hours * HOUR:
            weather.change()
            players.act(began)
            liveness.look()
            clock.advance(rng.choice((1, 5, 15, 30)))
        liveness.count()
        weather.clear()
        players.end()
        world.rest(LONGEST_REST)
        broken = [f"seed {seed}: {line}" for line in [*broken_at_rest(world), *liveness.broken]]
        if apart(seed):
            broken = [line for line in broken if not any(excused in line for excused in OF_CLOCKS)]
    jobs = world.ground.jobs()
    lived = sum((job.finished_at or clock.now) - job.created_at for job in jobs) / HOUR
    probes = 0 if world.by_itself is None else world.by_itself.probed
    spent = time.process_time() - spent
    return Report(
        hours, len(jobs), lived, spent, world.ground.faults.struck, broken, probes, world.keyed, weather.came,
        liveness.judged, world.waking.judged.total(),
    )  # fmt: skip


def apart(seed: int) -> bool:
    """Return whether the clocks of a month differ by up to 30 s, which is more than a lease allows."""
    return seed % WIDE == WIDE - 1


def steer(world: World, seed: int) -> None:
    """Give one type a rate (perhaps with automatic pauses), or keys, or automatic pauses (perhaps with tenants).

    Another one has unique jobs, and the third one has schedules. Both have limits, and in some months urgent queues.
    In some months, jobs tell their ends, to a type or to
    webhooks, or clients make batches. Months whose clocks differ by much have one of the three in turn.
    """
    kind = world.kinds[TYPES[1]]
    unique = Unique(by=("name",), seconds=UNIQUE_FOR)
    world.kinds[kind.name] = registered[kind.name] = replace(kind, unique=unique)
    world.unique[kind.name] = UNIQUE_FOR
    world.planned = Planned(world)
    for name in LIMITED_TYPES:
        world.limit(*LIMITS[seed % len(LIMITS)], kind=name)
        if seed % 4 in FAIR:
            world.share(name, FAIR[seed % 4])
        if seed % URGENT_EVERY == URGENT:
            world.make_urgent(name)
    if seed % THREADED == THREADED - 1:
        world.batch = world.threads = BATCH
    if apart(seed):
        (world.tell_ends, world.make_batches, world.notify_ends)[seed // WIDE % 3]()
        return
    if seed % TELLING == 2:
        world.tell_ends()
    if seed % NOTIFYING == 1:
        world.notify_ends()
    if seed % NOTIFYING == BATCHING:
        world.make_batches()
    if seed % 2:
        world.pace(RATE)
        if seed % 4 == 3:
            world.pause_when(FAILING)
    elif seed % 4 == 0:
        world.batch = BATCH
        world.serialize()
    else:
        world.pause_when(FAILING)
        if seed % 8 == 2:
            world.share()
        if seed % 8 == LIMITED_PAUSES:
            world.limit(*LIMITS[seed % len(LIMITS)])
        if seed % URGENT_EVERY == URGENT:
            world.make_urgent()


@dataclass
class Players:
    """Clients, operators, pollers and the watchdog, each acting at random times."""

    world: World
    rng: random.Random
    looked_at: float = 0.0
    processes: list[tuple[Lookback, QuietQueues, Seen]] = field(
        default_factory=lambda: [(Lookback(), QuietQueues(), Seen()) for _ in range(2)]
    )
    """The memory of the processes of the watchdog's function: Lambda may give a run to any of them."""
    few: bool = False
    """Whether workers poll for TYPE so rarely that its backlog grows to days."""
    paused: bool = False
    """Whether an operator has also paused the type that may pause automatically."""

    def act(self, began: float) -> None:
        """Let each act whose time has come."""
        now = self.world.clock.now
        passed, self.looked_at = now - (self.looked_at or began), now
        if self.rng.random() < passed * ARRIVALS:
            self._attempt(self._submit_limited if self.rng.random() < LIMITED else self._submit)
        if self.rng.random() < passed * BULKS:
            self._attempt(self._act_in_bulk)
        if self.world.accepted and self.rng.random() < passed * ARRIVALS / 2:
            self._attempt(self._operate)
        if self.world.by_itself is not None and self.world.paused is not self.paused:
            self._attempt(self._pause_or_resume)
        for kind in self.world.ground.types:
            if self.world.ground.waiting(kind) and self._free(kind, passed):
                self._attempt(lambda kind=kind: self.world.poll(self.rng.uniform(SHORTEST, TIMEOUT), kind))  # type: ignore[misc]
        self._attempt(self._watch)
        if self.world.batching is not None:
            if self.rng.random() < passed * BATCHES:
                self._attempt(self._make_batch)
            self._attempt(self.world.batching.repeat)
        if self.world.telling is not None and self.rng.random() < passed / FOLLOWED_UP_EVERY:
            self._attempt(self.world.telling.follow)

    def _free(self, kind: str, passed: float) -> bool:
        return not (self.few and kind == TYPE) or self.rng.random() < passed / POLLED_EVERY

    def _attempt(self, work: Callable[[], object]) -> None:
        """Let one of them act; if a fault ends the action, the simulation continues."""
        with suppress(Throttled, ReplyLost, JobConflict):
            self.world.process(work)

    def _watch(self) -> None:
        one = self.rng.randrange(len(self.processes))
        watchdog = self.world.watchdog
        watchdog.lookback, watchdog.quiet, seen = self.processes[one]
        watchdog.pulse = self.world.pulse(seen)
        self.world.watch()
        self.processes[one] = watchdog.lookback, watchdog.quiet, watchdog.pulse.seen

    def _submit(self) -> None:
        name = f"job {len(self.world.accepted)} {self.rng.random():.6f}"
        self.world.script[name] = self._outcomes()
        self.world.nested = self.world.poll_all
        if self.rng.random() < UNIQUE:
            self.world.script["one"] += self._outcomes()
            if self.rng.random() < 0.5:
                self.world.submit_unkeyed("one", TYPES[1])
            else:
                own, out = f"key {self.rng.randint(1, KEYS_OF_ONE)} of one", DYNAMODB in self.world.ground.faults.out
                self.world.submit_keyed("one", TYPES[1], own, insist=not out)
            return
        if self.rng.random() < DEBOUNCED:
            self.world.debounce(
                name, "key", self.rng.choice((60, 3000, 3000)), insist=DYNAMODB not in self.world.ground.faults.out
            )
            return
        delay = self.rng.choice((None, None, None, self.rng.randint(1, 900), self.rng.randint(900, 20_000)))
        kind = self.rng.choice(TYPES)
        high = self.world.kinds[kind].urgent and self.rng.random() < HIGH
        self.world.submit(
            name,
            keyed=DYNAMODB not in self.world.ground.faults.out,
            kind=kind,
            priority="high" if high else "normal",
            delay_seconds=delay,
            max_attempts=self.rng.randint(1, 4),
            ballast=self.rng.randint(0, KEYS),
            expires_seconds=self.rng.choice((60, 900, 20_000)) if self.rng.random() < EXPIRING else None,
        )
        if self.world.kind.serial_by is not None and self.rng.random() < FOLLOWED:
            key = self.rng.randint(1, KEYS)
            for number in range(BATCH):
                self.world.script[f"{name}, {number}"] = self._outcomes()
                self.world.submit(f"{name}, {number}", keyed=False, ballast=key)

    def _submit_limited(self) -> None:
        """Request jobs of types with limits, of each priority; the first one runs while the others' messages come."""
        if self.world.kind.limits:
            first, other = self.rng.sample(TYPES, 2)
        else:
            first = self.rng.choice(LIMITED_TYPES)
            (other,) = (kind for kind in LIMITED_TYPES if kind != first)
        types = [first, other, *[first] * (MOST_WAITING - 2)]
        for number, kind in enumerate(types):
            name = f"limited {len(self.world.accepted)} {self.rng.random():.6f}"
            self.world.script[name] = [self.rng.choice(BESIDE) if number == 0 else "ok", *self._outcomes()]
            keyed, priority = DYNAMODB not in self.world.ground.faults.out, PRIORITIES[number % len(PRIORITIES)]
            self.world.submit(name, keyed=keyed, kind=kind, priority=priority)
        self.world.nested = lambda: [self.world.poll(kind=kind) for kind in types]

    def _act_in_bulk(self) -> None:
        """Retry or discard the matching jobs, or act on a list of jobs, some of which do not allow the action."""
        action = self.rng.choice(("retry", "retry", "discard", "cancel"))
        found = [job.id for job in self.world.ground.jobs()]
        if action != "cancel" and self.rng.random() < 0.5:
            self.world.in_bulk.start(NewBulkAction(action, "ada", "ada", Filter(type=self.rng.choice((None, *TYPES)))))
        elif found:
            ids = self.rng.sample(found, min(len(found), self.rng.randint(1, LISTED)))
            self.world.in_bulk.start(NewBulkAction(action, "ada", "ada", ids=tuple(ids)))

    def _make_batch(self) -> None:
        assert self.world.batching is not None
        names = [f"member {number} of {self.rng.random():.6f}" for number in range(self.rng.randint(1, MOST_MEMBERS))]
        for name in names:
            self.world.script[name] = self._outcomes()
        self.world.batching.start(names)

    def end(self) -> None:
        """Request nothing more; a client whose requests had no whole answer repeats them."""
        assert self.world.planned is not None
        self.world.planned.end()
        if self.world.batching is not None:
            self.world.batching.repeat()

    def _outcomes(self) -> list[str]:
        return [self.rng.choice(OUTCOMES) for _ in range(self.rng.choice((0, 1, 1, 2, 4)))]

    def _operate(self) -> None:
        """Change a job.

        Chosen at random, and every second time the change that the current faults have met least often.
        """
        moves = self.rng.sample(sorted(OPERATED), len(OPERATED))
        if self.rng.random() < 0.5:
            moves.sort(key=self._met)
        jobs = self.world.ground.jobs()
        for move in moves:
            if fit := [job for job in jobs if self._fits(move, job)]:
                self._make(move, self.rng.choice(fit))
                return

    def _fits(self, move: str, job: Job) -> bool:
        """Whether the move can be made of the job.

        Only a job that waits for the event is woken by it, and only a job with kept steps has something to undo.
        """
        fit = {"wake": job.waits == f"event:{EVENT}", "compensate": job.kept > 0}
        return job.status in OPERATED[move] and fit.get(move, True)

    def _met(self, move: str) -> int:
        faults = self.world.ground.faults
        return sum(faults.struck[fault, move] for fault in faults.around)

    def _make(self, move: str, job: Job) -> None:
        if move == "discard":
            self.world.operations.discard(job.id)
            self.world.stopped.add((job.id, job.gen))
        elif move == "requeue":
            self.world.stopped.discard((job.id, job.gen))
            self.world.operations.retry(job.id)
        elif move == "run_now":
            self.world.hurry(job.id)
        elif move == "wake":
            self.world.composed.post(self.world.posting, job.id, EVENT)
        else:
            after = self.world.operations.cancel(job.id)
            if after.status is Status.CANCELLED:
                self.world.stopped.add((after.id, after.gen))

    def _pause_or_resume(self) -> None:
        """Do what the operator of all types intends; if there is no answer, try again at the next turn."""
        by_itself, wanted = self.world.by_itself, self.world.paused
        assert by_itself is not None
        (by_itself.pause if wanted else by_itself.resume)()
        self.paused = wanted


def episodes(seed: int, hours: float) -> Sequence[tuple[int, float]]:
    """Return the seed and the hours of each episode, for this number of hours in total."""
    found, left = list[tuple[int, float]](), hours
    while left > 0:
        number = seed + len(found)
        found.append((number, min(left, EPISODE if number % WEEKS else WEEK)))
        left -= found[-1][1]
    return found
