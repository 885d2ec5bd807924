"""Compare counters with a simple count: many lifecycles over two shards, in any portions and any order."""

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.assembly import parts
from chalicelib.counters import keys
from chalicelib.counters.keys import STEPS
from chalicelib.counters.port import Additions, Row, Times
from chalicelib.counters.stream import StreamCounter
from chalicelib.entry.stream import handler
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from tests.contract.conftest import Rows

MIDNIGHT = 1_800_057_600.0
"""2027-01-16T00:00:00Z."""
EDGES = [
    MIDNIGHT + at for at in (-86_400, -3600, -60, -0.001, 0, 0.001, 59.999, 60, 3599.999, 3600, 86_399.999, 86_400)
]
TYPES = ("a.b", "c.d")
PATHS = (
    ("queued", "processing", "completed"), ("queued", "processing", "retrying", "processing", "dead_letter"),
    ("scheduled", "cancelled"), ("queued", "processing", "failed", "queued", "processing", "completed"),
    ("queued",), ("scheduled", "processing"), ("queued", "processing", "dead_letter", "cancelled"),
)  # fmt: skip
COUNTED = {"completed": "completed", "failed": "failed", "retrying": "retried", "dead_letter": "dead_lettered",
           "cancelled": "cancelled"}  # fmt: skip
LENGTH = dict(zip(STEPS, (16, 13, 10), strict=True))
"""Number of characters of an ISO time that name its bucket."""
SHARDS = ("shardId-00000001800000000000-aa", "shardId-00000001800000000001-bb")


@dataclass
class Naive:
    """The events, counted one by one as they are generated."""

    totals: Counter[tuple[str, Status]] = field(default_factory=Counter)
    events: dict[tuple[str, int, str], Counter[str]] = field(default_factory=dict)

    def note(self, kind: str, before: str | None, after: str, at: float) -> None:
        """Count one move of one job."""
        self.totals[kind, Status(after)] += 1
        if before is not None:
            self.totals[kind, Status(before)] -= 1
        event = "created" if before is None else "requeued" if after == "queued" else COUNTED.get(after)
        if (before, after) == ("dead_letter", "cancelled"):
            event = "discarded"
        for step, length in LENGTH.items():
            if event:
                self.events.setdefault((kind, step, iso(at)[:length]), Counter())[event] += 1


class Context:
    """The event that Lambda passes to a function."""

    aws_request_id = "r"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def image(job_id: str, kind: str, status: str, at: float, since: float) -> dict[str, Any]:
    facts = {"pk": job_id, "sk": "META", "type": kind, "status": status, "updated_at": at, "created_at": since,
             "started_at": at, "finished_at": at, "error_class": "E", "error_message": f"no {job_id}"}  # fmt: skip
    return {name: {"S": value} if isinstance(value, str) else {"N": repr(value)} for name, value in facts.items()}


def history(chance: random.Random, jobs: int) -> tuple[Naive, dict[str, list[Any]]]:
    """Return lifecycles at the limits of minutes, hours and days.

    They are counted in the simple way, and returned as the records of each shard.
    """
    naive = Naive()
    streams: dict[str, list[Any]] = {shard: [] for shard in SHARDS}
    numbers = {shard: chance.choice([7, 98, 995]) for shard in SHARDS}
    for number in range(jobs):
        kind, shard, path = chance.choice(TYPES), chance.choice(SHARDS), chance.choice(PATHS)
        times = sorted(chance.choices(EDGES, k=len(path)))
        old: dict[str, Any] | None = None
        for place, (status, at) in enumerate(zip(path, times, strict=True)):
            new = image(f"job-{number:03x}", kind, status, at, times[0])
            naive.note(kind, path[place - 1] if place else None, status, at)
            images = {"NewImage": new} if old is None else {"OldImage": old, "NewImage": new}
            streams[shard].append({"dynamodb": {"SequenceNumber": str(numbers[shard]), **images}})
            numbers[shard] += chance.choice([1, 1, 60])
            old = new
    return naive, streams


class Shaky:
    """Rows whose writes sometimes fail: before they are made, or so that only the reply is lost."""

    def __init__(self, rows: Rows, chance: random.Random) -> None:
        self._rows = rows
        self._chance = chance
        self.read, self.tidy = rows.read, rows.tidy

    def add(
        self,
        row: Row,
        additions: Additions,
        source: str,
        first: str,
        last: str,
        times: Times | None = None,
    ) -> str | None:
        if self._chance.random() < 0.05:
            raise ConnectionError("not written")
        mark = self._rows.add(row, additions, source, first, last, times)
        if self._chance.random() < 0.05:
            raise ConnectionError("written, but nobody knows")
        return mark

    def replace_facts(self, row: Row, facts: Mapping[str, str], gone: Collection[str]) -> None:
        if self._chance.random() < 0.05:
            raise ConnectionError("not written")
        self._rows.replace_facts(row, facts, gone)
        if self._chance.random() < 0.05:
            raise ConnectionError("written, but nobody knows")


def deliver(rows: Rows, streams: Mapping[str, Sequence[Any]], chance: random.Random) -> None:
    """Deliver each shard's records in order, the shards in any order; batches overlap, are split, and come again."""
    shaky, done = Shaky(rows, chance), dict.fromkeys(streams, 0)
    while behind := [shard for shard, records in streams.items() if done[shard] < len(records)]:
        shard = chance.choice(behind)
        start = chance.randint(max(0, done[shard] - 9), done[shard])
        end = min(len(streams[shard]), done[shard] + chance.randint(0, 25))
        try:
            StreamCounter(shaky, lambda: MIDNIGHT + DAY).count(read(streams[shard][start:end]), shard)
        except ConnectionError:
            continue
        done[shard] = max(done[shard], end)


@pytest.mark.parametrize("seed", range(2))
def test_each_move_is_counted_once_in_its_minute_hour_and_day(rows: Rows, seed: int, whole: bool) -> None:
    chance = random.Random(seed)
    naive, streams = history(chance, 24 if whole or isinstance(rows, MemoryCounters) else 8)
    deliver(rows, streams, chance)

    assert +Counter(rows.standing().totals) == +naive.totals
    for step, length in LENGTH.items():
        for kind in TYPES:
            found = {
                iso(at)[:length]: Counter({name: n for name, n in numbers.items() if name in EVENT_NAMES})
                for at, numbers in rows.buckets(kind, step, MIDNIGHT - 3 * DAY, MIDNIGHT + 3 * DAY)
            }
            expected = {at: n for (a_kind, a_step, at), n in naive.events.items() if (a_kind, a_step) == (kind, step)}
            assert {at: n for at, n in found.items() if n} == expected, (step, kind)


def test_the_lambda_counts_each_shard_for_itself_and_a_windows_end_without_records(rows: Rows) -> None:
    parts.replace(counters=rows, clock=lambda: MIDNIGHT)
    records = [
        {"dynamodb": {"SequenceNumber": "5", "NewImage": image(f"job-{n}", "a.b", "queued", MIDNIGHT, MIDNIGHT)}}
        for n in range(2)
    ]
    try:
        for shard, one in zip(SHARDS * 2, records * 2, strict=True):
            assert handler({"Records": [one], "shardId": shard}, Context()) == {"batchItemFailures": [], "state": {}}
        handler({"shardId": SHARDS[0], "isFinalInvokeForWindow": True}, Context())
    finally:
        parts.reset()
    assert rows.standing().totals == {("a.b", Status.QUEUED): 2}


def test_a_bucket_is_kept_for_ninety_days() -> None:
    assert {keys.bucket("a.b", step, MIDNIGHT).expires_at for step in STEPS} == {MIDNIGHT + 90 * DAY}


EVENT_NAMES = frozenset({"created", "requeued", "discarded", *COUNTED.values()})
