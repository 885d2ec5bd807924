"""The CloudWatch dashboard: what comes in, what waits, what ends how, for the platform and for each type."""

import json
from collections.abc import Iterable
from typing import Any

from chalicelib.jobs.jobtype import JobType
from infra.definition import metrics
from infra.definition.names import Resources, queue_name, sub

WIDTH = 8
HEIGHT = 6


def overview(types: Iterable[JobType[Any, Any]], stack: str) -> Resources:
    """The dashboard, named like the stack."""
    rows = [_platform(stack), *(_type(kind, stack) for kind in types)]
    widgets = [
        {
            "type": "metric",
            "x": column * WIDTH,
            "y": row * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": graph,
        }
        for row, graphs in enumerate(rows)
        for column, graph in enumerate(graphs)
    ]
    return {
        "Overview": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": stack, "DashboardBody": sub(json.dumps({"widgets": widgets}))},
        }
    }


def _platform(stack: str) -> list[dict[str, Any]]:
    latency = [metrics.api(stack, "Latency", stat).as_row(stat) for stat in ("p50", "p99")]
    answers = [metrics.api(stack, name).as_row(label) for name, label in _ANSWERS]
    health = [
        metrics.function(f"{stack}-watchdog", "Errors").as_row("watchdog errors"),
        metrics.function(f"{stack}-counters", "IteratorAge", "Maximum").as_row("counters behind (ms)"),
        metrics.own(stack, "ControlTableDown").as_row("control table unavailable"),
    ]
    return [_graph("API calls", answers), _graph("API latency (ms)", latency), _graph("Platform", health)]


def _type(kind: JobType[Any, Any], stack: str) -> list[dict[str, Any]]:
    queue = queue_name(stack, kind.queue)
    ends = [
        metrics.own(stack, name, kind.name).as_row(name)
        for name in ("Created", "Completed", "Retried", "Failed", "DeadLettered")
    ]
    depths = [
        metrics.queue(queue, "ApproximateNumberOfMessagesVisible").as_row("waiting"),
        metrics.queue(queue, "ApproximateNumberOfMessagesNotVisible").as_row("running or backing off"),
        metrics.queue(f"{queue}-dlq", "ApproximateNumberOfMessagesVisible").as_row("dead letters"),
        metrics.queue(f"{queue}-dlq", "ApproximateNumberOfMessagesNotVisible").as_row("dead letters being looked at"),
    ]
    runs = [
        metrics.function(queue, "Duration", "p95").as_row("duration p95 (ms)"),
        metrics.function(queue, "ConcurrentExecutions", "Maximum").as_row("at the same time"),
        metrics.function(queue, "Errors").as_row("errors"),
    ]
    return [
        _graph(f"{kind.name}: jobs", ends),
        _graph(f"{kind.name}: queue", depths),
        _graph(f"{kind.name}: function", runs),
    ]


_ANSWERS = (("Count", "all"), ("4XXError", "4xx"), ("5XXError", "5xx"))


def _graph(title: str, rows: list[list[Any]]) -> dict[str, Any]:
    return {"title": title, "metrics": rows, "period": 60, "view": "timeSeries", "region": "${AWS::Region}"}
