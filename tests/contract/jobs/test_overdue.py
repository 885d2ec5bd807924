"""Every job store shows the watchdog what is overdue: of one type, in a span of time, oldest first."""

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import ACTIVE, TERMINAL, Job, Status
from chalicelib.jobs.port import JobStore, Search
from tests.support import T0, a_job


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
