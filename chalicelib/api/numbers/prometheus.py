"""Write the numbers in Prometheus' text format, version 0.0.4. Pure."""

import re
from collections.abc import Iterator

from chalicelib.counters.snapshot import Metrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
QUALITY = re.compile(r"q=[01](\.[0-9]{0,3})?")
HELP = {
    "jobflow_jobs": "Jobs there is a record of, by type and status.",
    "jobflow_queue_messages": "Messages in a queue, by type and state (waiting, in_flight, dead).",
    "jobflow_queue_paused": "1 while a type's queue is paused, else 0.",
    "jobflow_queue_oldest_age_seconds": "How long a type's oldest queued job has waited (0: none is queued).",
}
Sample = tuple[dict[str, str], float]
"""Labels and value."""


def exposition(metrics: Metrics) -> str:
    """Return four gauges by job type: jobs, messages, whether the queue is paused, and the age of its oldest job."""
    samples: dict[str, Iterator[Sample]] = {
        "jobflow_jobs": _jobs(metrics),
        "jobflow_queue_messages": _messages(metrics),
        "jobflow_queue_paused": _paused(metrics),
        "jobflow_queue_oldest_age_seconds": _ages(metrics),
    }
    lines = []
    for name, found in samples.items():
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
        lines += [f"{name}{{{_written(labels)}}} {value}" for labels, value in found]
    return "\n".join(lines) + "\n"


def preferred(accept: str) -> bool:
    """Return True if an Accept header prefers this format to JSON.

    The header of Prometheus lists this format, sometimes after formats that the API does not offer. A client that
    accepts anything, or does not prefer this format to JSON, gets JSON.
    """
    weights = dict(map(_weighed, accept.lower().split(",")))
    text, either = weights.get("text/plain", 0.0), weights.get("*/*", 0.0)
    return text > weights["application/json"] if "application/json" in weights else 0 < text >= either


def _weighed(choice: str) -> tuple[str, float]:
    kind, *parameters = (part.strip() for part in choice.split(";"))
    weights = [part[2:] for part in parameters if QUALITY.fullmatch(part)]
    return kind, float(weights[0]) if weights else 1.0


def _written(labels: dict[str, str]) -> str:
    return ",".join(f'{label}="{value}"' for label, value in labels.items())


def _jobs(metrics: Metrics) -> Iterator[Sample]:
    for kind, numbers in metrics.by_type.items():
        for status, count in numbers.by_status.items():
            yield {"job_type": kind, "status": status}, count


def _messages(metrics: Metrics) -> Iterator[Sample]:
    for kind, numbers in metrics.by_type.items():
        depth = numbers.depth
        states = {"waiting": depth.visible + depth.delayed, "in_flight": depth.in_flight, "dead": depth.dead}
        for state, count in states.items():
            yield {"job_type": kind, "state": state}, count


def _paused(metrics: Metrics) -> Iterator[Sample]:
    for kind, numbers in metrics.by_type.items():
        yield {"job_type": kind}, int(numbers.paused)


def _ages(metrics: Metrics) -> Iterator[Sample]:
    for kind, numbers in metrics.by_type.items():
        yield {"job_type": kind}, round(metrics.as_of - (numbers.oldest or metrics.as_of), 1)
