"""Record in a stage's own table that it was deployed, so that charts and errors can name the deployment."""

import time
from collections.abc import Callable, Mapping

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.counters.port import Deploys


def mark(
    deploys: Callable[[], Deploys], version: str, say: Callable[[str], None], clock: Callable[[], float] = time.time
) -> None:
    """Record that the stage has this version. The version already runs, so an error is printed, not raised."""
    try:
        deploys().deployed(version, clock())
    except Exception as error:  # whatever the error, the deployment itself has succeeded
        say(f"The charts will not show this deployment: {type(error).__name__}.")


def mark_queues(
    counters: Callable[[], DynamoCounters],
    shared: Mapping[str, str],
    say: Callable[[str], None],
    clock: Callable[[], float] = time.time,
) -> None:
    """Record which types share which queue, so that the watchdog finds the jobs whose messages a move has left behind.

    `shared` has the shared queue of each type that has one. An error is printed, not raised.
    """
    try:
        counters().deployed_queues(shared, clock())
    except Exception as error:  # whatever the error, the deployment itself has succeeded
        say(f"Jobs of types that have moved to another queue may start hours later: {type(error).__name__}.")
