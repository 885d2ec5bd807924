"""Store when something of finished jobs is to be removed: a small row for each, in the order of the times."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters.dynamo.jobs.shards import FOUR, partition
from chalicelib.adapters.dynamo.tables.answers import written
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.binding import Table
from chalicelib.adapters.dynamo.tables.whole_rows import write_whole
from chalicelib.jobs.change import Clearing
from chalicelib.jobs.listing import iso
from chalicelib.jobs.retention import KEEP_BODIES, KEEP_MARKS
from chalicelib.settings import SHARDS

CLEAR = "CLEAR"
"""Beginning of the names of the partitions; a lease is in the partition of this name."""
LEASE = "LEASE"


class ClearingRow(Model):
    """A clearing. The sort key is its time, the job's id and its type.

    Its attributes are among those that a worker may write: `at` is when the job was created, `until` when it ended.
    """

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    at = Seconds()
    until = Seconds()
    expires_at = Whole()


class LeaseRow(Model):
    """Until when a worker processes the clearings alone."""

    pk = Text(hash_key=True, default_for_new=CLEAR)
    sk = Text(range_key=True, default_for_new=LEASE)
    until = Seconds()
    expires_at = Whole()


class DynamoClearings:
    """See Clearings."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._rows, self._leases = table.bind(ClearingRow), table.bind(LeaseRow)

    def plan(self, one: Clearing) -> None:
        """See Clearings. One write."""
        write_whole(self._row(one, at=one.created_at, until=one.finished_at, expires_at=one.due_at + KEEP_BODIES))

    def due(self, now: float, limit: int) -> Sequence[Clearing]:
        """See Clearings. One query for each of four partitions, until there are enough."""
        found: list[Clearing] = []
        for shard in range(SHARDS[0]):
            if len(found) < limit:
                found += self._of(partition(CLEAR, shard), now, limit - len(found))
        return found

    def move(self, one: Clearing, due_at: float) -> None:
        """See Clearings. Two writes; the new row is written first."""
        self.plan(replace(one, due_at=due_at))
        if iso(one.due_at) != iso(due_at):
            self.drop(one)

    def drop(self, one: Clearing) -> None:
        """See Clearings."""
        self._row(one).delete()

    def lease(self, now: float, until: float) -> bool:
        """See Clearings."""
        free = LeaseRow.pk.does_not_exist() | (LeaseRow.until < now)
        actions = (LeaseRow.until.set(until), LeaseRow.expires_at.set(until + KEEP_MARKS))
        return written(lambda: self._leases().update(list[Action](actions), free))

    def rest(self, until: float) -> None:
        """See Clearings."""
        written(lambda: self._leases().delete(LeaseRow.until == until))

    def _of(self, name: str, now: float, limit: int) -> list[Clearing]:
        """Return the clearings of a partition; every worker may write such rows, so others are passed over."""
        found: list[Clearing] = []
        start: Any = None
        while len(found) < limit:
            answer = self._table.query(
                self._table.name, name, Path("sk") < iso(now), limit=limit, exclusive_start_key=start
            )
            found += [one for item in answer["Items"] if (one := self._read(item)) is not None]
            start = answer.get("LastEvaluatedKey")
            if start is None:
                break
        return found[:limit]

    def _read(self, item: dict[str, Any]) -> Clearing | None:
        try:
            row = self._rows.from_raw_data(item)
            one = _clearing(row)
            made = self._row(one)
        except (ValueError, TypeError, AttributeError):
            return None
        # a row under another key could not be dropped
        return one if (made.pk, made.sk) == (row.pk, row.sk) else None

    def _row(self, one: Clearing, **more: Any) -> ClearingRow:
        sk = f"{iso(one.due_at)}#{one.job}#{one.type}"
        # always one of four partitions: a row is deleted by its key, also after the stage has got more shards
        return self._rows(pk=partition(CLEAR, FOUR.shard_of(one.job)), sk=sk, **more)


def _clearing(row: ClearingRow) -> Clearing:
    due, job_id, job_type = row.sk.split("#", 2)
    return Clearing(job_id, job_type, row.at, row.until, datetime.fromisoformat(due).timestamp())
