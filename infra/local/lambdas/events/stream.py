"""Run a DynamoDB stream event source: pass every change of a table to a function, in order, until it succeeds."""

import asyncio
import contextlib
import json
import logging
import time
from collections import deque

from infra.local.lambdas.events.calls import CallFailed
from infra.local.lambdas.events.gate import Gate, Tasks
from infra.local.lambdas.events.shards import Shard
from infra.local.lambdas.events.stream_records import (
    Record,
    age,
    halves,
    matches,
    sequence_number,
    stream_event,
    unprocessed,
)
from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import StreamMapping

LOG = logging.getLogger(__name__)
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.25, 10.0


class StreamSource:
    """One mapping. It delivers one batch at a time, and repeats the batch until it succeeds."""

    def __init__(self, mapping: StreamMapping, service: LambdaService, shard: Shard) -> None:
        self.mapping = mapping
        self.gate = Gate()
        self.tasks = Tasks()  # none: a batch under way ends with `run`
        self._service = service
        self._shard = shard
        self._patterns = [json.loads(pattern) for pattern in mapping.patterns]

    async def run(self) -> None:
        """Read and deliver until cancelled."""
        position: str | None = None
        while True:
            records: list[Record] = []
            try:
                async with self.gate.turn():
                    records = await self._gather(position)
            except CallFailed as error:
                LOG.warning("Could not read the stream for %s: %s", self.mapping.function, error)
            if records:
                position = sequence_number(records[-1])
                await self._deliver(records)
            else:
                await self._shard.until_next_read()

    async def _gather(self, position: str | None) -> list[Record]:
        loop, shard = asyncio.get_running_loop(), self._shard
        closes_at = loop.time() + self.mapping.window
        records = await shard.read(position, self.mapping.batch_size)
        while records and (room := self.mapping.batch_size - len(records)) and (left := closes_at - loop.time()) > 0:
            await asyncio.sleep(min(shard.next_read_in(), left))
            with contextlib.suppress(CallFailed):  # records that were already read must still be delivered
                records += await shard.read(sequence_number(records[-1]), room)
        return records

    async def _deliver(self, records: list[Record]) -> None:
        batches = deque([[record for record in records if self._wanted(record)]])
        tries = 0
        while batches:
            batch = batches.popleft()
            left = await self._attempt(batch) if batch else []
            if len(left) < len(batch) or not batch:
                tries = 0  # some records were processed, so count the tries from the start
            if not left:
                continue
            tries += 1
            if self._hopeless(left, tries):
                LOG.error("%s: dropped %d records of the stream.", self.mapping.function, len(left))
                tries = 0
                continue
            batches.extendleft(reversed(halves(left) if self.mapping.bisect else [left]))
            await asyncio.sleep(min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (tries - 1)))

    async def _attempt(self, batch: list[Record]) -> list[Record]:
        result = await self._service.invoke_async(self.mapping.function, stream_event(batch, self.mapping.stream_arn))
        return unprocessed(batch, result, report_failures=self.mapping.report_batch_item_failures)

    def _wanted(self, record: Record) -> bool:
        return not self._patterns or any(matches(record, pattern) for pattern in self._patterns)

    def _hopeless(self, left: list[Record], tries: int) -> bool:
        retries, longest = self.mapping.retries, self.mapping.longest_age
        too_often = retries is not None and tries > retries
        return too_often or (longest is not None and age(left[0], time.time()) > longest)
