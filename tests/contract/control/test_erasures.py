"""Test every promise of ErasureRows, in memory and on DynamoDB."""

from dataclasses import dataclass, replace

import pytest

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters.port import Counters
from chalicelib.erasing.dynamo import DynamoErasures
from chalicelib.erasing.memory import MemoryErasures
from chalicelib.erasing.port import Deletion, ErasureRows
from chalicelib.erasing.rule import Counts, Erasure, digest_of
from tests.support import T0

NEW = Erasure("a1", digest_of("acme"), "acme", "ada", "1f2e", T0, "why", searched_at=T0, lease_until=T0 + 60)
JOB = Deletion("j1", T0 - 5, 2, T0)


@dataclass(frozen=True)
class Kept:
    """The rows, and the counters that name what is open."""

    rows: ErasureRows
    counters: Counters

    @property
    def open(self) -> list[str]:
        """Return the marks."""
        return list(self.counters.standing().erasing)


@pytest.fixture(params=["memory", "dynamo"])
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "memory":
        counters = MemoryCounters()
        return Kept(MemoryErasures(counters), counters)
    cloud = request.getfixturevalue("cloud")
    return Kept(DynamoErasures(cloud, lambda: T0), DynamoCounters(cloud))


def test_an_erasure_is_found_as_it_was_added_and_is_marked_until_it_is_closed(kept: Kept) -> None:
    kept.rows.add(NEW)
    assert kept.rows.find("a1") == NEW
    assert kept.rows.find("b2") is None
    assert kept.open == ["a1"]
    kept.rows.close("a1", T0)
    kept.rows.close("a1", T0)
    assert kept.open == []
    assert kept.rows.find("a1") == NEW


def test_a_lease_keeps_others_out_until_it_ends(kept: Kept) -> None:
    kept.rows.add(NEW)
    assert kept.rows.claim("a1", T0 + 60, T0 + 120) is None
    claimed = kept.rows.claim("a1", T0 + 61, T0 + 121)
    assert claimed == replace(NEW, version=1, lease_until=T0 + 121)
    assert kept.rows.claim("a1", T0 + 62, T0 + 122) is None
    assert kept.rows.claim("b2", T0 + 62, T0 + 122) is None


def test_of_two_workers_one_writes(kept: Kept) -> None:
    kept.rows.add(NEW)
    hand = {"j1": Counts(3, 1), "j2": Counts(1)}
    after = replace(NEW, version=1, position="p", met=2, hand=hand, jobs=1, rows=4, objects=2, unfinished=1,
                    again_at=T0 + 5, failures=1, problem="E", searches=2, updated_at=T0)  # fmt: skip
    assert kept.rows.save(after) == after
    assert kept.rows.save(replace(after, jobs=9)) is None
    ended = replace(after, version=2, hand={}, tenant=None, problem=None, position="end", finished_at=T0 + 9)
    assert kept.rows.save(ended) == ended
    assert kept.rows.find("a1") == ended
    assert kept.rows.claim("a1", T0 + 900, T0 + 999) is None


def test_the_newest_come_first(kept: Kept) -> None:
    for name in ("a1", "a3", "a2"):
        kept.rows.add(replace(NEW, id=name))
    assert [one.id for one in kept.rows.newest(2)] == ["a3", "a2"]


def test_deletions_are_listed_and_marked_until_all_have_ended(kept: Kept) -> None:
    kept.rows.ask(JOB)
    kept.rows.ask(replace(JOB, job="j2"))
    kept.rows.ask(JOB)
    assert kept.rows.asked(10) == [JOB, replace(JOB, job="j2")]
    assert [one.job for one in kept.rows.asked(1)] == ["j1"]
    assert [one.job for one in kept.rows.asked(10, after="j1")] == ["j2"]
    assert kept.open == ["jobs"]
    kept.rows.drop(JOB)
    kept.rows.rest()
    assert kept.open == ["jobs"], "one has not ended"
    kept.rows.drop(replace(JOB, job="j2"))
    kept.rows.drop(replace(JOB, job="j2"))
    kept.rows.rest()
    assert kept.open == []
    kept.rows.ask(JOB)
    assert kept.open == ["jobs"]


def test_what_was_deleted_is_known(kept: Kept) -> None:
    kept.rows.record(JOB, T0)
    kept.rows.record(JOB, T0 + 1)
    assert list(kept.rows.erased()) == [JOB]


def test_one_worker_at_a_time_has_the_deletions(kept: Kept) -> None:
    kept.rows.ask(JOB)
    assert kept.rows.lease(T0, T0 + 60)
    assert not kept.rows.lease(T0 + 60, T0 + 90)
    assert kept.rows.lease(T0 + 61, T0 + 90)
    kept.rows.rest()
    assert kept.rows.lease(T0 + 62, T0 + 90)
    assert kept.open == ["jobs"]


def test_a_deletion_of_an_earlier_run_neither_replaces_nor_removes_a_later_one(kept: Kept) -> None:
    earlier, of_earlier_job = replace(JOB, gen=1, asked_at=T0 + 5), replace(JOB, created_at=T0 - 9, gen=7)
    kept.rows.ask(JOB)
    for late in (earlier, of_earlier_job):
        kept.rows.ask(late)
        kept.rows.drop(late)
    assert kept.rows.asked(10) == [JOB]
    later = replace(JOB, gen=3, asked_at=T0 + 5)
    kept.rows.ask(later)
    kept.rows.drop(JOB)
    assert kept.rows.asked(10) == [later]
