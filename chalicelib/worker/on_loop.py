"""Run an `async def` job function on an event loop of its own, with a context whose methods it awaits.

Of several errors, the one that counts is chosen here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from aws_lambda_powertools import Logger

from chalicelib.errors import ConfigurationError, JobCancelled, LeaseLost, Suspended
from chalicelib.job_types.context import AsyncJobContext, NamedType
from chalicelib.job_types.retry import DECIDED, Curve
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import JobStore
from chalicelib.worker.constants import SETTLE_RESERVE, USUAL_TIMEOUT
from chalicelib.worker.context import WorkerContext

if TYPE_CHECKING:
    from chalicelib.worker.members import AsyncMembersOfJob

P = ParamSpec("P")
R = TypeVar("R")
Run = Callable[[Any, Any], Coroutine[Any, Any, Any]]


def run_on_loop(run: Run, payload: Any, ctx: WorkerContext) -> Any:
    """Return what an `async def` job function returns; raises what it raises.

    An error group with one error, or with an error that decides what follows, counts as that error.
    """
    try:
        return _run(lambda: _attempt(run, payload, ctx))
    except BaseExceptionGroup as group:
        raise _decisive(group) from group


def _run(begin: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(begin())
    # An event loop already runs: a test with its own event loop calls the job function.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(copy_context().run, lambda: asyncio.run(begin())).result()


async def _attempt(run: Run, payload: Any, ctx: WorkerContext) -> Any:
    attempt = AsyncWorkerContext(ctx, asyncio.current_task())
    context: AsyncJobContext = attempt  # the type checker compares the two here
    try:
        value = await run(payload, context)
    except (Exception, asyncio.CancelledError, BaseExceptionGroup, Suspended):
        await attempt.finish()
        raise
    await attempt.finish()
    return value


def _decisive(group: BaseExceptionGroup[Any]) -> BaseException:
    leaves = list(_leaves(group))
    for kind in (Suspended, LeaseLost, JobCancelled, DECIDED):
        found = next((leaf for leaf in leaves if isinstance(leaf, kind)), None)
        if found is not None:
            return found
    return leaves[0] if len(leaves) == 1 else group


def _leaves(error: BaseException) -> Iterable[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for one in error.exceptions for leaf in _leaves(one)]


@dataclass(frozen=True)
class OnLoop:
    """Call the functions of steps in an `async def` job function."""

    sleep: Callable[[float], Awaitable[None]]

    async def call(self, function: Callable[..., Any], args: Sequence[Any]) -> Any:
        """See Calling."""
        value = function(*args)
        return await value if asyncio.iscoroutine(value) else value

    async def pause(self, seconds: float) -> None:
        """See Calling; other steps go on meanwhile."""
        await self.sleep(seconds)

    async def let_others_go_on(self) -> bool:
        """See Calling."""
        await asyncio.sleep(0)
        return True


def _awaited(
    method: Callable[Concatenate[WorkerContext, P], R],
) -> "Callable[Concatenate[AsyncWorkerContext, P], Coroutine[Any, Any, R]]":
    """Return the method of AsyncWorkerContext that calls this method of WorkerContext."""

    @wraps(method)
    async def call(self: "AsyncWorkerContext", /, *given: P.args, **named: P.kwargs) -> R:
        return method(self.ctx, *given, **named)

    return call


@dataclass
class AsyncWorkerContext:
    """The AsyncJobContext of an attempt. `main` is the asyncio task of the job function."""

    ctx: WorkerContext
    main: "asyncio.Task[Any] | None"
    _begun: dict["asyncio.Task[Any]", "asyncio.Task[Any] | None"] = field(default_factory=dict, repr=False)
    """The steps that run, each with the task that waits for it."""
    _untold: set["asyncio.Task[Any] | None"] = field(default_factory=set, repr=False)
    """The tasks that ran when another one got JobCancelled: each gets it, too, before it begins another step."""

    def __post_init__(self) -> None:
        self.ctx.steps.on_stop = self._stop_others

    @property
    def job(self) -> Job:
        """See JobContext."""
        return self.ctx.job

    @property
    def store(self) -> JobStore:
        """See JobContext."""
        return self.ctx.store

    @property
    def clock(self) -> Callable[[], float]:
        """See JobContext."""
        return self.ctx.clock

    @property
    def job_id(self) -> str:
        """See JobContext."""
        return self.ctx.job_id

    @property
    def attempt(self) -> int:
        """See JobContext."""
        return self.ctx.attempt

    @property
    def idempotency_key(self) -> str:
        """See JobContext."""
        return self.ctx.idempotency_key

    @property
    def logger(self) -> Logger:
        """See JobContext."""
        return self.ctx.logger

    @property
    def version(self) -> str:
        """See JobContext."""
        return self.ctx.version

    def secret(self, name: str) -> str:
        """See JobContext."""
        return self.ctx.secret(name)

    def remaining_seconds(self) -> float:
        """See JobContext."""
        return self.ctx.remaining_seconds()

    def scope(self, prefix: str) -> AbstractContextManager[None]:
        """See JobContext."""
        return self.ctx.scope(prefix)

    enqueue = _awaited(WorkerContext.enqueue)
    enqueue_many = _awaited(WorkerContext.enqueue_many)

    def batch(self, **asked: Any) -> "AsyncMembersOfJob":
        """See AsyncJobContext."""
        from chalicelib.worker.members import AsyncMembersOfJob

        return AsyncMembersOfJob(self.ctx.batch(**asked))

    now = _awaited(WorkerContext.now)
    uuid = _awaited(WorkerContext.uuid)

    async def step(
        self,
        name: str,
        function: Callable[..., Any],
        *args: Any,
        within: float | None = None,
        tries: int | None = None,
        retry: Curve | None = None,
    ) -> Any:
        """See AsyncJobContext."""
        self._tell()
        calling = OnLoop(self.ctx.pause or asyncio.sleep)
        doing = self.ctx.steps.doing(name, function, args, calling, within, tries, retry)
        # Run the step as an asyncio task of its own: a step that has begun is finished and kept, even if its caller
        # is cancelled because another step has failed.
        task = asyncio.ensure_future(doing)
        self._begun[task] = asyncio.current_task()
        task.add_done_callback(self._begun.pop)
        try:
            return await asyncio.shield(task)
        except (JobCancelled, asyncio.CancelledError):
            self._untold.discard(asyncio.current_task())
            raise

    async def sleep(self, seconds: float, name: str | None = None) -> None:
        """See AsyncJobContext."""
        self._alone("ctx.sleep")
        self.ctx.sleep(seconds, name)

    async def call(self, type: str | NamedType, payload: Any, **asked: Any) -> Any:
        """See AsyncJobContext."""
        self._alone("ctx.call")
        return self.ctx.call(type, payload, **asked)

    async def gather(
        self,
        type: str | NamedType | Iterable[tuple[str | NamedType, Any]],
        payloads: Iterable[Any] | None = None,
        **asked: Any,
    ) -> list[Any]:
        """See AsyncJobContext."""
        self._alone("ctx.gather")
        return self.ctx.gather(type, payloads, **asked)

    async def wait_for(self, name: str, timeout: float = USUAL_TIMEOUT) -> Any:
        """See AsyncJobContext."""
        self._alone("ctx.wait_for")
        return self.ctx.wait_for(name, timeout)

    async def progress(self, percent: float, note: str | None = None) -> None:
        """See JobContext."""
        self._tell()
        self.ctx.progress(percent, note)

    async def check_cancelled(self) -> None:
        """See JobContext."""
        self._tell()
        self.ctx.check_cancelled()

    async def finish(self) -> None:
        """Wait for the steps that have begun, as long as the invocation has time; no other step begins."""
        self.ctx.steps.closing = True
        if self._begun:
            await asyncio.wait(set(self._begun), timeout=max(0.0, self.ctx.remaining_seconds() - SETTLE_RESERVE))

    def _stop_others(self) -> None:
        now = asyncio.current_task()
        self._untold = {task for task in asyncio.all_tasks() if task is not now}
        if self.main not in [caller for step, caller in self._begun.items() if step is not now]:
            # The job function itself waits for its tasks, and gets JobCancelled from one of them.
            self._untold.discard(self.main)

    def _tell(self) -> None:
        task = asyncio.current_task()
        if task in self._untold:
            self._untold.discard(task)
            raise JobCancelled(f"Job {self.job_id} was asked to stop.")

    def _alone(self, verb: str) -> None:
        if asyncio.current_task() is not self.main:
            raise ConfigurationError(
                f"{verb} works only in the job function itself, not in a task such as those of asyncio.gather: the job "
                "waits for one thing at a time. Gather steps, and wait before or after them."
            )
