"""Test workers that die, stall or get the same job, with the lease, the fencing token and the history."""

from collections.abc import Callable

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.errors import JobNotFound, MoveRefused
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.rate import Rate
from chalicelib.jobs import job as j
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Change, Claimant
from chalicelib.jobs.job import TAKE_OVER, Job, Status
from chalicelib.jobs.port import Message
from chalicelib.limits.memory import MemoryTurns
from chalicelib.limits.rate import Pacing
from chalicelib.worker.constants import LONGEST_SETTLE_PAUSE, SETTLE_RESERVE
from chalicelib.worker.persist import Persistence
from tests.chalicelib.worker.one_type import OneType, die, raising
from tests.proof.grounds.faults import Crash
from tests.support import T0, a_job


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


def test_of_two_that_take_over_at_once_one_keeps_its_message(world: OneType, monkeypatch: pytest.MonkeyPatch) -> None:
    world.submit()
    world.script = [die]
    with pytest.raises(Crash):
        world.poll()
    world.clock.advance(400)
    apply, lost = world.store.apply, world.job()

    def overtaken(job_id: str, change: Change) -> Job:
        if change.move is TAKE_OVER:
            monkeypatch.setattr(world.store, "apply", apply)
            end = world.clock.now + 65
            apply(job_id, transitions.take_over(lost, now=world.clock.now, lease_until=end, by=Claimant("another")))
        return apply(job_id, change)

    monkeypatch.setattr(world.store, "apply", overtaken)
    world.poll()
    assert (world.ran, world.job().attempts, len(world.waiting())) == ([(1, 1)], 2, 1)


@pytest.mark.parametrize("look", [lambda ctx: ctx.check_cancelled(), lambda ctx: ctx.progress(50)])
def test_a_holder_that_lost_its_job_stops_at_its_next_look(
    world: OneType, look: Callable[[JobContext], object]
) -> None:
    went_on: list[str] = []

    def stall(ctx: JobContext) -> object:
        world.clock.now += 400
        world.poll()
        look(ctx)
        went_on.append("with side effects beside its successor's")
        return "late"

    world.submit()
    world.script = [stall, lambda _: "in time"]
    world.poll()
    assert (went_on, world.job().result) == ([], "in time")


def test_a_job_that_does_not_start_has_no_start_of_one_before_it() -> None:
    one = OneType(script=[die])
    pacing = Pacing.of(one.kind, Rate(10), MemoryTurns(), one.store, one.clock, one.clock.advance)
    one.worker.starts = pacing
    one.submit()
    with pytest.raises(Crash):
        one.poll()
    one.clock.advance(30)
    one.store.add(Job("job-2", "test.note", Status.QUEUED, T0, T0, payload={"text": 7}, due_at=T0 + 60))
    one.queue.send(Message("job-2", 1, "test.note"))
    one.poll()
    assert [attempt.started_at for attempt in one.store.view("job-2").attempts] == [one.clock.now]
    assert pacing.longest is None


@pytest.mark.parametrize("error", [MoveRefused("complete", None), JobNotFound("j")])
def test_what_a_repeat_cannot_change_is_raised_at_once(error: Exception) -> None:
    def write() -> str:
        raise error

    with pytest.raises(type(error)):
        Persistence(lambda: 60.0, lambda _: pytest.fail("no second try")).write(a_job(), write)


class Refusing(MemoryJobStore):
    """A store that refuses a completion this many times."""

    refusals = 0

    def apply(self, job_id: str, change: Change) -> Job:
        if change.move is j.COMPLETE and self.refusals > 0:
            self.refusals -= 1
            raise ConnectionError
        return super().apply(job_id, change)


def refuse_completions(world: OneType, times: int) -> None:
    world.store = world.worker.store = store = Refusing(world.clock)
    store.refusals = times


def test_a_worker_completes_a_job_although_the_store_refuses_it_a_few_times(world: OneType) -> None:
    refuse_completions(world, 3)
    world.submit(max_attempts=1)
    world.poll()
    assert (world.job().status, world.job().result, world.ran) == (Status.COMPLETED, "done", [(1, 1)])
    assert world.waiting() == [], "in the same invocation: the message is acknowledged"


def test_a_worker_stops_trying_shortly_before_its_invocation_ends_and_the_job_is_as_if_it_had_died(
    world: OneType,
) -> None:
    refuse_completions(world, 1000)
    world.submit(max_attempts=1)
    ends = world.clock.now + world.timeout
    world.poll()
    assert SETTLE_RESERVE <= ends - world.clock.now <= SETTLE_RESERVE + LONGEST_SETTLE_PAUSE
    assert (world.job().status, world.ran, len(world.waiting())) == (Status.PROCESSING, [(1, 1)], 1)
    world.clock.advance(world.timeout)
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.DEAD_LETTER, "WorkerLost")
    assert world.ran == [(1, 1)], "the only attempt was made"
