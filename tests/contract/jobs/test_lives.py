"""Check that a job that is made again with its key has nothing of its expired first job, in every store."""

from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types import jobtype
from chalicelib.job_types.lineage import Lineage
from chalicelib.jobs import transitions
from chalicelib.jobs.attempt import attempt_of
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import LOST, Job, Status
from chalicelib.jobs.port import Filter, JobStore
from chalicelib.jobs.run_identity import run_name
from chalicelib.keys.rule import Outcome, Submitted
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from tests.contract.expiry import expire
from tests.support import SETTINGS, T0, Clock, built_in

ERROR = ("ValueError", "no")


@dataclass
class Lives:
    """Make a job with one key again and again, and act as its worker."""

    store: JobStore
    clock: Clock

    def born(self) -> Submitted:
        """Submit the job."""
        return self._service.submit(self._asked(idempotency_key="monthly", principal="ada"))

    def child(self, parent: Job) -> Submitted:
        """Make a job as `ctx.enqueue` does."""
        return self._service.submit(self._asked(idempotency_key="step2", lineage=Lineage.of(parent)))

    def held(self, job: Job) -> Job:
        """Claim a job."""
        now = self.clock.now
        claim = transitions.claim(job.gen, now=now, lease_until=now + 60, by=Claimant("r"), job_type=job.type)
        return self.store.apply(job.id, claim)

    def first(self) -> tuple[Job, Job]:
        """Complete a job on its second try, with a failed child; a month later the key is free. Return both jobs."""
        parent = self.held(self.born().job)
        made = self.held(self.child(parent).job)
        self.store.apply(made.id, transitions.fail(made, now=self.clock.now, error=ERROR))
        self.store.record(parent.id, attempt_of(parent, "error", self.clock.now, ValueError("of last month")))
        self.store.apply(parent.id, transitions.postpone(parent, now=self.clock.now, not_before=0.0, error=ERROR))
        parent = self.held(parent)
        self.store.apply(parent.id, transitions.complete(parent, now=self.clock.now, result=None))
        self.clock.advance(31 * DAY)
        if isinstance(self.store, DynamoJobStore):  # the store in memory only hides expired rows
            expire(SETTINGS, self.clock)
        return parent, made

    @property
    def _service(self) -> JobService:
        return JobService(self.store, MemoryJobQueue(self.clock), clock=self.clock)

    def _asked(self, **fields: Any) -> Submission:
        built_in()
        return Submission("email.send", jobtype.get("email.send").example, **fields)


@pytest.fixture
def lives(store: JobStore, clock: Clock) -> Lives:
    return Lives(store, clock)


def test_it_makes_jobs_of_its_own_and_other_services_act_again(lives: Lives) -> None:
    parent, made = lives.first()
    born = lives.born()
    again = born.job
    assert (again.id, again.gen, born.outcome) == (parent.id, parent.gen, Outcome.CREATED)
    child = lives.child(lives.held(again))
    assert (child.outcome, child.job.status, child.job.id == made.id) == (Outcome.CREATED, Status.QUEUED, False)
    assert run_name(again) != run_name(parent)


def test_a_second_attempt_of_it_makes_no_second_job(lives: Lives) -> None:
    lives.first()
    held = lives.held(lives.born().job)
    child = lives.child(held).job
    lives.store.apply(held.id, transitions.postpone(held, now=lives.clock.now, not_before=0.0, error=ERROR))
    lives.clock.advance(DAY)
    second = lives.held(held)
    assert lives.child(second) == Submitted(lives.store.get(child.id), Outcome.REPEATED)
    assert run_name(second) == run_name(held)


def test_what_was_made_before_is_not_on_its_list(lives: Lives) -> None:
    parent, made = lives.first()
    which = Filter(parent=parent.id)
    assert lives.store.page(which, 100).jobs == [lives.store.get(made.id)], "while no other job has the id"
    again = lives.born().job
    assert lives.store.page(which, 100).jobs == []
    child = lives.child(again).job
    assert [job.id for job in lives.store.page(which, 100).jobs] == [child.id]


def test_an_attempt_of_it_that_is_lost_is_on_record(lives: Lives) -> None:
    lives.first()
    held = lives.held(lives.born().job)
    assert lives.store.view(held.id).attempts == ()
    lost = attempt_of(held, LOST, lives.clock.now + 61)
    lives.store.record(held.id, lost)
    assert lives.store.view(held.id).attempts == (lost,)
    told = attempt_of(held, "error", lives.clock.now + 62, ValueError("late"))
    lives.store.record(held.id, told)
    lives.store.record(held.id, lost)
    assert lives.store.view(held.id).attempts == (told,)


def test_it_has_no_acts_and_no_payload_of_before(lives: Lives) -> None:
    job = lives.born().job
    lives.store.keep_act(job.id, Act("retry", T0, "ada", 2))
    lives.store.keep_payload(job.id, 1, {"of": "last month"})
    lives.store.keep_payload(job.id, 2, {"text": 310_000 * "x"})
    assert lives.store.payload_of(job.id, 1) == {"of": "last month"}
    lives.first()
    assert lives.store.payload_of(job.id, 1) is None, "it has expired"
    lives.born()
    assert [lives.store.payload_of(job.id, gen) for gen in (1, 2)] == [None, None]
    assert lives.store.view(job.id).acts == ()
    lives.store.keep_payload(job.id, 1, {"of": "this month"})
    assert lives.store.payload_of(job.id, 1) == {"of": "this month"}
