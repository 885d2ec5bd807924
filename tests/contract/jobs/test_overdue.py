"""Check that every job store returns overdue jobs to the watchdog: of one type, in a period, oldest first."""

from collections.abc import Callable

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.job import ACTIVE, TERMINAL, Job, Status
from chalicelib.jobs.listing import order
from chalicelib.jobs.port import Filter, JobStore, Search
from chalicelib.keys.rule import replace_waiting
from tests.support import T0, Clock, a_job


def ids(jobs: list[Job]) -> list[str]:
    return [job.id for job in jobs]


def test_the_watchdog_sees_what_is_overdue_oldest_first(store: JobStore) -> None:
    jobs = [a_job(created_at=T0 + n, due_at=T0 + 60 + n) for n in range(9)]
    planned = [a_job(status=Status.SCHEDULED, run_at=T0 + 900 + n, due_at=T0 + 60 + n) for n in range(3)]
    asleep = [a_job(status=Status.SCHEDULED, run_at=T0 + 9000, due_at=T0 + 8880), a_job(due_at=T0 + 500)]
    finished = [a_job(status=status, due_at=T0) for status in TERMINAL]
    other = [a_job(type="image.process", created_at=T0 - 1, due_at=T0)]
    for job in (*jobs, *planned, *asleep, *finished, *other):
        store.add(job)
    assert not {job.status for job in (*jobs, *planned, *asleep)} - ACTIVE
    waiting, ahead = Search("email.send"), Search("email.send", planned=True, before=T0 + 903)
    assert store.overdue(waiting, T0 + 60, 100) == []
    seen = store.overdue(waiting, T0 + 63.5, 100)
    assert [(one.id, one.due_at) for one in seen] == [(job.id, job.due_at) for job in jobs[:4]]
    assert [one.id for one in store.overdue(waiting, T0 + 63.5, 2)] == ids(jobs[:2])
    assert [one.id for one in store.overdue(ahead, T0 + 63.5, 100)] == ids(planned)
    assert [one.id for one in store.overdue(Search("image.process"), T0 + 63.5, 100)] == ids(other)


def test_only_parked_jobs_are_found_where_only_those_are_asked_for(store: JobStore) -> None:
    parked = {"next_attempt_at": T0 + 9, "parked_until": T0 + 9, "due_at": T0 + 900}
    asleep = a_job(status=Status.SUSPENDED, waits="time", **parked)
    for job in (
        a_job(status=Status.SCHEDULED, run_at=T0 + 9),
        a_job(status=Status.SUSPENDED, waits="time", sent=True, **parked),
        asleep,
        a_job(),
    ):
        store.add(job)
    search = Search("email.send", planned=True, parked=True, before=T0 + 10)
    assert [one.id for one in store.overdue(search, T0 + 901, 100)] == [asleep.id]


def test_the_watchdog_reads_a_span_of_a_type_and_no_more(store: JobStore) -> None:
    jobs = [a_job(created_at=T0 + 10 * n, due_at=T0) for n in range(6)]
    for job in jobs:
        store.add(job)

    def between(since: float | None, before: float | None) -> list[str]:
        return [one.id for one in store.overdue(Search("email.send", since=since, before=before), T0 + 900, 100)]

    assert between(None, None) == ids(jobs)
    assert between(T0 + 10, None) == ids(jobs[1:])
    assert between(None, T0 + 30) == ids(jobs[:3])
    assert between(T0 + 10, T0 + 30) == ids(jobs[1:3])
    assert between(T0 + 30, T0 + 10) == []


def test_jobs_are_peeked_at_as_they_stand(store: JobStore) -> None:
    jobs = [a_job() for _ in range(3)]
    for job in jobs:
        store.add(job)
    claim = transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("r"), job_type="email.send")
    held = store.apply(jobs[0].id, claim)
    seen = {job.id: job for job in store.get_many([*ids(jobs), "no-such-job"])}
    assert seen == {jobs[0].id: held, jobs[1].id: jobs[1], jobs[2].id: jobs[2]}
    assert store.get_many([]) == []


@pytest.mark.parametrize("parked", [False, True])
def test_a_job_that_is_run_now_lies_where_the_watchdog_looks_for_jobs_at_work(
    store: JobStore, clock: Clock, parked: bool
) -> None:
    job = a_job(status=Status.SCHEDULED, run_at=T0 + 9000, next_attempt_at=T0 + 9000)
    if parked:
        job = a_job(status=Status.RETRYING, parked_until=T0 + 9000, next_attempt_at=T0 + 9000, attempts=1, claims=1)
    store.add(job)
    clock.now = T0 + 10
    due = store.apply(job.id, transitions.run_now(job, now=T0 + 10))
    assert (due.status, due.payload, due.due_at) == (Status.QUEUED, job.payload, T0 + 70)
    at_work = Search("email.send", since=T0 + 10, before=T0 + 10.001)
    assert [one.id for one in store.overdue(at_work, T0 + 71, 9)] == [job.id]
    assert store.overdue(Search("email.send", planned=True), T0 + 9001, 9) == []
    assert [found.id for found in store.page(Filter(status=Status.QUEUED), 9).jobs] == [job.id]


def requeued(job: Job) -> Change:
    """Return a planned job that an operator has retried."""
    return transitions.requeue(job, now=T0 + 10)


def replaced(job: Job) -> Change:
    """Return a debounced job that waits for its turn, and was requested again."""
    return replace_waiting(job, a_job(run_at=T0 + 60, next_attempt_at=T0 + 60, status=Status.SCHEDULED))


@pytest.mark.parametrize(
    ("status", "change", "after"),
    [(Status.FAILED, requeued, Status.QUEUED), (Status.SCHEDULED, replaced, Status.SCHEDULED)],
)
def test_the_place_of_a_job_in_a_list_is_the_one_that_it_tells(
    store: JobStore, clock: Clock, status: Status, change: Callable[[Job], Change], after: Status
) -> None:
    """A bulk action that runs out of time continues after the last job, whose position it reads from the job."""
    job = a_job(status=status, run_at=T0 + 9000, parked_until=T0 + 9500 if status is Status.SCHEDULED else None)
    store.add(job)
    store.add(a_job(status=after, created_at=T0 - 9, run_at=T0 - 9))
    clock.now = T0 + 10
    again = store.apply(job.id, change(job))
    first = store.page(Filter(status=after, type=job.type), 1)
    assert ([one.id for one in first.jobs], first.position) == ([job.id], order(again))
