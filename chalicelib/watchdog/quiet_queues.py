"""Remember which queues were empty, so that SQS is asked less often while nothing happens. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.counters.port import Standing
from chalicelib.job_types.jobtype import sharing
from chalicelib.jobs.job import ACTIVE
from chalicelib.jobs.port import Depth
from chalicelib.watchdog.constants import QUIET_EVERY


@dataclass
class QuietQueues:
    """Remember the depths of earlier runs in one watchdog process; a new process asks for each queue."""

    asked: dict[str, tuple[int, Depth]] = field(default_factory=dict)
    """By queue: the minute of the last answer, and the answer."""

    def known(self, key: str, standing: Standing | None, now: float) -> Depth | None:
        """Return the depth of a quiet queue as of an earlier run; None if SQS must be asked.

        The counters may be late, or wrong. The caller must therefore ask SQS if the index has a job that is due.
        """
        minute, depth = self.asked.get(key, (0, None))
        if standing is None or depth is None or int(now // 60) - minute >= QUIET_EVERY:
            return None
        full = depth.visible or depth.delayed or depth.in_flight
        types = sharing(key) or [key]
        return None if full or _unfinished(types, standing) else depth

    def keep(self, key: str, depth: Depth | None, now: float) -> None:
        """Remember SQS's answer; None, if there was none, is not remembered."""
        if depth is None:
            self.asked.pop(key, None)
        else:
            self.asked[key] = (int(now // 60), depth)


def _unfinished(types: Iterable[str], standing: Standing) -> bool:
    return any(standing.totals.get((name, status)) for name in types for status in ACTIVE)
