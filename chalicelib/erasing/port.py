"""Declare the ports of deletions and erasures: their rows, and the removal of what belongs to a job."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from enum import Enum, auto
from typing import Protocol

from chalicelib.erasing.constants import FRESH
from chalicelib.erasing.leftover_rule import Expired
from chalicelib.erasing.rule import Counts, Erasure
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Filter

PUT_OFF = "~"
"""Beginning of the name of a batch that was put off; it sorts after all numbers of changes."""
LATER = re.compile(r"~([0-9]{1,9})~(.*)~[0-9a-f]{16}")
"""The name of such a batch: how often it was put off, the first name, and a digest of the jobs."""


class While(Enum):
    """The state of a job's own row in which what belongs to the job may be removed."""

    ERASED = auto()
    """The row is there, and is hidden from every reader."""
    CLEARED = auto()
    """The row is there, and names no payload, result and steps any more."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A job that is to be removed: its id, and which job had this id. Times in epoch seconds."""

    job: str
    created_at: float
    gen: int
    asked_at: float
    recorded_at: float = field(default=0.0, compare=False)
    """When it was stored that the job is erased; 0: not yet."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """Everything that belongs to a job except its own row: rows, and objects with their versions.

    Each row has its key, and its expiry when it was read (None: not known): a row that was written again since then
    stays. `keys` are rows of keys that name the job; each is removed only as long as it does.
    """

    job: str
    created_at: float
    """Which job had this id (epoch seconds): the rows of a later one stay."""
    rows: Sequence[tuple[str, str, int | None]] = ()
    keys: Sequence[tuple[str, str]] = ()
    """The ids of the rows, and the text with which each names the job."""
    objects: Sequence[tuple[str, str]] = ()
    state: While = While.ERASED
    written_at: Sequence[float] = ()
    """When the payloads with rows of their own were written, or, if that is later, when they are needed."""

    def fresh(self, now: float) -> bool:
        """Return whether a payload was written just now: a request may be about to store a new job with this id."""
        return any(abs(now - at) < FRESH for at in self.written_at)

    def without(self, parent: str) -> "Belongings":
        """Return this without the rows in the partition of that parent."""
        return replace(self, rows=[row for row in self.rows if row[0] != parent])

    @property
    def counts(self) -> Counts:
        """Return the numbers, with the job's own row."""
        return Counts(len(self.rows) + len(self.keys) + 1, len(self.objects))


@dataclass(frozen=True, slots=True)
class Found:
    """Some jobs, newest first, and the next position (None: no more).

    `unreadable` are ids of rows that belong to the page and that this version cannot read.
    """

    jobs: Sequence[Job]
    position: str | None
    unreadable: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ExpiredBatch:
    """Some jobs that have expired, under a name that is the same when they are delivered again."""

    name: str
    jobs: Sequence[Expired]
    seen: str = field(default="", compare=False)
    """The text of the row, when it was read."""
    until: float = field(default=0.0, compare=False)
    """When the row expires (epoch seconds), as it was read."""

    @property
    def later(self) -> str:
        """Return the name under which the batch comes after all that failed less often.

        It follows from the name and from the jobs. Two workers that put off the same jobs write the same row, and who
        leaves one of them out has removed what it had left. If the batch was stored again with other jobs in between,
        then each worker writes a row of its own, so that none loses what another one has left.
        """
        known = LATER.fullmatch(self.name)
        times, first = (int(known[1]), known[2]) if known else (0, self.name)
        digest = hashlib.sha256(repr([astuple(one) for one in self.jobs]).encode()).hexdigest()[:16]
        return f"{PUT_OFF}{times + 1:06}{PUT_OFF}{first}{PUT_OFF}{digest}"


class ExpiredJobs(Protocol):
    """Store which jobs have expired, until what is left of them is removed."""

    def keep(self, batch: ExpiredBatch, now: float) -> None:
        """Store a batch; a repetition does no harm."""

    def each(self, unreadable: Callable[[str, Exception], None]) -> Iterator[ExpiredBatch]:
        """Yield every batch in the order of their names, strongly consistent.

        A row that cannot be read is reported, with its name, and stays.
        """

    def leave(self, batch: ExpiredBatch, left: Sequence[Expired]) -> None:
        """Let these jobs be left of a batch, or remove it if there are none.

        Does nothing if the batch was stored again after it was read: it may have more jobs then.
        """

    def put_off(self, batch: ExpiredBatch, left: Sequence[Expired]) -> None:
        """Let these jobs be left of a batch, and let it come after all others, with the expiry that it has.

        The later row is written first: who dies leaves both, and what is removed twice does no harm. `left` are jobs of
        the batch; nothing is left of the others.
        """


class Removal(Protocol):
    """Find and remove what belongs to jobs, also to jobs that no reader finds any more."""

    def find(self, job_id: str) -> Job | None:
        """Return the job, strongly consistent, also one that has expired or is erased. Without separate bodies."""

    def whole(self, job_id: str) -> Job | None:
        """Return the job with its payload, in the same way."""

    def page(self, which: Filter, limit: int, position: str | None) -> Found:
        """Return some jobs, newest first, also those that have expired or are erased."""

    def copies(self, job_id: str) -> Iterator[Job]:
        """Yield the jobs that the platform has made from the end of this job, and that are still there.

        A job may have a hundred thousand other children, which are not read. Raises RowsUnreadable for a copy that is
        no valid job.
        """

    def belongings(self, job: Job, keys: Sequence[str]) -> Belongings:
        """Return what belongs to a job. `keys` are rows of keys that may name it."""

    def data(self, job: Job) -> Belongings:
        """Return the payloads, results, kept steps and events of a job whose row was cleared."""

    def rest(self, job: Job, *, listed: bool) -> Belongings:
        """Return all that is beside the row of a job whose row was cleared, except lists of children and keys.

        `listed`: look for payloads and results in S3 also if neither the row nor its history say that there are some.
        """

    def remove(self, belongings: Belongings) -> None:
        """Remove this, as long as the job's own row is still in that state; what is gone already is no error.

        Otherwise the id may have a new job, whose rows have the same keys. Raises the stores' errors, and JobFlowError
        if a row was written again: then a part may be removed.
        """

    def remove_left(self, expired: Expired, more: Callable[[], bool]) -> Counts | None:
        """Remove what is left of a job whose own row has expired; return how much it was.

        Return None if there is no `more` time: a part may be removed, and the next call goes on.
        Removes nothing if there is a row for a job with this id, strongly consistent, and nothing that was written
        after the expiry: it is of a later job with this id, whose own row may be written at any moment.
        """

    def remove_job(self, job: Job) -> None:
        """Remove the job's own row, if it is still this job's and erased. A repetition is no error."""


class ErasureRows(Protocol):
    """Store deletions and erasures, and what they have erased."""

    def ask(self, deletion: Deletion) -> None:
        """Store a deletion, and mark that there are some. The mark is written last; a repetition is no error.

        A deletion of a later run, or of a later job with this id, stays.
        """

    def asked(self, limit: int, after: str | None = None) -> Sequence[Deletion]:
        """Return some deletions that have not ended, in the order of their ids, strongly consistent."""

    def drop(self, deletion: Deletion) -> None:
        """Remove exactly this deletion: it has ended, or was refused. A repetition is no error."""

    def lease(self, now: float, until: float) -> bool:
        """Let the caller alone process the deletions until `until` or `rest`; return whether it may."""

    def give_back(self) -> None:
        """End the lease after an error."""

    def rest(self) -> None:
        """End the lease, and remove the mark that there are deletions, unless there are some."""

    def record(self, deletion: Deletion, at: float) -> None:
        """Store for KEEP_ERASURES that this job was erased; a repetition is no error."""

    def erased(self) -> Sequence[Deletion]:
        """Return every recorded job. For a restore."""

    def add(self, new: Erasure) -> None:
        """Store an erasure, and mark it as open. The row is written last."""

    def find(self, erasure_id: str) -> Erasure | None:
        """Return the erasure, strongly consistent; None if there is none."""

    def newest(self, most: int) -> Sequence[Erasure]:
        """Return the newest erasures, newest first."""

    def claim(self, erasure_id: str, now: float, until: float) -> Erasure | None:
        """Lease an open erasure to the caller until `until`; None if it has ended or another worker leases it."""

    def save(self, after: Erasure) -> Erasure | None:
        """Write the progress over version `after.version - 1`; None if another worker wrote first."""

    def close(self, erasure_id: str, now: float) -> None:
        """Remove the mark of an erasure that has ended; a repetition is no error."""
