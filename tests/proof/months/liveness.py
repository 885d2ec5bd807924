"""Check what must happen soon, for each type, however many other jobs wait.

An unsent job is sent within three minutes.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

from chalicelib.jobs.job import TERMINAL, Job, Status
from chalicelib.jobs.transitions import waited_limit
from chalicelib.watchdog.constants import RESEND_PAUSE, RETIRE_AFTER
from tests.proof.grounds.ground import TYPE
from tests.proof.months.weather import LAGS
from tests.proof.world import World

SOON = 180.0
"""Seconds within which the watchdog must send a job without a message."""
RECOVERY = 1_260.0
"""Seconds after a fault until this applies again: a failed send is tried again after at most 20 minutes."""
EVERY = 300.0
MESSAGES_A_JOB = 4
"""Messages in the queue of a type for each of its jobs, finished jobs included: their superfluous messages also
wait."""


@dataclass
class Liveness:
    """Checks a simulated platform at intervals; `broken` contains what lasted too long."""

    world: World
    broken: list[str] = field(default_factory=list)
    looked_at: float = 0.0
    calm_since: float = 0.0
    strikes: int = 0
    judged: int = 0
    """Number of checks of unfinished jobs in times without faults."""
    excused: dict[str, float] = field(default_factory=dict)
    """Until when the jobs of a type may lack a message: the type is paused, or was not declared."""
    told: set[str] = field(default_factory=set)
    unplaced: dict[str, float] = field(default_factory=dict)
    """When a blocked job was first seen beside a free place, for those that were at each look since."""
    lacking: dict[str, float] = field(default_factory=dict)
    """When a job was first seen without a message, for those that have had none since."""

    def look(self) -> None:
        """Check I16: in times without faults, no due job has been without a message for longer than three minutes."""
        now = self.world.clock.now
        self._excuse(now)
        if self._troubled():
            self.calm_since, self.lacking, self.unplaced = now, {}, {}
        if now < self.looked_at + EVERY or now < self.calm_since + RECOVERY + SOON:
            return
        self.looked_at = now
        self.broken += self._asleep()
        self.broken += self._beside_free_places(now)
        for job in self.world.ground.jobs():
            if job.status in TERMINAL or job.status is Status.BLOCKED or now < self.excused.get(job.type, 0.0):
                continue
            self.judged += 1
            due = max(job.run_at or 0, job.next_attempt_at or 0, job.updated_at)
            # after a message was in the dead-letter queue, a new one follows after growing waits; to an observer such a
            # job stalls, and is checked again within the longest wait
            pauses = (
                job.stalled_since is not None and now < job.due_at <= now + RESEND_PAUSE.longest - RESEND_PAUSE.first
            )
            if job.sent or now <= due or pauses:
                self.lacking.pop(job.id, None)
            elif now > self.lacking.setdefault(job.id, now) + SOON:
                self.lacking[job.id] = math.inf  # reported once
                self.broken.append(f"I16 {job.id} of {job.type} has had no message for {now - due:.0f} s")

    def _beside_free_places(self, now: float) -> list[str]:
        """I43: in calm weather no job has waited beside a free place for three minutes, each reported once."""
        jobs = self.world.ground.jobs()
        limits = {job.id: {one.id: one.n for one in self.world.limits_of(job) if one.rate is None} for job in jobs}
        busy = Counter(one for job in jobs for one in limits[job.id] if _has_place(job, one, now))
        found = []
        for job in jobs:
            waits = waited_limit(job) or ""
            n = limits[job.id].get(waits)
            free = job.status is Status.BLOCKED and n is not None and busy[waits] < n
            if not free or now < self.excused.get(job.type, 0.0):
                self.unplaced.pop(job.id, None)
            elif now > self.unplaced.setdefault(job.id, now) + SOON:
                self.unplaced[job.id] = math.inf  # reported once
                found.append(f"I43 {job.id} of {job.type} is blocked beside a free place")
        return found

    def _asleep(self) -> list[str]:
        """I30: in calm weather no job waits for an event that came two minutes ago, each reported once."""
        with self.world.ground.faults.asleep():
            store, jobs = self.world.ground.store, self.world.ground.jobs()
            found = self.world.composed.asleep(store, jobs, self.calm_since)
        new = [line for line in found if line.partition(",")[0] not in self.told]
        self.told |= {line.partition(",")[0] for line in new}
        return new

    def count(self) -> None:
        """Check I21: the watchdog does not make a backlog longer and longer, however long each message waits in it."""
        made = Counter(job.type for job in self.world.ground.jobs())
        for kind in self.world.ground.types:
            waiting = self.world.ground.waiting(kind)
            if waiting > MESSAGES_A_JOB * made[kind]:
                self.broken.append(f"I21 {waiting} messages of {kind} for {made[kind]} jobs")

    def _excuse(self, now: float) -> None:
        for kind in self.world.ground.types:
            by_itself = self.world.by_itself if kind == TYPE else None
            if self.world.paused or (by_itself is not None and by_itself.open()):
                self.excused[kind] = max(now + SOON, self.excused.get(kind, 0.0))
            if kind == self.world.removed:
                self.excused[kind] = now + RETIRE_AFTER + SOON

    def _troubled(self) -> bool:
        """Return whether a fault happened since the last check, or is about to happen.

        That the counters lag is no excuse: the watchdog notices it.
        """
        faults = self.world.ground.faults
        quiet = faults.strikes == self.strikes and not faults.around - {LAGS} and not faults.out
        self.strikes = faults.strikes
        return not quiet or (faults.crash_at is not None and faults.crash_at > faults.calls)


def _has_place(job: Job, limit: str, now: float) -> bool:
    """Return whether a job has a place of one of its limits: it runs, was woken to run, or waits for a wider limit."""
    waits = waited_limit(job)
    if job.status is Status.PROCESSING:
        return (job.lease_until or 0.0) >= now
    if waits is None:
        return False
    return limit < waits if job.status is Status.BLOCKED else job.status is Status.QUEUED and limit <= waits
