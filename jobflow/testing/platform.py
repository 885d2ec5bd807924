"""Run a whole platform in memory: queues, workers and the watchdog, with a clock that the test controls."""

import json
import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from chalicelib.adapters.memory.counters import MemoryCounters
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.api.http.endpoint import read_body
from chalicelib.api.models import schemas
from chalicelib.batches.batches import Batches
from chalicelib.batches.memory import MemoryBatches
from chalicelib.batches.round import Round
from chalicelib.ends.maker import EndMaker
from chalicelib.errors import InvalidRequest, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.job_types.at_most import check_shared, check_turns
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of, sent_to, that_pause
from chalicelib.jobs import trace
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Filter
from chalicelib.jobs.run_identity import run_name
from chalicelib.jobs.step import Step
from chalicelib.keys.rule import Debounce
from chalicelib.limits.memory import MemoryPlaces
from chalicelib.operating.limits import Limits
from chalicelib.operating.operations import Operations
from chalicelib.operating.posting import Posting
from chalicelib.operating.tried import Tried
from chalicelib.pausing.every_minute import AutoPausing
from chalicelib.pausing.memory import MemoryPastPauses
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.schedules.constants import AHEAD
from chalicelib.schedules.declared import Declared
from chalicelib.schedules.firings import Firings
from chalicelib.schedules.memory import MemorySchedules
from chalicelib.watchdog.run import Watchdog
from jobflow.client.calls import NewJob, Priority
from jobflow.client.encoding import as_body, type_name
from jobflow.testing.clock import Clock
from jobflow.testing.secrets import check_names
from jobflow.testing.single import fields_named, kind_of
from jobflow.testing.workers import Workers

MINUTE = 60.0
MOST_INVOCATIONS = 10_000
"""Maximum invocations at one moment: a job that returns to the queue again and again fails the test instead of blocking
it."""


class Platform:
    """Submit jobs, let them run, advance the clock, and read the jobs.

    Each wait between attempts has its maximum length.

    `secrets` are the values of the secrets that the types declare. The platform has the given job types, or else those
    of every file in `handlers/`. Jobs run only in `run` and `advance`, and schedules fire only in `advance`. The clock
    begins at the real time, unless one is given.
    """

    def __init__(
        self, *kinds: JobType[Any, Any] | str, clock: Clock | None = None, secrets: Mapping[str, str] | None = None
    ) -> None:
        self._kinds = [kind_of(kind) for kind in kinds] or jobtype.load()
        check_names(self._kinds, secrets or {})
        check_shared({kind.name: kind.limits for kind in self._kinds})
        check_turns({kind.name: (kind.fair_by, kind.limits) for kind in self._kinds})
        self.clock = clock or Clock()
        self.store = MemoryJobStore(self.clock)
        self.queue = MemoryJobQueue(self.clock)
        queues = queues_of(self._kinds)
        self.queue.receives = {queue.key: queue.max_receives for queue in queues}
        places = MemoryPlaces(lambda: self.workers.off, lambda: self.clock.now)
        self.service = JobService(self.store, self.queue, clock=self.clock, places=lambda: places)
        self._batches = Batches(MemoryBatches(), self.service, notice=lambda *_: None)
        self._operations = Operations(self.service.dispatcher, rounds=self._batches.moved)
        self._posting = Posting(self.service.dispatcher, "test")
        self.workers = Workers(
            self.store, self.queue, self.clock, secrets or {}, self.service, self._batches, places=places
        )
        names = [kind.name for kind in self._kinds]
        guarded = [queue.key for queue in that_pause(queues)]
        counters, past = MemoryCounters(), MemoryPastPauses()
        self._watchdog = Watchdog(
            self.service.dispatcher, names, standing=counters.standing if guarded else None, past_pauses=past
        )
        self._pausing = AutoPausing(
            guarded, self.workers.pauses, counters, self.workers, self.workers, self.store, counters.standing, past,
            self.clock, self.service.dispatcher.send, choose=lambda ids, most: ids[:most],
            in_lines=Tried(self.service.dispatcher, places), sleep=self.clock.advance,
        )  # fmt: skip
        self.schedules = MemorySchedules()
        declared = Declared(self.schedules, self.service.dispatcher, types=lambda: self._kinds)
        self._firings = Firings(self.schedules, self.service, declared)
        self._watched_at = self.clock.now
        self._ends = EndMaker(self.service)
        self._told: set[str] = set()

    def submit(
        self,
        type: JobType[Any, Any] | str,
        payload: Any,
        *,
        key: str | None = None,
        delay: float | timedelta | None = None,
        run_at: datetime | str | None = None,
        tags: Sequence[str] = (),
        max_attempts: int | None = None,
        debounce: tuple[str, float | timedelta] | None = None,
        expires: float | timedelta | None = None,
        on_end: JobType[Any, Any] | str | None = None,
        notify: Sequence[str] = (),
        priority: Priority = "normal",
        traceparent: str | None = None,
    ) -> Job:
        """Create a job as the client does: the client and the API check it.

        `delay` is in seconds or a timedelta; `run_at` has a time zone. `key` is the Idempotency-Key. `debounce` is a
        key and seconds; a job that waits under that key is replaced. `expires`: a job that has not begun this number of
        seconds after its time is cancelled. `on_end`: a type of which a job is made when this job has ended.
        `notify`: names of webhooks; this platform delivers nothing to them. `priority` orders the jobs that wait for a
        limit, and `high` passes the backlog of a type with `urgent=True`. `traceparent`: the trace to which the job
        belongs.

        Raises InvalidPayload, InvalidRequest, IdempotencyMismatch, UnknownJobType, ValueError.
        """
        plain = payload.model_dump(mode="json") if isinstance(payload, BaseModel) else payload
        asked = NewJob(
            self._name(type),
            plain,
            key,
            delay,
            run_at,
            tags,
            max_attempts,
            debounce,
            expires,
            on_end,
            notify,
            priority,
        )
        with fields_named():
            body = read_body(schemas.NewJob, json.loads(as_body(asked.as_json())))
            wanted = Submission(
                body.type, body.payload, body.max_attempts, body.delay_seconds, body.run_at,
                tuple(dict.fromkeys(body.tags)), key, expires_seconds=body.expires_seconds, on_end=body.on_end,
                notify=tuple(dict.fromkeys(body.notify)),
                debounce=Debounce(body.debounce.key, body.debounce.seconds) if body.debounce else None,
                trace=trace.read(traceparent), priority=body.priority,
            )  # fmt: skip
            return self.service.submit(wanted).job

    def _name(self, type: JobType[Any, Any] | str) -> str:
        """Return the name of a type. Raises UnknownJobType for one that this platform does not have."""
        name, known = type_name(type), sorted(kind.name for kind in self._kinds)
        if name not in known:
            raise UnknownJobType(f"This platform has no type {name!r}, only {', '.join(known)}.")
        return name

    def run(self) -> int:
        """Run everything that is due now, or becomes due during this call; return the number of handled messages."""
        before = worked = 0
        for _ in range(MOST_INVOCATIONS):
            self._tell_ends()
            worked += sum(self.workers.invoke(queue.key) for queue in queues_of(self._kinds))
            if worked == before:
                return worked
            before = worked
        raise RuntimeError(f"Jobs are still due after {MOST_INVOCATIONS:,} rounds without the clock moving.")

    def attempt(self, job: Job | str, seconds: float | None = None) -> Job:
        """Run one attempt of a job, and of no other, with that many seconds; return the changed job.

        Raises RuntimeError for a job that cannot run now: it waits for a later time, another worker holds it, an
        earlier job of its key is in the way, or it has ended.
        """
        found = self.job(job)
        if not self._attempt(found, seconds):
            raise RuntimeError(self._why_not(found))
        self._tell_ends()
        return self.job(found)

    def perform(self, type: JobType[Any, Any] | str, payload: Any, seconds: float | None = None, **asked: Any) -> Job:
        """Submit a job and run its first attempt; return the changed job.

        A job that existed already and has ended (`key`, unique jobs) is returned as it is.
        """
        job = self.submit(type, payload, **asked)
        return job if job.terminal else self.attempt(job, seconds)

    def _attempt(self, job: Job, seconds: float | None) -> bool:
        waits = job.next_attempt_at is not None and job.next_attempt_at > self.clock.now
        return not waits and self.workers.invoke(job.type, seconds, job.id) > 0

    def _why_not(self, job: Job) -> str:
        if job.terminal:
            return f"Job {job.id} has ended: it is {job.status}. retry() runs a job again that did not complete."
        keys = sent_to([job.type])
        hidden = [m.visible_at for key in keys for m in self.queue.messages.get(key, []) if m.message.id == job.id]
        due = max(filter(None, [job.next_attempt_at, *hidden]), default=self.clock.now)
        if job.status is Status.BLOCKED:
            return f"Job {job.id} waits for a place of its limit. It runs when another job has left its place."
        if due <= self.clock.now:
            return f"Job {job.id} is {job.status}, and no worker can receive its message now: run() runs all that can."
        return (
            f"Job {job.id} is {job.status} and due at {iso(due)}: advance({due - self.clock.now:g}) lets that time "
            "pass, and runs it."
        )

    def advance(self, seconds: float = 0.0, **more: float) -> None:
        """Let time pass (`advance(hours=2)`), and run each job when it becomes due."""
        lasts = seconds + timedelta(**more).total_seconds()
        if lasts < 0:
            raise ValueError(f"Time cannot go back: advance({lasts:g}).")
        end = self.clock.after(lasts)
        self._fire()
        self.run()
        while (moment := self._next()) is not None and moment <= end:
            self.clock.advance(max(0.0, moment - self.clock.now))
            if self.clock.now >= self._watched_at + MINUTE:
                self._watched_at = self.clock.now
                self._fire()
                self._watch()
            self.run()
        self.clock.now = max(self.clock.now, end)  # a rate's slots may have advanced it further

    def finish(self, job: Job | str) -> Job:
        """Let time pass until a job has ended, or waits for an event; return it. Meanwhile no schedule fires."""
        self.run()
        for _ in range(MOST_INVOCATIONS):
            found = self.job(job)
            if found.terminal or (found.waits or "").startswith("event:"):
                return found
            self.clock.now = max(self.clock.now + 1, found.next_attempt_at or self.clock.now + MINUTE)
            self._watch()
            self.run()
        raise RuntimeError(f"The job has not ended after {MOST_INVOCATIONS:,} waits.")

    def _tell_ends(self) -> None:
        """Make the jobs of `on_end` and count batches, as the function on the table's stream does."""
        for job in self.jobs():
            follows = job.on_end is not None or job.batch is not None
            if job.terminal and follows and (run := run_name(job)) not in self._told:
                self._told.add(run)
                running = replace(job, status=Status.PROCESSING)
                change = JobChanged(str(len(self._told)), running, job, job.result is not None)
                self._ends.follow([change])
                self._batches.follow([change], "test")

    def _watch(self) -> None:
        """Do what the watchdog does each minute, except schedules."""
        self._pausing.run()
        self._batches.look_after()
        self._watchdog.run(lambda: MINUTE)

    def _paused(self) -> bool:
        rows = [self.workers.pauses.read(name) for name in self._pausing.queues]
        return any(row.since is not None or row.switched_at is not None for row in rows)

    def _fire(self) -> None:
        """Make the jobs of schedules that fire within the next two minutes, as the watchdog does each minute."""
        self._firings.run(lambda: math.inf)

    def _next(self) -> float | None:
        """Return the next time at which a message becomes visible, the watchdog has work, or a schedule fires."""
        shown = [
            message.visible_at
            for messages in self.queue.messages.values()
            for message in messages
            if message.visible_at > self.clock.now
        ]
        open_jobs = any(not job.terminal for job in self.jobs())
        look = max(self._watched_at + MINUTE, self.clock.now)
        watched = [look] if open_jobs or self.queue_of_the_dead() or self._paused() else []
        fires = [
            max(look, schedule.next_at - AHEAD) for schedule in self.schedules.due(math.inf, 1) if schedule.next_at
        ]
        return min([*shown, *watched, *fires], default=None)

    def queue_of_the_dead(self) -> int:
        """Return the number of messages in dead-letter queues."""
        return sum(map(len, self.queue.dead.values()))

    def job(self, job: Job | str) -> Job:
        """Return a job in its present state; raises JobNotFound."""
        return self.store.get(_id(job))

    def attempts(self, job: Job | str) -> Sequence[Attempt]:
        """Return the unsuccessful attempts of a job, oldest first."""
        return self.store.view(_id(job)).attempts

    def jobs(self, status: Status | str | None = None, type: JobType[Any, Any] | str | None = None) -> list[Job]:
        """Return the jobs, newest first, also those that were made at the same moment of the clock."""
        name = None if type is None else self._name(type)
        if status is not None and status not in list(Status):
            raise ValueError(f"{status!r} is not a status, which is one of {', '.join(Status)}.")
        wanted = None if status is None else Status(status)
        place = {job_id: number for number, job_id in enumerate(self.store.made())}
        found = self.store.page(Filter(status=wanted, type=name), limit=1_000_000).jobs
        return sorted(found, key=lambda job: place[job.id], reverse=True)

    def made_by(self, job: Job | str) -> list[Job]:
        """Return the jobs that a job made with `ctx.enqueue`, in the order of their keys; raises JobNotFound."""
        return list(self.store.page(Filter(parent=self.job(job).id), limit=1_000_000).jobs)

    def rounds(self, batch: str) -> list[Round]:
        """Return the rounds of a batch, with their numbers, oldest first; raises BatchNotFound."""
        return list(self._batches.get(batch))

    def fail(self, type: JobType[Any, Any] | str, *errors: BaseException) -> None:
        """Let the next attempts of a type raise these errors; WorkerGone() kills the worker's process.

        Raises TypeError for a text.
        """
        given: tuple[object, ...] = errors  # a test is not always checked by mypy
        for text in given:
            if isinstance(text, str):
                raise TypeError(f"{text!r} is not an error: write ConnectionError({text!r}).")
        self.workers.faults.setdefault(self._name(type), deque()).extend(errors)

    def duplicate(self, messages: int = 1) -> None:
        """Deliver the next handled messages a second time, as SQS may do."""
        self.workers.duplicates += messages

    def cancel(self, job: Job | str) -> Job:
        """Stop a job, as an operator does; raises JobConflict."""
        return self._operations.cancel(_id(job))

    def run_now(self, job: Job | str) -> Job:
        """End the wait of a scheduled or retrying job, as an operator does; raises JobConflict."""
        return self._operations.run_now(_id(job))

    def event(self, job: Job | str, name: str, data: Any = None) -> Job:
        """Post an event to a job, as an operator does; raises JobConflict."""
        with fields_named():
            return self._posting.post(_id(job), name, data)[0]

    def set_limit(self, limit: str, n: int, *, value: str | None = None) -> None:
        """Let at most `n` jobs of a limit run at once (0: none), as an operator does: `set_limit("3.openai", 5)`.

        Of a rate, at most `n` start in its period: `set_limit("3-rate.openai", 10)`.
        `value`: only jobs with this value of the limit's field; without it, jobs with any value. Raises LimitNotFound
        if no type of the platform has the limit, and ValueError for a number that the limit may not have.
        """
        try:
            self._limits.change(limit, n, "an operator", "", value)
        except InvalidRequest as error:
            raise ValueError(f"{n!r}: {'; '.join(one.msg for one in error.errors) or error}") from error

    def reset_limit(self, limit: str, *, value: str | None = None) -> None:
        """Let as many jobs of a limit run at once as the code says, as an operator does; raises LimitNotFound."""
        self._limits.reset(limit, value)

    @property
    def _limits(self) -> Limits:
        return Limits(self.service.dispatcher, self.workers.places, self.clock)

    def steps(self, job: Job | str) -> list[Step]:
        """Return the kept steps of a job, with its sleeps, waits and events, in the order in which they were kept."""
        return list(self.store.kept_steps(self.job(job)))

    def retry(self, job: Job | str, payload: Any = None, from_: str | None = None) -> Job:
        """Run a finished job again, as an operator does; raises JobConflict.

        `from_` is "start", or the name of a kept step, sleep or wait: what was kept before it is not run again.
        """
        with fields_named():
            return self._operations.retry(_id(job), payload, from_)


def _id(job: Job | str) -> str:
    """Return the id of a job; raises TypeError for anything else."""
    found = job if isinstance(job, str) else getattr(job, "id", None)
    if not isinstance(found, str):
        raise TypeError(f"{job!r} is not a job: pass its id, or what a method of the platform returned.")
    return found
