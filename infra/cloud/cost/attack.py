"""Compute the cost of a flood without valid tokens, and of AWS WAF, which stops it. Pure.

https://aws.amazon.com/waf/pricing/
"""

from infra.cloud.cost.calculation import Line
from infra.cloud.cost.prices import MILLION, PRICES, Prices
from infra.definition.throttles import RATE

ACCOUNT_RATE = 10_000
"""Requests per second that API Gateway accepts for all APIs of an account and region (its default quota)."""
HOUR = 3_600
LINE_BYTES = 400
"""Bytes of a log line about a refused token."""


def under_attack(prices: Prices = PRICES) -> list[Line]:
    """Return the cost of an hour of invalid tokens, all different: at the limit of one path, and at the account's."""
    lines = MILLION * LINE_BYTES / 1e9 * prices.log_gb
    each = prices.api_request + prices.lambda_request + lines
    return [
        Line(what, rate * HOUR, rate * HOUR / MILLION * each)
        for what, rate in (("one path at its limit", RATE), ("the account's API at its limit", ACCOUNT_RATE))
    ]


def waf(prices: Prices = PRICES) -> Line:
    """Return the cost of a month of a web ACL with one rate rule, and of a million inspected requests."""
    return Line("AWS WAF, a rule and a million", 1, prices.waf_acl_month + prices.waf_rule_month + prices.waf_request)
