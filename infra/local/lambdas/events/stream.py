"""Run a DynamoDB stream event source: pass every change of a table to a function, in order, until it succeeds."""

import asyncio
import contextlib
import json
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.lambdas.events.gate import Gate
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

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

LOG = logging.getLogger(__name__)
IDLE_SECONDS = 0.25  # AWS polls a shard four times a second
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.25, 10.0
UNANSWERED = (BotoCoreError, ClientError)


class Shard:
    """A position in one shard, at first TRIM_HORIZON. It stays valid when its iterator expires. Calls block."""

    def __init__(self, streams: "DynamoDBStreamsClient", stream_arn: str, shard_id: str) -> None:
        self._streams = streams
        self._arn = stream_arn
        self._id = shard_id
        self._iterator: str | None = None
        self._reached: str | None = None

    def read(self, most: int) -> list[Record]:
        """Return the next records. After a ClientError or BotoCoreError, the next call starts at the same position."""
        iterator, self._iterator = self._iterator or self._open(), None
        answer = self._streams.get_records(ShardIterator=iterator, Limit=most)
        records: list[Record] = list(answer.get("Records", []))
        self._iterator = answer.get("NextShardIterator")
        if records:
            self._reached = sequence_number(records[-1])
        return records

    def _open(self) -> str:
        if self._reached is None:
            answer = self._streams.get_shard_iterator(
                StreamArn=self._arn, ShardId=self._id, ShardIteratorType="TRIM_HORIZON"
            )
        else:
            answer = self._streams.get_shard_iterator(
                StreamArn=self._arn,
                ShardId=self._id,
                ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                SequenceNumber=self._reached,
            )
        return answer["ShardIterator"]


class StreamSource:
    """One mapping. For each shard it delivers one batch at a time, and repeats the batch until it succeeds."""

    def __init__(self, mapping: StreamMapping, service: LambdaService, streams: "DynamoDBStreamsClient") -> None:
        self.mapping = mapping
        self.gate = Gate()
        self._service = service
        self._streams = streams
        self._patterns = [json.loads(pattern) for pattern in mapping.patterns]
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"stream-{mapping.function}")

    async def run(self) -> None:
        """Read and deliver every shard until cancelled."""
        async with asyncio.TaskGroup() as group:
            for shard in await self._shards():
                group.create_task(self._follow(shard))

    async def close(self, grace: float) -> None:  # noqa: ARG002 - a batch under way ended with `run`
        """After `run` has ended, release the thread."""
        self._thread.shutdown(wait=False)

    async def _follow(self, shard: Shard) -> None:
        while True:
            records: list[Record] = []
            try:
                async with self.gate.turn():
                    records = await self._gather(shard)
            except UNANSWERED as error:
                LOG.warning("Could not read the stream for %s: %s", self.mapping.function, error)
            if records:
                await self._deliver(records)
            else:
                await asyncio.sleep(IDLE_SECONDS)

    async def _gather(self, shard: Shard) -> list[Record]:
        loop = asyncio.get_running_loop()
        closes_at = loop.time() + self.mapping.window
        records = await loop.run_in_executor(self._thread, shard.read, self.mapping.batch_size)
        while records and (room := self.mapping.batch_size - len(records)) and (left := closes_at - loop.time()) > 0:
            await asyncio.sleep(min(IDLE_SECONDS, left))
            with contextlib.suppress(*UNANSWERED):  # records that were already read must still be delivered
                records += await loop.run_in_executor(self._thread, shard.read, room)
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
        return too_often or (longest is not None and age(left[0], datetime.now(UTC)) > longest)

    async def _shards(self) -> list[Shard]:
        arn = self.mapping.stream_arn
        describe = partial(self._streams.describe_stream, StreamArn=arn)
        while True:
            try:
                answer = await asyncio.get_running_loop().run_in_executor(self._thread, describe)
            except UNANSWERED as error:
                LOG.warning("Could not open the stream for %s: %s", self.mapping.function, error)
                await asyncio.sleep(FIRST_RETRY_SECONDS)
            else:
                shards = answer["StreamDescription"]["Shards"]
                return [Shard(self._streams, arn, shard["ShardId"]) for shard in shards]
