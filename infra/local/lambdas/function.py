"""Run one function: its execution environments, and the invocations that wait for one."""

import asyncio
from collections import deque
from typing import Any

from infra.local.lambdas.environment import Environment
from infra.local.lambdas.invocation import Invocation, InvokeResult
from infra.local.lambdas.site import Site
from infra.local.lambdas.specs import FunctionSpec


class Function:
    """The environments of a function. They start on demand up to the spec's concurrency, and stop after `idle_seconds`.

    An invocation goes to the environment that became idle last. If none is idle, it goes to the first that becomes
    idle, even if another one was started for this invocation. If the concurrency is used up, an invocation waits: no
    caller is throttled.
    """

    def __init__(self, spec: FunctionSpec, site: Site, idle_seconds: float) -> None:
        self.spec = spec
        self._site = site
        self._idle_seconds = idle_seconds
        self._closed = False
        self._held = self._stuck = False
        self._environments: set[Environment] = set()
        self._draining: set[Environment] = set()
        self._idle: dict[Environment, asyncio.TimerHandle] = {}  # each with the timer of its end
        self._waiting: deque[Invocation] = deque()
        self._runs: set[asyncio.Task[None]] = set()

    def pids(self) -> list[int]:
        """Return the process ids of all environments, including those that are about to end."""
        return [e.pid for e in (*self._environments, *self._draining) if e.pid is not None]

    async def invoke(self, event: Any) -> InvokeResult:
        """Run the handler on `event` (JSON). An error of the handler is a result. Raises RuntimeError after `close`."""
        if self._closed:
            raise RuntimeError(f"{self.spec.name} is closed.")
        invocation = Invocation(self.spec.arn, event, self.spec.timeout)
        if self._idle:
            environment, timer = self._idle.popitem()
            timer.cancel()
            environment.deliver(invocation)
        else:
            self._waiting.append(invocation)
            self._scale()
        return await invocation.result

    def hold(self) -> None:
        """Until `release`, keep warm environments: the code on disk may not load. After a failed cold start, wait."""
        self._held = True

    def release(self) -> None:
        """End a `hold`: the code on disk can be loaded."""
        self._held = self._stuck = False
        self._scale()

    def replace(self, spec: FunctionSpec | None = None) -> None:
        """Use new code or a new spec.

        Present environments get no more invocations; those that are busy finish first. After a failed cold start, try
        once more.
        """
        self._stuck = False
        self.spec = spec or self.spec
        for environment in tuple(self._environments):
            if environment.current is None:
                self._retire(environment)
            else:
                self._environments.discard(environment)
                self._draining.add(environment)
        self._scale()

    async def close(self) -> None:
        """Kill every process and wait for its end; waiting and running invocations end with an error."""
        self._closed = True
        while self._waiting:
            self._waiting.popleft().fail({"errorType": "ServiceException", "errorMessage": "The service is closing."})
        for environment in (*self._environments, *self._draining):
            environment.kill()
        for timer in self._idle.values():
            timer.cancel()
        while self._runs:
            await asyncio.wait(self._runs)

    def on_idle(self, environment: Environment) -> None:
        """Record that an environment waits for its next invocation."""
        if environment not in self._environments:
            environment.kill()
        elif self._waiting:
            environment.deliver(self._waiting.popleft())
        else:
            loop = asyncio.get_running_loop()
            self._idle[environment] = loop.call_later(self._idle_seconds, self._expire, environment)

    def on_gone(self, environment: Environment, init_error: dict[str, Any] | None) -> None:
        """Record that an environment's process has ended."""
        replaced = environment not in self._environments
        self._forget(environment)
        if init_error is not None and not replaced:
            self._failed_to_start(init_error)
        self._scale()

    def _failed_to_start(self, init_error: dict[str, Any]) -> None:
        if self._held:
            self._stuck = True
        elif self._waiting:
            # Let one waiting invocation fail with this environment. Otherwise broken code would start processes for
            # ever.
            self._waiting.popleft().fail(init_error)

    def _scale(self) -> None:
        if self._stuck or self._closed:
            return
        # Count the environments that will soon accept an invocation: those that are starting, and those that have
        # answered and not yet requested the next invocation.
        coming = sum(e.current is None and e not in self._idle for e in self._environments)
        room = self.spec.concurrency - len(self._environments)
        for _ in range(min(len(self._waiting) - coming, room)):
            self._start()

    def _start(self) -> None:
        environment = Environment(self.spec, self._site, self.on_idle, self.on_gone)
        self._environments.add(environment)
        run = asyncio.create_task(environment.run(), name=f"environment of {self.spec.name}")
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)

    def _expire(self, environment: Environment) -> None:
        if not self._held:
            self._retire(environment)

    def _retire(self, environment: Environment) -> None:
        self._forget(environment)
        self._draining.add(environment)
        environment.kill()

    def _forget(self, environment: Environment) -> None:
        self._environments.discard(environment)
        self._draining.discard(environment)
        if environment in self._idle:
            self._idle.pop(environment).cancel()
