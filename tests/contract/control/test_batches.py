"""Test every promise of BatchRows, in memory and on DynamoDB."""

from dataclasses import replace

import pytest
from pynamodb.expressions.operand import Path

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.schema import SCHEDULES
from chalicelib.batches.constants import MARKS_KEPT, MOST_FAILED_IDS
from chalicelib.batches.dynamo import DynamoBatches
from chalicelib.batches.memory import MemoryBatches
from chalicelib.batches.port import BatchRows
from chalicelib.batches.round import Counts, Ended, Round
from chalicelib.errors import RowRefused
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.schedules.dynamo import DynamoSchedules
from chalicelib.settings import Settings
from tests.support import T0

NEW = Round(
    batch="b-1", number=1, created_at=T0, opened_at=T0, updated_at=T0, then="a.then", on_failure="a.failed", key="k",
    tags=("nightly", "x"), notify=("billing", "audit"), principal="1f2e", correlation_id="c", body_hash="h",
    due_at=T0 + 60, parent="p", root="r", run="p.1",
)  # fmt: skip


@pytest.fixture(params=["memory", "dynamo"])
def rows(request: pytest.FixtureRequest) -> BatchRows:
    return MemoryBatches() if request.param == "memory" else DynamoBatches(request.getfixturevalue("cloud"))


def end(sequence: int, job: str = "", status: Status = Status.COMPLETED) -> Ended:
    return Ended(str(sequence).zfill(40), job or f"j-{sequence}", status)


def test_a_round_is_found_as_it_was_added_and_the_first_one_stays(rows: BatchRows) -> None:
    assert rows.find("b-1") is None
    assert rows.add(NEW) == NEW
    assert rows.add(replace(NEW, then="another")) == NEW
    assert rows.find("b-1") == rows.find("b-1", 1) == NEW
    assert rows.find("b-1", 2) is None
    later = replace(NEW, number=12, bulk="x", then=None)
    rows.add(later)
    assert rows.find("b-1") == later
    assert list(rows.rounds("b-1", 9)) == [NEW, later]
    assert list(rows.rounds("b-1", 1)) == [later]
    assert rows.opened_by("b-1", "x") == later
    assert rows.opened_by("b-1", "y") is None
    rows.write("b-1", 12, {"closed_at": T0})
    assert rows.opened_by("b-1", "x") is None


def test_each_end_is_counted_once_whatever_is_delivered_again(rows: BatchRows) -> None:
    rows.add(NEW)
    rows.count("b-1", 1, [end(1), end(2, status=Status.FAILED)], "shard-1", T0 + 5)
    again = rows.count("b-1", 1, [end(2, status=Status.FAILED), end(3, status=Status.DEAD_LETTER)], "shard-1", T0 + 6)
    assert again is not None
    assert again.counts == Counts(3, 2, 0, ("j-2", "j-3"))
    assert again.updated_at == T0 + 6
    assert rows.count("b-1", 1, [end(1), end(3)], "shard-1", T0 + 9) == again, "nothing is new"
    other = rows.count("b-1", 1, [end(1, "k-1", Status.CANCELLED)], "shard-2", T0 + 9)
    assert other is not None
    assert other.counts == Counts(4, 2, 1, ("j-2", "j-3"))
    assert rows.count("b-1", 2, [end(9)], "shard-1", T0) is None, "no such round"
    assert rows.find("b-1", 2) is None


def test_the_first_failed_members_are_kept_by_id(rows: BatchRows) -> None:
    rows.add(NEW)
    for first in (1, 61, 121):
        ends = [end(number, status=Status.FAILED) for number in range(first, first + 60)]
        found = rows.count("b-1", 1, ends, "shard-1", T0)
    assert found is not None
    assert found.failed == 180
    assert found.failed_ids == tuple(f"j-{number}" for number in range(1, MOST_FAILED_IDS + 1))


def test_a_write_is_refused_if_a_field_is_set_or_the_round_is_gone(rows: BatchRows) -> None:
    rows.add(NEW)
    closed = rows.write("b-1", 1, {"total": 0, "closed_at": T0 + 1, "due_at": T0 + 9}, same={"closed_at": None})
    assert closed == replace(NEW, total=0, closed_at=T0 + 1, due_at=T0 + 9)
    assert rows.write("b-1", 1, {"total": 7}, same={"closed_at": None}) is None
    assert rows.write("b-2", 1, {"total": 7}) is None
    assert rows.find("b-2") is None
    assert rows.write("b-1", 1, {"due_at": None, "repair": "[]"}) == replace(closed, due_at=None, repair="[]")


def test_a_write_is_refused_if_a_field_has_changed(rows: BatchRows) -> None:
    rows.add(NEW)
    assert rows.write("b-1", 1, {"retried_by": "x"}, same={"retried_by": None}) is not None
    assert rows.write("b-1", 1, {"retried_by": "y"}, same={"retried_by": None}) is None
    assert rows.write("b-1", 1, {"retried_by": "y"}, same={"retried_by": "z"}) is None
    assert rows.write("b-1", 1, {"retried_by": None}, same={"retried_by": "x"}) == NEW


def test_what_is_due_is_found_until_it_is_not(rows: BatchRows) -> None:
    rows.add(NEW)
    rows.add(replace(NEW, batch="b-2", due_at=T0 + 90))
    assert list(rows.due(T0 + 59, 10)) == []
    assert list(rows.due(T0 + 60, 10)) == [("b-1", 1)]
    assert list(rows.due(T0 + 99, 1)) == [("b-1", 1)]
    rows.write("b-1", 1, {"due_at": None})
    assert list(rows.due(T0 + 99, 10)) == [("b-2", 1)]


def test_the_newest_batches_come_first(rows: BatchRows) -> None:
    for batch, at in (("b-1", T0), ("b-3", T0 + 2), ("b-2", T0 + 1)):
        rows.enlist(batch, at, None)
    rows.enlist("b-1", T0, T0 + 99)
    first, position = rows.newest(2)
    assert list(first) == ["b-3", "b-2"]
    rest, end_of = rows.newest(2, position)
    assert list(rest) == ["b-1"]
    assert end_of is None


def test_a_count_removes_the_marks_of_shards_that_deliver_nothing_more(rows: BatchRows) -> None:
    """Otherwise the row of a batch that is open for months would grow with each shard."""
    rows.add(NEW)
    for number in range(MARKS_KEPT + 1):
        rows.count("b-1", 1, [end(number + 1)], f"shardId-{int((T0 + number) * 1000):020}-abc", T0 + number)
    late = T0 + 3 * 86_400
    last = rows.count("b-1", 1, [end(1, "late")], f"shardId-{int(late * 1000):020}-abc", late)
    assert last is not None
    assert last.done == MARKS_KEPT + 2
    if isinstance(rows, DynamoBatches):
        item = rows._item("b-1", 1) or {}
        assert sum(name.startswith("mark#") for name in item) == 1


def test_a_row_that_is_not_a_round_is_not_due(cloud: Settings) -> None:
    """Functions that make batches may write such rows, which must keep no batch and no schedule from being found."""
    rows, table = DynamoBatches(cloud), binding.control(cloud)
    rows.add(NEW)
    for partition, key, place in (
        ("BATCH#x", "junk", "BATCHES"),
        ("BATCHES", "x", "BATCHES"),
        ("BATCH#y", "R1", SCHEDULES),
    ):
        due = [Path("due_in").set(place), Path("due_at").set(iso(T0))]
        table.update_item(table.name, partition, key, actions=due)
    assert list(rows.due(T0 + 99, 10)) == [("b-1", 1)]
    assert list(DynamoSchedules(cloud).due(T0 + 99, 10)) == []


def test_rows_that_are_no_rounds_hide_no_round_that_is_due(cloud: Settings) -> None:
    rows, table = DynamoBatches(cloud), binding.control(cloud)
    rows.add(NEW)
    rows.add(replace(NEW, number=2, due_at=T0 + 61))
    for number in range(7):
        due = [Path("due_in").set("BATCHES"), Path("due_at").set(iso(T0 + number))]
        table.update_item(table.name, "BATCH#x", f"junk-{number}", actions=due)
    assert list(rows.due(T0 + 99, 3)) == [("b-1", 1), ("b-1", 2)]
    assert list(rows.due(T0 + 99, 1)) == [("b-1", 1)]


def test_a_round_that_cannot_be_read_is_refused(cloud: Settings) -> None:
    rows, table = DynamoBatches(cloud), binding.control(cloud)
    rows.add(NEW)
    table.update_item(table.name, "BATCH#b-1", "R000001", actions=[Path("created_at").set("soon")])
    with pytest.raises(RowRefused):
        rows.count("b-1", 1, [end(1)], "shard-1", T0)
