"""The ten metrics there are, and how they are written: one EMF line a job type and invocation.

CloudWatch bills every name in every combination of its dimensions, so this list is short on purpose; everything else
is a log line, or is counted exactly by the counters. What an invocation has gathered is lost if it is killed.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "jobflow")
"""The stack's name in the cloud: it tells the stages of one account apart."""
NAMESPACE = "JobFlow"
PLATFORM = "-"
"""The job type of what belongs to none."""


class Metric(StrEnum):
    """Every name. The unit is Count, the dimensions are `service` and `job_type`; `docs/operations.md` lists them."""

    CREATED = "Created"
    COMPLETED = "Completed"
    FAILED = "Failed"
    RETRIED = "Retried"
    DEAD_LETTERED = "DeadLettered"
    RESENT = "Resent"
    LATE_FINISHER = "LateFinisher"
    WATCHDOG_RAN = "WatchdogRan"
    CONTROL_TABLE_DOWN = "ControlTableDown"
    COUNTER_DRIFT = "CounterDrift"


_lock = threading.Lock()
_gathered: Counter[tuple[str, Metric]] = Counter()
_gathering = 0


def count(metric: Metric, job_type: str = PLATFORM, number: int = 1) -> None:
    """Count; written at the end of `gathering`, or at once outside of it."""
    with _lock:
        _gathered[job_type, metric] += number
        wait = _gathering > 0
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
    for job_type in dict.fromkeys(name for (name, _), _ in gathered):
        written = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
        written.add_dimension(name="job_type", value=job_type)
        for (name, metric), number in gathered:
            if name == job_type:
                written.add_metric(name=metric, unit=MetricUnit.Count, value=number)
        written.flush_metrics()
