"""Test every job store: store a job, find it, change it under conditions, delete it after its time."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import JobExists, JobNotFound, MoveRefused
from chalicelib.jobs import acts, transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.constants import MOST_HISTORY
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import LOST, Attempt, Job, Status
from chalicelib.jobs.port import Filter, JobStore
from chalicelib.jobs.retention import KEEP_DONE
from tests.support import T0, Clock, a_job, requests_to

WORKER = Claimant("request-1")


def claim(gen: int = 1, now: float = T0) -> Change:
    return transitions.claim(gen, now=now, lease_until=now + 65, by=WORKER)


def claimed(store: JobStore, job: Job, now: float = T0) -> Job:
    return store.apply(job.id, claim(job.gen, now))


def added(store: JobStore, **fields: object) -> Job:
    job = a_job(**fields)
    store.add(job)
    return job


def test_a_job_comes_back_as_it_was_kept(store: JobStore) -> None:
    job = a_job(
        status=Status.SCHEDULED, payload={"text": "äöü 漢字 😀 \ud800", "n": [1, 2.5, None, True]}, payload_bytes=99,
        body_hash="f" * 32, gen=2, attempts=1, max_attempts=5, run_at=T0 + 3600.125, next_attempt_at=T0 + 3600.125,
        started_at=T0 - 1, finished_at=T0 - 0.001, lease_until=T0 + 1, sent=True, resends=2, result={"ok": [True]},
        error_class="ValueError", error_message="no", progress=12.5, progress_note="half", cancel_requested=True,
        tags=("b", "a", "b"), correlation_id="c", idempotency_key="k", principal="p", request_id="r", cold_start=False,
        receive_count=3, expires_at=T0 + 9,
    )  # fmt: skip
    store.add(job)
    assert store.get(job.id) == job
    assert store.view(job.id).job == job


def test_an_attempt_comes_back_as_it_was_kept(store: JobStore) -> None:
    job = added(store)
    attempt = Attempt(
        1, 1, "error", T0 - 2, T0 - 1.5, "ValueError", "no", "a stack", "r", cold_start=True, receive_count=2,
        retry_delay_s=4.5, claim=1, progress=42.5, progress_note="page 4 of 10",
    )  # fmt: skip
    store.record(job.id, attempt)
    assert store.view(job.id).attempts[0] == attempt


def test_what_is_not_there_is_not_found(store: JobStore) -> None:
    for look in (store.get, store.get_without_bodies, store.result_of, store.view):
        with pytest.raises(JobNotFound):
            look("no-such-job")
    with pytest.raises(MoveRefused) as refused:
        store.apply("no-such-job", claim())
    assert refused.value.current is None


@pytest.mark.parametrize("size", [10, 200_000, 310_000])
def test_the_state_of_a_job_is_its_job_but_for_what_is_kept_apart(store: JobStore, size: int) -> None:
    job = a_job(payload={"text": size * "x"}, status=Status.PROCESSING, claims=3, cancel_requested=True)
    store.add(job)
    state = store.get_without_bodies(job.id)
    assert state.payload in (None, job.payload)
    assert replace(state, payload=job.payload) == job


@pytest.mark.parametrize("size", [10, 2_000, 310_000])
def test_the_result_of_a_job_is_read_without_its_payload(store: JobStore, size: int) -> None:
    job = added(store, payload={"text": size * "x"}, result={"text": size * "y"}, status=Status.COMPLETED)
    with requests_to("dynamodb") as rows, requests_to("s3") as files:
        assert store.result_of(job.id) == job.result
    assert len(rows) + len(files) <= 2
    assert store.result_of(added(store).id) is None


def test_an_id_is_taken_once(store: JobStore) -> None:
    first = added(store)
    with pytest.raises(JobExists) as conflict:
        store.add(replace(first, payload={"to": "eve@example.com"}, writer="another"))
    assert conflict.value.existing == first
    assert store.get(first.id) == first


def test_the_same_add_twice_is_known_by_its_writer(store: JobStore) -> None:
    job, nobodys = added(store, writer="w1"), added(store, writer="")
    store.add(job)
    with pytest.raises(JobExists):
        store.add(nobodys)
    assert [store.get(one.id) for one in (job, nobodys)] == [job, nobodys]


def test_the_first_claim_wins(store: JobStore) -> None:
    job = added(store)
    held = store.apply(job.id, claim())
    assert (held.status, held.token, held.sent, held.lease_until) == (Status.PROCESSING, (1, 1), True, T0 + 65)
    assert held.payload == job.payload
    with pytest.raises(MoveRefused) as refused:
        store.apply(job.id, claim())
    assert refused.value.current == held


@pytest.mark.parametrize(
    "fields",
    [
        {"status": Status.RETRYING, "attempts": 1, "next_attempt_at": T0 + 0.001}, {"attempts": 3, "max_attempts": 3},
        {"gen": 2}, {"status": Status.PROCESSING, "attempts": 1}, {"status": Status.CANCELLED},
    ],
    ids=["early", "no attempt left", "another generation", "claimed", "ended"],
)  # fmt: skip
def test_what_cannot_be_claimed_stays_as_it_is(store: JobStore, fields: dict[str, Any]) -> None:
    job = added(store, **fields)
    with pytest.raises(MoveRefused) as refused:
        store.apply(job.id, claim())
    assert store.get(job.id) == refused.value.current == job


def test_a_lease_is_taken_over_only_when_it_has_run_out(store: JobStore) -> None:
    job = added(store)
    lost = claimed(store, job)
    with pytest.raises(MoveRefused):
        store.apply(job.id, transitions.take_over(lost, now=T0 + 65, lease_until=T0 + 200, by=WORKER))
    taken = store.apply(job.id, transitions.take_over(lost, now=T0 + 65.001, lease_until=T0 + 200, by=WORKER))
    assert (taken.token, taken.payload) == ((1, 2), job.payload)


@pytest.mark.parametrize(("lasts", "told"), [(True, False), (False, None)])
def test_the_next_claim_tells_that_the_last_try_could_not_run_the_job(
    store: JobStore, *, lasts: bool, told: bool | None
) -> None:
    """The pauses of a worker grow only then."""
    held = claimed(store, added(store))
    error = ("PlaceUnavailable", "no answer")
    change = transitions.defer(held, now=T0 + 1, not_before=T0 + 31, error=error, stalled=True, lasts=lasts)
    unrun = store.apply(held.id, change)
    again = claimed(store, unrun, T0 + 31)
    assert (again.deferred, again.stalled_since, again.fingerprint) == (told, T0 + 1, unrun.fingerprint)
    assert again.fingerprint is not None


def test_who_lost_the_lease_writes_nothing_more(store: JobStore) -> None:
    job = added(store)
    lost = claimed(store, job)
    taken = store.apply(job.id, transitions.take_over(lost, now=T0 + 66, lease_until=T0 + 200, by=WORKER))
    error = ("ValueError", "late")
    for late in (
        transitions.complete(lost, now=T0 + 67, result="late"),
        transitions.postpone(lost, now=T0 + 67, not_before=T0 + 70, error=error),
        transitions.fail(lost, now=T0 + 67, error=error),
        transitions.exhaust(lost, now=T0 + 67, error=error),
        transitions.stop(lost, now=T0 + 67),
        transitions.report(lost, now=T0 + 67, percent=50, note=None),
    ):
        with pytest.raises(MoveRefused) as refused:
            store.apply(job.id, late)
        assert refused.value.current == taken
    done = store.apply(job.id, transitions.complete(taken, now=T0 + 68, result={"n": 1}))
    assert (done.status, done.result, done.lease_until) == (Status.COMPLETED, {"n": 1}, None)
    assert store.get(job.id) == done


def test_a_change_made_twice_counts_once(store: JobStore) -> None:
    job = added(store)
    change = claim()
    assert store.apply(job.id, change) == store.apply(job.id, change)
    assert store.get(job.id).attempts == 1


def test_a_look_of_the_watchdog_is_taken_once(store: JobStore) -> None:
    job = added(store)
    moved = store.apply(job.id, transitions.check(job, until=T0 + 300, resent=True))
    assert (moved.due_at, moved.resends) == (T0 + 300, 1)
    with pytest.raises(MoveRefused):
        store.apply(job.id, transitions.check(job, until=T0 + 301, resent=True))


def test_a_job_is_marked_as_sent_once_and_by_the_claim(store: JobStore) -> None:
    job = added(store)
    assert store.apply(job.id, transitions.mark_sent(job, now=T0)).sent
    with pytest.raises(MoveRefused):
        store.apply(job.id, transitions.mark_sent(job, now=T0))
    other = added(store)
    claimed(store, other)
    with pytest.raises(MoveRefused):
        store.apply(other.id, transitions.mark_sent(other, now=T0))


def test_attempts_are_kept_in_order_and_written_over(store: JobStore) -> None:
    job = added(store)
    tries = [Attempt(gen, n, "error", T0 + gen, T0 + gen + n / 8, claim=n) for gen in (1, 2) for n in (1, 2, 10)]
    for attempt in reversed(tries):
        store.record(job.id, attempt)
    told = replace(
        tries[1], error_class="E", error_message="m", stack="s\n", request_id="r", cold_start=True, receive_count=4,
        retry_delay_s=2,
    )  # fmt: skip
    store.record(job.id, told)
    assert list(store.view(job.id).attempts) == [tries[0], told, *tries[2:]]


def test_an_attempt_that_left_a_word_is_never_written_down_as_lost(store: JobStore) -> None:
    job = added(store)
    lost, told = Attempt(1, 1, LOST, T0), Attempt(1, 1, "error", T0, T0 + 1, "E", "m", "s")
    store.record(job.id, lost)
    assert store.view(job.id).attempts == (lost,)
    store.record(job.id, told)
    assert store.view(job.id).attempts == (told,), "a late finisher knows more than who found it lost"
    store.record(job.id, lost)
    assert store.view(job.id).attempts == (told,)


def test_an_expired_job_is_gone_and_its_id_free(store: JobStore, clock: Clock) -> None:
    job = added(store)
    held = claimed(store, job)
    store.record(job.id, Attempt(1, 1, "error", T0, T0 + 1))
    done = store.apply(job.id, transitions.stop(held, now=T0))
    clock.now = T0 + KEEP_DONE
    assert store.get(job.id) == done
    with pytest.raises(JobExists):
        store.add(replace(job, writer="too early"))
    clock.now += 1
    for look in (store.get, store.get_without_bodies, store.result_of, store.view):
        with pytest.raises(JobNotFound):
            look(job.id)
    with pytest.raises(MoveRefused) as refused:
        store.apply(job.id, transitions.requeue(done, now=clock.now))
    assert refused.value.current is None
    assert store.page(Filter(), 10).jobs == []
    again = replace(job, created_at=clock.now, writer="second life")
    store.add(again)
    assert store.view(job.id).job == again
    assert store.view(job.id).attempts == ()
    assert store.page(Filter(), 10).jobs == [again]


def test_a_retry_may_bring_another_payload(store: JobStore) -> None:
    job = added(store, status=Status.FAILED, attempts=3, error_class="E", error_message="m", payload={"to": "x" * 900})
    again = store.apply(job.id, transitions.requeue(job, now=T0 + 5, payload={"to": "y" * 900}))
    assert (again.status, again.gen, again.attempts, again.error_message) == (Status.QUEUED, 2, 0, None)
    assert again.payload == {"to": "y" * 900}
    assert store.get(job.id) == again
    assert claimed(store, again, T0 + 5).payload == {"to": "y" * 900}


@pytest.mark.parametrize("size", [10, 480, 700, 200_000, 700_000])
def test_a_payload_and_a_result_of_any_size_come_back(store: JobStore, size: int) -> None:
    job = added(store, payload={"text": "ü" * size})
    held = claimed(store, job)
    assert held.payload == job.payload
    done = store.apply(job.id, transitions.complete(held, now=T0 + 1, result=["r" * size]))
    assert done.result == ["r" * size]
    found = store.get(job.id)
    assert (found.payload, found.result) == (job.payload, ["r" * size])
    assert store.view(job.id).job == found


@pytest.mark.parametrize("value", [None, False, 0, "", [], {}])
def test_a_result_that_says_little_comes_back_too(store: JobStore, value: object) -> None:
    held = claimed(store, added(store, payload=value))
    done = store.apply(held.id, transitions.complete(held, now=T0 + 1, result=value))
    found = store.get(done.id)
    assert (found.payload, found.result) == (value, value)
    assert type(found.result) is type(value)


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
        # together more than one request to DynamoDB returns
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
    huge = {"text": "x" * 310_000}  # together with other data, more than an item of DynamoDB can hold
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
