"""Make the jobs that tell ends: from the changes of the stream, and for ends that the stream did not deliver."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.ends import events
from chalicelib.ends.constants import AT_ONCE, CHECKED_AFTER, CHECKED_FOR, CHECKED_LATE
from chalicelib.ends.rule import end_id, submission_of_end
from chalicelib.errors import (
    UNREADABLE,
    InvalidPayload,
    InvalidRequest,
    JobFlowError,
    JobNotFound,
    NotStored,
    RowNotSigned,
    RowsUnreadable,
)
from chalicelib.job_types import jobtype
from chalicelib.job_types.checks import check_name
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobStore
from chalicelib.keys.rule import Submitted
from chalicelib.producing.batch import submit_many
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission

T = TypeVar("T")


@dataclass(frozen=True)
class EndMaker:
    """Make one job for each end, however often the end is delivered: its id is made from the run that has ended."""

    service: JobService

    def follow(self, changes: Sequence[JobChanged]) -> set[str]:
        """Make the job of each end; return the sequence numbers of the changes that must be delivered again.

        Raises the errors of a store that does not answer.
        """
        ends = [(change, change.ended) for change in changes]
        told = [(change, job) for change, job in ends if job and job.on_end is not None]
        gone = removed(self.service.store, [job for _, job in told], self.service.now())
        asked = {change.sequence: (job, change.has_result) for change, job in told if job.id not in gone}
        again: set[str] = set()
        for some in groups(list(asked)):
            answers = self._make([asked[number] for number in some])
            again |= {number for number, answer in zip(some, answers, strict=True) if isinstance(answer, NotStored)}
        return again

    def repair(self, ended: Sequence[Job]) -> int:
        """Make the jobs of ends that were never told; return their number.

        Only the fields that name the run, its end and its status are needed. The ends of the last hour are left to the
        stream. An error ends nothing else that the caller does: the next night tries again.
        """
        now, made = self.service.now(), 0
        due = [job for job in ended if to_check(job, now)]
        for some in groups(due):
            try:
                made += self._repair(some)
            except Exception as error:
                events.repair_failed(error)
        if made:
            events.made_up_for(made)
        return made

    def _repair(self, some: Sequence[Job]) -> int:
        ids = {end_id(job): job for job in some}
        known = {job.id for job in self.service.store.get_many(list(ids))}
        seen = [job for id_, job in ids.items() if id_ not in known and job.on_end is not None]
        present = [(job, ended_still(self.service.store, job, events.repair_failed)) for job in seen]
        untold = [found for job, found in present if found is not None and end_id(found) == end_id(job)]
        answers = self._make([(job, job.result is not None or job.result_ref is not None) for job in untold])
        return sum(isinstance(answer, Submitted) and answer.outcome.written for answer in answers)

    def _make(self, ends: Sequence[tuple[Job, bool]]) -> Sequence[Submitted | JobFlowError]:
        """Make the jobs of up to AT_ONCE ends; return the answers. An end that was not stored is tried again."""
        answers = submit_many(self.service, [self._asked(job, has_result=has_result) for job, has_result in ends])
        for (job, _), answer in zip(ends, answers, strict=True):
            if isinstance(answer, NotStored):
                continue
            if isinstance(answer, JobFlowError):
                # The same data is refused again and again: the others must not wait for it. The nightly repair makes
                # the job if a deployment has brought the type back by then.
                events.refused(job, answer)
            elif answer.outcome.written:
                events.told(job, answer.job)
        return answers

    def _asked(self, job: Job, *, has_result: bool) -> Submission | JobFlowError:
        """Return the request for the job that tells this end, or why there can be none."""
        try:
            check_name("on_end", job.on_end)
            if not jobtype.declared(job.on_end or "").takes_ends:
                return InvalidRequest(f"{job.on_end} does not take a JobEnd.")
            if not self.service.store.end_signed(job):
                return RowNotSigned()
            return submission_of_end(job, has_result=has_result)
        except JobFlowError as error:
            return error
        except ValueError as error:  # a row that nobody but a faulty or forged write makes
            return InvalidPayload(type(error).__name__)


def to_check(job: Job, now: float) -> bool:
    """Return whether the nightly check includes this end; not one from before a restore, which was reported then."""
    at = job.finished_at or 0.0
    if job.discarded_at is not None and job.ended_as is None:
        return False  # it is not known any more how the run has ended
    return CHECKED_AFTER <= now - at <= CHECKED_FOR and at >= (job.restored_at or 0.0)


def ended_still(store: JobStore, seen: Job, failed: Callable[[Exception, Job], None]) -> Job | None:
    """Return the job without its bodies; None if it was deleted, runs again, or cannot be read (`failed` logs it).

    Raises the errors of a store that does not answer.
    """
    try:
        job = store.get_without_bodies(seen.id)
    except JobNotFound:
        return None
    except UNREADABLE as error:
        failed(error, seen)
        return None
    return job if job.terminal else None


def removed(store: JobStore, ended: Sequence[Job], now: float) -> set[str]:
    """Return the ids of those jobs that were deleted or erased since they ended; an end of just now is not checked.

    Raises the errors of a store that does not answer.
    """
    old = {job.id: job for job in ended if now - (job.finished_at or job.updated_at) > CHECKED_LATE}
    gone: set[str] = set()
    for some in groups(list(old)):
        unreadable: Sequence[str] = ()
        try:
            found = store.read_all(some, strict=True)
        except RowsUnreadable as error:  # such a job is there
            found, unreadable = error.found, error.jobs
        there = {job.id for job in found if job.created_at == old[job.id].created_at}
        gone.update(set(some) - there - set(unreadable))
    return gone


def groups(every: Sequence[T]) -> Iterator[Sequence[T]]:
    """Return them in portions of AT_ONCE."""
    yield from (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))
