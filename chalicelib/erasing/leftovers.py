"""Remove what is left of jobs whose rows have expired: attempts, steps, payloads and results would stay for months.

The table says in its stream that it has removed the row of a job, because its time was over. A reader of the stream
stores this, and a nightly function removes what is left, because only its role may. Nothing is removed because a row is
absent: a table may be half lost, and a restore may be about to bring the job back.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.erasing import events
from chalicelib.erasing.constants import AT_ONCE, EXPIRED_ROWS, LEASE
from chalicelib.erasing.leftover_rule import Expired, leaves_something
from chalicelib.erasing.port import ExpiredBatch, ExpiredJobs, Removal
from chalicelib.jobs.changed import JobChanged
from chalicelib.side_by_side import side_by_side


@dataclass(frozen=True)
class Leftovers:
    """Store which jobs have expired, and later remove what is left of them. `clock`: seconds since the epoch."""

    rows: ExpiredJobs
    removal: Removal
    clock: Callable[[], float] = time.time
    threads: int = AT_ONCE

    def follow(self, changes: Sequence[JobChanged]) -> set[str]:
        """Store the jobs that have expired and may have left something; a repetition does no harm.

        Return the sequence numbers of the changes that must be delivered again: all of them, or none.
        """
        gone = [one for one in changes if one.expired and one.before is not None and leaves_something(one.before)]
        if not gone:
            return set()
        batch = ExpiredBatch(gone[0].sequence, [Expired.of(one.before) for one in gone if one.before is not None])
        try:
            self.rows.keep(batch, self.clock())
        except Exception as error:
            events.slice_failed("expired", error)
            return {one.sequence for one in gone}
        return set()

    def work(self, remaining: Callable[[], float]) -> Mapping[str, int]:
        """Remove what is left while `remaining` seconds are left; return the numbers of jobs, rows and objects."""
        tally: Counter[str] = Counter()
        after: str | None = None
        try:
            while remaining() > LEASE / 2:
                some = self.rows.some(EXPIRED_ROWS, after)
                if not some:
                    break
                for batch in some:
                    self._process(batch, remaining, tally)
                after = some[-1].name
        except Exception as error:  # the next night tries again
            events.slice_failed("expired", error)
        if tally:
            events.left_over(tally)
        return tally

    def _process(self, batch: ExpiredBatch, remaining: Callable[[], float], tally: Counter[str]) -> None:
        done = side_by_side(lambda one: self._try(one, remaining, tally), batch.jobs, self.threads)
        left = [one for one, gone in zip(batch.jobs, done, strict=True) if not gone]
        if not left:
            self.rows.drop(batch)
        elif len(left) < len(batch.jobs):
            self.rows.keep(replace(batch, jobs=left), self.clock())

    def _try(self, one: Expired, remaining: Callable[[], float], tally: Counter[str]) -> bool:
        """Remove what one job has left; its error must not affect the others. Return whether nothing is left."""
        if remaining() < LEASE / 2:
            return False
        try:
            gone = self.removal.remove_left(one)
        except Exception as error:
            events.job_failed(one.job, error)
            return False
        tally.update({"expired": 1, "expired_rows": gone.rows, "expired_objects": gone.objects})
        return True
