"""Test every promise of BulkActionRows, in memory and on DynamoDB."""

from dataclasses import dataclass, replace

import pytest

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.bulk.dynamo import DynamoBulkActions
from chalicelib.bulk.memory import MemoryBulkActions
from chalicelib.bulk.port import BulkAction, BulkActionRows, BulkState, Reason
from chalicelib.counters.port import Counters
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Filter
from chalicelib.settings import Settings
from tests.support import T0

NEW = BulkAction(
    id="a1", action="retry", by="ada", principal="1f2e", started_at=T0, updated_at=T0,
    which=Filter(status=Status.FAILED, tag="x", created_after=T0 - 5), expected=143, lease_until=T0 + 60,
)  # fmt: skip


@dataclass(frozen=True)
class Kept:
    """The rows, and the counters that name the open actions."""

    rows: BulkActionRows
    counters: Counters


@pytest.fixture(params=["memory", "dynamo"])
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "memory":
        counters = MemoryCounters()
        return Kept(MemoryBulkActions(counters), counters)
    cloud = request.getfixturevalue("cloud")
    return Kept(DynamoBulkActions(cloud), DynamoCounters(cloud))


def test_one_is_found_as_it_was_added_and_is_among_the_open_ones(kept: Kept) -> None:
    listing = replace(NEW, id="b2", which=None, listed=2, expected=None, reason="known", edit={"a.b": [1]})
    kept.rows.add(NEW)
    kept.rows.add(listing, ["j1", "j2"])
    assert kept.rows.find("a1") == NEW
    assert kept.rows.find("b2") == listing
    assert list(kept.rows.ids("b2")) == ["j1", "j2"]
    assert [list(kept.rows.ids("a1")), kept.rows.find("c3")] == [[], None]
    assert list(kept.counters.standing().bulk) == ["a1", "b2"]


def test_changed_jobs_are_noted_slice_by_slice_and_each_once(kept: Kept) -> None:
    kept.rows.note("a1", 2, ["one", "two"])
    kept.rows.note("a1", 10, ["three", "one"])
    kept.rows.note("a1", 10, ["three", "one"])
    kept.rows.note("a12", 1, ["other"])
    assert list(kept.rows.changed("a1", 10)) == ["one", "two", "three"]
    assert list(kept.rows.changed("a1", 2)) == ["one", "two"]
    assert list(kept.rows.changed("a2", 10)) == []


def test_the_newest_come_first(kept: Kept) -> None:
    for name in ("a1", "a3", "a2"):
        kept.rows.add(replace(NEW, id=name))
    assert [one.id for one in kept.rows.newest(2)] == ["a3", "a2"]


def test_a_lease_keeps_others_out_until_it_ends(kept: Kept) -> None:
    kept.rows.add(NEW)
    assert kept.rows.claim("a1", T0 + 60, T0 + 120) is None
    assert kept.rows.claim("none", T0 + 61, T0 + 120) is None
    claimed = kept.rows.claim("a1", T0 + 61, T0 + 121)
    assert claimed == replace(NEW, lease_until=T0 + 121, version=1)
    assert kept.rows.claim("a1", T0 + 62, T0 + 122) is None


def test_of_two_workers_one_is_refused(kept: Kept) -> None:
    kept.rows.add(NEW)
    reasons = {"is queued": Reason(2, ("j1", "j2"))}
    mine = replace(NEW, version=1, position="p", matched=5, done=3, skipped=2, reasons=reasons, updated_at=T0 + 1)
    assert kept.rows.save(mine) == mine
    assert kept.rows.save(replace(mine, done=99)) is None
    assert kept.rows.find("a1") == mine


def test_a_stop_that_was_asked_for_outlives_the_progress_that_is_written(kept: Kept) -> None:
    kept.rows.add(NEW)
    asked = kept.rows.stop("a1", T0 + 1)
    assert asked is not None
    assert asked.state is BulkState.STOPPING
    saved = kept.rows.save(replace(NEW, version=1, done=7))
    assert saved is not None
    assert (saved.state, saved.done) == (BulkState.STOPPING, 7)
    over = replace(saved, version=2, state=BulkState.STOPPED, finished_at=T0 + 2)
    assert kept.rows.save(over) == over
    assert [kept.rows.stop("a1", T0 + 3), kept.rows.claim("a1", T0 + 999, T0 + 1000)] == [None, None]


def test_one_that_is_closed_is_no_longer_among_the_open_ones(kept: Kept) -> None:
    kept.rows.add(NEW)
    kept.rows.close("a1", T0)
    kept.rows.close("a1", T0)
    assert list(kept.counters.standing().bulk) == []
    assert kept.rows.find("a1") == NEW


@pytest.mark.parametrize("write", ["_ids", "_open", "_rows"])
def test_one_that_could_not_be_added_is_not_listed(cloud: Settings, write: str) -> None:
    """Listed without its mark, nobody would process it, and it would be shown as running until it expires."""
    rows = DynamoBulkActions(cloud)

    def refused(**_: object) -> object:
        raise ConnectionError

    right = getattr(rows, write)
    setattr(rows, write, refused)
    with pytest.raises(ConnectionError):
        rows.add(NEW, ["j1"])
    setattr(rows, write, right)
    assert rows.newest(5) == []
    assert rows.claim(NEW.id, T0 + 61, T0 + 121) is None
