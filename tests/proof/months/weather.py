"""What goes wrong in a simulated month: which faults, how often, and for how long."""

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
OF_DYNAMODB = WRITES | READS | {"slots", "read", "save", "claim", "replace", "due"}
"""The calls of which a share gets no answer."""
SHARES = (0.01, 0.5)
"""Which share of DynamoDB's answers is lost, or of its requests refused, at least and at most."""
LONG_PAUSE = 5 * 24 * HOUR
"""Longer than SQS keeps a message."""
CALM, CALM_FOR = 24.0, 1.5
"""On average once in so many hours nothing goes wrong for so many: only then is judged what must happen soon."""
PROCESSES = ("api", "watchdog", *WORKERS)
FARTHEST = 15.0
"""Seconds that a clock is wrong in a month in which two of them are up to 30 s apart."""
SKEW = 2.4
"""Seconds a clock may be wrong at most: two clocks are then less than the 5 s apart that a lease allows for."""


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
    "the counters lag": Kind(8, 60, 6 * HOUR),
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
"""A service refuses requests for some seconds, on average once in so many hours: mostly in the middle of something."""
LASTING = frozenset(KINDS) & frozenset(FAULTS) - {"DynamoDB is out of order"}
"""Those that strike every move made meanwhile; a service that is out of order strikes what it refuses."""
MOMENTS: Mapping[str, float] = {
    "dies": 0.06,
    "refused": 0.06,
    "reply lost": 0.06,
    "duplicate": 0.25,
    "a part of a batch": 0.25,
    "messages lost": 40,
}
"""Faults of a moment: on average once in so many hours."""
COUNTED = (*MOMENTS, PAUSED, EXPIRED, SHARE_LOST, SHARE_REFUSED)
"""Faults that are counted as often as they came, by no move: the whole proof fails when one of them never did."""

AIMS = 0.2
"""A fault is aimed at the move that it met least so far, at most once in so many hours."""
AIMED_TOGETHER = 4
"""Moves that are aimed at together. With more of them, rare moves would meet no other fault than an aimed one."""
AIMED_AT_MOST = 3.0
"""Hours after which another move is aimed at: some moves are not made for a long time."""
AIMED = ("dies before", "dies after", "refused", "reply lost", "DynamoDB is out of order", "SQS is out of order")


@dataclass
class Weather:
    """Begins and ends faults in a world."""

    world: World
    rng: random.Random
    until: dict[str, float] = field(default_factory=dict)
    changed_at: float = 0.0
    aimed: dict[str, float] = field(default_factory=dict)
    """When each move was aimed at, the last ones."""
    calm_until: float = 0.0
    came: Counter[str] = field(default_factory=Counter)
    """How often each of COUNTED came."""
    apart: dict[str, float] = field(default_factory=dict)
    """Seconds by which the clock of a process is always ahead."""
    shares: dict[str, float] = field(default_factory=dict)
    """The shares of answers that are lost and of requests that are refused now."""
    some: dict[str, range] = field(default_factory=dict)
    """The calls that are refused, or lose their answer, one after the other."""

    def __post_init__(self) -> None:
        self._arm()

    def _arm(self) -> None:
        faults = self.world.ground.faults
        faults.fail = lambda name: self._fails(name, "refused", SHARE_REFUSED, Throttled)
        faults.lose = lambda name: self._fails(name, "reply lost", SHARE_LOST, ReplyLost)

    def keep_apart(self) -> None:
        """Let the clock of each process be up to FARTHEST wrong, by as much all the time."""
        self.apart = {name: self.rng.uniform(-FARTHEST, FARTHEST) for name in PROCESSES}

    def change(self) -> None:
        """Begin and end faults, as chance has it."""
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
        """Begin a pause that outlasts the messages."""
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
        """End every fault but a pause, which an operator wants."""
        self.until = {name: end for name, end in self.until.items() if name == PAUSED}
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
        if not on("the counters lag"):
            world.counting.lag = 0.0
        elif not world.counting.lag:
            world.counting.lag = self.rng.choice((5.0, 300.0, HOUR))
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
        """SQS counts on some of its servers: a number may be too low or too high, and none of a few is common."""
        low, high = (0, 2) if self.rng.random() < 0.5 else (1, 1)
        visible, delayed, flying, dead = (
            round(number * self.rng.uniform(low, high))
            for number in (depth.visible, depth.delayed, depth.in_flight, depth.dead)
        )
        return Depth(visible, delayed, flying, dead)

    def _aim(self, now: float) -> None:
        """Aim at what rarely meets: chance alone would take years of play to bring it together."""
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
        """Return a few calls, beginning some calls from now."""
        first = self.world.ground.faults.calls + self.rng.randint(1, 12)
        return range(first, first + self.rng.randint(1, 4))

    def _fails(self, name: str, few: str, many: str, error: type[Exception]) -> Exception | None:
        faults = self.world.ground.faults
        chosen = faults.calls in self.some.get(few, ())
        return error(name) if chosen or (many in self.shares and self._by_chance(name, self.shares[many])) else None

    def _by_chance(self, name: str, share: float) -> bool:
        return name in OF_DYNAMODB and self.rng.random() < share
