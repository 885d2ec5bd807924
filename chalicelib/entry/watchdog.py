"""The scheduled Lambda function that runs the watchdog every minute."""

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.adapters.invocations import asked_for
from chalicelib.jobs.types import jobtype
from chalicelib.telemetry.emf import gathering
from chalicelib.watchdog.run import THREADS, Watchdog
from chalicelib.worker.context import LambdaContext


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, int]:
    """Make the jobs of schedules, then run the watchdog once over the job types in `handlers/`.

    Return how many jobs were made, and how many jobs and messages met which end. An event from `helpers` names jobs
    that a run beside this one has found; this one then looks at nothing else.
    """

    def remaining() -> float:
        return context.get_remaining_time_in_millis() / 1000

    types = [kind.name for kind in jobtype.load()]
    standing, helpers = wiring.counters().standing, wiring.watchdog_helpers()
    watchdog = Watchdog(wiring.job_service().dispatcher, types, THREADS, standing, helpers, wiring.bulk_work())
    asked = asked_for(event)
    with gathering():
        if asked:
            return dict(watchdog.look_at(*asked, remaining))
        # First: what they make is to be sent before its time, and the rest of the run takes all the time it gets.
        return {**wiring.firings(THREADS).run(remaining), **watchdog.run(remaining)}
