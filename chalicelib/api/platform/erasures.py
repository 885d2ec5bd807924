"""Serve erasures: start one for all jobs of a tenant, or count these jobs, and show its progress."""

from typing import Literal

from pydantic import Field

from chalicelib.access.tokens import Role
from chalicelib.api.http.endpoint import Audited, Call, Endpoints, Reply
from chalicelib.api.models.fields import Reasoned, Tenant
from chalicelib.api.models.responses import Answer, Time
from chalicelib.assembly import parts
from chalicelib.bulk.ids import new_bulk_id
from chalicelib.erasing.constants import MOST_SHOWN
from chalicelib.erasing.rule import Erasure
from chalicelib.erasing.work import NewErasure
from chalicelib.errors import ErasureNotFound
from chalicelib.job_types.checks import BULK_ID
from chalicelib.jobs.listing import iso

endpoints = Endpoints()


class StartErasure(Reasoned):
    """All jobs of a tenant that exist when the request is made."""

    tenant: Tenant
    dry_run: bool = Field(False, description="Only count the jobs; nothing is cancelled or removed.")


class ErasureRow(Answer):
    """An erasure: what was removed, in numbers. Its tenant is not kept after its end."""

    id: str
    state: Literal["running", "done"]
    dry_run: bool
    tenant: str | None = Field(description="null after the end")
    jobs: int = Field(description="Jobs that are removed completely, or in a dry run: jobs that were found")
    rows: int = Field(description="Rows of DynamoDB that are removed")
    objects: int = Field(description="Objects in S3 that are removed, each version counted")
    unfinished: int = Field(
        description="Jobs that the present search cannot remove yet: they were asked to stop, have just ended, or "
        "their removal failed"
    )
    searches: int = Field(description="The number of the present search; it ends when one finds no job")
    reason: str | None
    started_by: str
    started_at: Time = Field(description="Jobs that were created from then on are not touched")
    updated_at: Time
    finished_at: Time | None
    problem: str | None = Field(description="The last error, after which the erasure tries again")


class ErasureList(Answer):
    """Erasures, newest first."""

    erasures: list[ErasureRow]


@endpoints.post(
    "/erasures",
    ErasureRow,
    body=StartErasure,
    role=Role.ADMIN,
    statuses=(202,),
    examples={"count the jobs of a tenant": {"tenant": "acme", "dry_run": True}},
    audit=Audited("erasure.start", "erasure", made="id", unless="dry_run"),
)
def start_erasure(call: Call) -> Reply:
    """Erase all jobs of a tenant that exist now: their rows, payloads, results, history and steps.

    Unfinished jobs are cancelled first. Also removed are the deliveries to webhooks and the jobs of `on_end` that were
    made from their ends. It goes on in the background, also if a process dies; a restore applies it again.
    """
    asked = NewErasure(
        new_bulk_id(parts.clock()), call.body.tenant, call.person, call.principal, call.body.reason, call.body.dry_run
    )
    started = parts.erasing.start(asked)
    return Reply(_row(started), 202, {"Location": f"{call.here}/{started.id}"})


@endpoints.get("/erasures", ErasureList, role=Role.ADMIN)
def list_erasures(call: Call) -> ErasureList:  # noqa: ARG001 - every handler takes the call
    """List the newest 50 erasures."""
    return ErasureList(erasures=[_row(one) for one in parts.erasing.rows.newest(MOST_SHOWN)])


@endpoints.get("/erasures/{erasure_id}", ErasureRow, role=Role.ADMIN)
def get_erasure(call: Call) -> ErasureRow:
    """Return an erasure with its progress. Strongly consistent."""
    erasure_id = call.path["erasure_id"].lower()
    if not BULK_ID.fullmatch(erasure_id):
        raise ErasureNotFound(erasure_id[:40])
    return _row(parts.erasing.get(erasure_id))


def _row(erasure: Erasure) -> ErasureRow:
    return ErasureRow(
        id=erasure.id, state="running" if erasure.open else "done", dry_run=erasure.dry_run, tenant=erasure.tenant,
        jobs=erasure.jobs, rows=erasure.rows, objects=erasure.objects, unfinished=erasure.unfinished,
        searches=erasure.searches, reason=erasure.reason or None, started_by=erasure.by,
        started_at=iso(erasure.started_at), updated_at=iso(erasure.updated_at),
        finished_at=None if erasure.finished_at is None else iso(erasure.finished_at), problem=erasure.problem,
    )  # fmt: skip
