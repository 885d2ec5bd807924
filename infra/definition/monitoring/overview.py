"""Define the CloudWatch dashboard: numbers of new, waiting and ended jobs, for the platform and for each type."""

import json
from collections.abc import Sequence
from typing import Any

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import TypeQueue, queues_of
from infra.definition.monitoring import metrics
from infra.definition.names import Resources, dead_of, queue_name, sub

WIDTH = 8
HEIGHT = 6
FREE_METRICS = 50
"""Maximum number of metrics of a free dashboard. Every account has three free dashboards."""


def overview(types: Sequence[JobType[Any, Any]], stack: str) -> Resources:
    """Return the dashboard, with the name of the stack."""
    widgets = [
        {
            "type": "metric",
            "x": column * WIDTH,
            "y": row * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "properties": graph,
        }
        for row, graphs in enumerate(rows(types, stack))
        for column, graph in enumerate(graphs)
    ]
    return {
        "Overview": {
            "Type": "AWS::CloudWatch::Dashboard",
            # the name contains the region: dashboards are global, and two regions may have a stage of the same name
            "Properties": {
                "DashboardName": sub(f"{stack}-${{AWS::Region}}"),
                "DashboardBody": sub(json.dumps({"widgets": widgets})),
            },
        }
    }


def rows(types: Sequence[JobType[Any, Any]], stack: str) -> list[list[dict[str, Any]]]:
    """Return the graphs, row by row: all metrics of each queue if the dashboard stays free, else three of each."""
    platform = _platform(stack)
    queues = queues_of(types)
    full = [platform, *(_type(queue, stack) for queue in queues)]
    if metrics_of(full) <= FREE_METRICS:
        return full
    short = [graph for queue in queues for graph in _short(queue, stack)]
    return [platform, *(short[start : start + 3] for start in range(0, len(short), 3))]


def metrics_of(drawn: list[list[dict[str, Any]]]) -> int:
    """Return the number of metrics in the graphs."""
    return sum(len(graph["metrics"]) for row in drawn for graph in row)


def _short(of: TypeQueue, stack: str) -> list[dict[str, Any]]:
    queue = queue_name(stack, of.short, of.ending)
    shown = [
        metrics.of_queue(stack, "Completed", of.key).as_row("completed"),
        metrics.queue(queue, "ApproximateNumberOfMessagesVisible").as_row("waiting"),
        metrics.of_queue(stack, "DeadLettered", of.key).as_row("dead letters"),
    ]
    return [_graph(of.key, shown)]


def _platform(stack: str) -> list[dict[str, Any]]:
    latency = [metrics.api(stack, "Latency", stat).as_row(stat) for stat in ("p50", "p99")]
    answers = [metrics.api(stack, name).as_row(label) for name, label in _ANSWERS]
    health = [
        metrics.function(f"{stack}-watchdog", "Errors").as_row("watchdog errors"),
        metrics.function(f"{stack}-counters", "IteratorAge", "Maximum").as_row("counters behind (ms)"),
        metrics.own(stack, "ControlTableDown").as_row("control table unavailable"),
        *(metrics.own(stack, name).as_row(name) for name in ("Created", "Retried", "Stalled")),
    ]
    return [_graph("API calls", answers), _graph("API latency (ms)", latency), _graph("Platform", health)]


def _type(of: TypeQueue, stack: str) -> list[dict[str, Any]]:
    queue, function = queue_name(stack, of.short, of.ending), f"{stack}-{of.short}"
    ends = [metrics.of_queue(stack, name, of.key).as_row(name) for name in ("Completed", "Failed", "DeadLettered")]
    depths = [
        metrics.queue(queue, "ApproximateNumberOfMessagesVisible").as_row("waiting"),
        metrics.queue(queue, "ApproximateNumberOfMessagesNotVisible").as_row("running or backing off"),
        metrics.queue(dead_of(queue), "ApproximateNumberOfMessagesVisible").as_row("in the dead-letter queue"),
    ]
    runs = [
        metrics.function(function, "Duration", "p95").as_row("duration p95 (ms)"),
        metrics.function(function, "ConcurrentExecutions", "Maximum").as_row("at the same time"),
        metrics.function(function, "Errors").as_row("errors"),
    ]
    return [
        _graph(f"{of.key}: jobs", ends),
        _graph(f"{of.key}: queue", depths),
        _graph(f"{of.key}: function", runs),
    ]


_ANSWERS = (("Count", "all"), ("4XXError", "4xx"), ("5XXError", "5xx"))


def _graph(title: str, rows: list[list[Any]]) -> dict[str, Any]:
    return {"title": title, "metrics": rows, "period": 60, "view": "timeSeries", "region": "${AWS::Region}"}
