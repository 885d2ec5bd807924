"""Check that every line about a job has the same six keys, for every event."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Message
from tests.proof.grounds.faults import Throttled
from tests.proof.grounds.ground import TYPE, Received
from tests.proof.world import World
from tests.support import written

KEYS = {"job_id", "job_type", "status", "gen", "attempt", "correlation_id"}
GONE = Message("6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0", 1, TYPE, "c-1")
STATUS = {"job.created": "queued", "attempt.started": "processing", "attempt.completed": "completed"}


@pytest.mark.parametrize("script", [["ok"], ["err", "ok"], ["perm"], ["err", "err", "err"]])
def test_from_creation_to_the_end(world: World, script: list[str]) -> None:
    world.script["a"] = script
    with written("DEBUG") as lines:
        world.submit("a")
        world.rest()
    about = [line for line in lines if "job_id" in line]
    assert [line["message"] for line in about if not set(line) >= KEYS] == []
    assert {line["message"] for line in about} >= {"job.created", "attempt.started"}
    assert all(line["status"] == STATUS.get(line["message"], line["status"]) for line in about)


def test_of_a_message_whose_job_is_cancelled_or_gone(world: World) -> None:
    world.submit("a")
    world.operations.cancel(world.accepted["a"])
    world.ground.put(write_message(GONE))
    with written() as lines:
        world.rest()
    dropped = [line for line in lines if line["message"] == "message.dropped"]
    assert sorted(line["status"] for line in dropped) == ["cancelled", "gone"]
    assert all(set(line) >= KEYS for line in dropped)


def refused(*names: str) -> Callable[[str], Exception | None]:
    """Let AWS refuse these calls."""
    return lambda name: Throttled(name) if name in names else None


def failures(lines: list[dict[str, Any]]) -> list[tuple[str | None, str | None]]:
    """Return id and status of the job in each line about a refusal by AWS. A line has all keys of a job, or none."""
    told = [line for line in lines if line["message"].endswith(".aws_error")]
    assert [line for line in lines if "job_id" in line and not set(line) >= KEYS] == []
    assert all("job_type" in line and "error" in line for line in told)
    return [(line.get("job_id"), line.get("status")) for line in told]


def test_of_a_refused_write_while_an_attempt_is_under_way(world: World) -> None:
    world.script["a"] = ["nested then ok"]
    world.submit("a")

    def outage() -> None:
        world.ground.faults.fail = refused("apply", "record")

    world.nested = outage
    with written() as lines:
        world.poll()
    told = failures(lines)
    assert len(told) > 2, "the write is repeated, and then the attempt is left as it is"
    assert set(told) == {(world.accepted["a"], "processing")}


def test_of_a_refusal_before_the_job_is_known(world: World) -> None:
    world.submit("a")
    world.ground.faults.fail = refused("claim", "get", "apply", "set_visibility")
    with written() as lines:
        world.poll()
    about_the_batch, *of_the_message = failures(lines)
    assert about_the_batch == (None, None)
    assert len(of_the_message) > 2, "the claim is repeated, and then the message is held"
    assert set(of_the_message) == {(world.accepted["a"], "unknown")}
    assert "set_visibility" in lines[-1]["exception"], "of the hold, too"


def test_of_a_message_that_cannot_be_read_no_job_is_named(world: World) -> None:
    world.ground.faults.fail = refused("set_visibility")
    with written() as lines:
        world.deliver([Received("r-1", "{", 1, None, world.clock.now)])
    assert failures(lines) == [(None, None)] * 2


def test_of_a_refusal_to_the_watchdog(world: World) -> None:
    world.ground.faults.fail = refused("send")
    world.submit("a")
    world.ground.faults.fail = refused("apply")
    world.clock.advance(61)
    with written() as lines:
        world.watchdog.run(lambda: 50.0)
    assert failures(lines) == [(world.accepted["a"], "queued")]


def test_of_a_message_that_is_removed_from_the_dead_letter_queue(world: World) -> None:
    world.submit("a")
    world.cancel("a")
    world.ground.put(write_message(GONE))
    for _ in range(6):
        world.ground.receive(2)
        world.clock.advance(361)
    with written() as lines:
        world.watchdog.run(lambda: 50.0)
    removed = [line for line in lines if line["message"] == "sweeper.removed"]
    assert {(line["job_id"], line["status"]) for line in removed} == {
        (world.accepted["a"], "cancelled"), (GONE.id, "gone"),
    }  # fmt: skip
    assert all(set(line) >= KEYS for line in removed)


def names(lines: list[dict[str, Any]]) -> set[str]:
    """The names of the events."""
    return {line["message"] for line in lines}


def fenced(capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    """Return how often each kind of conflict was counted since the last call, by the metric's `event`."""
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
