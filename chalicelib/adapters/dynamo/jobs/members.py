"""List the members of batches, with an index that contains only their keys."""

from collections.abc import Sequence
from typing import Any

from pynamodb.expressions.operand import Path

from chalicelib.adapters.constants import BATCH_GET
from chalicelib.adapters.dynamo.jobs.pages import Pages
from chalicelib.adapters.dynamo.tables.binding import Table
from chalicelib.adapters.dynamo.tables.schema import MEMBERS
from chalicelib.jobs.listing import matches
from chalicelib.jobs.port import Filter, Page


class Members:
    """List the members of batches, in the order of their ids."""

    def __init__(self, table: Table, pages: Pages) -> None:
        self._table = table
        self._pages = pages

    def page(self, batch: str, which: Filter, limit: int, position: str | None) -> Page:
        """See JobStore. One query of the index, and one batch of main items, strongly consistent."""
        ids, following = self.of(batch, min(limit, BATCH_GET), position)
        read = self._pages.all_of(ids)
        return Page([job for job in read if matches(job, which)], following, len(read))

    def of(self, batch: str, limit: int, position: str | None = None) -> tuple[Sequence[str], str | None]:
        """Return the ids of members after a position, and the next position (None: no more). One request."""
        answer: Any = self._table.query(
            self._table.name, batch, Path("pk") > position if position else None, index_name=MEMBERS, limit=limit
        )
        ids = [item["pk"]["S"] for item in answer["Items"]]
        return ids, ids[-1] if ids and answer.get("LastEvaluatedKey") else None
