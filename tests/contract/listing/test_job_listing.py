"""Check that every job store lists jobs in order, by filter, from a position, and each exactly once during changes."""

import random
from dataclasses import replace

import pytest

from chalicelib.adapters.dynamo.jobs import pages
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.errors import InvalidPosition
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import JSON, Job, Status
from chalicelib.jobs.listing import BY_TYPE, GROUPS, matches
from chalicelib.jobs.port import Filter, JobStore, Search, Sharing
from chalicelib.jobs.texts.fingerprints import fingerprint
from tests.contract.filling import fill
from tests.contract.listing.crowd import all_of, ids, walk
from tests.seeding import ERROR, jobs
from tests.support import T0, Clock, a_job, requests_to


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


class Seen(Filter):
    """A filter that sees only a part of a payload."""

    __slots__ = ()

    def payload_of(self, job: Job) -> JSON:
        assert isinstance(job.payload, dict)
        return {**job.payload, "mail": "[personal]"}


def test_a_text_is_found_only_in_what_the_filter_sees_of_a_payload(store: JobStore) -> None:
    whole = a_job(payload={"mail": "ada@example.com", "plain": "x"})
    store.add(whole)
    ada, bob, plain = (Seen(created_after=T0 - 1, payload=text) for text in ("ada", "bob", "plain=x"))
    assert ids(all_of(store, Filter(created_after=T0 - 1, payload="ada"))) == [whole.id]
    assert ids(all_of(store, ada)) == []
    assert store.page(ada, 1, None).looked == store.page(bob, 1, None).looked
    assert ids(all_of(store, plain)) == [whole.id]


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


def test_jobs_are_counted_by_their_last_error(store: JobStore, clock: Clock) -> None:
    name = fingerprint("test.note", "E", "m")[0]
    states = [Status.DEAD_LETTER] * 5 + [Status.FAILED] * 3
    for number, status in enumerate(states):
        store.add(a_job(status=status, created_at=T0 + number, fingerprint=name))
    store.add(a_job(status=Status.FAILED, created_at=T0, fingerprint=name, expires_at=T0 + 100))
    store.add(a_job(status=Status.FAILED, created_at=T0, fingerprint=fingerprint("test.note", "E", "other")[0]))
    store.add(a_job())
    clock.now = T0 + 101
    assert store.count_failures(name, 100) == ({Status.DEAD_LETTER: 5, Status.FAILED: 3}, True)
    counted, whole = store.count_failures(name, 4)
    assert (sum(counted.values()), whole) == (4, False)
    assert store.count_failures("0" * 12, 100) == ({}, True)


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


TYPE = "email.send"


def of(tenant: str | None, place: int = 0, status: Status = Status.QUEUED, kind: str = TYPE) -> Job:
    tags = ("vip", f"tenant={tenant}") if tenant else ("vip",)
    return a_job(type=kind, status=status, created_at=T0 + place, tags=tags)


def crowd(number: int) -> list[Job]:
    """Return jobs with the same ids, and therefore in the same shards, each time: the first 30 of one tenant."""
    return [replace(of("first" if place < 30 else "last", place), id=f"job-{place}") for place in range(number)]


def test_jobs_at_work_count_for_their_tenants_and_others_do_not(store: JobStore) -> None:
    at_work = (Status.QUEUED, Status.PROCESSING, Status.RETRYING, Status.SUSPENDED)
    crowd = [of("acme"), of("acme", status=Status.PROCESSING), of("bolt", status=Status.RETRYING), of(None)]
    crowd += [of("acme", status=Status.SUSPENDED)]
    crowd += [of("acme", status=status) for status in Status if status not in at_work]
    fill(store, [*crowd, of("acme", kind="image.process")])
    assert store.sharing(TYPE) == Sharing({"acme": 3, "bolt": 1}, 5, whole=True)
    assert store.sharing("no.such") == Sharing({}, 0, whole=True)


@pytest.mark.parametrize(("jobs", "requests"), [(30, 4), (80, 8), (400, 8)])
def test_a_look_takes_eight_requests_at_most_and_says_if_it_was_all(
    dynamo_store: DynamoJobStore, monkeypatch: pytest.MonkeyPatch, jobs: int, requests: int
) -> None:
    monkeypatch.setattr(pages, "SHARE_LOOKS", 120)
    fill(dynamo_store, crowd(jobs))
    with requests_to("dynamodb") as asked:
        sharing = dynamo_store.sharing(TYPE)
    assert set(asked) == {"Query"}
    assert len(asked) <= requests
    assert (sharing.whole, sharing.looked) == ((True, jobs) if jobs < 400 else (False, 120))
    assert set(sharing.tenants) == ({"first"} if jobs == 30 else {"first", "last"})


KINDS = ["email.send", "image.process"]
EXACT = [Filter(), Filter(status=Status.FAILED), Filter(status=Status.DEAD_LETTER), Filter(created_after=T0 - 9)]
"""Filters for which an offset is accepted: the index contains exactly the jobs that they match."""
NUMBER = 120
DRAWN = 60


def most_requests(which: Filter) -> int:
    """Return the maximum number of requests of the store: 4 for each group of the index, and 3 more.

    The API may ask once more, for the total.
    """
    kept = GROUPS.get(which.status, ()) if which.status and which.fingerprint is None else ()
    typed = len(BY_TYPE & set(kept))
    return 3 + 4 * (typed * (1 if which.type else len(KINDS)) or 1)


def drawn(chance: random.Random) -> Filter:
    """Return a filter with any number of parts.

    Time limits are at the time of a job, beside it, and between milliseconds.
    """
    bound = T0 - chance.randrange(NUMBER) / 4
    return Filter(
        status=chance.choice([None, None, *Status]),
        type=chance.choice([None, *KINDS]),
        tag=chance.choice([None, None, "night"]),
        id_prefix=chance.choice([None, None, None, "a", "no-job-begins-like-this"]),
        error=chance.choice([None, None, None, "timeout"]),
        fingerprint=chance.choice([None, None, None, None, fingerprint(KINDS[0], *ERROR)[0]]),
        created_after=chance.choice([None, None, bound - 9, bound - 9.0004, bound + 1]),
        created_before=chance.choice([None, None, bound, bound + 0.0003, bound + 0.001]),
    )


def test_any_filters_together_list_alike(memory_store: MemoryJobStore, dynamo_store: DynamoJobStore) -> None:
    people = list(jobs(NUMBER, KINDS, T0))
    for store in (memory_store, dynamo_store):
        fill(store, people)
    chance = random.Random(29)
    found = refused = 0
    for which in (*EXACT, *(drawn(chance) for _ in range(DRAWN))):
        wanted = ids(all_of(memory_store, which, 100))
        assert sorted(wanted) == sorted(job.id for job in people if matches(job, which)), which
        with requests_to("dynamodb") as asked:
            pages = list(walk(dynamo_store, which, 9))
        assert [job.id for page in pages for job in page] == wanted, which
        assert len(asked) <= most_requests(which) * len(pages), which
        offset = chance.choice([1, 3, 20])
        try:
            page = dynamo_store.page(which, 9, offset=offset)
        except InvalidPosition:
            assert which not in EXACT
            refused += 1
            continue
        finally:
            found += len(wanted)
        assert [job.id for job in page.jobs] == wanted[offset:][: len(page.jobs)], which
        assert page.jobs or len(wanted) <= offset, which
    assert found > NUMBER
    assert 0 < refused <= DRAWN
