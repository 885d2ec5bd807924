"""A finished attempt is written down although AWS refuses for a while; the invocation's end bounds the tries."""

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.errors import JobNotFound, MoveRefused
from chalicelib.jobs import job as j
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Job, Status
from chalicelib.worker.persist import LONGEST, SETTLE_RESERVE, Persistence
from tests.chalicelib.worker.one_type import OneType
from tests.support import a_job


@pytest.mark.parametrize("error", [MoveRefused("complete", None), JobNotFound("j")])
def test_what_a_repeat_cannot_change_is_raised_at_once(error: Exception) -> None:
    def write() -> str:
        raise error

    with pytest.raises(type(error)):
        Persistence(lambda: 60.0, lambda _: pytest.fail("no second try")).write(a_job(), write)


class Refusing(MemoryJobStore):
    """A store that does not take a completion so many times."""

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
    assert SETTLE_RESERVE <= ends - world.clock.now <= SETTLE_RESERVE + LONGEST
    assert (world.job().status, world.ran, len(world.waiting())) == (Status.PROCESSING, [(1, 1)], 1)
    world.clock.advance(world.timeout)
    world.poll()
    assert (world.job().status, world.job().error_class) == (Status.DEAD_LETTER, "WorkerLost")
    assert world.ran == [(1, 1)], "the only attempt was made"
