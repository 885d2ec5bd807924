"""Compute each resource's cost in an idle month, for the plan of a deployment. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.usage.constants import MILLION
from infra.cloud.cost.calculation import QUEUE_REQUESTS, SHARDS_READ, URGENT_REQUESTS, idle, total
from infra.cloud.cost.prices import PRICES, Prices
from infra.cloud.stack.changes import Change
from infra.definition.monitoring.alarms import all_alarms
from infra.definition.names import logical

DASHBOARD, WATCHDOG = "Overview", logical("watchdog", "Function")
OF_OTHERS = ("SQS requests, polling and looking", "Metrics of alarms", "CloudWatch dashboards")
"""Lines of the bill that belong to queues, alarms and the dashboard; the rest belongs to the watchdog."""
CENT = 0.005
"""Smallest price that is shown, in dollars."""


def by_resource(
    types: Sequence[JobType[Any, Any]], stack: str, prices: Prices = PRICES, shards: int = SHARDS_READ
) -> dict[str, float]:
    """Return dollars a month at list price, by logical id. A resource that is missing costs nothing, or only by use.

    `shards`: partitions of each index that are read.
    """
    every = queues_of(types)
    queues = {logical(one.short, "Queue"): _queue(prices, serial=one.serial) for one in every}
    urgent = {logical(one.shorts[1], "Queue"): _urgent(prices) for one in every if one.urgent}
    alarms = {
        logical(alarm.name, "Alarm"): len(alarm.metrics) * prices.alarm_metric_month
        for alarm in all_alarms(types, stack)
        if not alarm.condition
    }
    watchdog = total([line for line in idle(types, prices=prices, shards=shards) if line.what not in OF_OTHERS])
    return {**queues, **urgent, **alarms, DASHBOARD: prices.dashboard_month, WATCHDOG: watchdog}


def of_changes(changes: Sequence[Change], known: Mapping[str, float], prices: Prices = PRICES) -> dict[str, float]:
    """Return dollars a month of added and removed resources, by logical id; those of removed resources are negative.

    `known` is `by_resource` of the new version. The price of a resource that is not in `known` follows from the
    resource's kind.
    """
    found = {}
    for change in changes:
        if change.kind in ("add", "remove"):
            price = known.get(change.logical_id, _of_kind(change, prices))
            if price >= CENT:
                found[change.logical_id] = price if change.kind == "add" else -price
    return found


def sentence(types: Sequence[JobType[Any, Any]], costs: Mapping[str, float], shards: int = SHARDS_READ) -> str:
    """Return the sum of the changes, and of the whole stage; empty if no change has a price."""
    if not costs:
        return ""
    change = sum(costs.values())
    return (
        f"These changes: {'+' if change >= 0 else '-'}${abs(change):.2f} a month. The stage, when nothing happens: "
        f"${total(idle(types, shards=shards)):.2f} at list price; the rest is by use (`make cost`)."
    )


def _of_kind(change: Change, prices: Prices) -> float:
    if change.type == "AWS::CloudWatch::Alarm":
        return prices.alarm_metric_month
    polled = change.type == "AWS::SQS::Queue" and change.logical_id.endswith("Queue")
    return (
        (_urgent(prices) if change.logical_id.endswith("UrgentQueue") else _queue(prices, serial=False))
        if polled
        else 0.0
    )


def _urgent(prices: Prices) -> float:
    return URGENT_REQUESTS * prices.sqs_request / MILLION


def _queue(prices: Prices, *, serial: bool) -> float:
    return QUEUE_REQUESTS * (prices.sqs_fifo_request if serial else prices.sqs_request) / MILLION
