"""Read the shard of a stream once for all functions that follow it. A stream of an emulator has one shard."""

import asyncio

from infra.local.lambdas.events.calls import STREAMS, CallFailed, Calls
from infra.local.lambdas.events.stream_records import Record, for_lambda, sequence_number

READ_SECONDS = 0.25  # AWS polls a shard four times a second
MOST_READ = 500
MOST_BYTES = 8 * 1024 * 1024
"""Approximate bytes of the records of one request: large records are read in smaller numbers."""


class Shard:
    """The shard of a stream. It keeps the records of one request: a second function takes them without a request."""

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
            follows = place == len(self._kept)
            if follows and self.next_read_in() > 0:
                return []
            if place is None or follows:
                records = await self._request(after, follows=follows)
                if records:
                    self._before, self._kept, place = after, records, 0
            if place is not None:
                return self._kept[place : place + most]
        await asyncio.sleep(READ_SECONDS)
        return []

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

    async def _request(self, after: str | None, *, follows: bool) -> list[Record]:
        """Return the next records. `follows`: they are those after the records that are kept."""
        most = self._most
        # After a failure, the next request starts at the same position.
        iterator, self._iterator = (self._iterator if follows else None) or await self._open(after), None
        asked = {"ShardIterator": iterator, "Limit": most}
        answer, size = await self._calls.sized(STREAMS, "GetRecords", asked)
        records = [for_lambda(record) for record in answer.get("Records", [])]
        if records:
            self._most = max(1, min(MOST_READ, MOST_BYTES * len(records) // size))
        if records or follows:
            self._iterator = answer.get("NextShardIterator")
        # After a full answer, there may be more records.
        self._read_at = asyncio.get_running_loop().time() if len(records) < most else -READ_SECONDS
        return records

    async def _open(self, after: str | None) -> str:
        if "ShardId" not in self._place:
            described = await self._calls.call(STREAMS, "DescribeStream", self._place)
            shards = described["StreamDescription"]["Shards"]
            if not shards:
                raise CallFailed(f"{self._place['StreamArn']} has no shard")
            self._place["ShardId"] = shards[0]["ShardId"]
        if after is None:
            where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        else:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        answer = await self._calls.call(STREAMS, "GetShardIterator", {**self._place, **where})
        return str(answer["ShardIterator"])
