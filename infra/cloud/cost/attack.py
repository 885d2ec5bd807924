"""Compute the cost of a flood without valid tokens, and of AWS WAF, which stops it. Pure.

An HTTP API bills every request that the stage's throttle lets through, also one that the function refuses.
https://aws.amazon.com/waf/pricing/
"""

from math import ceil

from chalicelib.usage.constants import ACCESS_KB, API_MB, MILLION
from infra.cloud.cost.calculation import Line
from infra.cloud.cost.prices import PRICES, Prices
from infra.definition.throttles import RATE

HOUR, MONTH = 3_600, 30 * 24 * 3_600
LOWER = 50
"""Requests per second of a stage with a lower `ApiRate`, for comparison."""
LINE_KB = 0.4
"""Kilobytes of the function's log line about a refused token."""
REFUSED_SECONDS = 0.005
"""Billed time of a request with an unknown token: one read of the control table. An estimate."""
LARGE_MB = 5
"""Megabytes of a large body. Lambda accepts up to 6 MB, also without a valid token."""
METERED_KB = 512
"""API Gateway bills a request for each part of this size: https://aws.amazon.com/api-gateway/pricing/"""
LARGE_SECONDS = 0.1
"""Billed time of reading a large body, before the token is checked. An estimate."""


def refused(prices: Prices = PRICES, megabytes: float = 0, access_kb: float = ACCESS_KB) -> float:
    """Return the cost of a request with a well-formed, unknown token, in dollars for a million.

    `megabytes`: the size of its body. `access_kb`: kilobytes of a request in the access log.
    """
    billed = max(1, ceil(megabytes * 1024 / METERED_KB))
    seconds = (REFUSED_SECONDS + LARGE_SECONDS * megabytes / LARGE_MB) * API_MB / 1024 * prices.lambda_gb_second_arm
    logs = (access_kb + LINE_KB) * prices.log_gb
    return billed * prices.api_request + prices.lambda_request + seconds + prices.read_unit + logs


def under_attack(prices: Prices = PRICES, rate: int = RATE, access_kb: float = ACCESS_KB) -> list[Line]:
    """Return the cost of invalid tokens, all different, at the stage's limit: small requests, and large ones."""
    lower = [("a month", LOWER, MONTH, 0)] if rate > LOWER else []
    floods = [("an hour", rate, HOUR, 0), ("a month", rate, MONTH, 0), *lower, ("a month", rate, MONTH, LARGE_MB)]
    return [
        Line(
            f"{long} at ApiRate={at}" + (f", {size} MB each" if size else ""),
            at * seconds,
            at * seconds / MILLION * refused(prices, size, access_kb),
        )
        for long, at, seconds, size in floods
    ]


def waf(prices: Prices = PRICES) -> Line:
    """Return the cost of a month of a web ACL with one rate rule, and of a million inspected requests."""
    return Line("AWS WAF, a rule and a million", 1, prices.waf_acl_month + prices.waf_rule_month + prices.waf_request)
