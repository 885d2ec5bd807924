"""Store deletions and erasures on the control table, and remove what belongs to jobs from DynamoDB and S3."""

import itertools
import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, fields, replace
from functools import partial
from typing import Any

from pynamodb.attributes import BooleanAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters import aws
from chalicelib.adapters.constants import BATCH_GET
from chalicelib.adapters.dynamo.jobs.bodies import OF_PAST, OF_PAYLOAD, OF_RESULT, Bodies, from_text, in_s3
from chalicelib.adapters.dynamo.jobs.children import PREFIX as CHILD
from chalicelib.adapters.dynamo.jobs.children import Children
from chalicelib.adapters.dynamo.jobs.holders import KEY, KeyLockRow
from chalicelib.adapters.dynamo.jobs.pages import Pages
from chalicelib.adapters.dynamo.jobs.queries import Types
from chalicelib.adapters.dynamo.jobs.rows import BodyRow, JobRow, job_of
from chalicelib.adapters.dynamo.jobs.shards import Shards
from chalicelib.adapters.dynamo.jobs.steps import PREFIX as OF_STEP
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import written
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.schema import ERASED, ERASING, ERASURES, EXPIRED, META
from chalicelib.adapters.dynamo.tables.whole_rows import changes
from chalicelib.adapters.s3.bodies import S3Bodies
from chalicelib.counters.keys import ERASING_MARK, TOTALS
from chalicelib.erasing.constants import EXPIRED_ROWS, JOBS, MADE
from chalicelib.erasing.leftover_rule import IN_S3, Expired, may_go, object_is_left, row_is_left
from chalicelib.erasing.port import Belongings, Deletion, ExpiredBatch, Found, While
from chalicelib.erasing.rule import Counts, Erasure, found_by_tenant, looks_like_copy, may_be_copy
from chalicelib.errors import JobFlowError
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import among_children
from chalicelib.jobs.port import Filter
from chalicelib.jobs.retention import KEEP_BODIES, KEEP_ERASURES, KEEP_MARKS
from chalicelib.settings import Settings

TOGETHER = 9
"""Rows that one transaction deletes: with the job's own row they have less than 4 MB, the most of a transaction."""
DATA = (OF_PAYLOAD, OF_RESULT, OF_PAST, OF_STEP)
"""Beginnings of the sort keys of payloads, results, earlier payloads, and kept steps with events."""
Row = tuple[str, str, int | None, str | None]
"""Key, expiry and reference of a row."""
DELETE_OBJECTS = 1_000
"""Objects that one request deletes."""


class ErasureRow(Model):
    """An erasure of a tenant."""

    pk = Text(hash_key=True, default_for_new=ERASURES)
    sk = Text(range_key=True)
    digest = Text()
    tenant = Text(null=True)
    by = Text()
    principal = Text()
    started_at = Seconds()
    reason = Text(null=True)
    dry_run = BooleanAttribute()
    version = Whole()
    position = Text(null=True)
    searches = Whole()
    searched_at = Seconds()
    met = Whole()
    unfinished = Whole()
    again_at = Seconds(null=True)
    hand = Text(null=True)
    jobs = Whole()
    rows = Whole()
    objects = Whole()
    failures = Whole()
    problem = Text(null=True)
    updated_at = Seconds()
    finished_at = Seconds(null=True)
    lease_until = Seconds()
    expires_at = Whole()


class DeletionRow(Model):
    """A job that is being deleted (ERASING), or that was deleted (ERASED)."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    created_at = Seconds()
    gen = Whole()
    asked_at = Seconds()
    expires_at = Whole()


class MarkRow(Model):
    """The mark that there is something to erase."""

    pk = Text(hash_key=True, default_for_new=TOTALS)
    sk = Text(range_key=True)
    open = Whole(null=True)
    lease_until = Seconds(null=True)
    expires_at = Whole(null=True)


class ExpiredRow(Model):
    """Some jobs that have expired: the number of their first change in the stream, and a list of them as JSON."""

    pk = Text(hash_key=True, default_for_new=EXPIRED)
    sk = Text(range_key=True)
    jobs = Text()
    expires_at = Whole()


KNOWN = len(fields(Expired))
"""Number of values that this version knows of an expired job; a later version may store more."""
PLAIN = frozenset(ErasureRow.get_attributes()) - {"pk", "sk", "hand", "reason", "expires_at"}


class DynamoErasures:
    """See ErasureRows."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        table = binding.control(settings)
        self._clock = clock
        self._rows, self._marks = table.bind(ErasureRow), table.bind(MarkRow)
        self._deletions = table.bind(DeletionRow)

    def ask(self, deletion: Deletion) -> None:
        """See ErasureRows."""
        created, gen = DeletionRow.created_at, DeletionRow.gen
        earlier = (created < deletion.created_at) | ((created == deletion.created_at) & (gen <= deletion.gen))
        newer = created.does_not_exist() | earlier
        written(lambda: _keep(self._deletions(ERASING, deletion.job), deletion, self._clock(), newer))
        self._mark(JOBS)

    def asked(self, limit: int, after: str | None = None) -> Sequence[Deletion]:
        """See ErasureRows."""
        since = DeletionRow.sk > after if after is not None else None
        return list(map(_deletion, self._deletions.query(ERASING, since, limit=limit, consistent_read=True)))

    def drop(self, deletion: Deletion) -> None:
        """See ErasureRows."""
        same = (DeletionRow.created_at == deletion.created_at) & (DeletionRow.gen == deletion.gen)
        row = self._deletions(ERASING, deletion.job)
        written(lambda: row.delete(same & (DeletionRow.asked_at == deletion.asked_at)))

    def lease(self, now: float, until: float) -> bool:
        """See ErasureRows."""
        free = MarkRow.lease_until.does_not_exist() | (MarkRow.lease_until < now)
        mark = self._marks(sk=ERASING_MARK + JOBS)
        return written(lambda: mark.update([MarkRow.lease_until.set(until)], free))

    def give_back(self) -> None:
        """See ErasureRows."""
        self._marks(sk=ERASING_MARK + JOBS).update([MarkRow.lease_until.remove()])

    def rest(self) -> None:
        """See ErasureRows.

        The mark is removed only as it was before the deletions were read: `ask` writes its row first, and then another
        mark. So no death of a process leaves a deletion without a mark.
        """
        try:
            seen = self._marks.get(TOTALS, ERASING_MARK + JOBS, consistent_read=True).open
        except self._marks.DoesNotExist:
            return
        if not self.asked(1) and seen is not None and self._unmark(JOBS, self._clock(), MarkRow.open == seen):
            return
        self.give_back()

    def record(self, deletion: Deletion, at: float) -> None:
        """See ErasureRows."""
        _keep(self._deletions(ERASED, deletion.job), deletion, at)

    def erased(self) -> Sequence[Deletion]:
        """See ErasureRows."""
        rows = self._deletions.query(ERASED, consistent_read=True)
        return [replace(_deletion(row), recorded_at=row.expires_at - KEEP_ERASURES) for row in rows]

    def add(self, new: Erasure) -> None:
        """See ErasureRows. The second mark is for a worker that found no row for the first one, and removed it."""
        self._mark(new.id)
        values = {**_values(new), "expires_at": new.started_at + KEEP_ERASURES}
        self._rows(sk=new.id).update(changes(ErasureRow, values))
        self._mark(new.id)

    def find(self, erasure_id: str) -> Erasure | None:
        """See ErasureRows."""
        try:
            return _erasure(self._rows.get(ERASURES, erasure_id, consistent_read=True))
        except self._rows.DoesNotExist:
            return None

    def newest(self, most: int) -> Sequence[Erasure]:
        """See ErasureRows."""
        return list(map(_erasure, self._rows.query(ERASURES, scan_index_forward=False, limit=most)))

    def claim(self, erasure_id: str, now: float, until: float) -> Erasure | None:
        """See ErasureRows."""
        free = ErasureRow.sk.exists() & ErasureRow.finished_at.does_not_exist() & (ErasureRow.lease_until < now)
        return self._write(erasure_id, [ErasureRow.lease_until.set(until), ErasureRow.version.add(1)], free)

    def save(self, after: Erasure) -> Erasure | None:
        """See ErasureRows."""
        return self._write(after.id, changes(ErasureRow, _values(after)), ErasureRow.version == after.version - 1)

    def close(self, erasure_id: str, now: float) -> None:
        """See ErasureRows."""
        self._unmark(erasure_id, now)

    def _mark(self, name: str) -> None:
        self._marks(sk=ERASING_MARK + name).update(
            [MarkRow.open.set(secrets.randbits(48)), MarkRow.expires_at.remove()]
        )

    def _unmark(self, name: str, now: float, condition: Condition | None = None) -> bool:
        gone = (MarkRow.open.remove(), MarkRow.lease_until.remove(), MarkRow.expires_at.set(now + KEEP_MARKS))
        mark = self._marks(sk=ERASING_MARK + name)
        return written(lambda: mark.update(list[Action](gone), condition))

    def _write(self, erasure_id: str, actions: Sequence[Action], condition: Condition) -> Erasure | None:
        row = self._rows(sk=erasure_id)
        return _erasure(row) if written(lambda: row.update(list(actions), condition)) else None


class DynamoExpiredJobs:
    """See ExpiredJobs. One row for each batch: a write of some units for a hundred jobs."""

    def __init__(self, settings: Settings) -> None:
        self._rows = binding.control(settings).bind(ExpiredRow)

    def keep(self, batch: ExpiredBatch, now: float) -> None:
        """See ExpiredJobs."""
        self._store(batch.name, batch.jobs, now + KEEP_BODIES)

    def each(self, unreadable: Callable[[str, Exception], None]) -> Iterator[ExpiredBatch]:
        """See ExpiredJobs."""
        for row in self._rows.query(EXPIRED, page_size=EXPIRED_ROWS, consistent_read=True):
            try:
                jobs = [Expired(*one[:KNOWN]) for one in json.loads(row.jobs)]
            except (TypeError, ValueError) as error:
                unreadable(row.sk, error)
                continue
            yield ExpiredBatch(row.sk, jobs, row.jobs, row.expires_at)

    def leave(self, batch: ExpiredBatch, left: Sequence[Expired]) -> None:
        """See ExpiredJobs."""
        row, same = self._rows(sk=batch.name), ExpiredRow.jobs == batch.seen
        if left:
            written(lambda: row.update([ExpiredRow.jobs.set(_as_text(left))], same))
        else:
            written(lambda: row.delete(same))

    def put_off(self, batch: ExpiredBatch, left: Sequence[Expired]) -> None:
        """See ExpiredJobs."""
        self._store(batch.later, left, batch.until)
        self.leave(batch, [])

    def _store(self, name: str, jobs: Sequence[Expired], until: float) -> None:
        actions = [ExpiredRow.jobs.set(_as_text(jobs)), ExpiredRow.expires_at.set(until)]
        self._rows(sk=name).update(list[Action](actions))


class DynamoRemoval:
    """See Removal. `clock` returns seconds since the epoch."""

    def __init__(self, settings: Settings, clock: Callable[[], float], types: Types = jobtype.names) -> None:
        table = binding.jobs(settings)
        self._table = table
        self._rows, self._keys = table.bind(JobRow), table.bind(KeyLockRow)
        self._listing = partial(Pages, table, self._rows, clock, types, shards=Shards.of(settings), hidden=True)
        self._pages = self._listing()
        self._children = Children(table, self._pages, clock)
        self._bodies = Bodies(table.bind(BodyRow), S3Bodies(settings.files_bucket, settings.region), clock)
        self._bucket, self._region = settings.files_bucket, settings.region

    def find(self, job_id: str) -> Job | None:
        """See Removal."""
        row = self._find(job_id)
        return None if row is None else job_of(row, from_text(row.payload), from_text(row.result))

    def whole(self, job_id: str) -> Job | None:
        """See Removal."""
        row = self._find(job_id)
        if row is None:
            return None
        return job_of(row, self._bodies.read_payload(row.pk, row.payload, row.payload_ref), from_text(row.result))

    def _find(self, job_id: str) -> JobRow | None:
        try:
            row: JobRow = self._rows.get(job_id, META, consistent_read=True)
        except self._rows.DoesNotExist:
            return None
        return row

    def page(self, which: Filter, limit: int, position: str | None) -> Found:
        """See Removal. The type of an unreadable row is looked at, because the tenant of a delivery is a webhook."""
        unreadable: list[Any] = []
        page = self._listing(unreadable=unreadable.append).page(which, limit, position)
        ids = [item["pk"]["S"] for item in unreadable if found_by_tenant(item.get("type", {}).get("S", ""))]
        return Found(page.jobs, page.position, ids)

    def copies(self, job_id: str) -> Iterator[Job]:
        """See Removal. One query for each megabyte of the list, and one batch of main items for each hundred copies."""
        listed = self._children.with_keys(job_id, may_be_copy)
        while ids := list(itertools.islice(listed, BATCH_GET)):
            yield from filter(looks_like_copy, self._pages.all_of(ids, strict=True))

    def belongings(self, job: Job, keys: Sequence[str]) -> Belongings:
        """See Removal. Queries the job's partition, reads each row of a key, and lists the objects of each prefix."""
        rows = [*self._rows_of(job.id), *self._in_list(job)]
        held = [
            (key, lock) for key in keys if (lock := self._holder(key)) is not None and lock.partition(":")[0] == job.id
        ]
        objects = list(self._objects(prefixes(job.id, job.type)))
        written_at = [end - KEEP_BODIES for _, sk, end in rows if end is not None and sk.startswith(OF_PAYLOAD)]
        return Belongings(job.id, job.created_at, rows, held, objects, written_at=written_at)

    def data(self, job: Job) -> Belongings:
        """See Removal. One query; the lists of objects only for a job that may have some."""
        rows = [row for row in self._rows_of(job.id) if row[1].startswith(DATA)]
        listed = job.cleared_at is not None or _may_have_objects(job, rows)
        objects = list(self._objects(bodies_of(job.id, job.type))) if listed else []
        return Belongings(job.id, job.created_at, rows, (), objects, While.CLEARED)

    def rest(self, job: Job, *, listed: bool) -> Belongings:
        """See Removal. One query, and the lists of objects.

        The lists of children stay: a deletion finds the copies of the end by them.
        """
        rows = [row for row in self._rows_of(job.id) if row[1] != KEY and not row[1].startswith(CHILD)]
        wanted = prefixes(job.id, job.type)
        if not listed and not _may_have_objects(job, rows):
            wanted = wanted[len(bodies_of(job.id, job.type)) :]
        return Belongings(job.id, job.created_at, rows, (), list(self._objects(wanted)), While.CLEARED)

    def remove(self, belongings: Belongings) -> None:
        """See Removal. A transaction deletes nothing if the job's own row is gone.

        A batch write has no conditions: a slow worker would delete the payload of a new job with the same id. Objects
        have none either, so the row is read again after they were listed.
        """
        if belongings.objects and not self._still(belongings):
            return
        for prefix in sorted({key.partition("/")[0] for key, _ in belongings.objects}):
            self._delete_objects([one for one in belongings.objects if one[0].startswith(f"{prefix}/")])
        for start in range(0, len(belongings.rows), TOGETHER):
            some = belongings.rows[start : start + TOGETHER]
            self._delete_with(belongings, [(pk, sk, _unchanged(end)) for pk, sk, end in some], strict=True)
        for key, held in belongings.keys:
            self._delete_with(belongings, [(key, KEY, KeyLockRow.job == held)])

    def remove_left(self, expired: Expired, more: Callable[[], bool]) -> Counts | None:
        """See Removal. One read, one query, a conditional delete for each row; lists of objects only if there are some.

        The deletes are not in transactions, which cost twice as much: each has the condition that the row has not been
        written again. Objects have no condition, but no later write has the name of one of them; the job's own row is
        read again after they were listed, for what an earlier version writes. A parent may have a hundred thousand
        rows, so the time is looked at before each request.
        """
        if not more():
            return None
        if self._find(expired.job) is not None:
            return Counts(0, 0)
        rows: list[Row] = []
        for row in itertools.chain(self._left_of(expired.job), self._entry_of(expired)):
            if not more():
                return None
            if row[1] != KEY and row_is_left(row[2], expired):
                rows.append(row)
        objects = [
            (key, version)
            for key, version, at in self._versions(_places(expired, rows))
            if object_is_left(at, expired) and may_go(key, expired.job)
        ]
        if objects and self._find(expired.job) is not None:
            return Counts(0, 0)
        self._delete_objects(objects)
        gone = 0
        for pk, sk, end, _ in rows:
            if not more():
                return None
            gone += self._delete_row(pk, sk, end)
        return Counts(gone, len(objects))

    def remove_job(self, job: Job) -> None:
        """See Removal."""
        condition = _in_state(While.ERASED, job.created_at)
        written(lambda: self._table.delete_item(self._table.name, job.id, META, condition=condition))

    def _still(self, what: Belongings) -> bool:
        """Return whether the job's own row is in the state in which its objects may be removed."""
        row = self._find(what.job)
        if row is None:
            return False
        marks = {While.ERASED: row.erased_at, While.CLEARED: row.cleared_at}
        return row.created_at == what.created_at and marks[what.state] is not None

    def _in_list(self, job: Job) -> Iterator[tuple[str, str, int | None]]:
        """Yield the row that lists the job among the children of its parent."""
        if job.parent is not None and self._exists(job.parent, CHILD + among_children(job)):
            yield job.parent, CHILD + among_children(job), None

    def _rows_of(self, job_id: str) -> Iterator[tuple[str, str, int | None]]:
        return ((pk, sk, end) for pk, sk, end, _ in self._left_of(job_id))

    def _left_of(self, job_id: str) -> Iterator[Row]:
        """Yield key, expiry and reference of each row of a job except its own."""
        start: Any = None
        while True:
            page = self._table.query(
                self._table.name, job_id, attributes_to_get=["pk", "sk", "expires_at", "ref"], consistent_read=True,
                exclusive_start_key=start,
            )  # fmt: skip
            yield from (_seen(item) for item in page["Items"] if item["sk"]["S"] != META)
            start = page.get("LastEvaluatedKey")
            if start is None:
                return

    def _entry_of(self, expired: Expired) -> Iterator[Row]:
        """Yield the row that lists the job among the children of its parent. One read, for a job with a parent."""
        if expired.parent is not None and expired.listed is not None:
            key = (expired.parent, CHILD + expired.listed)
            asked = ["pk", "sk", "expires_at"]
            answer = self._table.get_item(self._table.name, *key, consistent_read=True, attributes_to_get=asked)
            yield from (_seen(item) for item in [answer.get("Item")] if item)

    def _delete_row(self, pk: str, sk: str, end: int | None) -> bool:
        """Delete a row that has not been written again; return whether it is gone."""
        return written(lambda: self._table.delete_item(self._table.name, pk, sk, condition=BodyRow.expires_at == end))

    def _exists(self, pk: str, sk: str) -> bool:
        return "Item" in self._table.get_item(self._table.name, pk, sk, consistent_read=True, attributes_to_get=["pk"])

    def _holder(self, key: str) -> str | None:
        try:
            return str(self._keys.get(key, KEY, consistent_read=True).job)
        except self._keys.DoesNotExist:
            return None

    def _delete_with(
        self, whose: Belongings, rows: Sequence[tuple[str, str, Condition | None]], *, strict: bool = False
    ) -> None:
        """Delete rows together, if their conditions hold and the job's own row is still in that state.

        `strict`: raise JobFlowError if the condition of a row does not hold.
        """
        name, asked = self._table.name, self._table.get_operation_kwargs
        check = asked(name, whose.job, META, condition=_in_state(whose.state, whose.created_at))
        deletes = [asked(name, pk, sk, condition=condition) for pk, sk, condition in rows]
        try:
            self._table.transact_write_items([check], deletes, [], [])
        except TransactWriteError as error:
            failed = [one is not None and one.code == "ConditionalCheckFailed" for one in error.cancellation_reasons]
            if not any(failed):
                raise
            if strict and not failed[0]:
                raise JobFlowError(f"A row of job {whose.job} was written again, so it is removed later.") from error

    def _objects(self, below: Sequence[str]) -> Iterator[tuple[str, str]]:
        return ((key, version) for key, version, _ in self._versions(below))

    def _versions(self, below: Sequence[str]) -> Iterator[tuple[str, str, float]]:
        for prefix in below:
            pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
            for page in pages:
                for found in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                    yield found["Key"], found["VersionId"], found["LastModified"].timestamp()

    def _delete_objects(self, objects: Sequence[tuple[str, str]]) -> None:
        for start in range(0, len(objects), DELETE_OBJECTS):
            some = [{"Key": key, "VersionId": version} for key, version in objects[start : start + DELETE_OBJECTS]]
            answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": some, "Quiet": True})
            if errors := answer.get("Errors"):
                raise JobFlowError(f"S3 did not delete {len(errors)} objects: {errors[0].get('Code')}.")

    @property
    def _client(self) -> Any:
        return aws.client("s3", self._region)


def prefixes(job_id: str, job_type: str) -> list[str]:
    """Return the prefixes of the files bucket below which everything belongs to the job."""
    kind = jobtype.registered.get(job_type)
    grants = None if kind is None else [one for one in kind.access.grants if isinstance(one, str)]
    made = [name for name in MADE if grants is None or any(one.startswith(f"s3:PutObject:{name}/") for one in grants)]
    return [*bodies_of(job_id, job_type), *(f"{name}/{job_id}" for name in made)]


def bodies_of(job_id: str, job_type: str) -> list[str]:
    """Return the prefixes below which payloads and results of the job are."""
    folder = job_type.replace(".", "-")
    return [f"payloads/{folder}/{job_id}/", f"payloads/past/{job_id}/", f"results/{folder}/{job_id}/"]


def _seen(item: dict[str, Any]) -> Row:
    """Return key, expiry and reference of a row."""
    expires_at = item.get("expires_at", {}).get("N", "")
    end = int(expires_at) if expires_at.isdecimal() else None
    return item["pk"]["S"], item["sk"]["S"], end, item.get("ref", {}).get("S")


def _places(expired: Expired, rows: Sequence[Row]) -> list[str]:
    """Return the prefixes below which an expired job may have left objects: each list costs as much as ten writes."""
    payloads, past, results = bodies_of(expired.job, expired.type)
    edited = any(sk.startswith(OF_PAST) for _, sk, _, _ in rows)
    payload = expired.payload or edited
    kept = any(reference is not None and reference.startswith(IN_S3) for *_, reference in rows)
    wanted = {payloads: payload, past: edited, results: expired.results or kept}
    return [prefix for prefix, is_wanted in wanted.items() if is_wanted]


def _may_have_objects(job: Job, rows: Sequence[tuple[str, str, int | None]]) -> bool:
    """Return whether a payload or a result of the job may be in S3: one request costs as much as ten writes of rows.

    A job that was run or edited again may have objects that its row does not name, and so may one whose end was refused
    after its result was stored.
    """
    if job.claims and job.status is not Status.COMPLETED:
        return True
    if in_s3(job.payload_ref) or in_s3(job.result_ref) or job.gen > 1 or job.claims > 1:
        return True
    return any(sk.startswith((OF_PAST, OF_STEP)) for _, sk, _ in rows)


def _in_state(state: While, created_at: float) -> Condition:
    """Return the condition that a job's own row is of this job, and in this state."""
    marks = {While.ERASED: JobRow.erased_at, While.CLEARED: JobRow.cleared_at}
    there: Condition = (JobRow.created_at == created_at) & marks[state].exists()
    return there


def _unchanged(end: int | None) -> Condition | None:
    """Return the condition that a row is gone, or still has the expiry with which it was read."""
    return None if end is None else BodyRow.pk.does_not_exist() | (BodyRow.expires_at == end)


def _as_text(jobs: Sequence[Expired]) -> str:
    return json.dumps([astuple(one) for one in jobs], separators=(",", ":"))


def _values(erasure: Erasure) -> dict[str, Any]:
    hand = {job_id: [counts.rows, counts.objects] for job_id, counts in erasure.hand.items()}
    return {
        **{name: getattr(erasure, name) for name in PLAIN}, "reason": erasure.reason or None,
        "hand": json.dumps(hand, separators=(",", ":")) if hand else None,
    }  # fmt: skip


def _keep(row: DeletionRow, deletion: Deletion, now: float, condition: Condition | None = None) -> None:
    values = {"created_at": deletion.created_at, "gen": deletion.gen, "asked_at": deletion.asked_at}
    row.update(changes(DeletionRow, {**values, "expires_at": now + KEEP_ERASURES}), condition)


def _deletion(row: DeletionRow) -> Deletion:
    return Deletion(row.sk, row.created_at, int(row.gen), row.asked_at)


def _erasure(row: ErasureRow) -> Erasure:
    hand = {} if row.hand is None else json.loads(row.hand)
    return Erasure(
        id=row.sk, reason=row.reason or "", hand={job_id: Counts(*counts) for job_id, counts in hand.items()},
        **{name: getattr(row, name) for name in PLAIN},
    )  # fmt: skip
