"""The scheduled Lambda function that runs the watchdog every minute."""

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.jobs import jobtype
from chalicelib.telemetry.emf import gathering
from chalicelib.watchdog.run import THREADS, Watchdog
from chalicelib.worker.context import LambdaContext


def handler(_event: Mapping[str, Any], context: LambdaContext) -> dict[str, int]:
    """Make the jobs of schedules, then run the watchdog once over the job types in `handlers/`.

    Return how many jobs were made, and how many jobs and messages met which end.
    """
    types = [kind.name for kind in jobtype.load()]

    def remaining() -> float:
        return context.get_remaining_time_in_millis() / 1000

    watchdog = Watchdog(wiring.job_service().dispatcher, types, THREADS, wiring.counters().standing)
    with gathering():
        # First: what they make is to be sent before its time, and the rest of the run takes all the time it gets.
        fired = wiring.firings(THREADS).run(remaining)
        return {**fired, **watchdog.run(remaining)}
