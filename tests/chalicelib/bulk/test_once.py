"""Check that a bulk action changes and counts each job at most once, whatever fails or dies."""

import itertools
import math
import random
from dataclasses import replace
from functools import partial

import pytest

from chalicelib.bulk.constants import (
    FAILED_SLICE_PAUSE,
    FIRST_SLICE,
    LONGEST_REASON,
    LONGEST_SLICE_PAUSE,
    MOST_TRIES_OF_JOB,
    SLICE,
)
from chalicelib.bulk.port import BulkState
from chalicelib.bulk.request import NOT_KNOWN
from chalicelib.jobs.constants import TIME_TO_ACT
from chalicelib.jobs.job import Status
from tests.chalicelib.bulk.platform import Dead, Platform, whichever_call_fails
from tests.support import built_in

FAULTS = {
    "dies before": ("before", Dead), "dies after": ("after", Dead), "is refused": ("before", TimeoutError),
    "loses the answer": ("after", TimeoutError),
}  # fmt: skip


@pytest.fixture
def _types() -> None:
    """Load the job types, whose schemas check edited payloads."""
    built_in()


ACTIONS = {
    "retry": Status.FAILED,
    "discard": Status.FAILED,
    "cancel": Status.QUEUED,
    "cancel running": Status.PROCESSING,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("listed", [False, True], ids=["filter", "listed"])
@pytest.mark.parametrize("action", ACTIONS)
def test_each_job_is_acted_on_once_whichever_call_fails(action: str, listed: bool, fault: str) -> None:
    for bench in whichever_call_fails(*FAULTS[fault]):
        ids = bench.jobs(3, ACTIONS[action])
        bench.alone(partial(bench.start, ids=ids if listed else (), action=action.split(maxsplit=1)[0]))
        over = bench.to_the_end(bench.all_fail_again)
        if over is not None:  # otherwise the row was never written, and the operator got an error
            assert (over.state, over.matched, over.done, over.skipped) == (BulkState.DONE, 3, 3, 0)
            assert [bench.store.acted[job_id] for job_id in ids] == [1, 1, 1]


@pytest.mark.parametrize("fault", ["dies before", "dies after", "is refused"])
def test_what_was_done_is_counted_when_it_is_stopped_after_its_worker_died(fault: str) -> None:
    for bench in whichever_call_fails(*FAULTS[fault]):
        bench.jobs(3)
        bench.alone(bench.start)
        for bulk in bench.rows.newest(1):
            bench.alone(partial(bench.work.stop, bulk.id, "ada"))
        over = bench.to_the_end(bench.all_fail_again)
        if over is not None:
            assert (over.matched, over.done, over.skipped) == (over.done, bench.store.acted.total(), 0)


def test_another_operator_who_acts_in_between_does_not_make_it_act_again() -> None:
    bench = Platform()
    (job_id,) = bench.jobs(1)

    def die_once(name: str) -> None:
        if name == "apply":
            bench.after = lambda _: None
            raise Dead

    bench.after = die_once
    bench.alone(bench.start)
    bench.all_fail_again()
    bench.operations("bob").retry(job_id)
    bench.store._jobs[job_id] = replace(bench.store.get(job_id), status=Status.DEAD_LETTER)
    over = bench.done()
    assert (over.state, over.matched, over.done) == (BulkState.DONE, 1, 1)
    assert bench.store.acted[job_id] == 2, "one by each of the two operators"


def test_another_bulk_action_acts_on_the_same_jobs_once_more() -> None:
    bench = Platform()
    ids = bench.jobs(3)
    for _ in range(2):
        bench.start()
        assert bench.done().done == 3
        bench.all_fail_again()
    assert [bench.store.acted[job_id] for job_id in ids] == [2, 2, 2]


@pytest.mark.parametrize("listed", [False, True], ids=["filter", "listed"])
def test_one_job_that_cannot_be_done_is_skipped_with_its_reason_and_no_other_one_waits_for_it(listed: bool) -> None:
    bench = Platform(threads=4)
    ids = bench.jobs(2 * SLICE)
    bench.store.poison = [ids[3], ids[150]]
    bench.start(ids=ids if listed else ())
    bench.clock.advance(1)
    bench.work.work(bench.counters.standing().bulk, lambda: 840.0)
    (begun,) = bench.rows.newest(1)
    assert (begun.state, begun.done, begun.problem) == (BulkState.RUNNING, len(ids) - 2, "OSError")
    over = bench.done()
    assert (over.state, over.matched, over.done, over.skipped) == (BulkState.DONE, len(ids), len(ids) - 2, 2)
    assert [(reason.jobs, sorted(reason.samples)) for reason in over.reasons.values()] == [
        (2, sorted(bench.store.poison))
    ]
    assert ["OSError" in reason for reason in over.reasons] == [True]
    assert set(bench.store.acted.values()) == {1}


def test_a_slice_for_which_there_was_no_time_is_finished_by_the_next_one() -> None:
    bench = Platform()
    ids = bench.jobs(2 * FIRST_SLICE)
    bench.before = lambda name: bench.clock.advance(TIME_TO_ACT / 7 if name == "apply" else 0.0)
    for listed in ((), ids):
        bench.store.acted.clear()
        bench.start(ids=listed)
        over = bench.to_the_end()
        assert over is not None
        assert (over.state, over.matched, over.done) == (BulkState.DONE, len(ids), len(ids))
        assert [bench.store.acted[job_id] for job_id in ids] == [1] * len(ids)
        bench.all_fail_again()


def test_jobs_are_tried_again_while_many_requests_are_refused() -> None:
    bench, chance = Platform(), random.Random(3)
    bench.jobs(SLICE)

    def refused(_: str) -> None:
        if chance.random() < 0.06:
            raise TimeoutError

    bench.before = bench.after = refused
    bench.alone(bench.start)
    over = bench.done()
    assert (over.state, over.matched, over.skipped) == (BulkState.DONE, SLICE, SLICE - over.done)
    assert (over.done >= SLICE - 2, max(bench.store.acted.values())) == (True, 1)
    assert over.done == bench.store.acted.total()


def test_two_workers_at_once_act_on_each_job_once_and_count_it_once() -> None:
    bench = Platform()
    ids = bench.jobs(FIRST_SLICE + 5)
    bench.start()
    others: list[object] = []

    def another(name: str) -> None:
        """Start a second worker after the lease of the first has ended, in the middle of its slice."""
        if name == "apply" and not others:
            others.append(1)
            bench.clock.advance(2 * LONGEST_SLICE_PAUSE)
            others.append(bench.work.work(bench.counters.standing().bulk, lambda: 840.0))

    bench.before = another
    over = bench.to_the_end()
    assert over is not None
    assert (over.state, over.matched, over.done, over.skipped) == (BulkState.DONE, len(ids), len(ids), 0)
    assert [bench.store.acted[job_id] for job_id in ids] == [1] * len(ids)


def test_a_job_is_given_up_after_some_tries_and_not_before() -> None:
    bench = Platform()
    (job_id,) = bench.jobs(1)
    bench.store.poison = [job_id]
    bench.start()
    for tries in range(1, MOST_TRIES_OF_JOB):
        assert bench.rows.newest(1)[0].hand == {job_id: tries}
        bench.clock.advance(LONGEST_SLICE_PAUSE)
        bench.work.work(bench.counters.standing().bulk, lambda: 840.0)
    (over,) = bench.rows.newest(1)
    assert (over.state, over.matched, over.skipped) == (BulkState.DONE, 1, 1)


@pytest.mark.parametrize("known", [True, False])
def test_a_job_that_was_done_is_not_reported_as_not_done(known: bool) -> None:
    bench = Platform()
    (job_id,) = bench.jobs(1)
    reads = itertools.count(1)

    def lose_first_change(name: str) -> None:
        if name == "apply":
            raise TimeoutError

    def refuse_to_read(name: str) -> None:
        if name == "get_without_bodies" and 1 < next(reads) <= (MOST_TRIES_OF_JOB if known else math.inf):
            raise TimeoutError

    bench.after, bench.before = lose_first_change, refuse_to_read
    bench.start()
    while (over := bench.rows.newest(1)[0]).open:
        bench.clock.advance(LONGEST_SLICE_PAUSE)
        bench.work.work(bench.counters.standing().bulk, lambda: 840.0)
    assert bench.store.acted[job_id] == 1
    assert (over.state, over.done, over.skipped) == (BulkState.DONE, int(known), int(not known))
    assert known or next(iter(over.reasons)).startswith(NOT_KNOWN)


def test_a_job_with_which_another_worker_of_it_was_faster_is_counted_as_done() -> None:
    bench = Platform()
    (job_id,) = bench.jobs(1)
    faster = itertools.count()

    def first(name: str) -> None:
        if name == "apply" and not next(faster):
            (bulk,) = bench.rows.newest(1)
            bench.operations("ada", bulk).retry(job_id)

    bench.before = first
    bench.start()
    (over,) = bench.rows.newest(1)
    assert (over.state, over.matched, over.done, over.skipped) == (BulkState.DONE, 1, 1, 0)
    assert bench.store.acted[job_id] == 1


def test_what_ends_in_a_state_that_is_looked_through_later_is_counted_once() -> None:
    bench = Platform()
    ids = bench.jobs(FIRST_SLICE + 6)
    bench.start()
    over = bench.done()
    assert (over.matched, over.done, over.skipped) == (len(ids), len(ids), 0)


def test_a_worker_whose_bulk_action_another_one_has_taken_acts_on_nothing() -> None:
    bench = Platform()
    bench.jobs(3)

    def another_writes_first(name: str) -> None:
        if name == "save":
            bench.before = lambda _: None
            (row,) = bench.rows.newest(1)
            bench.rows._rows[row.id] = replace(row, version=row.version + 1)

    bench.before = another_writes_first
    bench.start()
    assert bench.store.acted.total() == 0


def test_a_worker_whose_clock_is_behind_the_one_that_started_it_does_not_act_again() -> None:
    bench = Platform()
    (job_id,) = bench.jobs(1)

    def behind_and_dead(name: str) -> None:
        if name == "add":
            bench.clock.advance(-30)
        if name == "apply":
            bench.after = lambda _: None
            raise Dead

    bench.after = behind_and_dead
    bench.alone(bench.start)
    assert bench.done().done == bench.store.acted[job_id] == 1


def test_slices_in_which_nothing_can_be_done_are_farther_and_farther_apart() -> None:
    bench = Platform()
    bench.store.poison = bench.jobs(3)
    bench.start()
    pauses = []
    for _ in range(3):
        (row,) = bench.rows.newest(1)
        pauses.append(row.lease_until - bench.clock.now)
        bench.clock.advance(pauses[-1])
        bench.go_on()
    assert pauses == [FAILED_SLICE_PAUSE * factor for factor in (1, 2, 4)]


@pytest.mark.usefixtures("_types")
@pytest.mark.parametrize("fault", FAULTS)
def test_an_edit_is_made_once_in_each_job_whichever_call_fails(fault: str) -> None:
    for bench in whichever_call_fails(*FAULTS[fault]):
        ids = bench.jobs(2)
        for job_id in ids:
            bench.store._jobs[job_id] = replace(bench.store.get(job_id), payload=mail("USD"))
        bench.alone(partial(bench.start, edit={"text": "EUR"}))
        over = bench.to_the_end(bench.all_fail_again)
        if over is not None:
            assert (over.state, over.done, over.skipped) == (BulkState.DONE, 2, 0)
            assert [bench.store.get(job_id).payload["text"] for job_id in ids] == ["EUR", "EUR"]
            assert [bench.store.payload_of(job_id, 1)["text"] for job_id in ids] == ["USD", "USD"]
            assert [bench.store.acted[job_id] for job_id in ids] == [1, 1]


@pytest.mark.usefixtures("_types")
def test_a_job_whose_payload_cannot_take_the_value_is_skipped_with_the_field() -> None:
    bench = Platform()
    (job_id,) = bench.jobs(1)
    bench.store._jobs[job_id] = replace(bench.store.get(job_id), payload=mail("USD"))
    for edit in ({"text.of": "EUR"}, {"unknown": 1}):
        over = bench.start(edit=edit)
        assert (over.done, over.skipped) == (0, 1)
        assert all(next(iter(edit)).split(".")[0] in reason for reason in over.reasons)
    over = bench.start(edit={"to": list(range(50))})
    assert [len(reason.encode()) <= LONGEST_REASON for reason in over.reasons] == [True], over.reasons
    assert bench.store.get(job_id).payload == mail("USD")


def mail(text: str) -> dict[str, object]:
    """Return a payload of an e-mail."""
    return {"to": ["ada@example.com"], "subject": "Hi", "text": text}
