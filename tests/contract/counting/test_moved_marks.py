"""Check that old marks are removed from the rows of totals and days; everything is still counted exactly once."""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.tables.sizes import item_size
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters import keys
from chalicelib.counters.port import Additions, Row, Times
from chalicelib.counters.stream import StreamCounter
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from chalicelib.settings import Settings
from tests.chalicelib.adapters.dynamo.meter import metered
from tests.chalicelib.counters.partitions import MIDNIGHT, Partitions, Record
from tests.contract.conftest import Rows
from tests.support import REGION, SETTINGS

TOTALS = keys.totals("email.send")
LATER = MIDNIGHT + 12 * 3600


def count(rows: Rows, records: list[Record], shard: str, now: float) -> int:
    """Count a batch as a new process does, which cleans each row first; return the number of added entries."""
    return len(StreamCounter(rows, lambda: now).count(read(records), shard).added)


def day(at: float) -> Row:
    return keys.bucket("email.send", 86_400, at)


def raw(row: Row) -> dict[str, Any]:
    key = {"pk": {"S": row.pk}, "sk": {"S": row.sk}}
    item: dict[str, Any] = aws.client("dynamodb", REGION).get_item(TableName=SETTINGS.control_table, Key=key)["Item"]
    return item


def marks_in(row: Row) -> list[str]:
    return [name for name in raw(row) if name.startswith(f"{keys.MARK}shard")]


def completed(rows: Rows) -> int:
    return rows.standing().totals["email.send", Status.COMPLETED]


def numbers(rows: Rows) -> dict[Any, Any]:
    """Return all counts, without the data that the cleanup removes, and without the numbers of writes."""
    totals = rows.standing().totals
    buckets = {
        (step, at): +Counter({name: n for name, n in found.items() if name != keys.WRITES})
        for step in keys.STEPS
        for at, found in rows.buckets("email.send", step, MIDNIGHT - DAY, MIDNIGHT + 4 * DAY)
    }
    return {**+Counter(totals), **buckets}


def lived(rows: Rows, hours: int, partitions: int = 4) -> tuple[Partitions, list[tuple[str, list[Record]]]]:
    """Count one job an hour of each partition in turn, when it comes."""
    table = Partitions(partitions)
    batches = [table.job(MIDNIGHT + 3600 * hour) for hour in range(hours)]
    for hour, (shard, records) in enumerate(batches):
        count(rows, records, shard, MIDNIGHT + 3600 * hour + 3)
    return table, batches


def test_units_of_a_write_in_a_table_of_four_partitions(cloud: Settings) -> None:
    """There are two days and 48 shards of the stream, and each write is one unit.

    With all marks in the rows it would be 4 and 3.
    """
    with metered() as meter:
        table, batches = lived(DynamoCounters(cloud), 48)
    assert len(table.shards) == len(batches) == 48
    assert {n for *_, n in meter.readings} == {1}
    assert item_size(raw(TOTALS)) < 760
    # a row for each mark, and a removal from the totals and from each day
    assert len(meter.readings) <= (4 + 4) * 48
    assert len(marks_in(TOTALS)) <= 6


@pytest.mark.parametrize("late", [0, 20 * 3600], ids=["at once", "after 20 h"])
def test_the_whole_stream_once_more_counts_nothing(rows: Rows, late: float) -> None:
    """A new mapping begins at the oldest record that the stream still has."""
    _, batches = lived(rows, 24)
    before = numbers(rows)
    assert [count(rows, records, shard, MIDNIGHT + DAY + late) for shard, records in batches] == [0] * 24
    assert numbers(rows) == before
    assert completed(rows) == 24


def test_a_shard_that_stood_still_is_counted_when_marks_have_moved_since(rows: Rows) -> None:
    """The shard's changes are as old as those of the removed marks, but were never counted."""
    table = Partitions(4)
    batches = [table.job(MIDNIGHT + 3600 * hour) for hour in range(24)]
    stuck = batches[2][0]
    for hour, (shard, records) in enumerate(batches):
        if shard != stuck:
            count(rows, records, shard, MIDNIGHT + 3600 * hour + 3)
    for expected in (3 + 3 * 3 + 1, 0):
        assert count(rows, batches[2][1], stuck, MIDNIGHT + DAY) >= min(expected, 1)
    assert completed(rows) == 24
    assert count(rows, batches[2][1], stuck, MIDNIGHT + 2 * DAY) == 0


def test_a_late_batch_that_begins_with_what_is_counted_adds_the_rest(rows: Rows) -> None:
    table, batches = lived(rows, 12)
    shard = batches[0][0]
    old = list(table.shards[shard])
    table.jobs = 0
    _, more = table.job(MIDNIGHT + 60)
    assert count(rows, [*old, *more], shard, LATER) > 0
    assert count(rows, [*old, *more], shard, LATER + 7200) == 0
    assert completed(rows) == 13


@pytest.mark.parametrize("seed", range(2))
def test_batches_in_any_pieces_again_and_again_count_once(rows: Rows, seed: int, whole: bool) -> None:
    """There are sixteen hours of four partitions.

    Batches overlap, and come hours late or again, in any order of the shards.
    """
    chance, table, once = random.Random(seed), Partitions(4), MemoryCounters()
    for number in range(60 if whole or isinstance(rows, MemoryCounters) else 16):
        table.job(MIDNIGHT + number * (900.0 if whole or isinstance(rows, MemoryCounters) else 3600.0))
    now = MIDNIGHT + 16 * 3600
    for shard, records in table.shards.items():
        count(once, records, shard, now)
    done = dict.fromkeys(table.shards, 0)
    while behind := [shard for shard, records in table.shards.items() if done[shard] < len(records)]:
        shard = chance.choice(behind) if chance.random() < 0.7 else chance.choice(list(done))
        start = chance.choice([0, done[shard], max(0, done[shard] - 2)])
        end = min(len(table.shards[shard]), start + chance.randint(0, 9))
        now += chance.choice([1.0, 900.0])
        count(rows, table.shards[shard][start:end], shard, now)
        done[shard] = max(done[shard], end)
    assert now < MIDNIGHT + 40 * 3600  # the stream still has all records
    assert numbers(rows) == numbers(once)


class Interrupted(DynamoCounters):
    """Rows in which something else happens once, right after a read or before a write."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.after_read: dict[Row, Callable[[], object]] = {}
        self.before_write: dict[Row, Callable[[], object]] = {}

    def _get(self, row: Row) -> dict[str, Any]:
        found = super()._get(row)
        self.after_read.pop(Row(row.pk, row.sk), lambda: None)()
        return found

    def _write(self, row: Row, *what: Any) -> bool:
        self.before_write.pop(Row(row.pk, row.sk), lambda: None)()
        return super()._write(row, *what)


def test_two_invocations_with_one_late_batch_and_a_look_between(cloud: Settings) -> None:
    """The first invocation has read that nothing was counted.

    The second counts, and its mark is moved before the first writes.
    """
    rows, other = Interrupted(cloud), DynamoCounters(cloud)
    table, _ = lived(other, 12)
    table.jobs = 3
    shard, late = table.job(MIDNIGHT + 1800)
    kept = keys.moved(TOTALS, shard, 0.0)

    def meanwhile() -> None:
        count(other, late, shard, LATER)
        assert other.tidy(TOTALS, LATER + 3600) >= 1
        assert f"{keys.MARK}{shard}" not in raw(TOTALS)

    rows.after_read[Row(kept.pk, kept.sk)] = meanwhile
    entries = Additions(Counter({keys.number(Status.COMPLETED): 1}))
    first, last = (late[place]["dynamodb"]["SequenceNumber"].zfill(40) for place in (0, -1))
    assert rows.add(TOTALS, entries, shard, first, last, Times(MIDNIGHT + 1800, LATER)) == last
    assert not rows.after_read
    assert completed(rows) == 13


def test_a_mark_that_moves_on_while_it_is_taken_out_stays(cloud: Settings) -> None:
    rows, other = Interrupted(cloud), DynamoCounters(cloud)
    table, _ = lived(other, 1)
    shard = next(iter(table.shards))
    table.jobs = 0
    _, more = table.job(MIDNIGHT + 60)
    rows.before_write[TOTALS] = lambda: count(other, more, shard, LATER)
    rows.tidy(TOTALS, LATER + 60)
    assert marks_in(TOTALS) == [f"{keys.MARK}{shard}"]
    assert count(other, table.shards[shard], shard, LATER) == 0
    assert other.tidy(TOTALS, LATER + 3600) == 1
    assert count(other, table.shards[shard], shard, LATER + 3600) == 0
    assert completed(other) == 2


def test_a_slow_look_takes_no_kept_mark_back(cloud: Settings) -> None:
    """It has read an older mark than the stored one."""
    rows, other = Interrupted(cloud), DynamoCounters(cloud)
    table, _ = lived(other, 1)
    shard = next(iter(table.shards))
    table.jobs = 0
    _, more = table.job(MIDNIGHT + 60)

    def meanwhile() -> None:
        count(other, more, shard, LATER)
        other.tidy(TOTALS, LATER + 3600)

    rows.after_read[TOTALS] = meanwhile
    rows.tidy(TOTALS, LATER)
    assert marks_in(TOTALS) == []
    assert count(other, table.shards[shard], shard, LATER + 7200) == 0
    assert completed(other) == 2


def test_a_look_by_a_clock_that_is_behind_brings_nothing_back(cloud: Settings) -> None:
    rows, table = DynamoCounters(cloud), Partitions(1)
    late, early = (table.job(LATER + 3600 * hour) for hour in (20, 1))
    count(rows, late[1], late[0], LATER + 20 * 3600)
    assert rows.tidy(TOTALS, LATER + 26 * 3600) > 0
    count(rows, early[1], early[0], LATER + 3600)
    rows.tidy(TOTALS, LATER + 11 * 3600)
    assert count(rows, late[1], late[0], LATER + 27 * 3600) == 0
    assert completed(rows) == 2


def test_a_mark_stays_while_its_shard_is_written_to_however_long_that_is(cloud: Settings) -> None:
    rows, table = DynamoCounters(cloud), Partitions(1)
    shard, _ = table.job(MIDNIGHT)
    _, records = table.job(LATER)
    assert count(rows, records, shard, LATER + 3) > 0
    assert [count(rows, records, shard, LATER + 3 + minutes * 60) for minutes in (1, 29, 31, 300)] == [0] * 4
    assert marks_in(TOTALS) == []


def test_a_look_that_ends_half_way_is_made_again(cloud: Settings) -> None:
    rows, other = Interrupted(cloud), DynamoCounters(cloud)
    _, batches = lived(other, 1)
    rows.before_write[TOTALS] = lambda: 1 / 0
    with pytest.raises(ZeroDivisionError):
        rows.tidy(TOTALS, LATER)
    assert len(marks_in(TOTALS)) == 1
    assert count(other, batches[0][1], batches[0][0], LATER) == 0
    assert marks_in(TOTALS) == []
    assert count(other, batches[0][1], batches[0][0], LATER) == 0
    assert completed(other) == 1
