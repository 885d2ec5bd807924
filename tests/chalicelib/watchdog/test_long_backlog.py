"""Jobs that an outage of SQS met are received in their turn, however long the backlog is that they stand behind."""

import random

import pytest

from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Depth
from chalicelib.watchdog.rule import Resend, Signs, Wait, check
from tests.support import T0, a_job

HOUR = 3_600
HOLDS = Depth(visible=900_000, in_flight=20)


def looked_at(job: Job, now: float, claimed_to: float) -> Job:
    """The job after the watchdog looked at it; nobody but a worker ends it."""
    verdict = check(job, now, Signs(HOLDS, claimed_to=claimed_to))
    assert isinstance(verdict, Resend | Wait), f"{verdict} {(now - job.created_at) / HOUR:.1f} h after its creation"
    resent = isinstance(verdict, Resend)
    stalled = now if isinstance(verdict, Resend) and verdict.stalled else None
    after = transitions.check(job, until=verdict.until, resent=resent, stalled_since=stalled).applied(job)
    return transitions.mark_sent(after, now=now).applied(after) if resent and job.sent else after


@pytest.mark.parametrize("outage", [600, HOUR, 3 * HOUR])
@pytest.mark.parametrize("backlog", [20 * HOUR, 30 * HOUR, 70 * HOUR])
def test_no_job_of_an_outage_is_given_up_before_workers_come_to_it(outage: float, backlog: float) -> None:
    """Workers take what was sent first; in the outage nothing was sent."""
    chance = random.Random(f"{outage} {backlog}")
    for _ in range(15):
        created = T0 + chance.uniform(0, outage)
        job = a_job(sent=False, created_at=created, updated_at=created, due_at=created + 60)
        now = created + chance.uniform(60, 120)
        while not job.sent:
            job = looked_at(job, now, claimed_to=T0 - backlog)
            if now >= T0 + outage:
                job = transitions.mark_sent(job, now=now).applied(job)
            else:
                now = job.due_at + chance.uniform(0, 60)
        received = now + backlog
        while (now := job.due_at + chance.uniform(0, 60)) < received:
            claimed_to = now - backlog
            job = looked_at(job, now, T0 if T0 < claimed_to < T0 + outage else claimed_to)
