"""Store jobs on DynamoDB: one conditional write per change, no transactions, no scans."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pynamodb.exceptions import PutError, UpdateError

from chalicelib.adapters.constants import RENEW_WITHIN
from chalicelib.adapters.dynamo.jobs.bodies import (
    Bodies,
    fits_inline,
    from_text,
    in_s3,
    in_table,
)
from chalicelib.adapters.dynamo.jobs.children import Children
from chalicelib.adapters.dynamo.jobs.clearings import DynamoClearings
from chalicelib.adapters.dynamo.jobs.history import History
from chalicelib.adapters.dynamo.jobs.holders import KeyLocks
from chalicelib.adapters.dynamo.jobs.members import Members
from chalicelib.adapters.dynamo.jobs.pages import Pages
from chalicelib.adapters.dynamo.jobs.queries import Types
from chalicelib.adapters.dynamo.jobs.rows import BODIES, BodyRow, JobRow, is_hidden, job_of, new_row
from chalicelib.adapters.dynamo.jobs.shards import Shards
from chalicelib.adapters.dynamo.jobs.steps import Steps
from chalicelib.adapters.dynamo.jobs.writes import actions, condition, free
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.schema import META
from chalicelib.adapters.s3.bodies import S3Bodies
from chalicelib.errors import IdNotFree, JobExists, JobNotFound, MoveRefused, ResultRemoved
from chalicelib.job_types import jobtype
from chalicelib.jobs import job as j
from chalicelib.jobs import run_identity
from chalicelib.jobs.change import Change
from chalicelib.jobs.history import Act, JobView
from chalicelib.jobs.job import JSON, Attempt, Job, Status, to_text
from chalicelib.jobs.port import Filter, Overdue, Page, Search, Sharing
from chalicelib.jobs.retention import KEEP_BODIES, KEEP_DEAD, RENEW_BODIES_AFTER
from chalicelib.jobs.signing import SIGNATURE_BYTES, Signing
from chalicelib.settings import Settings
from chalicelib.telemetry import events

HANDED_OUT = frozenset({
    j.CLAIM, j.TAKE_OVER, j.REQUEUE, j.CANCEL, j.COMPENSATE, j.RUN_NOW, j.DISCARD, j.ASK_TO_STOP,
})  # fmt: skip
"""Moves after which the job runs or is shown, so the whole job is read; after other moves the payload is not read."""
WAITED = frozenset({j.WAIT_FOR_TURN, j.BLOCK, j.LINE_UP, j.GIVE_UP})
"""Moves of a job that may have waited for months without a claim, and may wait again or be retried months later."""


class DynamoJobStore:
    """See JobStore. `clock` returns seconds since the epoch, and decides which jobs have expired.

    `types` returns the job types that may have unfinished jobs; it is used when jobs of any type are listed.
    """

    def __init__(
        self, settings: Settings, clock: Callable[[], float] = time.time, types: Types = jobtype.names
    ) -> None:
        table = binding.jobs(settings)
        self._shards = Shards.of(settings)
        self._signing = Signing.of(settings)
        self._clock = clock
        self._table = table
        self._rows = table.bind(JobRow)
        self._history = History(table, clock)
        files = S3Bodies(settings.files_bucket, settings.region)
        self._bodies = Bodies(table.bind(BodyRow), files, clock)
        steps = Steps(table, self._bodies, self._signing, clock)
        self.kept_steps, self.kept_step, self.keep_step = steps.kept_steps, steps.kept_step, steps.keep_step
        self._clearings = DynamoClearings(table)
        locks = KeyLocks(table)
        self.key_lock, self.acquire = locks.key_lock, locks.acquire
        self._pages = Pages(table, self._rows, clock, types, shards=self._shards)
        self._children = Children(table, self._pages, clock)
        self._members = Members(table, self._pages)

    def add(self, job: Job) -> None:
        """See JobStore."""
        if job.parent is not None:
            self._children.keep(job)
        self.add_listed(job)

    def add_listed(self, job: Job) -> None:
        """See JobStore."""
        # Write the large parts first: a worker may read them as soon as the main item exists.
        row = self._placed(job)
        try:
            row.save(condition=free(self._clock()))
        except PutError as error:
            if not refused(error) or not self._own(job):
                raise

    def list_children(self, jobs: Sequence[Job]) -> None:
        """See JobStore."""
        self._children.keep_many(jobs)

    def get(self, job_id: str) -> Job:
        """See JobStore."""
        return self._whole(self._found(job_id))

    def get_without_bodies(self, job_id: str) -> Job:
        """See JobStore."""
        return self._main(self._found(job_id))

    def result_of(self, job_id: str) -> JSON:
        """See JobStore. One read, and one more for a large result."""
        found = self._found(job_id)
        if found.cleared_at is not None:
            raise ResultRemoved(job_id)
        return self._result(found)

    def view(self, job_id: str) -> JobView:
        """See JobStore."""
        item, before = self._history.read(job_id)
        main = None if item is None else self._rows.from_raw_data(item)
        if main is None or is_hidden(main, self._clock()):
            raise JobNotFound(job_id)
        return self._history.view(self._whole(main), before)

    def apply(self, job_id: str, change: Change) -> Job:
        """See JobStore."""
        row = self._rows(pk=job_id)
        if change.clearing is not None:
            self._clearings.plan(change.clearing)
        placed = self._bodies.place(job_id, change)
        try:
            row.update(
                actions(job_id, change, {**placed, **self._signed_anew(change, placed)}, self._shards),
                condition(change, self._clock()),
            )
        except UpdateError as error:
            if not refused(error):
                raise
            found = self._stored(job_id)
            if found is None or found.writer != change.writer:
                seen = None if found is None or is_hidden(found, self._clock()) else self._main(found)
                raise MoveRefused(change.move.name, seen) from None
            # The reply to this write was lost, so the SDK repeated the write, and only the repetition was refused.
            row = found
        job = self._after(row, change.move)
        return replace(job, **{name: value for name, value in change.written().items() if name in BODIES})

    def signed(self, job: Job) -> bool:
        """See JobStore."""
        return self._signing.accepts(job)

    def end_signed(self, job: Job) -> bool:
        """See JobStore."""
        return self._signing.accepts_end(job)

    def record(self, job_id: str, attempt: Attempt) -> None:
        """See JobStore."""
        self._history.record(job_id, attempt)

    def keep_act(self, job_id: str, act: Act) -> None:
        """See JobStore."""
        self._history.keep_act(job_id, act)

    def keep_payload(self, job_id: str, gen: int, payload: JSON) -> None:
        """See JobStore."""
        self._bodies.keep_past(job_id, gen, to_text(payload))

    def payload_of(self, job_id: str, gen: int) -> JSON:
        """See JobStore."""
        row = self._find(job_id)
        return None if row is None else self._bodies.past(job_id, gen, run_identity.since(row.created_at))

    def page(self, which: Filter, limit: int, position: str | None = None, offset: int = 0) -> Page:
        """See JobStore."""
        if which.parent is not None:
            return self._children.page(which.parent, which, limit, position)
        if which.batch is not None:
            return self._members.page(which.batch, which, limit, position)
        return self._pages.page(which, limit, position, offset)

    def members(self, batch: str, limit: int, position: str | None = None) -> tuple[Sequence[str], str | None]:
        """See JobStore."""
        return self._members.of(batch, limit, position)

    def sharing(self, job_type: str) -> Sharing:
        """See JobStore."""
        return self._pages.sharing(job_type)

    def count_failures(self, fingerprint: str, most: int) -> tuple[Mapping[Status, int], bool]:
        """See JobStore."""
        return self._pages.count_failures(fingerprint, most)

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        """See JobStore."""
        return self._pages.overdue(search, now, limit)

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        """See JobStore."""
        return self._pages.get_many(ids)

    def read_all(self, ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:
        """See JobStore."""
        return self._pages.all_of(ids, strict=strict)

    def _found(self, job_id: str) -> JobRow:
        if (row := self._find(job_id)) is None:
            raise JobNotFound(job_id)
        return row

    def _find(self, job_id: str) -> JobRow | None:
        row = self._stored(job_id)
        return None if row is None or is_hidden(row, self._clock()) else row

    def _stored(self, job_id: str) -> JobRow | None:
        """Return the row, also of a job that nobody may see any more."""
        try:
            row: JobRow = self._rows.get(job_id, META, consistent_read=True)
        except self._rows.DoesNotExist:
            return None
        return row

    def _own(self, job: Job) -> bool:
        """Return whether this job is already stored, because a reply was lost and the SDK repeated the write.

        Raises JobExists, and NotStored while an erased job with the id is being removed.
        """
        found = self._stored(job.id)
        if found is not None and found.erased_at is not None:
            raise IdNotFree(job.id)
        found = None if found is None or is_hidden(found, self._clock()) else found
        if found is None or (job.writer and found.writer == job.writer):
            return found is not None
        raise JobExists(self._whole(found))

    def _whole(self, row: JobRow) -> Job:
        payload = self._bodies.read_payload(row.pk, row.payload, row.payload_ref)
        return job_of(row, payload, self._result(row))

    def _result(self, row: JobRow) -> JSON:
        return self._bodies.read_result(row.pk, row.result, row.result_ref)

    def _after(self, row: JobRow, move: j.Move) -> Job:
        """Return a changed job; keep its payload long enough for its next states."""
        old = self._clock() - row.created_at > RENEW_BODIES_AFTER
        if move is j.SUSPEND:
            return self._suspended(row)
        if move not in HANDED_OUT and not (move in WAITED and old and in_table(row.payload_ref)):
            return self._main(row)
        job = self._handed_out(row)
        if move is j.REQUEUE and old and row.payload_ref and in_s3(row.payload_ref) and job.payload is not None:
            self._bodies.renew_payload(row.pk, row.type, row.payload_ref, to_text(job.payload))
        return job

    def _suspended(self, row: JobRow) -> Job:
        """Return a suspended job. Its payload must outlive the wait, and a dead letter that follows."""
        needed = (row.next_attempt_at or 0.0) + KEEP_DEAD
        if in_table(row.payload_ref) and needed > max(row.created_at, row.run_at or 0.0) + KEEP_BODIES:
            self._handed_out(row, within=needed - self._clock())
        return self._main(row)

    def _handed_out(self, row: JobRow, within: float = RENEW_WITHIN) -> Job:
        """Return a changed job. A body that cannot be read now is None, like a deleted body."""
        failed = partial(self._failed, row)
        try:
            payload = self._bodies.read_on(row.pk, row.payload, row.payload_ref, failed, within)
            return job_of(row, payload, self._result(row))
        except Exception as error:
            # Do not raise, because an error would hide that the change was written: a claimed job would be held, and
            # its attempt would be lost.
            failed(error)
            return self._main(row)

    def _failed(self, row: JobRow, error: Exception) -> None:
        events.store_failed(self._main(row), error)

    def _main(self, row: JobRow) -> Job:
        """Return the job without the parts outside of its main item."""
        return job_of(row, from_text(row.payload), from_text(row.result))

    def _signed_anew(self, change: Change, placed: Mapping[str, Any]) -> dict[str, Any]:
        """Return the new signatures of a row whose job begins a new run; nothing for any other change.

        `on_end` is signed only by a change that writes it: a retry must not sign what another program has written.
        """
        if change.found is None:
            return {}
        after = change.applied(change.found)
        reference = placed.get("payload_ref", change.found.payload_ref)
        signed = {"signature": self._signing.signature(replace(after, payload_ref=reference))}
        return signed | ({"end_mark": self._signing.end_mark(after)} if "on_end" in change.written() else {})

    def _placed(self, job: Job) -> JobRow:
        """Write the parts of a new job that are stored outside of its main item; return the main item, signed."""
        row = new_row(self._rows, replace(job, end_mark=self._signing.end_mark(job)), self._shards)
        self._place_result(row, job)
        if self._signing.signs(job.type):
            row.signature = bytes(SIGNATURE_BYTES)  # a placeholder, so that the item is measured with its signature
        self._place_payload(row, job)
        row.signature = self._signing.signature(replace(job, payload_ref=row.payload_ref))
        return row

    def _place_payload(self, row: JobRow, job: Job) -> None:
        text = None if job.payload is None else to_text(job.payload)
        if text is None or fits_inline(row, text):
            row.payload = text
            return
        if job.idempotency_key is not None:
            # The request may be a repetition. Check this first, because writing a large body for nothing is expensive.
            self._own(job)
        row.payload_ref = self._bodies.keep_payload(job.id, job.type, text, needed_at=job.run_at)

    def _place_result(self, row: JobRow, job: Job) -> None:
        placed = self._bodies.place_result(job.id, job.type, f"{job.gen}-{job.claims}", job.result)
        row.result, row.result_ref = placed["result"], placed["result_ref"]
