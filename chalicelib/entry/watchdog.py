"""The scheduled Lambda function that runs the watchdog every minute."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.adapters.invocations import asked_for
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from chalicelib.pausing.every_minute import AutoPausing
from chalicelib.telemetry.emf import gathering
from chalicelib.watchdog.growing import Growing
from chalicelib.watchdog.lookback import Lookback
from chalicelib.watchdog.run import THREADS, Watchdog
from chalicelib.worker.context import LambdaContext

LOOKBACK = Lookback()
"""From when on planned jobs may be unsent, as the earlier runs of this process left it."""
GROWING = Growing()
"""Which queues became longer at the earlier runs of this process."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, int]:
    """Make the jobs of schedules, look after types that are paused by themselves, then run the watchdog once over all.

    Return how many jobs were made, and how many jobs and messages met which end. An event from `helpers` names jobs
    that a run beside this one has found; this one then looks at nothing else.
    """

    def remaining() -> float:
        return context.get_remaining_time_in_millis() / 1000

    kinds = jobtype.load()
    types = [kind.name for kind in kinds]
    pausing = _pausing([kind.name for kind in kinds if kind.pause_when is not None])
    standing, helpers = parts.counters.standing, parts.watchdog_helpers
    watchdog = Watchdog(
        parts.job_service.dispatcher, types, THREADS, standing, helpers, parts.bulk_work,
        parts.past_pauses, lookback=LOOKBACK, growing=GROWING,
    )  # fmt: skip
    asked = asked_for(event)
    with gathering():
        if asked:
            return dict(watchdog.look_at(*asked, remaining))
        # First: what they make is to be sent before its time, and the rest of the run takes all the time it gets.
        return {**parts.firings.run(remaining), **pausing(), **watchdog.run(remaining)}


def _pausing(types: Sequence[str]) -> Callable[[], Mapping[str, int]]:
    """Return what looks after these types, which declare `pause_when`; without any, nothing is made or asked for."""
    if not types:
        return dict
    return AutoPausing(
        types, parts.auto_pauses, parts.pauses, parts.consumers, parts.prober,
        parts.job_store, parts.counters.standing, parts.past_pauses, parts.clock,
        parts.job_service.dispatcher.send,
    ).run  # fmt: skip
