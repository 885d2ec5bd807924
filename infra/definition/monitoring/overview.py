"""Define the CloudWatch dashboard: the platform, types in trouble, ended jobs; and each queue, while that is free.

The console shows every type, however many there are.
"""

import json
from collections.abc import Sequence
from typing import Any

from chalicelib.counters.troubles import MEASURED
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import TypeQueue, queues_of
from infra.definition.monitoring import metrics
from infra.definition.names import Resources, dead_of, queue_name, sub

WIDTH = 8
HEIGHT = 6
FREE_METRICS = 50
"""Maximum number of metrics of a free dashboard; ours never has more. Every account has three free dashboards."""


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
    """Return the graphs, row by row: as many metrics of each queue as fit into a free dashboard, or none of any."""
    platform = _platform(stack)
    queues = queues_of(types)
    short = [graph for queue in queues for graph in _short(queue, stack)]
    tries = [
        [*platform, *(_type(queue, stack) for queue in queues)],
        [*platform, *(short[start : start + 3] for start in range(0, len(short), 3))],
    ]
    return next((drawn for drawn in tries if metrics_of(drawn) <= FREE_METRICS), platform)


def metrics_of(drawn: list[list[dict[str, Any]]]) -> int:
    """Return the number of metrics in the graphs."""
    return sum(len(graph["metrics"]) for row in drawn for graph in row)


def _short(of: TypeQueue, stack: str) -> list[dict[str, Any]]:
    queue = queue_name(stack, of.short, of.ending)
    shown = [
        metrics.queue(queue, "ApproximateNumberOfMessagesVisible").as_row("waiting"),
        *_urgent(of, stack),
        metrics.queue(dead_of(queue), "ApproximateNumberOfMessagesVisible").as_row("in the dead-letter queue"),
    ]
    return [_graph(of.key, shown)]


def _urgent(of: TypeQueue, stack: str) -> list[list[Any]]:
    """Return the metric of the urgent queue, for a type that has one."""
    second = [queue_name(stack, short, of.ending) for short in of.shorts[1:]]
    return [metrics.queue(name, "ApproximateNumberOfMessagesVisible").as_row("urgent, waiting") for name in second]


def _platform(stack: str) -> list[list[dict[str, Any]]]:
    latency = [metrics.api("Latency", stat=stat).as_row(stat) for stat in ("p50", "p99")]
    answers = [metrics.api(name).as_row(label) for name, label in _ANSWERS]
    health = [
        metrics.function(f"{stack}-watchdog", "Errors").as_row("watchdog errors"),
        metrics.function(f"{stack}-counters", "IteratorAge", "Maximum").as_row("counters behind (ms)"),
        metrics.own(stack, "ControlTableDown").as_row("control table unavailable"),
    ]
    trouble = [metrics.in_trouble(stack, condition).as_row(condition) for condition in MEASURED]
    ends = [metrics.own(stack, name).as_row(name) for name in _ENDS]
    return [
        [_graph("API calls", answers), _graph("API latency (ms)", latency), _graph("Platform", health)],
        [_graph("Types in trouble", trouble), _graph("Jobs", ends)],
    ]


def _type(of: TypeQueue, stack: str) -> list[dict[str, Any]]:
    queue, function = queue_name(stack, of.short, of.ending), f"{stack}-{of.short}"
    depths = [
        metrics.queue(queue, "ApproximateNumberOfMessagesVisible").as_row("waiting"),
        *_urgent(of, stack),
        metrics.queue(queue, "ApproximateNumberOfMessagesNotVisible").as_row("running or backing off"),
        metrics.queue(dead_of(queue), "ApproximateNumberOfMessagesVisible").as_row("in the dead-letter queue"),
    ]
    runs = [
        metrics.function(function, "Duration", "p95").as_row("duration p95 (ms)"),
        metrics.function(function, "ConcurrentExecutions", "Maximum").as_row("at the same time"),
        metrics.function(function, "Errors").as_row("errors"),
    ]
    own = [metrics.of_queue(stack, name, of.key).as_row(name) for name in ("Completed", "Failed", "DeadLettered")]
    ends = [_graph(f"{of.key}: jobs", own)] if of.function.own_alarms else []
    return [_graph(f"{of.key}: queue", depths), _graph(f"{of.key}: function", runs), *ends]


_ENDS = ("Created", "Completed", "Failed", "Retried", "DeadLettered", "Stalled")
_ANSWERS = (("Count", "all"), ("4xx", "4xx"), ("5xx", "5xx"))


def _graph(title: str, rows: list[list[Any]]) -> dict[str, Any]:
    return {"title": title, "metrics": rows, "period": 60, "view": "timeSeries", "region": "${AWS::Region}"}
