"""Map a job to items: the models, and the conversion of a Job to its main item and back."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import partial
from types import NoneType, UnionType, new_class
from typing import Any, get_args, get_type_hints

from pynamodb.attributes import Attribute, BinaryAttribute, BooleanAttribute, ListAttribute
from pynamodb.models import Model

from chalicelib.adapters.dynamo.jobs.shards import FOUR, Shards, partition
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import META
from chalicelib.errors import NewerRow
from chalicelib.jobs.history import Act
from chalicelib.jobs.job import JSON, Attempt, Job, Status
from chalicelib.jobs.listing import born, is_parked, order

ALWAYS = frozenset(
    {"type", "status", "created_at", "updated_at", "gen", "attempts", "max_attempts", "due_at", "sent"}
)  # fmt: skip
"""Fields that are always written; other fields are left out while they have their default."""
BODIES = frozenset({"payload", "result"})
LISTS = frozenset({"tags", "notify"})
"""Fields that are tuples, and lists in the row."""
ELSEWHERE = frozenset({"id", "fingerprint", "payload_ref", "result_ref", "signature", *BODIES})
"""Fields of a job for which no attribute is generated: they are stored under another name, may be stored outside of the
main item, or belong to the row."""
DEFAULTS = {field.name: None if field.default is MISSING else field.default for field in fields(Job)}
BLANK = Job(id="", type="", status=Status.QUEUED, created_at=0.0, updated_at=0.0)
"""A job in which every optional field has its default."""


ATTRIBUTES: Mapping[Any, Callable[..., Attribute[Any]]] = {
    str: Text, Status: Text, float: Seconds, int: Whole, bool: BooleanAttribute,
    bytes: partial(BinaryAttribute, legacy_encoding=False),
    tuple[str, ...]: partial(ListAttribute, of=Text),
}  # fmt: skip
"""Attribute classes for the fields of a job, by the type of the field."""


def _attribute(name: str, hint: Any) -> Attribute[Any]:
    """Return the attribute class of a field: `float | None` is stored like a float."""
    kinds = set(get_args(hint)) - {NoneType} if isinstance(hint, UnionType) else {hint}
    return ATTRIBUTES[kinds.pop()](null=name not in ALWAYS)


_FIELDS = {name: _attribute(name, hint) for name, hint in get_type_hints(Job).items() if name not in ELSEWHERE}
_JobFields: Any = new_class("_JobFields", (Model,), {}, lambda namespace: namespace.update(_FIELDS))
"""Declare an attribute for each field of a job, so that a new field is declared only once."""


class JobRow(_JobFields):  # type: ignore[misc]
    """A job's main item, at most 1 KB, because its size decides the cost of every change.

    Every field of a job that is not in ELSEWHERE is also an attribute. This class declares the keys, the references to
    separate payloads and results, and the attributes that conditions and queries name.
    """

    pk = Text(hash_key=True)
    sk = Text(range_key=True, default_for_new=META)
    group = Text(null=True)
    order = Text(null=True)
    everything = Text(null=True)
    born = Text(null=True)
    failure = Text(null=True)
    type = Text()
    status = Text()
    created_at = Seconds()
    gen = Whole()
    due_at = Seconds()
    payload = Text(null=True)
    payload_ref = Text(null=True)
    result = Text(null=True)
    result_ref = Text(null=True)
    tags = ListAttribute(null=True, of=Text)
    notify = ListAttribute(null=True, of=Text)
    signature = BinaryAttribute(attr_name="s", null=True, legacy_encoding=False)
    writer = Text(null=True)
    expires_at = Whole(null=True)


class AttemptRow(Model):
    """An attempt that did not complete."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    gen = Whole()
    attempt = Whole()
    outcome = Text()
    started_at = Seconds()
    finished_at = Seconds(null=True)
    error_class = Text(null=True)
    error_message = Text(null=True)
    stack = Text(null=True)
    request_id = Text(null=True)
    cold_start = BooleanAttribute(null=True)
    receive_count = Whole(null=True)
    retry_delay_s = Seconds(null=True)
    claim = Whole()
    progress = Seconds(null=True)
    progress_note = Text(null=True)
    expires_at = Whole()


class ActRow(Model):
    """An earlier act of an operator on a job."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    name = Text()
    at = Seconds()
    by = Text()
    gen = Whole()
    in_bulk = BooleanAttribute()
    bulk = Text(null=True)
    expires_at = Whole()


class StepRow(Model):
    """A kept step of a job: a value, the end of a sleep, or an event."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    at = Seconds()
    value = Text(null=True)
    ref = Text(null=True)
    took = Seconds(null=True)
    until = Seconds(null=True)
    by = Text(null=True)
    request_id = Text(null=True)
    number = Whole(attr_name="n", null=True)
    function = Text(attr_name="fn", null=True)
    input = Text(attr_name="in", null=True)
    part = Text(attr_name="pt", null=True)
    signature = BinaryAttribute(attr_name="s", null=True, legacy_encoding=False)
    expires_at = Whole()


class BodyRow(Model):
    """A payload or a result that is too large for the main item."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    body = Text()
    expires_at = Whole()


def stored(name: str, value: Any) -> Any:
    """Return a field's value in stored form, or None if the attribute is left out."""
    if value is None or (name not in ALWAYS and value == DEFAULTS[name]):
        return None
    return list(value) if name in LISTS else value


def new_row(rows: type[JobRow], job: Job, shards: Shards = FOUR) -> JobRow:
    """Return the main item of a new job, without its payload and result."""
    # as `stored` does, but without a call for each field: every request that makes a job comes here
    kept = {
        name: list(value) if name in LISTS else value
        for name in _FIELDS
        if (value := getattr(job, name)) is not None and (name in ALWAYS or value != DEFAULTS[name])
    }
    return rows(
        pk=job.id,
        group=shards.group_of(job.id, job.status, job.type, parked=is_parked(job)),
        order=order(job),
        everything=partition("ALL", shards.shard_of(job.id)),
        born=born(job),
        failure=shards.failure_of(job.id, job.fingerprint),
        **kept,
    )


_AS_THEY_ARE = tuple(name for name in DEFAULTS if name not in ELSEWHERE | LISTS | {"status"})


def job_of(row: JobRow, payload: JSON, result: JSON) -> Job:
    """Return the job in a main item."""
    values = row.attribute_values  # much faster than the attribute of each field
    kept = {name: value for name in _AS_THEY_ARE if (value := values.get(name)) is not None}
    lists: dict[str, Any] = {name: tuple(map(str, getattr(row, name) or ())) for name in LISTS}
    return Job(
        id=row.pk,
        status=_status(row),
        **lists,
        fingerprint=None if row.failure is None else row.failure.partition("#")[0],
        payload=payload,
        result=result,
        payload_ref=row.payload_ref,
        result_ref=row.result_ref,
        signature=row.signature,
        **kept,
    )


def is_hidden(row: JobRow, now: float) -> bool:
    """Return whether nobody may see the job any more: it has expired, or its rows are being removed."""
    return row.erased_at is not None or (row.expires_at is not None and row.expires_at < now)


def _status(row: JobRow) -> Status:
    try:
        return Status(row.status)
    except ValueError:
        raise NewerRow(row.pk, row.status) from None


def attempt_of(row: AttemptRow) -> Attempt:
    """Return the attempt in an item."""
    return Attempt(**{field.name: getattr(row, field.name) for field in fields(Attempt)})


def act_of(row: ActRow) -> Act:
    """Return the act in an item."""
    return Act(**{field.name: getattr(row, field.name) for field in fields(Act)})
