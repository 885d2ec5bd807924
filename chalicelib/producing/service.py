"""Implement the use cases of producers: submit, get, list. This module uses ports and job types, not HTTP or AWS."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.errors import (
    FieldError,
    InvalidPayload,
    InvalidPosition,
    InvalidRequest,
    JobTypeRetired,
    PriorityRefused,
    UnknownJobType,
)
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import OF_PLATFORM
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs import trace
from chalicelib.jobs.change import new_writer
from chalicelib.jobs.constants import LOOK_AHEAD, MAX_DELAY, SEND_GRACE
from chalicelib.jobs.history import JobView
from chalicelib.jobs.job import Job, Status, stored_payload
from chalicelib.jobs.listing import check_offset, read_cursor, write_cursor
from chalicelib.jobs.port import Filter, JobQueue, JobStore, Page
from chalicelib.jobs.priority import Priority
from chalicelib.jobs.tenants import tagged
from chalicelib.keys.repeated_requests import KeyedJobs
from chalicelib.keys.rule import Outcome, Submitted
from chalicelib.limits.port import PlaceStore
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.producing.constants import DEEPEST_OFFSET
from chalicelib.producing.submission import Submission, Wanted, keyed_id
from chalicelib.telemetry import events


@dataclass
class JobService:
    """Create and read jobs. `clock` gives seconds since the epoch, `sleep` waits. `places`: see Dispatcher.

    `traced`: a job that belongs to no trace begins one, because the stage exports spans.
    """

    store: JobStore
    queue: JobQueue
    cursor_secret: str = "development"  # noqa: S105
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    places: Callable[[], PlaceStore] | None = None
    traced: bool = False

    def submit(self, asked: Submission, admitted: Callable[[], None] = lambda: None) -> Submitted:
        """Send a job's message and store the job, unless an existing job is the answer to the request.

        `admitted` is called before the job is stored; what it raises ends the request. The message may be sent then:
        a worker drops it.

        The job is stored durably before this method returns. If the message could not be sent, the watchdog sends it
        within two minutes. Raises UnknownJobType, InvalidPayload, InvalidRequest, IdempotencyMismatch, NotStored.
        """
        return self.submit_wanted(self.wanted(asked), admitted)

    def submit_wanted(self, wanted: Wanted, admitted: Callable[[], None] = lambda: None) -> Submitted:
        """Send the message of the requested job and store the job: the second half of `submit`."""
        if wanted.plain and not self._is_made(wanted.job):
            if jobtype.serial(wanted.job.type):
                admitted()  # a message without a job would make the other jobs of its key wait
            sent = self.dispatcher.send_ahead(wanted.job)
            admitted()
            return self.store_sent(sent)
        admitted()
        made = self.store_wanted(wanted)
        needs_message = made.outcome.written or self.dispatcher.stranded(made.job)
        return replace(made, job=self.dispatcher.send(made.job)) if needs_message else made

    def keep(self, asked: Submission) -> Submitted:
        """Store the job without sending its message. Raises the same errors as `submit`."""
        return self.store_wanted(self.wanted(asked))

    def wanted(self, asked: Submission) -> Wanted:
        """Return the requested job, not stored yet. Raises the same errors as `submit`, except IdempotencyMismatch."""
        try:
            job = self._new_job(asked)
        except (InvalidPayload, UnknownJobType, JobTypeRetired, PriorityRefused) as refusal:
            return Wanted(self._replay(asked, refusal), stored=True)
        unique = jobtype.get(job.type).unique if asked.fires_at is None else None
        if asked.batch is not None:
            _check_member(asked, job.type)
        if asked.debounce is not None and unique is not None:
            where = [FieldError(("debounce",), f"does not go with {job.type}, whose jobs are unique")]
            raise InvalidRequest("Only one of the two can be used.", where)
        return Wanted(job, unique, asked.debounce)

    def store_wanted(self, wanted: Wanted) -> Submitted:
        """Store the requested job, or find the existing job that is the answer: the second half of `keep`."""
        if wanted.stored:
            return Submitted(wanted.job, Outcome.REPEATED)
        if wanted.debounce is not None:
            return self.keyed.debounced(wanted.job, wanted.debounce)
        if wanted.unique is not None:
            return self.keyed.only_one(wanted.job, wanted.unique)
        return self.keyed.add(wanted.job)

    def store_sent(self, job: Job, *, listed: bool = False) -> Submitted:
        """Store a job; `job.sent` says whether its message was sent. `listed`: see `KeyedJobs.add`.

        If an earlier request with the key has already made a job, that job has the same id. The message is then valid
        for that job too, unless the job was retried.
        """
        made = self.keyed.add(job, listed=listed)
        kept = made.job
        if made.outcome is Outcome.CREATED:
            return made
        if job.sent and not kept.sent and kept.status is Status.QUEUED and kept.gen == job.gen:
            kept = self.dispatcher.mark(kept)
        elif self.dispatcher.stranded(kept):
            kept = self.dispatcher.send(kept)
        return replace(made, job=kept)

    def get(self, job_id: str) -> JobView:
        """Return a job and its attempts; raises JobNotFound."""
        return self.store.view(job_id)

    def by_key(self, principal: str, key: str) -> Job | None:
        """Return the job that a principal's Idempotency-Key made or was answered with; None without such a job."""
        return self.keyed.answered(keyed_id(principal, key))

    def page(self, which: Filter, limit: int, cursor: str | None = None, offset: int = 0) -> Page:
        """Return some jobs, newest first; `position` is the next cursor. Raises InvalidPosition."""
        if offset + limit > DEEPEST_OFFSET:
            deepest = f"offset + limit must be at most {DEEPEST_OFFSET}; use the next_cursor of a page instead"
            raise InvalidPosition("The offset is too large.", [FieldError(("query", "offset"), deepest)])
        if offset:
            check_offset(which)
        position = read_cursor(cursor, which, self.cursor_secret) if cursor else None
        page = self.store.page(which, limit, position, 0 if cursor else offset)
        following = page.position and write_cursor(page.position, which, self.cursor_secret)
        return replace(page, position=following)

    @property
    def dispatcher(self) -> Dispatcher:
        """Return the sender of this service's messages."""
        return Dispatcher(self.store, self.queue, self.clock, self.places)

    @property
    def keyed(self) -> KeyedJobs:
        """Return the service that stores one job for each key."""
        return KeyedJobs(self.store, self.now, self.sleep)

    def now(self) -> float:
        """Return seconds since the epoch, to the millisecond."""
        return self.dispatcher.now()

    def _is_made(self, job: Job) -> bool:
        """Return True if an earlier request with the same key has made the job: one read, or none without a key.

        The read saves sending a message. Two simultaneous requests may still send one message each; a worker then drops
        the second message.
        """
        return job.idempotency_key is not None and self.keyed.find(job.id) is not None

    def _replay(self, asked: Submission, refusal: InvalidRequest) -> Job:
        """Return the job that an earlier request with this key and body made, or raise `refusal`.

        The earlier request may have been accepted before a deploy that now refuses it.
        """
        existing = None if asked.key is None else self.keyed.find(asked.new_id())
        if existing is None or existing.body_hash != asked.body_hash():
            raise refusal
        events.replayed(existing)
        return existing

    def _new_job(self, asked: Submission) -> Job:
        kind = jobtype.get(asked.type)
        if kind.changes.retired:
            raise JobTypeRetired(kind.name)
        if kind.name in OF_PLATFORM and not asked.of_end:
            told = f"{kind.name}: only the platform makes such jobs"
            raise InvalidRequest("Jobs of this type cannot be created.", [FieldError(("type",), told)])
        payload = kind.canonical(asked.payload)
        now = self.now()
        delay = asked.debounce.seconds if asked.debounce else asked.delay_seconds
        run_at = now + delay if delay else asked.run_at
        if run_at is not None and run_at - now > MAX_DELAY:
            raise InvalidRequest(
                "The time is too far ahead.", [FieldError(("run_at",), "must be at most a year ahead")]
            )
        later = run_at is not None and run_at > now
        # The watchdog checks the job shortly before its time, even if the message is sent now, because the send can
        # fail.
        due_at = max(now + SEND_GRACE, (run_at or now) - LOOK_AHEAD)
        if later and jobtype.longest_delay(kind.name) == 0:
            due_at = run_at or now  # this type's queue cannot delay messages
        job_id = asked.new_id()
        return Job(
            id=job_id,
            type=kind.name,
            status=Status.SCHEDULED if later else Status.QUEUED,
            created_at=now,
            updated_at=now,
            **stored_payload(payload),
            body_hash=asked.body_hash(),
            max_attempts=asked.max_attempts or kind.max_attempts,
            run_at=run_at if later else None,
            next_attempt_at=run_at if later else None,
            start_by=_start_by(asked, kind.expires, max(now, run_at or now)),
            give_up_at=kind.give_up_at(max(now, run_at or now)),
            on_end=_on_end(asked, kind),
            notify=_notify(asked, kind),
            priority=_priority(asked, kind),
            due_at=due_at,
            tags=tagged(asked.tags, kind.keyed_by, payload),
            correlation_id=asked.correlation_id,
            idempotency_key=asked.key,
            batch=asked.batch,
            principal=asked.principal,
            fires_at=asked.fires_at,
            after=asked.after,
            parent=asked.lineage.parent if asked.lineage else None,
            root=asked.lineage.root if asked.lineage else None,
            trace=trace.begun(job_id) if asked.trace is None and self.traced else asked.trace,
            writer=new_writer(),
        )


def _check_member(asked: Submission, name: str) -> None:
    """Raise InvalidRequest for a job that may be answered by another job, which is not a member of the batch."""
    if asked.debounce is not None:
        where = [FieldError(("debounce",), "does not go with a batch: a job that waits already may answer")]
        raise InvalidRequest("The job cannot be a member of a batch.", where)
    if jobtype.get(name).unique is not None:
        told = f"is {name}, whose jobs are unique: an earlier job may answer; a batch needs types without unique="
        raise InvalidRequest("The job cannot be a member of a batch.", [FieldError(("type",), told)])


def _notify(asked: Submission, kind: JobType[Any, Any]) -> tuple[str, ...]:
    """Return the webhooks that get the end of the job. Raises InvalidRequest."""
    if asked.notify and kind.unique is not None:
        told = f"does not go with {kind.name}, whose jobs are unique: an earlier job may answer: name it in a webhook"
        raise InvalidRequest("The end of this job cannot be told.", [FieldError(("notify",), told)])
    return asked.notify


def _priority(asked: Submission, kind: JobType[Any, Any]) -> str:
    """Return the priority of the job. Raises PriorityRefused if it would have no effect.

    A job function is not told that: a deploy may take the limits from the type of its child while it runs.
    """
    if asked.lineage is not None and not kind.has_priorities:
        return Priority.NORMAL
    check_priority(kind, asked.priority)
    return asked.priority


def check_priority(kind: JobType[Any, Any], priority: str) -> None:
    """Raise PriorityRefused if this priority would have no effect for jobs of this type."""
    if priority != Priority.NORMAL and not kind.has_priorities:
        told = (
            f"has no effect: {kind.name} has no limits= and no urgent=True, and a priority orders the jobs that wait "
            "for a limit, or passes a backlog"
        )
        where = [FieldError(("priority",), f"{told}; omit it, or set it to normal")]
        raise PriorityRefused("The priority cannot be used.", where)


def _on_end(asked: Submission, kind: JobType[Any, Any]) -> str | None:
    """Return the type that gets the end of the job; None: no type. Raises UnknownJobType, InvalidRequest."""
    if asked.of_end or asked.on_end is None:
        return None if asked.of_end else kind.on_end
    if kind.unique is not None:
        told = f"does not go with {kind.name}, whose jobs are unique: an earlier job may answer; declare it in @job"
        raise InvalidRequest("The end of this job cannot be told.", [FieldError(("on_end",), told)])
    try:
        why = jobtype.ends_problem(jobtype.declared(asked.on_end).name)
    except UnknownJobType:
        known = ", ".join(jobtype.told_types()) or "none is declared"
        where = [FieldError(("on_end",), f"must be a type that takes JobEnd as its payload: {known}")]
        raise UnknownJobType(f"There is no job type {asked.on_end!r}.", where) from None
    if why is not None:
        raise InvalidRequest("The end of this job cannot be told.", [FieldError(("on_end",), why)])
    return asked.on_end


def _start_by(asked: Submission, of_type: float | None, due: float) -> float | None:
    """Return when a job that is due at `due` expires (epoch seconds); None: never.

    The seconds of a late firing of a schedule are counted from the firing's time.
    """
    seconds = of_type if asked.expires_seconds is None else asked.expires_seconds
    return None if seconds is None else round((asked.fires_at or due) + seconds, 3)
