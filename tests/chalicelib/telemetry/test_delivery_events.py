"""What happens to a delivery is told under names that alarms and saved queries may rely on."""

import io
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from chalicelib.telemetry.logger import logger
from tests.proof.grounds.faults import Throttled
from tests.proof.grounds.ground import TYPE
from tests.proof.world import World


@pytest.fixture
def events() -> Iterator[Callable[[], set[str]]]:
    """The names of the events so far."""
    buffer = io.StringIO()
    handler = next(h for h in logging.getLogger(logger().service).handlers if isinstance(h, logging.StreamHandler))
    log = logger()
    before, level = handler.setStream(buffer), log.log_level
    log.setLevel("INFO")
    yield lambda: {json.loads(line)["message"] for line in buffer.getvalue().splitlines()}
    handler.setStream(before)
    log.setLevel(level)


def fenced(capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    """How often the fence kept what apart, since the last look: one metric, told apart by its `event`."""
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    counted: Counter[str] = Counter()
    for line in written:
        if "Fenced" in line:
            counted[line["event"]] += int(sum(line["Fenced"]))
    return counted


def test_a_late_finisher_its_successor_and_a_duplicate(
    world: World, events: Callable[[], set[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    world.script["a"] = ["stall", "nested then ok"]
    world.submit("a")

    def second() -> None:
        world.nested = world.poll  # the duplicate, while the second holder runs
        world.ground.put(write_message(Message(world.accepted["a"], 1, TYPE)))
        world.poll()

    world.nested = second
    world.poll()
    assert {"attempt.started", "attempt.takeover", "claim.duplicate", "attempt.completed", "attempt.late"} <= events()
    assert fenced(capsys) == {"late_finisher": 1, "takeover": 1, "duplicate": 1}
    world.clock.advance(400)
    while world.poll():
        pass
    assert world.ground.waiting() == 0
    assert fenced(capsys) == {"duplicate": 1}, "the message the late finisher left behind finds the job done"


def test_what_burns_down_or_comes_too_early_is_not_worth_a_line(world: World, events: Callable[[], set[str]]) -> None:
    world.script["a"] = ["err", "err", "err"]
    world.submit("a")
    world.duplicate_next = True
    world.rest()
    assert world.ground.dead()
    assert "claim.deferred" not in events()
    logger().setLevel("DEBUG")
    assert world.console_redrive()
    world.rest()
    assert "claim.deferred" in events()


def test_an_attempt_that_is_retried_and_one_that_is_the_last(world: World, events: Callable[[], set[str]]) -> None:
    world.script["a"], world.script["b"] = ["err", "err", "err"], ["perm"]
    world.submit("a")
    world.submit("b")
    world.rest()
    assert {"attempt.error", "attempt.permanent_error", "watchdog.ran"} <= events()


def test_a_send_that_failed_and_the_watchdogs_own(world: World, events: Callable[[], set[str]]) -> None:
    world.ground.faults.fail = lambda name: Throttled(name) if name == "send" else None
    world.submit("a")
    world.ground.faults.fail = lambda _: None
    world.clock.advance(61)
    world.watchdog.run(lambda: 50.0)
    assert {"job.created", "dispatch.deferred", "watchdog.resent", "watchdog.ran"} <= events()


def test_a_job_that_nobody_claims_and_a_dead_letter_that_is_stale(world: World, events: Callable[[], set[str]]) -> None:
    world.submit("a")
    for _ in range(6):
        world.ground.receive(1)
        world.clock.advance(361)
    world.watchdog.run(lambda: 50.0)
    assert {"watchdog.redelivered", "job.stalled"} <= events()
    world.cancel("a")
    world.ground.put(write_message(Message(world.accepted["a"], 1, TYPE)))
    for _ in range(6):
        world.ground.receive(1)
        world.clock.advance(361)
    world.watchdog.run(lambda: 50.0)
    assert "sweeper.removed" in events()
