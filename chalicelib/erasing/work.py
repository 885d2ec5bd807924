"""Delete jobs and erase tenants: hide each job, remove what belongs to it, then its own row.

A request is refused while another job may still read the result. Otherwise it only stores what is wanted and hides the
job. Another function removes the rows, because only its role may. It removes the row of a job last: whoever dies
before, the next worker finds the job, and removes what is left. An erasure's progress is written before and after each
slice, over the version that was read: of two workers at the same time one stops.
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from chalicelib.erasing import events
from chalicelib.erasing.constants import AT_ONCE, JOBS, LEASE, LOOK_AGAIN, MOST_HELD, MOST_IN_HAND, SLICE
from chalicelib.erasing.port import Belongings, Deletion, ErasureRows, Removal
from chalicelib.erasing.rule import (
    END,
    Erasure,
    after_search,
    begun,
    digest_of,
    found_by_tenant,
    is_copy,
    is_over,
    pause,
    removable_at,
)
from chalicelib.errors import ErasureNotFound, JobConflict, JobNotFound, MoveRefused, RowsUnreadable, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Filter, JobStore
from chalicelib.jobs.tenants import group_of
from chalicelib.keys.rule import answer_row, unique_row
from chalicelib.limits.serial_rule import row_of
from chalicelib.operating.operations import Operations
from chalicelib.operating.port import Background
from chalicelib.producing.submission import keyed_id
from chalicelib.side_by_side import side_by_side

EXPIRED_REMAIN = "ExpiredJobsRemain"
"""The problem of an erasure that has found every job, but something of expired jobs is not removed yet: nothing says
whose it was."""


@dataclass(frozen=True, slots=True)
class NewErasure:
    """A request: the tenant in stored form, who asks, and why. `dry_run`: only count the jobs."""

    id: str
    tenant: str
    by: str
    principal: str
    reason: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """What a job needs for its removal: the jobs to remove, copies of its end first, or until when it must wait."""

    jobs: Sequence[tuple[Job, Belongings]] = ()
    until: float | None = None


@dataclass(frozen=True)
class Erasing:
    """Delete jobs and erase tenants. `operations` cancels jobs; `clock` returns seconds since the epoch."""

    rows: ErasureRows
    store: JobStore
    removal: Removal
    operations: Operations
    background: Background
    clock: Callable[[], float] = time.time
    threads: int = AT_ONCE
    nothing_left: Callable[[Callable[[], float]], bool] = lambda _: True
    """Remove what expired jobs have left, in so many seconds; return whether nothing is left. No search finds it."""
    reading: Lock = field(default_factory=Lock)
    """One payload is in memory at a time: one of 5 MB needs 20 MB as objects."""

    def delete(self, job_id: str, principal: str) -> Job:
        """Hide a finished job at once, and let the platform remove it; a repetition for a hidden job is no error.

        Raises JobNotFound, and JobConflict for a job that has not ended, or whose result another job may still read.
        """
        found, now = self.removal.find(job_id), self.clock()
        if found is None or (found.erased_at is None and (found.expires_at or now) < now):
            raise JobNotFound(job_id)
        if found.erased_at is None:
            self._check(found)
        asked = Deletion(found.id, found.created_at, found.gen, now)
        # stored before the job is hidden: a hidden job without a deletion would never be removed
        self.rows.ask(asked)
        if found.erased_at is None:
            try:
                found = self.store.apply(job_id, transitions.erase(found, now=now))
            except MoveRefused as refused:
                if refused.current is not None:
                    self.rows.drop(asked)
                    events.refused(job_id, principal)
                    raise JobConflict(f"Job {job_id} was changed by another request; it is not deleted.") from None
                found = replace(found, erased_at=now)  # another request has hidden it at the same time
            else:
                events.deleted(found, principal)
        self.wake()
        return found

    def start(self, asked: NewErasure) -> Erasure:
        """Store an erasure, and let the platform begin it."""
        now = self.clock()
        new = Erasure(
            id=asked.id, digest=digest_of(asked.tenant), tenant=asked.tenant, by=asked.by, principal=asked.principal,
            started_at=now, reason=asked.reason, dry_run=asked.dry_run, searched_at=now, updated_at=now,
        )  # fmt: skip
        self.rows.add(new)
        events.started(new)
        self.wake()
        return new

    def get(self, erasure_id: str) -> Erasure:
        """Return an erasure; raises ErasureNotFound."""
        found = self.rows.find(erasure_id)
        if found is None:
            raise ErasureNotFound(erasure_id)
        return found

    def wake(self) -> None:
        """Invoke the function now; if that fails, the watchdog tries again within a minute."""
        try:
            self.background.wake()
        except Exception as error:
            events.not_woken(error)

    def look_after(self, names: Sequence[str]) -> bool:
        """Invoke the function again if something can go on; return whether it was invoked. `names` are the marks."""
        now = self.clock()
        try:
            found = [self.rows.find(name) for name in names]
        except Exception as error:
            events.not_woken(error)
            return False
        overdue = any(one is None or not one.open or one.lease_until < now for one in found)
        if overdue:
            self.wake()
        return overdue

    def work(self, names: Sequence[str], remaining: Callable[[], float]) -> Mapping[str, int]:
        """Remove what is to be removed while `remaining` seconds are left; `names` are the marks. Return numbers."""
        tally: Counter[str] = Counter()
        if not names:
            return tally
        try:
            if JOBS in names:
                self._deletions(remaining, tally)
        except Exception as error:
            events.slice_failed("jobs", error)  # the erasures must not wait for it
        for name in (name for name in names if name != JOBS):
            erasure = self._claim(name, remaining) if remaining() > LEASE / 2 else None
            while erasure is not None:
                erasure = self._slice(erasure, remaining)
                tally["erased_slices"] += 1
        return tally

    def copies(self, job_id: str) -> Iterator[Job]:
        """Yield the jobs that go with this one: those that the platform made from its end, and from their ends."""
        for one in self.removal.copies(job_id):
            if one.parent == job_id:
                yield one
                yield from self.copies(one.id)

    def _check(self, found: Job) -> None:
        """Raise JobConflict if a job cannot be deleted."""
        if not found.terminal:
            told = f"Job {found.id} is {found.status}; only a finished job can be deleted. Cancel it first."
            raise JobConflict(told)
        parent = self._reader(found)
        if parent is not None:
            told = f"Job {parent.id}, which made it, is {parent.status} and may still read its result."
            raise JobConflict(f"Job {found.id} is not deleted. {told}")

    def _reader(self, job: Job) -> Job | None:
        """Return the job that has made this one, if it has not ended: it may still read the result."""
        parent = None if job.parent is None else self.removal.find(job.parent)
        unfinished = parent is not None and not parent.terminal and parent.created_at <= job.created_at
        return parent if unfinished else None

    def _deletions(self, remaining: Callable[[], float], tally: Counter[str]) -> None:
        """Remove the jobs that were deleted one by one, and that nothing writes rows for any more."""
        after, now = None, self.clock()
        if not self.rows.lease(now, now + _rest_of(remaining)):
            return
        try:
            while remaining() > LEASE / 2:
                some = self.rows.asked(SLICE, after)
                if not some:
                    break
                gone = side_by_side(lambda one: self._delete(one, remaining), some, self.threads)
                tally["deleted"] += sum(gone)
                after = some[-1].job
        except Exception:
            self.rows.give_back()  # the next invocation need not wait for the end of this one
            raise
        self.rows.rest()

    def _delete(self, asked: Deletion, remaining: Callable[[], float]) -> bool:
        """Remove the job of a deletion, if its time has come; return whether it is gone. Logs errors."""
        try:
            found = self.removal.find(asked.job)
            if found is not None and found.created_at == asked.created_at:
                if found.erased_at is None and (not found.terminal or found.gen != asked.gen):
                    self.rows.drop(asked)  # it was changed first, and the request was answered so
                    return False
                ready = self._ready(found, remaining)
                if ready.jobs:
                    self.rows.record(asked, self.clock())
                for job, belongings in ready.jobs:
                    self._remove(job, belongings)
                if ready.until is not None:
                    return False
                events.removed(found)
            elif found is None:
                self.rows.record(asked, self.clock())
            self.rows.drop(asked)
        except Exception as error:
            events.job_failed(asked.job, error)
            return False
        return True

    def _remove(self, job: Job, belongings: Belongings) -> None:
        self.removal.remove(belongings)
        self.removal.remove_job(job)

    def _ready(self, job: Job, remaining: Callable[[], float]) -> Ready:
        """Cancel a job that has not ended, hide it, and find what belongs to it and to the copies of its end.

        If the time ends, or there are more copies than one slice takes, the answer has some of the copies only.
        """
        now = self.clock()
        if not job.terminal:
            job = self._cancelled(job)
        if not job.terminal:
            return Ready(until=now + LOOK_AGAIN)
        if job.erased_at is None and self._reader(job) is not None:
            return Ready(until=now + LOOK_AGAIN)
        if job.erased_at is None:
            try:
                job = self.store.apply(job.id, transitions.erase(job, now=now))
            except MoveRefused as refused:
                if refused.current is not None or self.removal.find(job.id) is not None:
                    return Ready(until=now + LOOK_AGAIN)
                return Ready()
        if removable_at(job) > now:
            return Ready(until=removable_at(job))
        found: list[tuple[Job, Belongings]] = []
        for child in self.removal.copies(job.id):
            if is_copy(job, child):
                if len(found) >= MOST_IN_HAND or _short(remaining):
                    return Ready(found, until=now)
                ready = self._ready(child, remaining)
                if ready.until is not None:
                    return ready
                # The row in the job's partition that lists a child goes with the job: without it, nobody would find a
                # child that is half removed.
                found += [(one, what.without(job.id)) for one, what in ready.jobs]
        belongings = self._belongings(job)
        if belongings.fresh(now):
            return Ready(found, until=now + LOOK_AGAIN)
        return Ready((*found, (without_bodies(job), belongings)))

    def _belongings(self, job: Job) -> Belongings:
        """Return what belongs to a job. The payload is read only for a key made from it, and not kept.

        The jobs of a slice are in memory together: with their payloads, they would be more than the function has.
        """
        if needs_payload(job):
            with self.reading:
                keys = keys_of(self.removal.whole(job.id) or job)
        else:
            keys = keys_of(job)
        return self.removal.belongings(job, keys)

    def _cancelled(self, job: Job) -> Job:
        """Cancel an unfinished job; return it as it is then. A second request would cut short what undoes its steps."""
        if job.cancel_requested:
            return job
        try:
            return self.operations.cancel(job.id)
        except (JobConflict, JobNotFound):  # it has ended meanwhile
            return self.removal.find(job.id) or job

    def _claim(self, name: str, remaining: Callable[[], float]) -> Erasure | None:
        now = self.clock()
        claimed = self.rows.claim(name, now, now + _rest_of(remaining))
        found = None if claimed is not None else self.rows.find(name)
        if claimed is None and (found is None or not found.open):
            self.rows.close(name, now)  # who ended it died before it removed the mark, or who began it after the mark
        return claimed

    def _slice(self, erasure: Erasure, remaining: Callable[[], float]) -> Erasure | None:
        """Process the next jobs, and store the progress; None if another worker owns the erasure."""
        try:
            return self._step(erasure, remaining)
        except Exception as error:
            events.slice_failed(erasure.id, error)
            return None  # its row could not be written: another worker continues when the lease has ended

    def _step(self, erasure: Erasure, remaining: Callable[[], float]) -> Erasure | None:
        known: Erasure | None = erasure
        ready: dict[str, tuple[Job, Belongings]] = {}
        try:
            if len(erasure.hand) < MOST_HELD:
                known, ready = self._searched(erasure, remaining)
            known = self._save(known or erasure, self.clock() + _rest_of(remaining))
            if known is None:
                return None
            after = self._removed(known, ready, remaining)
        except Exception as error:
            events.slice_failed(erasure.id, error)
            if known is None:
                return None
            after = _failed(known, error)
        return self._progress(after, remaining)

    def _progress(self, after: Erasure, remaining: Callable[[], float]) -> Erasure | None:
        """Store the outcome of a slice; return the erasure if its next slice can begin at once."""
        now, begin, keep = self.clock(), 0.0, not _short(remaining)
        if after.failures:
            self._save(after, now + pause(after.failures))
            return None
        if after.position == END and not after.hand:
            over = is_over(after) and (after.dry_run or self.nothing_left(remaining))
            if is_over(after) and not over:
                after = replace(after, problem=EXPIRED_REMAIN, again_at=now + LOOK_AGAIN)
            after, begin = after_search(after, now, over=over)
        waits = begin > now
        saved = self._save(after, begin if waits else now + _rest_of(remaining) if keep else 0.0)
        if saved is not None and not saved.open:
            self.rows.close(saved.id, now)
            events.ended(saved)
            return None
        return saved if keep and not waits else None

    def _save(self, after: Erasure, lease_until: float) -> Erasure | None:
        now = self.clock()
        return self.rows.save(replace(after, version=after.version + 1, updated_at=now, lease_until=lease_until))

    def _searched(
        self, erasure: Erasure, remaining: Callable[[], float]
    ) -> tuple[Erasure, dict[str, tuple[Job, Belongings]]]:
        """Return the erasure with the next jobs in hand, and what belongs to each of them."""
        if erasure.position == END:
            return erasure, {}
        erasure = begun(erasure) if erasure.position is None else erasure
        which = Filter(tenant=erasure.tenant, created_before=erasure.started_at)
        page = self.removal.page(which, SLICE, erasure.position)
        position = page.position or END
        new = [without_bodies(job) for job in page.jobs if job.id not in erasure.hand and found_by_tenant(job.type)]
        unreadable = len(page.unreadable)
        if erasure.dry_run:
            unfinished = sum(not job.terminal for job in new) + unreadable
            return replace(
                erasure, position=position, jobs=erasure.jobs + len(new), unfinished=erasure.unfinished + unfinished,
                problem=RowsUnreadable.__name__ if unreadable else erasure.problem,
            ), {}  # fmt: skip
        answers = side_by_side(lambda job: self._try(job, remaining), new, self.threads)
        found = {job.id: (job, what) for one in answers if isinstance(one, Ready) for job, what in one.jobs}
        failed = [one for one in answers if isinstance(one, Exception)]
        waiting = [one.until for one in answers if isinstance(one, Ready) and one.until is not None]
        waiting += [self.clock() + LOOK_AGAIN] * (len(failed) + unreadable)
        room = max(0, MOST_IN_HAND - len(erasure.hand))
        # the next search meets those for which the row of the erasure has no room
        found = dict(itertools.islice(found.items(), room))
        counts = {job_id: what.counts for job_id, (_, what) in found.items() if job_id not in erasure.hand}
        problem = _name(failed[0]) if failed else RowsUnreadable.__name__ if unreadable else erasure.problem
        times = [*waiting, *([erasure.again_at] if erasure.again_at is not None else [])]
        return replace(
            erasure, position=position, hand={**erasure.hand, **counts}, met=erasure.met + len(new) + unreadable,
            unfinished=erasure.unfinished + len(waiting), again_at=min(times, default=None), problem=problem,
        ), found  # fmt: skip

    def _try(self, job: Job, remaining: Callable[[], float]) -> Ready | Exception:
        """Make one job ready; its error must not affect the others."""
        if _short(remaining):
            return Ready(until=self.clock())  # the next search meets it: a slice must end before the process does
        try:
            found = self.removal.find(job.id)
            if found is not None and found.created_at != job.created_at:
                return Ready()  # another worker has removed the job, and its id has a new one
            return self._ready(found or job, remaining)
        except Exception as error:
            events.job_failed(job.id, error)
            return error

    def _removed(
        self, erasure: Erasure, ready: Mapping[str, tuple[Job, Belongings]], remaining: Callable[[], float]
    ) -> Erasure:
        """Remove the jobs in hand; return the erasure with those counted that are gone.

        A job that is in hand without `ready` was in the hand of a worker that has died: a part of it may be gone.
        """
        outcomes = side_by_side(
            lambda job_id: None if _short(remaining) else self._gone(job_id, ready.get(job_id)), list(erasure.hand),
            self.threads,
        )  # fmt: skip
        gone = [job_id for job_id, outcome in zip(erasure.hand, outcomes, strict=True) if outcome is True]
        errors = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        done = [erasure.hand[job_id] for job_id in gone]
        after = replace(
            erasure, hand={job_id: n for job_id, n in erasure.hand.items() if job_id not in gone},
            jobs=erasure.jobs + len(done), rows=erasure.rows + sum(one.rows for one in done),
            objects=erasure.objects + sum(one.objects for one in done),
        )  # fmt: skip
        return _failed(after, errors[0]) if errors else replace(after, failures=0)

    def _gone(self, job_id: str, ready: tuple[Job, Belongings] | None) -> Exception | bool:
        """Remove a job in hand; return True, or the error if it is not gone."""
        try:
            if ready is None:
                found = self.removal.find(job_id)
                if found is None or found.erased_at is None:
                    return True
                ready = found, self._belongings(found)
            self._remove(*ready)
        except Exception as error:
            events.job_failed(job_id, error)
            return error
        return True


def _rest_of(remaining: Callable[[], float]) -> float:
    """Return for how long a worker owns what it processes: as long as its invocation can last."""
    return max(LEASE, remaining())


def _short(remaining: Callable[[], float]) -> bool:
    """Return whether the invocation ends too soon to begin something new."""
    return remaining() < LEASE / 2


def without_bodies(job: Job) -> Job:
    """Return the job without what may be large."""
    return replace(job, payload=None, result=None)


def needs_payload(job: Job) -> bool:
    """Return whether a key of this job is made from its payload."""
    kind = jobtype.registered.get(job.type)
    return kind is not None and kind.unique is not None


def keys_of(job: Job) -> list[str]:
    """Return the ids of the rows of keys that may name a job, as far as the job knows its keys.

    The others have only hashes and the id of the job, and expire.
    """
    found: list[str] = [] if job.idempotency_key is None else [answer_row(keyed_id(job.principal, job.idempotency_key))]
    try:
        kind = jobtype.get(job.type)
    except UnknownJobType:
        kind = None
    if kind is not None and kind.unique is not None and job.payload is not None:
        found.append(unique_row(kind.unique, job.type, job.payload))
    group = group_of(job.tags)
    return found if group is None else [*found, row_of(job.type, group)]


def _name(error: Exception) -> str:
    told = getattr(error, "response", None) or getattr(getattr(error, "cause", None), "response", None)
    code = told.get("Error", {}).get("Code") if isinstance(told, dict) else None
    return str(code or type(error).__name__)


def _failed(erasure: Erasure, error: Exception) -> Erasure:
    return replace(erasure, failures=erasure.failures + 1, problem=_name(error))
