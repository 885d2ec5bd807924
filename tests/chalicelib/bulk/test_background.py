"""Test bulk actions in the background."""

import itertools
from collections import Counter
from dataclasses import replace

import pytest

from chalicelib.bulk.background import OTHER, NewBulkAction, merged
from chalicelib.bulk.constants import (
    FAILED_SLICE_PAUSE,
    FIRST_SLICE,
    LEASE,
    LONGEST_SLICE_PAUSE,
    MOST_FAILED_SLICES,
    SLICE,
)
from chalicelib.bulk.port import BulkState, Reason
from chalicelib.jobs.port import Filter
from tests.chalicelib.bulk.platform import Dead, Platform


@pytest.fixture
def bench() -> Platform:
    return Platform(threads=4)


def test_a_small_one_is_over_with_the_answer(bench: Platform) -> None:
    ids = bench.jobs(3)
    bench.store.refuses = ids[:1]
    over = bench.start()
    assert (over.state, over.matched, over.done, over.skipped) == (BulkState.DONE, 3, 2, 1)
    assert over.reasons == {"is processing now: it was changed by another request.": Reason(1, (ids[0],))}
    assert sorted(+bench.store.acted) == sorted(ids[1:])
    assert (bench.background.woken, list(bench.counters.standing().bulk)) == (0, [])


@pytest.mark.parametrize("listed", [True, False])
def test_a_large_one_has_begun_with_the_answer_and_is_worked_off_by_whoever_is_woken(
    bench: Platform, listed: bool
) -> None:
    ids = bench.jobs(FIRST_SLICE + SLICE + 1)
    begun = bench.start(ids=ids if listed else (), expected=None if listed else 200)
    assert (begun.state, begun.done, begun.expected) == (BulkState.RUNNING, FIRST_SLICE, len(ids) if listed else 200)
    assert bench.background.woken == 1
    over = bench.go_on()
    assert (over.state, over.matched, over.done) == (BulkState.DONE, len(ids), len(ids))
    assert sorted(+bench.store.acted) == sorted(ids), "each job once"
    assert list(bench.counters.standing().bulk) == []


def test_a_dry_run_changes_nothing_and_counts_all(bench: Platform) -> None:
    bench.jobs(SLICE)
    bench.start(dry_run=True)
    over = bench.go_on()
    assert (over.state, over.matched, over.done, +bench.store.acted) == (BulkState.DONE, SLICE, 0, Counter())


def test_a_worker_that_is_at_it_stops_after_its_slice(bench: Platform) -> None:
    bench.jobs(4 * SLICE)
    begun = bench.start()
    asked = itertools.count()

    def remaining() -> float:
        if next(asked) == 1:
            assert bench.work.stop(begun.id, "2a3b").state is BulkState.STOPPING
        return 840.0

    over = bench.go_on(remaining)
    assert (over.state, over.done) == (BulkState.STOPPED, FIRST_SLICE + SLICE), "the slice under way is finished"


def test_a_worker_without_time_leaves_the_rest_to_the_next_one(bench: Platform) -> None:
    bench.jobs(3 * SLICE)
    bench.start()
    left = iter([840.0, 5.0])
    half = bench.go_on(lambda: next(left))
    assert (half.state, half.done) == (BulkState.RUNNING, FIRST_SLICE + 2 * SLICE)
    assert bench.work.look_after([half.id])
    assert bench.go_on().done == 3 * SLICE


def test_a_worker_that_died_is_followed_by_another_when_its_lease_is_over(bench: Platform) -> None:
    bench.jobs(2 * SLICE)
    begun = bench.start()
    bench.clock.now += 1
    assert bench.rows.claim(begun.id, bench.clock.now, bench.clock.now + LEASE)
    assert not bench.work.look_after([begun.id])
    assert bench.go_on().done == FIRST_SLICE, "another worker has it"
    bench.clock.now += LEASE + 1
    assert bench.work.look_after([begun.id])
    assert bench.go_on().state is BulkState.DONE


def test_one_that_ended_and_was_not_closed_is_closed(bench: Platform) -> None:
    bench.jobs(1)
    over = bench.start()
    bench.counters.bulk.add(over.id)
    assert bench.work.look_after([over.id]), "a worker has to close it"
    assert bench.go_on() == over
    assert list(bench.counters.standing().bulk) == []


def no_answer(name: str) -> None:
    if name in ("page", "apply"):
        raise TimeoutError


def test_an_outage_is_waited_for_and_in_the_end_it_fails(bench: Platform) -> None:
    ids = bench.jobs(2)
    bench.before = no_answer
    begun = bench.start()
    assert (begun.state, begun.problem, begun.matched) == (BulkState.RUNNING, "TimeoutError", 0)
    assert bench.go_on() == begun, "not at once again"
    bench.clock.now += FAILED_SLICE_PAUSE
    bench.before = lambda _: None
    over = bench.go_on()
    assert (over.state, over.problem, sorted(+bench.store.acted)) == (BulkState.DONE, None, sorted(ids))
    bench.before = no_answer
    bench.jobs(1)
    last = bench.start()
    for _ in range(MOST_FAILED_SLICES):
        bench.clock.now += LONGEST_SLICE_PAUSE
        last = bench.go_on()
    assert (last.state, last.problem) == (BulkState.FAILED, "TimeoutError")


def test_it_starts_although_no_function_can_be_woken(bench: Platform) -> None:
    class Refusing:
        def wake(self) -> None:
            raise PermissionError

    bench.jobs(2 * SLICE)
    work = replace(bench.work, background=Refusing())
    assert work.start(NewBulkAction("retry", "ada", "1f2e", Filter())).done == FIRST_SLICE


def test_reasons_are_counted_without_the_ids_and_are_not_endless() -> None:
    skipped = [(str(n), f"Job {n} is queued.") for n in range(5)] + [("x", f"reason {n}") for n in range(40)]
    found = merged({}, skipped)
    assert found["is queued."] == Reason(5, ("0", "1", "2"))
    assert found[OTHER].jobs == 40 - 19


def test_a_note_that_cannot_be_written_does_not_fail_the_jobs_that_were_changed(bench: Platform) -> None:
    def refused(name: str) -> None:
        if name == "note":
            raise OSError("AccessDenied")

    bench.jobs(FIRST_SLICE + 1)
    bench.before = refused
    begun = bench.start()
    assert (begun.done, begun.failures, begun.problem) == (FIRST_SLICE, 0, None)
    over = bench.go_on()
    assert (over.state, over.done) == (BulkState.DONE, FIRST_SLICE + 1)


def test_jobs_that_a_worker_changed_before_it_died_are_noted_when_the_action_is_stopped(bench: Platform) -> None:
    def dies(name: str) -> None:
        if name == "note":
            raise Dead

    bench.jobs(FIRST_SLICE + 2 * SLICE)
    begun = bench.start()
    bench.before = dies
    bench.alone(bench.go_on)
    bench.before = lambda _: None
    bench.clock.now += LEASE + 1
    over = bench.work.stop(begun.id, "2a3b")
    assert (over.state, over.done) == (BulkState.STOPPED, FIRST_SLICE + SLICE)
    assert len(bench.rows.changed(begun.id, 2 * over.done)) == over.done
