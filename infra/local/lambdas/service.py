"""Replace AWS Lambda as far as a laptop needs it: register functions, invoke them, replace their code."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

from anyio.from_thread import start_blocking_portal

from infra.local.lambdas.function import Function
from infra.local.lambdas.invocation import InvokeResult
from infra.local.lambdas.logs import Sink, discard
from infra.local.lambdas.site import Site
from infra.local.lambdas.specs import FunctionSpec

T = TypeVar("T")


class LambdaService:
    """Functions that run the code under `root`. Every method may be called from any thread.

    `aws`: environment variables that point an SDK to the emulator. `idle_seconds`: how long an unused environment is
    kept. `init_timeout`: how many seconds an environment may take to load its handler.
    """

    def __init__(
        self,
        root: Path,
        aws: Mapping[str, str],
        sink: Sink = discard,
        *,
        idle_seconds: float = 300,
        init_timeout: float = 30,
    ) -> None:
        self._parts = ExitStack()
        self.portal = self._parts.enter_context(start_blocking_portal(name="lambda"))
        self._parts.callback(self.portal.call, self._close)
        self._site = Site(root, dict(aws), sink, init_timeout)
        self._idle_seconds = idle_seconds
        self._functions: dict[str, Function] = {}
        self._holds = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def register(self, spec: FunctionSpec) -> None:
        """Add a function; give a function that is already registered a new spec and new environments."""
        self.portal.call(self._register, spec)

    def invoke(self, name: str, event: Any) -> InvokeResult:
        """Run a function on a JSON event and wait for its end. Raises KeyError for an unknown name."""
        return self.submit(name, event).result()

    def submit(self, name: str, event: Any) -> "Future[InvokeResult]":
        """Invoke like `invoke`, without waiting."""
        return self.portal.start_task_soon(self.invoke_async, name, event)

    async def invoke_async(self, name: str, event: Any) -> InvokeResult:
        """Invoke like `invoke`, for coroutines on the service's own loop."""
        return await self._functions[name].invoke(event)

    def concurrency(self, name: str) -> int:
        """Return the maximum simultaneous invocations of a function."""
        return self._functions[name].spec.concurrency

    def recycle(self) -> None:
        """Use the new code: only new environments get invocations; busy environments finish their current one."""
        self.portal.call(self._each, Function.replace)

    def hold(self) -> None:
        """Until `release` is called, keep warm environments, and let invocations wait if the code cannot be loaded."""
        self._holds = True
        self.portal.call(self._each, Function.hold)

    def release(self) -> None:
        """End a `hold`: an invocation fails again if its function cannot be loaded."""
        self._holds = False
        self.portal.call(self._each, Function.release)

    def pids(self) -> dict[str, list[int]]:
        """Return the process ids of every function's environments."""
        return self.portal.call(self._each, Function.pids)

    def close(self) -> None:
        """Kill every environment and wait until none is left. Idempotent."""
        self._parts.close()

    def _register(self, spec: FunctionSpec) -> None:
        known = self._functions.get(spec.name)
        if known is None:
            function = self._functions[spec.name] = Function(spec, self._site, self._idle_seconds)
            if self._holds:
                function.hold()
        elif known.spec != spec:
            known.replace(spec)

    def _each(self, step: Callable[[Function], T]) -> dict[str, T]:
        return {name: step(function) for name, function in self._functions.items()}

    async def _close(self) -> None:
        await asyncio.gather(*(function.close() for function in self._functions.values()))
