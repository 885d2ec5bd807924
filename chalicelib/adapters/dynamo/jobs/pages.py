"""List jobs: one query per partition, a merge, then the main items of the jobs on the page."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pynamodb.exceptions import AttributeDeserializationError

from chalicelib.adapters.constants import (
    BATCH_GET,
    ENTRIES_PER_FILTERED_JOB,
    LEAST_ENTRIES,
    MOST_BATCH_GETS,
    MOST_ENTRIES,
    MOST_ENTRIES_OF_PAGE,
    USUAL_PAGE,
)
from chalicelib.adapters.dynamo.jobs.bodies import from_text
from chalicelib.adapters.dynamo.jobs.entries import Entries
from chalicelib.adapters.dynamo.jobs.merging import Entry, Merged
from chalicelib.adapters.dynamo.jobs.queries import Plan, Types, at_work, due, plan
from chalicelib.adapters.dynamo.jobs.rows import JobRow, is_hidden, job_of
from chalicelib.adapters.dynamo.jobs.shards import FOUR, Shards
from chalicelib.adapters.dynamo.tables.binding import Table
from chalicelib.adapters.dynamo.tables.schema import META
from chalicelib.errors import JobFlowError, RowsUnreadable
from chalicelib.jobs.constants import SHARE_LOOKS
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import check_offset, matches
from chalicelib.jobs.port import Filter, Overdue, Page, Search, Sharing
from chalicelib.jobs.tenants import tenant_of
from chalicelib.telemetry import events

COUNTED = ["pk", "status", "failure", "expires_at", "erased_at"]
"""Attributes of a main item that are read to count it."""
INVALID = (AttributeDeserializationError, LookupError, TypeError, ValueError)
"""Errors that are raised for an item that is not a valid job."""
ABOVE = "~"
"""A key with this text appended is a position just above the key, because it sorts after every character of a key."""


class Pages:
    """List jobs with the indexes. `clock` returns seconds since the epoch; expired jobs are not shown.

    `types` returns the job types that may have unfinished jobs. `hidden`: expired and erased jobs that are still there
    are shown, too. `unreadable` gets each item of a page that is not a valid job.
    """

    def __init__(
        self,
        table: Table,
        rows: type[JobRow],
        clock: Callable[[], float],
        types: Types,
        batch: int = BATCH_GET,
        shards: Shards = FOUR,
        *,
        hidden: bool = False,
        unreadable: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._table = table
        self._rows = rows
        self._clock = clock
        self._hidden = hidden
        self._unreadable = unreadable
        self._types = types
        self._entries = Entries(table, shards)
        self._batch_size = batch
        self._shards = shards

    def page(self, which: Filter, limit: int, position: str | None = None, offset: int = 0) -> Page:
        """See JobStore. One query per partition, and up to 3 batches of main items. Separate bodies are not read."""
        if offset:
            return self._behind(which, limit, offset, position)
        asked = plan(which, position, self._types)
        # If only the main items show which jobs match, read a few more entries at first; these are usually enough.
        usual = max(USUAL_PAGE, limit)
        first = limit if asked.exact else min(self._batch_size, usual * 6 // 5 + 1)
        size = limit + 1 if asked.exact else min(self._batch_size, usual + 3)
        if _selective(asked, which):
            size = min(MOST_ENTRIES, max(LEAST_ENTRIES, ENTRIES_PER_FILTERED_JOB * limit))
        size = min(size, max(1, MOST_ENTRIES_OF_PAGE // (len(asked.groups) * self._shards.asked or 1)))
        most = first if asked.exact else first + self._batch_size
        return self._filled(which, limit, self._look(asked, which, size, position), first, most)

    def _behind(self, which: Filter, limit: int, offset: int, position: str | None) -> Page:
        """Return the page after the first `offset` jobs, from an index that contains exactly the jobs of the list."""
        check_offset(which)
        asked = plan(which, position, self._types)
        seen = self._look(asked, which, self._share(offset + limit), position)
        if len(seen.entries) > offset or seen.frontier is None:
            return self._filled(which, limit, Merged(seen.entries[offset:], seen.frontier), limit, limit)
        # An unusual number of the newest jobs is in one shard, so continue behind the entries that were read.
        return self._behind(which, limit, offset - len(seen.entries), seen.frontier)

    def _filled(self, which: Filter, limit: int, seen: Merged, first: int, most: int) -> Page:
        """Return the matching jobs among the first `most` entries; read `first` of them at first."""
        jobs: list[Job] = []
        looked = 0
        for _, job in self._read(seen.entries[:most], first):
            looked += 1
            if job is not None and matches(job, which):
                jobs.append(job)
            if len(jobs) == limit:
                break
        if looked == len(seen.entries):
            return Page(jobs, seen.frontier, looked)
        return Page(jobs, seen.entries[looked - 1].key if looked else seen.entries[0].key + ABOVE, looked)

    def overdue(self, search: Search, now: float, limit: int) -> Sequence[Overdue]:
        """See JobStore."""
        asked = due(search, now)
        return [] if asked.empty else [Overdue(e.id, e.due_at) for e in self._entries.oldest(asked, limit)]

    def sharing(self, job_type: str) -> Sharing:
        """See JobStore."""
        tags, whole = self._entries.ends(at_work(job_type), SHARE_LOOKS)
        found = Counter(tenant for one in tags.values() if (tenant := tenant_of(one)) is not None)
        return Sharing(found, len(tags), whole)

    def count_failures(self, fingerprint: str, most: int) -> tuple[Mapping[Status, int], bool]:
        """See JobStore. One query per shard, and a BatchGetItem with four attributes for each hundred jobs."""
        seen = self._entries.newest(plan(Filter(fingerprint=fingerprint), None, self._types), most + 1)
        found, whole = Counter[Status](), seen.frontier is None and len(seen.entries) <= most
        for chunk in _chunks(seen.entries[:most], self._batch_size, self._batch_size):
            left = iter(range(MOST_BATCH_GETS))
            items, unread = self._items([entry.id for entry in chunk], left, attributes_to_get=COUNTED)
            found.update(status for item in items if (status := self._failed(item, fingerprint)) is not None)
            whole = whole and not unread
        return found, whole

    def get_many(self, ids: Sequence[str]) -> Sequence[Job]:
        """See JobStore."""
        found = self._batch(ids, iter(range(MOST_BATCH_GETS)), consistent=True) if ids else {}
        return [job for job in found.values() if job is not None]

    def all_of(self, ids: Sequence[str], *, strict: bool = False) -> Sequence[Job]:
        """Return up to 100 jobs in the order of `ids`, without deleted jobs.

        Raises JobFlowError if DynamoDB did not read some of them; with `strict`, raises RowsUnreadable if some items
        are not valid jobs, and logs one line for all of them.
        """
        items, unread = self._items(ids, iter(range(MOST_BATCH_GETS)), consistent_read=True) if ids else ([], set())
        if unread:
            raise _half_read()
        read, wrong = dict[str, Job | None](), dict[str, Exception]()
        for item in items:
            try:
                read[item["pk"]["S"]] = self._valid(item)
            except INVALID as error:
                wrong[item["pk"]["S"]] = error
                if not strict:
                    events.row_unreadable(item["pk"]["S"], error)
        found = [job for job_id in ids if (job := read.get(job_id)) is not None]
        if strict and wrong:
            events.row_unreadable(*next(iter(wrong.items())), rows=len(wrong))
            raise RowsUnreadable([job_id for job_id in ids if job_id in wrong], found)
        return found

    def _look(self, asked: Plan, which: Filter, size: int, position: str | None) -> Merged:
        """Return the merged answers of all shards."""
        if asked.empty:
            return Merged([], None)
        seen = self._entries.newest(asked, size)
        wanted = [
            entry
            for entry in seen.entries
            if entry.id.startswith(which.id_prefix or "") and (position is None or entry.key < position)
        ]
        return Merged(wanted, seen.frontier)

    def _read(self, entries: Sequence[Entry], first: int) -> Iterator[tuple[Entry, Job | None]]:
        """Yield entries with their jobs (None: deleted), up to the first unread one; read `first` of them at first."""
        left = iter(range(MOST_BATCH_GETS))
        for chunk in _chunks(entries, first, self._batch_size):
            jobs = self._batch([entry.id for entry in chunk], left)
            for entry in chunk:
                if entry.id not in jobs:
                    return
                yield entry, jobs[entry.id]

    def _batch(self, ids: Sequence[str], left: Iterator[int], *, consistent: bool = False) -> dict[str, Job | None]:
        """Read jobs with the requests that are left; return them by id.

        The value is None for a deleted job, and for an item that is not a valid job. An unread job has no entry.
        """
        items, unread = self._items(ids, left, consistent_read=consistent)
        found = {item["pk"]["S"]: self._shown(item) for item in items}
        return {job_id: found.get(job_id) for job_id in ids if job_id not in unread}

    def _items(self, ids: Sequence[str], left: Iterator[int], **how: Any) -> tuple[list[Any], set[str]]:
        """Read main items with the requests that are left; return them, and the ids that DynamoDB did not read."""
        items: list[Any] = []
        unread: list[Any] = [{"pk": {"S": job_id}, "sk": {"S": META}} for job_id in ids]
        for _ in left:
            answer = self._table.batch_get_item(self._table.name, unread, **how)
            items += answer["Responses"].get(self._table.name, [])
            unread = answer.get("UnprocessedKeys", {}).get(self._table.name, {}).get("Keys", [])
            if not unread:
                break
        return items, {key["pk"]["S"] for key in unread}

    def _failed(self, item: Mapping[str, Any], fingerprint: str) -> Status | None:
        """Return the status in a main item; None if it has another error, has expired, or is not a valid job."""
        try:
            expires_at = item.get("expires_at")
            expired = expires_at is not None and int(expires_at["N"]) < self._clock()
            expired = expired or "erased_at" in item
            same = "failure" in item and item["failure"]["S"].partition("#")[0] == fingerprint
            return Status(item["status"]["S"]) if same and not expired else None
        except (LookupError, TypeError, ValueError) as error:
            events.row_unreadable(item["pk"]["S"], error)
            return None

    def _share(self, number: int) -> int:
        """Return how many of the first `number` entries one shard can contain.

        The number is five standard deviations above the average.
        """
        return number // self._shards.written + math.isqrt(5 * number) + 1

    def _shown(self, item: Mapping[str, Any]) -> Job | None:
        """Return the job in a main item; None if it has expired, or the item is not a valid job."""
        try:
            return self._valid(item)
        except INVALID as error:
            events.row_unreadable(item["pk"]["S"], error)
            if self._unreadable is not None:
                self._unreadable(item)
            return None

    def _valid(self, item: Mapping[str, Any]) -> Job | None:
        """Return the job in a main item; None if it has expired or is erased. Raises INVALID."""
        row = self._rows.from_raw_data(item)
        if not self._hidden and is_hidden(row, self._clock()):
            return None
        return job_of(row, from_text(row.payload), from_text(row.result))


def _half_read() -> JobFlowError:
    return JobFlowError("DynamoDB read only a part of the jobs; try again.")


def _selective(asked: Plan, which: Filter) -> bool:
    """Return True if the query filters index entries; a page then reads more of them."""
    return asked.server is not None or which.id_prefix is not None


def _chunks(entries: Sequence[Entry], first: int, then: int) -> Iterator[Sequence[Entry]]:
    if entries:
        yield entries[:first]
    for start in range(first, len(entries), then):
        yield entries[start : start + then]
