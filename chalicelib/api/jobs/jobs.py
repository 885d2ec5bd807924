"""Serve jobs, one by one and in pages."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Literal

from chalicelib.access.scope import WHOLE
from chalicelib.access.tokens import Role
from chalicelib.api.constants import MOST_PAGE_DIGITS
from chalicelib.api.http.endpoint import Audited, Call, Endpoints, Reply, Unaudited
from chalicelib.api.http.masking import SeenFilter, without_values
from chalicelib.api.http.scoping import (
    check_copies,
    check_job,
    check_parent,
    check_payloads,
    check_whole,
    tenant_within,
    type_within,
)
from chalicelib.api.http.scoping import check_type as check_scope
from chalicelib.api.models.many_responses import CancelledJob, DeletedJob
from chalicelib.api.models.responses import JobDetail, JobPage, JobRow, PastPayload, RetryPreview, Steps
from chalicelib.api.models.schemas import BulkFilter, Cancel, Discard, ListQuery, NewEvent, NewJob, Retry, RetryQuery
from chalicelib.api.models.views import cancelled_job, job_detail, job_row, job_whole, retry_preview, steps_answer
from chalicelib.assembly import parts
from chalicelib.errors import FieldError, InvalidRequest, JobNotFound, OutOfScope, PayloadNotFound, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.job_types.checks import JOB_ID
from chalicelib.job_types.personal import sent_back
from chalicelib.job_types.retry import Following, following, no_jitter
from chalicelib.jobs.job import JSON, Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Filter
from chalicelib.jobs.tenants import tagged
from chalicelib.keys.rule import Debounce, Outcome
from chalicelib.operating.again import START
from chalicelib.operating.descendants import cancel_all
from chalicelib.operating.operations import Operations
from chalicelib.operating.posting import Posting
from chalicelib.producing.submission import Submission, Wanted
from chalicelib.usage.rule import Shape

GEN = re.compile(rf"[1-9][0-9]{{0,{MOST_PAGE_DIGITS - 1}}}")
EXISTING = {
    Outcome.REPLACED: {"Existing-Job": "debounced"},
    Outcome.REPEATED: {"Idempotent-Replayed": "true"},
    Outcome.EXISTING: {"Existing-Job": "unique"},
}
"""The header of an answer with an existing job; it says why the request got this job."""
STEPS_AT_ONCE = 10
"""Number of kept steps that a retry from a step copies at the same time."""
EXISTS: dict[Outcome, Literal["key", "unique", "debounced"]] = {
    Outcome.REPLACED: "debounced", Outcome.REPEATED: "key", Outcome.EXISTING: "unique",
}  # fmt: skip
"""The reason why a job of a batch request got an existing job."""

endpoints = Endpoints()


@endpoints.post(
    "/jobs",
    JobRow,
    body=NewJob,
    statuses=(201, 200, 409),
    audit=Unaudited("a job has its creator, its time and its correlation id itself"),
)
def create_job(call: Call) -> Reply:
    """Create a job. With an Idempotency-Key, repeating the request answers 200 with the existing job.

    The request also gets an existing job if a job of a unique type has the same values, or if a job still waits under
    the same debounce key. The header Existing-Job is then `unique` or `debounced`.
    """
    asked = submission(call.body, call.idempotency_key(), call)
    wanted = parts.job_service.wanted(asked)
    check_wanted(call, wanted)
    made = parts.job_service.submit_wanted(wanted, call.admitted)
    existing = EXISTING.get(made.outcome)
    if existing is not None:
        return Reply(job_whole(made.job), 200, existing)
    return Reply(job_whole(made.job), 201, {"Location": f"{call.here}/{made.job.id}"})


@endpoints.get("/jobs", JobPage, query=ListQuery, moving=())
def list_jobs(call: Call) -> JobPage:
    """List jobs, newest first. Follow `next_cursor` until it is null; offset + limit is at most 5,000."""
    asked: ListQuery = call.query
    if asked.idempotency_key is not None:
        own = parts.job_service.by_key(call.principal, asked.idempotency_key)
        rows = [job_row(own)] if own is not None else []
        return JobPage(jobs=rows, total=len(rows), limit=asked.limit, offset=0, next_cursor=None, looked=len(rows))
    which = filter_of(call, asked, "query")
    page = parts.job_service.page(which, asked.limit, asked.cursor, asked.offset)
    counted = which == Filter(status=which.status, type=which.type)
    return JobPage(
        jobs=[job_row(job) for job in page.jobs],
        total=parts.metrics.count(which.status, which.type) if counted else None,
        limit=asked.limit,
        offset=asked.offset,
        next_cursor=page.position,
        looked=page.looked,
    )


@endpoints.get("/jobs/{job_id}", JobDetail)
def get_job(call: Call) -> JobDetail:
    """Return a job with its payload, result and the history of its attempts. Strongly consistent."""
    view, why = parts.job_reader.explained(job_id_of(call))
    return job_detail(view, why, _attempts_left(view.job), _shape(view.job.type), parts.settings.trace_url)


@endpoints.get("/jobs/{job_id}/payloads/{gen}", PastPayload)
def get_payload(call: Call) -> PastPayload:
    """Return the payload of an earlier run, if the job was then retried with another payload.

    The earlier payload is kept for 90 days.
    """
    job_id, gen = job_id_of(call), call.path["gen"]
    payload = parts.job_store.payload_of(job_id, int(gen)) if GEN.fullmatch(gen) else None
    if payload is None:
        parts.job_store.get_without_bodies(job_id)  # raises JobNotFound
        raise PayloadNotFound(job_id, gen[:MOST_PAGE_DIGITS] + "…" * (len(gen) > MOST_PAGE_DIGITS))
    if call.masked:
        payload, _ = jobtype.without_personal(parts.job_store.get_without_bodies(job_id).type, payload)
    return PastPayload(gen=int(gen), payload=payload)


@endpoints.post(
    "/jobs/{job_id}/retry",
    JobRow,
    body=Retry,
    statuses=(200, 409),
    examples={"as it was": {}},
    audit=Audited("job.retry", "job", "job_id"),
)
def retry_job(call: Call) -> JobRow:
    """Run a failed, dead-lettered or cancelled job again from its first attempt, with another payload if given.

    A job with steps continues after its last kept step, or with `from` from another one: GET shows what would be kept.
    If a request with `from` is answered 503, send it again: it continues.
    """
    if call.body.from_ not in (None, START):
        check_payloads(call, "a retry from a step")  # a name of no step is answered with the names of all
    if call.body.payload is not None and call.scope.tenants:
        _check_retry(call, call.body.payload)
    return job_whole(operations(call).retry(job_id_of(call), call.body.payload, call.body.from_))


@endpoints.get("/jobs/{job_id}/retry", RetryPreview, query=RetryQuery, statuses=(200, 409))
def preview_retry(call: Call) -> RetryPreview:
    """Return what a retry would keep and what it would run anew; nothing is changed."""
    found = operations(call).preview(job_id_of(call), call.query.from_, "query", "from")
    if call.masked:
        of = parts.job_store.get_without_bodies(job_id_of(call)).type
        found = replace(found, kept=without_values(of, found.kept))
    return retry_preview(found)


@endpoints.post(
    "/jobs/{job_id}/cancel",
    CancelledJob,
    body=Cancel,
    statuses=(200, 409),
    examples={"alone": {}},
    audit=Audited("job.cancel", "job", "job_id"),
)
def cancel_job(call: Call) -> CancelledJob:
    """Stop a job: a waiting job at once, a running job at its next check, a job with steps after it has undone them.

    With `descendants`, also stop the job's children, the children of these children, and so on.
    """
    if not call.body.descendants:
        return cancelled_job(operations(call).cancel(job_id_of(call)), None)
    check_whole(call, "the descendants of a job")
    return cancelled_job(*cancel_all(operations(call), job_id_of(call)))


@endpoints.delete(
    "/jobs/{job_id}",
    DeletedJob,
    role=Role.OPERATOR,
    statuses=(202, 409),
    audit=Audited("job.delete", "job", "job_id"),
)
def delete_job(call: Call) -> Reply:
    """Delete a finished job: nobody finds it from now on, and the platform removes its rows and objects soon.

    Also removed are the deliveries to webhooks and the jobs of `on_end` that were made from its end. The answer is 409
    for a job that has not ended, and for one whose parent may still read its result. Repeating the request is safe;
    after the removal the answer is 404. After another error, repeat the request: the job may be
    deleted or not. A token with a scope is refused if a job of `on_end` is outside of the scope.
    """
    job_id = job_id_of(call)
    check_copies(call, job_id)
    deleted = parts.erasing.delete(job_id, call.principal)
    at = iso(deleted.erased_at or parts.clock())
    return Reply(DeletedJob(id=deleted.id, type=deleted.type, status=deleted.status, deleted_at=at), 202)


@endpoints.post(
    "/jobs/{job_id}/run-now",
    JobRow,
    statuses=(200, 409),
    audit=Audited("job.run-now", "job", "job_id"),
)
def run_job_now(call: Call) -> JobRow:
    """Start a scheduled or retrying job now. A queued job is returned unchanged, so repeating the request is safe."""
    return job_whole(operations(call).run_now(job_id_of(call)))


@endpoints.get("/jobs/{job_id}/steps", Steps)
def get_steps(call: Call) -> Steps:
    """Return the kept steps of a job, with its sleeps, waits and events. Strongly consistent."""
    found = parts.job_store.get_without_bodies(job_id_of(call))
    steps = parts.job_store.kept_steps(found)
    return steps_answer(without_values(found.type, steps) if call.masked else steps)


@endpoints.post(
    "/jobs/{job_id}/events/{name}",
    JobRow,
    body=NewEvent,
    statuses=(200, 409),
    examples={"approved": {"data": {}}},
    audit=Audited("job.event", "job", "job_id"),
)
def post_event(call: Call) -> Reply:
    """Post an event to a job. Only the first event with a name counts; a job that waits for it continues.

    Repeating the request is safe: its answer has the header Idempotent-Replayed. The answer is 409 for a different
    event with the same name, for an event whose wait has timed out, and for a new event of a finished job. It is 503,
    and nothing is stored, if SQS does not answer: send the event again.
    """
    posting = Posting(parts.job_service.dispatcher, call.person)
    job, replayed = posting.post(job_id_of(call), call.path["name"], call.body.data)
    return Reply(job_whole(job), 200, {"Idempotent-Replayed": "true"} if replayed else {})


@endpoints.post(
    "/jobs/{job_id}/discard",
    JobRow,
    body=Discard,
    statuses=(200, 409),
    examples={"as it is": {}},
    audit=Audited("job.discard", "job", "job_id"),
)
def discard_job(call: Call) -> JobRow:
    """Settle a failed or dead-lettered job without running it.

    The job is kept as cancelled, with the operator and the reason.
    """
    return job_whole(operations(call, call.body.reason).discard(job_id_of(call)))


def operations(call: Call, reason: str = "", *, in_bulk: bool = False) -> Operations:
    """Return an object for operations on single jobs, which stores the caller and `reason` with each operation.

    A request for many jobs also stores its id, with which `GET /audit` finds it.

    The members of a batch that one request retries move into one round.
    """
    together = f"request {uuid.uuid4()}" if in_bulk else None
    return Operations(
        parts.job_service.dispatcher, call.person, reason, in_bulk, call.bulk if in_bulk else None, parts.clock(),
        threads=STEPS_AT_ONCE, rounds=lambda job, bulk: parts.batches.moved(job, together or bulk),
    )  # fmt: skip


def submission(body: NewJob, key: str | None, call: Call) -> Submission:
    """Return the submission that a checked body describes.

    Raises InvalidRequest for an unknown webhook, and OutOfScope.
    """
    check_scope(call, body.type)
    if body.on_end is not None:
        check_whole(call, "on_end")
    if body.notify:
        check_whole(call, "notify")
        parts.webhook_service.check_named(body.notify)
    return Submission(
        type=body.type,
        payload=body.payload,
        max_attempts=body.max_attempts,
        delay_seconds=body.delay_seconds,
        run_at=body.run_at,
        expires_seconds=body.expires_seconds,
        on_end=body.on_end,
        notify=tuple(dict.fromkeys(body.notify)),
        priority=body.priority,
        tags=tuple(dict.fromkeys(body.tags)),
        idempotency_key=key,
        debounce=Debounce(body.debounce.key, body.debounce.seconds) if body.debounce else None,
        correlation_id=call.correlation_id,
        principal=call.principal,
        trace=call.trace(),
    )


def check_wanted(call: Call, wanted: Wanted) -> None:
    """Raise OutOfScope if the job that a request makes, or that may answer it, could be outside of the scope."""
    if call.scope == WHOLE:
        return
    check_job(call, wanted.job)
    field, unique = jobtype.get(wanted.job.type).keyed_by, wanted.unique
    if call.scope.tenants and unique and unique.by and (field is None or field.split(".")[0] not in unique.by):
        check_whole(call, "a type whose jobs are unique over all tenants")


def _check_retry(call: Call, payload: JSON) -> None:
    """Raise OutOfScope if a job would be outside of the scope with another payload."""
    job = parts.job_store.get(job_id_of(call))
    kind = jobtype.get(job.type)
    payload = sent_back(jobtype.personal_of(kind), payload, job.payload)
    check_job(call, replace(job, tags=tagged(job.tags, kind.keyed_by, kind.canonical(payload))))


def job_id_of(call: Call) -> str:
    """Return the id in the path; raises JobNotFound for an invalid id, because no job can have it."""
    job_id = call.path["job_id"].lower()
    if not JOB_ID.fullmatch(job_id):
        raise JobNotFound(call.path["job_id"][:64])
    return job_id


def _counted() -> Mapping[tuple[str, Status], int]:
    return parts.counters.standing().totals


def filter_of(call: Call, asked: ListQuery | BulkFilter, where: str) -> Filter:
    """Return the filter that a request describes, within the caller's scope; raises UnknownJobType, OutOfScope."""
    within = narrowed(call, Filter(type=asked.type, tenant=asked.tenant))
    for name in ("payload", "error"):
        if getattr(asked, name) is not None:
            check_payloads(call, f"the filter `{name}`")
    _check_family(call, asked)
    check_type(asked.type, where)
    if asked.tenant is not None:
        check_tenants(asked.type, where, "tenant")
    values = {**dict(asked), "type": within.type, "tenant": within.tenant}
    # a bulk action stores its filter, and searches later, when nobody knows what its caller may see
    hidden = asked.payload is not None and not call.sees_personal
    if hidden and isinstance(asked, BulkFilter):
        raise OutOfScope(str(call.scope), "the filter `payload` would tell what is in personal fields")
    kind = SeenFilter if hidden else Filter
    return kind(**{field.name: values[field.name] for field in fields(Filter) if field.name in values})


def _check_family(call: Call, asked: ListQuery | BulkFilter) -> None:
    """Raise OutOfScope for a filter whose pages, also empty ones, would count jobs outside of the scope."""
    if asked.batch is not None:
        check_whole(call, "the filter `batch`")
    parent = getattr(asked, "parent", None)
    if parent is not None and call.scope.narrow:
        check_parent(call, parent.lower())


def narrowed(call: Call, which: Filter) -> Filter:
    """Return a filter of jobs within the caller's scope; raises OutOfScope."""
    if call.scope == WHOLE:
        return which
    return replace(which, type=type_within(call, which.type), tenant=tenant_within(call, which.tenant))


def check_type(name: str | None, *where: str) -> None:
    """Raise UnknownJobType unless a job type of that name is declared, or was removed and still has jobs."""
    if name is None:
        return
    known = [kind.name for kind in jobtype.all_types()]
    if name not in known and not any(kind == name and count for (kind, _), count in _counted().items()):
        must = FieldError((*where, "type"), f"must be one of: {', '.join(known)}")
        raise UnknownJobType(f"There is no job type {name!r}.", [must])


def check_tenants(name: str | None, *loc: str) -> None:
    """Raise InvalidRequest if no job of that type (None: of any type) has a tenant."""
    kinds = [kind for kind in jobtype.all_types() if name in (None, kind.name)]
    if kinds and not any(kind.keyed_by for kind in kinds):
        lacks = "no job type has" if name is None else f"{name} does not have"
        where = [FieldError(loc, f"{lacks} `fair_by` or `serial_by`, so its jobs have no tenant")]
        raise InvalidRequest("There are no tenants.", where)


def _shape(name: str) -> Shape | None:
    """Return what decides the costs of a type's jobs; None for a type that is no longer declared."""
    try:
        return Shape.of(jobtype.get(name))
    except UnknownJobType:
        return None


def _attempts_left(job: Job) -> list[Following] | None:
    if job.terminal:
        return []
    try:
        curve = jobtype.get(job.type).retry
    except UnknownJobType:
        return None
    # The number of the running attempt. If no attempt runs, the number of the next attempt: the job stores the time of
    # the next attempt, so only the waits after it are computed.
    failing = job.attempts + (job.status is not Status.PROCESSING)
    return following(curve, failing, job.max_attempts, no_jitter if parts.settings.jitter == "none" else None)
