"""Test that functions which follow the same shard share its requests, and that each gets every record in order."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from infra.local.lambdas.events.calls import CallFailed, Calls
from infra.local.lambdas.events.shards import MOST_BYTES, MOST_READ, READ_SECONDS, Shard
from infra.local.lambdas.events.stream_records import sequence_number


class Table(Calls):
    """A stream in memory; its iterators are positions."""

    def __init__(self, count: int) -> None:
        super().__init__({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
        self.asked: Counter[str] = Counter()
        self.fails = 0
        self.bytes_each = 1_000
        self.most_bytes = 0
        self.records: list[Any] = []
        self.add(count)

    def add(self, count: int) -> None:
        first = len(self.records)
        self.records += [{"dynamodb": {"SequenceNumber": f"{n:05}"}} for n in range(first, first + count)]

    async def sized(self, service: Any, operation: str, asked: Mapping[str, Any], wait: Any = None) -> tuple[Any, int]:
        answer = self._answer_to(operation, asked)
        size = self.bytes_each * len(answer.get("Records", "x"))
        self.most_bytes = max(self.most_bytes, size)
        return answer, size

    def _answer_to(self, operation: str, asked: Mapping[str, Any]) -> Any:
        self.asked[operation] += 1
        if self.fails:
            self.fails -= 1
            raise CallFailed("not now")
        if operation == "DescribeStream":
            return {"StreamDescription": {"Shards": [{"ShardId": "shard"}]}}
        if operation == "GetShardIterator":
            after = asked.get("SequenceNumber")
            return {"ShardIterator": str(0 if after is None else int(after) + 1)}
        begin = int(asked["ShardIterator"])
        found = self.records[begin : begin + asked["Limit"]]
        return {"Records": found, "NextShardIterator": str(begin + len(found))}


class Reader:
    """A function that follows."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self.position: str | None = None
        self.numbers: list[int] = []

    async def read(self, most: int = 100) -> int:
        records = await self._shard.read(self.position, most)
        if records:
            self.position = sequence_number(records[-1])
        self.numbers += [int(sequence_number(record)) for record in records]
        return len(records)


def due(shard: Shard) -> None:
    shard._read_at -= READ_SECONDS


def test_a_second_function_takes_the_records_without_a_request() -> None:
    async def play() -> None:
        table = Table(3)
        shard = Shard(table, "arn")
        one, other = Reader(shard), Reader(shard)
        assert [await one.read(), await other.read(), await other.read()] == [3, 3, 0]
        assert table.asked["GetRecords"] == 1

        table.add(2)
        due(shard)
        assert [await other.read(), await one.read()] == [2, 2]
        assert one.numbers == other.numbers == [0, 1, 2, 3, 4]
        assert table.asked["GetRecords"] == 2

    asyncio.run(play())


@pytest.mark.parametrize("behind", [0, 7])
def test_a_function_far_behind_reads_alone_until_it_follows_again(behind: int) -> None:
    async def play() -> None:
        table = Table(behind)
        shard = Shard(table, "arn")
        fast, slow = Reader(shard), Reader(shard)
        await slow.read()
        table.add(2 * (2 * MOST_READ))
        while len(fast.numbers) < len(table.records):
            due(shard)
            await fast.read(1000)
        assert len(shard._kept) <= MOST_READ

        while await slow.read():
            pass

        assert fast.numbers == slow.numbers == list(range(len(table.records)))
        table.add(1)
        due(shard)
        before = table.asked["GetRecords"]
        assert [await fast.read(), await slow.read(), table.asked["GetRecords"] - before] == [1, 1, 1]

    asyncio.run(play())


def test_every_function_gets_all_records_while_the_others_wait_for_new_ones() -> None:
    async def play() -> None:
        table = Table(1)
        shard = Shard(table, "arn")
        slow, *fast = (Reader(shard) for _ in range(4))
        await slow.read()
        table.add(3 * MOST_READ)
        for reader in fast:
            while len(reader.numbers) < len(table.records):
                due(shard)
                await reader.read(MOST_READ)
        for _ in range(40):
            await asyncio.gather(*(reader.read() for reader in (*fast, slow)))
        assert slow.numbers == list(range(len(table.records)))

    asyncio.run(play())


def test_functions_of_different_pace_share_the_requests_also_while_one_is_far_behind() -> None:
    async def play() -> None:
        table = Table(1)
        shard = Shard(table, "arn")
        behind, quick, steady = (Reader(shard) for _ in range(3))
        await behind.read()
        table.add(3 * MOST_READ)
        while len(steady.numbers) < len(table.records):
            due(shard)
            await quick.read(MOST_READ)
            await steady.read(MOST_READ)
        before = table.asked["GetRecords"]
        for turn in range(20):
            table.add(20)
            due(shard)
            await quick.read()
            if turn % 5 == 4:
                await behind.read(10)
                await steady.read()
        assert quick.numbers == steady.numbers == list(range(len(table.records)))
        assert table.asked["GetRecords"] - before == 20 + 4

    asyncio.run(play())


def test_a_function_that_overtakes_the_others_shares_its_requests_again() -> None:
    async def play() -> None:
        table = Table(1)
        table.bytes_each = MOST_BYTES // 10  # so few are kept, and one request may pass them
        shard = Shard(table, "arn")
        stuck, fast = Reader(shard), Reader(shard)
        await stuck.read()
        table.add(49)
        while len(stuck.numbers) < 50:
            due(shard)
            await stuck.read(MOST_READ)
        table.bytes_each = 1_000
        table.add(50)

        while await fast.read(MOST_READ):  # the first function repeats a failing batch, and reads no more
            pass

        assert fast.numbers == list(range(len(table.records)))
        before = table.asked.total()
        for _ in range(20):
            await fast.read()
        assert table.asked.total() - before <= 1, "nothing is new, so nothing is asked without a pause"
        table.add(5)
        due(shard)
        assert [await fast.read(), await stuck.read()] == [5, 55]
        assert stuck.numbers == fast.numbers

    asyncio.run(play())


def test_a_function_at_an_unknown_place_asks_with_pauses() -> None:
    async def play() -> None:
        shard = Shard(Table(3), "arn")
        await Reader(shard).read()
        lost, loop = Reader(shard), asyncio.get_running_loop()
        lost.position, begun = "00099", loop.time()
        assert [await lost.read(), await lost.read()] == [0, 0]
        assert loop.time() - begun >= 1.9 * READ_SECONDS

    asyncio.run(play())


def test_large_records_are_read_and_kept_in_smaller_numbers() -> None:
    async def play() -> None:
        table = Table(1)
        table.bytes_each = MOST_BYTES // 10
        shard = Shard(table, "arn")
        fast, slow = Reader(shard), Reader(shard)
        await fast.read()
        table.add(100)
        while len(fast.numbers) < 101:
            due(shard)
            await fast.read(1000)
            assert len(shard._kept) <= 10
        while await slow.read(1000):
            pass
        assert fast.numbers == slow.numbers == list(range(101))
        assert table.most_bytes <= MOST_BYTES

    asyncio.run(play())


def test_after_a_failed_request_no_record_is_missing() -> None:
    async def play() -> None:
        table = Table(2)
        shard = Shard(table, "arn")
        reader = Reader(shard)
        await reader.read()
        table.add(2)
        table.fails = 1
        due(shard)
        with pytest.raises(CallFailed):
            await reader.read()
        due(shard)
        await reader.read()
        assert reader.numbers == [0, 1, 2, 3]

    asyncio.run(play())
