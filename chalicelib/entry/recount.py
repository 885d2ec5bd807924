"""The Lambda function that recounts the jobs, a quarter of an hour at a time until a run is done."""

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.telemetry import events
from chalicelib.worker.context import LambdaContext


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Go on with the recount, or begin one when it is due or `start` is true; return how it stands."""
    left = lambda: context.get_remaining_time_in_millis() / 1000  # noqa: E731 - a clock, not a function to find
    report = wiring.recount().step(left, start=bool(event.get("start")))
    if report.judged:
        events.recounted(report.jobs, report.wrong, report.repaired)
    return {
        "phase": str(report.phase),
        "judged": report.judged,
        "jobs": report.jobs,
        "wrong": report.wrong,
        "repaired": dict(report.repaired),
    }
