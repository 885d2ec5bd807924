"""Store the plan of starts in memory; the contract tests of DynamoDB check it too."""

import threading
from collections.abc import Sequence

from chalicelib.job_types.constants import TURNS_APART
from chalicelib.job_types.rate import Rate
from chalicelib.limits.port import Taken


class MemoryTurns:
    """See Turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, Taken] = {}

    def taken(self, job_type: str) -> Taken:
        """See Turns."""
        return self._taken.get(job_type, Taken())

    def slots(self, job_type: str, rate: Rate, count: int, now: float, until: float) -> Sequence[float]:
        """See Turns."""
        with self._lock:
            seen = self.taken(job_type)
            start = max(now, seen.slots_to)
            found = [max(now, start + n * rate.apart - rate.ahead) for n in range(count)]
            if found[-1] > until:
                return []
            self._taken[job_type] = Taken(start + count * rate.apart, seen.turns_to)
            return found

    def turns(self, job_type: str, rate: Rate, count: int, after: float) -> Sequence[float]:
        """See Turns."""
        with self._lock:
            seen = self.taken(job_type)
            start, apart = max(after, seen.turns_to), TURNS_APART * rate.apart
            found = [start + n * apart for n in range(count)]
            self._taken[job_type] = Taken(seen.slots_to, start + count * apart)
            return found

    def forget(self, job_type: str, turns_to: float) -> None:
        """See Turns."""
        with self._lock:
            seen = self.taken(job_type)
            if seen.turns_to == turns_to:
                self._taken[job_type] = Taken(seen.slots_to, 0.0)
