"""Stop a loop between two turns, and end what it has started: while the gate is closed, no turn runs or begins."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any


class Gate:
    """Allow one turn at a time while open. `interrupt` lets the current turn end sooner."""

    def __init__(self, interrupt: Callable[[], Awaitable[None]] | None = None) -> None:
        self._interrupt = interrupt
        self._opened = asyncio.Event()
        self._opened.set()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until the gate is open, and hold it open during the block."""
        while True:
            await self._opened.wait()
            async with self._turn:
                if self._opened.is_set():
                    yield
                    return

    async def shut(self) -> None:
        """Let no further turn begin, and wait for the current turn to end."""
        self._opened.clear()
        if self._interrupt is not None:
            await self._interrupt()
        async with self._turn:
            return

    def open(self) -> None:
        """Let turns begin again."""
        self._opened.set()


class Tasks:
    """Tasks that run beside a loop."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run this until its end."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def end(self, grace: float) -> None:
        """Give the tasks `grace` seconds to end, then cancel them."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        for task in self._running:
            task.cancel()
