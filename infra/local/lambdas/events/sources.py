"""Start and stop everything that invokes functions: queues, streams, schedules."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from weakref import WeakValueDictionary

from infra.local.lambdas.events.calls import Calls
from infra.local.lambdas.events.event_source import LONG_POLL_SECONDS, Chaos, QueueSource
from infra.local.lambdas.events.gate import Gate, Tasks
from infra.local.lambdas.events.schedule import ScheduleSource
from infra.local.lambdas.events.shards import Shard
from infra.local.lambdas.events.stream import StreamSource
from infra.local.lambdas.service import LambdaService
from infra.local.lambdas.specs import QueueMapping, Schedule, StreamMapping

Mapped = QueueMapping | Schedule | StreamMapping
NO_CHAOS = Chaos()
LONGEST_RUN_SECONDS = 900.0


class Source(Protocol):
    """The parts of every kind of event source: `tasks` are its current deliveries."""

    gate: Gate
    tasks: Tasks

    async def run(self) -> None:
        """Invoke until cancelled."""
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
        self._shards: WeakValueDictionary[str, Shard] = WeakValueDictionary()
        self._running: list[Running] = []
        self._held: frozenset[str] = frozenset()
        self._endings = Tasks()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
        self._service.portal.call(self._stop, grace)
        self._service.portal.call(self._calls.close)

    def _source(self, mapping: Mapped) -> Source:
        match mapping:
            case QueueMapping():
                return QueueSource(mapping, self._service, self._calls, self._chaos, self._poll_seconds)
            case StreamMapping():
                shard = self._shards.setdefault(mapping.stream_arn, Shard(self._calls, mapping.stream_arn))
                return StreamSource(mapping, self._service, shard)
            case Schedule():
                return ScheduleSource(mapping, self._service)

    async def _replace(self, mappings: Sequence[Mapped]) -> None:
        gone = [running for running in self._running if running.mapping not in mappings]
        self._running = [running for running in self._running if running not in gone]
        await asyncio.gather(*(running.source.gate.shut() for running in gone))
        for running in gone:
            self._endings.start(_end(running, LONGEST_RUN_SECONDS))
        for mapping in mappings:
            if all(running.mapping != mapping for running in self._running):
                source = self._source(mapping)
                if isinstance(mapping, QueueMapping) and mapping.function in self._held:
                    await source.gate.shut()
                task = asyncio.create_task(source.run(), name=f"source of {mapping.function}")
                self._running.append(Running(mapping, source, task))

    async def _hold(self, functions: frozenset[str]) -> None:
        changed, self._held = functions ^ self._held, functions
        for running in self._running:
            if not isinstance(running.mapping, QueueMapping) or running.mapping.function not in changed:
                continue
            if running.mapping.function in functions:
                await running.source.gate.shut()
            else:
                running.source.gate.open()

    async def _stop(self, grace: float) -> None:
        stopped, self._running = self._running, []
        await asyncio.gather(*(_end(running, grace) for running in stopped))


async def _end(running: Running, grace: float) -> None:
    await running.source.gate.shut()
    running.task.cancel()
    await asyncio.gather(running.task, return_exceptions=True)
    await running.source.tasks.end(grace)
