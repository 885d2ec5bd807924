"""What a change of a job adds to the counters: folds stream records into additions per counter row. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.counters import backlog
from chalicelib.counters.histogram import bucket
from chalicelib.jobs.fingerprints import fingerprint
from chalicelib.jobs.job import Status
from chalicelib.jobs.limits import DAY, KEEP_COUNTERS
from chalicelib.jobs.listing import iso
from chalicelib.jobs.ports import Standing

STEPS = {60: "M", 3600: "H", 86_400: "D"}
"""Seconds of a time bucket, and what its rows are called."""
TOTALS = ("CNT", "TOTAL")
"""The row of how many jobs there are by type and status (`n#`), and since when the queued ones wait (`w#`)."""
PAUSE, SINCE = "PAUSE#", "since"
"""Rows beside the totals, one a type, and what is on them while the type is paused: one query tells it all."""
SHARD = re.compile(r"mark#shardId-0*(\d{13})\b")
SHARD_LIFE = 2 * DAY
"""Seconds after its birth when nothing of a shard can come any more: it is written for hours, and kept for a day."""
MOST_NUMBERS = 150
"""Numbers in one write to one row, beside the last record's: an update expression ends at 4 KB."""
EVENTS = {
    Status.COMPLETED: "completed",
    Status.FAILED: "failed",
    Status.RETRYING: "retried",
    Status.DEAD_LETTER: "dead_lettered",
    Status.CANCELLED: "cancelled",
}
BROKEN = frozenset({Status.FAILED, Status.RETRYING, Status.DEAD_LETTER})


@dataclass(frozen=True, slots=True)
class Row:
    """A counter row's key; `expires_at` (epoch seconds) is None for rows that stay."""

    pk: str
    sk: str
    expires_at: int | None = None


@dataclass(slots=True)
class Additions:
    """What one or more records add to one row, facts they set on it, and facts that only the first one sets."""

    numbers: Counter[str] = field(default_factory=Counter)
    facts: dict[str, Any] = field(default_factory=dict)
    firsts: dict[str, Any] = field(default_factory=dict)

    def merge(self, other: "Additions") -> None:
        """Take in what a later record adds."""
        self.numbers.update(other.numbers)
        self.facts.update(other.facts)
        self.firsts = {**other.firsts, **self.firsts}


@dataclass(frozen=True, slots=True)
class Entry:
    """One record's share in one row, with its place in the stream."""

    sequence: str
    row: Row
    additions: Additions


class CounterRows(Protocol):
    """Rows of counters, each with how far it has counted each lane of the stream. Times in seconds since the epoch."""

    def add(self, row: Row, additions: Additions, lane: str, first: str, last: str) -> str | None:
        """Add, and move the lane's mark to `last`, in one write; refused when the mark is not before `first`.

        Returns None when it was added, and the mark when it was refused.
        """


class CounterTable(CounterRows, Protocol):
    """The rows, for those who also look after them."""

    def read(self, row: Row) -> Mapping[str, Any]:
        """A row's numbers and facts, strongly consistent; empty when there is no such row."""

    def tidy(self, now: float) -> int:
        """Take out of the row of totals what is litter; returns how much of it there was."""


def fold(records: Iterable[Mapping[str, Any]]) -> dict[Row, list[Entry]]:
    """The entries of a batch of DynamoDB stream records, by row, in the stream's order."""
    by_row: dict[Row, list[Entry]] = {}
    for record in records:
        change = record["dynamodb"]
        # Sequence numbers are decimal strings of different lengths; padded, they compare as they count.
        sequence = change["SequenceNumber"].zfill(40)
        for row, additions in _entries(plain(change.get("OldImage")), plain(change.get("NewImage"))):
            by_row.setdefault(row, []).append(Entry(sequence, row, additions))
    return by_row


def total(entries: Iterable[Entry]) -> Additions:
    """The sum of entries of one row."""
    whole = Additions()
    for entry in entries:
        whole.merge(entry.additions)
    return whole


def pieces(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Entries of one row in portions that fit into one write each."""
    start, names = 0, set[str]()
    for place, entry in enumerate(entries):
        if place > start and len(names | entry.additions.numbers.keys()) > MOST_NUMBERS:
            yield entries[start:place]
            start, names = place, set[str]()
        names |= entry.additions.numbers.keys()
    if entries:
        yield entries[start:]


def litter(item: Mapping[str, Any], now: float) -> list[str]:
    """What of the row of totals nobody reads any more: times long past, and marks of shards that have ended."""
    numbers = {name: int(value) for name, value in item.items() if name.startswith(backlog.PREFIX)}
    shards = {name: found for name in item if (found := SHARD.match(name))}
    ended = [name for name, found in shards.items() if int(found[1]) / 1000 < now - SHARD_LIFE]
    return [*backlog.litter(numbers, now), *ended]


def plain(image: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A META item's image with its strings and numbers; None for other rows and for no image."""
    if not image or image.get("sk", {}).get("S") != "META":
        return None
    return {name: float(value["N"]) if "N" in value else value.get("S") for name, value in image.items()}


def standing(totals: Mapping[str, Any], paused: Mapping[str, float]) -> Standing:
    """The row of totals as everybody else knows it; never negative, whatever got lost."""
    numbers = {name: int(value) for name, value in totals.items() if name.startswith(("n#", backlog.PREFIX))}
    by_state = {tuple(name.split("#")[1:]): max(0, n) for name, n in numbers.items() if name.startswith("n#")}
    waiting = {name: n for name, n in numbers.items() if name.startswith(backlog.PREFIX)}
    return Standing({(kind, Status(state)): n for (kind, state), n in by_state.items()}, waiting, paused)


def _entries(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Iterator[tuple[Row, Additions]]:
    if old is None and new is None:
        return
    totals = _totals(old, new)
    if totals:
        yield Row(*TOTALS), Additions(totals)
    if new is None or _state(old) == _state(new):
        return
    at = float(new["updated_at"])
    numbers = _event_numbers(old, new)
    if numbers:
        for seconds, name in STEPS.items():
            start = at - at % seconds
            yield Row(f"{name}#{new['type']}", iso(start), int(start + KEEP_COUNTERS)), Additions(Counter(numbers))
    if Status(new["status"]) in BROKEN and new.get("error_class"):
        yield _error_entry(new, at)


def _totals(old: dict[str, Any] | None, new: dict[str, Any] | None) -> Counter[str]:
    at = float((new or old or {})["updated_at"])
    moved: Counter[str] = Counter()
    if old is not None:
        moved[f"n#{_state(old)}"] -= 1
        moved.update(backlog.went(old["type"], old["updated_at"], at) if old["status"] == Status.QUEUED else {})
    if new is not None:
        moved[f"n#{_state(new)}"] += 1
        moved.update(backlog.came(new["type"], new["updated_at"]) if new["status"] == Status.QUEUED else {})
    return Counter({name: n for name, n in moved.items() if n})


def _state(image: dict[str, Any] | None) -> str | None:
    return f"{image['type']}#{image['status']}" if image else None


def _event_numbers(old: dict[str, Any] | None, new: dict[str, Any]) -> Counter[str]:
    status = Status(new["status"])
    if old is None:
        return Counter({"created": 1})
    numbers: Counter[str] = Counter()
    if status in EVENTS:
        numbers[EVENTS[status]] += 1
    if status is Status.QUEUED:
        numbers["requeued"] += 1
    if status is Status.PROCESSING:
        due = old.get("next_attempt_at") or old["updated_at"]
        numbers[f"wait{bucket(1000 * (new['started_at'] - due))}"] += 1
    elif old["status"] == Status.PROCESSING and new.get("started_at"):
        numbers[f"run{bucket(1000 * (new['updated_at'] - new['started_at']))}"] += 1
    if status is Status.COMPLETED:
        numbers[f"total{bucket(1000 * (new['finished_at'] - new['created_at']))}"] += 1
    return numbers


def _error_entry(new: dict[str, Any], at: float) -> tuple[Row, Additions]:
    error_class, message = new["error_class"], new.get("error_message") or ""
    name, general = fingerprint(new["type"], error_class, message)
    hour = at - at % 3600
    slot = int(new["pk"][-1], 16) % 3
    facts = {
        "type": new["type"],
        "error_class": error_class,
        "message": general,
        "last_seen": at,
        f"job{slot}": new["pk"],
    }
    additions = Additions(Counter({"count": 1}), facts, {"first_seen": at})
    return Row("ERR", f"{iso(hour)}#{name}", int(hour + KEEP_COUNTERS)), additions
