"""Count the jobs that have an error."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.counters.constants import ERROR_JOBS_READ_AGAIN, MOST_ERROR_JOBS
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import JobStore


class Counted(NamedTuple):
    """The jobs by status, whether these are all, and when they were counted (epoch seconds)."""

    by_status: Mapping[Status, int]
    complete: bool
    at: float


@dataclass
class ErrorJobs:
    """Count the jobs of each error, and cache the numbers, so that many open consoles cause only one read."""

    store: JobStore
    clock: Callable[[], float]
    _seen: dict[str, Counted] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def look(self, fingerprint: str) -> Counted:
        """Return the jobs that have this last error, as counted up to half a minute ago."""
        with self._lock:
            now = self.clock()
            self._seen = {name: one for name, one in self._seen.items() if 0 <= now - one.at < ERROR_JOBS_READ_AGAIN}
            if fingerprint not in self._seen:
                self._seen[fingerprint] = Counted(*self.store.count_failures(fingerprint, MOST_ERROR_JOBS), now)
            return self._seen[fingerprint]
