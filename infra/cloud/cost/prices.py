"""List prices in US dollars for us-east-1, without free allowances. If you change a price, change the version.

The prices of what a job needs are in `chalicelib/usage/constants.py`, because the API computes with them, too.

Seen on 2026-11-30 in stored copies: https://aws.amazon.com/cloudfront/pricing (data, free amounts) and
https://aws.amazon.com/kms/pricing (key, free requests). `UNCONFIRMED` has the others.
"""

from dataclasses import dataclass, fields

from chalicelib.usage import constants as usage


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices in dollars per million requests or units, unless the name says otherwise."""

    version: str = usage.PRICES_VERSION
    api_request: float = usage.API_REQUEST
    lambda_request: float = usage.LAMBDA_REQUEST
    lambda_gb_second_arm: float = usage.LAMBDA_GB_SECOND
    sqs_request: float = usage.SQS_REQUEST
    sqs_fifo_request: float = usage.SQS_FIFO_REQUEST
    sqs_fair_request: float = usage.SQS_FAIR_REQUEST
    write_unit: float = usage.WRITE_UNIT
    read_unit: float = usage.READ_UNIT
    log_gb: float = usage.LOG_GB
    """Per ingested GB."""
    metric_month: float = 0.30
    """Per custom metric and month, if the metric has data points all the time."""
    alarm_metric_month: float = 0.10
    """Per metric of an alarm, and month."""
    dashboard_month: float = 3.00
    waf_acl_month: float = 5.00
    waf_rule_month: float = 1.00
    waf_request: float = 0.60
    secret_month: float = 0.40
    """Per secret in Secrets Manager, and month."""
    secret_request: float = 5.00
    s3_put: float = 5.00
    table_gb_month: float = usage.TABLE_GB_MONTH
    recovery_gb_month: float = usage.RECOVERY_GB_MONTH
    log_kept_gb_month: float = 0.03
    """Per GB that is kept, as AWS has compressed it. The calculation does not count on compression."""
    cdn_request: float = 1.00
    """An HTTPS request of CloudFront in North America and Europe: $0.0100 for 10,000."""
    cdn_gb: float = 0.085
    key_month: float = 1.00
    """A key, in its first year: each of its first two rotations adds as much."""
    key_request: float = 3.00
    topic_request: float = 0.50
    topic_mail: float = 20.00
    out_gb: float = 0.09
    """Per GB from AWS to the internet, after the first 100 GB of an account and month."""


@dataclass(frozen=True, slots=True)
class Allowances:
    """The permanent free amounts of every account and month."""

    alarm_metrics: int = 10
    metrics: int = 10
    dashboards: int = 3
    sqs_requests: float = 1.0 * usage.MILLION
    lambda_requests: float = 1.0 * usage.MILLION
    lambda_gb_seconds: float = 400_000
    log_gb: float = 5.0
    cdn_requests: float = 10.0 * usage.MILLION
    cdn_gb: float = 1_000.0
    key_requests: float = 20_000
    topic_requests: float = 1.0 * usage.MILLION
    topic_mails: float = 1_000


UNCONFIRMED = frozenset({"cdn_request", "key_request", "topic_request", "topic_mail", "log_kept_gb_month", "out_gb"})
"""Prices that were seen in texts of 2026 that quote AWS's pages, but not in the pages. The bill marks them."""
PRICES = Prices()
ALLOWANCES = Allowances()
NONE = Allowances(*[0] * len(fields(Allowances)))
