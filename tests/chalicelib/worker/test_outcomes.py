"""Test how an attempt ends, and the effect on its job and its message."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from chalicelib.errors import FieldError, InvalidPayload, JobCancelled, PermanentError, Retry, RetryLater
from chalicelib.job_types.constants import SPARE_RECEIVES
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.retry import ByClass
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Message
from tests.chalicelib.worker.one_type import OneType, boom, die, raising
from tests.proof.grounds.faults import Crash
from tests.support import T0


def test_a_failed_attempt_backs_off_twice_as_long_each_time_and_then_completes(world: OneType) -> None:
    world.submit()
    world.script = [boom, boom]
    for attempt, delay in ((1, 2), (2, 4)):
        world.poll()
        job = world.job()
        assert (job.status, job.attempts, job.next_attempt_at) == (Status.RETRYING, attempt, world.clock.now + delay)
        world.clock.now += delay - 1
        assert world.poll() == 0, "not before its time"
        world.clock.now += 1
    world.poll()
    assert (world.job().status, world.job().result, world.job().attempts) == (Status.COMPLETED, "done", 3)
    assert world.waiting() == []
    history = world.store.view("job-1").attempts
    assert [(a.outcome, a.error_class, a.error_message, a.retry_delay_s) for a in history] == [
        ("error", "ValueError", "boom", 2),
        ("error", "ValueError", "boom", 4),
    ]
    assert "in boom" in (history[0].stack or "")


def test_an_exhausted_job_burns_down_into_the_dead_letter_queue_without_running_again(world: OneType) -> None:
    world.submit(max_attempts=3)
    world.script = [boom] * 3
    while not world.job().terminal:
        world.poll()
        world.clock.now = max(world.clock.now, world.job().next_attempt_at or 0.0)
    assert world.job().status is Status.DEAD_LETTER
    assert world.dead() == [], "only SQS moves messages to the dead-letter queue"
    empty = 0
    while world.waiting():
        empty += world.poll()
    assert len(world.dead()) == 1
    assert world.ran == [(1, 1), (1, 2), (1, 3)]
    assert empty <= SPARE_RECEIVES == 2, "each is an invocation that does nothing"


@pytest.mark.parametrize(
    ("attempt", "told"),
    [
        (raising(PermanentError("no such address")), "no such address"),
        (lambda _: object(), "not JSON"),
        (lambda _: json.loads("[" * 900 + "]" * 900), "nested deeper than 100 levels"),
    ],
)
def test_what_no_further_attempt_can_change_fails_at_once(
    world: OneType, attempt: Callable[[JobContext], object], told: str
) -> None:
    world.submit()
    world.script = [attempt]
    world.poll()
    assert (world.job().status, world.job().attempts, world.waiting()) == (Status.FAILED, 1, [])
    assert told in (world.job().error_message or "")


def test_an_error_that_cannot_be_shown_is_a_failed_attempt_all_the_same(world: OneType) -> None:
    class Shy(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    world.submit()
    world.script = [raising(Shy())]
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.RETRYING, "Shy")
    (attempt,) = world.store.view("job-1").attempts
    assert (attempt.outcome, attempt.error_message) == ("error", "The error has no message: its __str__ raises.")


def test_an_injected_fault_fails_the_attempt_before_the_work(world: OneType) -> None:
    world.submit()
    world.worker.fault_rate, world.worker.chance = 0.3, lambda: 0.29
    world.poll()
    assert (world.job().status, world.job().error_class, world.ran) == (Status.RETRYING, "InjectedFault", [])


def test_an_injected_fault_is_retried_whatever_the_type_retries(world: OneType) -> None:
    world.worker.kind = replace(world.kind, by_class=ByClass(retry_on=(ConnectionError,)))
    world.submit()
    world.worker.fault_rate, world.worker.chance = 0.3, lambda: 0.29
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.RETRYING, "InjectedFault")


def test_an_error_of_another_class_than_those_that_are_retried_fails_at_once(world: OneType) -> None:
    world.worker.kind = replace(world.kind, by_class=ByClass(retry_on=(ConnectionError,)))
    world.submit()
    world.script = [raising(ConnectionResetError("gone")), boom]
    world.poll()
    assert world.job().status is Status.RETRYING
    world.clock.advance(2)
    world.poll()
    assert (world.job().status, world.job().error_class, world.job().attempts) == (Status.FAILED, "ValueError", 2)
    assert world.waiting() == world.dead() == []
    assert [a.outcome for a in world.store.view("job-1").attempts] == ["error", "permanent_error"]


@pytest.mark.parametrize("after", [30, 7200], ids=["hidden", "parked"])
def test_a_retry_that_a_function_asks_for_comes_exactly_then_and_is_charged(world: OneType, after: int) -> None:
    world.submit(max_attempts=2)

    def busy(_: JobContext) -> object:
        raise Retry(after=after) from ConnectionError("busy")

    world.script = [busy, raising(Retry("still busy", after=after))]
    world.poll()
    job = world.job()
    assert (job.status, job.attempts, job.next_attempt_at) == (Status.RETRYING, 1, T0 + after)
    assert (job.error_class, job.error_message) == ("ConnectionError", "busy"), "its cause is what went wrong"
    (attempt,) = world.store.view("job-1").attempts
    assert (attempt.outcome, attempt.error_class, attempt.retry_delay_s) == ("error", "ConnectionError", after)
    if job.parked_until is not None:
        world.queue.send(Message(job.id, 1, job.type))
    world.clock.advance(after)
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.DEAD_LETTER, "Retry")
    assert world.job().error_message == "still busy"


@pytest.mark.parametrize("fails", [False, True], ids=["it stops at its next check", "it fails and is not retried"])
def test_a_running_job_that_is_asked_to_stop_is_cancelled(world: OneType, fails: bool) -> None:
    def asked(ctx: JobContext) -> object:
        world.store.apply(ctx.job_id, transitions.ask_to_stop(world.job(), now=T0))
        ctx.check_cancelled() if not fails else boom(ctx)
        return "done"

    world.submit()
    world.script = [asked]
    world.poll()
    assert (world.job().status, world.waiting()) == (Status.CANCELLED, [])
    [attempt] = world.store.view("job-1").attempts
    expected = ("error", "ValueError", None) if fails else ("cancelled", None, None)
    assert (attempt.outcome, attempt.error_class, attempt.retry_delay_s) == expected


@pytest.mark.parametrize(
    "end", [boom, raising(PermanentError()), raising(RetryLater(60)), raising(JobCancelled()), die]
)
def test_how_far_an_attempt_came_stays_with_it(world: OneType, end: Callable[[JobContext], object]) -> None:
    def work(ctx: JobContext) -> object:
        ctx.progress(10, "page 1 of 10")
        ctx.progress(42.55, "page 4 of 10")
        return end(ctx)

    world.submit()
    world.script = [work]
    with contextlib.suppress(Crash):
        world.poll()
    told = (42.5, "page 4 of 10")
    if end is die:
        told = (10.0, "page 1 of 10")  # progress is written at most once in some seconds
        world.clock.advance(1_000)
        world.poll()
    else:
        assert world.job().progress == 42.5
    attempt = world.store.view("job-1").attempts[0]
    assert (attempt.progress, attempt.progress_note) == told


WRONG: Any = "wrong"
NUMBER: Any = 5


def raising_lately(make: Callable[[], Exception]) -> Callable[[JobContext], object]:
    """Return a function that makes its error in the attempt."""

    def work(_: JobContext) -> object:
        raise make()

    return work


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda ctx: ctx.progress(5, note=NUMBER), "note is a text, not 5"),
        (lambda ctx: ctx.progress(WRONG), "percent is a number from 0 to 100, not 'wrong'"),
        (lambda ctx: ctx.step("charge", WRONG), "A step takes a function"),
        (lambda ctx: ctx.step("charge", str, within=WRONG), "within of a step"),
        (lambda ctx: ctx.step("charge", str, within=Fraction(1, 2)) or ctx.sleep(WRONG), "in seconds; it is 'wrong'"),
        (lambda ctx: ctx.step("charge", lambda: {1, 2}), "The value of the step charge is not JSON"),
        (raising_lately(lambda: RetryLater(WRONG)), "RetryLater: seconds is a number"),
        (raising_lately(lambda: Retry(after=WRONG)), "Retry: after is a number"),
    ],
)
def test_a_wrong_argument_ends_the_attempt_with_an_error_that_names_it(
    world: OneType, call: Callable[[JobContext], object], named: str
) -> None:
    world.submit(max_attempts=1)
    world.script = [call]
    world.poll()
    assert world.job().terminal
    assert named in (world.job().error_message or "")


def test_a_refused_request_is_recorded_with_its_fields(world: OneType) -> None:
    world.submit(max_attempts=1)
    world.script = [raising(InvalidPayload("It does not match.", [FieldError(("payload", "to"), "Field required")]))]
    world.poll()
    assert world.job().error_message == "It does not match. payload.to: Field required"
