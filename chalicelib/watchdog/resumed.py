"""Give up a stalled job only a day after its type was last resumed, if the type was paused."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from chalicelib.job_types.jobtype import queue_of
from chalicelib.jobs.job import Job
from chalicelib.pausing.port import PastPauses
from chalicelib.watchdog.rule import GiveUp

V = TypeVar("V")


@dataclass
class Resumed:
    """Find out when types were last resumed, with one request for each queue of a job that may be given up."""

    pauses: PastPauses | None = None
    _at: dict[str, float] = field(default_factory=dict)

    def judge(self, job: Job, verdict_of: Callable[[Job], V]) -> V | GiveUp:
        """Return the verdict about a job; time before the last resume of its type does not count.

        Raises the errors of the store of pauses; the job is then not given up.
        """
        verdict = verdict_of(job)
        if not isinstance(verdict, GiveUp) or job.stalled_since is None:
            return verdict
        again = verdict_of(replace(job, stalled_since=max(job.stalled_since, self._resumed_at(queue_of(job.type)))))
        return verdict if isinstance(again, GiveUp) else again

    def _resumed_at(self, queue: str) -> float:
        """Return when the queue was last resumed, in seconds since the epoch; 0 if no pause of it is known."""
        if queue not in self._at:
            newest = self.pauses.newest(queue, 1) if self.pauses else ()
            self._at[queue] = newest[0].until if newest else 0.0
        return self._at[queue]
