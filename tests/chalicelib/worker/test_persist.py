"""A finished attempt is written down although AWS refuses for a while; the invocation's end bounds the tries."""

from collections.abc import Callable

import pytest

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.errors import JobNotFound, MoveRefused
from chalicelib.jobs import job as j
from chalicelib.jobs.change import Change
from chalicelib.jobs.job import Job, Status
from chalicelib.worker.persist import LONGEST, SETTLE_RESERVE, Persistence
from tests.chalicelib.worker.one_type import OneType
from tests.support import Clock, a_job


def failing(times: int, error: Exception) -> Callable[[], str]:
    """A write that fails so many times."""
    errors = iter([error] * times)

    def write() -> str:
        refused = next(errors, None)
        if refused is not None:
            raise refused
        return "written"

    return write


def test_a_write_is_repeated_with_growing_pauses_until_it_succeeds() -> None:
    clock, slept = Clock(), list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    end = clock.now + 60
    assert Persistence(lambda: end - clock.now, sleep).write(a_job(), failing(7, ConnectionError())) == "written"
    assert slept == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_it_gives_up_shortly_before_the_invocation_ends() -> None:
    clock = Clock()
    end = clock.now + 60
    with pytest.raises(ConnectionError):
        Persistence(lambda: end - clock.now, clock.advance).write(a_job(), failing(10_000, ConnectionError()))
    assert 3.0 <= end - clock.now <= 8.0


@pytest.mark.parametrize("error", [MoveRefused("complete", None), JobNotFound("j")])
def test_what_a_repeat_cannot_change_is_raised_at_once(error: Exception) -> None:
    def sleep(_: float) -> None:
        raise AssertionError("no second try")

    with pytest.raises(type(error)):
        Persistence(lambda: 60.0, sleep).write(a_job(), failing(1, error))


class Refusing(MemoryJobStore):
    """A store that does not take a completion so many times."""

    refusals = 0

    def apply(self, job_id: str, change: Change) -> Job:
        if change.move is j.COMPLETE and self.refusals > 0:
            self.refusals -= 1
            raise ConnectionError
        return super().apply(job_id, change)


def refuse_completions(world: OneType, times: int) -> None:
    """Let the store of the worker refuse so many completions."""
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
