"""The scheduled Lambda function that runs the watchdog every minute."""

from collections.abc import Mapping
from typing import Any

from chalicelib import wiring
from chalicelib.jobs import jobtype
from chalicelib.telemetry.emf import gathering
from chalicelib.watchdog.run import THREADS, Watchdog
from chalicelib.worker.context import LambdaContext


def handler(_event: Mapping[str, Any], context: LambdaContext) -> dict[str, int]:
    """Run the watchdog once over the job types in `handlers/`; return how many jobs and messages met which end."""
    types = [kind.name for kind in jobtype.load()]
    standing, bulk = wiring.counters().standing, wiring.bulk_work()
    watchdog = Watchdog(wiring.job_service().dispatcher, types, THREADS, standing, bulk)
    with gathering():
        return dict(watchdog.run(lambda: context.get_remaining_time_in_millis() / 1000))
