"""A door in front of a loop's turns: shut, no turn is under way and none begins."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    """Lets one turn through at a time while open."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._opened.set()
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until the gate is open, then keep it from shutting for the length of the block."""
        while True:
            await self._opened.wait()
            async with self._turn:
                if self._opened.is_set():
                    yield
                    return

    async def shut(self) -> None:
        """Let no further turn begin, and wait for the one under way."""
        self._opened.clear()
        async with self._turn:
            return

    def open(self) -> None:
        """Let turns begin again."""
        self._opened.set()
