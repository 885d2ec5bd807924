"""Pauses that have ended, in memory."""

from collections import defaultdict
from collections.abc import Sequence

from chalicelib.jobs.ports.past_pauses import PastPause


class MemoryPastPauses:
    """See PastPauses."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, dict[float, PastPause]] = defaultdict(dict)

    def add(self, job_type: str, past: PastPause) -> None:
        """See PastPauses."""
        self._rows[job_type][past.pause.since] = past

    def newest(self, job_type: str, most: int) -> Sequence[PastPause]:
        """See PastPauses."""
        rows = self._rows[job_type]
        return [rows[since] for since in sorted(rows, reverse=True)[:most]]
