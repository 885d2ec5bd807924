"""Define the places of a limit, the names in them, and the line of the jobs that wait for a place. Pure.

A limit lets at most `n` jobs run at once. A job that runs has a place: its id and its name are in the limit's row. A
job that waits is blocked, and has a row in the limit's line. Whoever leaves a place gives it to the first job of the
line, before that job is woken.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.jobs.priority import NORMAL
from chalicelib.limits.constants import NO_LIMIT, SHARED, SHARED_OF_VALUE

CODE_LENGTH = 8
"""Number of hexadecimal digits that a name has of the hash of its job's type."""


class Standing(StrEnum):
    """Describe what a limit must know of the state of a job.

    `RUNS`: a worker holds the job, and its lease has not ended. `BLOCKED`: the job waits for a place. `WOKEN`: the job
    has got the place that it waited for, and no worker has claimed it since. `OTHER`: every other state. `UNREADABLE`:
    another version has written the job's row, or the row is damaged, so nothing is known of the job but its id.
    """

    RUNS = "runs"
    BLOCKED = "blocked"
    WOKEN = "woken"
    OTHER = "other"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as it is declared for a job: its id, and how many places it has."""

    id: str
    n: int

    @property
    def declared(self) -> bool:
        """Return whether the code declares this limit; if not, all jobs that wait for it may run."""
        return self.n < NO_LIMIT

    @property
    def shared(self) -> bool:
        """Return whether jobs of several types may have places of this limit, and need them."""
        return self.declared and self.id.startswith((f"{SHARED_OF_VALUE}.", f"{SHARED}."))


@dataclass(frozen=True, slots=True)
class Full:
    """A limit whose places are taken, or for which other jobs wait; the job has places of the limits `holds`.

    `anew`: the job has left its places of wider limits, and must wait in a new pass.
    """

    limit: Limit
    holds: tuple[Limit, ...] = ()
    anew: bool = False


class NoPlace(Exception):
    """A job must wait for a place."""

    def __init__(self, full: Full) -> None:
        super().__init__("no place is free")  # without the id, which has a value of the payload
        self.full = full


@dataclass(frozen=True, slots=True)
class LimitedJob:
    """A job as its limits see it.

    `rank` (of its priority) and then `since` order the lines: `since` is when the job was due first (epoch seconds).
    `passed` is the number of the claim with which the job began to take its places; None: the present claim. `waits` is
    the id of the limit that the job waits for, or has waited for since its last claim. `sent`: the job's message is
    sent. `unclaimed`: the job was woken some minutes ago, and no worker has claimed it. `bound`: its type still
    declares the limit that the job waits for.
    """

    id: str
    type: str
    since: float
    gen: int
    claims: int
    passed: int | None
    standing: Standing
    waits: str | None = None
    sent: bool = True
    unclaimed: bool = False
    bound: bool = True
    rank: int = NORMAL

    @property
    def name(self) -> str:
        """Return the name under which the job has its places, or will have them: another one in each pass.

        A pass begins with a claim, and ends when the job runs no more and does not wait for a limit.
        """
        return name_of(self.type, self.gen, self.claims if self.passed is None else self.passed)

    @property
    def alive(self) -> bool:
        """Return whether the job has, or waits for, the places of its name. A name that is not alive never is again."""
        return self.standing is not Standing.OTHER

    def has_had(self, name: str) -> bool:
        """Return whether a name belongs to a pass of this run."""
        return name.rpartition(".")[0] == self.name.rpartition(".")[0]

    @property
    def waiter(self) -> "Waiter":
        """Return the row of the job in the line of the limit that it waits for."""
        return Waiter(self.since, self.id, self.type, self.gen, self.claims, self.name, rank=self.rank)


@dataclass(frozen=True, slots=True)
class Waiter:
    """A row of a limit's line: a job, the number of its wait (`gen`, `claims`), and the name that gets a place.

    `holds` are the ids of the limits of which the job has places while it waits. A deployment may change how many
    places they have before somebody reads the row. `rank`: see LimitedJob; a job may have a second row, with the rank
    of a job that waits for one of its places.
    """

    since: float
    job: str
    type: str
    gen: int
    claims: int
    name: str
    holds: tuple[str, ...] = field(default=(), compare=False)
    rank: int = NORMAL

    @property
    def place(self) -> tuple[int, float, str]:
        """Return what orders the rows of a line."""
        return self.rank, self.since, self.job

    @property
    def number(self) -> tuple[int, int]:
        """Return the number of the wait; a later wait of the same job has a higher one."""
        return self.gen, self.claims

    def is_of(self, job: LimitedJob, standing: Standing) -> bool:
        """Return whether a job is in this state since this wait, and was not claimed after it."""
        return job.standing is standing and (job.gen, job.claims) == self.number


@dataclass(frozen=True, slots=True)
class Places:
    """The row of a limit: who has its places, and whether jobs wait.

    `held` are the names by job. `n` replaces the declared number of places: an operator has changed it. `types` are the
    types that have a line, since the mark `waits` is there: the row says it, because another version of the code may
    not know every type that shares the limit. `closing` names who is about to remove the mark, because nobody waits any
    more.
    """

    held: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False
    types: frozenset[str] = frozenset()
    closing: str | None = None
    n: int | None = None

    def free(self, limit: Limit) -> bool:
        """Return whether a place is free."""
        return len(self.held) < (limit.n if self.n is None else self.n)

    def has(self, job: LimitedJob) -> bool:
        """Return whether the job has a place in its present pass."""
        return self.held.get(job.id) == job.name


@dataclass(frozen=True)
class Runs:
    """How many jobs of a queue can run at once, and the types of the queue that share the limit as their widest one.

    A place of the limit that is a type's widest one is a place of a job that runs, or is about to run.
    """

    most: int
    types: frozenset[str]

    def full(self, found: Places) -> bool:
        """Return whether the types have as many places as their queue can use."""
        return self.have(found) >= self.most

    def have(self, found: Places) -> int:
        """Return how many places the types have."""
        codes = {code_of(one) for one in self.types}
        return sum(name.partition(".")[0] in codes for name in found.held.values())


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of the list of limits with a mark, which the watchdog reads; another `entry` was written later."""

    limit: str
    entry: str


def name_of(job_type: str, gen: int, passed: int) -> str:
    """Return the name of one pass of one run of a job."""
    return f"{code_of(job_type)}.{gen}.{passed}"


def code_of(job_type: str) -> str:
    """Return the part of a name that stands for the type, so that a limit's row shows how many places a type has."""
    return hashlib.sha256(job_type.encode()).hexdigest()[:CODE_LENGTH]
