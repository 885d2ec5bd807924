"""List prices in US dollars for us-east-1, without free allowances. If you change a price, change the version.

Seen on 2026-11-30 in stored copies: https://aws.amazon.com/cloudfront/pricing (data, free amounts) and
https://aws.amazon.com/kms/pricing (key, free requests). In texts of 2026 that quote AWS's pages, but not in the pages
themselves: a request of CloudFront, of KMS and of SNS, an e-mail of SNS, the storage of logs.
"""

from dataclasses import dataclass, fields

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices in dollars per million requests or units, unless the name says otherwise."""

    version: str = "2026-11"
    api_request: float = 1.00
    lambda_request: float = 0.20
    lambda_gb_second_arm: float = 13.3334
    sqs_request: float = 0.40
    sqs_fifo_request: float = 0.50
    sqs_fair_request: float = 0.10
    """Added to the price of a request to a standard queue when its messages have a group (fair queues)."""
    write_unit: float = 0.625
    read_unit: float = 0.125
    log_gb: float = 0.50
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
    table_gb_month: float = 0.25
    recovery_gb_month: float = 0.20
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


@dataclass(frozen=True, slots=True)
class Allowances:
    """The permanent free amounts of every account and month."""

    alarm_metrics: int = 10
    metrics: int = 10
    dashboards: int = 3
    sqs_requests: float = 1.0 * MILLION
    lambda_requests: float = 1.0 * MILLION
    lambda_gb_seconds: float = 400_000
    log_gb: float = 5.0
    cdn_requests: float = 10.0 * MILLION
    cdn_gb: float = 1_000.0
    key_requests: float = 20_000
    topic_requests: float = 1.0 * MILLION
    topic_mails: float = 1_000


PRICES = Prices()
ALLOWANCES = Allowances()
NONE = Allowances(*[0] * len(fields(Allowances)))
