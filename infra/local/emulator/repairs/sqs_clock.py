"""The clock of moto's queues."""

from collections.abc import Callable

from moto.sqs import models

from .patching import Replacements


def repair(replacements: Replacements, clock: Callable[[], float]) -> None:
    """Give SQS a clock that can be moved (visibility, delay and retention follow it), and a cheap one:
    moto builds three datetime objects to tell the time, several times a message."""

    def seconds(_moment: object = None) -> float:
        return clock()

    def milliseconds(_moment: object = None) -> float:
        return clock() * 1000.0

    replacements.put(models, "unix_time", seconds)
    replacements.put(models, "unix_time_millis", milliseconds)
