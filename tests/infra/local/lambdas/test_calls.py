"""Test what an event source does when the emulator does not answer."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

import pytest

from infra.local.lambdas.events import event_source
from infra.local.lambdas.events.calls import SQS, CallFailed, Calls, NoAnswer
from infra.local.lambdas.events.event_source import Chaos, QueueSource
from infra.local.lambdas.invocation import InvokeResult
from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import QueueMapping

AWS = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
MAPPING = QueueMapping("function", "http://127.0.0.1:9/q", "arn:aws:sqs:us-east-1:1:q", batch_size=1)


class Queue(Calls):
    """A queue with one message, whose first answers to a delete are lost."""

    def __init__(self, lost: int) -> None:
        super().__init__(AWS)
        self.asked: Counter[str] = Counter()
        self._lost = lost

    async def sized(self, service: Any, operation: str, asked: Mapping[str, Any], wait: int = 0) -> tuple[Any, int]:
        self.asked[operation] += 1
        if operation == "DeleteMessageBatch":
            if self.asked[operation] <= self._lost:
                raise NoAnswer("no answer")
            return {}, 2
        if self.asked[operation] > 1:
            await asyncio.sleep(3_600)
        return {"Messages": [{"MessageId": "a", "ReceiptHandle": "a", "Body": "{}", "MD5OfBody": ""}]}, 100


class Function:
    """A function that succeeds."""

    def concurrency(self, _function: str) -> int:
        return 1

    async def invoke_async(self, _function: str, _event: Any) -> InvokeResult:
        return InvokeResult(ok=True, request_id="r")


class Suspended(Calls):
    """An emulator that answers nothing."""

    async def sized(self, service: Any, operation: str, asked: Mapping[str, Any], wait: int = 0) -> tuple[Any, int]:
        await asyncio.sleep(3_600)
        raise NoAnswer("no answer")

    async def end_polls(self, queue_url: str) -> None:
        raise NoAnswer("no answer")


def test_a_pause_does_not_wait_for_a_suspended_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_source, "PATIENCE_SECONDS", 0.1)

    async def play() -> None:
        source = QueueSource(MAPPING, cast("LambdaService", Function()), Suspended(AWS), Chaos(), 20)
        running = asyncio.create_task(source.run())
        await asyncio.sleep(0.1)
        async with asyncio.timeout(30):
            await source.gate.shut()
        running.cancel()

    asyncio.run(play())


def test_a_second_pause_does_not_wait_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_source, "PATIENCE_SECONDS", 0.5)

    async def play() -> None:
        source = QueueSource(MAPPING, cast("LambdaService", Function()), Suspended(AWS), Chaos(), 20)
        running = asyncio.create_task(source.run())
        await asyncio.sleep(0.1)
        first = asyncio.create_task(source.gate.shut())
        await asyncio.sleep(0.1)
        monkeypatch.setattr(event_source, "PATIENCE_SECONDS", 3_600.0)
        async with asyncio.timeout(30):
            await asyncio.gather(first, source.gate.shut())
        running.cancel()

    asyncio.run(play())


def test_a_delete_after_the_end_of_the_connections_is_a_failed_call() -> None:
    async def play() -> None:
        calls = Calls(AWS)
        for _ in range(2):
            with pytest.raises(CallFailed):
                await calls.call(SQS, "DeleteMessageBatch", {})
            await calls.close()

    asyncio.run(play())


def test_a_delete_without_an_answer_is_sent_once_more() -> None:
    async def play() -> None:
        queue = Queue(lost=1)
        source = QueueSource(MAPPING, cast("LambdaService", Function()), queue, Chaos(), 20)
        running = asyncio.create_task(source.run())
        async with asyncio.timeout(30):
            while queue.asked["DeleteMessageBatch"] < 2:
                await asyncio.sleep(0.01)
        await source.tasks.end(1)
        running.cancel()

    asyncio.run(play())
