"""The thirteen metrics there are, and how they are written: one EMF line an invocation and job type, or event.

CloudWatch bills every name in every combination of its dimensions, so this list is short on purpose; everything else
is a log line, or is counted exactly by the counters. What an invocation has gathered is lost if it is killed.
"""

import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.metrics.functions import is_metrics_disabled

from chalicelib.telemetry.own_output import own_output

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "jobflow")
"""The stack's name in the cloud: it tells the stages of one account apart."""
NAMESPACE = "JobFlow"
PLATFORM = "-"
"""The job type of what belongs to none."""


class Metric(StrEnum):
    """Every name, the unit is Count. `docs/operations.md` lists them.

    The dimensions are `service` and `job_type`; those of FENCED are `service` and `event`, since three events of every
    type would cost more than they tell: the log lines say which job it was.
    """

    CREATED = "Created"
    COMPLETED = "Completed"
    FAILED = "Failed"
    RETRIED = "Retried"
    DEAD_LETTERED = "DeadLettered"
    STALLED = "Stalled"
    FENCED = "Fenced"
    WATCHDOG_RAN = "WatchdogRan"
    CONTROL_TABLE_DOWN = "ControlTableDown"
    COUNTER_DRIFT = "CounterDrift"
    RECOUNTED = "Recounted"
    PAUSED_BY_ITSELF = "PausedByItself"
    GROWING = "Growing"


PER_TYPE = frozenset({Metric.COMPLETED, Metric.FAILED, Metric.DEAD_LETTERED, Metric.PAUSED_BY_ITSELF})
"""Counted for each job type, because alarms are about a type's share of failures, its dead letters and its pause.
CloudWatch bills each name of each type, and `GET /metrics` has all the others by type for nothing: those are counted
for the platform as a whole. The last one is counted only for types that declare `pause_when`."""
AT_ONCE = frozenset({Metric.DEAD_LETTERED})
"""Written at once: an alarm waits for each single one, and a later job of the batch may end the process."""
_lock = threading.Lock()
_gathered: Counter[tuple[tuple[str, str], Metric]] = Counter()
_gathering = 0


def count(metric: Metric, job_type: str = PLATFORM, number: int = 1, *, event: str | None = None) -> None:
    """Count; written at the end of `gathering`, or at once outside of it. An `event` stands in the job type's place.

    With one of AT_ONCE all that was gathered so far is written.
    """
    if metric not in PER_TYPE:
        job_type = PLATFORM
    dimension = ("job_type", job_type) if event is None else ("event", event)
    with _lock:
        _gathered[dimension, metric] += number
        wait = _gathering > 0 and metric not in AT_ONCE
    if not wait:
        flush()


@contextmanager
def gathering() -> Iterator[None]:
    """One invocation, or one request: what is counted within is written at its end."""
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
    """Write what was gathered so far."""
    with _lock:
        gathered = sorted(_gathered.items())
        _gathered.clear()
    if is_metrics_disabled():
        return
    for dimension in dict.fromkeys(key for (key, _), _ in gathered):
        written = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
        written.add_dimension(*dimension)
        for (key, metric), number in gathered:
            if key == dimension:
                written.add_metric(name=metric, unit=MetricUnit.Count, value=number)
        own_output.write(json.dumps(written.serialize_metric_set(), separators=(",", ":")) + "\n")
        own_output.flush()
