"""Test the numbers of the platform."""

from collections.abc import Iterator

import pytest

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.constants import MOST_QUEUES_ASKED
from chalicelib.counters.port import Standing
from chalicelib.counters.snapshot import MetricsReader, expected, summarise
from chalicelib.job_types.constants import TURNS_APART
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Depth, Message
from chalicelib.limits.memory import MemoryTurns
from tests.chalicelib.api.support import NOTE, OTHER, T0, Clock, Note, only_types

TOTALS = {
    ("test.note", Status.QUEUED): 3,
    ("test.note", Status.FAILED): 2,
    ("test.other", Status.QUEUED): 5,
    ("test.other", Status.RETRYING): 1,
    ("test.other", Status.SCHEDULED): 2,
    ("gone.type", Status.COMPLETED): 7,
}


class Counted(MemoryCounters):
    """Counters that count their reads."""

    reads = 0

    def standing(self) -> Standing:
        self.reads += 1
        return Standing(TOTALS)


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    with only_types(NOTE, OTHER):
        yield


def test_the_whole_is_the_sum_of_the_types() -> None:
    depths = {"test.note": Depth(1, 2, 3, 4), "test.other": Depth(10, 20, 30, 40)}
    metrics = summarise(Standing(TOTALS), depths, T0)

    assert metrics.whole.depth == Depth(11, 22, 33, 44)
    assert metrics.whole.queue_length == 33
    assert metrics.whole.total_jobs == sum(numbers.total_jobs for numbers in metrics.by_type.values()) == 20
    assert (metrics.whole.active_jobs, metrics.whole.retry_queue_length) == (9, 1), (
        "what is scheduled is not active yet"
    )
    assert list(metrics.by_type) == ["gone.type", "test.note", "test.other"]
    assert metrics.by_type["gone.type"].depth == Depth()
    assert set(metrics.by_type["test.note"].by_status) == set(Status)


class Unasked(MemoryJobQueue):
    """Queues that must not be read."""

    def depth(self, job_type: str) -> Depth:
        raise AssertionError(job_type)


def test_many_types_are_told_by_their_jobs_and_no_queue_is_asked() -> None:
    kinds = [JobType(f"test.t{n}", lambda payload, ctx: None, Note) for n in range(MOST_QUEUES_ASKED - 1)]
    with only_types(NOTE, OTHER, *kinds):
        metrics = MetricsReader(Counted(), Unasked(), Clock()).read()
    assert metrics.by_type["test.other"].depth == Depth(visible=5, in_flight=1)
    assert metrics.by_type["test.note"].queue_length == 3
    busy = {(NOTE.name, Status.PROCESSING): 4, (NOTE.name, Status.RETRYING): 3, (NOTE.name, Status.DEAD_LETTER): 2}
    assert expected(Standing(busy), NOTE.name) == Depth(in_flight=7, dead=2)


def test_a_second_of_askers_costs_one_reading() -> None:
    clock, counted = Clock(), Counted()
    queue = MemoryJobQueue(clock)
    reader = MetricsReader(counted, queue, clock)
    first = reader.read()
    queue.send(Message("x", 1, "test.note"))
    clock.now += 0.9
    assert reader.read() is first
    clock.now += 0.1
    assert reader.read().whole.queue_length == 1
    assert counted.reads == 2
    clock.now -= 100
    assert reader.read().as_of == clock.now, "a clock that goes back does not freeze the numbers"


def test_a_rate_tells_how_long_its_type_has_to_do() -> None:
    """The time includes the turns that were given, and a slot for each job that waits to be received."""
    clock, rate, turns = Clock(), Rate(1, per=60), MemoryTurns()
    queue = MemoryJobQueue(clock)
    paced = JobType("test.paced", lambda payload, ctx: None, Note, rate=rate)
    with only_types(NOTE, paced):
        reader = MetricsReader(Counted(), queue, clock, lambda name: turns.taken(name).turns_to)
        assert reader.read().by_type["test.paced"].paced_for == 0.0
        turns.turns("test.paced", rate, 100, clock.now)
        for name in ("a", "b"):
            queue.send(Message(name, 1, "test.paced"))
        clock.now += 60
        by_type = reader.read().by_type
    assert by_type["test.paced"].paced_for == round(100 * TURNS_APART * rate.apart - 60 + 2 * rate.apart, 1)
    assert by_type["test.note"].paced_for is None
