"""The numbers in Prometheus' text format, version 0.0.4. Pure."""

from collections.abc import Iterator

from chalicelib.metrics import Metrics

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
HELP = {
    "jobflow_jobs": "Jobs there is a record of, by type and status.",
    "jobflow_queue_messages": "Messages in a queue, by type and state (waiting, in_flight, dead).",
    "jobflow_queue": "By type: paused (0 or 1), and the age in seconds of the oldest queued job (0: none is queued).",
}


def exposition(metrics: Metrics) -> str:
    """One gauge for jobs, one for messages and one for the queue itself, each by type."""
    samples: dict[str, Iterator[tuple[str, str, str, float]]] = {
        "jobflow_jobs": _jobs(metrics),
        "jobflow_queue_messages": _messages(metrics),
        "jobflow_queue": _queues(metrics),
    }
    lines = []
    for name, found in samples.items():
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
        lines += [f'{name}{{job_type="{kind}",{label}="{value}"}} {count}' for kind, label, value, count in found]
    return "\n".join(lines) + "\n"


def _queues(metrics: Metrics) -> Iterator[tuple[str, str, str, float]]:
    for kind, numbers in metrics.by_type.items():
        yield kind, "fact", "paused", int(numbers.paused)
        yield kind, "fact", "oldest_age_s", round(metrics.as_of - (numbers.oldest or metrics.as_of), 1)


def _jobs(metrics: Metrics) -> Iterator[tuple[str, str, str, float]]:
    for kind, numbers in metrics.by_type.items():
        for status, count in numbers.by_status.items():
            yield kind, "status", status, count


def _messages(metrics: Metrics) -> Iterator[tuple[str, str, str, float]]:
    for kind, numbers in metrics.by_type.items():
        depth = numbers.depth
        states = {"waiting": depth.visible + depth.delayed, "in_flight": depth.in_flight, "dead": depth.dead}
        for state, count in states.items():
            yield kind, "state", state, count
