"""Pause and resume a job type: its messages are not handed out, jobs wait, nothing is lost."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.errors import JobFlowError
from chalicelib.jobs.ports import Consumers, Counters, PastPause, PastPauses, Pause, Pauses

MOST_PAST = 20
"""Pauses of a type that are told after they have ended."""


@dataclass
class Pausing:
    """Both halves together: what everybody reads (`pauses`), and what hands out the messages (`consumers`).

    `counters` tell which types are paused, `ended` keeps the pauses that were."""

    pauses: Pauses
    consumers: Consumers
    counters: Counters
    ended: PastPauses
    clock: Callable[[], float] = time.time

    def pause(self, job_type: str, by: str, reason: str = "") -> None:
        """Pause, and keep by whom and why; again, it does no harm, and the first pause stays told.

        Raises JobConflict while an earlier change is still being made.
        """
        # Written down first: should the rest fail, a pause that does not hold is seen, a silent stop would not be.
        new = self.pauses.pause(job_type, Pause(round(self.clock(), 3), by, reason))
        try:
            self.consumers.switch(job_type, on=False)
        except JobFlowError:
            # Nothing was switched, for certain. After any other error it may have been, and the pause stays told.
            if new:
                with contextlib.suppress(Exception):
                    self.pauses.resume(job_type)
            raise

    def resume(self, job_type: str, by: str) -> None:
        """Resume, and keep the pause that ends with who ended it; a type that is not paused is no error.

        Raises JobConflict while an earlier change is still being made.
        """
        # Kept first: should the rest fail, the pause is told as the present one, and the next resume writes over it.
        if (pause := self._present(job_type)) is not None:
            self.ended.add(job_type, PastPause(pause, round(self.clock(), 3), by))
        self.consumers.switch(job_type, on=True)
        self.pauses.resume(job_type)

    def past(self, job_type: str) -> Sequence[PastPause]:
        """Return the last pauses that have ended, the newest first."""
        present = self._present(job_type)
        # one that a resume has kept and not ended goes on
        over = [
            one for one in self.ended.newest(job_type, MOST_PAST + 1) if not present or one.pause.since != present.since
        ]
        return over[:MOST_PAST]

    def _present(self, job_type: str) -> Pause | None:
        return self.counters.standing().paused.get(job_type)
