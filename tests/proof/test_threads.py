"""Check that the proof runs jobs side by side, and notices if they cost each other more than they may."""

from collections.abc import Iterator

import pytest

from chalicelib.worker.batch import Messages
from chalicelib.worker.consume import Worker
from tests.proof.enumeration import Case, execute, visit
from tests.proof.grounds.memory import in_memory
from tests.proof.months.month import THREADED, episode
from tests.proof.roles.script import forget
from tests.proof.roles.threads import OneAtATime
from tests.proof.stories.scenario import DONE
from tests.proof.stories.scenarios import SCENARIOS, Scenario
from tests.proof.world import World

SEED = 20_261_130


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job types afterwards."""
    yield
    forget()


def story(name: str) -> Scenario:
    [found] = [one for one in SCENARIOS if one.name == name]
    return found


def test_jobs_of_one_process_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = list[OneAtATime]()
    begin = OneAtATime.__init__

    def note(self: OneAtATime, *asked: object) -> None:
        begin(self, *asked)  # type: ignore[arg-type]
        processes.append(self)

    monkeypatch.setattr(OneAtATime, "__init__", note)
    for seed in range(4):
        assert execute(Case(story("four jobs side by side")), in_memory, SEED + seed).broken == []
    assert sum(process.overlapped for process in processes) > 4
    processes.clear()
    played = episode(THREADED - 1 + 70, hours=24)
    assert played.broken == []
    assert played.woken > 0
    assert sum(process.overlapped for process in processes) > 4


def test_a_job_that_is_begun_beside_others_with_no_time_left_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(world: World) -> None:
        world.threads = 4
        for number in range(4):
            world.script[f"job {number}"] = ["long"]
        world.submit_batch({name: {} for name in world.script})
        world.rest()

    def told() -> list[str]:
        known = Scenario("each takes nearly all the time", play, DONE, batch=4)
        lines = (line for seed in range(4) for line in execute(Case(known), in_memory, SEED + seed).broken)
        return [line for line in lines if "begun beside others" in line]

    assert told() == []
    monkeypatch.setattr("chalicelib.worker.batch.CLAIM_GUARD", -1000.0)
    assert told()


def test_a_job_that_ends_its_process_again_beside_others_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    each_time = "one of several uses up the memory each time"
    known, fresh = [story(each_time)], [story(f"{each_time} and their messages are lost")]

    def lost(deadly: list[Scenario]) -> int:
        told = (line for one in visit(in_memory, SEED, scenarios=deadly, duplicates=[False]) for line in one.broken)
        return sum("lost because of another one" in line for line in told)

    assert (lost(known), lost(fresh)) == (0, 0)
    handle = Worker.handle
    monkeypatch.setattr(Worker, "handle", lambda *asked, **more: handle(*asked, **{**more, "alone": True}))
    assert (lost(known), lost(fresh) > 0) == (0, True)
    monkeypatch.setattr(Messages, "_runs_alone", lambda *_: False)
    assert lost(known) > 0
