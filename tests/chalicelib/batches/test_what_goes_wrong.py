"""Test batches when a store does not answer, several operators retry at once, or members are changing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.batches.batches import NewBatch
from chalicelib.batches.constants import (
    AGAIN_AFTER,
    COUNT_AFTER,
    FAILED_AGAIN_AFTER,
    MISSING_AFTER,
    OPEN_FOR,
    QUIET,
    REFUSED_FOR,
)
from chalicelib.batches.memory import MemoryBatches
from chalicelib.batches.round import Ended, Round
from chalicelib.errors import BatchConflict, JobConflict, JobFlowError, PayloadUnreadable, RowRefused
from chalicelib.job_types import jobtype
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.retention import KEEP_BATCHES
from tests.chalicelib.batches.bench import SHARDS, Bench, types


@pytest.fixture(autouse=True)
def declared() -> Iterator[None]:
    with types():
        yield


@pytest.fixture
def bench() -> Bench:
    return Bench()


class Failing(MemoryBatches):
    """Fails for some batches, or as a whole."""

    out = False
    poison: Mapping[str, Exception] = {}
    unwritable: Mapping[str, Exception] = {}

    def due(self, now: float, most: int) -> Sequence[tuple[str, int]]:
        if self.out:
            raise OSError("throttled")
        return super().due(now, most)

    def find(self, batch: str, number: int | None = None) -> Round | None:
        if batch in self.poison:
            raise self.poison[batch]
        return super().find(batch, number)

    def write(
        self, batch: str, number: int, values: Mapping[str, Any], same: Mapping[str, str | None] = {}
    ) -> Round | None:
        if batch in self.unwritable:
            raise self.unwritable[batch]
        return super().write(batch, number, values, same)

    def count(self, batch: str, number: int, ended: Sequence[Ended], source: str, now: float) -> Round | None:
        if batch in self.poison:
            raise self.poison[batch]
        return super().count(batch, number, ended, source, now)


def failing(bench: Bench, *more: str) -> Failing:
    rows: Any = Failing()
    bench.rows = rows
    bench.batches = replace(bench.batches, rows=rows)
    for name in more:
        bench.batches.create(NewBatch(name))
        bench.batches.close(name, 1)
    return rows  # type: ignore[no-any-return]


def test_the_watchdog_goes_on_if_the_batches_cannot_be_found(bench: Bench) -> None:
    rows = failing(bench, "b-2")
    rows.out = True
    bench.clock.advance(QUIET)
    assert bench.batches.look_after() == {}


def test_a_round_that_always_fails_keeps_no_other_round_from_its_turn(bench: Bench) -> None:
    rows = failing(bench, *(f"p-{number:03}" for number in range(150)))
    bench.clock.advance(1)
    bench.make("a")
    rows.poison = {f"p-{number:03}": OSError("no") for number in range(150)}
    bench.end("a")
    bench.clock.advance(QUIET)
    assert bench.batches.look_after()["batches"] == 151
    assert len(bench.told()) == 1
    assert rows._rows["p-000", 1].due_at == bench.clock.now + FAILED_AGAIN_AFTER


@pytest.mark.parametrize("error", [RowRefused("refused"), ValueError("written, but not readable"), KeyError("number")])
def test_a_round_that_nobody_can_read_or_write_keeps_no_other_round_from_its_turn(
    bench: Bench, error: Exception
) -> None:
    rows = failing(bench, "b-0")
    bench.clock.advance(1)
    bench.make("a")
    rows.poison = {"b-0": ValueError("not a number")}
    rows.unwritable = {"b-0": error}
    bench.end("a")
    bench.clock.advance(QUIET)
    assert bench.batches.look_after()["batches"] == 2
    assert len(bench.told()) == 1


@pytest.mark.parametrize(("error", "again"), [(RowRefused("bad"), False), (OSError("throttled"), True)])
def test_a_batch_that_cannot_be_counted_keeps_no_other_batch_waiting(
    bench: Bench, error: Exception, again: bool
) -> None:
    rows = failing(bench, "b-2")
    bench.make("a")
    bench.end("a")
    last = bench.store.changed[0] + bench.store.changed[1]
    (ended,) = [one for one in last if one.after is not None and one.after.terminal]
    assert ended.before is not None
    assert ended.after is not None
    other = replace(
        ended, sequence="0", before=replace(ended.before, batch="b-2"), after=replace(ended.after, batch="b-2")
    )
    rows.poison = {"b-2": error}
    assert bench.batches.follow([other, ended], "shard") == ({"0"} if again else set())
    assert len(bench.told()) == 1


def test_two_bulk_actions_in_turn_have_one_round_each(bench: Bench) -> None:
    names = "abcdef"
    bench.make(*names)
    bench.end(*names, failed=True)
    bench.follow()
    bench.moving |= {"bulk-1", "bulk-2"}
    for place, name in enumerate(names):
        bench.retry(name, f"bulk-{place % 2 + 1}")
    assert sorted(bench.member(name).round for name in names) == [2, 2, 2, 3, 3, 3]
    bench.moving.clear()
    bench.clock.advance(AGAIN_AFTER)
    bench.batches.look_after()
    bench.end(*names)
    bench.follow()
    assert [(one.round, one.total) for one in bench.told()] == [(1, 6), (2, 3), (3, 3)]


def test_another_process_goes_on_in_the_round_of_its_bulk_action(bench: Bench) -> None:
    bench.make("a", "b", "c")
    bench.end("a", "b", "c", failed=True)
    bench.moving.add("bulk-1")
    bench.retry("a", "bulk-1")
    bench.retry("b")
    bench.batches = replace(bench.batches, mine={})
    assert bench.retry("c", "bulk-1").round == 2


def test_a_member_leaves_no_round_whose_members_are_not_counted(bench: Bench) -> None:
    """Else the round would be closed without it, and end before its last member."""
    bench.make("a", "b")
    bench.end("a", "b", failed=True)
    bench.moving.add("bulk-1")
    bench.retry("a", "bulk-1")
    bench.end("a", failed=True)
    bench.follow()
    with pytest.raises(JobConflict, match="being filled"):
        bench.retry("a")
    bench.retry("b", "bulk-1")
    bench.moving.clear()
    bench.clock.advance(AGAIN_AFTER)
    bench.batches.look_after()
    assert bench.round(2).total == 2
    assert bench.retry("a").round == 3
    bench.follow()
    assert [one.round for one in bench.told()] == [1]
    bench.end("a", "b")
    bench.follow()
    assert sorted(one.round for one in bench.told()) == [1, 2, 3]


@pytest.mark.parametrize("closed", [False, True])
def test_members_that_were_not_read_do_not_count_as_deleted(
    bench: Bench, closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make("a", "b")
    bench.end("a", "b", failed=True)
    bench.follow()
    bench.moving.add("bulk-1")
    for name in "ab":
        bench.retry(name, "bulk-1")
    bench.moving.clear()
    if closed:
        bench.clock.advance(AGAIN_AFTER)
        bench.batches.look_after()
        bench.clock.advance(MISSING_AFTER)
    bench.end("a")

    def half_read(ids: Sequence[str], **_: bool) -> Sequence[Job]:
        raise JobFlowError("DynamoDB read only a part of the jobs")

    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "read_all", half_read)
        patch.setattr(bench.store, "get_many", lambda ids: [])
        bench.clock.advance(AGAIN_AFTER)
        bench.batches.look_after()
    assert bench.round(2).ended_at is None
    assert bench.round(2).total == (2 if closed else None)


@pytest.mark.parametrize("closed", [True, False])
def test_a_member_whose_row_cannot_be_read_does_not_count_as_deleted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, closed: bool
) -> None:
    """After a rollback, this version may not be able to read the rows of the later one."""
    bench.make("a", "b")
    bench.end("a", "b", failed=True)
    bench.follow()
    bench.moving.add("bulk-1")
    bench.retry("a", "bulk-1")
    bench.moving.clear()
    if closed:
        bench.clock.advance(AGAIN_AFTER)
        bench.batches.look_after()
        bench.clock.advance(MISSING_AFTER)
    spoilt, read_all = bench.member("a").id, bench.store.read_all

    def strictly(ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:
        if strict and spoilt in ids:
            raise JobFlowError(f"The job {spoilt} cannot be read: KeyError")
        return [job for job in read_all(ids) if job.id != spoilt]

    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "read_all", strictly)
        bench.clock.advance(AGAIN_AFTER)
        bench.batches.look_after()
        assert bench.round(2).ended_at is None
        assert bench.round(2).total == (1 if closed else None)
        bench.clock.advance(REFUSED_FOR)
        for _ in range(3):
            bench.batches.look_after()
            bench.clock.advance(MISSING_AFTER)
        assert bench.round(2).ended_at is not None, "nobody can read it, so the round does not wait for ever"


def test_no_member_of_an_open_batch_is_deleted(bench: Bench) -> None:
    """A member that was deleted could be made, and counted, a second time."""
    bench.make("a", total=-1)
    bench.end("a")
    bench.clock.advance(OPEN_FOR)
    assert bench.member("a").status is Status.COMPLETED
    with pytest.raises(BatchConflict):
        bench.add("b")
    for _ in range(3):
        bench.batches.look_after()
        bench.clock.advance(COUNT_AFTER)
    assert bench.round().total == 1


def test_an_alarm_that_was_refused_once_comes_later(bench: Bench) -> None:
    bench.make("a", "b", total=-1)
    kind = jobtype.registered.pop("test.alarm")
    bench.end("a", failed=True)
    bench.follow()
    assert bench.round().told_at is None
    jobtype.registered["test.alarm"] = kind
    bench.clock.advance(QUIET)
    bench.batches.look_after()
    assert len(bench.told("test.alarm")) == 1
    assert bench.round().due_at == bench.round().created_at + OPEN_FOR


def test_a_batch_does_not_end_before_its_alarm_is_made(bench: Bench) -> None:
    bench.make("a")
    kind = jobtype.registered.pop("test.alarm")
    bench.end("a", failed=True)
    bench.follow()
    assert len(bench.told()) == 1
    assert bench.round().ended_at is None
    jobtype.registered["test.alarm"] = kind
    bench.clock.advance(QUIET)
    bench.batches.look_after()
    assert len(bench.told("test.alarm")) == len(bench.told()) == 1
    assert bench.round().ended_at is not None


def test_a_batch_of_which_one_member_was_retried_is_cancelled(bench: Bench) -> None:
    bench.make("a", "b", total=-1)
    bench.end("a", failed=True)
    bench.retry("a")
    bench.end("a")
    bench.follow()
    assert bench.round(2).ended_at is not None
    bench.batches.cancel("b-1", "ada")
    assert not bench.round().open
    bench.clock.advance(COUNT_AFTER)
    bench.batches.look_after()
    assert bench.member("b").status is Status.CANCELLED
    bench.follow()
    assert bench.round().ended_at is not None
    with pytest.raises(BatchConflict, match="has ended"):
        bench.batches.cancel("b-1", "ada")


def test_a_member_that_was_just_added_is_cancelled_too(bench: Bench) -> None:
    bench.make("a", total=-1)
    bench.batches.cancel("b-1", "ada")
    bench.store.add(replace(bench.member("a"), id="late", writer="w", payload={"name": "late"}))
    bench.clock.advance(COUNT_AFTER)
    bench.batches.look_after()
    assert bench.store.get("late").status is Status.CANCELLED
    assert bench.round().total == 2


def test_a_member_that_cannot_be_cancelled_does_not_keep_the_others_running(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.make("a", "b", total=-1)
    bench.batches.cancel("b-1", "ada")
    broken, get = bench.member("a").id, bench.store.get

    def without_its_payload(job_id: str) -> Job:
        if job_id == broken:
            raise PayloadUnreadable(job_id)
        return get(job_id)

    with monkeypatch.context() as lost:
        lost.setattr(bench.store, "get", without_its_payload)
        bench.clock.advance(COUNT_AFTER)
        bench.batches.look_after()
    assert bench.member("b").status is Status.CANCELLED
    assert not bench.round().open


def test_a_member_that_was_retried_after_the_cancel_goes_on(bench: Bench) -> None:
    bench.make("a", "b", total=-1)
    bench.batches.cancel("b-1", "ada")
    bench.cancel("a")
    bench.retry("a")
    bench.clock.advance(COUNT_AFTER)
    bench.batches.look_after()
    assert [bench.member(name).status for name in "ab"] == [Status.QUEUED, Status.CANCELLED]


def test_what_the_stream_has_counted_is_told_though_members_are_deleted(bench: Bench) -> None:
    bench.make("a", "b", "c", "d")
    bench.end("a", "b")
    bench.end("c", failed=True)
    bench.follow()
    bench.end("d")
    for name in "ab":
        bench.store._jobs.pop(bench.member(name).id)
    for _ in range(int(MISSING_AFTER / QUIET) + 1):
        bench.clock.advance(QUIET)
        bench.batches.look_after()
    assert [(one.done, one.failed) for one in bench.told()] == [(3, 1)]


def test_an_end_that_also_moves_the_member_counts_for_neither_round(bench: Bench) -> None:
    """No move of a job does this: only a program that writes rows of its own."""
    bench.make("a", "b")
    bench.end("b", failed=True)
    bench.retry("b")
    job = bench.member("a")
    forged = JobChanged("1", job, replace(job, status=Status.COMPLETED, round=2))
    bench.batches.follow([forged], "shard")
    assert bench.round().done == bench.round(2).done == 0


def test_the_first_round_is_kept_as_long_as_the_last_one(bench: Bench) -> None:
    bench.make("a")
    bench.end("a", failed=True)
    bench.follow()
    assert bench.round().expires_at is not None
    bench.retry("a")
    assert bench.round().expires_at is None
    bench.end("a")
    bench.follow()
    assert bench.round().expires_at == bench.round(2).expires_at is not None


def test_an_earlier_round_that_ends_later_does_not_let_the_batch_expire(bench: Bench) -> None:
    bench.make("a", "b")
    bench.end("a", failed=True)
    bench.follow()
    bench.retry("a")
    bench.end("b")
    bench.follow()
    assert bench.round().ended_at is not None
    assert bench.round().expires_at is None


def test_a_round_that_runs_longer_than_a_later_one_is_kept(bench: Bench) -> None:
    bench.make("a", "b")
    bench.end("a", failed=True)
    bench.follow()
    bench.retry("a")
    bench.end("a")
    bench.follow()
    assert bench.round(2).ended_at is not None
    assert bench.round().expires_at is None
    bench.clock.advance(10)
    bench.end("b")
    bench.follow()
    assert bench.round().expires_at == round(bench.clock.now + KEEP_BATCHES)
    assert len(bench.told()) == 2


def test_a_member_that_ended_before_its_round_was_closed_is_told_at_once(bench: Bench) -> None:
    bench.make("a")
    bench.end("a", failed=True)
    bench.follow()
    job = bench.member("a")
    with bench.batches.moved(job, None) as number:
        bench.store._jobs[job.id] = replace(job, round=number, status=Status.QUEUED, gen=2, claims=0)
        bench.end("a")
        bench.follow()
    assert [one.round for one in bench.told()] == [1, 2]


def test_a_retry_is_done_though_its_round_cannot_be_closed(bench: Bench) -> None:
    bench.make("a")
    bench.end("a", failed=True)
    bench.follow()
    bench.read = [0] * SHARDS
    write = bench.rows.write

    def refuse(batch: str, number: int, values: Mapping[str, Any], same: Mapping[str, str | None] = {}) -> Round | None:
        if "closed_at" in values:
            raise OSError("throttled")
        return write(batch, number, values, same)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.rows, "write", refuse)
        assert bench.retry("a").status is Status.QUEUED
    bench.clock.advance(AGAIN_AFTER)
    bench.batches.look_after()
    assert bench.round(2).total == 1
