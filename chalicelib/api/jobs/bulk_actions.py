"""Serve bulk actions, which the platform processes whether or not the operator waits."""

from collections import Counter
from typing import Any, Literal

from pydantic import Field

from chalicelib.access.scope import WHOLE
from chalicelib.api.constants import (
    MOST_BULK_ACTIONS_LISTED,
    MOST_BULK_ACTIONS_SHOWN,
    MOST_OUTCOMES,
    OUTCOMES_IN_READ,
)
from chalicelib.api.http.endpoint import Audited, Call, Endpoints, Reply
from chalicelib.api.http.masking import any_personal
from chalicelib.api.http.scoping import blank
from chalicelib.api.jobs.bulk import asked_for, check_expected, ids_within
from chalicelib.api.models.fields import JobId
from chalicelib.api.models.responses import Answer, Time
from chalicelib.api.models.schemas import BulkFilter, ManyJobs
from chalicelib.assembly import parts
from chalicelib.bulk.background import NewBulkAction
from chalicelib.bulk.port import BulkAction, BulkState
from chalicelib.errors import BulkActionNotFound
from chalicelib.job_types.checks import BULK_ID
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.texts.personal_texts import MASK

endpoints = Endpoints()


class StartBulk(ManyJobs):
    """Retry, cancel or discard many jobs: listed jobs, or all that match."""

    ids: list[JobId] | None = Field(None, min_length=1, max_length=MOST_BULK_ACTIONS_LISTED)


class SkippedFor(Answer):
    """A reason why jobs were skipped."""

    reason: str
    jobs: int
    sample_job_ids: list[str]


class BulkActionRow(Answer):
    """A bulk action and its progress."""

    id: str
    action: str
    dry_run: bool
    filter: dict[str, str] | None = Field(description="The filter by name; null for a list of ids")
    listed: int | None = Field(description="Number of listed ids; null for a filter")
    edit: dict[str, Any] | None = Field(description="The other values for fields of the payloads, by their paths")
    state: Literal["running", "stopping", "stopped", "done", "failed"]
    expected: int | None
    matched: int
    done: int = Field(description="Changed jobs; 0 in a dry run, where the number would be `matched` minus `skipped`")
    skipped: int
    reasons: list[SkippedFor] = Field(description="Reasons for skipped jobs, the most frequent first")
    per_second: float | None = Field(description="Jobs a second since its start; null before the first jobs")
    started_by: str
    started_at: Time
    updated_at: Time
    finished_at: Time | None
    problem: str | None = Field(description="The error of its last slice, which is retried, or which ended the action")


blank(SkippedFor, "reason")
blank(BulkActionRow, "edit", "problem")


class BulkActionList(Answer):
    """Bulk actions, newest first."""

    bulk_actions: list[BulkActionRow]


class ChangedJob(Answer):
    """A job that the bulk action has changed, in its present state."""

    id: str
    type: str
    status: Status
    error_class: str | None


class BulkOutcome(Answer):
    """Count what became of the jobs that a bulk action has changed."""

    changed: int = Field(description="Jobs that the bulk action has changed")
    looked: int = Field(description="How many of them were read: the first 500")
    by_status: dict[str, int] = Field(description="Their present statuses; without those that do not exist any more")
    jobs: list[ChangedJob]
    as_of: Time


EXAMPLES = {
    "retry all jobs of one error": {"action": "retry", "filter": {"fingerprint": "5d41402abc4b"}, "expected": 143},
    "count what cancelling all that wait would do": {"action": "cancel", "filter": {"status": "queued"},
                                                     "dry_run": True},
    "give a field of these jobs another value": {"action": "retry", "filter": {"fingerprint": "5d41402abc4b"},
                                                 "edit": {"order.currency": "EUR"}, "expected": 8},
}  # fmt: skip


@endpoints.post(
    "/bulk",
    BulkActionRow,
    body=StartBulk,
    statuses=(202,),
    examples=EXAMPLES,
    searches=True,
    audit=Audited("bulk", "bulk", by="action", unless="dry_run", many=True),
)
def start_bulk(call: Call) -> Reply:
    """Start a bulk action. The platform processes the action even if this connection ends.

    GET shows the progress. The first jobs are changed before this request is answered. Repeating the request is safe:
    jobs that are already changed are skipped.
    """
    asked: StartBulk = call.body
    which = asked_for(call, asked)
    ids = tuple(ids_within(call, list(dict.fromkeys(one.lower() for one in asked.ids or ()))))
    if not asked.dry_run:
        check_expected(call, asked.action, which, ids, asked.expected)
    new = NewBulkAction(
        asked.action,
        call.person,
        call.principal,
        which,
        ids,
        asked.dry_run,
        asked.expected,
        asked.reason,
        call.bulk,
        edit=asked.edit,
    )
    started = parts.bulk_work.start(new)
    return Reply(_row(started, call), 202, {"Location": f"{call.here}/{started.id}"})


@endpoints.get("/bulk", BulkActionList, moving=())
def list_bulk(call: Call) -> BulkActionList:
    """List the newest 50 bulk actions of the last 30 days, newest first. A token with a scope sees only its own."""
    found = parts.bulk_rows.newest(MOST_BULK_ACTIONS_SHOWN)
    return BulkActionList(bulk_actions=[_row(one, call) for one in found if _seen(call, one)])


@endpoints.get("/bulk/{bulk_id}", BulkActionRow, moving=())
def get_bulk(call: Call) -> BulkActionRow:
    """Return a bulk action with its progress or result. Strongly consistent."""
    return _row(_found(call), call)


@endpoints.get("/bulk/{bulk_id}/outcome", BulkOutcome, moving=("as_of",))
def get_bulk_outcome(call: Call) -> BulkOutcome:
    """Return what became of the jobs that a bulk action has changed, such as how many retried jobs completed."""
    bulk = _found(call)
    ids = parts.bulk_rows.changed(bulk.id, MOST_OUTCOMES)
    pages = [ids[start : start + OUTCOMES_IN_READ] for start in range(0, len(ids), OUTCOMES_IN_READ)]
    jobs = [job for page in pages for job in parts.job_store.read_all(page)]
    return BulkOutcome(
        changed=bulk.done,
        looked=len(ids),
        by_status=dict(Counter(str(job.status) for job in jobs)),
        jobs=[ChangedJob(id=job.id, type=job.type, status=job.status, error_class=job.error_class) for job in jobs],
        as_of=iso(parts.clock()),
    )


@endpoints.post(
    "/bulk/{bulk_id}/stop",
    BulkActionRow,
    audit=Audited("bulk.stop", "bulk", "bulk_id"),
)
def stop_bulk(call: Call) -> BulkActionRow:
    """Stop a bulk action after the jobs that it is changing now; finished changes stay. Safe to repeat."""
    if call.scope != WHOLE:
        _found(call)
    return _row(parts.bulk_work.stop(_id_of(call), call.principal), call)


def _found(call: Call) -> BulkAction:
    """Return the bulk action in the path; raises BulkActionNotFound, also for one that the caller may not see."""
    found = parts.bulk_work.get(_id_of(call))
    if not _seen(call, found):
        raise BulkActionNotFound(found.id)
    return found


def _seen(call: Call, bulk: BulkAction) -> bool:
    """Return whether the caller may see a bulk action: with a scope only its own, which was narrowed to the scope.

    Without payloads, too: the filter and the outcome of another tell which jobs have a text in their payloads.
    """
    return call.scope == WHOLE or bulk.principal == call.principal


def _id_of(call: Call) -> str:
    """Return the id of the bulk action in the path; raises BulkActionNotFound for an invalid id."""
    bulk_id = call.path["bulk_id"]
    if not BULK_ID.fullmatch(bulk_id):
        raise BulkActionNotFound(bulk_id[:64])
    return bulk_id


def _row(bulk: BulkAction, call: Call) -> BulkActionRow:
    # what an operator has searched for, or stores, may be a personal value
    mask = MASK if call.masked and any_personal() else None
    took = bulk.updated_at - bulk.started_at
    reasons = sorted(bulk.reasons.items(), key=lambda item: -item[1].jobs)
    over = None if bulk.finished_at is None else iso(bulk.finished_at)
    return BulkActionRow(
        id=bulk.id,
        action=bulk.action,
        dry_run=bulk.dry_run,
        filter=_filter(bulk, mask),
        listed=bulk.listed,
        edit=None if bulk.edit is None else {path: mask or value for path, value in bulk.edit.items()},
        state=str(bulk.state),
        expected=bulk.expected,
        matched=bulk.matched,
        done=bulk.done,
        skipped=bulk.skipped,
        reasons=[SkippedFor(reason=name, jobs=one.jobs, sample_job_ids=list(one.samples)) for name, one in reasons],
        per_second=round(bulk.matched / took, 1) if took > 0 and bulk.matched else None,
        started_by=bulk.by,
        started_at=iso(bulk.started_at),
        updated_at=iso(bulk.updated_at),
        finished_at=over,
        problem=bulk.problem if bulk.state in (BulkState.RUNNING, BulkState.FAILED) else None,
    )


def _filter(bulk: BulkAction, mask: str | None) -> dict[str, str] | None:
    if bulk.which is None:
        return None
    named: dict[str, Any] = {name: getattr(bulk.which, name) for name in BulkFilter.model_fields}
    named |= {"payload": mask} if mask and bulk.which.payload is not None else {}
    return {name: iso(value) if isinstance(value, float) else str(value) for name, value in named.items()
            if value is not None}  # fmt: skip
