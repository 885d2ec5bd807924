"""Declare tasks as Celery does, and make jobs of them. This module needs neither the platform nor the HTTP client.

A task has the job type of its queue; `jobflow.celery.worker` declares this job type.
"""

import ast
import inspect
import logging
import math
import random
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial, update_wrapper
from importlib import import_module
from typing import Any, NoReturn, overload

from jobflow import context
from jobflow.celery import arguments, options, results
from jobflow.plain import number_of

PREFIX, DEFAULT_QUEUE = "celery.", "default"
QUEUE = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)*")
MOST_RETRIES, MOST_QUEUE, LONGEST_TAG = 29, 33, 40
LONGEST_RETRY = 604_800
"""Longest wait before a retry, in seconds: the platform would shorten a longer one."""
AFTER_A_DEATH = 3
"""Minimum attempts of a task with `acks_late`: a worker that dies uses up one attempt."""


class Retry(Exception):
    """Raised by `self.retry()`: the task runs again in `after` seconds. `when` is the `eta`, if the task gave one."""

    def __init__(self, after: float, exc: BaseException | None = None, when: float | datetime | None = None) -> None:
        super().__init__(f"Retry in {after:g} s" + ("" if exc is None else f": {exc}"))
        self.after = after
        self.exc = exc
        self.when = after if when is None else when


class MaxRetriesExceededError(Exception):
    """The task has used up its retries."""


class Ignore(Exception):
    """Raised in a task to end it: its job is completed, without a result."""


@dataclass(frozen=True, slots=True)
class Request:
    """The call of a running task: `self.request`."""

    task: str
    id: str | None = None
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    retries: int = 0
    called_directly: bool = True
    root_id: str | None = None
    parent_id: str | None = None
    correlation_id: str | None = None
    is_eager: bool = False
    most_retries: int | None = None
    """The retries that the job's attempts allow; None: no limit, because retries charge no attempt."""
    asked: "list[Retry]" = field(default_factory=list, compare=False, repr=False)
    """The retry that the task has asked for with `throw=False`: it follows when the task ends."""


RUNNING: ContextVar["tuple[Task, Request] | None"] = ContextVar("jobflow_celery_task", default=None)
TASKS: "dict[str, Task]" = {}
"""The declared tasks by name."""


class Task:
    """A task: call it to run the function here, `delay` or `apply_async` to make a job of it."""

    MaxRetriesExceededError = MaxRetriesExceededError
    AsyncResult = results.AsyncResult

    def __init_subclass__(cls, **_: Any) -> None:
        """Raise NotOffered: a base class of tasks would have no effect."""
        raise options.refused(f"{cls.__module__}.{cls.__name__}", "class …(Task)", options.TASK["base"])

    def __init__(self, function: Callable[..., Any], given: Mapping[str, Any]) -> None:
        self.run = function
        self.name: str = given.get("name") or f"{function.__module__}.{function.__name__}"
        options.check(self.name, given, options.TASK)
        update_wrapper(self, function)
        self.bind = bool(given.get("bind"))
        self.ignore_result = bool(given.get("ignore_result"))
        self.typing = given.get("typing") is not False
        self.acks_late = bool(given.get("acks_late") or given.get("reject_on_worker_lost"))
        self.expires = given.get("expires")
        self.queue = given.get("queue")
        self.autoretry_for: tuple[type[BaseException], ...] = tuple(given.get("autoretry_for") or ())
        self.dont_autoretry_for: tuple[type[BaseException], ...] = tuple(given.get("dont_autoretry_for") or ())
        self.default_retry_delay: float = _or(given.get("default_retry_delay"), 180)
        self.retry_backoff: float = given.get("retry_backoff") or 0
        self.retry_backoff_max: float = _or(given.get("retry_backoff_max"), 600)
        self.retry_jitter = given.get("retry_jitter") is not False
        self.retry_kwargs = dict(given.get("retry_kwargs") or {})
        self.max_retries: int | None = given.get("max_retries", 3)
        self._most_autoretries: int | None = _or(self.retry_kwargs.get("max_retries"), self.max_retries)
        if self.retry_kwargs.keys() - {"max_retries", "countdown"}:
            says = options.no("only max_retries and countdown")
            raise options.refused(self.name, f"retry_kwargs={self.retry_kwargs}", says)
        told = given.get("max_retries") is not None
        self._retries_itself = told
        self._check()
        self._register()

    def _register(self) -> None:
        """Store the task by its name. Raises ValueError if another task has the name: only one of them would run.

        The same declaration may be repeated, because a module is imported again after a failed import.
        """
        self.declared_at = _caller()
        other = TASKS.get(self.name)
        if other is not None and not self._is_again(other):
            places = " and ".join(f"{file}:{line}" for file, line in (other.declared_at, self.declared_at))
            why = "Give one of them another name=; a decorator keeps the name of its function with functools.wraps."
            raise ValueError(f"Two tasks have the name {self.name}: {places}. {why}")
        TASKS[self.name] = self

    def _is_again(self, other: "Task") -> bool:
        """Return whether this is the other task's declaration: at the same place, or moved in an edited module."""
        mine, its = ((one.run.__module__, getattr(one.run, "__qualname__", "<")) for one in (self, other))
        return self.declared_at == other.declared_at or (mine == its and "<" not in mine[1])

    def _check(self) -> None:
        """Raise NotOffered for a value out of range, and for a use of the task that JobFlow refuses."""
        job_type(self.queue, self.name)
        for retries in (self.max_retries, self._most_autoretries):
            if retries is not None and not 0 <= retries <= MOST_RETRIES:
                says = f"at most {MOST_RETRIES}, or None to retry without an end"
                raise options.refused(self.name, f"max_retries={retries}", options.no(says, options.RETRIES))
        waits = {
            "default_retry_delay": self.default_retry_delay, "retry_backoff_max": self.retry_backoff_max,
            "retry_kwargs: countdown": self.retry_kwargs.get("countdown"),
        }  # fmt: skip
        for name, wait in waits.items():
            if wait is not None and wait > LONGEST_RETRY:
                says = f"a retry waits at most 7 days ({LONGEST_RETRY} seconds)"
                raise options.refused(self.name, f"{name}={wait}", options.no(says, options.RETRIES))
        if inspect.iscoroutinefunction(self.run):
            says = "call asyncio.run in a plain function, or write a job type"
            raise options.refused(self.name, "async def", options.no(says, options.STEPS))
        used = Used.of(self.run, bound=self.bind)
        self._retries_itself = self._retries_itself or used.retry
        options.check_used(self.name, "self.", used.attributes, {**dict.fromkeys(dir(self), MINE), **options.SELF})
        options.check_used(self.name, "self.request.", used.request, options.REQUEST)
        if other := [name for name in used.retry_arguments if name not in RETRY_ARGUMENTS]:
            raise options.refused(self.name, f"self.retry({', '.join(other)})", OTHER_CALL)
        if self.max_retries is not None and used.most_retries > self.max_retries:
            says = f"declare it where the task is declared: max_retries={used.most_retries}"
            place = f"retry(max_retries={used.most_retries})"
            raise options.refused(self.name, place, options.no(says, options.RETRIES))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function here, without a job."""
        with self.running(Request(self.name, args=args, kwargs=kwargs)):
            return self.run(*self._bound(args), **kwargs)

    def __getattr__(self, name: str) -> NoReturn:
        """Raise AttributeError; for Celery's other attributes of a task, the text says what to do instead."""
        if name in options.SELF:
            raise AttributeError(str(options.refused(self.__dict__.get("name", "task"), name, options.SELF[name])))
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def request(self) -> Request:
        """Return the task's call that runs now."""
        running = RUNNING.get()
        return running[1] if running and running[0] is self else Request(self.name)

    def delay(self, *args: Any, **kwargs: Any) -> results.AsyncResult:
        """Make a job that runs the task with these arguments."""
        return self.apply_async(args, kwargs)

    def apply_async(
        self, args: Sequence[Any] | None = None, kwargs: Mapping[str, Any] | None = None, *more: Any, **asked: Any
    ) -> results.AsyncResult:
        """Make a job that runs the task; raises TypeError, ValueError, NotOffered, or the errors of the client.

        `task_id` is the idempotency key. In a task, the key belongs to the run of that task's job, so nobody else can
        find the job by it: the result then has the job's id. The name of the task is a tag of the job.
        """
        if more:
            raise TypeError(f"{self.name}: apply_async takes args and kwargs, and then only named arguments")
        if isinstance(args, str | bytes) or not isinstance(args, Iterable | None):
            raise TypeError(f"{self.name}: args is a list or a tuple: write args=({args!r},)")
        if not isinstance(kwargs, Mapping | None):
            raise TypeError(f"{self.name}: kwargs is a dict, not {kwargs!r}")
        options.check(self.name, asked, options.CALL)
        if asked.get("ignore_result") not in (None, self.ignore_result):
            raise options.refused(self.name, "ignore_result", options.no("declare it where the task is declared"))
        given, eta, task_id = asked.get("countdown"), asked.get("eta"), asked.get("task_id")
        countdown = number_of(given)
        if given is not None and eta is not None:
            raise ValueError(f"{self.name}: countdown and eta exclude each other: each says when the task runs.")
        if given is not None and countdown is None:
            raise TypeError(f"{self.name}: countdown is a number of seconds, not {given!r}")
        expires = asked["expires"] if asked.get("expires") is not None else self.expires
        payload = self.payload(*(args or ()), **(kwargs or {}))
        job = context.connect().submit(
            job_type(asked.get("queue") or self.queue, self.name),
            payload if task_id is None else {**payload, "id": str(task_id)},
            key=None if task_id is None else str(task_id),
            delay=None if countdown is None else max(0, countdown),
            run_at=eta,
            expires=None if expires is None else self._expires(expires, countdown, eta),
            max_attempts=self.attempts,
            tags=(tag(self.name),),
        )
        return results.AsyncResult(job.id if task_id is None or results.in_task() else str(task_id), job)

    def delay_on_commit(self, *args: Any, **kwargs: Any) -> None:
        """Make the job when Django's current transaction commits; without a transaction, at once."""
        import_module("django.db.transaction").on_commit(partial(self.delay, *args, **kwargs))

    def apply_async_on_commit(self, *args: Any, **kwargs: Any) -> None:
        """Make the job when Django's current transaction commits; without a transaction, at once."""
        import_module("django.db.transaction").on_commit(partial(self.apply_async, *args, **kwargs))

    def payload(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the payload of a job that runs the task with these arguments, for a schedule of the queue."""
        if self.typing:
            try:
                self._signature.bind(*args, **kwargs)
            except TypeError as wrong:
                raise TypeError(f"{self.name}: {wrong}") from None
        names = [one.name for one in self._signature.parameters.values() if one.kind is not one.VAR_POSITIONAL]
        named = {names[at] if at < len(names) else f"args[{at}]": value for at, value in enumerate(args)}
        arguments.check(self.name, {**named, **kwargs})
        return {"task": self.name, "args": list(args), "kwargs": dict(kwargs)}

    @property
    def attempts(self) -> int:
        """Return how many attempts a job of the task has. Unlimited retries use up no attempt.

        A task that never asks for a retry has one attempt, so that the task does not run again after its worker died.
        """
        if self.max_retries is None:
            return AFTER_A_DEATH if self.acks_late else 1
        auto = _or(self._most_autoretries, 0) if self.autoretry_for else 0
        tries = 1 + max(auto, self.max_retries if self._retries_itself else 0)
        return max(tries, AFTER_A_DEATH) if self.acks_late else tries

    @property
    def runs_again(self) -> bool:
        """Return whether the function may be called again after it has begun: the task retries, or has `acks_late`."""
        retries = self._retries_itself or bool(self.autoretry_for)
        return self.attempts > 1 or (retries and self.max_retries is None)

    def retry(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        exc: BaseException | None = None,
        throw: bool = True,
        eta: datetime | None = None,
        countdown: float | None = None,
        max_retries: int | None = None,
        **others: Any,
    ) -> Retry:
        """Raise Retry: the task runs again later. After the last retry, raise `exc` or MaxRetriesExceededError."""
        given = {**others, **({} if args is None else {"args": args}), **({} if kwargs is None else {"kwargs": kwargs})}
        if given:
            raise options.refused(self.name, f"self.retry({', '.join(given)})", OTHER_CALL)
        request, most = self.request, self.max_retries if max_retries is None else max_retries
        if request.called_directly:
            raise exc or _current_error() or Retry(0)
        if self.max_retries is not None and most is not None and most > self.max_retries:
            raise ValueError(f"{self.name}: max_retries={most}: declare it on the task, which has {self.max_retries}")
        if request.most_retries == 0 and self.max_retries != 0 and not self.runs_again:
            why = "asks for a retry outside of its own function: declare max_retries= on the task"
            raise MaxRetriesExceededError(f"{self.name} {why}") from exc or _current_error()
        again = self._again(request, most, exc, countdown, eta)
        if throw:
            raise again
        request.asked[:] = [again]
        return again

    def _again(
        self, request: Request, most: int | None, exc: BaseException | None, countdown: float | None,
        eta: datetime | None = None,
    ) -> Retry:  # fmt: skip
        """Return the next retry, of at most `most`. After the last one, raise `exc` or MaxRetriesExceededError."""
        most = min((one for one in (most, request.most_retries) if one is not None), default=None)
        if most is not None and request.retries >= most:
            if exc is not None:
                raise exc
            raise MaxRetriesExceededError(f"{self.name}[{request.id}] has used up its {most} retries")
        after = self.default_retry_delay if countdown is None else countdown
        if eta is not None:
            after = (_with_zone(self.name, eta) - datetime.now(UTC)).total_seconds()
        if after > LONGEST_RETRY:
            why = f"a retry waits at most 7 days; to run later, call .apply_async(…, countdown={after:.0f}) and return"
            raise ValueError(f"{self.name}: a retry in {after:.0f} s: {why}")
        return Retry(max(0.0, after), exc or _current_error(), eta)

    def perform(self, request: Request, decided: tuple[type[BaseException], ...] = ()) -> Any:
        """Run the task as its job does, with retries. Raises Retry, or what the function raises.

        `decided` are errors of the platform, which no `autoretry_for` retries.
        """
        passing: tuple[type[BaseException], ...] = (Retry, *decided)
        with self.running(request):
            try:
                result = self._with_autoretry(request, passing)
            except passing:
                raise
            except Exception as error:
                if not request.asked:
                    raise
                # As in Celery, which sends the retry at once: the task has failed with this error, and runs again.
                asked = request.asked[0]
                raise Retry(asked.after, error, asked.when) from error
            if request.asked:
                raise request.asked[0]
            return result

    def _with_autoretry(self, request: Request, passing: tuple[type[BaseException], ...]) -> Any:
        try:
            return self.run(*self._bound(request.args), **request.kwargs)
        except Ignore:
            return None
        except (*passing, *self.dont_autoretry_for):
            raise
        except self.autoretry_for as error:
            raise self._again(request, self._most_autoretries, error, self._backoff(request.retries)) from None

    @contextmanager
    def running(self, request: Request) -> Iterator[None]:
        """Let the code in the block find the task and its request."""
        token = RUNNING.set((self, request))
        try:
            yield
        finally:
            RUNNING.reset(token)

    def _backoff(self, retries: int) -> float | None:
        if not self.retry_backoff:
            countdown: float | None = self.retry_kwargs.get("countdown")
            return countdown
        longest = min(self.retry_backoff_max, max(1.0, float(self.retry_backoff)) * 2 ** min(retries, 64))
        return random.randrange(math.floor(longest) + 1) if self.retry_jitter else longest

    def _bound(self, args: Sequence[Any]) -> Sequence[Any]:
        return (self, *args) if self.bind else args

    @cached_property
    def _signature(self) -> inspect.Signature:
        # as Celery does: of the outermost decorator, which may add arguments of its own
        found = inspect.signature(self.run, follow_wrapped=False)
        given = list(found.parameters.values())
        own = self.bind and given and given[0].kind in (given[0].POSITIONAL_ONLY, given[0].POSITIONAL_OR_KEYWORD)
        return found.replace(parameters=given[1:] if own else given)

    def _expires(self, expires: float | datetime, countdown: float | None, eta: datetime | None) -> float:
        """Return the seconds from the job's due time to its expiry; Celery counts `expires` from the call."""
        now = datetime.now(UTC)
        left = (_with_zone(self.name, expires) - now).total_seconds() if isinstance(expires, datetime) else expires
        due = (_with_zone(self.name, eta) - now).total_seconds() if eta is not None else countdown or 0
        seconds = left - max(0, due)
        if seconds < 1:
            raise ValueError(f"{self.name}: expires={expires}: the task would expire before it begins.")
        return seconds


MINE = options.Option("an attribute of the task")
RETRY_ARGUMENTS = ("exc", "throw", "eta", "countdown", "max_retries")
OTHER_CALL = options.no("it runs the same call again; for another one, call .apply_async(…) and return")


@dataclass(frozen=True, slots=True)
class Used:
    """Describe how a function uses its own task, as read from the function's source."""

    attributes: Sequence[str] = ()
    request: Sequence[str] = ()
    retry: bool = False
    most_retries: int = 0
    retry_arguments: Sequence[str] = ()

    @classmethod
    def of(cls, function: Callable[..., Any], *, bound: bool) -> "Used":
        """Read the source. Without a source (in a shell), assume that a function with its task asks for retries."""
        decorated = bound and hasattr(function, "__wrapped__")  # the decorator gets the task, too
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
        except (OSError, TypeError, SyntaxError):
            return cls(retry=bound)
        made = next((node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)), None)
        if made is None or (bound and not made.args.args):
            return cls(retry=bound)
        itself = made.args.args[0].arg if bound else ""
        nodes = [node for part in made.body for node in ast.walk(part)]
        reads = [node for node in nodes if isinstance(node, ast.Attribute)]
        of_self = [node for node in reads if _is(node.value, itself)]
        of_request = [node.attr for node in reads if node.value in of_self and _is_request(node.value)]
        by_name = [node.attr for node in reads if _is(node.value, made.name) or _is(node.value, "current_task")]
        passed_on = len(of_self) < sum(_is(node, itself) for node in nodes)
        retries = [
            given
            for node in nodes
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "retry"
            if any(_is(node.func.value, name) for name in (itself, made.name, "current_task"))
            for given in node.keywords
            if given.arg
        ]
        most = [one.value.value for one in retries if one.arg == "max_retries" and isinstance(one.value, ast.Constant)]
        return cls(
            [node.attr for node in of_self if isinstance(node.ctx, ast.Load)],
            of_request,
            decorated or passed_on or "retry" in [*by_name, *(node.attr for node in of_self)],
            max((number for number in most if isinstance(number, int)), default=0),
            [str(one.arg) for one in retries],
        )


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_request(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "request"


@overload
def shared_task(function: Callable[..., Any], /) -> Task: ...


@overload
def shared_task(**given: Any) -> Callable[[Callable[..., Any]], Task]: ...


def shared_task(*args: Any, **given: Any) -> Any:
    """Declare a task: `@shared_task`, or `@shared_task(…)` with Celery's options.

    Raises NotOffered, an ImportError, for an option that does not work; the text says what to do instead.
    """
    if len(args) == 1 and callable(args[0]) and not given:
        return Task(args[0], {})
    if args:
        raise TypeError("shared_task takes named arguments only")
    return lambda function: Task(function, given)


SETTINGS = options.no("the file of the queue in handlers/ imports the tasks and has the settings")


class Celery:
    """Stand in for an application of Celery: only its decorator `task` works, as `shared_task`."""

    def __init__(self, main: str | None = None, **settings: Any) -> None:
        self.main = main
        if settings:
            raise options.refused("Celery", ", ".join(settings), SETTINGS)

    @overload
    def task(self, function: Callable[..., Any], /) -> Task: ...

    @overload
    def task(self, **given: Any) -> Callable[[Callable[..., Any]], Task]: ...

    def task(self, *args: Any, **given: Any) -> Any:
        """Declare a task, as `shared_task` does."""
        return shared_task(*args, **given)

    def __getattr__(self, name: str) -> Any:
        """Raise NotOffered, because settings belong in the queue's file in `handlers/`.

        Raise AttributeError for the names that `copy`, `pickle` and `inspect` ask every object for.
        """
        if name.startswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        raise options.refused("Celery", name, SETTINGS)


class _CurrentTask:
    """The running task, as `celery.current_task`; false while no task runs."""

    def __getattr__(self, name: str) -> Any:
        running = RUNNING.get()
        if running is None:
            raise AttributeError(f"No task runs here, so it has no {name}.")
        return getattr(running[0], name)

    def __bool__(self) -> bool:
        return RUNNING.get() is not None


current_task = _CurrentTask()


def get_task_logger(name: str) -> logging.Logger:
    """Return the logger of that name."""
    return logging.getLogger(name)


def job_type(queue: str | None, task: str = "celery") -> str:
    """Return the name of the job type of a queue: "mail" has "celery.mail", "high-priority" has "celery.high.priority".

    Raises NotOffered for a name of a queue that cannot be converted.
    """
    name = DEFAULT_QUEUE if queue in (None, "", "celery") else re.sub(r"[^a-z0-9]+", ".", str(queue).lower())
    if not QUEUE.fullmatch(name) or len(name) > MOST_QUEUE:
        says = f"its parts begin with a letter, and it has at most {MOST_QUEUE} characters"
        raise options.refused(task, f"queue={queue!r}", options.no(says))
    return PREFIX + name


def tag(name: str) -> str:
    """Return the tag of a task's jobs: its name, without its first parts if it is too long."""
    clean = re.sub(r"[^A-Za-z0-9_.:/-]", "_", name)
    while len(clean) > LONGEST_TAG and "." in clean:
        clean = clean.partition(".")[2]
    return clean[-LONGEST_TAG:]


def _with_zone(name: str, when: datetime) -> datetime:
    if when.tzinfo is None:
        raise ValueError(f"{name}: {when} has no time zone: pass datetime.now(UTC) + …")
    return when


def _caller() -> tuple[str, int]:
    """Return file and line of the code that called this module."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


def _or(given: Any, default: Any) -> Any:
    """Return what is given; None means "not set" in Celery."""
    return default if given is None else given


def _current_error() -> BaseException | None:
    return sys.exc_info()[1]
