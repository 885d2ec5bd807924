"""Test the watchdog with the urgent queue of a type: it sends to it, and loses no job of a removed one."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Standing
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Depth
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.watchdog.constants import DOUBT_SLACK
from chalicelib.watchdog.run import Watchdog
from chalicelib.watchdog.search import signs_of
from tests.chalicelib.api.support import Note, only_types
from tests.support import T0, Clock, a_job

URGENT = JobType("mail.urged", lambda _payload, _ctx: None, Note, urgent=True)
NAME, SECOND = URGENT.name, "mail.urged-urgent"


class Stage:
    """A type with its queues and the watchdog."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store, self.queue = MemoryJobStore(self.clock), MemoryJobQueue(self.clock)
        self.dispatcher = Dispatcher(self.store, self.queue, self.clock)
        self.claimed_to: dict[str, float] = {}

    def add(self, job_id: str, **fields: object) -> Job:
        now = self.clock.now
        job: Job = a_job(
            id=job_id, type=NAME, status=Status.QUEUED, created_at=now, updated_at=now, due_at=now + 60, **fields
        )
        self.store.add(job)
        return job

    def watch(self) -> None:
        totals = {(NAME, Status.QUEUED): len(self.store._jobs)}
        standing = partial(Standing, totals, claimed_to=self.claimed_to)
        Watchdog(self.dispatcher, [NAME], standing=standing).run(lambda: 50.0)

    def sent(self, key: str) -> list[str]:
        return sorted(held.message.id for held in self.queue.messages.get(key, []))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with only_types(URGENT):
        yield Stage()


def test_unsent_jobs_are_sent_to_their_queues(stage: Stage) -> None:
    stage.add("high", priority="high", sent=False)
    stage.add("low", priority="low", sent=False)
    stage.add("woken", waits="limit:2.mail.urged", sent=False)
    stage.clock.advance(300)
    stage.watch()
    assert (stage.sent(SECOND), stage.sent(NAME)) == (["high", "woken"], ["low"])


def test_a_lost_message_is_sent_again_when_both_queues_are_empty_and_not_while_one_has_messages(stage: Stage) -> None:
    other = stage.add("other", priority="high", sent=True)
    stage.add("lost", sent=True)
    stage.dispatcher.send_anew(other, 0)
    stage.clock.advance(2 * DOUBT_SLACK)
    stage.claimed_to = {NAME: stage.clock.now}
    stage.watch()
    assert stage.sent(NAME) == [], "the urgent queue has a message, and claims show nothing about the other queue"
    stage.queue.messages.clear()
    stage.clock.advance(1000)
    stage.watch()
    assert (stage.sent(NAME), stage.sent(SECOND)) == (["lost"], ["other"])


def test_claims_of_urgent_jobs_show_nothing_about_older_messages() -> None:
    standing = Standing({}, claimed_to={NAME: T0})
    with only_types(URGENT):
        assert signs_of(NAME, Depth(visible=5), standing).claimed_to is None
    with only_types(replace(URGENT, urgent=False)):
        assert signs_of(NAME, Depth(visible=5), standing).claimed_to == T0


def test_messages_of_an_urgent_queue_that_a_deploy_removed_are_sent_again_to_the_types_own_queue(stage: Stage) -> None:
    high = [stage.add(f"high {n}", priority="high", sent=True) for n in range(3)]
    backlog = stage.add("backlog", sent=True)
    for job in (*high, backlog):
        stage.dispatcher.send_anew(job, 0)
    assert len(stage.sent(SECOND)) == 3
    jobtype.registered[NAME] = replace(URGENT, urgent=False)
    del stage.queue.messages[SECOND]  # CloudFormation deletes it with its messages
    stage.clock.advance(2 * DOUBT_SLACK)
    stage.claimed_to = {NAME: stage.clock.now - 10}  # workers go on with the backlog
    stage.watch()
    assert [one for one in stage.sent(NAME) if one.startswith("high")] == ["high 0", "high 1", "high 2"]


def test_messages_that_wait_stay_where_they_are_when_a_deploy_adds_the_queue(stage: Stage) -> None:
    jobtype.registered[NAME] = replace(URGENT, urgent=False)
    high = stage.add("high", priority="high", sent=True)
    stage.dispatcher.send_anew(high, 0)
    jobtype.registered[NAME] = URGENT
    stage.clock.advance(2 * DOUBT_SLACK)
    stage.watch()
    assert (stage.sent(NAME), stage.sent(SECOND)) == (["high"], [])
