"""Test jobs of a serial type that are due later: they are sent at their time, and keep their place."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Standing
from chalicelib.errors import JobConflict, RateLimited
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job, Status
from chalicelib.keys.rule import Submitted
from chalicelib.operating.operations import Operations
from chalicelib.producing.batch import submit_many
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.schedules.declared import Declared
from chalicelib.schedules.firings import Firings
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.schedules.rule import started
from chalicelib.schedules.schedule import Schedule
from chalicelib.watchdog.run import Watchdog
from tests.chalicelib.limits.test_serial_rule import declared
from tests.support import T0, Clock

NAME = "test.book"


class Stage:
    """A serial type without workers."""

    def __init__(self) -> None:
        declared(serial_by="account")
        self.clock = Clock(T0)
        self.store, self.queue = MemoryJobStore(self.clock), MemoryJobQueue(self.clock)
        self.service = JobService(self.store, self.queue, clock=self.clock)
        self.standing = Standing({})

    def submit(self, delay: int | None = None) -> Job:
        return self.service.submit(asked(delay)).job

    def watch(self) -> None:
        Watchdog(self.service.dispatcher, [NAME], standing=lambda: self.standing).run(lambda: 50.0)

    def sent(self) -> list[str]:
        return [held.message.id for held in self.queue.messages.get(NAME, [])]


def asked(delay: int | None = None) -> Submission:
    return Submission(NAME, {"account": "acme"}, delay_seconds=delay)


@pytest.fixture
def stage() -> Iterator[Stage]:
    yield Stage()
    registered.pop(NAME, None)


def test_the_value_of_the_field_is_the_group_of_the_message(stage: Stage) -> None:
    stage.submit()
    assert [held.group for held in stage.queue.messages[NAME]] == ["acme"]


def test_a_request_over_the_limit_leaves_no_message_that_the_others_of_its_key_wait_for(stage: Stage) -> None:
    def refused() -> None:
        raise RateLimited(1, 60, 1, "from one address")

    with pytest.raises(RateLimited):
        stage.service.submit(asked(), refused)
    assert (stage.sent(), stage.store.totals()) == ([], {})


def test_a_job_that_is_due_later_is_sent_when_it_is_time_and_no_sooner(stage: Stage) -> None:
    later = stage.submit(delay=30)
    others = submit_many(stage.service, [asked(300), asked()])
    assert stage.sent() == [one.job.id for one in others[1:] if isinstance(one, Submitted)], "what is due now"
    assert not later.sent
    for _ in range(30):
        stage.clock.now += 1
        stage.watch()
    assert later.id not in stage.sent()
    stage.clock.now += 0.001
    stage.watch()
    assert stage.sent()[1:] == [later.id]
    assert stage.store.get(later.id).sent


def test_the_job_of_a_schedule_is_made_ahead_of_its_time_and_not_sent_before_it(stage: Stage) -> None:
    kept = MemorySchedules()
    kept.add(started(Schedule("minutely", NAME, "* * * * *", "UTC", {"account": "acme"}, created_at=T0), T0))
    dispatcher = stage.service.dispatcher
    assert Firings(kept, stage.service, Declared(kept, dispatcher)).run(lambda: 50.0)["fired"] > 0
    assert stage.sent() == []


def test_a_run_that_looks_early_at_a_parked_job_comes_back_at_its_time(stage: Stage) -> None:
    job = stage.submit(delay=3000)
    stage.store._jobs[job.id] = replace(job, due_at=job.due_at - 840)
    stage.clock.now += 2400
    stage.watch()
    assert (stage.sent(), stage.store.get(job.id).due_at) == ([], T0 + 3000)


def test_what_was_not_sent_because_no_watchdog_ran_for_hours_is_sent(stage: Stage) -> None:
    """Without a watermark, no other search finds the job; with a watermark, the search goes up to it."""
    stage.submit()
    job = stage.submit(delay=600)
    stage.clock.now += 3 * 3600
    stage.watch()
    assert job.id in stage.sent()


def test_a_job_that_keeps_its_place_is_not_run_now_and_one_that_has_none_is(stage: Stage) -> None:
    """The job's message is hidden at its place in the queue, and later messages come after it."""
    operations = Operations(stage.service.dispatcher, "ada")
    job = stage.submit()
    backing_off = replace(job, status=Status.RETRYING, attempts=1, claims=1, next_attempt_at=T0 + 60, sent=True)
    stage.store._jobs[job.id] = backing_off
    with pytest.raises(JobConflict, match="jobs with its key"):
        operations.run_now(job.id)
    stage.store._jobs[job.id] = replace(backing_off, sent=False)
    assert operations.run_now(job.id).status is Status.QUEUED
    scheduled = stage.submit(delay=3000)
    assert operations.run_now(scheduled.id).status is Status.QUEUED
    assert stage.sent()[-2:] == [job.id, scheduled.id]


def test_later_jobs_that_are_claimed_cast_no_doubt_on_one_that_waits_for_its_key(stage: Stage) -> None:
    job = stage.submit()
    stage.clock.now += 2 * 3600
    stage.standing = replace(stage.standing, claimed_to={NAME: stage.clock.now - 10})
    stage.watch()
    assert stage.sent() == [job.id], "by its age alone"
    stage.clock.now += 3.5 * 86_400
    stage.watch()
    assert stage.sent() == [job.id, job.id]


def test_a_sweep_reaches_what_lies_behind_ten_dead_letters_of_a_key(stage: Stage) -> None:
    """A FIFO queue delivers ten messages of a key, and the others only when these are deleted or visible again."""
    jobs = [stage.submit() for _ in range(12)]
    for dead in jobs[:11]:
        stage.store._jobs[dead.id] = replace(dead, status=Status.DEAD_LETTER, attempts=3, sent=True)
    stage.queue.dead[NAME] = stage.queue.messages.pop(NAME)
    stage.watch()
    assert stage.queue.dead[NAME] == []
    assert not stage.store.get(jobs[11].id).sent, "it can still run"
    stage.clock.now += 1
    stage.watch()
    assert stage.sent() == [jobs[11].id]
