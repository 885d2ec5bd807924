"""List prices in US dollars for us-east-1, without free allowances. If you change a price, change the version."""

from dataclasses import dataclass

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


PRICES = Prices()
ALLOWANCES = Allowances()
NONE = Allowances(0, 0, 0, 0, 0, 0, 0)
