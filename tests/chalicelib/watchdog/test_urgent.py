"""Test the watchdog with the urgent queue of a type: it sends to it, and loses no job of a removed one."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import pytest

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.port import Standing
from chalicelib.counters.stream import StreamCounter
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Depth
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.watchdog.constants import DOUBT_SLACK
from chalicelib.watchdog.run import Watchdog
from chalicelib.watchdog.search import signs_of
from tests.chalicelib.api.support import Note, only_types
from tests.chalicelib.counters.test_signs import record as stream_record
from tests.support import T0, Clock, a_job

URGENT = JobType("mail.urged", lambda _payload, _ctx: None, Note, urgent=True)
NAME, SECOND = URGENT.name, "mail.urged-urgent"
NUMBERS = itertools.count(1)


class Stage:
    """A type with its queues and the watchdog."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store, self.queue = MemoryJobStore(self.clock), MemoryJobQueue(self.clock)
        self.dispatcher = Dispatcher(self.store, self.queue, self.clock)
        self.rows = MemoryCounters()
        self.claimed_to: Mapping[str, float] = {}

    def add(self, job_id: str, **fields: object) -> Job:
        now = self.clock.now
        job: Job = a_job(
            id=job_id, type=NAME, status=Status.QUEUED, created_at=now, updated_at=now, due_at=now + 60, **fields
        )
        self.store.add(job)
        return job

    def send(self, job_id: str, **fields: object) -> Job:
        """Add a job whose message is in its queue."""
        job = self.add(job_id, sent=True, **fields)
        self.dispatcher.send_anew(job, 0)
        return job

    def count_claims(self, *jobs: Job) -> None:
        """Let the counters count a batch of the stream in which workers claim these jobs."""
        now, changes = self.clock.now, []
        for job in jobs:
            claimed = transitions.claim(job.gen, now=now, lease_until=now + 65, by=Claimant("r"), job_type=NAME)
            changes.append(stream_record(next(NUMBERS), job, claimed.applied(job)))
        StreamCounter(self.rows, self.clock).count(read(changes), "shard")
        self.claimed_to = self.rows.standing().claimed_to

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


def remove_the_queue(stage: Stage) -> None:
    jobtype.registered[NAME] = replace(jobtype.registered[NAME], urgent=False)
    del stage.queue.messages[SECOND]  # CloudFormation deletes it with its messages


def test_messages_of_a_removed_urgent_queue_are_sent_again_and_those_of_the_backlog_are_not(stage: Stage) -> None:
    lost = [stage.send(f"high {n}", priority="high") for n in range(3)]
    stage.clock.advance(DOUBT_SLACK + 60)
    first = stage.send("first")
    for n in range(3):
        stage.send(f"backlog {n}")
    stage.clock.advance(2 * DOUBT_SLACK)
    passing = stage.send("passing", priority="high")
    assert len(stage.sent(SECOND)) == 4
    # the workers of the urgent queue come to a job of now, and those of the other one to the first of its backlog
    stage.count_claims(first)
    stage.count_claims(passing)
    remove_the_queue(stage)
    before = stage.sent(NAME)
    stage.watch()
    assert sorted([*before, *(one.id for one in lost)]) == stage.sent(NAME)
    assert [stage.store.get(f"backlog {n}").stalled_since for n in range(3)] == [None] * 3


def test_a_type_with_fair_by_gets_the_jobs_of_a_removed_urgent_queue_when_its_own_one_is_empty(stage: Stage) -> None:
    jobtype.registered[NAME] = replace(URGENT, fair_by="customer")
    stage.send("high", priority="high")
    stage.clock.advance(DOUBT_SLACK + 60)
    first = stage.send("first")
    stage.send("backlog")
    remove_the_queue(stage)
    stage.count_claims(first)
    for _ in range(72):
        stage.clock.advance(3600)
        stage.watch()
        assert "high" not in stage.sent(NAME)
    stage.queue.messages.clear()
    stage.clock.advance(2 * DOUBT_SLACK)
    stage.watch()
    assert "high" in stage.sent(NAME)


def test_messages_that_wait_stay_where_they_are_when_a_deploy_adds_the_queue(stage: Stage) -> None:
    jobtype.registered[NAME] = replace(URGENT, urgent=False)
    high = stage.add("high", priority="high", sent=True)
    stage.dispatcher.send_anew(high, 0)
    jobtype.registered[NAME] = URGENT
    stage.clock.advance(2 * DOUBT_SLACK)
    stage.watch()
    assert (stage.sent(NAME), stage.sent(SECOND)) == (["high"], [])
