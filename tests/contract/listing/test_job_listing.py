"""Every job store lists in order, by filter, from a position, and each job exactly once while jobs change."""

import itertools
import random
from dataclasses import replace

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import matches
from chalicelib.jobs.port import Filter, JobStore, Search
from chalicelib.jobs.texts.fingerprints import fingerprint
from tests.contract.filling import fill
from tests.contract.listing.crowd import all_of, crowd, ids, walk
from tests.support import T0, Clock, a_job


def test_an_offset_leaves_out_so_many_jobs_and_goes_on_behind_them(store: JobStore) -> None:
    fill(store, crowd(60))
    for which in (Filter(), Filter(status=Status.DEAD_LETTER)):
        every = ids(all_of(store, which, 100))
        for offset in (1, 5, len(every), 4000):
            page = store.page(which, 3, offset=offset)
            rest = [] if page.position is None else walk(store, which, 20, page.position)
            assert ids([*page.jobs, *itertools.chain(*rest)]) == every[offset:], (which, offset)


@pytest.mark.parametrize("at", [T0 + 5, T0 + 5.0004, T0 + 4.9996, T0 + 5.001])
def test_an_offset_counts_from_the_very_edge_of_a_range(store: JobStore, at: float) -> None:
    for number in range(12):
        store.add(a_job(created_at=T0 + number))
    for which in (Filter(created_before=at), Filter(created_after=at), Filter(created_after=at, created_before=at + 3)):
        every = ids(all_of(store, which, 100))
        assert every
        for offset in (1, 2, 3, len(every)):
            assert ids(list(store.page(which, 20, offset=offset).jobs)) == every[offset:], (which, offset)


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


@pytest.mark.parametrize("which", [Filter(), Filter(status=Status.QUEUED), Filter(type="email.send", tag="urgent")])
def test_pages_show_each_job_once_while_jobs_come_and_go(store: JobStore, which: Filter) -> None:
    chance = random.Random(11)
    start = [replace(job, status=Status.QUEUED, run_at=None) for job in crowd(45)]
    fill(store, start)
    seen: list[str] = []
    touched: set[str] = set()
    for number, page in enumerate(walk(store, which, 5)):
        seen += ids(page)
        store.add(a_job(created_at=T0 + 40 + number, tags=("urgent",)))
        victim = chance.choice(start)
        if victim.id not in touched:
            touched.add(victim.id)
            store.apply(victim.id, transitions.cancel(victim, now=T0 + 40))
    assert len(seen) == len(set(seen))
    unmoved = {job.id for job in start if matches(job, which)} - touched
    assert unmoved <= set(seen) <= {job.id for job in start}


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


def test_a_job_is_found_by_its_payload_and_the_page_says_how_many_were_read(store: JobStore) -> None:
    wanted = a_job(created_at=T0 + 3, payload={"order": 1042})
    others = [a_job(created_at=T0 + at, payload={"order": at}) for at in range(3)]
    for job in (*others, wanted):
        store.add(job)
    found = store.page(Filter(payload="order=1042", created_after=T0), 10)
    assert ([job.id for job in found.jobs], found.position, found.looked) == ([wanted.id], None, 4)
    assert store.page(Filter(payload="1042", created_after=T0 + 3), 10).looked == 1
    assert store.page(Filter(payload="nothing"), 10).jobs == []
