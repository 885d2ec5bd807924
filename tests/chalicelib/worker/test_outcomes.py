"""How an attempt ends, and what becomes of its job and its message."""

import contextlib
from collections.abc import Callable

import pytest

from chalicelib.errors import JobCancelled, PermanentError, RetryLater
from chalicelib.job_types.context import JobContext
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Status
from chalicelib.jobs.limits import SPARE_RECEIVES
from tests.chalicelib.worker.one_type import OneType, boom
from tests.support import T0


def test_a_job_runs_once_and_its_value_is_the_result(world: OneType) -> None:
    world.submit()
    assert world.poll() == 1
    assert (world.job().status, world.job().result, world.job().attempts) == (Status.COMPLETED, "done", 1)
    assert world.waiting() == []


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
    assert (world.job().status, world.job().attempts) == (Status.COMPLETED, 3)
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


def test_max_attempts_of_one_dead_letters_at_the_first_failure(world: OneType) -> None:
    world.submit(max_attempts=1)
    world.script = [boom]
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.DEAD_LETTER, "ValueError")


def test_a_permanent_error_fails_at_once(world: OneType) -> None:
    def refuse(_: JobContext) -> object:
        raise PermanentError("no such address")

    world.submit()
    world.script = [refuse]
    world.poll()
    assert (world.job().status, world.job().attempts, world.job().error_message) == (
        Status.FAILED,
        1,
        "no such address",
    )
    assert world.waiting() == []


def test_a_result_that_is_not_json_fails_at_once(world: OneType) -> None:
    world.submit()
    world.script = [lambda _: object()]
    world.poll()
    assert world.job().status is Status.FAILED
    assert "not JSON" in (world.job().error_message or "")


def test_an_error_that_cannot_be_shown_is_a_failed_attempt_all_the_same(world: OneType) -> None:
    class Shy(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    def fail(_: JobContext) -> None:
        raise Shy

    world.submit()
    world.script = [fail]
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.RETRYING, "Shy")
    (attempt,) = world.store.view("job-1").attempts
    assert (attempt.outcome, attempt.error_message) == ("error", "The error has no message: its __str__ raises.")


def test_an_injected_fault_fails_the_attempt_before_the_work(world: OneType) -> None:
    world.submit()
    world.worker.fault_rate, world.worker.chance = 0.3, lambda: 0.29
    world.poll()
    assert (world.job().status, world.job().error_class, world.ran) == (Status.RETRYING, "InjectedFault", [])


def test_a_running_job_that_is_asked_to_stop_stops_at_its_next_check(world: OneType) -> None:
    def obey(ctx: JobContext) -> object:
        world.store.apply(ctx.job_id, transitions.ask_to_stop(world.job(), now=T0))
        ctx.check_cancelled()
        return "never"

    world.submit()
    world.script = [obey]
    world.poll()
    assert (world.job().status, world.waiting()) == (Status.CANCELLED, [])


def test_a_failed_attempt_of_a_job_that_was_asked_to_stop_is_not_retried(world: OneType) -> None:
    def fail_meanwhile(ctx: JobContext) -> object:
        world.store.apply(ctx.job_id, transitions.ask_to_stop(world.job(), now=T0))
        raise ValueError("boom")

    world.submit()
    world.script = [fail_meanwhile]
    world.poll()
    assert (world.job().status, world.waiting()) == (Status.CANCELLED, [])
    [attempt] = world.store.view("job-1").attempts
    assert (attempt.outcome, attempt.error_class, attempt.retry_delay_s) == ("error", "ValueError", None)


def stopped(ctx: JobContext) -> object:
    raise JobCancelled


def postponed(ctx: JobContext) -> object:
    raise RetryLater(60, "429")


def refused(ctx: JobContext) -> object:
    raise PermanentError("no such account")


def broken(ctx: JobContext) -> object:
    raise ValueError("boom")


@pytest.mark.parametrize("end", [broken, refused, postponed, stopped])
def test_how_far_an_attempt_came_stays_with_it(world: OneType, end: Callable[[JobContext], object]) -> None:
    def work(ctx: JobContext) -> object:
        ctx.progress(10, "page 1 of 10")
        ctx.progress(42.55, "page 4 of 10")
        return end(ctx)

    world.submit()
    world.script = [work]
    world.poll()
    [attempt] = world.store.view("job-1").attempts
    assert (attempt.progress, attempt.progress_note) == (42.5, "page 4 of 10")


def test_how_far_a_lost_attempt_came_stays_with_it(world: OneType) -> None:
    def vanish(ctx: JobContext) -> object:
        ctx.progress(40, "page 4 of 10")
        raise KeyboardInterrupt

    world.submit()
    world.script = [vanish, boom]
    with contextlib.suppress(KeyboardInterrupt):
        world.poll()
    world.clock.advance(1_000)
    world.poll()
    attempts = world.store.view("job-1").attempts
    assert [(one.outcome, one.progress_note) for one in attempts] == [("lost", "page 4 of 10"), ("error", None)]


def test_the_last_progress_is_written_when_the_attempt_does_not_complete(world: OneType) -> None:
    def work(ctx: JobContext) -> str:
        for percent in (10, 50, 90):
            ctx.progress(percent)
        raise ValueError("boom")

    world.submit()
    world.script = [work]
    world.poll()
    assert (world.job().status, world.job().progress) == (Status.RETRYING, 90.0)
