"""Describe every request of the API as data, except those about schedules. Pure: nothing is sent here."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Literal, TypeVar

from jobflow import models as m
from jobflow.client.encoding import as_body, as_payload, as_seconds, as_time, in_path, type_name
from jobflow.plain import TypeOrName, is_key

T = TypeVar("T")
KEY = "Idempotency-Key"
JobOrId = m.JobRow | m.JobDetail | m.CancelledJob | m.BatchResult | str
PAIR = 2
Step = Literal[60, 300, 3600, 86400]
"""Seconds from one point of a series to the next."""
UsageBy = Literal["type", "tenant", "day"]
"""What a row of `usage` is about."""
Priority = Literal["high", "normal", "low"]
"""Which of the jobs that wait for a limit go first."""
BulkOrId = m.BulkActionRow | str
BatchOrId = m.BatchDetail | m.BatchRow | str


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request. `repeatable`: sending it twice has the same effect as sending it once.

    `trace` is the header `traceparent`.
    """

    method: str
    path: str
    answers: type[T]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | None = None
    key: str | None = None
    repeatable: bool = False
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to create. `type` is the job type or its name, and `payload` a dict or a model.

    `delay` is in seconds, and `run_at` has a time zone.

    `key` names the job's purpose, such as "order-1042": a second request with the same key and body makes no new job.
    `debounce` is a key and seconds. A job that still waits under the key is replaced, and runs that many seconds after
    the last request. `expires`: a job that has not begun this number of seconds after its time is cancelled. `on_end`:
    a type of which a job is made when this job has ended. `notify`: the names of the webhooks that get the end.
    `priority` orders the jobs that wait for a limit, and `high` passes the backlog of a type with `urgent`; only for
    types with `limits` or `urgent`.
    """

    type: TypeOrName
    payload: Any
    key: str | None = None
    delay: float | timedelta | None = None
    run_at: datetime | str | None = None
    tags: Sequence[str] = ()
    max_attempts: int | None = None
    debounce: tuple[str, float | timedelta] | None = None
    expires: float | timedelta | None = None
    on_end: TypeOrName | None = None
    notify: Sequence[str] = ()
    priority: Priority = "normal"

    def __post_init__(self) -> None:
        """Raise ValueError for an invalid key, and for more than one of delay, run_at and debounce.

        An empty key is invalid too: if a generated key replaced it, a repeated request would make a second job.
        Raises TypeError for tags that are one text, which would become a tag for each letter, and for a debounce that
        is no pair.
        """
        if isinstance(self.tags, str):
            raise TypeError(f"tags is a list: write tags=[{self.tags!r}].")
        if isinstance(self.notify, str):
            raise TypeError(f"notify is a list: write notify=[{self.notify!r}].")
        if self.debounce is not None and (not isinstance(self.debounce, tuple | list) or len(self.debounce) != PAIR):
            raise TypeError('debounce is a key and seconds: write debounce=("doc-17", 30).')
        if self.key is not None and not is_key(self.key):
            raise ValueError(
                f"{self.key!r} is not a valid idempotency key: it must have 1 to 255 visible ASCII characters."
            )
        given = [name for name in ("delay", "run_at", "debounce") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other: each says when the job runs.")

    def as_json(self) -> dict[str, Any]:
        """Return the body, without the key."""
        asked = {
            "delay_seconds": None if self.delay is None else as_seconds("delay", self.delay),
            "run_at": None if self.run_at is None else as_time(self.run_at),
            "tags": list(self.tags) or None,
            "max_attempts": self.max_attempts,
            "expires_seconds": None if self.expires is None else as_seconds("expires", self.expires),
            "on_end": None if self.on_end is None else type_name(self.on_end),
            "notify": list(self.notify) or None,
            "priority": None if self.priority == "normal" else self.priority,
            "debounce": self.debounce
            and {"key": self.debounce[0], "seconds": as_seconds("debounce", self.debounce[1])},
        }
        given = {name: value for name, value in asked.items() if value is not None}
        return {"type": type_name(self.type), "payload": as_payload(self.payload), **given}


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch to create: the types of the jobs that follow, a key of your own, tags, and names of webhooks."""

    then: TypeOrName | None = None
    on_failure: TypeOrName | None = None
    key: str | None = None
    tags: Sequence[str] = ()
    notify: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for an invalid key, and TypeError for tags or webhooks that are one text."""
        for name, values in (("tags", self.tags), ("notify", self.notify)):
            if isinstance(values, str):
                raise TypeError(f"{name} is a list: write {name}=[{values!r}].")
        if self.key is not None and not is_key(self.key):
            raise ValueError(f"{self.key!r} is not a valid key: it must have 1 to 255 visible ASCII characters.")

    def as_json(self) -> dict[str, Any]:
        """Return the body."""
        asked = {
            "then": None if self.then is None else type_name(self.then),
            "on_failure": None if self.on_failure is None else type_name(self.on_failure),
            "key": self.key,
            "tags": list(self.tags) or None,
            "notify": list(self.notify) or None,
        }
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True, slots=True)
class SubmittedJob(m.JobRow):
    """The job in the answer to a request.

    `existing` says why the job already existed: "key" (same key), "unique" (same unique values), or "debounced" (it
    waited, and was replaced). None: the job is new.
    """

    existing: Literal["key", "unique", "debounced"] | None = field(default=None, compare=False)


def create(job: NewJob, trace: str | None = None) -> Call[SubmittedJob]:
    """Create a job. Generate a key if none is given, so that the request can be repeated."""
    key = job.key or str(uuid.uuid4())
    return Call("POST", "/jobs", SubmittedJob, body=as_body(job.as_json()), key=key, repeatable=True, trace=trace)


def create_many(jobs: Iterable[bytes], trace: str | None = None) -> Call[m.BatchAnswer]:
    """Create some jobs, each encoded as JSON with a key in it."""
    body = b'{"jobs":[%b]}' % b",".join(jobs)
    return Call("POST", "/jobs/batch", m.BatchAnswer, body=body, repeatable=True, trace=trace)


def start_batch(batch: NewBatch, trace: str | None = None) -> Call[m.BatchDetail]:
    """Create a batch. Generate a key for the request if the batch has none, so that it can be repeated."""
    return Call(
        "POST", "/batches", m.BatchDetail, body=as_body(batch.as_json()), key=batch.key or str(uuid.uuid4()),
        repeatable=True, trace=trace,
    )  # fmt: skip


def add_to_batch(batch: BatchOrId, jobs: Iterable[bytes], trace: str | None = None) -> Call[m.BatchAnswer]:
    """Add some members, each encoded as JSON. Repeatable: a member's key names it in the batch."""
    body = b'{"jobs":[%b]}' % b",".join(jobs)
    return Call("POST", f"{_batch(batch)}/jobs", m.BatchAnswer, body=body, repeatable=True, trace=trace)


def close_batch(batch: BatchOrId, total: int | None, reason: str = "") -> Call[m.BatchDetail]:
    """Close a batch with its number of members."""
    body = ({} if total is None else {"total": total}) | because(reason)
    return Call("POST", f"{_batch(batch)}/close", m.BatchDetail, body=as_body(body), repeatable=True)


def cancel_batch(batch: BatchOrId, reason: str = "") -> Call[m.BatchDetail]:
    """Close a batch and cancel its members."""
    return Call("POST", f"{_batch(batch)}/cancel", m.BatchDetail, body=only(reason))


def retry_batch(batch: BatchOrId, reason: str = "") -> Call[m.BatchDetail]:
    """Retry the failed members of a batch."""
    return Call("POST", f"{_batch(batch)}/retry", m.BatchDetail, body=only(reason))


def get_batch(batch: BatchOrId) -> Call[m.BatchDetail]:
    """Read a batch."""
    return Call("GET", _batch(batch), m.BatchDetail, repeatable=True)


def batches(cursor: str | None) -> Call[m.BatchPage]:
    """Read a page of batches, newest first."""
    return Call("GET", "/batches", m.BatchPage, query={"cursor": cursor}, repeatable=True)


def get(job: JobOrId) -> Call[m.JobDetail]:
    """Read a job."""
    return Call("GET", _job(job), m.JobDetail, repeatable=True)


def page(cursor: str | None, limit: int, filters: Mapping[str, Any]) -> Call[m.JobPage]:
    """Read a page of jobs, newest first."""
    query = {**as_filter(filters), "limit": limit, "cursor": cursor}
    return Call("GET", "/jobs", m.JobPage, query=query, repeatable=True)


def retry(job: JobOrId, payload: Any = None, from_: str | None = None, reason: str = "") -> Call[m.JobRow]:
    """Run a finished job again.

    Not repeatable: if the job failed between two requests, the second one would run it again.
    """
    body = {} if payload is None else {"payload": as_payload(payload)}
    body |= {} if from_ is None else {"from": from_}
    body |= because(reason)
    return Call("POST", f"{_job(job)}/retry", m.JobRow, body=as_body(body))


def preview_retry(job: JobOrId, from_: str | None) -> Call[m.RetryPreview]:
    """Read what a retry would keep and run anew."""
    return Call("GET", f"{_job(job)}/retry", m.RetryPreview, query={"from": from_}, repeatable=True)


def cancel(job: JobOrId, *, descendants: bool = False, reason: str = "") -> Call[m.CancelledJob]:
    """Stop a job. Not repeatable: the API answers 409 for a job that is already cancelled."""
    body = ({"descendants": True} if descendants else {}) | because(reason)
    return Call("POST", f"{_job(job)}/cancel", m.CancelledJob, body=as_body(body), repeatable=descendants)


def run_now(job: JobOrId, reason: str = "") -> Call[m.JobRow]:
    """Make a waiting job due at once."""
    return Call("POST", f"{_job(job)}/run-now", m.JobRow, body=only(reason))


def event(job: JobOrId, name: str, data: Any = None, reason: str = "") -> Call[m.JobRow]:
    """Post an event to a job. Repeatable: only the first event with a name counts."""
    path = f"{_job(job)}/events/{in_path(name, 'name of the event')}"
    return Call("POST", path, m.JobRow, body=as_body({"data": data} | because(reason)), repeatable=True)


def past_payload(job: JobOrId, gen: int) -> Call[m.PastPayload]:
    """Read the payload of an earlier run."""
    return Call("GET", f"{_job(job)}/payloads/{gen}", m.PastPayload, repeatable=True)


def steps(job: JobOrId) -> Call[m.Steps]:
    """Read the kept steps of a job."""
    return Call("GET", f"{_job(job)}/steps", m.Steps, repeatable=True)


def discard(job: JobOrId, reason: str = "") -> Call[m.JobRow]:
    """Settle a failed or dead-lettered job without running it."""
    return Call("POST", f"{_job(job)}/discard", m.JobRow, body=as_body(because(reason)))


def logs(job: JobOrId, cursor: str | None = None) -> Call[m.LogPage]:
    """Read log lines of a job."""
    return Call("GET", f"{_job(job)}/logs", m.LogPage, query={"cursor": cursor}, repeatable=True)


def chosen(ids: Sequence[JobOrId] | None, filters: Mapping[str, Any], *, everything: bool) -> dict[str, Any]:
    """Return the selection of jobs for an action on many; raise ValueError unless the selection is explicit.

    A variable that is None, or a missing argument, must not select every job of the stage. Raises TypeError for one id
    or one job: the letters of an id are no ids.
    """
    if isinstance(ids, str | bytes) or not isinstance(ids, Iterable | None):
        raise TypeError(f"ids is a list: write [{getattr(ids, 'id', ids)!r}].")
    nothing = sorted(name for name, value in filters.items() if value is None)
    if nothing:
        raise ValueError(f"{', '.join(nothing)} is None: omit it or give a value.")
    if [ids is not None, bool(filters), everything].count(True) != 1:
        raise ValueError(
            "Select the jobs by ids, by filters such as type=, or with everything=True: exactly one of the three."
        )
    if everything:
        return {"everything": True}
    return {"filter": as_filter(filters)} if ids is None else {"ids": [id_of(job) for job in ids]}


def bulk(
    action: str,
    chosen: Mapping[str, Any],
    *,
    dry_run: bool,
    expected: int | None = None,
    cursor: str | None = None,
    reason: str = "",
) -> Call[m.BulkAnswer]:
    """Retry or cancel some jobs: `chosen` contains `ids`, or a `filter` whose pages the cursor follows."""
    asked = {"action": action, "dry_run": dry_run, "expected": expected, "cursor": cursor, **chosen, **because(reason)}
    return Call("POST", "/jobs/bulk", m.BulkAnswer, body=_without_none(asked), repeatable=True)


def redrive(
    type: TypeOrName | None,
    *,
    dry_run: bool,
    expected: int | None = None,
    cursor: str | None = None,
    reason: str = "",
) -> Call[m.BulkAnswer]:
    """Retry a page of dead-lettered jobs."""
    asked = {"type": type and type_name(type), "dry_run": dry_run, "expected": expected, "cursor": cursor}
    body = _without_none(asked | because(reason))
    return Call("POST", "/dead-letters/redrive", m.BulkAnswer, body=body, repeatable=True)


def start_bulk(action: m.Action, chosen: Mapping[str, Any], settings: Mapping[str, Any]) -> Call[m.BulkActionRow]:
    """Start a bulk action. Repeatable: jobs that are already changed are skipped."""
    given = {name: value for name, value in settings.items() if value is not None and value != ""}
    return Call("POST", "/bulk", m.BulkActionRow, body=as_body({"action": action, **chosen, **given}), repeatable=True)


def bulk_action(bulk_id: BulkOrId) -> Call[m.BulkActionRow]:
    """Read a bulk action."""
    return Call("GET", _bulk(bulk_id), m.BulkActionRow, repeatable=True)


def bulk_actions() -> Call[m.BulkActionList]:
    """Read the newest bulk actions."""
    return Call("GET", "/bulk", m.BulkActionList, repeatable=True)


def stop_bulk(bulk_id: BulkOrId, reason: str = "") -> Call[m.BulkActionRow]:
    """Stop a bulk action."""
    return Call("POST", f"{_bulk(bulk_id)}/stop", m.BulkActionRow, body=only(reason), repeatable=True)


def job_types() -> Call[m.JobTypes]:
    """Read every job type."""
    return Call("GET", "/job-types", m.JobTypes, repeatable=True)


def tenants(type: TypeOrName) -> Call[m.Tenants]:
    """Read a type's unfinished jobs by tenant."""
    return Call("GET", f"/job-types/{in_path(type_name(type))}/tenants", m.Tenants, repeatable=True)


def pause(type: TypeOrName, reason: str = "") -> Call[m.Paused]:
    """Pause a job type."""
    path = f"/job-types/{in_path(type_name(type))}/pause"
    return Call("POST", path, m.Paused, body=only(reason), repeatable=True)


def resume(type: TypeOrName, reason: str = "") -> Call[m.Paused]:
    """Resume a job type."""
    path = f"/job-types/{in_path(type_name(type))}/resume"
    return Call("POST", path, m.Paused, body=only(reason), repeatable=True)


def past_pauses(type: TypeOrName) -> Call[m.PastPauseRows]:
    """Read the ended pauses of a job type."""
    return Call("GET", f"/job-types/{in_path(type_name(type))}/pauses", m.PastPauseRows, repeatable=True)


def metrics() -> Call[m.MetricsAnswer]:
    """Read the current numbers."""
    return Call("GET", "/metrics", m.MetricsAnswer, repeatable=True)


def series(
    metric: m.Metric, type: TypeOrName | None, since: datetime | str | None, until: datetime | str | None, step: Step
) -> Call[m.Series]:
    """Read numbers over time."""
    bounds = {name: as_time(when) for name, when in (("from", since), ("to", until)) if when is not None}
    query = {"metric": metric, "type": type and type_name(type), "step": step, **bounds}
    return Call("GET", "/metrics/series", m.Series, query=query, repeatable=True)


def usage(
    by: UsageBy, type: TypeOrName | None, since: datetime | str | None, until: datetime | str | None, dearest: int
) -> Call[m.Usage]:
    """Read what jobs have cost."""
    bounds = {name: as_time(when) for name, when in (("from", since), ("to", until)) if when is not None}
    query = {"by": by, "type": type and type_name(type), "dearest": dearest or None, **bounds}
    return Call("GET", "/usage", m.Usage, query=query, repeatable=True)


def findings() -> Call[m.Findings]:
    """Read what needs attention."""
    return Call("GET", "/metrics/health", m.Findings, repeatable=True)


def errors(
    type: TypeOrName | None, since: datetime | str | None, *, unacknowledged: bool = False
) -> Call[m.ErrorGroups]:
    """Read the groups of failures."""
    query = {
        "type": type and type_name(type),
        "since": None if since is None else as_time(since),
        "unacknowledged": unacknowledged or None,
    }
    return Call("GET", "/errors", m.ErrorGroups, query=query, repeatable=True)


def judge(
    fingerprint: str, verdict: Literal["acknowledge", "resolve", "reopen"], reason: str = ""
) -> Call[m.ErrorMark]:
    """Mark an error group as known, resolved, or open again."""
    path = f"/errors/{in_path(fingerprint, 'fingerprint')}/{verdict}"
    return Call("POST", path, m.ErrorMark, body=only(reason), repeatable=True)


def upload_form(content_type: str, size: int) -> Call[m.UploadForm]:
    """Request a form that uploads one file of that size."""
    return Call("POST", "/uploads", m.UploadForm, body=as_body({"content_type": content_type, "bytes": size}))


def me() -> Call[m.Me]:
    """Read the token's rights."""
    return Call("GET", "/me", m.Me, repeatable=True)


def meta() -> Call[m.Meta]:
    """Read the status sets and limits."""
    return Call("GET", "/meta", m.Meta, repeatable=True)


def as_filter(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions that are set, with times and jobs as text; raise TypeError if one has several values."""
    return {name: _condition(name, value) for name, value in conditions.items() if value is not None}


def _condition(name: str, value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str):
        raise TypeError(f"{name} takes one value: send one request for each value.")
    if isinstance(value, datetime):
        return as_time(value)
    if name == "type":
        return type_name(value)
    return id_of(value) if isinstance(value, m.JobRow | m.JobDetail | m.CancelledJob) else value


def id_of(job: JobOrId) -> str:
    """Return the id of a job, also of one in a batch's answer. Raises ValueError if the batch did not create it."""
    if isinstance(job, m.BatchResult):
        if job.job is None:
            raise ValueError(f"The batch did not create this job: {job.problem.detail if job.problem else job.status}")
        return job.job.id
    found = job if isinstance(job, str) else getattr(job, "id", None)
    if not isinstance(found, str):
        raise TypeError(f"{job!r} is not a job: pass its id, or what a method of the client returned.")
    return found


def because(reason: str) -> dict[str, str]:
    """Return the part of a body with the reason. An older API takes none, so it is sent only if it is given."""
    return {"reason": reason} if reason else {}


def only(reason: str) -> bytes | None:
    """Return a body with nothing but the reason, and none without it: an older API accepts no body."""
    return as_body(because(reason)) if reason else None


def _without_none(asked: Mapping[str, Any]) -> bytes:
    return as_body({name: value for name, value in asked.items() if value is not None})


def _job(job: JobOrId) -> str:
    return f"/jobs/{in_path(id_of(job))}"


def _bulk(bulk_id: BulkOrId) -> str:
    given: Any = bulk_id  # a program is not always checked by mypy
    return f"/bulk/{in_path(getattr(given, 'id', given))}"


def _batch(batch: BatchOrId) -> str:
    given: Any = batch
    return f"/batches/{in_path(getattr(given, 'id', given))}"
