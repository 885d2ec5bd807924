"""Simulate the automatic pauses of the type TYPE: its rows, its event source mapping, its probes, and the operator."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters.port import Pause
from chalicelib.job_types.failing import Failing
from chalicelib.jobs.message import write_message
from chalicelib.jobs.message_fate import Drop, Hold
from chalicelib.jobs.port import JobStore, Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.tried import Tried
from chalicelib.pausing.circuit_breaker import CircuitBreaker, Handle
from chalicelib.pausing.constants import ROW_FRESH
from chalicelib.pausing.every_minute import AutoPausing
from chalicelib.pausing.memory import MemoryAutoPauses
from chalicelib.pausing.port import AutoPauses, Consumers, PastPauses, Pauses, Prober
from chalicelib.pausing.rule import AutoPause
from chalicelib.pausing.switch import Pausing
from tests.proof.grounds.faults import DYNAMODB, Faulty
from tests.proof.grounds.ground import BY_HAND, TYPE, Received

if TYPE_CHECKING:
    from tests.proof.world import World

LAMBDA = "Lambda"


@dataclass
class Switch:
    """The event source mapping; only an operator can end an operator's pause."""

    by_itself: "ByItself"
    off: bool = False

    def switch(self, job_type: str, *, on: bool) -> None:
        """See Consumers."""
        self.off = not on
        if on and self.by_itself.stopped and not self.by_itself.resuming:
            self.by_itself.world.wrong.append(f"I20 {job_type} was switched on, and an operator had paused it")


@dataclass
class Asked:
    """Requested probes: Lambda starts them after the watchdog has continued."""

    messages: list[Message] = field(default_factory=list)

    def probe(self, message: Message) -> None:
        """See Prober."""
        self.messages.append(message)


@dataclass
class Looking:
    """The rows as a worker reads them; `answered` says whether this thread's last read before a claim was answered."""

    rows: AutoPauses
    _here: threading.local = field(default_factory=threading.local)

    @property
    def answered(self) -> bool:
        return getattr(self._here, "answered", True)

    @answered.setter
    def answered(self, answered: bool) -> None:
        self._here.answered = answered

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rows, name)

    def read(self, job_type: str, *, consistent: bool = True) -> AutoPause:
        """See AutoPauses."""
        self.answered = consistent and self.answered
        found = self.rows.read(job_type, consistent=consistent)
        self.answered = self.answered or not consistent
        return found


@dataclass
class Entrance(CircuitBreaker):
    """The circuit breaker of a worker.

    It reports when a message passes, because the claim after that may need some tries.
    """

    passes: Callable[[], None] = lambda: None

    def call(self, handle: Handle) -> Drop | Hold:
        """See CircuitBreaker."""

        def let_in() -> Drop | Hold:
            self.passes()
            return handle()

        return super().call(let_in)


class ByItself:
    """Pauses the type TYPE automatically, by a rule."""

    def __init__(self, world: "World", rule: Failing) -> None:
        self.world, self.rule = world, rule
        faults = world.ground.faults
        self.rows, self.counters, self.queue, self.asked = MemoryAutoPauses(), MemoryCounters(), Switch(self), Asked()
        self.ended = world.past_pauses
        self._rows = cast("AutoPauses", Faulty(self.rows, faults, DYNAMODB))
        self._looking = Looking(self._rows)
        pauses = cast("Pauses", Faulty(self.counters, faults, DYNAMODB))
        consumers = cast("Consumers", Faulty(self.queue, faults, LAMBDA))
        sender = Dispatcher(world.ground.store, world.ground.queue, world.clock_of("watchdog"))
        self.watchdog = AutoPausing(
            [TYPE], self._rows, pauses, consumers, cast("Prober", Faulty(self.asked, faults, LAMBDA)),
            cast("JobStore", world.index), self.counters.standing,
            cast("PastPauses", Faulty(self.ended, faults, DYNAMODB)), world.clock_of("watchdog"),
            sender.send, world.rng.sample, Tried(sender, world.ground.places), world.clock.advance,
        )  # fmt: skip
        self.operator = Pausing(
            pauses, consumers, self.counters, self.ended, world.clock_of("api"), lambda _: self._rows
        )
        self.stopped = self.resuming = False
        """Whether an operator has certainly paused the type, and whether an operator is resuming it now."""
        self._used: set[str] = set()
        world.ground.also_paused = lambda: () if self.told() is None else (TYPE,)
        self._passed = threading.local()
        """When the message of this thread passed."""

    def breaker(self) -> CircuitBreaker:
        """Return the circuit breaker of a new worker process."""
        rows = cast("AutoPauses", self._looking)
        clock = self.world.clock
        return Entrance(TYPE, self.rule, rows, self.world.clock_of(self.world.worker), clock.advance, passes=self._note)

    def _note(self) -> None:
        self._passed.at = self.world.clock_of(self.world.worker)()

    def pause(self) -> None:
        """POST /job-types/{type}/pause."""

        def post() -> None:
            self.operator.pause(TYPE, "ada")
            self.stopped = True

        self.world.insist(post)

    def resume(self) -> None:
        """POST /job-types/{type}/resume."""

        def post() -> None:
            self.operator.resume(TYPE, "ada")

        self.stopped, self.resuming = False, True
        try:
            self.world.insist(post)
        finally:
            self.resuming = False

    @property
    def probed(self) -> int:
        """Return how many probes have started."""
        return len(self._used)

    def open(self) -> bool:
        """Return whether the type is paused automatically now."""
        return self.rows.read(TYPE).since is not None

    def told(self) -> Pause | None:
        """Return the pause that all readers get."""
        return self.counters.standing().paused.get(TYPE)

    def probes(self) -> Sequence[Sequence[Received]]:
        """Return the events of the requested probes that have not begun: their messages are in no queue."""
        asked, self.asked.messages = self.asked.messages, []
        return [[Received("", write_message(message), 1, BY_HAND, self.world.clock.now)] for message in asked]

    def starts(self) -> None:
        """Record a start. While the type is paused, each start must be a probe, and each probe must start only once.

        A worker that gets no answer about the pause works as if there were none.
        """
        row, passed_at = self.rows.read(TYPE), getattr(self._passed, "at", 0.0)
        if row.since is None or passed_at - row.since <= ROW_FRESH or not self._looking.answered:
            return
        if not row.probe or row.probe in self._used:
            late = passed_at - row.since
            self.world.wrong.append(f"I20 a job was let through {late:g} s after the type was paused")
        self._used.add(row.probe)

    def broken(self) -> list[str]:
        """Return what is wrong after every job has ended and watchdogs have run: no pause may remain."""
        row, left = self.rows.read(TYPE), []
        if self.queue.off:
            left.append("its queue is off")
        if self.told() is not None:
            left.append(f"it is told to be paused: {self.told()}")
        if row.since is not None or row.switched_at is not None:
            left.append(f"its row says {row}")
        return [f"I20 {TYPE} is left paused: {what}" for what in left]
