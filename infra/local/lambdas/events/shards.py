"""Read the shards of a stream once for all functions that follow it."""

import asyncio
from collections import deque
from itertools import islice
from typing import Any

from infra.local.lambdas.events.calls import STREAMS, Calls
from infra.local.lambdas.events.stream_records import Record, for_lambda, sequence_number

READ_SECONDS = 0.25  # AWS polls a shard four times a second
MOST_READ = 500
MOST_KEPT = 500
"""With those of one read, a function that follows is at most a thousand records behind: so many come again from a
snapshot of the emulator."""
MOST_BYTES = 8 * 1024 * 1024
"""Approximate bytes of the records that are kept, and of those of one read: large records are read in smaller numbers.
"""


class Stream:
    """A table's stream. `shards` returns the same shards to each function that follows it."""

    def __init__(self, calls: Calls, arn: str) -> None:
        self._calls = calls
        self._arn = arn
        self._shards: dict[str, Shard] = {}

    async def shards(self) -> "list[Shard]":
        """Return its shards. Raises CallFailed."""
        answer = await self._calls.call(STREAMS, "DescribeStream", {"StreamArn": self._arn})
        found = [shard["ShardId"] for shard in answer["StreamDescription"]["Shards"]]
        return [self._shards.setdefault(name, Shard(self._calls, self._arn, name)) for name in found]


class Shard:
    """A shard. It keeps the newest records, so that a second function takes them without a request."""

    def __init__(self, calls: Calls, arn: str, name: str) -> None:
        self._calls = calls
        self._place = {"StreamArn": arn, "ShardId": name}
        self._kept: deque[Record] = deque()
        self._before: str | None = None
        self._iterator: str | None = None
        self._most = MOST_READ
        self._reading = asyncio.Lock()
        self._read_at = -READ_SECONDS

    async def read(self, after: str | None, most: int) -> list[Record]:
        """Return the records after that sequence number, the oldest first; None: from the oldest that there is.

        Returns no record if there is none, or if the shard was read less than 0.25 s ago. Raises CallFailed.
        """
        async with self._reading:
            place = self._place_of(after)
            if place is not None:
                if place == len(self._kept) and self.next_read_in() == 0:
                    await self._read_on()
                    place = self._place_of(after) or 0
                return list(islice(self._kept, place, place + most))
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

    async def _read_on(self) -> None:
        self._read_at = asyncio.get_running_loop().time()
        last = sequence_number(self._kept[-1]) if self._kept else self._before
        # After a failure, the next request starts at the same position.
        iterator, self._iterator = self._iterator or await self._open(last), None
        records, self._iterator = await self._ask(iterator, self._most)
        while self._kept and len(self._kept) + len(records) > min(self._most, MOST_KEPT):
            self._before = sequence_number(self._kept.popleft())
        self._kept += records

    async def _read_alone(self, after: str | None, most: int) -> list[Record]:
        """Read for a function that is far behind the others."""
        records, iterator = await self._ask(await self._open(after), min(most, self._most))
        newest = sequence_number(self._kept[-1]) if self._kept else self._before
        if newest in [sequence_number(record) for record in records]:
            # It has overtaken what is kept. If the others do not go on, nobody would read for it.
            self._kept, self._before, self._iterator = deque(records), after, iterator
            self._read_at = asyncio.get_running_loop().time()
        return records

    async def _open(self, after: str | None) -> str:
        if after is None:
            where: dict[str, str] = {"ShardIteratorType": "TRIM_HORIZON"}
        else:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        answer = await self._calls.call(STREAMS, "GetShardIterator", {**self._place, **where})
        return str(answer["ShardIterator"])

    async def _ask(self, iterator: str, most: int) -> tuple[list[Record], Any]:
        answer, size = await self._calls.sized(STREAMS, "GetRecords", {"ShardIterator": iterator, "Limit": most})
        records = [for_lambda(record) for record in answer.get("Records", [])]
        if records:
            self._most = max(1, min(MOST_READ, MOST_BYTES * len(records) // size))
        return records, answer.get("NextShardIterator")
