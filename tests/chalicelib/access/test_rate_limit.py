"""The rate limiter over memory and over DynamoDB: exact, forgiving, and out of the way when its table is down."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.access.port import RateWindows, Window
from chalicelib.access.rate_limit import RateLimiter
from chalicelib.adapters.dynamo.control.rate_windows import DynamoRateWindows
from chalicelib.adapters.memory.jobs import MemoryRateWindows
from chalicelib.errors import RateLimited
from tests.support import T0, Clock

LIMIT = 60
HERE, THERE = "203.0.113.9", "203.0.113.10"


class Counting:
    """Windows that say how often they were asked."""

    def __init__(self, windows: RateWindows) -> None:
        self.windows = windows
        self.hits = 0
        self.forgiven = 0

    def hit(self, address: str, start: int, length: int, by: int = 1) -> Window:
        self.hits += 1
        return self.windows.hit(address, start, length, by)

    def forgive(self, address: str, start: int) -> None:
        self.forgiven += 1
        self.windows.forgive(address, start)


class Down:
    """A table that does not answer."""

    def hit(self, address: str, start: int, length: int, by: int = 1) -> Window:
        raise ConnectionError

    def forgive(self, address: str, start: int) -> None:
        raise ConnectionError


class Grudging(MemoryRateWindows):
    """A table that fails just when a refused request should be taken out again."""

    def forgive(self, address: str, start: int) -> None:
        raise ConnectionError


@pytest.fixture(params=["memory", "dynamodb"])
def windows(request: pytest.FixtureRequest) -> RateWindows:
    """Both adapters; DynamoDB's over the emulator."""
    return MemoryRateWindows() if request.param == "memory" else DynamoRateWindows(request.getfixturevalue("cloud"))


def let_in(limiter: RateLimiter, address: str = HERE) -> bool:
    try:
        limiter.check(address)
    except RateLimited:
        return False
    return True


def test_two_hundred_at_once_admit_exactly_sixty(windows: RateWindows) -> None:
    limiters = [RateLimiter(windows, LIMIT, 60, Clock()) for _ in range(4)]
    with ThreadPoolExecutor(50) as pool:
        admitted = list(pool.map(lambda n: let_in(limiters[n % 4]), range(200)))
    assert sum(admitted) == LIMIT


def test_addresses_do_not_share(windows: RateWindows) -> None:
    limiter = RateLimiter(windows, 2, 60, Clock())
    assert [let_in(limiter), let_in(limiter), let_in(limiter), let_in(limiter, THERE)] == [True, True, False, True]


def test_insisting_costs_no_writes_and_no_time(windows: RateWindows) -> None:
    clock, counted = Clock(), Counting(windows)
    limiter = RateLimiter(counted, LIMIT, 60, clock)
    assert sum(let_in(limiter) for _ in range(500)) == LIMIT
    assert (counted.hits, counted.forgiven) == (LIMIT + 1, 1)

    clock.now = T0 + 60.9
    assert not let_in(limiter)
    clock.now = T0 + 61
    assert let_in(limiter)
    assert not let_in(limiter)


def test_requests_refused_by_other_processes_keep_nobody_out(windows: RateWindows) -> None:
    clock = Clock()
    for _ in range(300):
        let_in(RateLimiter(windows, LIMIT, 60, clock))
    clock.now = T0 + 61
    assert let_in(RateLimiter(windows, LIMIT, 60, clock))


def test_the_rate_is_kept_over_a_quarter_of_an_hour(windows: RateWindows) -> None:
    clock = Clock()
    limiter = RateLimiter(windows, LIMIT, 60, clock)
    admitted = []
    for _ in range(1800):
        admitted.append(let_in(limiter))
        clock.now += 0.5
    assert admitted[:60] == [True] * 60
    # those who wait as they are told, in whole seconds, lose a little
    assert 14.5 * LIMIT <= sum(admitted) <= 16 * LIMIT


def test_a_refusal_says_how_long() -> None:
    limiter = RateLimiter(MemoryRateWindows(), 1, 60, clock := Clock())
    limiter.check(HERE)
    with pytest.raises(RateLimited) as refused:
        limiter.check(HERE)
    assert refused.value.retry_after == 120
    clock.now += 0.5
    with pytest.raises(RateLimited) as again:
        limiter.check(HERE)
    assert again.value.retry_after == 120


def test_zero_is_no_limit_and_asks_nothing() -> None:
    counted = Counting(MemoryRateWindows())
    limiter = RateLimiter(counted, 0, 60, Clock())
    assert all(let_in(limiter) for _ in range(100))
    assert counted.hits == 0


def test_an_outage_lets_everything_in_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    limiter = RateLimiter(Down(), 1, 60, Clock())
    assert all(let_in(limiter) for _ in range(3))
    assert [record.message for record in caplog.records] == ["rate_limit.unavailable"] * 3
    assert HERE not in caplog.text


def test_an_outage_in_the_middle_of_a_refusal_is_still_a_refusal() -> None:
    limiter = RateLimiter(Grudging(), 1, 60, Clock())
    assert (let_in(limiter), let_in(limiter)) == (True, False)
