"""Check that a lost attempt records what Lambda logged about it, and that nothing is read for a normal job."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.platform_log import CloudWatchPlatformLog
from chalicelib.jobs.job import Attempt, Status
from tests.chalicelib.worker.one_type import OneType, boom, die
from tests.emulated import emulated
from tests.proof.grounds.faults import Crash
from tests.support import REGION, SETTINGS, Clock

GROUP = "/aws/lambda/test-test-note"
REQUEST = "request-1"


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with emulated():
        client = aws.client("logs", REGION)
        client.create_log_group(logGroupName=GROUP)
        client.create_log_stream(logGroupName=GROUP, logStreamName="s")
        yield client


@pytest.fixture
def watched(logs: Any) -> OneType:
    world = OneType(clock=Clock(round(time.time(), 3)))
    world.worker.platform_log = CloudWatchPlatformLog(SETTINGS)
    return world


def write(logs: Any, at: float, *lines: str) -> None:
    events = [{"timestamp": round(at * 1000), "message": line} for line in lines]
    logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)


def lose(world: OneType, said: Callable[[], None]) -> list[Attempt]:
    """Let a worker die, let Lambda log this, and let another worker take over; return the recorded attempts."""
    world.submit(max_attempts=2)
    world.script = [die]
    with pytest.raises(Crash):
        world.poll()
    said()
    world.clock.advance(6 * world.timeout)
    world.poll()
    assert world.job().status is Status.COMPLETED
    return list(world.store.view("job-1").attempts)


def test_a_lost_attempt_tells_that_lambda_ended_it_and_when(watched: OneType, logs: Any) -> None:
    began = watched.clock.now
    report = f"REPORT RequestId: {REQUEST}\tDuration: 3000.00 ms\tMemory Size: 512 MB\tMax Memory Used: 80 MB"
    lines = (f"{REQUEST} Task timed out after 3.00 seconds", f"{report}\tStatus: timeout")
    [lost] = lose(watched, lambda: write(logs, began + 3, *lines))
    assert (lost.outcome, lost.error_class, lost.duration_ms) == ("lost", "TimedOut", 3000)
    assert lost.error_message == "Task timed out after 3.00 seconds (80 of 512 MB used)"


@pytest.mark.parametrize("readable", [True, False], ids=["says nothing", "cannot be read"])
def test_a_log_that_tells_nothing_changes_nothing(watched: OneType, logs: Any, readable: bool) -> None:
    [lost] = lose(watched, lambda: None if readable else logs.delete_log_group(logGroupName=GROUP))
    assert (lost.outcome, lost.error_class, lost.finished_at) == ("lost", None, None)


def test_a_job_that_is_given_up_tells_how_its_last_holder_ended(watched: OneType, logs: Any) -> None:
    watched.submit(max_attempts=1)
    watched.script = [die]
    with pytest.raises(Crash):
        watched.poll()
    write(logs, watched.clock.now, f"RequestId: {REQUEST} Error: Runtime exited with error: exit status 3")
    watched.clock.advance(6 * watched.timeout)
    watched.poll()
    assert (watched.job().status, watched.job().error_class) == (Status.DEAD_LETTER, "WorkerLost")
    [lost] = watched.store.view("job-1").attempts
    assert (lost.error_class, lost.error_message) == ("Exited", "Runtime exited with error: exit status 3")


def test_a_job_that_no_worker_lost_asks_the_log_for_nothing(watched: OneType, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(watched.worker.platform_log, "lines", asked.append)
    watched.submit()
    watched.script = [boom]
    watched.poll()
    watched.clock.advance(60)
    watched.poll()
    assert (watched.job().status, asked) == (Status.COMPLETED, [])
