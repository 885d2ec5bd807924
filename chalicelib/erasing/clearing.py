"""Remove payloads, results and steps of finished jobs, and later all that is beside their rows, as their types say.

The end of a job stores when to look. Each minute the watchdog looks whether something is due, and another function
removes it, because only its role may. It decides from the job's own row, and first clears that row, so that no retry
can begin; then it removes the other rows and objects, as long as the row is there and cleared. The row goes last, with
its expiry. The clearing is dropped after the removal: whoever dies before, the next worker continues.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.ends.constants import CHECKED_FOR
from chalicelib.ends.rule import end_id
from chalicelib.erasing import events
from chalicelib.erasing.clearing_rule import Decision, What, bodies_are_gone, decide, looks_again_at
from chalicelib.erasing.constants import AT_ONCE, CLEAR_SLICE, LEASE
from chalicelib.erasing.port import Removal
from chalicelib.errors import MoveRefused
from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Clearing
from chalicelib.jobs.job import Job
from chalicelib.jobs.keep_times import times_of
from chalicelib.jobs.port import Clearings, JobStore
from chalicelib.operating.port import Background
from chalicelib.side_by_side import side_by_side


@dataclass(frozen=True)
class Clearer:
    """Remove what types do not keep. `types` returns the declared types; `clock` seconds since the epoch.

    `readers` returns the ids of the jobs that get the end of a batch; None while the batch has not ended, or is not
    known.
    """

    clearings: Clearings
    store: JobStore
    removal: Removal
    background: Background
    readers: Callable[[str], Sequence[str] | None]
    clock: Callable[[], float] = time.time
    threads: int = AT_ONCE
    types: Callable[[], Collection[JobType[Any, Any]]] = jobtype.all_types

    @property
    def wanted(self) -> bool:
        """Return whether some type says how long its jobs are kept; without one, nothing is read."""
        return any(kind.keep is not None for kind in self.types())

    def look_after(self) -> bool:
        """Invoke the function if something is due; return whether it was invoked."""
        if not self.wanted:
            return False
        try:
            due = self.clearings.due(self.clock(), 1)
            if due:
                self.background.wake()
        except Exception as error:
            events.not_woken(error)
            return False
        return bool(due)

    def work(self, remaining: Callable[[], float]) -> Mapping[str, int]:
        """Remove what is due while `remaining` seconds are left; return numbers of jobs."""
        tally: Counter[str] = Counter()
        if not self.wanted:
            return tally
        now = self.clock()
        until = now + max(LEASE, remaining())
        try:
            if not self.clearings.lease(now, until):
                return tally
        except Exception as error:
            events.slice_failed("clearings", error)
            return tally
        try:
            self._slices(remaining, tally)
        except Exception as error:
            events.slice_failed("clearings", error)
        try:
            self.clearings.rest(until)
        except Exception as error:  # it ends by its time, and other work of this invocation must not wait for it
            events.slice_failed("clearings", error)
        return tally

    def _slices(self, remaining: Callable[[], float], tally: Counter[str]) -> None:
        seen: set[Clearing] = set()
        while remaining() > LEASE / 2:
            due = [one for one in self.clearings.due(self.clock(), CLEAR_SLICE + len(seen)) if one not in seen]
            if not due:
                return
            outcomes = side_by_side(lambda one: self._try(one, remaining), due, self.threads)
            tally.update(one for one in outcomes if one)
            # the query may be late, and what has failed is still there: the next invocation tries it again
            seen.update(due)

    def _try(self, one: Clearing, remaining: Callable[[], float]) -> str | None:
        """Process one clearing; its error must not affect the others."""
        if remaining() < LEASE / 2:
            return None
        try:
            return self._process(one)
        except Exception as error:
            events.job_failed(one.job, error)
            return None

    def _process(self, one: Clearing) -> str | None:
        found, now = self.removal.find(one.job), self.clock()
        decision = decide(one, found, None if found is None else times_of(found), now)
        if found is None or decision.what is What.NOTHING:
            self.clearings.drop(one)
            return None
        if decision.what is What.WAIT:
            self.clearings.move(one, decision.next_at)
            return None
        if found.cleared_at is None and self._is_read(found, now):
            self.clearings.move(one, looks_again_at(found, now))
            return None
        return self._clear(one, found, decision)

    def _clear(self, one: Clearing, found: Job, decision: Decision) -> str | None:
        """Clear the row of a job, then remove what is beside it.

        `found` is the row before: it names what is in S3. If a worker that died has cleared it, S3 is asked.
        """
        if found.cleared_at is None:
            try:
                self.store.apply(found.id, transitions.clear(found, now=self.clock()))
            except MoveRefused:  # it was retried or deleted in this moment: the next look knows more
                return None
        if decision.what is What.DATA:
            self.removal.remove(self.removal.data(found))
            self.clearings.move(one, decision.next_at)
            return "cleared"
        self.removal.remove(
            self.removal.rest(found, listed=found.cleared_at is not None and not bodies_are_gone(one, found))
        )
        self.clearings.drop(one)
        return "removed"

    def _is_read(self, job: Job, now: float) -> bool:
        """Return whether a job that may read the result has not ended: its caller, `on_end`, or those of its batch."""
        if job.parent is not None:
            parent = self.removal.find(job.parent)
            if parent is not None and not parent.terminal and parent.created_at <= job.created_at:
                return True
        if job.on_end is not None:
            told = self.removal.find(end_id(job))
            if now < (job.finished_at or now) + CHECKED_FOR if told is None else not told.terminal:
                return True
        if job.batch is None:
            return False
        readers = self.readers(job.batch)
        return readers is None or any(self._runs(one) for one in readers)

    def _runs(self, job_id: str) -> bool:
        found = self.removal.find(job_id)
        return found is not None and not found.terminal
