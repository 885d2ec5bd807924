"""Apply the declared settings of the job type TYPE, and check the rules for its starts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType, registered
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.retention import KEEP_MESSAGES
from chalicelib.limits.ids import limits_of
from chalicelib.limits.places import Limit
from tests.proof.grounds.ground import TYPE, Ground
from tests.proof.roles.by_itself import ByItself
from tests.support import Clock


class Declared:
    """The part of a simulated platform for TYPE's settings. Its records are in the fields of World."""

    ground: Ground
    clock: Clock
    clock_of: Callable[[str], Callable[[], float]]
    kind: JobType[Any, Any]
    kinds: dict[str, JobType[Any, Any]]
    batch: int
    rate: Rate | None
    by_itself: ByItself | None
    started: list[float]
    placed: dict[str, list[float]]
    blocked: int
    of_key: dict[str, list[Job]]
    keyed: int
    wrong: list[str]
    worker: str
    excused: set[str]

    def pace(self, rate: Rate) -> None:
        """Give the job type TYPE a rate."""
        self.rate = rate
        self.kind = self.kinds[TYPE] = registered[TYPE] = replace(self.kind, rate=rate)

    def limit(self, *limits: AtMost | Rate, kind: str = TYPE) -> None:
        """Give a job type limits."""
        limited = replace(self.kinds[kind], limits=limits, function=Function())
        self.kinds[kind] = registered[kind] = limited
        if kind == TYPE:
            self.kind = limited

    def make_urgent(self, kind: str = TYPE) -> None:
        """Give a job type an urgent queue."""
        self.kinds[kind] = registered[kind] = replace(self.kinds[kind], urgent=True)
        if kind == TYPE:
            self.kind = self.kinds[kind]

    def takes_place(self, job: Job, ends: float) -> None:
        """Record an attempt, whose invocation ends then, and whether more of a limit may run than allowed."""
        for limit in self.limits_of(job):
            if limit.rate is not None:
                self._starts_within(limit, limit.rate, job)
                continue
            others = [end for end in self.placed[limit.id] if end >= self.clock.now]
            if len(others) >= limit.n:
                self.wrong.append(f"I42 {job.id} {job.token} began, and {len(others)} others of {limit.id} may run")
            self.placed[limit.id].append(ends)
        self.blocked += job.passed is not None

    def leaves_place(self, job: Job, ends: float) -> None:
        """Record that the function of an attempt has ended."""
        for limit in self.limits_of(job):
            if limit.rate is None:
                self.placed[limit.id].remove(ends)

    def _starts_within(self, limit: Limit, rate: Rate, job: Job) -> None:
        """Record a start at a rate, by its worker's clock, and whether a window has too many of them."""
        starts, now = self.placed[limit.id], self.clock_of(self.worker)()
        within = [at for at in starts if now - rate.per < at <= now]
        if len(within) >= rate.n + rate.burst:
            self.wrong.append(f"I42 {job.id} {job.token} began, and {len(within)} others of {limit.id} began before")
        starts.append(now)

    def limits_of(self, job: Job) -> Sequence[Limit]:
        """Return the limits of a job."""
        return limits_of(job.type, self.kinds[job.type].limits, job.payload)

    def share(self, kind: str = TYPE, field: str = "name") -> None:
        """Let the jobs of a type belong to tenants: of their names, or of another field."""
        self.kinds[kind] = registered[kind] = replace(self.kinds[kind], fair_by=field)
        if kind == TYPE:
            self.kind = self.kinds[kind]

    def serialize(self) -> None:
        """Let the jobs of TYPE run one at a time for each length of their ballast."""
        function = Function(batch_size=self.batch)
        self.kind = self.kinds[TYPE] = registered[TYPE] = replace(self.kind, serial_by="ballast", function=function)
        self.ground.serialize(TYPE, self.kind.max_receives)

    def begins(self, key: str, job: Job) -> None:
        """Record an attempt with a key, and whether another attempt with this key may still run."""
        for other in self.of_key[key]:
            if (other.lease_until or 0.0) > self.clock.now:
                self.wrong.append(f"I19 {job.id} {job.token} began beside {other.id} {other.token}")
        for other in self.ground.jobs():
            if self._keeps_its_place(other, job, key):
                self.wrong.append(f"I23 {job.id} began while {other.id} of its key backs off and keeps its place")
        self.of_key[key].append(job)
        self.keyed += 1

    def _keeps_its_place(self, other: Job, job: Job, key: str) -> bool:
        """Return whether another job with the key waits for its next attempt with a message before the later messages.

        This is false if the job was parked, or if its message was lost.
        """
        parked = other.parked_until is not None and other.parked_until == other.next_attempt_at
        fresh = other.resends == 0 and self.clock.now - other.created_at < KEEP_MESSAGES - DAY
        same = other.type == job.type and other.id != job.id and other.payload["ballast"] == key
        waits = other.status is Status.RETRYING and other.sent and not parked
        return same and waits and fresh and other.id not in self.excused

    def starts(self) -> None:
        """Record a start of the type that may have a rate, by its worker's clock, and whether it exceeds the rate."""
        now = self.clock_of(self.worker)()
        self.started.append(now)
        if self.by_itself is not None:
            self.by_itself.starts()
        if self.rate is None:
            return
        within = sum(at > now - self.rate.per for at in self.started)
        if within > self.rate.n + self.rate.burst:
            self.wrong.append(f"{within} starts in {self.rate.per:g} s, and the rate is {self.rate.said}")
