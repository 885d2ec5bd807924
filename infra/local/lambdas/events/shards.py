"""Read the shard of a stream once for all functions that follow it. A stream of an emulator has one shard."""

import asyncio

from infra.local.lambdas.events.calls import STREAMS, CallFailed, Calls
from infra.local.lambdas.events.stream_records import Record, for_lambda, sequence_number

READ_SECONDS = 0.25  # AWS polls a shard four times a second
MOST_READ = 500
MOST_BYTES = 8 * 1024 * 1024
"""Approximate bytes of the records of one request: large records are read in smaller numbers."""


class Shard:
    """The shard of a stream. It keeps the newest records: a second function takes them without a request."""

    def __init__(self, calls: Calls, arn: str) -> None:
        self._calls = calls
        self._place = {"StreamArn": arn}
        self._kept: list[Record] = []
        self._before: str | None = None
        self._iterator: str | None = None
        self._most = MOST_READ
        self._reading = asyncio.Lock()
        self._read_at = -READ_SECONDS

    async def read(self, after: str | None, most: int) -> list[Record]:
        """Return the records after that sequence number, the oldest first; None: from the oldest that there is.

        Returns no record if there is none, or if the end of the shard was read less than 0.25 s ago. Raises CallFailed.
        """
        async with self._reading:
            place = self._place_of(after)
            if place is not None:
                if place == len(self._kept) and self.next_read_in() == 0:
                    await self._read_on(after)
                    place = self._place_of(after) or 0
                return self._kept[place : place + most]
            alone = await self._read_alone(after, most)
        if not alone:
            await asyncio.sleep(READ_SECONDS)
        return alone

    def next_read_in(self) -> float:
        """Return the seconds until the next request for new records."""
        return max(0.0, self._read_at + READ_SECONDS - asyncio.get_running_loop().time())

    async def until_next_read(self) -> None:
        """Wait until there may be new records."""
        await asyncio.sleep(self.next_read_in() or READ_SECONDS)

    def _place_of(self, after: str | None) -> int | None:
        """Return the index of the first kept record after a sequence number; None if it is not kept."""
        if after == self._before:
            return 0
        # A function that follows closely is found at once from the end.
        numbers = (sequence_number(record) for record in reversed(self._kept))
        return next((len(self._kept) - i for i, number in enumerate(numbers) if number == after), None)

    async def _read_on(self, after: str | None) -> None:
        """Read the records after those that are kept, and drop the oldest of these."""
        self._read_at = asyncio.get_running_loop().time()
        # After a failure, the next request starts at the same position.
        iterator, self._iterator = self._iterator or await self._open(after), None
        asked = self._most
        records, self._iterator = await self._ask(iterator, asked)
        if len(records) == asked:
            self._read_at = -READ_SECONDS  # there may be more
        dropped = min(len(self._kept), max(0, len(self._kept) + len(records) - self._most))
        if dropped:
            self._before = sequence_number(self._kept[dropped - 1])
        self._kept = self._kept[dropped:] + records

    async def _read_alone(self, after: str | None, most: int) -> list[Record]:
        """Read for a function that is behind what is kept; the others still find what they share."""
        records, iterator = await self._ask(await self._open(after), min(most, self._most))
        newest = sequence_number(self._kept[-1]) if self._kept else self._before
        if newest in [sequence_number(record) for record in records]:
            # It has overtaken what is kept. If the others do not go on, nobody would read for it.
            self._kept, self._before, self._iterator = records, after, iterator
        return records

    async def _ask(self, iterator: str, most: int) -> tuple[list[Record], str | None]:
        answer, size = await self._calls.sized(STREAMS, "GetRecords", {"ShardIterator": iterator, "Limit": most})
        records = [for_lambda(record) for record in answer.get("Records", [])]
        if records:
            self._most = max(1, min(MOST_READ, MOST_BYTES * len(records) // size))
        return records, answer.get("NextShardIterator")

    async def _open(self, after: str | None) -> str:
        if "ShardId" not in self._place:
            described = await self._calls.call(STREAMS, "DescribeStream", self._place)
            shards = described["StreamDescription"]["Shards"]
            if not shards:
                raise CallFailed(f"{self._place['StreamArn']} has no shard")
            self._place["ShardId"] = shards[0]["ShardId"]
        asked = {**self._place, "ShardIteratorType": "TRIM_HORIZON"}
        if after is not None:
            asked |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        answer = await self._calls.call(STREAMS, "GetShardIterator", asked)
        return str(answer["ShardIterator"])
