"""Test what the counters report to the watchdog: minutes with unsent jobs, and the progress of the workers."""

import itertools
from dataclasses import replace
from typing import Any

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.dynamo.jobs.rows import JobRow, new_row
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.counters import keys
from chalicelib.counters.fold import fold, total
from chalicelib.counters.port import Standing
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.job import Job, Status
from tests.support import T0, a_job

BY = Claimant("r")
TYPE = "email.send"
SOURCES = itertools.count()


def claim(job: Job, now: float) -> Change:
    return transitions.claim(job.gen, now=now, lease_until=now + 65, by=BY, job_type=job.type)


def record(number: int, old: Job | None, new: Job | None) -> dict[str, Any]:
    """Return a stream record with the images that a store would write."""
    images = {"OldImage": old, "NewImage": new}
    kept = {name: new_row(JobRow, job).serialize() for name, job in images.items() if job is not None}
    return {"dynamodb": {"SequenceNumber": str(number), **kept}}


def test_a_deferred_attempt_is_counted_apart() -> None:
    held = a_job(status=Status.PROCESSING, started_at=T0, attempts=1)
    waits = replace(held, status=Status.RETRYING, error_class="RetryLater", error_message="429")
    for deferred in (None, True):
        found = fold(read([record(1, held, replace(waits, deferred=deferred))]), T0)
        minute = total(found.by_row[keys.bucket(held.type, 60, held.updated_at)]).numbers
        assert (minute["retried"], minute["deferred"]) == (1, int(bool(deferred)))


def told(*changes: tuple[Job | None, Job | None], counters: MemoryCounters | None = None) -> Standing:
    """Return the counters' report after these changes, in one batch."""
    counters = counters or MemoryCounters()
    records = [record(n + 1, old, new) for n, (old, new) in enumerate(changes)]
    for row, entries in fold(read(records), T0).ordered():
        counters.add(row, total(entries), f"source {next(SOURCES)}", entries[0].sequence, entries[-1].sequence)
    return counters.standing()


def test_a_minute_is_told_from_the_creation_to_the_send() -> None:
    job = a_job(created_at=T0 + 61)
    sent = transitions.mark_sent(job, now=T0).applied(job)
    assert told((None, job)).unsent == {TYPE: [T0 + 60]}
    assert told((None, job), (job, sent)).unsent == {}
    other = a_job(created_at=T0 + 1)
    assert told((None, job), (None, other), (None, a_job(created_at=T0 + 2))).unsent == {TYPE: [T0, T0 + 60]}


def test_a_claim_a_cancellation_and_an_expiry_end_it_too() -> None:
    job = a_job()
    held = claim(job, T0 + 1).applied(job)
    assert told((None, job), (job, held)).unsent == {}
    assert told((None, job), (job, transitions.cancel(job, now=T0).applied(job))).unsent == {}
    assert told((None, job), (job, None)).unsent == {}


def test_a_job_whose_message_used_up_its_receives_lies_in_its_first_minute_and_a_planned_one_in_none() -> None:
    job = a_job(sent=True, created_at=T0, updated_at=T0)
    lost = transitions.redeliver(job, now=T0 + 5000, due_at=T0 + 5000).applied(job)
    assert told((None, job), (job, lost)).unsent == {TYPE: [T0]}
    planned = a_job(status=Status.SCHEDULED, run_at=T0 + 900)
    parked = a_job(status=Status.RETRYING, sent=False, parked_until=T0 + 5000, next_attempt_at=T0 + 5000)
    assert told((None, planned), (None, parked)).unsent == {}


def test_the_workers_have_come_to_the_lowest_time_of_a_batch() -> None:
    jobs = [a_job(sent=True, created_at=T0 + at, updated_at=T0 + at) for at in (30, 10, 20)]
    claims = [(job, claim(job, T0 + 60).applied(job)) for job in jobs]
    assert told(*claims).claimed_to == {TYPE: T0 + 10}
    counters = MemoryCounters()
    told(*claims[:1], counters=counters)
    assert told(*claims[2:], counters=counters).claimed_to == {TYPE: T0 + 20}, "the last batch counts, not the highest"


def test_claims_of_scheduled_jobs_count_by_their_time_and_others_not_at_all() -> None:
    """The claim may come from an older message of a job that was changed."""
    planned = a_job(status=Status.SCHEDULED, sent=True, run_at=T0 + 50, next_attempt_at=T0 + 50)
    for job in (planned, replace(planned, updated_at=T0 + 20)):
        assert told((job, claim(job, T0 + 60).applied(job))).claimed_to == {TYPE: T0 + 50}
    resent = a_job(sent=True, resends=1)
    again = a_job(status=Status.RETRYING, sent=True, attempts=1, next_attempt_at=T0)
    failed = a_job(status=Status.FAILED, sent=True, attempts=1)
    retried = transitions.requeue(failed, now=T0 + 40).applied(failed)
    hurried = transitions.run_now(planned, now=T0 + 40).applied(planned)
    for job in (resent, again, retried, hurried):
        assert told((job, claim(job, T0 + 60).applied(job))).claimed_to == {}
