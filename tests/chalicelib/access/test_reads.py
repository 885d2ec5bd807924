"""Test the read limits of a request and of a token: another token is served while the first one is over its limit."""

import math
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from chalicelib.access.reads import ReadLimiter, counting, spend
from chalicelib.adapters.memory.jobs import MemoryRateWindows
from chalicelib.errors import InvalidRequest, ReadsLimited
from tests.chalicelib.access.test_rate_limit import Counting, Down
from tests.support import Clock

LIMIT = 1000


@pytest.fixture
def limiter(clock: Clock) -> ReadLimiter:
    return ReadLimiter(MemoryRateWindows(), LIMIT, 60, clock)


def test_a_request_is_stopped_when_it_has_taken_what_one_may() -> None:
    with counting(10) as spent:
        spend(6)
        with pytest.raises(InvalidRequest) as told:
            spend(6)
    assert spent.units == 12
    assert told.value.errors[0].loc == ("query",)
    spend(1_000_000)  # nothing is counted, because there is no limit


def test_reads_of_threads_count_for_their_request() -> None:
    with counting(math.inf) as spent, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda context: context.run(spend, 1), [copy_context() for _ in range(20)]))
    assert spent.units == 20


def test_a_token_that_has_read_too_much_waits_and_others_do_not(limiter: ReadLimiter, clock: Clock) -> None:
    for _ in range(11):
        limiter.check("greedy")
        limiter.spent("greedy", LIMIT / 10)
    with pytest.raises(ReadsLimited) as refused:
        limiter.check("greedy")
    limiter.check("modest")
    clock.advance(refused.value.retry_after)
    limiter.check("greedy")


def test_every_process_counts_into_the_same_window(clock: Clock) -> None:
    windows = MemoryRateWindows()
    processes = [ReadLimiter(windows, LIMIT, 60, clock) for _ in range(4)]
    read = refused = 0
    for one in processes * 100:
        try:
            one.check("greedy")
        except ReadsLimited:
            refused += 1
            continue
        one.spent("greedy", LIMIT / 100)
        read += LIMIT // 100
    assert refused > 0
    assert LIMIT <= read <= LIMIT * (1 + len(processes) * (1 / 50 + 1 / 100))


def test_small_reads_of_a_token_are_written_down_together(clock: Clock) -> None:
    windows = Counting(MemoryRateWindows())
    limiter = ReadLimiter(windows, LIMIT, 60, clock)
    for _ in range(19):
        limiter.spent("console", 1)
    assert windows.hits == 0
    limiter.spent("console", 1)
    assert windows.hits == 1


def test_without_a_table_or_a_limit_everybody_reads(clock: Clock) -> None:
    for limiter in (ReadLimiter(Down(), LIMIT, 60, clock), ReadLimiter(MemoryRateWindows(), 0, 60, clock)):
        limiter.spent("any", 10 * LIMIT)
        limiter.check("any")
