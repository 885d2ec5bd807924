"""Run one job function, with a real context for the test to inspect."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.batches.batches import Batches
from chalicelib.batches.memory import MemoryBatches
from chalicelib.errors import InvalidRequest, JobCancelled, Suspended
from chalicelib.job_types.jobtype import JobType, declared
from chalicelib.jobs import transitions
from chalicelib.jobs.change import Claimant, new_writer
from chalicelib.jobs.job import JSON, Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.jobs.step import CALL, CHILD, EVENT, Step
from chalicelib.producing.service import JobService
from chalicelib.telemetry.redaction import json_without_secrets
from chalicelib.worker.calling import called
from chalicelib.worker.context import WorkerContext
from chalicelib.worker.current import running
from chalicelib.worker.enqueue import Enqueuing
from chalicelib.worker.persist import Persistence
from chalicelib.worker.result import as_json
from jobflow.client.encoding import type_name
from jobflow.testing.clock import Clock
from jobflow.testing.secrets import check_names, environment_of, secrets_of


@dataclass
class Context(WorkerContext):
    """The context of a real attempt, which also stores every reported progress."""

    reported: list[tuple[float, str | None]] = field(default_factory=list)
    cancel_at: float | None = None
    """From this percentage of progress on, the job is asked to stop; 0: from the beginning."""

    def progress(self, percent: float, note: str | None = None) -> None:
        """See JobContext."""
        if not self.steps.replaying:
            self.reported.append((percent, note))
        super().progress(percent, note)
        self._stop()

    def check_cancelled(self) -> None:
        """See JobContext."""
        super().check_cancelled()
        self._stop()

    def _stop(self) -> None:
        reached = max((percent for percent, _ in self.reported), default=0.0)
        if self.cancel_at is not None and reached >= self.cancel_at:
            raise JobCancelled(f"Job {self.job_id} was asked to stop.")


@dataclass(frozen=True)
class Ran:
    """A run that returned: the value, the value in stored form, and the context."""

    value: Any
    result: JSON
    context: Context

    @property
    def progress(self) -> list[tuple[float, str | None]]:
        """Return every reported progress: percent and note."""
        return self.context.reported

    @property
    def enqueued(self) -> list[Job]:
        """Return every job that was made with `ctx.enqueue`, in the order of the keys."""
        return list(self.context.store.page(Filter(parent=self.context.job_id), limit=1_000_000).jobs)


def run(
    type: JobType[Any, Any] | str,
    payload: Any = None,
    *,
    attempt: int = 1,
    seconds: float | None = None,
    secrets: Mapping[str, str] | None = None,
    cancel_at: float | None = None,
    clock: Clock | None = None,
    events: Mapping[str, Any] | None = None,
    results: Mapping[str, Any] | None = None,
) -> Ran:
    """Run the function of a job type once. The payload is a model or a dict; the default is the type's example.

    During the run, the variables that the type declares are set.
    `seconds` is the time that the attempt has (default: the type's share). `secrets` are the values of declared
    secrets. From the progress `cancel_at` on, the job is asked to stop: its next `ctx.progress` or
    `ctx.check_cancelled` raises JobCancelled. When the function sleeps or waits, the clock moves to the end of the
    sleep or wait, and the function is called again. `events` are the events that were posted before the run, by
    name, with their data. `results` are the results of the jobs that the function calls, by type: a value, a function
    of the payload, or an exception, with which the job fails. Raises InvalidPayload, the function's own errors, and
    PermanentError for a result that cannot be stored.
    """
    type = kind_of(type)
    check_names([type], secrets or {})
    with fields_named():
        stored = type.canonical(_plain(type, payload))
    clock = clock or Clock()
    left = type.job_budget if seconds is None else seconds
    job = Job(
        str(uuid.uuid4()), type.name, Status.PROCESSING, clock.now, clock.now, stored, len(json.dumps(stored)),
        attempts=attempt, claims=attempt, max_attempts=max(type.max_attempts, attempt), sent=True,
        started_at=clock.now, lease_until=clock.now + left, writer=new_writer(),
    )  # fmt: skip
    store = MemoryJobStore(clock)
    store.add(job)
    service = JobService(store, MemoryJobQueue(clock), clock=clock)
    given, reported = secrets_of(type, secrets or {}), list[tuple[float, str | None]]()
    for name, data in (events or {}).items():
        store.keep_step(job, Step(EVENT + name, clock.now, data, by="test"))
    while True:
        end = clock.now + left
        context = Context(
            job, store, lambda end=end: end - clock.now, clock, given,  # type: ignore[misc]
            Enqueuing(type.enqueues, service, batches=Batches(MemoryBatches(), service), calls=type.calls),
            type.serial_by is not None,
            Persistence(lambda end=end: end - clock.now, clock.advance),  # type: ignore[misc]
            type.by_class, type.changes, reported=reported, cancel_at=cancel_at,
        )  # fmt: skip
        value = None
        with environment_of(type), running(context), suppress(Suspended):
            value = called(type.run, type.parse_stored(stored), context)
        if context.steps.suspension is None:
            return Ran(value, json_without_secrets(as_json(value)), context)
        job = replace(job, kept=context.steps.kept)
        if context.steps.suspension.waits.startswith(CHILD):
            _end_called(store, job, results or {})
            continue
        clock.now = max(clock.now, context.steps.suspension.until)


def _end_called(store: MemoryJobStore, caller: Job, results: Mapping[str, Any]) -> None:
    """Let each called job end with the result that the test gives. Raises LookupError if it gives none."""
    for job in store.page(Filter(parent=caller.id), limit=1_000_000).jobs:
        if job.terminal or not (job.idempotency_key or "").startswith(CALL):
            continue
        if job.type not in results:
            raise LookupError(f"The function calls a job of {job.type}: give its result, as run(…, results={{…}}).")
        given, now = results[job.type], job.updated_at
        claim = transitions.claim(job.gen, now=now, lease_until=now + 60, by=Claimant("test"), job_type=job.type)
        held = store.apply(job.id, claim)
        if isinstance(given, Exception):
            error = (given.__class__.__name__, str(given))
            store.apply(job.id, transitions.fail(held, now=now, error=error))
        else:
            value = as_json(given(job.payload) if callable(given) else given)
            store.apply(job.id, transitions.complete(held, now=now, result=value))


def kind_of(type: JobType[Any, Any] | str) -> JobType[Any, Any]:
    """Return a job type, given as itself or by its name.

    Raises UnknownJobType if no file declares it, and TypeError for anything else.
    """
    if isinstance(type, JobType):
        return type
    with fields_named():
        return declared(type_name(type))


def example(type: JobType[Any, Any] | str, **changes: Any) -> dict[str, Any]:
    """Return a payload from the type's schema (its first example, or its required fields), with these fields changed.

    Raises InvalidPayload if the type refuses it.
    """
    type = kind_of(type)
    payload = {**type.example, **changes}
    with fields_named():
        type.parse(payload)
    return payload


@contextmanager
def fields_named() -> Iterator[None]:
    """Add the wrong fields to the text of an error, because pytest prints only that text."""
    try:
        yield
    except InvalidRequest as error:
        if error.errors:
            error.args = (f"{error} {error.told()}",)
        raise


def _plain(type: JobType[Any, Any], payload: Any) -> JSON:
    if payload is None:
        return type.example
    return payload.model_dump(mode="json") if isinstance(payload, BaseModel) else payload
