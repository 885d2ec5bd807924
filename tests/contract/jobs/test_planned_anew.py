"""Every job store moves a job in the index when its time is planned anew, so that the watchdog finds it."""

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.jobs.ports import Filter, JobStore, Search
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
