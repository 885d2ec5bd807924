"""Check how soon a suspended job is woken, if no process has died and no request has failed."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from chalicelib.adapters.memory.queue import HeldMessage
from chalicelib.errors import JobNotFound
from chalicelib.job_types.queue import urgent_key
from chalicelib.jobs.constants import LOOK_AHEAD
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import TIME, waited_child
from tests.proof.grounds.memory import MemoryGround

if TYPE_CHECKING:
    from tests.proof.world import World

SOON = 2.0
"""Seconds from the end of a wait until a worker can receive a message of the job, or has claimed the job."""
TRIED_AGAIN = 1_260.0
"""Seconds after a fault until the watchdog has repeated every send that failed."""
ROUNDED = 1.0
"""Seconds by which a time may differ from the exact one, because stored times and delays are rounded."""
Wait = tuple[str, int, int]
"""The job, and the number of its wait."""


@dataclass
class Over:
    """A wait whose end has come at `at`; `calm` is whether nothing had failed until the observer noticed it."""

    at: float
    calm: bool


@dataclass
class Waking:
    """Observes the suspended jobs of a simulated platform in memory after each step of a process.

    It follows the log of writes, so that it reads only jobs that are suspended. `judged` counts the waits that have
    ended in time without faults, by what they waited for.
    """

    world: "World"
    judged: Counter[str] = field(default_factory=Counter)
    _read: int = 0
    _asleep: dict[str, None] = field(default_factory=dict)
    _over: dict[Wait, Over] = field(default_factory=dict)
    _done: set[Wait] = field(default_factory=set)
    _strikes: tuple[int, int] = (0, 0)
    _moment: tuple[float, int, int, float] | None = None
    _failed_at: float = -TRIED_AGAIN
    _of_probes: set[Wait] = field(default_factory=set)
    """The sleeps that began in probes: no worker has kept a message for them."""
    _watched_at: float = 0.0
    _blind: bool = False
    """Whether nobody has looked since an invocation with several jobs began."""
    _lost: bool = False
    """Whether messages, or the table, were lost since the last look."""

    def look(self) -> None:
        """Check I37 for each suspended job."""
        ground = self.world.ground
        if not isinstance(ground, MemoryGround):
            return
        if self.world.threads > 1 and self.world.ends.get() is not None:
            self._blind = True
            return  # a job of the process may stand between its write and its message
        now = self.world.clock.now
        moment = now, ground.faults.calls, self.world.crashes, self.world.watched_at
        if moment == self._moment:
            return  # nothing has happened since
        self._moment = moment
        failed, blind = self._failed() or self._lost, self._blind
        self._lost = self._blind = False
        self._follow(ground, now, failed=failed, blind=blind)
        if self._asleep:
            with ground.faults.asleep():
                for job in self._jobs():
                    # who has received the message of a sleep meanwhile may have given it back
                    self._judge(job, now, failed=failed or (blind and job.waits == TIME))
        self._watched_at = self.world.watched_at

    def excuse(self) -> None:
        """Check nothing more about the present waits: their messages, or the table, were lost."""
        self.look()
        self._lost, self._failed_at = True, self.world.clock.now
        with self.world.ground.faults.asleep():
            self._done |= {(job.id, *job.token) for job in self._jobs()}

    def probed(self, job_id: str) -> None:
        """Note that a probe has run this job, which may sleep now."""
        with self.world.ground.faults.asleep(), suppress(JobNotFound):
            job = self.world.ground.store.get_without_bodies(job_id)
            self._of_probes.add((job.id, *job.token))

    def _failed(self) -> bool:
        """Return whether a process has died, or a request has failed, since the last look; or whether a fault lasts."""
        faults, before = self.world.ground.faults, self._strikes
        self._strikes = faults.strikes, self.world.crashes
        lasts = faults.around or faults.out or self.world.removed or self.world.throttled
        lasts = lasts or any(self.world.skew.values())
        if self._strikes != before or lasts:
            self._failed_at = self.world.clock.now
            return True
        return False

    def _follow(self, ground: MemoryGround, now: float, *, failed: bool, blind: bool) -> None:
        """Read the new writes: which jobs are suspended now, and which have been woken since the last look."""
        writes = ground.writes()
        if self._read == len(writes):
            return
        for job_id, old, new in writes[self._read :]:
            if new.status is Status.SUSPENDED:
                self._asleep[job_id] = None
                continue
            self._asleep.pop(job_id, None)
            if old is not None and (old.status, new.status) == (Status.SUSPENDED, Status.QUEUED) and not new.stops:
                wait = job_id, old.gen, old.claims
                over = self._over.get(wait) or Over(now, not failed)
                self._woken(wait, new.type, old.waits or "", over, failed=failed, blind=blind)
        self._read = len(writes)

    def _woken(self, wait: Wait, kind: str, waits: str, over: Over, *, failed: bool, blind: bool) -> None:
        """Check that a job that has been woken has a message, unless a worker runs it already.

        If nobody looked when it was woken (`blind`), a worker may have received the message: it has claimed the job or
        parked it, or it has given the message back.
        """
        if wait in self._done:
            return
        ground = cast("MemoryGround", self.world.ground)
        with ground.faults.asleep():
            job = ground.store.get_without_bodies(wait[0])
        queued, found = job.status is Status.QUEUED, self._own(wait, kind)
        moved = not queued or job.token != wait[1:] or job.parked_until is not None or job.turn_at is not None
        unseen = blind and (moved or any(one.receive_count > 0 for one in found))
        over.calm = over.calm and not failed and not unseen
        self._end(wait, waits, over)
        if queued and over.calm and min((one.visible_at for one in found), default=math.inf) > over.at + SOON:
            self.world.wrong.append(f"I37 {wait[0]} was woken from {waits}, and has no message")

    def _jobs(self) -> Iterator[Job]:
        for job_id in list(self._asleep):
            with suppress(JobNotFound):  # the table was lost
                yield self.world.ground.store.get_without_bodies(job_id)

    def _judge(self, job: Job, now: float, *, failed: bool) -> None:
        wait = job.id, *job.token
        if job.turn_at is not None and job.next_attempt_at == job.turn_at:
            self._done.add(wait)  # the job waits for its turn: a worker has found that its own wait is over
        if wait in self._done:
            return
        over = self._over.get(wait)
        if over is None:
            at = self._ends(job, now)
            if at is None:
                return
            over = self._over[wait] = Over(at, not failed)
        over.calm = over.calm and not failed
        sent = self._sent(job)
        if any(at <= over.at + SOON for at in sent):
            # an older message also wakes the job; this is no evidence that the sleep has a message of its own
            of_this_sleep = any(over.at - ROUNDED <= at <= over.at + SOON for at in sent)
            self._end(wait, job.waits or "", over, counted=of_this_sleep)
        elif now > over.at + SOON and not self._worked_on(job, now):
            self._done.add(wait)
            if over.calm and (job.waits != TIME or self._was_sent_ahead(job, over.at)):
                self.world.wrong.append(f"I37 {job.id} waits for {job.waits}, {now - over.at:.0f} s after its end")

    def _end(self, wait: Wait, waits: str, over: Over, *, counted: bool = True) -> None:
        self._done.add(wait)
        self.judged[waits.partition(":")[0]] += over.calm and counted

    def _ends(self, job: Job, now: float) -> float | None:
        """Return when the wait was over; None: it is not. An event and a child are noticed when they have come."""
        if job.waits == TIME:
            return job.next_attempt_at if now >= (job.next_attempt_at or 0.0) else None
        store = self.world.ground.store
        if (child := waited_child(job)) is not None:
            with suppress(JobNotFound):
                return now if store.get_without_bodies(child).terminal else None
            return now
        event = store.kept_step(job, job.waits or "")
        return now if event is not None and not event.timed_out else None

    def _own(self, wait: Wait, kind: str) -> list[HeldMessage]:
        queues = cast("MemoryGround", self.world.ground).raw.messages
        messages = [one for key in (kind, urgent_key(kind)) for one in queues.get(key, [])]
        return [one for one in messages if (one.message.id, one.message.gen) == wait[:2]]

    def _sent(self, job: Job) -> Sequence[float]:
        """Return when each message of a sleeping job is visible. A job that is woken is not suspended.

        A message that has been visible for longer waits for a worker: a probe has run the job without it.
        """
        own = self._own((job.id, *job.token), job.type) if job.waits == TIME else []
        return [one.visible_at for one in own]

    def _worked_on(self, job: Job, now: float) -> bool:
        """Return whether a worker that still works has received a message of the job."""
        own = self._own((job.id, *job.token), job.type) if self.world.ends.get() is not None else []
        return any(one.receive_count > 0 and one.visible_at > now for one in own)

    def _was_sent_ahead(self, job: Job, at: float) -> bool:
        """Return whether the watchdog has run, without faults, in the time in which it sends the message of a sleep."""
        if job.parked_until is None or job.parked_until < at:
            # the worker keeps the message of a short sleep; stored times are rounded
            if (job.id, *job.token) in self._of_probes:
                return False
            return self._failed_at < (job.started_at or job.updated_at) - ROUNDED
        begun = max(at - LOOK_AHEAD, job.updated_at)
        return begun < self._watched_at <= at and self._failed_at < begun - TRIED_AGAIN
