"""Workers that die, stall or meet: what the lease, the fence and the history make of it."""

from collections.abc import Callable

import pytest

from chalicelib.job_types.context import JobContext
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Message
from tests.chalicelib.worker.one_type import OneType, die, raising
from tests.proof.grounds.faults import Crash


@pytest.mark.parametrize("history", ["kept", "refused"])
def test_a_killed_worker_is_taken_over_after_its_lease_and_the_lost_attempt_is_on_record(
    world: OneType, monkeypatch: pytest.MonkeyPatch, history: str
) -> None:
    world.submit()
    world.script = [die]
    with pytest.raises(Crash):
        world.poll()
    assert world.job().status is Status.PROCESSING
    world.clock.now += 74
    assert world.poll() == 0, "trimmed to the invocation's end and 15 s"
    world.clock.now += 2
    with monkeypatch.context() as refusing:
        if history == "refused":
            refusing.setattr(world.store, "record", raising(ConnectionError()))
        world.poll()
    assert (world.job().status, world.job().attempts) == (Status.COMPLETED, 2)
    assert [a.outcome for a in world.store.view("job-1").attempts] == (["lost"] if history == "kept" else [])
    assert world.ran == [(1, 1), (1, 2)]


def test_a_crash_loop_ends_in_the_dead_letter_queue(world: OneType) -> None:
    world.submit(max_attempts=2)
    world.script = [die, die]
    for _ in range(2):
        with pytest.raises(Crash):
            world.poll()
        world.clock.now += 76
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.DEAD_LETTER, "WorkerLost")
    while world.waiting():
        world.poll()
    assert len(world.dead()) == 1
    assert len(world.ran) == 2


def test_a_duplicate_under_a_live_lease_waits_and_is_acknowledged_when_the_job_is_done(world: OneType) -> None:
    world.submit()
    world.queue.send(Message("job-1", 1, "test.note"))
    first, second = world.queue.receive("test.note")

    def meet_the_duplicate(_: JobContext) -> object:
        world.deliver([second])
        return "done"

    world.script = [meet_the_duplicate]
    world.deliver([first])
    assert world.ran == [(1, 1)]
    assert len(world.waiting()) == 1, "a duplicate is never acknowledged while another holds the job"
    world.clock.now += 70
    world.poll()
    assert (world.waiting(), world.ran) == ([], [(1, 1)])


@pytest.mark.parametrize("look", [lambda ctx: ctx.check_cancelled(), lambda ctx: ctx.progress(50)])
@pytest.mark.parametrize("successor", ["is done", "is at it"])
def test_a_holder_that_lost_its_job_stops_at_its_next_look(
    world: OneType, look: Callable[[JobContext], object], successor: str
) -> None:
    went_on: list[str] = []

    def stall(ctx: JobContext) -> object:
        world.clock.now += 400
        if successor == "is done":
            world.poll()
        else:
            with pytest.raises(Crash):
                world.poll()
        look(ctx)
        went_on.append("with side effects beside its successor's")
        return "late"

    world.submit()
    world.script = [stall, (lambda _: "in time") if successor == "is done" else die]
    world.poll()
    assert went_on == []
    while world.job().status is not Status.COMPLETED:
        world.clock.now += 76
        world.poll()
    assert world.job().result == ("in time" if successor == "is done" else "done")
