"""Read one job with what explains it: its attempts, and why it waits."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.counters.port import Counters
from chalicelib.job_types import jobtype
from chalicelib.jobs.history import JobView
from chalicelib.jobs.port import JobStore
from chalicelib.operating.why_waiting import QueueState, asks, why


@dataclass(frozen=True)
class JobReader:
    """Reads jobs for people. `clock` gives seconds since the epoch."""

    store: JobStore
    counters: Counters
    clock: Callable[[], float]

    def explained(self, job_id: str) -> tuple[JobView, str | None]:
        """Return a job with its attempts, and why it waits (None when it does not). Raises JobNotFound.

        The counters are asked for a waiting job only: one request to the store less for every other.
        """
        view, now = self.store.view(job_id), self.clock()
        queue = (
            QueueState.of(view.job, self.counters.standing(), now, _rate(view.job.type))
            if asks(view.job)
            else QueueState()
        )
        return view, why(view.job, queue, now, view.attempts[-1] if view.attempts else None)


def _rate(job_type: str) -> str | None:
    pace = jobtype.pace(job_type)
    return None if pace is None else pace.said
