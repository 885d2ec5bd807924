"""The scheduled Lambda function that runs the watchdog every minute."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.adapters.invocations import asked_for
from chalicelib.assembly import parts
from chalicelib.counters.troubles import Troubles
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of, that_pause
from chalicelib.pausing.every_minute import AutoPausing
from chalicelib.telemetry.emf import SERVICE, gathering
from chalicelib.watchdog.constants import LEFT_FOR_JOBS, THREADS
from chalicelib.watchdog.growing_queues import Growing
from chalicelib.watchdog.lookback import Lookback
from chalicelib.watchdog.pulse import Pulse, Seen
from chalicelib.watchdog.quiet_queues import QuietQueues
from chalicelib.watchdog.run import Watchdog
from chalicelib.watchdog.spending import SpendingWatch
from chalicelib.watchdog.troubles import TroubleWatch
from chalicelib.worker.context import LambdaContext


@dataclass
class Remembered:
    """Hold what the runs of one process remember.

    `lookback`: the time from which planned jobs may be unsent. `growing`: the queues that had grown. `quiet`: the
    depths that SQS returned. `seen`: which canaries the counters have not counted yet. `positions`: by type, up to
    which suspended job a run has looked for events that woke nobody. `unwritten`: types in trouble that were not
    stored.
    """

    lookback: Lookback = field(default_factory=Lookback)
    growing: Growing = field(default_factory=Growing)
    quiet: QuietQueues = field(default_factory=QuietQueues)
    seen: Seen = field(default_factory=Seen)
    positions: dict[str, str] = field(default_factory=dict)
    unwritten: dict[str, Troubles] = field(default_factory=dict)


REMEMBERED = Remembered()
"""What earlier runs of this process know."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, int]:
    """Make the jobs of schedules, check automatic pauses, then run the watchdog once over all types.

    Return how many jobs were made, and the numbers of jobs and messages by result. An event from `helpers` names jobs
    that another run has found; this run then handles only these.
    """

    def remaining() -> float:
        return context.get_remaining_time_in_millis() / 1000

    jobtype.load_once()
    kinds = jobtype.all_types()
    types = [kind.name for kind in kinds]
    queues = queues_of(kinds)
    pausing = _pausing([queue.key for queue in that_pause(queues)])
    troubles = TroubleWatch(
        queues, parts.job_store, parts.counters, parts.trouble_row, parts.clock, parts.alarm_topic, SERVICE,
        REMEMBERED.unwritten, _spending(kinds),
    )  # fmt: skip
    standing, helpers = parts.counters.standing, parts.watchdog_helpers
    watchdog = Watchdog(
        parts.job_service.dispatcher, types, THREADS, standing, helpers, parts.bulk_work,
        parts.past_pauses, lookback=REMEMBERED.lookback, growing=REMEMBERED.growing, quiet=REMEMBERED.quiet,
        troubles=troubles, positions=REMEMBERED.positions,
        pulse=Pulse(parts.canaries, parts.counter_rows, REMEMBERED.seen), erasing=parts.erasing,
        clearer=parts.clearer if any(kind.keep is not None for kind in kinds) else None,
    )  # fmt: skip
    asked = asked_for(event)
    with gathering():
        if asked:
            return dict(watchdog.look_at(*asked, remaining))
        # Run the schedules first: their jobs must be sent before their time, and the other parts may use all remaining
        # time.
        fired = parts.firings.run(remaining)
        paused = pausing(remaining() - LEFT_FOR_JOBS)
        batches = parts.batches.look_after(lambda: remaining() - LEFT_FOR_JOBS)
        return {**fired, **paused, **batches, **watchdog.run(remaining)}


def _spending(kinds: Sequence[JobType[Any, Any]]) -> SpendingWatch | None:
    """Return the check of budgets; without a type that has one, it costs nothing."""
    found = [kind for kind in kinds if kind.budgeted]
    if not found:
        return None
    return SpendingWatch(found, parts.usage, parts.pausing, parts.past_pauses, parts.clock)


def _pausing(queues: Sequence[str]) -> Callable[[float], Mapping[str, int]]:
    """Return the check of automatic pauses for queues with `pause_when`; without such queues it costs nothing."""
    if not queues:
        return lambda _: {}
    return AutoPausing(
        queues, parts.auto_pauses, parts.pauses, parts.consumers, parts.prober,
        parts.job_store, parts.counters.standing, parts.past_pauses, parts.clock,
        parts.job_service.dispatcher.send, in_lines=parts.tried,
    ).run  # fmt: skip
