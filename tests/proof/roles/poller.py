"""Simulate Lambda's poller and the worker that it invokes: messages are received, processed and acknowledged."""

import random
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import sent_to
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Status
from chalicelib.limits.rate import Pacing
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import Lines
from chalicelib.pausing.circuit_breaker import AlwaysClosed
from chalicelib.producing.service import JobService
from chalicelib.side_by_side import Wait, at_once
from chalicelib.worker.constants import SETTLE_RESERVE
from chalicelib.worker.consume import Worker
from chalicelib.worker.crew import Crew, OneByOne
from chalicelib.worker.start import start_policy
from tests.proof.grounds.faults import DYNAMODB, SQS
from tests.proof.grounds.ground import BY_HAND, TYPE, Ground, Received
from tests.proof.roles.by_itself import ByItself
from tests.proof.roles.grouping import misgrouped
from tests.proof.roles.script import TIMEOUT
from tests.proof.roles.threads import OneAtATime
from tests.proof.roles.waking import Waking
from tests.support import Clock, Invocation, sqs_record

WORKERS = ("worker", "worker 2", "worker 3")
"""Each worker processes every third batch, and has its own clock."""


def afterwards(work: Callable[[], None]) -> Wait:
    """Do the work, once, when the caller waits for it. See Beside."""
    left = [work]

    def wait(*_: object) -> None:
        while left:
            left.pop()()

    return wait


class Poller:
    """The part of a simulated platform that processes jobs. Its records are in the fields of World."""

    ground: Ground
    clock: Clock
    clock_of: Callable[[str], Callable[[], float]]
    process: Callable[[Callable[[], object]], bool]
    rng: random.Random
    kind: JobType[Any, Any]
    kinds: dict[str, JobType[Any, Any]]
    batch: int
    threads: int
    rate: Rate | None
    by_itself: ByItself | None
    paused: bool
    removed: str | None
    throttled: bool
    duplicate_next: bool
    ends: ContextVar[float | None]
    wrong: list[str]
    warm: dict[str, Pacing]
    died: set[tuple[str, int, int]]
    worker: str
    deliveries: int
    claims_first: bool | None
    acknowledged: Callable[[str], None]
    waking: Waking

    def poll(self, limit: float = TIMEOUT, kind: str = TYPE) -> int:
        """Receive one batch and process it, as Lambda does; return its size."""
        self.waking.look()  # before a worker receives what another one has sent
        faults = self.ground.faults
        off = kind == TYPE and self.by_itself is not None and self.by_itself.queue.off
        silent = self.paused or off or kind == self.removed or (SQS in faults.out and not faults.sleeping)
        batch = [] if silent else self._receive(kind)
        if batch and self.duplicate_next:
            self.duplicate_next = False
            self.ground.put(batch[0].body, kind, batch[0].group or BY_HAND)
        if batch and not self.throttled:
            self.deliver(batch, limit, kind)
        return len(batch)

    def _receive(self, kind: str) -> Sequence[Received]:
        """Receive a batch of one queue of the type: Lambda polls its urgent queue beside its own."""
        keys = sent_to([kind])
        if len(keys) > 1 and self.rng.random() < 0.5:
            keys.reverse()
        return next((batch for key in keys if (batch := self.ground.receive(self.batch, key))), [])

    def deliver(self, batch: Sequence[Received], limit: float = TIMEOUT, kind: str = TYPE) -> None:
        """Pass a batch to a worker, and acknowledge the messages that it does not report."""
        self.wrong += misgrouped(self.ground, batch) if self.kind.fair_by and kind == TYPE else []
        before, self.worker = self.worker, WORKERS[self.deliveries % len(WORKERS)]
        self.deliveries += 1
        clock, dice, sleep = self.clock_of(self.worker), self.rng.uniform, self.clock.advance
        store, queue, own = self.ground.store, self.ground.queue, self.kinds[kind]
        crew: Crew = OneByOne()
        invocation = Invocation(self.clock, self.clock.now + limit)
        if self.threads > 1 and own.serial_by is None and not own.limits:
            own = replace(own, function=Function(batch_size=own.function.batch_size, threads=self.threads))
            crew = OneAtATime(
                self.threads, self.rng, lambda: self._ended(invocation), lambda: self._follows(invocation)
            )
            store, queue = crew.port(store), crew.port(queue)
        breaker = self.by_itself.breaker() if self.by_itself is not None and kind == TYPE else AlwaysClosed()
        pacing = self._pacing(kind)
        starts = pacing or start_policy(own, self.ground.store, lambda: self.ground.turns, clock, sleep)
        worker = Worker(
            own, store, queue, clock, dice, dice, sleep=sleep, starts=starts, breaker=breaker,
            service=JobService(store, queue, clock=clock, sleep=sleep),
            lines=Lines(Dispatcher(store, queue, clock), self.ground.places, own) if own.limits else None,
            beside=afterwards if self._claims_first() else at_once, crew=lambda _: crew,
        )  # fmt: skip
        again: list[str] = []
        within = self.ends.set(invocation.ends)
        began = len(self.ground.writes())
        survived = self.process(lambda: again.extend(worker.work(self.event(batch), invocation)))
        self.ends.reset(within)
        if not survived or DYNAMODB in self.ground.faults.out:
            held = [(job_id, now) for job_id, _, now in self.ground.writes()[began:] if now.status is Status.PROCESSING]
            self.died |= {(job_id, now.gen, now.claims) for job_id, now in held}
        if survived and pacing is not None:
            self.warm[self.worker] = pacing
        self.worker = before
        if not survived or SQS in self.ground.faults.out:
            return
        for message in batch:
            if message.receipt and message.receipt not in again:
                self.ground.delete(message.receipt, message.queue or kind)
                self.acknowledged(message.body)

    def event(self, batch: Sequence[Received]) -> dict[str, Any]:
        """Return a batch as Lambda passes it to a worker."""
        told = [(m.receipt, m.body, m.receive_count, m.sent_at, m.group, m.queue) for m in batch]
        return {"Records": [sqs_record(*one) for one in told]}

    def _ended(self, invocation: Invocation) -> bool:
        """Return whether Lambda has ended the process of an invocation, which counts as a fault."""
        ended = self.clock.now > invocation.ends
        self.ground.faults.strikes += ended
        return ended

    def _follows(self, invocation: Invocation) -> None:
        """Check that time is left when a worker begins a further job.

        It is checked here, and not when the job's function begins: jobs beside it may use up the time meanwhile.
        """
        left = invocation.ends - self.clock.now
        if left < 2 * SETTLE_RESERVE:
            self.wrong.append(f"I2 a job was begun beside others, {left:.1f} s before the end of its invocation")

    def _claims_first(self) -> bool:
        """Return whether the job is claimed before the visibility timeout is set; in Lambda, both happen at once."""
        return self.deliveries % 2 == 0 if self.claims_first is None else self.claims_first

    def _pacing(self, kind: str) -> Pacing | None:
        """Return the rate limiter of TYPE: that of this worker's last batch, unless its process died or is working."""
        if self.rate is None or kind != TYPE:
            return None
        warm = self.warm.pop(self.worker, None)
        clock, sleep = self.clock_of(self.worker), self.clock.advance
        return warm or Pacing.of(self.kinds[kind], self.rate, self.ground.turns, self.ground.store, clock, sleep)
