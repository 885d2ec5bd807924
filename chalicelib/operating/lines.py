"""Let jobs take the places of their limits, wait for them in lines, and leave them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chalicelib.errors import MoveRefused, RowsUnreadable
from chalicelib.job_types import jobtype
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import MOST_READ
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.ids import declared_limit, limit_of, logged_id
from chalicelib.limits.places import Limit, LimitedJob, Listed, Standing
from chalicelib.limits.port import PlaceStore
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.telemetry import events


def limited(job: Job, now: float) -> LimitedJob:
    """Return a job as its limits see it at `now` (epoch seconds)."""
    limit = waited_limit(job)
    standing = Standing.OTHER
    if job.status is Status.PROCESSING and (job.lease_until or 0.0) >= now:
        standing = Standing.RUNS
    elif job.status is Status.BLOCKED:
        standing = Standing.BLOCKED
    elif job.status is Status.QUEUED and limit is not None:
        standing = Standing.WOKEN
    since = max(job.created_at, job.run_at or 0.0)
    return LimitedJob(job.id, job.type, since, job.gen, job.claims, job.passed, standing, limit, job.sent)


def unreadable(job: str) -> LimitedJob:
    """Return a job of which only the id is known."""
    return LimitedJob(job, "", 0.0, 0, 0, None, Standing.UNREADABLE)


@dataclass
class StoredJobs:
    """See LimitedJobs. It remembers the jobs that it has read, because their messages need more of them."""

    dispatcher: Dispatcher
    seen: dict[str, Job] = field(default_factory=dict)

    def find(self, jobs: Sequence[str]) -> Sequence[LimitedJob]:
        """See LimitedJobs."""
        found: list[LimitedJob] = []
        for start in range(0, len(jobs), MOST_READ):
            found += self._read(jobs[start : start + MOST_READ])
        return found

    def _read(self, jobs: Sequence[str]) -> Sequence[LimitedJob]:
        """Return these jobs, in one read. The store logs one line if some rows are unreadable."""
        try:
            found, lost = self.dispatcher.store.read_all(jobs, strict=True), list[LimitedJob]()
        except RowsUnreadable as error:
            found, lost = error.found, [unreadable(job) for job in error.jobs]
        self.seen |= {job.id: job for job in found}
        now = self.dispatcher.now()
        return [*(limited(job, now) for job in found), *lost]

    def wake(self, job: LimitedJob, limit: Limit, *, sent: bool) -> bool:
        """See LimitedJobs."""
        found = self.seen[job.id]
        change = transitions.unblock(found, now=self.dispatcher.now(), limit=limit.id, sent=sent)
        try:
            woken = self.dispatcher.store.apply(job.id, change)
        except MoveRefused:
            return False
        self.seen[job.id] = woken
        events.moved(woken, "unblock", limit=logged_id(limit.id))
        return True

    def send(self, job: LimitedJob) -> None:
        """See LimitedJobs. If SQS does not take the message, the watchdog sends it."""
        self.dispatcher.send(self.seen[job.id])


@dataclass(frozen=True)
class Lines:
    """Manage the places of jobs that have a limit, for workers, operators and the watchdog."""

    dispatcher: Dispatcher
    store: PlaceStore

    def _places(self, *jobs: Job) -> AtMostPlaces:
        return AtMostPlaces(self.store, StoredJobs(self.dispatcher, {job.id: job for job in jobs}))

    def take(self, job: Job, limit: Limit) -> bool:
        """Take a place for a claimed job; return whether the job has one."""
        return self._places(job).take_all(self._limited(job), [limit]) is None

    def wait(self, job: Job, limit: Limit) -> bool:
        """Put a job that was just blocked into the line; return whether its message can run it now."""
        return self._places(job).wait(self._limited(job), limit)

    def wait_again(self, job: Job) -> bool:
        """Do the same for a job that was blocked before, because its message has come again."""
        limit = self._waited(job)
        return limit is not None and self._places(job).wait(self._limited(job), limit, again=True)

    def line_up(self, job: Job) -> None:
        """Put a blocked job whose process may have died into its line again; the caller has no message of it."""
        limit = self._waited(job)
        if limit is not None:
            self._places(job).line_up(self._limited(job), limit)

    def leave(self, job: Job, limit: Limit) -> None:
        """Leave the place of a job that its worker has just settled; `job` is as it was claimed."""
        self._places(job).leave(self._limited(job), [limit])

    def leave_ended(self, before: Job, after: Job) -> None:
        """Leave the place of a job whose wait or run was ended while no worker held it."""
        limit = self._waited(before) or self._of(before)
        if limit is not None:
            waited = limit if before.status is Status.BLOCKED else None
            self._places(after).leave_ended(self._limited(after), [limit], waited)

    def judge(self, job: Job) -> None:
        """Look at the limit of a job that does not run although its message has come: its worker may have died."""
        limit = self._waited(job) or self._of(job)
        if limit is not None:
            self._places(job).judge(limit)

    def listed(self) -> Sequence[Listed]:
        """Return the limits for which jobs may wait."""
        return self.store.listed()

    def look_at(self, listed: Listed, more: Callable[[], bool]) -> bool:
        """Look at such a limit for the watchdog, and hand on its free places, while `more` returns True.

        Return False for a limit of an undeclared type, and after an error.
        """
        limit = declared_limit(listed.limit)
        if limit is None:
            return False
        try:
            AtMostPlaces(self.store, StoredJobs(self.dispatcher), more).watch(listed, limit)
        except Exception as error:
            events.watchdog_failed(f"limit {logged_id(listed.limit)}", error)
            return False
        return True

    def _limited(self, job: Job) -> LimitedJob:
        return limited(job, self.dispatcher.now())

    def _waited(self, job: Job) -> Limit | None:
        limit = waited_limit(job)
        return None if limit is None else declared_limit(limit)

    def _of(self, job: Job) -> Limit | None:
        """Return the limit of a job by its payload as stored, which is read if it is stored separately.

        No code of the job type runs here: the row may be forged, and the watchdog works for all types. If `upgrade`
        changes the field, the place is not found. Whoever looks at the limit for a job that waits finds it.
        """
        kind = jobtype.registered.get(job.type)
        if kind is None or kind.at_most is None:
            return None
        if kind.at_most.by is not None and job.payload is None:
            job = self.dispatcher.store.get(job.id)
        return limit_of(job.type, kind.at_most, job.payload)


def wake_unlimited(dispatcher: Dispatcher, job: Job) -> bool:
    """Let a blocked job run if the code does not declare its limit any more; the caller has its message.

    Return whether the job was woken. This needs no right to the places. The watchdog finds the job's row in the line.
    """
    waited = waited_limit(job)
    if job.status is not Status.BLOCKED or waited is None:
        return False
    limit = declared_limit(waited)
    if limit is None or limit.declared:
        return False
    return StoredJobs(dispatcher, {job.id: job}).wake(limited(job, dispatcher.now()), limit, sent=True)


def leave_place(dispatcher: Dispatcher, before: Job, after: Job) -> None:
    """Leave the place of a job that was ended without a worker, or woken to undo its steps. Never raises.

    If this fails, the watchdog gives the place to another job as soon as one waits for it.
    """
    if dispatcher.places is None or after.status is Status.PROCESSING:
        return
    kind = jobtype.registered.get(before.type)
    ran = before.status is Status.PROCESSING and kind is not None and kind.at_most is not None
    if waited_limit(before) is None and not ran:
        return  # most jobs have no place, and this costs nothing
    try:
        Lines(dispatcher, dispatcher.places()).leave_ended(before, after)
    except Exception as error:
        events.store_failed(after, error)
