"""Run an SQS event source mapping: receive, batch, invoke, delete what succeeded."""

import asyncio
import contextlib
import logging
import random
from dataclasses import dataclass

from infra.local.lambdas.events.calls import SQS, CallFailed, Calls, NoAnswer
from infra.local.lambdas.events.gate import Gate, Tasks
from infra.local.lambdas.events.records import Message, sqs_event, to_delete
from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import QueueMapping

LOG = logging.getLogger(__name__)
LONG_POLL_SECONDS = 20
"""The longest poll that SQS allows: an empty queue costs three requests a minute. A pause ends a poll at once."""
SHORT_POLL_SECONDS = 1
"""For an emulator that would lose the messages of a poll that is ended: a pause waits for the end of its poll."""
ERROR_PAUSE_SECONDS = 0.5
AGAIN_SECONDS = 0.02
PATIENCE_SECONDS = 10.0
"""Maximum time for the end of a poll: the emulator may be suspended."""


@dataclass(frozen=True, slots=True)
class Chaos:
    """The share of messages (0 to 1) that are delivered twice, and the seed of the random choice."""

    duplicate_rate: float = 0.0
    seed: int = 0


class QueueSource:
    """One mapping.

    It receives whenever it has a free slot: SQS moves a message to the dead-letter queue only when it is received. The
    visibility timeout begins at the receive and is never changed here. Messages of a failed batch are not changed
    either.
    """

    def __init__(
        self, mapping: QueueMapping, service: LambdaService, calls: Calls, chaos: Chaos, poll_seconds: int
    ) -> None:
        self.mapping = mapping
        self.gate = Gate(self._end_poll)
        self._service = service
        self._calls = calls
        self._chaos = chaos
        self._poll_seconds = poll_seconds
        self._poll: asyncio.Timeout | None = None
        self._random = random.Random(chaos.seed)
        slots = min(mapping.max_concurrency, service.concurrency(mapping.function))
        self._slots = asyncio.Semaphore(slots)
        self.tasks = Tasks()

    async def run(self) -> None:
        """Receive and deliver until cancelled."""
        while True:
            await self._slots.acquire()
            messages: list[Message] = []
            try:
                messages = await self._next_batch()
            except CallFailed as error:
                LOG.warning("Could not receive messages of %s: %s", self.mapping.function, error)
                await asyncio.sleep(ERROR_PAUSE_SECONDS)
            finally:
                if not messages:
                    self._slots.release()
            if messages:
                self._spawn(messages, holds_slot=True)
                self._spawn_duplicates(messages)

    async def _next_batch(self) -> list[Message]:
        async with self.gate.turn():
            messages = await self._receive(self.mapping.batch_size, self._poll_seconds)
        loop = asyncio.get_running_loop()
        closes_at = loop.time() + self.mapping.window
        while messages and (room := self.mapping.batch_size - len(messages)) and loop.time() < closes_at:
            wait = min(self._poll_seconds, int(closes_at - loop.time()))
            async with self.gate.turn():
                more = await self._receive(room, wait)
            messages += more
            if not more and not wait:
                await asyncio.sleep(min(0.1, max(0.0, closes_at - loop.time())))
        return messages

    async def _receive(self, most: int, wait: int) -> list[Message]:
        asked = {
            "QueueUrl": self.mapping.queue_url,
            "MaxNumberOfMessages": most,
            "WaitTimeSeconds": wait,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        try:
            async with asyncio.timeout(None) as self._poll:
                answer = await self._calls.call(SQS, "ReceiveMessage", asked, wait)
        except TimeoutError:
            return []
        finally:
            self._poll = None
        return list(answer.get("Messages", []))

    async def _end_poll(self) -> None:
        if self._poll is None or self._poll_seconds <= SHORT_POLL_SECONDS:
            return
        if self._poll.when() is None:  # else it already ends
            self._poll.reschedule(asyncio.get_running_loop().time() + PATIENCE_SECONDS)
        # Ask again until it has ended, because the poll may still be on its way.
        while self._poll is not None:
            with contextlib.suppress(CallFailed):
                await self._calls.end_polls(self.mapping.queue_url)
            await asyncio.sleep(AGAIN_SECONDS)

    def _spawn(self, messages: list[Message], *, holds_slot: bool) -> None:
        delivery = self.tasks.start(self._deliver(messages))
        if holds_slot:
            delivery.add_done_callback(lambda _: self._slots.release())

    def _spawn_duplicates(self, messages: list[Message]) -> None:
        again = [m for m in messages if self._random.random() < self._chaos.duplicate_rate]
        if again:
            self._spawn(again, holds_slot=False)

    async def _deliver(self, messages: list[Message]) -> None:
        event = sqs_event(messages, self.mapping.queue_arn)
        result = await self._service.invoke_async(self.mapping.function, event)
        done = to_delete(messages, result, self.mapping)
        if done:
            await self._delete(done)

    async def _delete(self, messages: list[Message]) -> None:
        entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
        asked = {"QueueUrl": self.mapping.queue_url, "Entries": entries}
        try:
            try:
                await self._calls.call(SQS, "DeleteMessageBatch", asked)
            except NoAnswer:
                await self._calls.call(SQS, "DeleteMessageBatch", asked)
        except CallFailed as error:
            LOG.warning("Could not delete messages of %s, which will come again: %s", self.mapping.function, error)
