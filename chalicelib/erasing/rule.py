"""Decide when the rows of a job can be removed, and what follows after a slice of an erasure. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chalicelib.ends.rule import KEY
from chalicelib.erasing.constants import FAILED_PAUSE, LATE_WRITES, LONGEST_PAUSE, LOOK_AGAIN, SHARE_OF_PAUSES
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import DELIVER, LONGEST_TIMEOUT, OF_BATCH, OF_PLATFORM
from chalicelib.jobs.job import Job
from chalicelib.jobs.tenants import tenant_of

END = "end"
"""The position of an erasure that has seen the last job of its search."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of removed rows and of removed objects in S3; `rows` includes the jobs' own rows."""

    rows: int = 0
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure of a tenant, and its progress. Times in epoch seconds.

    It is about the jobs that were created before `started_at`. `tenant` is in stored form, and is forgotten at the end;
    `digest` stays. `version` grows with each write of a worker, so that one of two workers stops. `position` is where
    the search continues; a search begins anew (`searches`) until one finds no job. `met` is the number of jobs that
    this search has found, `unfinished` the number of those that cannot be removed yet, and `again_at` the earliest time
    at which one of them can. `hand` has the jobs whose rows are being removed, with the numbers of their rows and
    objects, which are added when all of them are gone. `problem` is the last error of this search. A dry run counts
    `jobs` and `unfinished`, and changes nothing.
    """

    id: str
    digest: str
    tenant: str | None
    by: str
    principal: str
    started_at: float
    reason: str = ""
    dry_run: bool = False
    version: int = 0
    position: str | None = None
    searches: int = 1
    searched_at: float = 0.0
    met: int = 0
    unfinished: int = 0
    again_at: float | None = None
    hand: Mapping[str, Counts] = field(default_factory=dict)
    jobs: int = 0
    rows: int = 0
    objects: int = 0
    failures: int = 0
    problem: str | None = None
    updated_at: float = 0.0
    finished_at: float | None = None
    lease_until: float = 0.0

    @property
    def open(self) -> bool:
        """Return whether there is work left."""
        return self.finished_at is None


def digest_of(tenant: str) -> str:
    """Return what is kept of a tenant's name after its erasure, so that a restore knows the tenant again."""
    return hashlib.sha256(tenant.encode()).hexdigest()


def covers(erasure: Erasure, job: Job) -> bool:
    """Return whether a job falls under an erasure: it is the tenant's, and was created before the erasure began."""
    tenant = tenant_of(job.tags)
    if tenant is None or erasure.dry_run or job.created_at >= erasure.started_at or not found_by_tenant(job.type):
        return False
    return digest_of(tenant) == erasure.digest


def found_by_tenant(job_type: str) -> bool:
    """Return whether the tenant of a job says whose data it has.

    The tenant of a delivery is the name of its webhook: a delivery is only found as the copy of an end.
    """
    return job_type not in OF_PLATFORM


def is_copy(job: Job, child: Job) -> bool:
    """Return whether the platform made a child from the end of this job: a delivery, or the job of `on_end`.

    It has a copy of the job's end, with its tags, its tenant and its error. The delivery of a batch's end is none: its
    parent is the job that made the batch, and it tells numbers of all members.
    """
    return child.parent == job.id and looks_like_copy(child)


def looks_like_copy(child: Job) -> bool:
    """Return whether the platform made this job from the end of its parent."""
    if child.type == DELIVER:
        return not any(tag.startswith(OF_BATCH) for tag in child.tags)
    return (child.idempotency_key or "").startswith(f"{KEY} ")


def may_be_copy(key: str) -> bool:
    """Return whether a job with this key among its parent's children may be a copy: no function can make such a key."""
    return " " in key


def removable_at(job: Job) -> float:
    """Return when nothing writes rows for a finished job any more (epoch seconds).

    A worker may write until its attempt is over, and a request that has read the job before it was hidden, shortly
    after that.
    """
    kind = jobtype.registered.get(job.type)
    longest = 0 if job.gen == 1 and not job.claims else LONGEST_TIMEOUT if kind is None else kind.timeout
    return max((job.finished_at or job.updated_at) + longest, job.erased_at or 0.0) + LATE_WRITES


def is_over(erasure: Erasure) -> bool:
    """Return whether a search that began after the index knew every job has found none."""
    return erasure.dry_run or (not erasure.met and erasure.searched_at >= erasure.started_at + LOOK_AGAIN)


def after_search(erasure: Erasure, now: float, *, over: bool) -> tuple[Erasure, float]:
    """Return an erasure whose search has reached its end, and when its next one begins (0: it is over).

    While jobs wait, the pause grows with the erasure's age: each search reads the whole index.
    """
    if over:
        return replace(erasure, finished_at=now, tenant=None, position=END), 0.0
    waits = erasure.unfinished or erasure.problem
    rest = min(LONGEST_PAUSE, (now - erasure.started_at) * SHARE_OF_PAUSES) if waits else 0.0
    begin = max(now + rest, erasure.started_at + LOOK_AGAIN, erasure.again_at or 0.0)
    return replace(erasure, position=None, searches=erasure.searches + 1, searched_at=begin), begin


def begun(erasure: Erasure) -> Erasure:
    """Return an erasure at the beginning of a search, which has met nothing yet."""
    return replace(erasure, met=0, unfinished=0, again_at=None, problem=None)


def pause(failures: int) -> float:
    """Return the seconds until the next try after so many slices with an error in a row."""
    return min(FAILED_PAUSE * 2.0 ** (failures - 1), LONGEST_PAUSE)
