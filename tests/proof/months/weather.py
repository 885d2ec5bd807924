"""Define the faults of a simulated month: which faults, how often, and for how long."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.jobs.port import Depth
from tests.proof.coverage import COLUMNS, FAULTS
from tests.proof.grounds.faults import DYNAMODB, SQS, ReplyLost, Throttled
from tests.proof.grounds.ground import TYPES
from tests.proof.grounds.memory import MemoryGround
from tests.proof.months.answers import READS, WRITES
from tests.proof.promises import SHARE_LOST, SHARE_REFUSED
from tests.proof.roles.poller import WORKERS
from tests.proof.world import World

HOUR = 3_600.0
EXPIRED = "messages expire"
PAUSED = "the type is paused"
LAGS = "the counters lag"
OF_DYNAMODB = WRITES | READS | {"slots", "read", "save", "claim", "replace", "due"}
"""The calls of which a percentage gets no answer."""
SHARES = (0.01, 0.5)
"""Minimum and maximum percentage of DynamoDB's answers that are lost, or of its requests that are refused."""
LONG_PAUSE = 5 * 24 * HOUR
"""Longer than SQS keeps a message."""
CALM, CALM_FOR = 24.0, 1.5
"""On average once in this number of hours there are so many hours without faults: only then I16 is checked."""
PROCESSES = ("api", "watchdog", *WORKERS)
FARTHEST = 15.0
"""Seconds by which a clock is wrong in a month in which two clocks may differ by 30 s."""
SKEW = 2.4
"""Maximum seconds by which a clock is wrong: two clocks then differ by less than the 5 s that a lease allows."""


@dataclass(frozen=True)
class Kind:
    """One kind of fault: on average once in `every` hours, for `low` to `high` seconds."""

    every: float
    low: float
    high: float


KINDS: Mapping[str, Kind] = {
    "DynamoDB is out of order": Kind(16, 60, 6 * HOUR),
    "SQS is out of order": Kind(16, 60, 6 * HOUR),
    "invocations are throttled": Kind(12, 60, 6 * HOUR),
    "a clock is wrong": Kind(6, 60, 12 * HOUR),
    "the index lags": Kind(6, 60, HOUR),
    LAGS: Kind(8, 60, 6 * HOUR),
    "the counters are out of order": Kind(8, 60, 6 * HOUR),
    "depths are estimates": Kind(6, 60, 6 * HOUR),
    "the watchdog has little time": Kind(8, 60, 2 * HOUR),
    "the watchdog is down": Kind(12, 60, 6 * HOUR),
    "a type is removed": Kind(24, HOUR, 12 * HOUR),
    SHARE_LOST: Kind(24, 300, 6 * HOUR),
    SHARE_REFUSED: Kind(24, 300, 3 * HOUR),
    PAUSED: Kind(36, 600, LONG_PAUSE),
}
"""Faults that last. The promise about dead letters allows for a day of outage; a pause may be longer than SQS's
retention."""
STUMBLES = 0.06
"""A service refuses requests for some seconds, on average once in this number of hours: mostly during an operation."""
LASTING = frozenset(KINDS) & frozenset(FAULTS) - {"DynamoDB is out of order"}
"""Faults that affect every move made meanwhile; a service with an outage affects only the requests that it refuses."""
MOMENTS: Mapping[str, float] = {
    "dies": 0.06,
    "refused": 0.06,
    "reply lost": 0.06,
    "duplicate": 0.25,
    "a part of a batch": 0.25,
    "messages lost": 40,
}
"""Faults of a moment: on average once in this number of hours."""
COUNTED = (*MOMENTS, PAUSED, EXPIRED, SHARE_LOST, SHARE_REFUSED)
"""Faults that are counted when they happen, without a move: the whole proof fails if one of them never happened."""

AIMS = 0.2
"""A fault is planned for the move during which it happened least often so far, at most once in this number of hours."""
AIMED_TOGETHER = 4
"""Moves for which faults are planned at the same time. With more of them, rare moves would meet only planned faults."""
AIMED_AT_MOST = 3.0
"""Hours after which faults are planned for another move: some moves are not made for a long time."""
AIMED = ("dies before", "dies after", "refused", "reply lost", "DynamoDB is out of order", "SQS is out of order")


@dataclass
class Weather:
    """Begins and ends faults in a simulated platform."""

    world: World
    rng: random.Random
    until: dict[str, float] = field(default_factory=dict)
    changed_at: float = 0.0
    aimed: dict[str, float] = field(default_factory=dict)
    """When a fault was last planned for each move."""
    calm_until: float = 0.0
    calms: int = 0
    came: Counter[str] = field(default_factory=Counter)
    """How often each fault of COUNTED happened."""
    apart: dict[str, float] = field(default_factory=dict)
    """Seconds by which the clock of a process is always fast."""
    shares: dict[str, float] = field(default_factory=dict)
    """The present percentages of lost answers and of refused requests."""
    some: dict[str, range] = field(default_factory=dict)
    """The calls that are refused, or lose their answer, one after the other."""

    def __post_init__(self) -> None:
        self._arm()

    def _arm(self) -> None:
        faults = self.world.ground.faults
        faults.fail = lambda name: self._fails(name, "refused", SHARE_REFUSED, Throttled)
        faults.lose = lambda name: self._fails(name, "reply lost", SHARE_LOST, ReplyLost)

    def keep_apart(self) -> None:
        """Let the clock of each process be wrong by up to FARTHEST, always by the same amount."""
        self.apart = {name: self.rng.uniform(-FARTHEST, FARTHEST) for name in PROCESSES}

    def change(self) -> None:
        """Begin and end faults at random."""
        now = self.world.clock.now
        hours = (now - (self.changed_at or now)) / HOUR
        self.changed_at = now
        if now >= self.calm_until and self.rng.random() < hours / CALM:
            self._calm_down(now + CALM_FOR * HOUR)
        if now >= self.calm_until:
            self._begin_some(now, hours)
        self.until = {name: end for name, end in self.until.items() if end > now}
        self._apply()
        if now >= self.calm_until:
            for name, every in MOMENTS.items():
                if self.rng.random() < hours / every:
                    self._strike(name)
            self._aim(now)

    def _begin_some(self, now: float, hours: float) -> None:
        for name, kind in KINDS.items():
            if name not in self.until and self.rng.random() < hours / kind.every:
                self._begin(name, now + kind.low * (kind.high / kind.low) ** self.rng.random())
        for service in (DYNAMODB, SQS):
            if self.rng.random() < hours / STUMBLES:
                self.until.setdefault(f"{service} is out of order", now + self.rng.uniform(1, 30))

    def pause(self) -> None:
        """Begin a pause in which messages expire."""
        self._begin(PAUSED, self.world.clock.now + LONG_PAUSE)

    def clear(self) -> None:
        """End every fault."""
        if isinstance(self.world.ground, MemoryGround):
            self.came[EXPIRED] = self.world.ground.raw.expired
        self.until = {}
        self._apply()
        self.world.ground.faults.calm()
        self.world.calm()

    def _begin(self, name: str, end: float) -> None:
        self.until[name] = end
        if name in (SHARE_LOST, SHARE_REFUSED):
            low, high = SHARES
            self.shares[name] = low * (high / low) ** self.rng.random()
        if name in COUNTED:
            self.came[name] += 1

    def _calm_down(self, until: float) -> None:
        """End every fault except a pause, which an operator wants. Every second time, the counters lag meanwhile."""
        self.until = {name: end for name, end in self.until.items() if name == PAUSED}
        self.calms += 1
        if self.calms % 2 == 0:
            self.until[LAGS] = until
        self._apply()
        self.world.ground.faults.calm()
        self.some = {}
        self._arm()
        self.calm_until = until

    def _apply(self) -> None:
        world, on = self.world, self.until.__contains__
        faults = world.ground.faults
        for service in (DYNAMODB, SQS):
            if not on(f"{service} is out of order"):
                faults.out.discard(service)
                faults.out_from.pop(service, None)
            elif service not in faults.out_from:
                faults.out_from[service] = faults.calls + self.rng.randint(1, 12)
        faults.around = set(self.until) & LASTING
        world.throttled = on("invocations are throttled") and self.rng.random() < 0.9
        if not on(LAGS):
            world.counting.lag = 0.0
        elif not world.counting.lag:
            world.counting.lag = self.rng.choice((60.0, 300.0, HOUR))
            world.counting.slow = self.rng.choice(((0,), (0, 1)))
        world.remove(TYPES[-1] if on("a type is removed") else None)
        world.counting.out = on("the counters are out of order")
        world.time_of_watchdog = self.rng.choice((2.0, 14.0, 16.0)) if on("the watchdog has little time") else 50.0
        world.watchdog_on = not on("the watchdog is down")
        world.pause_all(on(PAUSED))
        for process in PROCESSES:
            wrong = self.rng.uniform(-SKEW, SKEW) if on("a clock is wrong") else 0.0
            world.skew[process] = self.apart.get(process, 0.0) + wrong
        self.shares = {name: share for name, share in self.shares.items() if on(name)}
        if isinstance(world.ground, MemoryGround):
            lags = on("the index lags")
            world.index.frozen = (world.index.frozen or world.ground.frozen()) if lags else None
            world.ground.raw.estimate = self._estimate if on("depths are estimates") else (lambda _, depth: depth)

    def _estimate(self, _: str, depth: Depth) -> Depth:
        """Estimate as SQS does, which counts on some of its servers.

        A number may be too low or too high, and 0 is common for few.
        """
        low, high = (0, 2) if self.rng.random() < 0.5 else (1, 1)
        visible, delayed, flying, dead = (
            round(number * self.rng.uniform(low, high))
            for number in (depth.visible, depth.delayed, depth.in_flight, depth.dead)
        )
        return Depth(visible, delayed, flying, dead)

    def _aim(self, now: float) -> None:
        """Plan faults for moves during which they rarely happen.

        By chance alone, this would need years of simulation.
        """
        aims, struck = self.world.ground.faults.aims, self.world.ground.faults.struck
        for move in [move for move in aims if now - self.aimed[move] > AIMED_AT_MOST * HOUR]:
            del aims[move]
        if len(aims) < AIMED_TOGETHER and now - max(self.aimed.values(), default=0.0) > AIMS * HOUR:
            pairs = [(fault, move) for fault in AIMED for move in COLUMNS if move not in aims]
            least = min(struck[pair] for pair in pairs)
            fault, move = self.rng.choice([pair for pair in pairs if struck[pair] == least])
            aims[move], self.aimed[move] = fault, now

    def _strike(self, name: str) -> None:
        faults = self.world.ground.faults
        self.came[name] += 1
        if name == "dies":
            faults.crash_at, faults.after = faults.calls + self.rng.randint(1, 12), self.rng.random() < 0.5
        elif name in ("refused", "reply lost"):
            self.some[name] = self._few_calls()
        elif name == "duplicate":
            self.world.duplicate_next = True
        elif name == "a part of a batch":
            faults.unsent = 1
        else:
            self.world.lose_messages(self.rng.choice(TYPES))

    def _few_calls(self) -> range:
        """Return some calls, beginning a few calls from now."""
        first = self.world.ground.faults.calls + self.rng.randint(1, 12)
        return range(first, first + self.rng.randint(1, 4))

    def _fails(self, name: str, few: str, many: str, error: type[Exception]) -> Exception | None:
        faults = self.world.ground.faults
        chosen = faults.calls in self.some.get(few, ())
        return error(name) if chosen or (many in self.shares and self._by_chance(name, self.shares[many])) else None

    def _by_chance(self, name: str, share: float) -> bool:
        return name in OF_DYNAMODB and self.rng.random() < share
