"""Test that the visibility timeout is set while the first job is claimed, and before any code of a job type runs."""

import threading
from typing import Any

import pytest

from chalicelib.side_by_side import in_a_thread
from chalicelib.worker.constants import TRIM_SLACK
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.one_type import OneType
from tests.chalicelib.worker.shared_queue import Shared
from tests.proof.roles.poller import afterwards

TRIMMED = 60 + TRIM_SLACK


def hidden(world: OneType) -> float:
    """Return for how many seconds the one message stays hidden."""
    [message] = world.waiting()
    return message.visible_at - world.clock.now


def test_the_timeout_is_set_while_the_job_is_claimed(world: OneType, monkeypatch: pytest.MonkeyPatch) -> None:
    world.worker.beside = in_a_thread
    both = threading.Barrier(2, timeout=60)
    claim, trim = world.store.apply, world.queue.set_visibility

    def applying(*asked: Any) -> Any:
        if not world.ran:  # the claim, not the end
            both.wait()
        return claim(*asked)

    def trimming(*asked: Any) -> None:
        both.wait()
        trim(*asked)

    monkeypatch.setattr(world.store, "apply", applying)
    monkeypatch.setattr(world.queue, "set_visibility", trimming)
    world.submit()
    world.poll()
    assert world.job().status == "completed"
    assert not both.broken, "one of the two requests began only after the other"


def test_the_function_runs_after_the_timeout_is_set_however_slow_that_request_is(world: OneType) -> None:
    world.worker.beside = afterwards
    seen: list[float] = []
    world.script = [lambda _: seen.append(hidden(world))]
    world.submit()
    world.poll()
    assert seen == [TRIMMED]


def test_the_timeout_of_the_batch_does_not_replace_that_of_a_held_message(world: OneType) -> None:
    world.worker.beside = afterwards
    world.submit(next_attempt_at=world.clock.now + 10)
    world.poll()
    assert hidden(world) == 10


def test_a_claimed_job_runs_although_sqs_does_not_answer(world: OneType, monkeypatch: pytest.MonkeyPatch) -> None:
    world.worker.beside = in_a_thread
    ran = threading.Event()
    first: list[bool] = []

    def trimming(*_: Any) -> None:
        first.append(ran.wait(60))

    def act(_: Any) -> None:
        ran.set()

    monkeypatch.setattr("chalicelib.worker.consume.TRIM_PATIENCE", 0.01)
    monkeypatch.setattr(world.queue, "set_visibility", trimming)
    world.script = [act]
    world.submit()
    world.poll()
    assert (first, world.job().status) == ([True], "completed")


def test_a_job_whose_request_about_the_timeout_took_too_long_is_not_charged(
    world: OneType, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.worker.beside = afterwards
    monkeypatch.setattr(world.queue, "set_visibility", lambda *_: world.clock.advance(50))
    world.submit()
    world.poll()
    assert (world.ran, world.job().attempts, world.job().error_class) == ([], 0, "ClaimedLate")


def test_an_import_waits_until_the_timeout_is_set() -> None:
    with only_types():
        shared = Shared()
        shared.declare("mail.a")
        seen: list[float] = []
        declared = shared.worker.declared

        def importing(name: str) -> Any:
            [message] = shared.queue.messages["mail"]
            seen.append(message.visible_at - shared.clock.now)
            return declared(name)

        shared.worker.declared, shared.worker.beside = importing, afterwards
        shared.worker.__post_init__()
        shared.submit("mail.a", "job-1")
        shared.poll()
        assert shared.statuses("job-1") == ["completed"]
        assert seen == [TRIMMED]


def test_no_request_is_left_for_a_later_invocation_when_this_one_fails(
    world: OneType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("a defect")

    world.worker.beside = afterwards
    monkeypatch.setattr(world.worker.starts, "begin", broken)
    world.submit()
    with pytest.raises(RuntimeError, match="a defect"):
        world.poll()
    assert hidden(world) == TRIMMED


def test_a_process_that_can_start_no_thread_sets_the_timeout_first(
    world: OneType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    world.worker.beside = in_a_thread
    seen: list[float] = []
    world.script = [lambda _: seen.append(hidden(world))]
    world.submit()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    world.poll()
    assert (world.job().status, seen) == ("completed", [TRIMMED])
