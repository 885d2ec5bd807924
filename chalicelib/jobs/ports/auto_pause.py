"""The rows of job types that pause by themselves, and the start of a probe, as Protocols."""

from typing import Protocol

from chalicelib.jobs.auto_pause import AutoPause
from chalicelib.jobs.ports.queue import Message


class AutoPauses(Protocol):
    """Keeps one row a job type. Raises what the store raises when it does not answer."""

    def read(self, job_type: str, *, consistent: bool = True) -> AutoPause:
        """Return the row; a new one when there is none. Not `consistent`: it may be some milliseconds old."""

    def replace(self, job_type: str, seen: AutoPause, new: AutoPause) -> AutoPause | None:
        """Write the row if it is still as it was seen, and return it with its version; None when it is not.

        The same write twice is no error: the reply to the first time was lost.
        """


class Prober(Protocol):
    """Hands one message to a worker although the queue is switched off."""

    def probe(self, message: Message) -> None:
        """Start the worker of the message's type with it; returns before it has begun."""
