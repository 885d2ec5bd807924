"""Test attempts that are given back: of a job that raises `RetryLater`, and of a job that could not be run."""

from asyncio import CancelledError
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import RetryLater
from chalicelib.job_types.changes import Changes
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.retry import Backoff
from chalicelib.jobs.constants import DAY, LOOK_AHEAD
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.telemetry import events
from chalicelib.watchdog.run import Watchdog
from tests.chalicelib.worker.one_type import OneType, boom, raising
from tests.support import T0


def later(seconds: float, reason: str = "") -> Callable[[JobContext], object]:
    return raising(RetryLater(seconds, reason))


def send_again(world: OneType) -> None:
    """Do what the watchdog does for a due job without a message."""
    world.queue.send(Message("job-1", 1, "test.note"))


def try_again(world: OneType) -> None:
    """Let a worker try the job, and advance the clock to its next try."""
    world.poll()
    world.clock.now = max(world.clock.now, world.job().next_attempt_at or 0)
    if not world.waiting() and not world.job().terminal:
        send_again(world)


def test_a_job_may_come_again_later_more_often_than_it_has_attempts(world: OneType) -> None:
    world.submit(max_attempts=1)
    world.script = [later(60, "429 Too Many Requests")] * 4
    for claims in range(1, 5):
        world.poll()
        job = world.job()
        assert (job.status, job.attempts, job.claims, job.next_attempt_at) == (
            Status.RETRYING, 0, claims, world.clock.now + 60,
        )  # fmt: skip
        assert (job.error_class, job.error_message) == ("RetryLater", "429 Too Many Requests")
        world.clock.advance(60)
    world.poll()
    assert (world.job().status, world.job().attempts) == (Status.COMPLETED, 1)
    history = world.store.view("job-1").attempts
    assert [(a.outcome, a.attempt, a.claim, a.retry_delay_s) for a in history] == [
        ("deferred", 1, claim, 60) for claim in range(1, 5)
    ]


def test_a_row_says_whether_its_wait_was_asked_for_or_follows_a_failure(world: OneType) -> None:
    world.submit(max_attempts=3)
    world.script = [later(60), boom, later(60)]
    found = []
    for _ in range(3):
        world.poll()
        found.append(bool(world.job().deferred))
        world.clock.now = world.job().next_attempt_at or 0
    assert found == [True, False, True]


def test_a_wait_longer_than_a_message_may_hide_is_parked(world: OneType) -> None:
    world.submit()
    world.script = [later(901)]
    world.poll()
    job = world.job()
    assert (job.status, job.sent, job.parked_until, job.due_at) == (
        Status.RETRYING, False, T0 + 901, T0 + 901 - LOOK_AHEAD,
    )  # fmt: skip
    assert world.waiting() == [], "acknowledged: it is not in flight and uses up no receives"
    send_again(world)
    world.poll()
    assert (world.waiting(), world.job().sent) == ([], False), "a message that comes early is extra"
    world.clock.advance(901)
    send_again(world)
    world.poll()
    assert world.job().status is Status.COMPLETED


@pytest.mark.parametrize(
    ("attempt", "attempts", "parked_until"),
    [(later(900), 0, None), (boom, 1, T0 + 7200)],
    ids=["a quarter of an hour", "a long curve"],
)
def test_a_wait_stays_with_the_message_as_long_as_sqs_holds_one(
    world: OneType, attempt: Callable[[JobContext], object], attempts: int, parked_until: float | None
) -> None:
    world.worker.kind = replace(world.kind, retry=Backoff(first=7200, longest=7200))
    world.submit()
    world.script = [attempt]
    world.poll()
    assert (world.job().status, world.job().attempts) == (Status.RETRYING, attempts)
    assert world.job().parked_until == parked_until
    assert [message.visible_at for message in world.waiting()] == ([] if parked_until else [T0 + 900])


@pytest.fixture
def stalls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the reasons of the reported stalls."""
    rang: list[str] = []
    monkeypatch.setattr(events, "stalled", lambda _, why: rang.append(why))
    return rang


def test_a_stored_payload_that_todays_schema_refuses_waits_and_rings_once(world: OneType, stalls: list[str]) -> None:
    world.store.add(Job("job-1", "test.note", Status.QUEUED, T0, T0, payload={"text": 7}))
    send_again(world)
    for claims in range(1, 30):
        world.poll()
        job = world.job()
        assert (job.status, job.attempts, job.claims, job.parked_until) == (
            Status.RETRYING, 0, claims, world.clock.now + 3600,
        )  # fmt: skip
        world.clock.advance(3600)
        send_again(world)
    assert (world.job().error_class, stalls) == ("PayloadRefused", ["PayloadRefused"])
    assert "text" in (world.job().error_message or "")
    assert world.clock.now - T0 > DAY, "no time ends it: a person does"
    world.worker.kind = replace(world.kind, changes=Changes(upgrade=upgrade))
    world.poll()
    assert world.job().status is Status.COMPLETED


def test_the_watchdog_goes_on_sending_what_todays_schema_refuses(world: OneType) -> None:
    """The watchdog counts a day in which the job did not start, although its messages arrived."""
    world.store.add(Job("job-1", "test.note", Status.QUEUED, T0, T0, payload={"text": 7}))
    watchdog = Watchdog(Dispatcher(world.store, world.queue, world.clock), ["test.note"])
    while world.clock.now < T0 + 1.1 * DAY:
        watchdog.run(lambda: 50.0)
        world.poll()
        world.clock.advance(60)
    assert (world.job().status, world.job().error_class, world.job().claims) == (Status.RETRYING, "PayloadRefused", 27)


def test_what_todays_schema_refuses_is_not_given_up_because_sqs_fails_for_hours_after_a_day(world: OneType) -> None:
    world.store.add(Job("job-1", "test.note", Status.QUEUED, T0, T0, payload={"text": 7}))
    watchdog = Watchdog(Dispatcher(world.store, world.queue, world.clock), ["test.note"])
    send: Any = world.queue.send_many
    while world.clock.now < T0 + 1.3 * DAY:
        fails = 1.1 * DAY < world.clock.now - T0 < 1.2 * DAY
        world.queue.send_many = (lambda messages, _=None: messages) if fails else send  # type: ignore[method-assign, assignment]
        watchdog.run(lambda: 50.0)
        world.poll()
        world.clock.advance(60)
    assert (world.job().status, world.job().error_class) == (Status.RETRYING, "PayloadRefused")


def upgrade(old: Any) -> Any:
    return {"text": str(old["text"])}


def test_a_payload_that_cannot_be_read_costs_no_attempt_and_runs_once_it_can_be(
    world: OneType, stalls: list[str]
) -> None:
    job = world.submit(payload_bytes=310_000)
    world.store._jobs[job.id] = replace(job, payload=None)
    waits = []
    for _ in range(3):
        world.poll()
        waits.append((world.job().next_attempt_at or 0) - world.clock.now)
        world.clock.advance(waits[-1])
    assert (world.job().status, world.job().attempts, world.ran) == (Status.RETRYING, 0, [])
    assert (waits, stalls, world.job().stalled_since) == ([30, 60, 120], ["PayloadUnreadable"], T0)
    assert "310,000 bytes" in (world.job().error_message or "")
    world.store._jobs[job.id] = replace(world.job(), payload=job.payload)
    world.poll()
    assert (world.job().status, world.job().attempts, world.ran) == (Status.COMPLETED, 1, [(1, 4)])


@pytest.mark.parametrize(
    ("tries", "paused"), [(0, 0.0), (12, 3 * DAY), (0, 3 * DAY)], ids=["never paused", "tried before", "not tried"]
)
def test_a_payload_that_cannot_be_read_ends_the_job_a_day_after_it_is_tried_or_its_type_resumed(
    world: OneType, stalls: list[str], tries: int, paused: float
) -> None:
    job = world.submit()
    world.store._jobs[job.id] = replace(job, payload=None, stalled_since=T0 if paused else None)
    for _ in range(tries):
        try_again(world)
    world.clock.advance(paused)
    resumed = world.clock.now
    while not world.job().terminal:
        assert world.clock.now - resumed <= DAY + 2 * 3600, "and the tries of the first quarter of an hour"
        try_again(world)
    assert (world.job().status, world.job().error_class) == (Status.DEAD_LETTER, "PayloadUnreadable")
    assert world.clock.now - resumed >= DAY
    assert stalls == ([] if paused else ["PayloadUnreadable"])


@pytest.mark.parametrize("end", [SystemExit("3"), CancelledError("3")])
def test_an_attempt_that_exits_is_a_failed_attempt_with_its_name(world: OneType, end: BaseException) -> None:
    world.submit()
    world.script = [raising(end)]
    world.poll()
    (attempt,) = world.store.view("job-1").attempts
    assert (attempt.outcome, attempt.error_class, attempt.error_message) == ("error", type(end).__name__, "3")
