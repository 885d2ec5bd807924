"""Store the kept steps of jobs: a row for each, in the partition of the job."""

from collections.abc import Callable
from typing import Any

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.operand import Path

from chalicelib.adapters.constants import INLINE_STEP
from chalicelib.adapters.dynamo.jobs.bodies import Bodies, from_text
from chalicelib.adapters.dynamo.jobs.rows import StepRow
from chalicelib.adapters.dynamo.jobs.writes import written_before
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.binding import Table
from chalicelib.adapters.dynamo.tables.whole_rows import write_whole
from chalicelib.errors import RowNotSigned
from chalicelib.jobs import run_identity
from chalicelib.jobs.job import Job, to_text
from chalicelib.jobs.retention import KEEP_BODIES
from chalicelib.jobs.signing import Signing
from chalicelib.jobs.step import Step, in_order

PREFIX = "STEP#"
"""Prefix of the items' sort keys. The prefix sorts after META, so a read of a job with its attempts does not include
these items."""


class Steps:
    """Keep and read steps. `clock` returns seconds since the epoch."""

    def __init__(self, table: Table, bodies: Bodies, signing: Signing, clock: Callable[[], float]) -> None:
        self._table = table
        self._bodies = bodies
        self._signing = signing
        self._clock = clock
        self._rows = table.bind(StepRow)

    def kept_steps(self, job: Job) -> list[Step]:
        """See JobStore. One query for each megabyte."""
        found: list[Step] = []
        start: Any = None
        while True:
            page = self._table.query(
                self._table.name, job.id, Path("sk").startswith(_sk(job, "")), consistent_read=True,
                exclusive_start_key=start,
            )  # fmt: skip
            rows = [self._rows.from_raw_data(item) for item in page["Items"]]
            found += [self._step(job, row) for row in rows if _of(job, row)]
            start = page.get("LastEvaluatedKey")
            if start is None:
                return in_order(found)

    def kept_step(self, job: Job, key: str) -> Step | None:
        """See JobStore. One read, and one more for a large value."""
        try:
            row = self._rows.get(job.id, _sk(job, key), consistent_read=True)
        except self._rows.DoesNotExist:
            return None
        if not _of(job, row):
            return None
        step = self._step(job, row)
        return step if step.reference is None else step.with_value(self._bodies.read_value(job.id, step.reference))

    def keep_step(self, job: Job, step: Step) -> Step:
        """See JobStore. One write, and another for a large value; one read if the step was kept before.

        A step with a reference is a copy: its large value is stored already, and both are deleted at the same time.
        The same step may be written again, by a restore: it is then kept for as long as its job.
        """
        text = None if step.value is None else to_text(step.value)
        large = text is not None and len(text.encode()) > INLINE_STEP
        planned = job.run_at or 0.0  # an event may come a long time before its job runs
        reference = step.reference
        if text is not None and large:
            reference = self._bodies.keep_value(job.id, job.type, text, planned)
        row = self._rows(
            pk=job.id, sk=_sk(job, step.key), at=step.at, value=None if large else text, ref=reference, took=step.took,
            until=step.until, by=step.by, request_id=step.invocation, number=step.number, function=step.function,
            input=step.input, part=step.part,
            expires_at=max(self._clock() if step.reference is None else step.at, planned) + KEEP_BODIES,
        )  # fmt: skip
        row.signature = self._signing.mark(job, _signed(row))
        again = (StepRow.at == step.at) & written_before(StepRow.expires_at, self._clock())
        try:
            write_whole(row, StepRow.pk.does_not_exist() | (StepRow.at < run_identity.since(job.created_at)) | again)
        except UpdateError as error:
            if not refused(error):
                raise
            kept = self.kept_step(job, step.key)
            if kept is None:
                raise
            return kept
        return step

    def _step(self, job: Job, row: StepRow) -> Step:
        if not self._signing.marked(job, _signed(row), row.signature):
            raise RowNotSigned
        key = row.sk.removeprefix(_sk(job, ""))
        return Step(
            key, row.at, from_text(row.value), row.ref, row.took, row.until, row.by, row.request_id,
            None if row.number is None else int(row.number), row.function, row.input, row.part,
        )  # fmt: skip


def _sk(job: Job, key: str) -> str:
    return f"{PREFIX}{job.line:04}#{key}"


def _of(job: Job, row: StepRow) -> bool:
    """Return whether the row belongs to this job, and not to an expired job that had the same id."""
    return row.at >= run_identity.since(job.created_at)


def _signed(row: StepRow) -> str:
    """Return everything that a later call of the function uses from the row, as one text."""
    times = [None if at is None else float(at) for at in (row.at, row.took, row.until)]
    return to_text([row.sk, *times, row.value, row.ref, row.by, row.number, row.function, row.input, row.part])
