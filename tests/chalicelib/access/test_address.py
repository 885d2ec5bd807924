"""What a rate limit counts: a provider gives a customer 64 bits of IPv6 to choose from."""

import pytest

from chalicelib.access.address import counted_as
from chalicelib.access.rate_limit import RateLimiter
from chalicelib.adapters.memory.jobs import MemoryRateWindows
from chalicelib.errors import RateLimited
from tests.support import Clock


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
