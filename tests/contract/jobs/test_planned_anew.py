"""Every job store moves a job in the index when its time is planned anew, so that the watchdog finds it."""

from collections.abc import Callable

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import order
from chalicelib.jobs.port import Filter, JobStore, Search
from chalicelib.keys.rule import replace_waiting
from tests.support import T0, Clock, a_job


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
    """An operator's retry of a job that was planned at first."""
    return transitions.requeue(job, now=T0 + 10)


def replaced(job: Job) -> Change:
    """A debounced job that waits for its turn, and is asked for again."""
    return replace_waiting(job, a_job(run_at=T0 + 60, next_attempt_at=T0 + 60, status=Status.SCHEDULED))


@pytest.mark.parametrize(
    ("status", "change", "after"),
    [(Status.FAILED, requeued, Status.QUEUED), (Status.SCHEDULED, replaced, Status.SCHEDULED)],
)
def test_the_place_of_a_job_in_a_list_is_the_one_that_it_tells(
    store: JobStore, clock: Clock, status: Status, change: Callable[[Job], Change], after: Status
) -> None:
    """A bulk action that runs out of time goes on behind the last job, whose place it takes from the job."""
    job = a_job(status=status, run_at=T0 + 9000, parked_until=T0 + 9500 if status is Status.SCHEDULED else None)
    store.add(job)
    store.add(a_job(status=after, created_at=T0 - 9, run_at=T0 - 9))
    clock.now = T0 + 10
    again = store.apply(job.id, change(job))
    first = store.page(Filter(status=after, type=job.type), 1)
    assert ([one.id for one in first.jobs], first.position) == ([job.id], order(again))
