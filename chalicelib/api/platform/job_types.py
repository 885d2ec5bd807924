"""Serve the job types; pause and resume them."""

from chalicelib.access.tokens import Role
from chalicelib.api.http.endpoint import Audited, Call, Endpoints
from chalicelib.api.http.scoping import check_type
from chalicelib.api.jobs.jobs import check_tenants
from chalicelib.api.models.job_type_responses import JobTypes, PastPauseRow, PastPauseRows, Tenants
from chalicelib.api.models.responses import Paused
from chalicelib.api.models.schemas import PauseReason
from chalicelib.api.models.views import job_type_row, tenants_answer
from chalicelib.assembly import parts
from chalicelib.errors import JobTypeNotFound
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import LONGEST_NAME
from chalicelib.jobs.listing import iso
from chalicelib.telemetry import request_events

endpoints = Endpoints()


@endpoints.get("/job-types", JobTypes)
def list_job_types(call: Call) -> JobTypes:
    """List every job type with its payload's JSON Schema, a working example, and its limits (seconds, MB)."""
    return JobTypes(job_types=[job_type_row(kind) for kind in jobtype.all_types() if call.scope.has_type(kind.name)])


@endpoints.get("/job-types/{job_type}/tenants", Tenants, statuses=(200, 422))
def list_tenants(call: Call) -> Tenants:
    """List the ten tenants of a type with the most unfinished jobs: queued, running, or between attempts.

    At most 4,000 of these jobs are read: those due first, and those due last.
    """
    name = _name_of(call)
    check_tenants(name, "path", "job_type")
    return tenants_answer(parts.job_store.sharing(name))


@endpoints.post(
    "/job-types/{job_type}/pause", Paused, body=PauseReason, role=Role.ADMIN, statuses=(200, 409),
    examples={"with a reason": {"reason": "The mail provider is down"}},
    audit=Audited("job-type.pause", "job-type", "job_type"),
)  # fmt: skip
def pause_job_type(call: Call) -> Paused:
    """Pause a type's queue. New jobs are accepted but not started; running jobs continue. Safe to repeat.

    If several types share the queue, the jobs of all of them wait: the answer names these types.

    GET /metrics shows who paused the type, and why. If the type is already paused, GET /metrics still shows the first
    pause.
    """
    name = _name_of(call)
    _check_queue(call, name)
    parts.pausing.pause(name, call.person, call.body.reason)
    request_events.paused(name, call.principal)
    return _paused(name, paused=True)


@endpoints.post(
    "/job-types/{job_type}/resume",
    Paused,
    role=Role.ADMIN,
    statuses=(200, 409),
    audit=Audited("job-type.resume", "job-type", "job_type"),
)
def resume_job_type(call: Call) -> Paused:
    """Resume a type's queue. If several types share the queue, all of them resume.

    The messages are delivered again within a minute. Safe to repeat.
    """
    name = _name_of(call)
    _check_queue(call, name)
    parts.pausing.resume(name, call.person)
    request_events.paused(name, call.principal, resumed=True)
    return _paused(name, paused=False)


@endpoints.get("/job-types/{job_type}/pauses", PastPauseRows)
def list_past_pauses(call: Call) -> PastPauseRows:
    """List the last 20 pauses of a type that ended within 90 days, newest first.

    GET /metrics shows the present pause.
    """
    found = parts.pausing.past(_name_of(call))
    return PastPauseRows(pauses=[
        PastPauseRow(
            since=iso(one.pause.since), until=iso(one.until), by=one.pause.by, reason=one.pause.reason,
            resumed_by=one.resumed_by,
        )
        for one in found
    ])  # fmt: skip


def _check_queue(call: Call, name: str) -> None:
    """Raise OutOfScope if another type shares the queue and is outside of the scope."""
    for one in jobtype.sharing(jobtype.queue_of(name)):
        check_type(call, one)


def _paused(name: str, *, paused: bool) -> Paused:
    return Paused(type=name, paused=paused, types=jobtype.sharing(jobtype.queue_of(name)))


def _name_of(call: Call) -> str:
    name = call.path["job_type"]
    if name not in {kind.name for kind in jobtype.all_types()}:
        raise JobTypeNotFound(name[:LONGEST_NAME])
    return name
