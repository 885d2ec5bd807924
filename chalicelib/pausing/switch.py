"""Pause and resume the queue of a job type: meanwhile its messages are not delivered, and its jobs wait.

If several types share the queue, the jobs of all of them wait.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chalicelib.counters.port import BY_BUDGET, Counters, Pause
from chalicelib.errors import JobFlowError, PartlySwitched
from chalicelib.job_types.jobtype import queue_of
from chalicelib.pausing.constants import MOST_PAST_PAUSES, MOST_PAUSE_TRIES
from chalicelib.pausing.port import AutoPauses, Consumers, PastPause, PastPauses, Pauses
from chalicelib.pausing.rule import AutoPause, Decide, resumed


@dataclass
class Pausing:
    """Change both parts of a pause: the record of it (`pauses`), and the delivery of messages (`consumers`).

    `counters` returns which types are paused, `ended` stores ended pauses. `by_itself` returns the rows of a type that
    declares `pause_when`; None for other types.
    """

    pauses: Pauses
    consumers: Consumers
    counters: Counters
    ended: PastPauses
    clock: Callable[[], float] = time.time
    by_itself: Callable[[str], AutoPauses | None] = lambda _: None

    def pause(self, job_type: str, by: str, reason: str = "") -> None:
        """Pause, and store by whom and why. A repeated call does not change the first pause.

        An automatic pause becomes the operator's pause, and so does one by a budget, which is stored as ended by the
        operator; then only an operator's resume ends it. Raises JobConflict while an earlier change is still being
        made.
        """
        queue = queue_of(job_type)
        present = None if by == BY_BUDGET else self._present(queue)
        took_over = present is not None and present.by_budget
        if present is not None and took_over:
            # before the pause is replaced: afterwards, nothing would show that there was one by the budget
            self.ended.add(queue, PastPause(present, round(self.clock(), 3), by))
        # Store the pause first: if the rest fails, people see a pause that has no effect. In the other order, the queue
        # would stop without a visible pause.
        new = self.pauses.pause(queue, Pause(round(self.clock(), 3), by, reason))
        try:
            self.consumers.switch(queue, on=False)
        except PartlySwitched:
            raise  # one of the two queues was disabled, so the pause stays visible; repeat it to disable the other
        except JobFlowError:
            # The queue was not disabled. After any other error the queue may be disabled, so the pause stays visible.
            # One that replaced the budget's pause stays, too: without it, the queue would be on until midnight.
            if new and not took_over:
                with contextlib.suppress(Exception):
                    self.pauses.resume(queue)
            raise

    def resume(self, job_type: str, by: str) -> None:
        """Resume, and store the ended pause and who ended it; resuming a type that is not paused is not an error.

        Raises JobConflict while an earlier change is still being made.
        """
        queue = queue_of(job_type)
        if (rows := self.by_itself(job_type)) is not None:
            # from here on, workers run jobs again; if this process ends here, the watchdog finishes the resume
            change(rows, queue, resumed)
        # Store the ended pause first: if the rest fails, the type is still shown as paused, and the next resume
        # overwrites this record.
        if (pause := self._present(queue)) is not None:
            self.ended.add(queue, PastPause(pause, round(self.clock(), 3), by))
        self.consumers.switch(queue, on=True)
        self.pauses.resume(queue)

    def renew(self, job_type: str) -> bool:
        """End a pause by a budget; return False if there is none, or another pause: an operator's pause stays.

        Raises JobConflict while an earlier change is still being made.
        """
        queue = queue_of(job_type)
        pause = self._present(queue)
        if pause is None or not pause.by_budget:
            return False
        if (rows := self.by_itself(job_type)) is not None:
            change(rows, queue, resumed)
        self.ended.add(queue, PastPause(pause, round(self.clock(), 3), BY_BUDGET))
        self.consumers.switch(queue, on=True)
        if self.pauses.resume(queue, by_budget=True):
            return True
        # an operator has just paused the type, and may have stopped the queue before it was started here
        self.settle(job_type)
        return False

    def settle(self, job_type: str) -> None:
        """Switch the queue to what the row of the pause says, and once more if the row has changed meanwhile.

        Raises JobConflict while another change is still being made; then the caller tries again later.
        """
        queue = queue_of(job_type)
        for _ in range(MOST_PAUSE_TRIES):
            on = self._present(queue) is None
            self.consumers.switch(queue, on=on)
            if (self._present(queue) is None) is on:
                return

    def past(self, job_type: str) -> Sequence[PastPause]:
        """Return the last ended pauses, newest first."""
        queue = queue_of(job_type)
        present = self._present(queue)
        # leave out the present pause: a resume that failed half-way has already stored it
        over = [
            one
            for one in self.ended.newest(queue, MOST_PAST_PAUSES + 1)
            if not present or one.pause.since != present.since
        ]
        return over[:MOST_PAST_PAUSES]

    def _present(self, queue: str) -> Pause | None:
        return self.counters.standing().paused.get(queue)


def change(rows: AutoPauses, job_type: str, decide: Decide, seen: AutoPause | None = None) -> AutoPause | None:
    """Apply `decide` to the row, write the result, and return it; None if there is nothing to write.

    `seen` is the row as it was read some time ago. Raises TimeoutError if another process wrote at every try, and the
    store's errors.
    """
    found = rows.read(job_type) if seen is None else seen
    for _ in range(MOST_PAUSE_TRIES):
        new = decide(found)
        if new is None:
            return None
        if (written := rows.replace(job_type, found, new)) is not None:
            return written
        found = rows.read(job_type)
    raise TimeoutError(f"Too many workers report failures of {job_type} at once.")
