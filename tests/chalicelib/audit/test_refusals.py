"""Test how refused requests are counted: a flood costs a fixed number of writes, and the caller notices nothing."""

from collections import Counter

import pytest

from chalicelib.audit.constants import MOST_REFUSAL_WRITES, REFUSAL_WRITES_OF_ONE
from chalicelib.audit.memory import MemoryAudit
from chalicelib.audit.refusals import OTHERS, Refusals
from chalicelib.audit.rule import Refused, Which
from tests.support import T0, Clock


class Metered(MemoryAudit):
    """A store that counts writes, and may be down."""

    def __init__(self) -> None:
        super().__init__()
        self.writes, self.down = 0, False

    def add_refusals(self, counted: Refused) -> None:
        self.writes += 1
        if self.down:
            raise TimeoutError
        super().add_refusals(counted)


def numbers(log: MemoryAudit, now: float) -> Counter[str]:
    counted: Counter[str] = Counter()
    for row in log.refusals(Which(), 1000, now).rows:
        counted[row.who] += row.number
    return counted


@pytest.fixture
def clock() -> Clock:
    return Clock(int(T0 // 60) * 60)


def test_one_caller_costs_few_writes_and_the_number_is_more_than_half(clock: Clock) -> None:
    log = Metered()
    refusals = Refusals(log, clock)
    for sent in range(1, 1001):
        refusals.count("203.0.113.9", "unknown token")
        assert sent / 2 <= numbers(log, clock())["203.0.113.9"] <= sent
    assert log.writes <= 11


def test_what_was_left_is_stored_in_the_next_minute(clock: Clock) -> None:
    log = Metered()
    refusals = Refusals(log, clock)
    for _ in range(100):
        refusals.count("203.0.113.9", "unknown token")
    clock.advance(60)
    refusals.count("203.0.113.10", "unknown token")
    assert numbers(log, clock()) == {"203.0.113.9": 100, "203.0.113.10": 1}


def test_a_flood_from_many_addresses_costs_a_fixed_number_of_writes_a_minute(clock: Clock) -> None:
    log = Metered()
    refusals = Refusals(log, clock)
    for minute in range(1, 4):
        for sender in range(3000):
            refusals.count(f"10.0.{sender // 250}.{sender % 250}", "unknown token")
        assert log.writes <= MOST_REFUSAL_WRITES * minute
        assert len(refusals._waiting) + len(refusals._stored) <= 4 * MOST_REFUSAL_WRITES, "memory is bounded, too"
        clock.advance(60)
    assert numbers(log, clock())[OTHERS] > 0


def test_while_the_table_is_down_nothing_is_raised_and_one_write_a_minute_is_tried(clock: Clock) -> None:
    log = Metered()
    log.down = True
    refusals = Refusals(log, clock)
    for minute in range(1, 4):
        for sender in range(1000):
            refusals.count(f"10.0.0.{sender}", "unknown token", known=sender % 2 == 0)
        assert log.writes == minute
        clock.advance(60)


def test_one_answer_waits_for_few_writes_whatever_the_last_minute_has_left(clock: Clock) -> None:
    log = Metered()
    refusals = Refusals(log, clock)
    for _ in range(2):
        for sender in range(100):
            refusals.count(f"10.0.0.{sender}", "unknown token")
    clock.advance(60)
    for _ in range(8):
        before = log.writes
        refusals.count("10.0.1.1", "unknown token")
        assert log.writes - before <= REFUSAL_WRITES_OF_ONE


def test_a_flood_from_many_addresses_does_not_hide_a_token(clock: Clock) -> None:
    log = Metered()
    refusals = Refusals(log, clock)
    for sender in range(1000):
        refusals.count(f"10.0.{sender // 250}.{sender % 250}", "unknown token")
    refusals.count("0123456789abcdef", "Forbidden", known=True)
    assert numbers(log, clock())["0123456789abcdef"] == 1
