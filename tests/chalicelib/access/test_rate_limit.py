"""Test the rate limiter over memory and DynamoDB: it counts exactly, and accepts requests while its table is down."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.access.address import counted_as
from chalicelib.access.port import RateWindows, Window
from chalicelib.access.rate_limit import RateLimiter
from chalicelib.adapters.dynamo.control.rate_windows import DynamoRateWindows
from chalicelib.adapters.memory.jobs import MemoryRateWindows
from chalicelib.errors import RateLimited
from tests.support import T0, Clock

LIMIT = 60
HERE = "203.0.113.9"


class Counting:
    """Windows that count their requests."""

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
    """A table that fails when a refused request is subtracted again."""

    def forgive(self, address: str, start: int) -> None:
        raise ConnectionError


def let_in(limiter: RateLimiter) -> bool:
    try:
        limiter.check(HERE)
    except RateLimited:
        return False
    return True


@pytest.mark.parametrize("where", ["memory", "dynamodb"])
def test_two_hundred_at_once_admit_exactly_sixty(where: str, request: pytest.FixtureRequest) -> None:
    windows = MemoryRateWindows() if where == "memory" else DynamoRateWindows(request.getfixturevalue("cloud"))
    limiters = [RateLimiter(windows, LIMIT, 60, Clock()) for _ in range(4)]
    with ThreadPoolExecutor(50) as pool:
        admitted = list(pool.map(lambda n: let_in(limiters[n % 4]), range(200)))
    assert sum(admitted) == LIMIT


def test_insisting_costs_no_writes_and_no_time() -> None:
    clock, counted = Clock(), Counting(MemoryRateWindows())
    limiter = RateLimiter(counted, LIMIT, 60, clock)
    assert sum(let_in(limiter) for _ in range(500)) == LIMIT
    assert (counted.hits, counted.forgiven) == (LIMIT + 1, 1)

    clock.now = T0 + 60.9
    assert not let_in(limiter)
    clock.now = T0 + 61
    assert let_in(limiter)
    assert not let_in(limiter)


def test_requests_refused_by_other_processes_keep_nobody_out() -> None:
    clock, windows = Clock(), MemoryRateWindows()
    for _ in range(300):
        let_in(RateLimiter(windows, LIMIT, 60, clock))
    clock.now = T0 + 61
    assert let_in(RateLimiter(windows, LIMIT, 60, clock))


def test_the_rate_is_kept_over_a_quarter_of_an_hour() -> None:
    clock = Clock()
    limiter = RateLimiter(MemoryRateWindows(), LIMIT, 60, clock)
    admitted = []
    for _ in range(1800):
        admitted.append(let_in(limiter))
        clock.now += 0.5
    assert admitted[:60] == [True] * 60
    # clients that wait as long as `Retry-After` says, in whole seconds, lose a part of the limit
    assert 14.5 * LIMIT <= sum(admitted) <= 16 * LIMIT


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


def test_a_token_with_a_rate_of_its_own_is_counted_by_itself_and_its_address_is_not() -> None:
    clock = Clock()
    limiter = RateLimiter(MemoryRateWindows(), 1, 10, clock)
    for _ in range(3):
        limiter.check(HERE, "a", 3)
    with pytest.raises(RateLimited, match=r"At most 3 writing requests in 60 seconds for this token"):
        limiter.check("198.51.100.7", "a", 3)
    limiter.check(HERE, "b", 3)
    assert (let_in(limiter), let_in(limiter)) == (True, False)
    clock.now = T0 + 120
    limiter.check(HERE, "a", 3)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("not an address", "not an address"),
    ],
)
def test_an_address_counts_as_its_network(address: str, counted: str) -> None:
    assert counted_as(address) == counted


def test_addresses_of_one_network_share_a_limit() -> None:
    limiter = RateLimiter(MemoryRateWindows(), limit=1, window=60, clock=Clock())
    limiter.check("2001:db8::1")
    limiter.check("2001:db8:0:1::1")
    with pytest.raises(RateLimited):
        limiter.check("2001:db8::2")
