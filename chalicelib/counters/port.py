"""Declare the counters and the reads of a recount as Protocols; both adapters pass one contract suite.

Times are in seconds since the epoch.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.jobs.job import Status


class Deploys(Protocol):
    """Keeps the last deployments of the stage, as `Standing` tells them."""

    def deployed(self, version: str, at: float) -> None:
        """Write down that the stage has this version since `at` (seconds since the epoch)."""


@dataclass(frozen=True, slots=True)
class Row:
    """A counter row's key; `expires_at` is None for rows that stay. `counters/keys.py` names them."""

    pk: str
    sk: str
    expires_at: int | None = None


@dataclass(slots=True)
class Additions:
    """Amounts that changes add to a row, facts they set on it, and facts that only the first one sets.

    Of `lows`, the lowest value of all the changes of one write is set.
    """

    numbers: Counter[str] = field(default_factory=Counter)
    facts: dict[str, Any] = field(default_factory=dict)
    firsts: dict[str, Any] = field(default_factory=dict)
    lows: dict[str, float] = field(default_factory=dict)

    def merge(self, other: "Additions") -> None:
        """Take in what a later change adds."""
        self.numbers.update(other.numbers)
        self.facts.update(other.facts)
        self.firsts = {**other.firsts, **self.firsts}
        for name, value in other.lows.items():
            self.lows[name] = min(value, self.lows.get(name, value))


@dataclass(frozen=True, slots=True)
class Times:
    """Times of some changes, in epoch seconds.

    `earliest`: the first one the stream received (0: unknown); `latest` is after all of them, and not before now.
    """

    earliest: float
    latest: float


class CounterRows(Protocol):
    """Rows of counters, each with how far it has counted each source: a shard of the stream, or a recount."""

    def add(
        self,
        row: Row,
        additions: Additions,
        source: str,
        first: str,
        last: str,
        times: Times | None = None,
    ) -> str | None:
        """Add, and move the source's mark to `last`, in one write; refused when the mark is not before `first`.

        Return None when it was added, and the mark when it was refused. Raises RowRefused when the row can never take
        the write: it is too large, or not valid. `times` is for rows that `tidy` looks after: it moves old marks out of
        them, and without it nobody knows which are old.
        """


class CounterTable(CounterRows, Protocol):
    """The rows, for those who also look after them."""

    def read(self, row: Row) -> Mapping[str, Any]:
        """Return a row's numbers and facts, strongly consistent; empty when there is no such row."""

    def tidy(self, row: Row, now: float) -> int:
        """Remove what nobody reads any more from a type's row of totals or of a day, and move old marks out of it.

        Return how many attributes that were.
        """


class Counters(Protocol):
    """Reads what the stream's function has counted, seconds late."""

    def standing(self) -> "Standing":
        """Return how many jobs there are, which wait and which types are paused, strongly consistent.

        One request a megabyte: a type is some 200 bytes at rest, and at most 16 KB with a week's backlog.
        """

    def buckets(self, job_type: str, step: int, start: float, end: float) -> Sequence[tuple[float, Mapping[str, int]]]:
        """Return what happened to a type's jobs in stored buckets of `step` seconds (60, 3600, 86400), oldest first."""

    def errors(self, start: float, end: float, most: int) -> "Sequence[ErrorHour]":
        """Return the groups of errors of the hours between, hour by hour: the newest `most`, newest hour first."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of a type: since when (epoch seconds), by whom and why; both are empty where nobody told it.

    `probe_at`: the type was paused by itself, and one job is tried at that time; None: an operator paused it.
    """

    since: float
    by: str = ""
    reason: str = ""
    probe_at: float | None = None

    @property
    def by_itself(self) -> bool:
        """Return whether no operator paused the type."""
        return self.probe_at is not None


@dataclass(frozen=True, slots=True)
class Deploy:
    """A deployment of the stage: the version, and since when (epoch seconds) the stage has it."""

    at: float
    version: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The counters at one moment.

    `totals` are jobs by (type, status); `waiting` is for `backlog`, by type; `paused` are the paused types.
    `unsent` has by type the starts of the minutes in which jobs were first due whose messages have not been sent,
    oldest first; `claimed_to` when the jobs were sent that workers claim now. `bulk` are the ids of bulk actions that
    are not over. `deploys` are the last deployments, oldest first.
    """

    totals: Mapping[tuple[str, Status], int]
    waiting: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    paused: Mapping[str, Pause] = field(default_factory=dict)
    unsent: Mapping[str, Sequence[float]] = field(default_factory=dict)
    claimed_to: Mapping[str, float] = field(default_factory=dict)
    bulk: Sequence[str] = ()
    deploys: Sequence[Deploy] = ()


@dataclass(frozen=True, slots=True)
class ErrorHour:
    """A group of errors in one hour: `numbers` has count, first_seen, last_seen, type, error_class, message, job0…."""

    hour: float
    fingerprint: str
    numbers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A mark on a group of errors: by whom and when, and whether it says that the error is resolved."""

    by: str
    at: float
    resolved: bool = False


class Acknowledgements(Protocol):
    """Marks on groups of errors: somebody knows of them."""

    def acknowledge(self, fingerprint: str, by: str, at: float, *, resolved: bool = False) -> None:
        """Keep the mark for 90 days; a later one replaces it. `by` is not empty; `resolved`: the error is fixed."""

    def reopen(self, fingerprint: str, at: float) -> None:
        """Take the mark away; a group without one is no error."""

    def acknowledged(self) -> Mapping[str, Acknowledged]:
        """Return the marks by fingerprint; they may be a second late."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The fields of a job that a recount reads."""

    type: str
    status: Status
    updated_at: float


@dataclass(frozen=True, slots=True)
class SeenPage:
    """Some jobs of one part of a census, and from where to go on (None: the part is read)."""

    jobs: Sequence[Seen]
    position: str | None


class Census(Protocol):
    """Every job there is, also one that has expired and is still there, in parts that may be read side by side."""

    def parts(self) -> int:
        """Return how many parts there are; the same as long as the code is the same."""

    def pages(self, part: int, position: str | None) -> Iterator[SeenPage]:
        """Read a part (0, 1, …) page by page from a position on; a job in motion is seen once or never."""


class Canaries(Protocol):
    """Items beside the jobs that pass through the same stream: what has counted them has counted all before them."""

    def release(self, run: str, number: int) -> None:
        """Write `number` items of this run, spread over the table's partitions; they expire after a day."""
