"""Start and stop everything that invokes functions: queues, streams, schedules."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from weakref import WeakValueDictionary

from infra.local.lambdas.events.calls import Calls
from infra.local.lambdas.events.event_source import LONG_POLL_SECONDS, Chaos, QueueSource
from infra.local.lambdas.events.gate import Gate
from infra.local.lambdas.events.schedule import ScheduleSource
from infra.local.lambdas.events.shards import Stream
from infra.local.lambdas.events.stream import StreamSource
from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import QueueMapping, Schedule, StreamMapping

Mapped = QueueMapping | Schedule | StreamMapping
NO_CHAOS = Chaos()
LONGEST_RUN_SECONDS = 900.0


class Source(Protocol):
    """The methods of every kind of event source."""

    gate: Gate

    async def run(self) -> None:
        """Invoke until cancelled."""
        ...

    async def close(self, grace: float) -> None:
        """Release everything."""
        ...


@dataclass(frozen=True, slots=True)
class Running:
    """A source that runs."""

    mapping: Mapped
    source: Source
    task: asyncio.Task[None]


class EventSources:
    """The event sources of one service. Every method may be called from any thread.

    `poll_seconds`: how long the emulator waits for the first message of a queue (1 to 20).
    """

    def __init__(
        self,
        service: LambdaService,
        aws: Mapping[str, str],
        chaos: Chaos = NO_CHAOS,
        poll_seconds: int = LONG_POLL_SECONDS,
    ) -> None:
        self._service = service
        self._chaos = chaos
        self._calls = Calls(aws)
        self._poll_seconds = poll_seconds
        self._streams: WeakValueDictionary[str, Stream] = WeakValueDictionary()
        self._running: list[Running] = []
        self._held: frozenset[str] = frozenset()
        self._endings: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, mapping: Mapped) -> None:
        """Start a source; its function must be registered. A running source does not change."""
        self._service.portal.call(self._add, mapping)

    def remove(self, mapping: Mapped, grace: float = 1.0) -> None:
        """Stop a source; current deliveries get `grace` seconds."""
        self._service.portal.call(self._stop, [r for r in self._running if r.mapping == mapping], grace)

    def replace(self, mappings: Sequence[Mapped]) -> None:
        """Run exactly these sources: start the new ones. The others stop receiving, and finish their deliveries."""
        self._service.portal.call(self._replace, mappings)

    def keep(self, functions: Collection[str]) -> None:
        """Keep the sources of these functions, and remove those of all others."""
        self.replace([running.mapping for running in self._running if running.mapping.function in functions])

    def hold(self, functions: Collection[str]) -> None:
        """Pause the queues of exactly these functions: nothing more is received; current deliveries continue."""
        if self._held != frozenset(functions):
            self._service.portal.call(self._hold, frozenset(functions))

    def close(self, grace: float = 0.0) -> None:
        """Stop every source; current deliveries get `grace` seconds."""
        self._service.portal.call(self._stop, self._running, grace)
        self._service.portal.call(self._calls.close)

    def _source(self, mapping: Mapped) -> Source:
        match mapping:
            case QueueMapping():
                return QueueSource(mapping, self._service, self._calls, self._chaos, self._poll_seconds)
            case StreamMapping():
                stream = self._streams.setdefault(mapping.stream_arn, Stream(self._calls, mapping.stream_arn))
                return StreamSource(mapping, self._service, stream)
            case Schedule():
                return ScheduleSource(mapping, self._service)

    async def _add(self, mapping: Mapped) -> None:
        if any(running.mapping == mapping for running in self._running):
            return
        source = self._source(mapping)
        if isinstance(mapping, QueueMapping) and mapping.function in self._held:
            await source.gate.shut()
        task = asyncio.create_task(source.run(), name=f"source of {mapping.function}")
        self._running.append(Running(mapping, source, task))

    async def _replace(self, mappings: Sequence[Mapped]) -> None:
        gone = [running for running in self._running if running.mapping not in mappings]
        self._running = [running for running in self._running if running not in gone]
        await asyncio.gather(*(running.source.gate.shut() for running in gone))
        for running in gone:
            ending = asyncio.create_task(_end(running, LONGEST_RUN_SECONDS))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
        for mapping in mappings:
            await self._add(mapping)

    async def _hold(self, functions: frozenset[str]) -> None:
        changed, self._held = functions ^ self._held, functions
        for running in self._running:
            if not isinstance(running.mapping, QueueMapping) or running.mapping.function not in changed:
                continue
            if running.mapping.function in functions:
                await running.source.gate.shut()
            else:
                running.source.gate.open()

    async def _stop(self, which: list[Running], grace: float) -> None:
        self._running = [running for running in self._running if running not in which]
        await asyncio.gather(*(_end(running, grace) for running in which))


async def _end(running: Running, grace: float) -> None:
    await running.source.gate.shut()
    running.task.cancel()
    await asyncio.gather(running.task, return_exceptions=True)
    await running.source.close(grace)
