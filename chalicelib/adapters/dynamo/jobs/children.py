"""Store which jobs a job made: a small item for each, in the partition of the parent."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pynamodb.expressions.operand import Path
from pynamodb.models import Model

from chalicelib.adapters.constants import BATCH_GET
from chalicelib.adapters.dynamo.jobs.pages import Pages
from chalicelib.adapters.dynamo.tables.attributes import Text, Whole
from chalicelib.adapters.dynamo.tables.binding import Table
from chalicelib.jobs import run_identity
from chalicelib.jobs.job import Job
from chalicelib.jobs.listing import among_children, matches
from chalicelib.jobs.port import Filter, Page
from chalicelib.jobs.retention import KEEP_BODIES

PREFIX = "SUB#"
"""Prefix of the items' sort keys. The prefix sorts after META, so a read of a job with its attempts does not include
these items."""


class ChildRow(Model):
    """A child of the job `pk`; the sort key contains the child's key and id."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    expires_at = Whole()


class Children:
    """List the children of jobs. `clock` returns seconds since the epoch."""

    def __init__(self, table: Table, pages: Pages, clock: Callable[[], float]) -> None:
        self._table = table
        self._pages = pages
        self._rows = table.bind(ChildRow)
        self._clock = clock

    def keep(self, job: Job) -> None:
        """Add a job to its parent's list. A repeated call does no harm. Readers skip a job that is not stored yet."""
        expires = self._clock() + KEEP_BODIES
        self._rows(pk=job.parent, sk=PREFIX + among_children(job), expires_at=expires).save()

    def keep_many(self, jobs: Sequence[Job]) -> None:
        """Add up to 25 jobs to their parents' lists, in one request."""
        expires = self._clock() + KEEP_BODIES
        rows = {(job.parent, PREFIX + among_children(job)): job for job in jobs}
        items = [self._rows(pk=pk, sk=sk, expires_at=expires).serialize() for pk, sk in rows]
        answer = self._table.batch_write_item(self._table.name, put_items=items)
        for left in answer.get("UnprocessedItems", {}).get(self._table.name, []):  # the table is busy: the SDK retries
            item = left["PutRequest"]["Item"]
            self.keep(rows[item["pk"]["S"], item["sk"]["S"]])

    def page(self, parent: str, which: Filter, limit: int, position: str | None) -> Page:
        """See JobStore.

        One query, and one batch that also reads the parent: children of an earlier job with the parent's id are left
        out.
        """
        ids, following = self.of(parent, min(limit, BATCH_GET - 1), position)
        read = self._pages.all_of([parent, *ids]) if ids else []
        since = next((run_identity.since(job.created_at) for job in read if job.id == parent), 0.0)
        made = [job for job in read if job.id != parent]
        return Page([job for job in made if job.created_at > since and matches(job, which)], following, len(made))

    def with_keys(self, parent: str, wanted: Callable[[str], bool]) -> Iterator[str]:
        """Yield the ids of the children with such keys, strongly consistent: one request for each megabyte of rows."""
        start: Any = None
        while True:
            answer = self._table.query(
                self._table.name, parent, Path("sk").startswith(PREFIX), consistent_read=True,
                exclusive_start_key=start,
            )  # fmt: skip
            for item in answer["Items"]:
                key, _, child = item["sk"]["S"].removeprefix(PREFIX).rpartition("#")
                if wanted(key):
                    yield child
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return

    def of(self, parent: str, limit: int, position: str | None) -> tuple[Sequence[str], str | None]:
        """Return the ids of children, in the order of their keys, and the next position (None: no more).

        The call takes one request.
        """
        start: Any = position and {"pk": {"S": parent}, "sk": {"S": PREFIX + position}}
        answer = self._table.query(
            self._table.name, parent, Path("sk").startswith(PREFIX), consistent_read=True, limit=limit,
            exclusive_start_key=start,
        )  # fmt: skip
        keys = [item["sk"]["S"].removeprefix(PREFIX) for item in answer["Items"]]
        more = keys and answer.get("LastEvaluatedKey")
        return [key.rpartition("#")[2] for key in keys], keys[-1] if more else None
