"""The platform's own log of a function's invocations, as a Protocol."""

from collections.abc import Sequence
from typing import Protocol

from chalicelib.jobs.job import Job


class PlatformLog(Protocol):
    """Knows what the platform wrote about the invocation that claimed a job."""

    def lines(self, job: Job) -> Sequence[tuple[float, str]]:
        """Return lines with the request id of the job's last claim: (seconds since the epoch, text), oldest first.

        One request of at most a second; raises what the client raises when it is not answered.
        """
