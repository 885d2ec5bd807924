"""Hold every request of a scoped token to its scope: which routes it may call, which jobs exist for it, what it reads.

The policy is `decided`, a pure function of the scope, the route and the job. A route that is missing in ROUTES is
refused for every scoped token. A token without a scope passes with one comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from pydantic import BaseModel

from chalicelib.access.scope import WHOLE, Scope
from chalicelib.api.constants import HIDDEN
from chalicelib.api.http.endpoint import Call, Endpoint, Reply, Text
from chalicelib.api.models import responses as r
from chalicelib.assembly import parts
from chalicelib.errors import FieldError, JobFlowError, JobNotFound, JobTypeNotFound, OutOfScope, UnknownJobType
from chalicelib.job_types import jobtype
from chalicelib.job_types.checks import JOB_ID
from chalicelib.job_types.constants import LONGEST_NAME, OF_PLATFORM
from chalicelib.jobs.job import Job
from chalicelib.jobs.tenants import tenant_of


class Decision(Enum):
    """What a request meets."""

    ALLOWED = auto()
    HIDDEN = auto()
    """404: the job is outside of the scope, as if it did not exist."""
    REFUSED = auto()
    """403: the route cannot be narrowed to the scope truthfully."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """State for which kinds of scopes a route may be called: it then answers only from within the scope."""

    types: bool = False
    tenants: bool = False
    payloads: bool = False


EVERY = Narrowed(types=True, tenants=True, payloads=True)
"""It says nothing of jobs, or it is narrowed: by the job or type in its path, its filter or its body, by `shown`."""
DATA = Narrowed(types=True, tenants=True)
"""It answers with data of a job that is in the scope, so it is refused without payloads."""
BY_TYPE = Narrowed(types=True, payloads=True)
"""It is narrowed to types, but its numbers are of all tenants."""
WHOLE_STAGE = Narrowed(payloads=True)
"""It is about all types and tenants, and has no payloads."""
WHOLE_DATA = Narrowed()
"""It is about all types and tenants, and has data of jobs, or things that show such data."""

ROUTES: Mapping[str, Narrowed] = {
    "GET /health": EVERY, "GET /docs": EVERY, "GET /me": EVERY, "GET /meta": EVERY,
    "GET /openapi.json": Narrowed(tenants=True, payloads=True),  # it describes every type
    "POST /jobs": EVERY, "POST /jobs/batch": EVERY, "GET /jobs": EVERY, "GET /jobs/{job_id}": EVERY,
    "POST /jobs/{job_id}/retry": EVERY, "POST /jobs/{job_id}/cancel": EVERY, "POST /jobs/{job_id}/run-now": EVERY,
    "POST /jobs/{job_id}/discard": EVERY, "POST /jobs/{job_id}/events/{name}": EVERY,
    "DELETE /jobs/{job_id}": EVERY,
    "GET /jobs/{job_id}/payloads/{gen}": DATA, "GET /jobs/{job_id}/steps": DATA, "GET /jobs/{job_id}/retry": DATA,
    "GET /jobs/{job_id}/logs": DATA,
    "POST /jobs/bulk": EVERY, "POST /bulk": EVERY, "POST /dead-letters/redrive": EVERY,
    "GET /bulk": EVERY, "GET /bulk/{bulk_id}": EVERY, "GET /bulk/{bulk_id}/outcome": EVERY,
    "POST /bulk/{bulk_id}/stop": EVERY,
    # the members of a batch may be of any type and tenant, and its numbers count them all
    "POST /batches": WHOLE_STAGE, "GET /batches": WHOLE_STAGE, "GET /batches/{batch_id}": WHOLE_STAGE,
    "POST /batches/{batch_id}/jobs": WHOLE_STAGE, "POST /batches/{batch_id}/close": WHOLE_STAGE,
    "POST /batches/{batch_id}/cancel": WHOLE_STAGE, "POST /batches/{batch_id}/retry": WHOLE_STAGE,
    "GET /job-types": EVERY, "GET /job-types/{job_type}/tenants": BY_TYPE, "GET /job-types/{job_type}/pauses": BY_TYPE,
    "POST /job-types/{job_type}/pause": BY_TYPE, "POST /job-types/{job_type}/resume": BY_TYPE,
    # a limit may count the jobs of several types and tenants, and its rows have values of their payloads
    "GET /limits": WHOLE_DATA, "GET /limits/{limit_name}": WHOLE_DATA, "PUT /limits/{limit_name}": WHOLE_DATA,
    "DELETE /limits/{limit_name}": WHOLE_DATA,
    # a schedule has a payload, and so a tenant, for each of its firings
    "GET /schedules/preview": EVERY, "GET /schedules": WHOLE_DATA, "POST /schedules": WHOLE_DATA,
    "GET /schedules/{schedule_id}": WHOLE_DATA, "PUT /schedules/{schedule_id}": WHOLE_DATA,
    "DELETE /schedules/{schedule_id}": WHOLE_DATA, "POST /schedules/{schedule_id}/pause": WHOLE_DATA,
    "POST /schedules/{schedule_id}/resume": WHOLE_DATA, "POST /schedules/{schedule_id}/run": WHOLE_DATA,
    # a webhook gets messages about any job, with error messages; the answers of receivers are data
    "GET /webhooks": WHOLE_STAGE, "POST /webhooks": WHOLE_DATA, "GET /webhooks/{name}": WHOLE_STAGE,
    "PUT /webhooks/{name}": WHOLE_DATA, "DELETE /webhooks/{name}": WHOLE_STAGE,
    "POST /webhooks/{name}/rotate": WHOLE_STAGE, "POST /webhooks/{name}/enable": WHOLE_STAGE,
    "GET /webhooks/{name}/deliveries": WHOLE_DATA,
    "POST /webhooks/{name}/deliveries/{delivery_id}/send-again": WHOLE_DATA,
    "GET /metrics": BY_TYPE, "GET /metrics/health": BY_TYPE,
    "GET /metrics/flow": BY_TYPE, "GET /metrics/series": BY_TYPE, "GET /errors": BY_TYPE,
    "GET /usage": BY_TYPE,
    # the name of a group of errors does not say its type
    "GET /errors/{fingerprint}": WHOLE_STAGE, "POST /errors/{fingerprint}/acknowledge": WHOLE_STAGE,
    "POST /errors/{fingerprint}/resolve": WHOLE_STAGE, "POST /errors/{fingerprint}/reopen": WHOLE_STAGE,
    # a view is a filter that everybody shares: it may name a tenant, or a text of a payload
    "GET /views": WHOLE_DATA, "POST /views": WHOLE_DATA, "DELETE /views/{view_id}": WHOLE_DATA,
    "GET /audit": WHOLE_STAGE, "GET /audit/refusals": WHOLE_STAGE, "GET /tokens": WHOLE_STAGE,
    "POST /session": EVERY, "DELETE /session": EVERY,  # a session has no scope
    "GET /sessions": WHOLE_STAGE, "POST /sessions/revoke": WHOLE_STAGE,
    # an erasure names its tenant, and removes copies of ends, which have no tenant of their own
    "POST /erasures": WHOLE_DATA, "GET /erasures": WHOLE_DATA, "GET /erasures/{erasure_id}": WHOLE_DATA,
    "POST /uploads": EVERY,
}  # fmt: skip
"""The decision for each route. A test fails for a route of the API that is missing here."""
BLANK: dict[type[BaseModel], Mapping[str, Any]] = {
    # the key of a member of a batch, or of a child, may be an unsalted hash of its payload
    r.JobRow: {"payload": None, "result": None, "error_message": None, "idempotency_key": None},
    r.JobDetail: {"why": None},  # it may have the text of `RetryLater`
    r.AttemptRow: {"error_message": None, "stack": None},
    r.Progress: {"note": None},
}
"""What fields of an answer become without payloads; answers of other modules add theirs with `blank`."""


def blank(model: type[BaseModel], *names: str) -> None:
    """Declare that these fields of an answer are hidden without payloads: None or, for a text, HIDDEN."""
    BLANK[model] = {name: None if _nullable(model, name) else HIDDEN for name in names}


def decided(scope: Scope, route: str, job: Job | None = None) -> Decision:
    """Return what a request with this scope meets, on this route and, if its path names one, on this job. Pure."""
    known = ROUTES.get(route, WHOLE_DATA)
    if (scope.types and not known.types) or (scope.tenants and not known.tenants):
        return Decision.REFUSED
    if not scope.payloads and not known.payloads:
        return Decision.REFUSED
    if job is not None and not scope.has(job.type, tenant_of(job.tags)):
        return Decision.HIDDEN
    return Decision.ALLOWED


def within(scope: Scope, endpoint: Endpoint) -> Endpoint:
    """Return the endpoint, held to the scope. Raises OutOfScope if the scope does not allow its route.

    What is outside of the scope is refused in the handler, so that the audit log has the attempt.
    """
    if scope == WHOLE:
        return endpoint
    route = f"{endpoint.method} {endpoint.path}"
    if decided(scope, route) is Decision.REFUSED:
        raise OutOfScope(str(scope), "this request cannot be narrowed to it")

    def handler(call: Call) -> BaseModel | Reply | Text:
        _check_path(scope, route, call)
        try:
            answer = endpoint.handler(call)
        except UnknownJobType as error:
            raise of_scope(scope, error) from None
        return shown(scope, answer, call.path.get("job_id"))

    return replace(endpoint, handler=handler)


def _check_path(scope: Scope, route: str, call: Call) -> None:
    """Raise what a job or a type that does not exist raises, if the one in the path is outside of the scope."""
    job_id = call.path.get("job_id", "").lower()
    if scope.narrow and JOB_ID.fullmatch(job_id):
        job = parts.job_store.get_without_bodies(job_id)
        if decided(scope, route, job) is Decision.HIDDEN:
            raise JobNotFound(job_id)
    name = call.path.get("job_type")
    if name is not None and not scope.has_type(name):
        raise JobTypeNotFound(name[:LONGEST_NAME])


def of_scope(scope: Scope, error: JobFlowError) -> JobFlowError:
    """Return an error as the scope shows it: for an unknown type it lists only types of the scope."""
    if not (scope.types and isinstance(error, UnknownJobType)):
        return error
    known = ", ".join(kind.name for kind in jobtype.all_types() if scope.has_type(kind.name)) or "none"
    return UnknownJobType(str(error), [FieldError(one.loc, f"must be one of: {known}") for one in error.errors])


def check_whole(call: Call, what: str) -> None:
    """Raise OutOfScope if some jobs are outside of the caller's scope: `what` could touch them."""
    if call.scope.narrow:
        raise OutOfScope(str(call.scope), f"{what} could be about other jobs")


def check_payloads(call: Call, what: str) -> None:
    """Raise OutOfScope if the caller may not read payloads: `what` would tell what is in them."""
    if not call.scope.payloads:
        raise OutOfScope(str(call.scope), f"{what} would show what is in payloads")


def check_type(call: Call, name: str) -> None:
    """Raise OutOfScope if the caller may not touch jobs of this type."""
    if not call.scope.has_type(name):
        raise OutOfScope(str(call.scope), f"{name} is outside of it")


def check_job(call: Call, job: Job) -> None:
    """Raise OutOfScope if a job that is to be stored would be outside of the caller's scope."""
    check_type(call, job.type)
    if not call.scope.has(job.type, tenant_of(job.tags)):
        raise OutOfScope(str(call.scope), "the payload names no tenant of it")


def check_copies(call: Call, job_id: str) -> None:
    """Raise OutOfScope if a job of `on_end` that goes with this job is outside of the caller's scope."""
    if not call.scope.narrow:
        return
    for one in parts.erasing.copies(job_id):
        if one.type not in OF_PLATFORM and not call.scope.has(one.type, tenant_of(one.tags)):
            raise OutOfScope(str(call.scope), "a job of its on_end is outside of it, and is deleted together with it")


def check_parent(call: Call, job_id: str) -> None:
    """Raise OutOfScope, also for a job that does not exist, if the caller may not list a job's children."""
    try:
        job = parts.job_store.get_without_bodies(job_id)
    except JobNotFound:
        job = None
    if job is None or not call.scope.has(job.type, tenant_of(job.tags)):
        raise OutOfScope(str(call.scope), "the filter `parent` names no job of it")


def type_within(call: Call, asked: str | None) -> str | None:
    """Return the one type that a request is about, or the scope's only type. Raises OutOfScope."""
    scope = call.scope
    if asked is not None:
        check_type(call, asked)
        return asked
    if not scope.types:
        return None
    if len(scope.types) > 1 or scope.types[0].endswith("*"):
        raise OutOfScope(str(scope), "name one type of it")
    return scope.types[0]


def tenant_within(call: Call, asked: str | None) -> str | None:
    """Return the one tenant that a request is about, or the scope's only tenant. Raises OutOfScope."""
    tenants = call.scope.tenants
    if asked is None and len(tenants) == 1:
        return tenants[0]
    if tenants and asked not in tenants:
        raise OutOfScope(str(call.scope), "name one tenant of it" if asked is None else "this tenant is outside of it")
    return asked


def shown(scope: Scope, answer: BaseModel | Reply | Text, asked: str | None) -> BaseModel | Reply | Text:
    """Return an answer as the scope shows it, to a request for the job with the id `asked`, or (None) for another.

    Raises JobNotFound or, without naming a job that was not asked for, OutOfScope, if the answer is a job outside of
    the scope. The jobs of an answer were checked before; this also holds if one has changed since, or if a check was
    forgotten.
    """
    if isinstance(answer, Text):
        return answer
    try:
        found: BaseModel = _shown(scope, answer.body if isinstance(answer, Reply) else answer)
    except OutOfScope:
        if asked is None:
            raise
        raise JobNotFound(asked.lower()) from None
    return replace(answer, body=found) if isinstance(answer, Reply) else found


def _shown(scope: Scope, value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(scope, one) for one in value]
    if isinstance(value, dict):
        return {name: _shown(scope, one) if isinstance(one, BaseModel) else one for name, one in value.items()}
    if not isinstance(value, BaseModel):
        return value
    if isinstance(value, r.JobPage) and scope.narrow:
        within = [job for job in value.jobs if scope.has(job.type, job.tenant)]
        # the number of read jobs would tell how many there are outside of the scope
        value = value.model_copy(update={"jobs": within, "looked": len(within)})
    if isinstance(value, r.JobRow) and not scope.has(value.type, value.tenant):
        raise OutOfScope(str(scope), "the job that would be the answer is outside of it")
    fields = {name: _shown(scope, getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, r.JobDetail) and scope.narrow:
        fields["why"] = None  # it may be about the jobs of other tenants, or of types that share a limit
    if not scope.payloads:
        for model, blanked in BLANK.items():
            fields |= blanked if isinstance(value, model) else {}
    return value.model_copy(update=fields)


def _nullable(model: type[BaseModel], name: str) -> bool:
    return type(None) in getattr(model.model_fields[name].annotation, "__args__", ())
