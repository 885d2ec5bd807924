"""Define the metrics, and write one EMF line per invocation and job type, or event.

CloudWatch bills every name in every combination of its dimensions, so the list is short on purpose. All other events
are log lines, or are counted exactly by the counters. A killed invocation loses its unwritten metrics.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.metrics.functions import is_metrics_disabled

from chalicelib.job_types.jobtype import has_own_alarms, queue_of
from chalicelib.job_types.queue import is_shared
from chalicelib.telemetry.own_output import own_output

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "jobflow")
"""The stack's name in the cloud, which distinguishes the stages of one account."""
NAMESPACE = "JobFlow"
PLATFORM = "-"
"""The value of the dimension `job_type` for metrics without a job type."""


class Metric(StrEnum):
    """The name of every metric; the unit is Count. `docs/operations.md` lists the metrics.

    The dimensions are `service` and `job_type` ("-": the whole platform), or `queue` for types that share a queue;
    those of FENCED are `service` and `event`, those of TYPES_IN_TROUBLE `service` and `condition`. FENCED has no job
    type, because three events for every type would cost too much. The log lines of these events contain the job.
    """

    CREATED = "Created"
    COMPLETED = "Completed"
    FAILED = "Failed"
    RETRIED = "Retried"
    DEAD_LETTERED = "DeadLettered"
    STALLED = "Stalled"
    EXPIRED = "Expired"
    FENCED = "Fenced"
    WATCHDOG_RAN = "WatchdogRan"
    CONTROL_TABLE_DOWN = "ControlTableDown"
    COUNTER_DRIFT = "CounterDrift"
    RECOUNTED = "Recounted"
    PAUSED_BY_ITSELF = "PausedByItself"
    GROWING = "Growing"
    END_REFUSED = "EndRefused"
    WEBHOOK_DISABLED = "WebhookDisabled"
    WEBHOOK_FAILING = "WebhookFailing"
    SPANS_DROPPED = "SpansDropped"
    TYPES_IN_TROUBLE = "TypesInTrouble"


PER_TYPE = frozenset({Metric.COMPLETED, Metric.FAILED, Metric.DEAD_LETTERED, Metric.PAUSED_BY_ITSELF})
"""Metrics that a type also has by itself if its function says `own_alarms=True`: its alarms need them.

CloudWatch bills each name for each type. All metrics are therefore counted for the whole platform, and `GET /metrics`
shows them by type for free. PAUSED_BY_ITSELF is counted only for types that declare `pause_when`.
"""
AT_ONCE = frozenset({Metric.DEAD_LETTERED, Metric.WEBHOOK_DISABLED})
"""Metrics that are written at once, because an alarm depends on each of them, and a later job of the batch may end the
process."""
_lock = threading.Lock()
_gathered: Counter[tuple[tuple[str, str], Metric]] = Counter()
_gathering = 0


def count(metric: Metric, job_type: str = PLATFORM, number: int = 1, *, event: str | None = None) -> None:
    """Count a metric. The count is written at the end of `gathering`, or at once outside of it.

    An `event` replaces the job type. A metric of AT_ONCE is written at once, with everything that was gathered before.
    """
    dimensions = _dimensions(metric, job_type) if event is None else [("event", event)]
    with _lock:
        for dimension in dimensions:
            _gathered[dimension, metric] += number
        wait = _gathering > 0 and metric not in AT_ONCE
    if not wait:
        flush()


def _dimensions(metric: Metric, job_type: str) -> list[tuple[str, str]]:
    """Return the platform, and the type if it has own alarms: its queue, if it shares one, as alarms are by queue."""
    found = [("job_type", PLATFORM)]
    if metric in PER_TYPE and has_own_alarms(job_type):
        queue = queue_of(job_type)
        found.append(("queue" if is_shared(queue) else "job_type", queue))
    return found


@contextmanager
def gathering() -> Iterator[None]:
    """Gather the counts of one invocation or request, and write them at its end."""
    global _gathering  # noqa: PLW0603 - a process writes to one log
    with _lock:
        _gathering += 1
    try:
        yield
    finally:
        with _lock:
            _gathering -= 1
        flush()


def flush() -> None:
    """Write everything that was gathered so far."""
    with _lock:
        gathered = sorted(_gathered.items())
        _gathered.clear()
    for dimension in dict.fromkeys(key for (key, _), _ in gathered):
        write(dimension, {metric: (MetricUnit.Count, number) for (key, metric), number in gathered if key == dimension})


def write(dimension: tuple[str, str], numbers: Mapping[str, tuple[MetricUnit, float]]) -> None:
    """Write the numbers of one dimension, by metric, as one EMF line."""
    if is_metrics_disabled():
        return
    written = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    written.add_dimension(*dimension)
    for metric, (unit, number) in numbers.items():
        written.add_metric(name=metric, unit=unit, value=number)
    own_output.write(json.dumps(written.serialize_metric_set(), separators=(",", ":")) + "\n")
    own_output.flush()
