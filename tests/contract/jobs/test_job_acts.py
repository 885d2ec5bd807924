"""Every promise of JobStore about what operators did and about payloads of earlier runs, on both stores."""

import pytest

from chalicelib.errors import MoveRefused
from chalicelib.jobs import acts, transitions
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.limits import MOST_HISTORY
from chalicelib.jobs.port import JobStore
from tests.support import T0, Clock, a_job

LARGE = {"text": "x" * 200_000}


def test_acts_are_told_with_the_job_oldest_first_and_once(store: JobStore) -> None:
    job = a_job(status=Status.FAILED)
    store.add(job)
    store.record(job.id, Attempt(1, 1, "error", T0, claim=1))
    later, first = Act(acts.CANCEL, T0 + 20, "bob", 2), Act(acts.RETRY, T0 + 3.25, "ada", 2, in_bulk=True)
    for act in (later, first, first):
        store.keep_act(job.id, act)
    view = store.view(job.id)
    assert view.acts == (first, later)
    assert [attempt.claim for attempt in view.attempts] == [1]


def test_of_a_long_history_the_newest_is_told_and_that_there_is_more(store: JobStore) -> None:
    job = a_job(status=Status.QUEUED)
    store.add(job)
    acted = [Act(acts.RUN_NOW, T0 + 0.5 + at, "ada", 1) for at in range(5)]
    for act in acted:
        store.keep_act(job.id, act)
    for claim in range(1, MOST_HISTORY + 3):
        # together more than a request of DynamoDB reads
        store.record(job.id, Attempt(1, 1, "deferred", T0 + claim, claim=claim, stack=6_000 * "x"))
        if claim >= MOST_HISTORY:
            view = store.view(job.id)
            assert [one.claim for one in view.attempts] == list(range(claim - MOST_HISTORY + 1, claim + 1))
            assert (view.job, view.older, view.acts) == (job, claim > MOST_HISTORY, tuple(acted))


@pytest.mark.parametrize("gens", [(9_999, 10_000), (10_000, 9_999)])
def test_attempts_of_very_many_runs_are_told_in_their_order(store: JobStore, gens: tuple[int, int]) -> None:
    job = a_job(gen=10_000)
    store.add(job)
    for gen in gens:
        store.record(job.id, Attempt(gen, 1, "error", T0 + gen, T0 + gen + 1, claim=1))
    assert [attempt.gen for attempt in store.view(job.id).attempts] == [9_999, 10_000]


def test_a_payload_of_an_earlier_run_is_kept_whatever_its_size(store: JobStore) -> None:
    job = a_job(status=Status.FAILED, payload={"n": 1})
    store.add(job)
    store.keep_payload(job.id, 1, {"n": 1})
    store.keep_payload(job.id, 2, LARGE)
    huge = {"text": "x" * 310_000}  # more than an item of DynamoDB holds beside other things
    store.keep_payload(job.id, 3, huge)
    assert [store.payload_of(job.id, gen) for gen in (1, 2, 3, 4)] == [{"n": 1}, LARGE, huge, None]
    assert store.view(job.id).attempts == ()
    assert store.get(job.id).payload == {"n": 1}


def test_of_two_operators_one_is_refused_and_no_act_is_lost(store: JobStore, clock: Clock) -> None:
    job = a_job(status=Status.PROCESSING, claims=1, attempts=1, started_at=T0, lease_until=clock.now + 60)
    store.add(job)
    asked = [
        acts.by_operator(transitions.ask_to_stop(job, now=T0), job, Act(acts.CANCEL, T0, by, 1))
        for by in ("ada", "bob")
    ]
    assert acts.last(store.apply(job.id, asked[0])) == Act(acts.CANCEL, T0, "ada", 1)
    with pytest.raises(MoveRefused):
        store.apply(job.id, asked[1])
    assert acts.last(store.get(job.id)) == Act(acts.CANCEL, T0, "ada", 1)
