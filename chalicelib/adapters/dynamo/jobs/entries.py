"""Read index entries: one query per partition, in parallel if there are many."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from chalicelib.adapters.constants import FEW_PARTITIONS, PARTITION_THREADS, SWEEP_PAGES
from chalicelib.adapters.dynamo.jobs.merging import Entry, Merged, Slice, merge, once
from chalicelib.adapters.dynamo.jobs.queries import Plan
from chalicelib.adapters.dynamo.jobs.shards import Shards, partition
from chalicelib.adapters.dynamo.tables.binding import Table


class Entries:
    """Read the partitions of an index."""

    def __init__(self, table: Table, shards: Shards) -> None:
        self._table = table
        self._shards = shards

    def newest(self, asked: Plan, size: int) -> Merged:
        """Return the `size` newest entries of each partition, merged."""
        slices: list[Slice] = []
        for wave in self._shards.waves:
            slices += self._ask(asked, [partition(name, shard) for name in asked.groups for shard in wave], size)
        return merge(slices)

    def oldest(self, asked: Plan, limit: int) -> Sequence[Entry]:
        """Return the oldest entries, up to `limit`; read at most 10 MB of a partition."""
        found = [
            entry
            for name in asked.groups
            for shard in range(self._shards.asked)
            for entry in itertools.islice(self._oldest(asked, partition(name, shard)), limit)
        ]
        return once(sorted(found, key=lambda entry: entry.key))[:limit]

    def _ask(self, asked: Plan, places: Sequence[str], size: int) -> Sequence[Slice]:
        def ask(place: str) -> Slice:
            return _slice(self._query(asked, place, size), asked)

        if len(places) <= FEW_PARTITIONS:
            return list(map(ask, places))
        with ThreadPoolExecutor(PARTITION_THREADS) as pool:
            # with a copy of the context, the reads of each thread count for the current request
            contexts = [copy_context() for _ in places]
            return list(pool.map(lambda context, place: context.run(ask, place), contexts, places))

    def ends(self, asked: Plan, most: int) -> tuple[Mapping[str, Sequence[str]], bool]:
        """Return the tags of up to `most` jobs by id (each shard's oldest and newest), and whether these are all."""
        found: dict[str, Sequence[str]] = {}
        whole, size = True, max(1, most // (2 * self._shards.asked))
        for place in (partition(name, shard) for name in asked.groups for shard in range(self._shards.asked)):
            first = self._query(asked, place, size, oldest_first=True)
            more = "LastEvaluatedKey" in first
            last = self._query(asked, place, size) if more else {"Items": []}
            read = {item["pk"]["S"]: _tags(item) for item in (*first["Items"], *last["Items"])}
            whole = whole and not (more and len(read) == 2 * size)
            found |= read
        return found, whole

    def _oldest(self, asked: Plan, place: str) -> Iterator[Entry]:
        start = None
        for _ in range(SWEEP_PAGES):
            answer = self._query(asked, place, None, oldest_first=True, start=start)
            yield from _slice(answer, asked).entries
            start = answer.get("LastEvaluatedKey")
            if start is None:
                return

    def _query(
        self, asked: Plan, place: str, size: int | None, *, oldest_first: bool = False, start: Any = None
    ) -> dict[str, Any]:
        return self._table.query(
            self._table.name,
            place,
            range_key_condition=asked.range,
            filter_condition=asked.server,
            exclusive_start_key=start,
            index_name=asked.index,
            limit=size,
            scan_index_forward=oldest_first,
        )


def _slice(answer: Mapping[str, Any], asked: Plan) -> Slice:
    entries = [
        Entry(item[asked.sort]["S"], item["pk"]["S"], float(item["due_at"]["N"]) if "due_at" in item else 0.0)
        for item in answer["Items"]
    ]
    last = answer.get("LastEvaluatedKey")
    return Slice(entries, None if last is None else last[asked.sort]["S"])


def _tags(item: Mapping[str, Any]) -> Sequence[str]:
    return [tag["S"] for tag in item.get("tags", {"L": []})["L"]]
