"""Every job store lists in order, by filter, from a position, and each job exactly once while jobs change."""

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter, JobStore, Search
from chalicelib.jobs.texts.fingerprints import fingerprint
from tests.contract.listing.crowd import all_of, ids
from tests.support import T0, Clock, a_job


def test_newest_come_first_and_what_is_scheduled_by_its_time(store: JobStore) -> None:
    early = a_job(created_at=T0, status=Status.SCHEDULED, run_at=T0 + 900)
    late = a_job(created_at=T0 + 1, status=Status.SCHEDULED, run_at=T0 + 60)
    for job in (early, late):
        store.add(job)
    assert ids(all_of(store, Filter())) == [late.id, early.id]
    assert ids(all_of(store, Filter(status=Status.SCHEDULED))) == [early.id, late.id]


def test_a_planned_job_that_is_run_again_is_listed_by_its_creation(store: JobStore) -> None:
    planned = a_job(created_at=T0, status=Status.FAILED, run_at=T0 + 900, attempts=3)
    other = a_job(created_at=T0 + 1)
    for job in (planned, other):
        store.add(job)
    store.apply(planned.id, transitions.requeue(planned, now=T0 + 950))
    assert ids(all_of(store, Filter(status=Status.QUEUED))) == [other.id, planned.id]


def test_a_listed_job_is_as_it_stands(store: JobStore) -> None:
    job = a_job(tags=("a",), idempotency_key="k")
    store.add(job)
    held = store.apply(job.id, transitions.claim(1, now=T0, lease_until=T0 + 65, by=Claimant("request-1")))
    assert all_of(store, Filter()) == [held]
    done = store.apply(job.id, transitions.complete(held, now=T0 + 1, result={"n": 1}))
    assert all_of(store, Filter(status=Status.COMPLETED)) == [done]
    assert all_of(store, Filter(status=Status.PROCESSING)) == []


def test_a_job_is_found_by_its_last_error_until_it_completes_or_is_run_again(store: JobStore) -> None:
    job = a_job()
    store.add(job)
    by = Claimant("request-1")

    def claimed(now: float, gen: int = 1) -> Job:
        return store.apply(job.id, transitions.claim(gen, now=now, lease_until=now + 65, by=by))

    def found(message: str) -> list[str]:
        which = Filter(fingerprint=fingerprint(job.type, "E", message)[0])
        return [str(one.status) for one in all_of(store, which)]

    store.apply(job.id, transitions.postpone(claimed(T0), now=T0 + 1, not_before=T0 + 2, error=("E", "no 7")))
    assert (found("no 8"), found("other")) == (["retrying"], [])
    held = claimed(T0 + 3)
    assert found("no 8") == ["processing"]
    store.apply(job.id, transitions.exhaust(held, now=T0 + 4, error=("E", "other")))
    assert (found("no 8"), found("other")) == ([], ["dead_letter"])
    store.apply(job.id, transitions.requeue(store.get(job.id), now=T0 + 5))
    assert found("other") == []
    store.apply(job.id, transitions.fail(claimed(T0 + 6, 2), now=T0 + 7, error=("E", "other")))
    store.apply(job.id, transitions.requeue(store.get(job.id), now=T0 + 8))
    store.apply(job.id, transitions.postpone(claimed(T0 + 9, 3), now=T0 + 10, not_before=T0 + 11, error=("E", "other")))
    assert found("other") == ["retrying"]
    store.apply(job.id, transitions.complete(claimed(T0 + 12, 3), now=T0 + 13, result=None))
    assert found("other") == []


def test_expired_jobs_are_not_listed(store: JobStore, clock: Clock) -> None:
    gone = [a_job(status=Status.CANCELLED, created_at=T0 + n, expires_at=T0 + 100) for n in range(6)]
    kept = [a_job(created_at=T0 + n / 2) for n in range(6)]
    for job in (*gone, *kept):
        store.add(job)
    clock.now = T0 + 101
    assert sorted(ids(all_of(store, Filter(), 2))) == sorted(ids(kept))
    assert all_of(store, Filter(status=Status.CANCELLED), 2) == []


def test_a_parked_job_lies_among_the_planned_ones_until_it_is_claimed(store: JobStore) -> None:
    until = T0 + 5000
    parked = a_job(status=Status.RETRYING, next_attempt_at=until, parked_until=until, due_at=T0)
    store.add(parked)
    ahead = Search("email.send", planned=True, since=until - 1, before=until + 1)
    assert [one.id for one in store.overdue(ahead, T0 + 1, 9)] == [parked.id]
    assert store.overdue(Search("email.send"), T0 + 1, 9) == []
    assert ids(all_of(store, Filter(status=Status.RETRYING))) == [parked.id]
    store.apply(parked.id, transitions.mark_sent(parked, now=T0))
    assert [one.id for one in store.overdue(ahead, T0 + 1, 9)] == [parked.id]
    by = Claimant("r")
    claim = transitions.claim(1, now=until, lease_until=until + 65, by=by, job_type=parked.type)
    held = store.apply(parked.id, claim)
    assert store.overdue(ahead, T0 + 1, 9) == []
    assert [one.id for one in store.overdue(Search("email.send"), T0 + 1, 9)] == [parked.id]
    assert ids(all_of(store, Filter(status=Status.RETRYING))) == []
    later = until + 7000
    store.apply(held.id, transitions.postpone(held, now=until, not_before=later, error=("E", "m"), parked=True))
    ahead = Search("email.send", planned=True, since=later, before=later + 1)
    assert [one.id for one in store.overdue(ahead, later, 9)] == [parked.id]
    assert store.overdue(Search("email.send"), later, 9) == []
