"""Keep the rate of a job type: start no job before its slot, and give back jobs whose slot is too far in the future."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.errors import MalformedMessage, MoveRefused, RateUnavailable
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.constants import LEASE_SLACK, LONGEST_RUN, SQS_LONGEST_DELAY
from chalicelib.jobs.delivery import Delivery
from chalicelib.jobs.job import CLAIMABLE, Job
from chalicelib.jobs.message import parse_message
from chalicelib.jobs.message_fate import Drop, Hold
from chalicelib.jobs.port import JobStore
from chalicelib.limits.constants import CAREFUL_SHARE, IDLE_TURNS, SLOT_RESERVE, TURNS_IDLE
from chalicelib.limits.port import Taken, Turns
from chalicelib.limits.turns import has_turn, wait_for_turn
from chalicelib.telemetry import events


class NotYet(Exception):
    """The job's turn is at `at` (epoch seconds), later than the invocation can wait."""

    def __init__(self, at: float) -> None:
        super().__init__(f"not before {at}")
        self.at = at


@dataclass
class Pacing:
    """Control the starts of one worker process, whose jobs may run in several threads.

    `clock` returns epoch seconds. `sleep` waits for a number of seconds. `wait` is the maximum number of seconds that a
    job may wait within its invocation.
    """

    name: str
    rate: Rate
    turns: Turns
    store: JobStore
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    wait: float
    max_receives: int
    known: Taken = field(default_factory=Taken)
    slots: list[float] = field(default_factory=list)
    waits: dict[str, Drop | Hold] = field(default_factory=dict)
    rest: list[Delivery] = field(default_factory=list)
    """The messages of the batch that follow the present one."""
    asked: bool = False
    """True after the remaining jobs of the batch got turns. Jobs get turns at most once in a batch, even if all slots
    stay taken."""
    longest: float | None = None
    """Seconds of the longest run in this process."""
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    """Held while the plan is read and changed; never during the wait for a slot."""
    _run: threading.local = field(default_factory=threading.local, repr=False)
    """What belongs to the run of this thread."""

    @property
    def started(self) -> float | None:
        """Return the start of this thread's run, in epoch seconds; the claim was earlier."""
        return getattr(self._run, "started", None)

    @started.setter
    def started(self, at: float | None) -> None:
        self._run.started = at

    @classmethod
    def of(
        cls, kind: JobType[Any, Any], rate: Rate, turns: Turns, store: JobStore, clock: Callable[[], float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> "Pacing":  # fmt: skip
        """Return the pacing for a worker of the type."""
        return cls(kind.name, rate, turns, store, clock, sleep, kind.turn_wait, kind.max_receives)

    def begin(self, deliveries: Sequence[Delivery]) -> None:
        """Begin a batch. If no job may start soon, its jobs get turns.

        For a job with a turn, `next` returns what to do with its message (Drop or Hold). A job without a turn is
        claimed as usual, and `start` returns as soon as it may start.
        """
        with self._lock:
            self._begin(deliveries)

    def _begin(self, deliveries: Sequence[Delivery]) -> None:
        self.slots.clear()
        self.rest, self.waits = list(deliveries), {}
        try:
            if not self._full():
                self.known = self.turns.taken(self.name)
            self._forget_the_gone()
            self.asked = self._taken()
            if self._full():
                self.waits = self._queue_up(deliveries)
        except Exception as error:
            events.store_failed(self.name, error)

    def next(self, delivery: Delivery) -> Drop | Hold | None:
        """Continue with the next message; return what to do with it if its job waits for its turn, else None."""
        self.started = None  # still set if the last attempt ended its invocation, and so was not settled
        with self._lock:
            return self._next(delivery)

    def _next(self, delivery: Delivery) -> Drop | Hold | None:
        try:
            # if the jobs before this one have taken the last slots that are near enough, a claim would be useless: give
            # turns to the rest of the batch
            if not self.asked and not self.slots and self._taken():
                self.asked = True
                self.waits |= self._queue_up(self.rest)
        except Exception as error:
            events.store_failed(self.name, error)
        self.rest = [one for one in self.rest if one is not delivery]
        return self.waits.get(delivery.message_id)

    def after(self, delivery: Delivery, end: Drop | Hold) -> None:
        """Do nothing after a message: no other message of the batch depends on it."""

    def start(self, job: Job) -> None:
        """Wait for a slot, and return as soon as the job may start.

        Raises NotYet, and RateUnavailable when the store does not answer.
        """
        try:
            self._start(ends=(job.lease_until or 0.0) - LEASE_SLACK - SLOT_RESERVE)
        except NotYet:
            raise
        except Exception as error:
            events.store_failed(self.name, error)
            says = f"The start cannot be planned within {self.rate.said}: {type(error).__name__}"
            raise RateUnavailable(says) from error

    def _start(self, ends: float) -> None:
        while True:
            with self._lock:
                if not self.slots:
                    self._take(ends)
                slot = self.slots.pop(0)
            while (early := slot - self.clock()) > 0:
                self.sleep(early)
            if self.clock() <= slot + self.rate.late:
                self.started = self.clock()
                return

    def on_settle(self) -> float | None:
        """Record that the run has ended; return when it began, if it did."""
        if self.started is None:
            return None
        started, self.started = self.started, None
        with self._lock:
            self.longest = max(self.longest or 0.0, self.clock() - started)
        return round(started, 3)

    def parks(self, at: float, receive_count: int) -> bool:
        """Return whether the message cannot be hidden until `at`: the wait is too long, or no receive is left."""
        return at - self.clock() > SQS_LONGEST_DELAY or receive_count >= self.max_receives

    def _forget_the_gone(self) -> None:
        """Delete the planned turns if they seem to belong to cancelled jobs: no job has started for a while."""
        if not self._looks_gone():
            return
        # read the plan again, because other workers may have started jobs since this process read it
        self.known = self.turns.taken(self.name)
        if self._looks_gone():
            self.turns.forget(self.name, self.known.turns_to)
            self.known = Taken(self.known.slots_to)

    def _looks_gone(self) -> bool:
        now = self.clock()
        idle = now - TURNS_IDLE - IDLE_TURNS * self.rate.apart
        return self.known.turns_to > now + self.wait and self.known.slots_to < idle

    def _full(self) -> bool:
        """Return whether no job can start within `wait` seconds, as far as this process knows."""
        return self._taken() or self.known.turns_to > self.clock() + self.wait

    def _taken(self) -> bool:
        """Return whether all slots of the next `wait` seconds are taken, as far as this process knows.

        If they are taken, a job needs a new turn.
        """
        return self.known.slots_to - self.rate.ahead > self.clock() + self.wait

    def _take(self, ends: float) -> None:
        now = self.clock()
        until = min(ends, now + self.wait)
        for count in sorted({1, self._together()}, reverse=True):
            self.slots += self.turns.slots(self.name, self.rate, count, now, until)
            if self.slots:
                self._note_slot(self.slots[-1], now)
                return
        self.known = self.turns.taken(self.name)
        after = max(now, self.known.slots_to - self.rate.ahead)
        raise NotYet(self.turns.turns(self.name, self.rate, 1, after)[0])

    def _note_slot(self, slot: float, now: float) -> None:
        if slot > now:  # a slot that is free now does not show up to which time starts are planned
            self.known = replace(self.known, slots_to=slot + self.rate.ahead + self.rate.apart)

    def _together(self) -> int:
        """Return how many slots to take at once: at most as many as the jobs can use in time, one after the other."""
        if self.longest is None:
            return 1
        behind = self.longest - self.rate.apart
        more = len(self.rest)
        return 1 + (more if behind <= 0 else min(more, int(CAREFUL_SHARE * self.rate.late / behind)))

    def _queue_up(self, deliveries: Sequence[Delivery]) -> dict[str, Drop | Hold]:
        named = {job_id: (gen, delivery) for delivery in deliveries for job_id, gen in _named(delivery)}
        now = self.clock()
        queue = [
            (job, named[job.id][1])
            for job in self.store.get_many(list(named))
            if job.gen == named[job.id][0] and self._queues(job, now)
        ]
        if not queue:
            return {}
        after = max(now, self.known.slots_to - self.rate.ahead)
        turns = self.turns.turns(self.name, self.rate, len(queue), after)
        self.known = Taken(self.known.slots_to, turns[-1] + self.rate.apart)
        return {d.message_id: self._wait(job, d, turn) for (job, d), turn in zip(queue, turns, strict=True)}

    def _queues(self, job: Job, now: float) -> bool:
        if (
            job.status not in CLAIMABLE
            or (job.next_attempt_at or now) > now
            or job.attempts >= job.max_attempts
            or job.expired(now)
        ):
            return False
        # a job keeps its turn. But if all slots are taken, the job needs another turn: its turn may have passed while
        # the type was paused
        return not has_turn(job) or self._taken()

    def _wait(self, job: Job, delivery: Delivery, turn: float) -> Drop | Hold:
        now = round(self.clock(), 3)
        turn = min(math.ceil(turn * 1000) / 1000, now + LONGEST_RUN)
        parked = self.parks(turn, delivery.receive_count)
        try:
            self.store.apply(job.id, wait_for_turn(job, now=now, turn=turn, parked=parked))
        except MoveRefused:
            return Hold(1, "lost a race")
        except Exception as error:
            events.store_failed(job, error)
            return Hold(None, "aws error")
        return Drop("parked") if parked else Hold(max(1, math.ceil(turn - now)), "waits for its turn")


def _named(delivery: Delivery) -> list[tuple[str, int]]:
    try:
        message = parse_message(delivery.body)
    except MalformedMessage:
        return []
    return [(message.id, message.gen)]
