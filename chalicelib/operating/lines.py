"""Let jobs take the places of their limits, wait for them in lines, and leave them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.errors import MoveRefused, RowsUnreadable, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import MOST_PLACES
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs import transitions
from chalicelib.jobs.constants import LEASE_SLACK, MOST_READ
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.priority import rank_of
from chalicelib.jobs.transitions import waited_limit
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.constants import LEAST_SLOT_WAIT, NO_LIMIT, SLOT_RESERVE, UNCLAIMED_AFTER, WOKEN_AHEAD
from chalicelib.limits.fair import turn_of
from chalicelib.limits.ids import declared_limit, declares, is_widest, limits_of, logged_id, narrower
from chalicelib.limits.places import Full, Limit, LimitedJob, Listed, Runs, Standing
from chalicelib.limits.port import PlaceStore
from chalicelib.limits.slots import Slots
from chalicelib.operating.callers import knows_queue_of
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
    return LimitedJob(
        job.id, job.type, since, job.gen, job.claims, job.passed, standing, limit, job.sent,
        unclaimed=standing is Standing.WOKEN and now - max(job.updated_at, job.turn_at or 0.0) >= UNCLAIMED_AFTER,
        bound=limit is None or declares(job.type, limit), rank=rank_of(job.priority),
        position=None if limit is None else job.position,
        at=(job.next_attempt_at or 0.0) if standing is Standing.WOKEN else 0.0,
    )  # fmt: skip


def unreadable(job: str) -> LimitedJob:
    """Return a job of which only the id is known."""
    return LimitedJob(job, "", 0.0, 0, 0, None, Standing.UNREADABLE)


@dataclass
class StoredJobs:
    """See LimitedJobs. It remembers the jobs that it has read, because their messages need more of them.

    `own` is the type of the worker that acts; None: a process that may act for all types.
    """

    dispatcher: Dispatcher
    seen: dict[str, Job] = field(default_factory=dict)
    own: JobType[Any, Any] | None = None

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

    def wake(self, job: LimitedJob, limit: Limit, *, sent: bool, at: float = 0.0) -> bool:
        """See LimitedJobs."""
        found = self.seen[job.id]
        change = transitions.unblock(found, now=self.dispatcher.now(), limit=limit.id, sent=sent, at=at)
        try:
            woken = self.dispatcher.store.apply(job.id, change)
        except MoveRefused:
            return False
        self.seen[job.id] = woken
        events.moved(woken, "unblock", limit=logged_id(limit.id))
        return True

    def send(self, job: LimitedJob) -> None:
        """See LimitedJobs. If SQS does not take the message, or the queue is not known, the watchdog sends it."""
        if knows_queue_of(job.type):
            self.dispatcher.send(self.seen[job.id])

    def block_again(self, job: LimitedJob) -> LimitedJob | None:
        """See LimitedJobs."""
        now = self.dispatcher.now()
        try:
            blocked = self.dispatcher.store.apply(job.id, transitions.block_again(self.seen[job.id], now=now))
        except MoveRefused:
            return None
        self.seen[job.id] = blocked
        events.moved(blocked, "block_again", limit=logged_id(job.waits or ""))
        return limited(blocked, now)

    def usable(self, limit: Limit, types: Collection[str], paused: Collection[str]) -> Mapping[str, Runs]:
        """See LimitedJobs. A type whose file cannot be imported here counts as one with a queue of its own.

        Of a shared queue, the types count whose files this process has imported, and those that wait. The turns of a
        rate are divided among those that run: the jobs of one whose workers are all busy must not keep them all.
        """
        found = dict[str, Runs]()
        for name in types:
            kind = _imported(name)
            if isinstance(kind, JobType) and kind.queue_key not in paused:
                found[name] = runs(kind, limit)
            elif kind is None and name not in paused:
                found[name] = Runs(MOST_PLACES, frozenset((name,)))
        if limit.rate is None:
            return found
        return {name: Runs(limit.share(len(found)), frozenset((name,))) for name in found}

    def narrower(self, job: LimitedJob, limit: Limit) -> Sequence[Limit]:
        """See LimitedJobs. A worker may not read payloads of other types that are stored separately."""
        found = self.seen[job.id]
        if found.payload is None and self.own is not None and self.own.name != job.type:
            return ()
        try:
            return narrower(stored_limits(self.dispatcher, found), limit.id)
        except Exception as error:
            events.store_failed(found, error)
            return ()

    def declared(self, limit: str) -> Limit | None:
        """See LimitedJobs."""
        return declared_limit(limit) if self.own is None or declares(self.own.name, limit) else None


UNKNOWN = object()


def _imported(name: str) -> JobType[Any, Any] | object | None:
    """Return a type; UNKNOWN if no file declares it, None if its file cannot be imported here.

    A process has settled a job before it asks, so nothing in the file of another type may end it.
    """
    try:
        return jobtype.declared(name)
    except UnknownJobType:
        return UNKNOWN
    except (Exception, SystemExit):
        return None


def runs(kind: JobType[Any, Any], limit: Limit) -> Runs:
    """Return how many places of a limit that a type shares its queue can use.

    A job with a place of a narrower limit may wait for a wider one, and occupies no worker: then all places count as
    usable.
    """
    if not is_widest(kind, limit.id):
        return Runs(MOST_PLACES, frozenset((kind.name,)))
    beside = (one for one in jobtype.registered.values() if one.queue_key == kind.queue_key)
    return Runs(kind.woken_concurrency, frozenset(one.name for one in beside if is_widest(one, limit.id)))


def stored_limits(dispatcher: Dispatcher, job: Job) -> tuple[Limit, ...]:
    """Return the limits of a job by its payload as stored, which is read if it is stored separately.

    No code of the job type runs here: the row may be forged, and the watchdog works for all types. If `upgrade` changes
    the field, a place is not found. Whoever looks at the limit for a job that waits finds it.
    """
    kind = jobtype.registered.get(job.type)
    if kind is None or not kind.limits:
        return ()
    if job.payload is None and any(one.by is not None for one in kind.limits):
        job = dispatcher.store.get(job.id)
    return limits_of(job.type, kind.limits, job.payload)


@dataclass(frozen=True)
class Lines:
    """Manage the places of jobs that have limits, for workers, operators and the watchdog. `own`: see StoredJobs."""

    dispatcher: Dispatcher
    store: PlaceStore
    own: JobType[Any, Any] | None = None

    def _places(self, *jobs: Job) -> AtMostPlaces:
        return AtMostPlaces(self.store, StoredJobs(self.dispatcher, {job.id: job for job in jobs}, self.own))

    def take(self, job: Job, limits: Sequence[Limit]) -> Full | None:
        """Take the places of a claimed job, in this order; return the limit that it must wait for, else None."""
        return self._positioned(job, self._places(job).take_all(self._limited(job), limits))

    def start(
        self, job: Job, limits: Sequence[Limit], sleep: Callable[[float], None], kind: JobType[Any, Any],
        ready: Callable[[], None] = lambda: None,
    ) -> Full | None:  # fmt: skip
        """Wait for the slots of a job that has its places; return the limit that it must wait for, None if it starts.

        The job waits at most for the time that its type sets aside for that, and so that its budget is left after it.
        If it was claimed late, it may still wait as long as one that is woken for its turn must. `ready`: see Slots.
        """
        until = (job.lease_until or 0.0) - LEASE_SLACK
        least = min(self.dispatcher.now() + WOKEN_AHEAD + SLOT_RESERVE, until - SLOT_RESERVE)
        slots = Slots(
            self._places(job), self.dispatcher.clock, sleep, max(kind.turn_wait, LEAST_SLOT_WAIT),
            max(until - kind.job_budget, least),
            lambda error: events.store_failed(job, error), ready,
        )  # fmt: skip
        return self._positioned(job, slots.take(self._limited(job), limits))

    def _positioned(self, job: Job, full: Full | None) -> Full | None:
        """Return what a job must wait for with its position among the jobs of other tenants, if they take turns."""
        kind = jobtype.registered.get(job.type)
        turn = None if full is None else turn_of(kind, job, full.limit.id)
        if full is None or turn is None:
            return full
        return replace(full, position=self.store.position(full.limit, turn, rank_of(job.priority)))

    def wait(self, job: Job, limit: Limit, holds: Sequence[Limit] = ()) -> bool:
        """Put a job that was just blocked into the line; return whether its message can run it now.

        `holds` are the limits whose places the job has.
        """
        return self._places(job).wait(self._limited(job), limit, holds)

    def wait_again(self, job: Job) -> bool:
        """Do the same for a job that was blocked before, because its message has come again."""
        limit = self._waited(job)
        if limit is None:
            return False
        places = self._places(job)
        places.list_again([one for one in self._all(job, limit) if one.id != limit.id])
        return places.wait(self._limited(job), limit, self._narrower(job, limit), again=True)

    def line_up(self, job: Job) -> None:
        """Put a blocked job whose process may have died into its line again; the caller has no message of it."""
        limit = self._waited(job)
        if limit is not None:
            self._places(job).line_up(self._limited(job), limit, self._narrower(job, limit))

    def leave(self, job: Job, limits: Sequence[Limit]) -> None:
        """Leave the places of a job that its worker has just settled; `job` is as it was claimed.

        Raises the first error, after it has tried to leave all places.
        """
        places, held = self._places(job), self._limited(job)
        self._each(limits, lambda limit: places.leave(held, [limit]))

    def leave_ended(self, before: Job, after: Job) -> None:
        """Leave the places of a job whose wait or run was ended while no worker held it; errors: see `leave`.

        The row in the line is removed last.
        """
        waited = self._waited(before)
        limits = self._all(before, waited)
        in_line = waited if before.status is Status.BLOCKED else None
        places = self._places(after)
        ended = replace(self._limited(after), position=after.position)
        self._each(limits, lambda limit: places.leave_ended(ended, [limit]))
        keeps = in_line is not None and limits[0].id != in_line.id
        places.leave_ended(ended, (), in_line, raised=keeps)

    def judge(self, job: Job) -> None:
        """Look at the limits of a job that does not run although its message has come: its worker may have died."""
        places, limits = self._places(job), self._all(job, self._waited(job))
        for limit in limits:
            places.judge(limit)
        places.list_again(limits)

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
        """Return the limit that a job waits for, if this process knows whether the code still declares it."""
        limit = waited_limit(job)
        if limit is None or (self.own is not None and not declares(self.own.name, limit)):
            return None  # a worker knows its own type; the watchdog finds the job's row in the line
        return declared_limit(limit)

    def _narrower(self, job: Job, limit: Limit) -> Sequence[Limit]:
        kind = jobtype.registered.get(job.type)
        if kind is None or len(kind.limits) < 2:  # it has no other place, and its payload is not read
            return ()
        return narrower(stored_limits(self.dispatcher, job), limit.id)

    def _all(self, job: Job, waited: Limit | None) -> Sequence[Limit]:
        """Return the limits of a job, with the one that it waits for, which the code may not declare any more."""
        kind = jobtype.registered.get(job.type)
        if waited is not None and (kind is None or len(kind.limits) < 2):
            return [waited]  # its payload is not read
        limits = stored_limits(self.dispatcher, job)
        return limits if waited is None or waited.id in {one.id for one in limits} else [*limits, waited]

    def _each(self, limits: Sequence[Limit], act: Callable[[Limit], object]) -> None:
        errors = list[Exception]()
        for limit in limits:
            try:
                act(limit)
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]


def wake_unlimited(dispatcher: Dispatcher, job: Job) -> bool:
    """Let a blocked job run if its type does not declare its limit any more; the caller has its message.

    Return whether the job was woken. This needs no right to the places. The watchdog finds the job's row in the line.
    """
    waited = waited_limit(job)
    if job.status is not Status.BLOCKED or waited is None or declares(job.type, waited):
        return False
    limit = Limit(waited, NO_LIMIT)
    return StoredJobs(dispatcher, {job.id: job}).wake(limited(job, dispatcher.now()), limit, sent=True)


def leave_place(dispatcher: Dispatcher, before: Job, after: Job) -> None:
    """Leave the places of a job that was ended without a worker, or woken to undo its steps. Never raises.

    If this fails, the watchdog gives the place to another job as soon as one waits for it.
    """
    if dispatcher.places is None or after.status is Status.PROCESSING:
        return
    kind = jobtype.registered.get(before.type)
    ran = before.status is Status.PROCESSING and kind is not None and bool(kind.limits)
    if waited_limit(before) is None and not ran:
        return  # most jobs have no place, and this costs nothing
    try:
        Lines(dispatcher, dispatcher.places()).leave_ended(before, after)
    except Exception as error:
        events.store_failed(after, error)
