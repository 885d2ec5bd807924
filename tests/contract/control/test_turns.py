"""Test every plan of starts: slots one after the other, turns in a queue, and nothing is given twice."""

import itertools
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.job_types.constants import TURNS_APART
from chalicelib.job_types.rate import Rate
from chalicelib.limits.dynamo import DynamoTurns, PlanRow
from chalicelib.limits.memory import MemoryTurns
from chalicelib.limits.port import Turns
from chalicelib.settings import Settings
from tests.contract.conftest import LoseReply, either
from tests.support import T0, requests_to

TYPE = "email.send"
RATE = Rate(10)
APART = RATE.apart


def moments(expected: Sequence[float]) -> Any:
    """Return the times, in milliseconds: relative to 1970, a minute more or less would look equal."""
    return pytest.approx(expected, rel=0, abs=1e-3)


turns = either(MemoryTurns, DynamoTurns)


class Behind(DynamoTurns):
    """A plan whose reads, unless they are consistent, return the row as it was at `begin`."""

    def begin(self) -> None:
        """Keep a copy of the row."""
        self._old = self._read(TYPE)

    def _read(self, job_type: str, *, consistent: bool = True) -> PlanRow:
        row = super()._read(job_type, consistent=consistent)
        if consistent:
            return row
        self._known[job_type] = self._old
        return self._old


def test_slots_follow_each_other(turns: Turns) -> None:
    assert turns.slots(TYPE, RATE, 1, T0, T0 + 5) == [T0]
    assert turns.slots(TYPE, RATE, 2, T0, T0 + 5) == moments([T0 + APART, T0 + 2 * APART])


def test_after_a_lull_they_begin_now(turns: Turns) -> None:
    turns.slots(TYPE, RATE, 3, T0, T0 + 5)
    assert turns.slots(TYPE, RATE, 1, T0 + 60, T0 + 65) == [T0 + 60]


def test_a_burst_lets_the_first_ones_start_together(turns: Turns) -> None:
    rate = Rate(10, burst=10)
    slots = turns.slots(TYPE, rate, 12, T0, T0 + 5)
    together = sum(slot == T0 for slot in slots)
    assert together == 1 + int(rate.ahead / rate.apart)
    assert together > 3


def test_a_slot_that_would_be_too_late_is_not_taken(turns: Turns) -> None:
    turns.slots(TYPE, RATE, 5, T0, T0 + 5)
    before = turns.taken(TYPE)
    assert turns.slots(TYPE, RATE, 1, T0, T0 + 4 * APART) == []
    assert turns.slots(TYPE, RATE, 2, T0, T0 + 5 * APART) == []
    assert turns.taken(TYPE) == before
    assert turns.slots(TYPE, RATE, 1, T0, T0 + 5 * APART + 0.001) == moments([T0 + 5 * APART])


def test_turns_queue_up_behind_each_other_and_behind_the_slots(turns: Turns) -> None:
    apart = TURNS_APART * APART
    assert turns.turns(TYPE, RATE, 2, T0 + 9) == moments([T0 + 9, T0 + 9 + apart])
    assert turns.turns(TYPE, RATE, 1, T0) == moments([T0 + 9 + 2 * apart])
    assert turns.slots(TYPE, RATE, 1, T0, T0 + 5) == [T0]
    taken = turns.taken(TYPE)
    assert (taken.slots_to, taken.turns_to) == moments((T0 + APART, T0 + 9 + 3 * apart))


def test_turns_of_jobs_that_are_gone_are_forgotten_unless_others_came(turns: Turns) -> None:
    turns.turns(TYPE, RATE, 2, T0 + 9)
    seen = turns.taken(TYPE).turns_to
    turns.turns(TYPE, RATE, 1, T0 + 9)
    turns.forget(TYPE, seen)
    assert turns.taken(TYPE).turns_to > seen
    turns.forget(TYPE, turns.taken(TYPE).turns_to)
    assert turns.taken(TYPE).turns_to == 0.0
    assert turns.turns(TYPE, RATE, 1, T0) == [T0]


def test_types_are_apart(turns: Turns) -> None:
    turns.slots(TYPE, RATE, 5, T0, T0 + 5)
    assert turns.slots("image.process", RATE, 1, T0, T0 + 5) == [T0]


def test_no_slot_is_given_out_twice_among_many_at_once(cloud: Settings) -> None:
    workers = [DynamoTurns(cloud) for _ in range(8)]
    for worker in workers:  # all workers have read the plan before the first start
        worker.taken(TYPE)
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda worker: [worker.slots(TYPE, RATE, 1, T0, T0 + 60)[0] for _ in range(6)], workers)
    assert sorted(itertools.chain(*found)) == moments([T0 + n * APART for n in range(48)])


def test_a_slot_that_another_worker_took_meanwhile_is_not_given_out_again(cloud: Settings) -> None:
    first, second = DynamoTurns(cloud), DynamoTurns(cloud)
    # before the first start, and after a time without jobs: both workers have read the current plan
    for at in (T0, T0 + 60):
        assert first.taken(TYPE) == second.taken(TYPE)
        assert first.slots(TYPE, RATE, 1, at, at + 5) == [at]
        assert second.slots(TYPE, RATE, 1, at, at + 5) == moments([at + APART])


def test_a_slot_is_one_write_while_the_worker_knows_where_the_plan_is(cloud: Settings) -> None:
    turns = DynamoTurns(cloud)
    turns.slots(TYPE, RATE, 1, T0, T0 + 5)
    with requests_to("dynamodb") as made:
        turns.slots(TYPE, RATE, 1, T0, T0 + 5)
        turns.slots(TYPE, RATE, 1, T0 + 60, T0 + 65)
    assert made == ["UpdateItem"] * 2


def test_what_a_refused_slot_has_read_is_not_lost_to_a_read_that_is_older(cloud: Settings) -> None:
    """Otherwise a worker would claim and return one job after the other until its copy is current."""
    first, second = DynamoTurns(cloud), Behind(cloud)
    second.begin()
    first.slots(TYPE, RATE, 50, T0, T0 + 9)
    assert second.taken(TYPE).slots_to == 0.0
    assert second.slots(TYPE, RATE, 1, T0, T0 + 4) == []
    with requests_to("dynamodb") as made:
        assert [second.taken(TYPE).slots_to] == moments([T0 + 50 * APART])
        assert second.slots(TYPE, RATE, 1, T0, T0 + 6) == moments([T0 + 50 * APART])
    assert made == ["GetItem", "UpdateItem"]


def test_a_read_that_is_newer_counts(cloud: Settings) -> None:
    first, second = DynamoTurns(cloud), DynamoTurns(cloud)
    first.slots(TYPE, RATE, 1, T0, T0 + 5)
    first.turns(TYPE, RATE, 3, T0 + 9)
    second.slots(TYPE, RATE, 2, T0, T0 + 5)
    assert first.taken(TYPE) == second.taken(TYPE)
    second.forget(TYPE, second.taken(TYPE).turns_to)
    assert first.taken(TYPE).turns_to == 0.0


@pytest.mark.parametrize("number", [1, 3])
def test_a_write_whose_reply_was_lost_takes_its_slots_once(cloud: Settings, lose_reply: LoseReply, number: int) -> None:
    turns = DynamoTurns(cloud)
    turns.slots(TYPE, RATE, 1, T0, T0 + 5)
    lost = lose_reply("UpdateItem")
    taken = turns.slots(TYPE, RATE, number, T0, T0 + 5)
    assert lost
    assert taken == moments([T0 + n * APART for n in range(1, number + 1)])
    assert turns.slots(TYPE, RATE, 1, T0, T0 + 5) == moments([T0 + (number + 1) * APART])


CALLS = st.lists(
    st.tuples(st.sampled_from(["slots", "turns", "forget"]), st.integers(1, 4), st.integers(0, 60), st.integers(0, 8)),
    max_size=14,
)


@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rate=st.sampled_from([Rate(10), Rate(500), Rate(3, per=10, burst=2), Rate(1, per=3600)]), calls=CALLS)
def test_both_plan_alike(cloud: Settings, rate: Rate, calls: list[tuple[str, int, int, int]]) -> None:
    name = str(uuid.uuid4())  # each example has its own row
    memory, dynamo = MemoryTurns(), DynamoTurns(cloud)
    for call, count, at, more in calls:
        if call == "slots":
            expected = memory.slots(name, rate, count, T0 + at, T0 + at + more)
            assert dynamo.slots(name, rate, count, T0 + at, T0 + at + more) == pytest.approx(expected, abs=1e-4)
        elif call == "turns":
            expected = memory.turns(name, rate, count, T0 + at)
            assert dynamo.turns(name, rate, count, T0 + at) == pytest.approx(expected, abs=1e-4)
        else:
            for plan in (memory, dynamo):
                plan.forget(name, plan.taken(name).turns_to)
