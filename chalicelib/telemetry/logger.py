"""Write log lines with the one logger, and the keys of every line about a job or within a request."""

import functools
import json
import logging
import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import IO, Any, NamedTuple, cast

from aws_lambda_powertools import Logger

from chalicelib.jobs import trace
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Message
from chalicelib.telemetry import redaction
from chalicelib.telemetry.constants import MOST_HELD
from chalicelib.telemetry.emf import SERVICE
from chalicelib.telemetry.own_output import own_output
from chalicelib.telemetry.platform_lines import short_id
from chalicelib.telemetry.redaction import clean, clean_facts

METRICS = "_aws"
"""CloudWatch reads a line with this key as metrics. Our own metrics are not written by the logger."""
PLAIN = str | int | float | None
TOO_DEEP = "[nested too deep]"
OWN, IS_OWN = "_own", object()
"""The mark of a line that the platform writes while personal values are masked; it is not written. It is an object, so
that no `extra` of job code is taken for it."""
KEPT = frozenset({
    "message", "level", "timestamp", "logger", "job_id", "job_type", "status", "gen", "attempt", "correlation_id",
    "error_class", "trace_id", "span_id",
})  # fmt: skip
"""Facts of a line of the platform that cannot be personal values, although they may look like a short one."""
LEVELS = frozenset(logging.getLevelNamesMapping())
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z")
_invocation: dict[str, str] = {}


class _Repeated(NamedTuple):
    """Hold if a job function repeats what it did before, and the lines that it has written meanwhile."""

    repeats: Callable[[], bool]
    lines: deque[Callable[[], object]]


_repeated: ContextVar[_Repeated | None] = ContextVar("repeated", default=None)
_several: ContextVar[bool] = ContextVar("several", default=False)
"""Whether this thread runs one of several jobs that run in this process at once."""
_counting = Lock()
_running = 0
"""Number of threads within `one_of_several`."""


@functools.cache
def logger() -> Logger:
    """Return the one logger; its level is the environment variable LOG_LEVEL, which Powertools reads."""
    # No trace id: Lambda gives every invocation one, but X-Ray traces nothing here.
    log = Logger(
        service=SERVICE, location=None, utc=True, datefmt="%Y-%m-%dT%H:%M:%S.%FZ", xray_trace_id=None,
        json_serializer=_line, json_deserializer=cast("Any", _read), stream=cast("IO[str]", own_output),
    )  # fmt: skip
    # Leave out the service: the log group's name begins with it, and CloudWatch bills each byte of a line.
    log.remove_keys(["service"])
    return log


class _FunctionLogger(Logger):
    """A logger whose keys belong to the job that adds them, if several jobs run in this process at once.

    Keys that a thread without a job's context adds meanwhile belong to this thread.
    """

    def append_keys(self, **additional_keys: object) -> None:
        """See Logger."""
        if _apart():
            self.thread_safe_append_keys(**additional_keys)
        else:
            super().append_keys(**additional_keys)

    def remove_keys(self, keys: Iterable[str]) -> None:
        """See Logger."""
        if not _apart():
            super().remove_keys(keys)
            return
        gone, own = set(keys), self.thread_safe_get_current_keys()
        self.thread_safe_clear_keys()
        self.thread_safe_append_keys(**{name: value for name, value in own.items() if name not in gone})

    def get_current_keys(self) -> dict[str, Any]:
        """See Logger."""
        return {**super().get_current_keys(), **self.thread_safe_get_current_keys()}

    @contextmanager
    def append_context_keys(self, **additional_keys: Any) -> Generator[None]:
        """See Logger."""
        adding = _beside_others if _apart() else super().append_context_keys
        with adding(**additional_keys):
            yield


def _apart() -> bool:
    return _several.get() or _running > 0


@functools.cache
def function_logger() -> Logger:
    """Return the logger of job functions: like `logger()`, but without the lines of a function that is called again."""
    logger()  # it has the handler and the format
    log = _FunctionLogger(service=SERVICE, child=True)
    log.addFilter(lambda record: not held(lambda: logging.getLogger(record.name).handle(record)))
    return log


def held(line: Callable[[], object]) -> bool:
    """Return whether the running job function repeats what it did in an earlier invocation, so nothing is logged.

    `line` writes the line later, if the function turns out to have done something else.
    """
    repeated = _repeated.get()
    if repeated is None or not repeated.repeats():
        return False
    repeated.lines.append(line)
    return True


@contextmanager
def silent_while(repeats: Callable[[], bool]) -> Iterator[None]:
    """Log no output of the job function that runs in the block, as long as `repeats()` is true.

    If it is still true at the end, the function did not come to where it was before: it failed earlier, or a deploy has
    changed it. Then all its output is logged.
    """
    repeated = _Repeated(repeats, deque(maxlen=MOST_HELD))
    token = _repeated.set(repeated)
    try:
        yield
    finally:
        _repeated.reset(token)
        if repeats():
            for line in repeated.lines:
                line()


def _line(facts: dict[str, Any]) -> str:
    # The invocation's id comes last, so that an `extra` of job code (possibly a payload) cannot replace it or make
    # metrics.
    whole = {**facts, **_invocation}
    if METRICS in whole:
        whole["aws"] = whole.pop(METRICS)
    try:
        return _written(whole)
    except RecursionError:
        return _written({name: value if isinstance(value, PLAIN) else TOO_DEEP for name, value in whole.items()})


def _written(facts: dict[str, Any]) -> str:
    own = facts.get(OWN) is IS_OWN
    if own:
        del facts[OWN]
    cleaned = clean_facts(facts, _is_in_own_line if own else _is_in_each_line)
    return json.dumps(cleaned, default=_text, separators=(",", ":"), ensure_ascii=False)


def _is_in_own_line(name: str, value: object) -> bool:
    """Return whether a fact of a line that the platform writes about a job is its own: also all its numbers."""
    return name in KEPT or isinstance(value, int | float) or _is_in_each_line(name, value)


def _is_in_each_line(name: str, value: object) -> bool:
    """Return whether a fact is what the platform adds to each line; job code may give facts these names, too."""
    if name == "level":
        return value in LEVELS
    if name == "timestamp":
        return isinstance(value, str) and TIME.fullmatch(value) is not None
    return name in _invocation and _invocation[name] == value


def _read(text: str) -> Any:
    """Return the value of a message that is JSON; raises ValueError for any other message, which stays a text."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


def _text(value: Any) -> str:
    return clean(str(value))


@contextmanager
def within_invocation(request_id: str, *, keep: bool) -> Iterator[None]:
    """Add the invocation's id to every line that this process writes in the block; `keep`: until the next invocation.

    Readers of a job's log accept a line only if one of the job's attempts ran in that invocation.
    """
    _invocation["invocation"] = short_id(request_id)
    try:
        yield
    finally:
        if not keep:
            _invocation.clear()


def job_keys(job: Job) -> dict[str, Any]:
    """Return the keys for every line about a job."""
    return {
        "job_id": job.id, "job_type": job.type, "status": str(job.status), "gen": job.gen, "attempt": job.attempts,
        "correlation_id": job.correlation_id, **({} if job.trace is None else _trace_keys(job)),
    }  # fmt: skip


def _trace_keys(job: Job) -> dict[str, str]:
    """Return the ids of the job's trace, and of the span of its present or last attempt."""
    context = trace.context_of(job)
    return {} if context is None else {"trace_id": trace.trace_id(context), "span_id": trace.current_span(job).hex()}


def message_keys(message: Message, current: Job | None, absent: str = "gone") -> dict[str, Any]:
    """Return the same keys for a message; `current` is the present job. If it is None, the status is `absent`."""
    return {
        "job_id": message.id, "job_type": message.type, "status": str(current.status) if current else absent,
        "gen": message.gen, "attempt": current.attempts if current else 0, "correlation_id": message.cid,
        **({} if current is None or current.trace is None else _trace_keys(current)),
    }  # fmt: skip


@contextmanager
def one_of_several() -> Iterator[None]:
    """Let keys and output in the block belong to this thread: other threads of the process run other jobs.

    They also belong to asyncio tasks and to threads that run in a copy of the context. A line that another thread
    writes cannot be assigned to a job, so it has no job's keys.
    """
    global _running  # noqa: PLW0603 - all threads of the process share the logger
    token = _several.set(True)
    with _counting:
        _running += 1
    try:
        yield
    finally:
        with _counting:
            _running -= 1
        _several.reset(token)


@contextmanager
def one_after_others() -> Iterator[None]:
    """Remove the keys at the end that the block has added for all threads: other jobs have keys of their own."""
    log = logger()
    before = dict(log.get_current_keys())
    try:
        yield
    finally:
        log.remove_keys([name for name in log.get_current_keys() if name not in before])
        log.append_keys(**before)


def is_one_of_several() -> bool:
    """Return whether this is within `one_of_several`."""
    return _several.get()


@contextmanager
def about(**keys: Any) -> Iterator[None]:
    """Add keys to every line that any thread writes in the block; within `one_of_several`, that this thread writes."""
    adding = _beside_others if _several.get() else logger().append_context_keys
    with adding(**keys):
        yield


@contextmanager
def _beside_others(**keys: Any) -> Iterator[None]:
    """Add keys to every line that this thread writes in the block. Other keys that the block adds stay."""
    log = logger()
    before = dict(log.thread_safe_get_current_keys())
    log.thread_safe_append_keys(**keys)
    try:
        yield
    finally:
        others = {name: value for name, value in log.thread_safe_get_current_keys().items() if name not in keys}
        log.thread_safe_clear_keys()
        log.thread_safe_append_keys(**others, **{name: before[name] for name in keys if name in before})


@contextmanager
def within_request(**keys: Any) -> Iterator[None]:
    """Add keys to every line that this thread writes in the block: a local API answers several requests at once."""
    log = logger()
    before = dict(log.thread_safe_get_current_keys())
    log.thread_safe_append_keys(**keys)
    try:
        yield
    finally:
        log.thread_safe_clear_keys()
        log.thread_safe_append_keys(**before)


def event(name: str, job: Job, level: str = "INFO", **extra: Any) -> None:
    """Write a line about a job, without facts that are None."""
    facts = {key: value for key, value in extra.items() if value is not None}
    if redaction.running:
        facts[OWN] = IS_OWN
    getattr(logger(), level.lower())(name, extra={**job_keys(job), **facts})
