"""What happens to a delivery is told under names that alarms and saved queries may rely on."""

import json
from collections import Counter
from typing import Any

import pytest

from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from tests.proof.grounds.faults import Throttled
from tests.proof.grounds.ground import TYPE
from tests.proof.world import World
from tests.support import written


def names(lines: list[dict[str, Any]]) -> set[str]:
    """The names of the events."""
    return {line["message"] for line in lines}


def fenced(capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    """How often the fence kept what apart, since the last look: one metric, told apart by its `event`."""
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    counted: Counter[str] = Counter()
    for line in written:
        if "Fenced" in line:
            counted[line["event"]] += int(sum(line["Fenced"]))
    return counted


def test_a_late_finisher_its_successor_and_a_duplicate(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.script["a"] = ["stall", "nested then ok"]
    world.submit("a")

    def second() -> None:
        world.nested = world.poll  # the duplicate, while the second holder runs
        world.ground.put(write_message(Message(world.accepted["a"], 1, TYPE)))
        world.poll()

    world.nested = second
    with written() as lines:
        world.poll()
    told = {"attempt.started", "attempt.takeover", "claim.duplicate", "attempt.completed", "attempt.late"}
    assert told <= names(lines)
    assert fenced(capsys) == {"late_finisher": 1, "takeover": 1, "duplicate": 1}
    world.clock.advance(400)
    while world.poll():
        pass
    assert world.ground.waiting() == 0
    assert fenced(capsys) == {"duplicate": 1}, "the message the late finisher left behind finds the job done"


def test_what_burns_down_or_comes_too_early_is_not_worth_a_line(world: World) -> None:
    world.script["a"], world.script["b"] = ["err", "err", "err"], ["perm"]
    world.submit("a")
    world.submit("b")
    world.duplicate_next = True
    with written() as lines:
        world.rest()
    assert world.ground.dead()
    assert {"attempt.error", "attempt.permanent_error", "watchdog.ran"} <= names(lines)
    assert "claim.deferred" not in names(lines)
    with written("DEBUG") as lines:
        assert world.console_redrive()
        world.rest()
    assert "claim.deferred" in names(lines)


def test_a_send_that_failed_and_the_watchdogs_own(world: World) -> None:
    with written() as lines:
        world.ground.faults.fail = lambda name: Throttled(name) if name == "send" else None
        world.submit("a")
        world.ground.faults.fail = lambda _: None
        world.clock.advance(61)
        world.watchdog.run(lambda: 50.0)
    assert {"job.created", "dispatch.deferred", "watchdog.resent", "watchdog.ran"} <= names(lines)


def test_a_job_that_nobody_claims(world: World) -> None:
    world.submit("a")
    for _ in range(6):
        world.ground.receive(1)
        world.clock.advance(361)
    with written() as lines:
        world.watchdog.run(lambda: 50.0)
    assert {"watchdog.redelivered", "job.stalled"} <= names(lines)
