"""Check the cost of a limit: the units of each write and the requests, with a free place, and for a job that waits."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.job_types import jobtype
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.rate import Rate
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job
from chalicelib.limits.dynamo import DynamoPlaces
from chalicelib.limits.ids import limit_of, limits_of
from chalicelib.limits.places import Full, Limit
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import Lines, limited
from chalicelib.settings import Settings
from infra.cloud.cost.limits import FREE_UNITS, RATE_UNITS, TURN_READS, TURN_UNITS, WAIT_READS, WAIT_UNITS
from tests.chalicelib.adapters.dynamo.meter import metered
from tests.chalicelib.adapters.dynamo.test_cost import claim, real_job
from tests.chalicelib.api.support import Note, only_types
from tests.support import T0, Clock, requests_to

PLAIN: JobType[Note, None] = JobType("test.plain", lambda _payload, _ctx: None, Note, limits=(AtMost(1),))


@pytest.fixture
def lines(store: DynamoJobStore, cloud: Settings, clock: Clock) -> Iterator[Lines]:
    clock.now = T0 + 3
    with only_types(replace(PLAIN, name=real_job().type)):
        yield Lines(Dispatcher(store, MemoryJobQueue(clock), clock), DynamoPlaces(cloud, clock))


def claimed(store: DynamoJobStore, job_id: str) -> Job:
    job = replace(real_job(sent=True), id=job_id)
    store.add(job)
    return claim(store, job)


def limit() -> Limit:
    found = limit_of(real_job().type, AtMost(1), None)
    assert found is not None
    return found


ONE, TWO, THREE = (f"6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4{n}" for n in (1, 2, 3))


def free(store: DynamoJobStore, lines: Lines) -> Iterator[None]:
    """Let a job take a free place and leave it, as the second job of its limit."""
    first = claimed(store, ONE)
    assert lines.take(first, [limit()]) is None  # the first job of a limit makes the row
    lines.leave(first, [limit()])
    held = claimed(store, TWO)
    yield
    assert lines.take(held, [limit()]) is None
    lines.leave(held, [limit()])


def both(store: DynamoJobStore, lines: Lines) -> Iterator[None]:
    """Let a job take and leave free places of two limits, as the second job of each."""
    limits = limits_of(real_job().type, [AtMost(1), AtMost(1, shared="openai")], None)
    first = claimed(store, ONE)
    assert lines.take(first, limits) is None
    lines.leave(first, limits)
    held = claimed(store, TWO)
    yield
    assert lines.take(held, limits) is None
    lines.leave(held, limits)


def waiting(store: DynamoJobStore, lines: Lines) -> Iterator[None]:
    """Let a job wait for a place, get it, and take it."""
    first, held = claimed(store, ONE), claimed(store, TWO)
    assert lines.take(first, [limit()]) is None
    yield
    assert lines.take(held, [limit()]) == Full(limit())
    blocked = store.apply(held.id, transitions.block(held, now=T0 + 3, limit=limit().id))
    assert not lines.wait(blocked, limit())
    yield
    lines.leave(first, [limit()])
    yield
    woken = claim(store, blocked)
    assert lines.take(woken, [limit()]) is None


def taking_turns(store: DynamoJobStore, lines: Lines) -> Iterator[None]:
    """Let two jobs of a tenant wait for a place, one after the other, and get a position."""
    kind = jobtype.registered[real_job().type]
    jobtype.registered[kind.name] = replace(kind, fair_by="to")  # until the fixture ends
    first = claimed(store, ONE)
    assert lines.take(first, [limit()]) is None
    for job_id in (TWO, THREE):
        job = replace(real_job(sent=True), id=job_id, tags=("tenant=acme",))
        store.add(job)
        held = claim(store, job)
        yield
        full = lines.take(held, [limit()])
        assert full is not None
        assert full.position is not None
        yield
        store.apply(held.id, transitions.block(held, now=T0 + 3, limit=limit().id, position=full.position))


RATE = Rate(50, per=60)
RATED = replace(PLAIN, limits=(RATE,))


def rated(store: DynamoJobStore, lines: Lines, clock: Clock, *others: AtMost) -> Iterator[None]:
    """Let a job start at a rate, as the second job of its limit, and leave its places."""
    limits = limits_of(real_job().type, [RATE, *others], None)
    for job_id in (ONE, TWO):
        held = claimed(store, job_id)
        if job_id == TWO:
            yield
        assert lines.take(held, limits) is None
        assert lines.start(held, limits, clock.advance, RATED) is None
        lines.leave(held, [one for one in limits if one.rate is None])


def waiting_for_turn(store: DynamoJobStore, lines: Lines, clock: Clock) -> Iterator[None]:
    """Let a job wait for a turn, and start."""
    jobtype.registered[real_job().type] = replace(PLAIN, name=real_job().type, limits=(SLOW,))  # until the fixture ends
    (limit,) = limits_of(real_job().type, [SLOW], None)
    first, held = claimed(store, ONE), claimed(store, TWO)
    assert lines.start(first, [limit], clock.advance, RATED) is None
    yield
    assert lines.start(held, [limit], clock.advance, RATED) == Full(limit)
    blocked = store.apply(held.id, transitions.block(held, now=clock(), limit=limit.id))
    assert not lines.wait(blocked, limit)
    yield
    clock.now += SLOW.apart
    woken = claim(store, blocked, clock.now)
    assert lines.start(woken, [limit], clock.advance, RATED) is None


SLOW = Rate(5, per=3600)


def units(steps: Iterator[None]) -> list[list[tuple[str, int]]]:
    """Return the sort key and the units of each write, by step. A deletion is not measured."""
    return [[(key[-36:], cost) for _, key, cost in meter.readings] for meter in _each(steps, metered)]


def requests(steps: Iterator[None]) -> list[list[str]]:
    return list(_each(steps, lambda: requests_to("dynamodb")))


def _each(steps: Iterator[None], watched: Callable[[], Any]) -> Iterator[Any]:
    next(steps)
    ended = False
    while not ended:
        with watched() as found:
            ended = next(steps, "ended") == "ended"
        yield found


def test_a_free_place_is_two_writes_and_no_read(store: DynamoJobStore, lines: Lines) -> None:
    assert requests(free(store, lines)) == [["UpdateItem", "UpdateItem"]]


def test_a_start_at_a_rate_is_one_write_and_no_read(store: DynamoJobStore, lines: Lines, clock: Clock) -> None:
    assert requests(rated(store, lines, clock)) == [["UpdateItem"]]


def test_the_units_of_a_start_at_a_rate(store: DynamoJobStore, lines: Lines, clock: Clock) -> None:
    assert units(rated(store, lines, clock)) == [[("PLACES", RATE_UNITS)]]


def test_a_rate_before_places_takes_one_write_more(store: DynamoJobStore, lines: Lines, clock: Clock) -> None:
    assert requests(rated(store, lines, clock, AtMost(1))) == [["UpdateItem"] * 4]


def test_the_requests_of_a_job_that_waits_for_its_turn(store: DynamoJobStore, lines: Lines, clock: Clock) -> None:
    waits, started = requests(waiting_for_turn(store, lines, clock))
    # the refused slot, block, line, mark, list; then its turn: row, line, job, grant, wake, mark as sent, line
    assert waits == [
        *["UpdateItem"] * 5, "GetItem", "Query", "BatchGetItem", *["UpdateItem"] * 3, "DeleteItem", "GetItem",
    ]  # fmt: skip
    # the claim, the changed numbers as minutes have passed, the slot; nobody else waits, so the mark is removed
    assert started == ["UpdateItem", "Query", "UpdateItem", "GetItem", "Query", "UpdateItem", "Query", "UpdateItem"]


def test_free_places_of_two_limits_are_four_writes(store: DynamoJobStore, lines: Lines) -> None:
    assert requests(both(store, lines)) == [["UpdateItem"] * 4]


def test_the_units_of_free_places_of_two_limits(store: DynamoJobStore, lines: Lines) -> None:
    assert units(both(store, lines)) == [[("PLACES", 1)] * 4]


def test_a_free_place_is_two_units(store: DynamoJobStore, lines: Lines) -> None:
    assert units(free(store, lines)) == [[("PLACES", 1), ("PLACES", 1)]]
    assert FREE_UNITS == 2


def test_the_requests_of_a_job_that_waits(store: DynamoJobStore, lines: Lines) -> None:
    waits, handed, taken = requests(waiting(store, lines))
    # take, block, line, mark; the first job that waits also puts the limit into the list
    assert waits == ["UpdateItem"] * 5
    assert handed == [
        "UpdateItem", "GetItem", "Query", "BatchGetItem", "UpdateItem", "UpdateItem", "UpdateItem", "DeleteItem",
        "GetItem",
    ]  # fmt: skip
    assert taken == ["UpdateItem", "GetItem"]
    assert sum(name in ("GetItem", "Query", "BatchGetItem") for step in (handed, taken) for name in step) == WAIT_READS


def test_the_units_of_a_job_that_waits(store: DynamoJobStore, lines: Lines) -> None:
    waits, handed, taken = units(waiting(store, lines))
    assert waits == [("PLACES", 1), ("META", 3), (TWO, 1), ("PLACES", 1), (limit().id, 1)]
    assert handed == [("PLACES", 1), ("PLACES", 1), ("META", 3), ("META", 1)]
    assert taken == [("META", 1)]
    listed = left = granted = deleted = 1  # `left` is of the job before, and `granted` is instead of its own write
    whole = sum(cost for step in (waits, handed, taken) for _, cost in step)
    assert whole - listed - left - granted + deleted == WAIT_UNITS


def test_a_position_of_a_tenant_is_two_reads_and_one_write_and_two_for_the_first_one(
    store: DynamoJobStore, lines: Lines
) -> None:
    first, _, second, _ = requests(taking_turns(store, lines))
    refused, reads, writes = ["UpdateItem"], ["GetItem"] * 2, ["UpdateItem"]
    assert first == refused + reads + 2 * writes
    assert second == refused + reads + writes
    assert (len(reads), len(writes)) == (TURN_READS, TURN_UNITS)


def test_the_units_of_a_position(store: DynamoJobStore, lines: Lines) -> None:
    first, blocked, second, _ = units(taking_turns(store, lines))
    assert [cost for _, cost in first] == [1, 1, 1]
    assert [cost for _, cost in second] == [1, TURN_UNITS]
    assert blocked[0] == ("META", 3), "as much as without a position"


def test_the_look_at_a_limit_of_which_a_job_keeps_a_place_while_it_waits_for_another(
    store: DynamoJobStore, cloud: Settings, clock: Clock
) -> None:
    """The watchdog looks: without, and with, a job of a higher priority in the line; then the row stands already."""
    name = real_job().type
    with only_types(replace(PLAIN, name=name, limits=(AtMost(1), AtMost(1, shared="openai")))):
        lines = Lines(Dispatcher(store, MemoryJobQueue(clock), clock), DynamoPlaces(cloud, clock))
        narrow, wide = limits_of(name, [AtMost(1), AtMost(1, shared="openai")], None)
        lines.store.take(wide, THREE, "another job")
        blocks(store, lines, claimed(store, ONE), wide, (narrow,))
        blocks(store, lines, claimed(store, TWO), narrow)
        listed = next(one for one in lines.listed() if one.limit == narrow.id)

        def look() -> list[str]:
            with requests_to("dynamodb") as asked:
                assert lines.look_at(listed, lambda: True)
            return asked

        # the limit, its holders, again to give places, the first row of the line, and whether the mark is still there
        assert look() == ["GetItem", "BatchGetItem", "GetItem", "Query", "GetItem"]
        high = replace(real_job(sent=True, priority="high"), id=THREE)
        store.add(high)
        blocks(store, lines, claim(store, high), narrow)
        raising = ["GetItem", "BatchGetItem", "GetItem", "Query", "BatchGetItem", "UpdateItem", "GetItem"]
        assert look() == raising
        assert look() == raising  # its write is refused
        lines.store.step_out(wide, lines.store.first(wide, {name})[0])
        with metered() as meter:
            lines.look_at(listed, lambda: True)
        assert [(key[-36:], cost) for _, key, cost in meter.readings] == [(ONE, 1)]


def blocks(store: DynamoJobStore, lines: Lines, job: Job, limit: Limit, holds: tuple[Limit, ...] = ()) -> None:
    for one in holds:
        assert lines.store.take(one, job.id, limited(job, T0 + 3).name)
    blocked = store.apply(job.id, transitions.block(job, now=T0 + 3, limit=limit.id))
    assert not lines.wait(blocked, limit, holds)
