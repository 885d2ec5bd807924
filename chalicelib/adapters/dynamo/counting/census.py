"""Read every job for a recount: the index over all jobs, shard by shard, and a few fields of each main item."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from chalicelib.adapters.constants import BATCH_GET, CENSUS_PAGE, UNREAD_PAUSE, UNREAD_TRIES
from chalicelib.adapters.dynamo.jobs.shards import Shards, partition
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.schema import ALL, META
from chalicelib.counters.port import Seen, SeenPage
from chalicelib.errors import JobFlowError
from chalicelib.jobs.job import TERMINAL, Job, Status
from chalicelib.settings import Settings
from chalicelib.telemetry import events

FIELDS = [
    "pk", "type", "status", "updated_at", "created_at", "restored_at", "gen", "finished_at", "on_end", "notify", "tags",
    "ended_as", "discarded_at",
]  # fmt: skip


class DynamoCensus:
    """See Census. Expired rows that DynamoDB has not removed yet are counted, because the counters include them too."""

    def __init__(
        self, settings: Settings, sleep: Callable[[float], None] = time.sleep, *, every_end: bool = False
    ) -> None:
        self._every_end = every_end
        self._table = binding.jobs(settings)
        self._sleep = sleep
        self._parts = Shards.of(settings).asked

    def parts(self) -> int:
        """See Census. A part is a shard of the index."""
        return self._parts

    def pages(self, part: int, position: str | None) -> Iterator[SeenPage]:
        """See Census. Raises JobFlowError if DynamoDB does not read all items."""
        start = json.loads(position) if position else None
        while True:
            answer = self._table.query(
                self._table.name,
                partition(ALL.upper(), part),
                index_name=ALL,
                limit=CENSUS_PAGE,
                exclusive_start_key=start,
            )
            ids = [item["pk"]["S"] for item in answer["Items"]]
            batches = [self._batch(ids[place : place + BATCH_GET]) for place in range(0, len(ids), BATCH_GET)]
            start = answer.get("LastEvaluatedKey")
            yield SeenPage([one for batch in batches for one in batch], json.dumps(start) if start else None)
            if start is None:
                return

    def _batch(self, ids: Sequence[str]) -> list[Seen]:
        found: list[Seen | None] = []
        unread: list[Any] = [{"pk": job_id, "sk": META} for job_id in ids]
        for number in range(UNREAD_TRIES):
            answer = self._table.batch_get_item(self._table.name, unread, attributes_to_get=FIELDS)
            found += [self._seen(item) for item in answer["Responses"].get(self._table.name, [])]
            left = answer.get("UnprocessedKeys", {}).get(self._table.name, {}).get("Keys", [])
            if not left:
                return [one for one in found if one is not None]
            unread = [{"pk": key["pk"]["S"], "sk": key["sk"]["S"]} for key in left]
            self._sleep(UNREAD_PAUSE * 2**number)
        raise JobFlowError(f"DynamoDB left {len(unread)} jobs unread in {UNREAD_TRIES} tries; recount later.")

    def _seen(self, item: dict[str, Any]) -> Seen | None:
        """Return the fields of a main item that a recount needs; None if the item is not a valid job."""
        try:
            status, updated_at = Status(item["status"]["S"]), float(item["updated_at"]["N"])
            told = status in TERMINAL and (self._every_end or "on_end" in item)
            return Seen(item["type"]["S"], status, updated_at, _ended(item, status, updated_at) if told else None)
        except (LookupError, ValueError) as error:
            events.row_unreadable(item["pk"]["S"], error)
            return None


def _ended(item: dict[str, Any], status: Status, updated_at: float) -> Job:
    finished_at, restored_at, discarded_at = (
        float(item[name]["N"]) if name in item else None for name in ("finished_at", "restored_at", "discarded_at")
    )
    return Job(
        item["pk"]["S"], item["type"]["S"], status, float(item["created_at"]["N"]), updated_at,
        gen=int(item["gen"]["N"]), finished_at=finished_at, restored_at=restored_at,
        discarded_at=discarded_at, tags=_texts(item, "tags"),
        notify=_texts(item, "notify"), **{name: item[name]["S"] for name in ("on_end", "ended_as") if name in item},
    )  # fmt: skip


def _texts(item: dict[str, Any], name: str) -> tuple[str, ...]:
    return tuple(one["S"] for one in item.get(name, {"L": []})["L"])
