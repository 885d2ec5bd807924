"""Store failures and automatic pauses in memory; the contract tests of DynamoDB check this store too."""

import threading
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.pausing.port import PastPause
from chalicelib.pausing.rule import AutoPause


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


class MemoryAutoPauses:
    """See AutoPauses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, AutoPause] = {}

    def read(self, job_type: str, *, consistent: bool = True) -> AutoPause:  # noqa: ARG002 - memory is consistent
        """See AutoPauses."""
        return self._rows.get(job_type, AutoPause())

    def replace(self, job_type: str, seen: AutoPause, new: AutoPause) -> AutoPause | None:
        """See AutoPauses."""
        with self._lock:
            if self._rows.get(job_type, AutoPause()).version != seen.version:
                return None
            self._rows[job_type] = replace(new, version=uuid.uuid4().hex[:12])
            return self._rows[job_type]
