"""Remove what is left of jobs whose rows have expired: attempts, steps, payloads and results would stay for months.

The table says in its stream that it has removed the row of a job, because its time was over. A reader of the stream
stores this, and a nightly function removes what is left, because only its role may. Nothing is removed because a row is
absent: a table may be half lost, and a restore may be about to bring the job back.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chalicelib.erasing import events
from chalicelib.erasing.constants import AT_ONCE, LEASE, MOST_FAILED
from chalicelib.erasing.leftover_rule import Expired, leaves_something
from chalicelib.erasing.port import ExpiredBatch, ExpiredJobs, Removal
from chalicelib.jobs.changed import JobChanged
from chalicelib.side_by_side import side_by_side


@dataclass
class Done:
    """What was removed: numbers of jobs, rows and objects; what failed; and whether the time has ended before."""

    numbers: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    in_a_row: int = 0
    late: bool = False
    put_off: set[str] = field(default_factory=set)
    """The names of batches that were put off now: they come again, and are left to the next time."""

    @property
    def whole(self) -> bool:
        """Return whether nothing is left of any job that is known to have expired."""
        return not self.late and not self.failures

    def failed(self) -> None:
        """Count a failure."""
        self.failures += 1
        self.in_a_row += 1


@dataclass(frozen=True)
class Leftovers:
    """Store which jobs have expired, and later remove what is left of them. `clock`: seconds since the epoch."""

    rows: ExpiredJobs
    removal: Removal
    clock: Callable[[], float] = time.time
    threads: int = AT_ONCE

    def follow(self, changes: Sequence[JobChanged]) -> None:
        """Store the jobs that have expired and may have left something; a repetition does no harm.

        Raises nothing, and no change is delivered again because of it: the ends of other jobs are behind it in the
        stream. What is not stored is logged, and stays until its own expiry.
        """
        try:
            gone = [one for one in changes if one.expired and one.before is not None and leaves_something(one.before)]
            jobs = [Expired.of(one.before) for one in gone if one.before is not None]
            if jobs:
                self.rows.keep(ExpiredBatch(gone[0].sequence, jobs), self.clock())
        except Exception as error:
            events.not_stored(len(changes), error)

    def work(self, remaining: Callable[[], float]) -> Done:
        """Remove what is left while `remaining` seconds are left; return what is done.

        A job whose removal fails is tried once in this call, and is put off behind all others, with those of its batch
        that were not tried. After MOST_FAILED failures in a row the rest waits, because AWS may refuse everything; the
        next call begins with the batches that were not reached. Two calls at once may try what the other has put off.
        """
        done = Done(late=remaining() <= LEASE / 2)
        if done.late:
            return done

        def unreadable(name: str, error: Exception) -> None:
            events.batch_unreadable(name, error)
            done.failures += 1

        try:
            for batch in self.rows.each(unreadable):
                if batch.name not in done.put_off:
                    self._process(batch, remaining, done)
                if done.late or done.in_a_row >= MOST_FAILED:
                    break
        except Exception as error:
            events.slice_failed("expired", error)
            done.failed()
        if done.numbers or done.failures:
            events.left_over(done.numbers, done.failures)
        return done

    def _process(self, batch: ExpiredBatch, remaining: Callable[[], float], done: Done) -> None:
        gone = side_by_side(lambda one: self._try(one, remaining, done), batch.jobs, self.threads)
        which = list(zip(batch.jobs, gone, strict=True))
        failed = [one for one, is_gone in which if is_gone is False]
        left = [one for one, is_gone in which if is_gone is None] + failed  # what was not tried comes first
        if failed:
            done.put_off.add(batch.later)
            self.rows.put_off(batch, left)
        elif len(left) < len(batch.jobs):
            self.rows.leave(batch, left)

    def _try(self, one: Expired, remaining: Callable[[], float], done: Done) -> bool | None:
        """Remove what one job has left; its error must not affect the others.

        Return whether nothing is left; None if the job was not tried, or not to the end.
        """
        if one.expires_at > self.clock():
            return True  # the table removes no row before its expiry: the entry is no record of the table
        if done.in_a_row >= MOST_FAILED:
            return None
        try:
            gone = self.removal.remove_left(one, lambda: remaining() > LEASE / 2)
        except Exception as error:
            events.job_failed(one.job, error)
            done.failed()
            return False
        if gone is None:
            done.late = True
            return None
        done.in_a_row = 0
        done.numbers.update({"expired": 1, "expired_rows": gone.rows, "expired_objects": gone.objects})
        return True
