"""Serve batches: many jobs with one end."""

import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.constants import BATCHES_ON_PAGE, LONGEST_BATCH_KEY, MOST_BATCHES_ON_PAGE
from chalicelib.api.http.endpoint import Audited, Call, Endpoints, Reply, Unaudited
from chalicelib.api.jobs.bulk import result_of, submissions
from chalicelib.api.models.fields import Body, Cursor, OwnTag, Query, Reasoned, TypeName, WebhookName, Whole
from chalicelib.api.models.many_responses import BatchAnswer
from chalicelib.api.models.responses import Answer, Time
from chalicelib.api.models.schemas import NewBatch, NewJobInBatch
from chalicelib.assembly import parts
from chalicelib.batches import events
from chalicelib.batches.batches import FIRST
from chalicelib.batches.batches import NewBatch as Asked
from chalicelib.batches.constants import MOST_MEMBERS
from chalicelib.batches.round import Round
from chalicelib.batches.rule import ON_FAILURE, THEN, job_of
from chalicelib.bulk.background import NewBulkAction
from chalicelib.bulk.port import BulkAction
from chalicelib.errors import UNREADABLE, BatchNotFound
from chalicelib.job_types.checks import JOB_ID
from chalicelib.jobs.constants import MOST_NOTIFIED, MOST_TAGS
from chalicelib.jobs.listing import iso, read_cursor, write_cursor
from chalicelib.jobs.port import Filter
from chalicelib.producing.submission import keyed_id

endpoints = Endpoints()
USE = "batches"
"""The use of the cursors of this list."""


class StartBatch(Body):
    """A batch, to which members are added afterwards."""

    then: TypeName | None = Field(
        None, description="When all members have ended, a job of this type is made, with a BatchEnd as its payload.",
    )  # fmt: skip
    on_failure: TypeName | None = Field(
        None,
        description="When the first member has failed, a job of this type is made, also with a BatchEnd.",
    )
    key: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_BATCH_KEY)] | None = Field(
        None, description="Your name for the batch, which BatchEnd contains.", examples=["2026-11-25"]
    )
    tags: list[OwnTag] = Field(default_factory=list, max_length=MOST_TAGS)
    notify: list[WebhookName] = Field(
        default_factory=list, max_length=MOST_NOTIFIED,
        description="Webhooks that get the end of each round, whatever their filters.", examples=[[]],
    )  # fmt: skip


class CloseBatch(Reasoned):
    """State the number of members of the batch."""

    total: int | None = Field(
        None, ge=0, le=MOST_MEMBERS,
        description="The number of members. Without it, the members are counted a minute or two later.",
    )  # fmt: skip


class BatchRound(Answer):
    """The numbers of a round; they are some seconds late, and only grow."""

    round: int = Field(description="1, and more for each retry of members")
    state: Literal["open", "closing", "running", "ended"] = Field(
        description="closing: members are counted. running: all members are known, and some have not ended"
    )
    total: int | None = Field(description="Number of members; null while it is not known")
    done: int = Field(description="Members that have ended")
    completed: int
    failed: int = Field(description="Members that have failed or are dead letters")
    cancelled: int
    failed_ids: list[str] = Field(description="The first 100 that failed; GET /jobs?batch= lists all")
    then_job: str | None = Field(
        None, description="The job that was made for `then`; completed jobs are deleted earlier than batches"
    )
    on_failure_job: str | None = Field(None, description="The job that was made for `on_failure`")
    bulk: str | None = Field(None, description="The bulk action that has moved its members into this round")
    opened_at: Time
    closed_at: Time | None
    updated_at: Time
    ended_at: Time | None


class BatchRow(Answer):
    """A batch with its newest round."""

    id: str
    state: Literal["open", "closing", "running", "ended"] = Field(
        description="ended: all rounds have ended. open: members can be added"
    )
    key: str | None
    then: str | None
    on_failure: str | None
    tags: list[str]
    notify: list[str] = Field(default_factory=list, description="The webhooks that get the end of each round")
    parent: str | None = Field(description="The job whose function has made the batch")
    created_by: str | None = Field(
        None, description="The label of the token that has created it, or its id; null: a job has, or it is old"
    )
    created_at: Time
    newest: BatchRound


class BatchDetail(BatchRow):
    """A batch with its newest 50 rounds, oldest first."""

    rounds: list[BatchRound]
    retrying: bool = Field(
        False, description="A request to retry the failed members is being carried out; another one does nothing"
    )
    cancelled_by: str | None = Field(
        None, description="The label or id of the token for which the batch is being cancelled; null before and after"
    )


class BatchPage(Answer):
    """Batches, newest first."""

    batches: list[BatchRow]
    next_cursor: str | None


class BatchQuery(Query):
    """Position of a list of batches."""

    limit: Whole = Field(BATCHES_ON_PAGE, ge=1, le=MOST_BATCHES_ON_PAGE)
    cursor: Cursor | None = Field(None, description="The next_cursor of a page.")


@endpoints.post(
    "/batches",
    BatchDetail,
    body=StartBatch,
    statuses=(201, 200),
    examples={"to count only": {}},
    audit=Unaudited("a batch has its creator and its time itself"),
)
def create_batch(call: Call) -> Reply:
    """Create a batch. With an Idempotency-Key, repeating the request answers 200 with the existing batch.

    Then add members, and close the batch with their number: when all of them have ended, a job of the type `then` is
    made. A batch that is not closed is closed after 28 days.
    """
    asked, key = call.body, call.idempotency_key()
    if asked.notify:
        parts.webhook_service.check_named(asked.notify)
    batch = str(uuid.uuid4()) if key is None else keyed_id(call.principal, f"batch {key}")
    new = Asked(
        batch, asked.then, asked.on_failure, asked.key, tuple(dict.fromkeys(asked.tags)), call.principal,
        call.correlation_id, created_by=call.person, notify=tuple(dict.fromkeys(asked.notify)),
        trace=call.trace(),
    )  # fmt: skip
    found, fresh = parts.batches.create(new)
    if not fresh:
        return Reply(_detail([found]), 200, {"Idempotent-Replayed": "true"})
    return Reply(_detail([found]), 201, {"Location": f"{call.here}/{batch}"})


@endpoints.post(
    "/batches/{batch_id}/jobs", BatchAnswer, body=NewBatch, also=(NewJobInBatch,), statuses=(200, 409),
    audit=Unaudited("a job has its creator, its time and its correlation id itself"),
)  # fmt: skip
def add_jobs_to_batch(call: Call) -> Reply:
    """Add up to 25 members to a batch that is not closed. Repeating the request adds nothing.

    After the close, only members that exist are answered. Each job has its own answer. Its key names it within the
    batch: a job without a key gets the hash of its type, payload and options, so two equal jobs without keys are one
    member. Jobs of types with `unique=`, and debounced jobs, are refused: another job could be the answer.
    """
    batch = _id_of(call)
    answers = parts.batches.add(batch, list(submissions(call, batch)))
    results = [result_of(answer, call.correlation_id) for answer in answers]
    again = all(result.status == 200 for result in results)
    return Reply(BatchAnswer(results=results), 200, {"Idempotent-Replayed": "true"} if again else {})


@endpoints.post(
    "/batches/{batch_id}/close", BatchDetail, body=CloseBatch, statuses=(200, 409),
    examples={"with its number": {"total": 200}}, audit=Audited("batch.close", "batch", "batch_id"),
)  # fmt: skip
def close_batch(call: Call) -> BatchDetail:
    """Close a batch: it has this number of members, and takes no more.

    Repeating the request with the same number is safe; another number is answered with 409.
    """
    batch = _id_of(call)
    parts.batches.close(batch, call.body.total)
    return _detail(parts.batches.get(batch))


@endpoints.post(
    "/batches/{batch_id}/cancel",
    BatchDetail,
    statuses=(202, 409),
    audit=Audited("batch.cancel", "batch", "batch_id", many=True),
)
def cancel_batch(call: Call) -> Reply:
    """Close a batch, and cancel its unfinished members in a bulk action. `then` is still told of the end.

    Members that are being added meanwhile are cancelled a minute later. The answer is 409 if all rounds have ended.
    """
    batch = _id_of(call)
    parts.batches.cancel(batch, call.person)
    _started(call, "cancel", batch)
    return Reply(_detail(parts.batches.get(batch)), 202)


@endpoints.post(
    "/batches/{batch_id}/retry",
    BatchDetail,
    statuses=(202,),
    audit=Audited("batch.retry", "batch", "batch_id", many=True),
)
def retry_batch(call: Call) -> Reply:
    """Retry the failed members of a batch in a bulk action: they are the members of a new round.

    `then` is made again at the end of the round. Without failed members, nothing is done. While an earlier request
    still moves members into its round, a repeated one does nothing.
    """
    batch = _id_of(call)
    bulk = call.bulk or ""
    if parts.batches.begin_retry(batch, bulk):
        started = _started(call, "retry", batch)
        if not started.open:
            parts.batches.moved_by(batch, started.id)
    return Reply(_detail(parts.batches.get(batch)), 202)


@endpoints.get("/batches", BatchPage, query=BatchQuery, moving=())
def list_batches(call: Call) -> BatchPage:
    """List batches, newest first, each with its newest round. They are kept for 90 days after their end.

    A batch whose row cannot be read is left out, and logged.
    """
    secret, cursor = parts.settings.cursor_secret, call.query.cursor
    position = None if cursor is None else read_cursor(cursor, Filter(), secret, use=USE)
    ids, following = parts.batch_rows.newest(call.query.limit, position)
    batches = [row for one in ids if (row := _listed(one))]
    return BatchPage(
        batches=batches, next_cursor=None if following is None else write_cursor(following, Filter(), secret, USE)
    )


@endpoints.get("/batches/{batch_id}", BatchDetail, moving=())
def get_batch(call: Call) -> BatchDetail:
    """Return a batch with the numbers of each round. GET /jobs?batch= lists the members."""
    return _detail(parts.batches.get(_id_of(call)))


def _started(call: Call, action: str, batch: str) -> BulkAction:
    """Start a bulk action on the members."""
    return parts.bulk_work.start(NewBulkAction(action, call.person, call.principal, Filter(batch=batch), id=call.bulk))


def _id_of(call: Call) -> str:
    batch: str = call.path["batch_id"].lower()
    if not JOB_ID.fullmatch(batch):
        raise BatchNotFound(batch[:64])
    return batch


def _detail(rounds: Sequence[Round]) -> BatchDetail:
    unfinished = next((one for one in rounds if one.ended_at is None), rounds[0])
    first = _first(rounds[0])
    retrying = parts.batches.retrying(first)
    return BatchDetail(
        **_fields(unfinished, rounds[-1], retrying), rounds=[_round(one) for one in rounds], retrying=retrying,
        cancelled_by=first.cancelled_by,
    )  # fmt: skip


def _listed(batch: str) -> BatchRow | None:
    """Return the entry of a batch in the list; None if it is gone, or if a row of it cannot be read."""
    try:
        newest = parts.batch_rows.find(batch)
        return None if newest is None else _row(newest)
    except UNREADABLE as error:
        events.left_out(batch, error)
        return None


def _row(newest: Round) -> BatchRow:
    first = _first(newest)
    return BatchRow(**_fields(first, newest, parts.batches.retrying(first)))


def _first(newest: Round) -> Round:
    """Return the first round of a batch: another read only if there are several."""
    return newest if newest.number == FIRST else parts.batch_rows.find(newest.batch, FIRST) or newest


def _fields(first: Round, newest: Round, retrying: bool) -> dict[str, Any]:
    """Return the fields of a batch; `first` is its first round that has not ended, or any other one."""
    state = newest.state if first.state == "ended" else first.state
    # the round of a retry begins with the first member that is moved
    state = "running" if state == "ended" and retrying else state
    return {
        "id": first.batch, "state": state,
        "key": first.key, "then": first.then, "on_failure": first.on_failure,
        "tags": list(first.tags), "notify": list(first.notify), "parent": first.parent,
        "created_by": first.created_by or None, "created_at": iso(first.created_at), "newest": _round(newest),
    }  # fmt: skip


def _round(found: Round) -> BatchRound:
    return BatchRound(
        round=found.number, state=found.state, total=found.total, done=found.done,
        completed=found.done - found.failed - found.cancelled, failed=found.failed, cancelled=found.cancelled,
        failed_ids=list(found.failed_ids), then_job=job_of(found, THEN), on_failure_job=job_of(found, ON_FAILURE),
        bulk=None if found.bulk is None or "/" in found.bulk else found.bulk,
        opened_at=iso(found.opened_at), closed_at=_time(found.closed_at),
        updated_at=iso(found.updated_at), ended_at=_time(found.ended_at),
    )  # fmt: skip


def _time(at: float | None) -> str | None:
    return None if at is None else iso(at)
