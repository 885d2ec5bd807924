"""Declare the counters and the reads of a recount as Protocols; both adapters pass one contract suite.

Times are in seconds since the epoch.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from chalicelib.counters.dear_runs import DearRun
from chalicelib.counters.troubles import Troubles
from chalicelib.jobs.job import Job, Status


class Deploys(Protocol):
    """Store the last deployments of the stage, which `Standing` returns."""

    def deployed(self, version: str, at: float) -> None:
        """Record that the stage has this version since `at` (seconds since the epoch)."""


@dataclass(frozen=True, slots=True)
class Row:
    """The key of a counter row; `expires_at` is None for permanent rows. `counters/keys.py` defines the names."""

    pk: str
    sk: str
    expires_at: int | None = None


@dataclass(slots=True)
class Additions:
    """Amounts that changes add to a row, and values that they set in it.

    `numbers` are added. `facts` are set, and later changes replace them. `firsts` are set only by the first change.
    `lows` are set by each write, to the lowest value of its changes.
    """

    numbers: Counter[str] = field(default_factory=Counter)
    facts: dict[str, Any] = field(default_factory=dict)
    firsts: dict[str, Any] = field(default_factory=dict)
    lows: dict[str, float] = field(default_factory=dict)

    def merge(self, other: "Additions") -> None:
        """Add a later change."""
        self.numbers.update(other.numbers)
        self.facts.update(other.facts)
        self.firsts = {**other.firsts, **self.firsts}
        for name, value in other.lows.items():
            self.lows[name] = min(value, self.lows.get(name, value))


@dataclass(frozen=True, slots=True)
class Times:
    """Times of some changes, in epoch seconds.

    `earliest`: when the stream received the first of these changes (0: unknown). `latest`: when it received the last
    one, or now if that is later.
    """

    earliest: float
    latest: float


class TroubleRow(Protocol):
    """Store the types in trouble, which `Standing` returns."""

    def replace_troubles(self, seen: Troubles, new: Troubles) -> bool:
        """Store the types in trouble in place of those that were seen; False if another process has replaced them."""


class CounterRows(Protocol):
    """Store counter rows, each with its position in each source: a shard of the stream, or a recount."""

    def add(
        self,
        row: Row,
        additions: Additions,
        source: str,
        first: str,
        last: str,
        times: Times | None = None,
    ) -> str | None:
        """Add, and move the source's mark to `last`, in one write; refused if the mark is not before `first`.

        Return None after a success, and the present mark after a refusal. Raises RowRefused if the row can never accept
        the write, because the row is too large or the write is invalid. `times` is needed for rows that `tidy`
        maintains: `tidy` moves old marks out of a row, and the times show which marks are old.
        """


class CounterTable(CounterRows, Protocol):
    """Store counter rows, and maintain them."""

    def read(self, row: Row) -> Mapping[str, Any]:
        """Return a row's numbers and facts, strongly consistent; empty if there is no such row."""

    def tidy(self, row: Row, now: float) -> int:
        """Remove outdated attributes from a type's row of totals or of a day, and move old marks out of it.

        Return the number of removed attributes.
        """

    def replace_facts(self, row: Row, facts: Mapping[str, str], gone: Collection[str]) -> None:
        """Set these facts of a row, and remove others, in one write; repeating the call is not an error.

        Raises RowRefused.
        """


class Counters(Protocol):
    """Read the counters that the stream's function writes; they are some seconds late."""

    def standing(self) -> "Standing":
        """Return the numbers of jobs, the waiting jobs and the paused types, strongly consistent.

        One request per megabyte. The row of a type has some 200 bytes when idle, and at most 16 KB with a week's
        backlog.
        """

    def buckets(self, job_type: str, step: int, start: float, end: float) -> Sequence[tuple[float, Mapping[str, int]]]:
        """Return the events of a type's jobs in stored buckets of `step` seconds (60, 3600, 86400), oldest first."""

    def tenant_days(self, job_type: str, start: float, end: float, most: int) -> "Sequence[TenantDay]":
        """Return the days of a type's tenants, newest first, at most `most`; only types that ask for it have some."""

    def dear_runs(self, job_type: str, start: float, end: float) -> Sequence[DearRun]:
        """Return the longest runs of each of a type's days, in any order: usually ten of a day, sometimes more."""

    def errors(self, start: float, end: float, most: int) -> "Sequence[ErrorHour]":
        """Return the error groups of each hour from `start` to `end`: at most `most` of them, newest hour first."""


BY_BUDGET: Final = "JobFlow: budget"
"""Who pauses a type when the budget of a day is spent."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of a type: since when (epoch seconds), by whom and why; `by` and `reason` are empty if not given.

    `probe_at`: the pause is automatic, and one job is tried at that time; None: an operator paused the type.
    """

    since: float
    by: str = ""
    reason: str = ""
    probe_at: float | None = None

    @property
    def by_itself(self) -> bool:
        """Return whether the pause is automatic."""
        return self.probe_at is not None

    @property
    def by_budget(self) -> bool:
        """Return whether the type is paused until the next day, because its budget is spent."""
        return self.by == BY_BUDGET and not self.by_itself


@dataclass(frozen=True, slots=True)
class Deploy:
    """A deployment of the stage: the version, and the time (epoch seconds) since which the stage has it."""

    at: float
    version: str


@dataclass(frozen=True, slots=True)
class Latest:
    """Hold when something last happened to jobs of a type (epoch seconds; 0: never, as far as is known).

    `dead_at`, `failed_at`, `lost_at`: when the last dead letter, the last failed job and the last lost attempt were
    counted, so that a late stream does not make them old. An attempt is lost if its worker died, and another one took
    the job. `claimed_at`: when a worker last claimed a job.
    """

    dead_at: float = 0.0
    failed_at: float = 0.0
    lost_at: float = 0.0
    claimed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """The counters at one moment.

    `totals`: the number of jobs by (type, status). `waiting`: by type, the marks that `wait_times` reads. `paused`: the
    pauses, by type and by shared queue. `unsent`: for each type, the starts of the minutes in which unsent jobs were
    first due, oldest first. `claimed_to`: for each type, when the jobs that workers claim now were sent. `bulk`: the
    ids of unfinished bulk actions. `deploys`: the last deployments, oldest first.
    `moved_at`: for each type that shares a queue or did so, when its present queue became its queue. `latest`: by type.
    `troubles`: the types in trouble, as the watchdog has found them. `erasing`: the ids of unfinished erasures, and
    `jobs` if single jobs are being deleted.
    """

    totals: Mapping[tuple[str, Status], int]
    waiting: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    paused: Mapping[str, Pause] = field(default_factory=dict)
    unsent: Mapping[str, Sequence[float]] = field(default_factory=dict)
    claimed_to: Mapping[str, float] = field(default_factory=dict)
    bulk: Sequence[str] = ()
    deploys: Sequence[Deploy] = ()
    moved_at: Mapping[str, float] = field(default_factory=dict)
    latest: Mapping[str, Latest] = field(default_factory=dict)
    troubles: Troubles = field(default_factory=Troubles)
    erasing: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TenantDay:
    """What a tenant's jobs of a type used in one day (its start in epoch seconds)."""

    day: float
    tenant: str
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ErrorHour:
    """An error group in one hour. `numbers`: count, first_seen, last_seen, type, error_class, message, job0…."""

    hour: float
    fingerprint: str
    numbers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A mark of an error group: by whom and when, and whether it says that the error is resolved."""

    by: str
    at: float
    resolved: bool = False


class Acknowledgements(Protocol):
    """Store marks of error groups."""

    def acknowledge(self, fingerprint: str, by: str, at: float, *, resolved: bool = False) -> None:
        """Store the mark for 90 days; a later mark replaces it. `by` is not empty; `resolved`: the error is fixed."""

    def reopen(self, fingerprint: str, at: float) -> None:
        """Remove the mark; a group without a mark is not an error."""

    def acknowledged(self) -> Mapping[str, Acknowledged]:
        """Return the marks by fingerprint, up to a second old."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The fields of a job that a recount reads. `ended` is set for a finished job that tells its end.

    It has only the fields that name its run and its end.
    """

    type: str
    status: Status
    updated_at: float
    ended: Job | None = None


@dataclass(frozen=True, slots=True)
class SeenPage:
    """Some jobs of one part of a census, and the next position (None: the part has ended)."""

    jobs: Sequence[Seen]
    position: str | None


class Census(Protocol):
    """Read every job, including expired jobs that still exist, in parts that can be read in parallel."""

    def parts(self) -> int:
        """Return the number of parts; it is constant for a version of the code."""

    def pages(self, part: int, position: str | None) -> Iterator[SeenPage]:
        """Read a part (0, 1, …) page by page, from a position; a job that changes meanwhile is read once or never."""


class Canaries(Protocol):
    """Write items that pass through the jobs' stream.

    When these items of a source are counted, all earlier changes of that source are counted too.
    """

    def release(self, run: str, number: int) -> None:
        """Write `number` items of this run, spread over the table's partitions; they expire after a day."""
