"""Declare a job type with `@job`, and find it.

A job type has the same name everywhere, from the decorator to the dashboard.
"""

import importlib
import importlib.util
import inspect
import json
import math
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cache, cached_property
from types import NoneType
from typing import Any, Generic, Never, TypeVar

from pydantic import BaseModel

from chalicelib.errors import (
    CheckFailed,
    ConfigurationError,
    FieldError,
    InvalidPayload,
    JobFlowError,
    UnknownJobType,
)
from chalicelib.job_types import checks
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.at_most import AnyLimit, check_shared, check_turns, declared_limits
from chalicelib.job_types.changes import Changes
from chalicelib.job_types.checks import check_expires, check_number
from chalicelib.job_types.constants import (
    DEFAULT_ATTEMPTS,
    DEFAULT_CONCURRENCY,
    DEFAULT_TIMEOUT,
    DELIVER,
    LEAST_URGENT_CONCURRENCY,
    LONGEST_TIMEOUT,
    LONGEST_TURN_WAIT,
    MAX_ATTEMPTS_CAP,
    MOST_RECEIVES,
    OF_PLATFORM,
    SAFETY,
    SHORTEST_BUDGET,
    SPARE_RECEIVES,
)
from chalicelib.job_types.context import AsyncJobContext, JobContext
from chalicelib.job_types.example import example_of
from chalicelib.job_types.exclusions import check_exclusions
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.keep import Keep
from chalicelib.job_types.moved import refuse
from chalicelib.job_types.payloads import parsed, stored
from chalicelib.job_types.personal import PersonalFields, all_fields, fields_of, hidden
from chalicelib.job_types.queue import URGENT, Queue, name_in_aws, urgent_key
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.readback import check_models
from chalicelib.job_types.retry import EVERY, STANDARD, Backoff, ByClass, Curve, Delays, longest_run, receives
from chalicelib.job_types.schedule import Cron, Every, check_declared, declared_crons
from chalicelib.job_types.spending import Spending
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.constants import DAY, FIFO_ENDING, LONGEST_RUN, SQS_LONGEST_DELAY
from chalicelib.jobs.job import JSON
from chalicelib.jobs.keep_times import KeepTimes, declared_by
from chalicelib.jobs.step import CALL, Step

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R")
JobFunction = Callable[[P, JobContext], R] | Callable[[P, AsyncJobContext], R]

BUILT_IN = "chalicelib.builtin.types"
SHARED = "chalicelib.entry.queues"
"""The module with the entry points of shared queues: each has the name of its queue."""
PACKAGES = ("handlers", BUILT_IN)
"""The packages that declare job types."""
END, BATCH_END = "chalicelib.job_types.end", "chalicelib.job_types.batch_end"
"""The modules with JobEnd and BatchEnd."""
BROUGHT = frozenset({"email.send", "image.process", "report.generate", DELIVER})
"""Job types that are part of JobFlow; a separate repository has only those that its jobflow.toml names."""


@dataclass(frozen=True)
class JobType(Generic[P, R]):
    """One kind of job: its payload, its function, and its settings. Times in seconds.

    `run` is the decorated function; `function` contains the settings of the Lambda function that calls it. `queue` is
    the queue that it shares with other types; None: it has its own. Its `function`, `access` and `pause_when` are then
    those of the queue.
    """

    name: str
    run: Callable[[P, Any], R]
    payload_model: type[P]
    _: KW_ONLY
    max_attempts: int = DEFAULT_ATTEMPTS
    timeout: int = DEFAULT_TIMEOUT
    retry: Curve = STANDARD
    by_class: ByClass = EVERY
    give_up_after: float | None = None
    expires: float | None = None
    schedules: tuple[Cron, ...] = ()
    rate: Rate | Callable[[], Rate | None] | None = None
    fair_by: str | None = None
    serial_by: str | None = None
    unique: Unique | None = None
    keep: Keep | None = None
    pause_when: Failing | None = None
    spending: Spending = field(default_factory=Spending)
    limits: tuple[AnyLimit, ...] = ()
    enqueues: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    """The types of `enqueues` whose jobs the function may also call."""
    on_end: str | None = None
    function: Function = field(default_factory=Function)
    access: AwsAccess = field(default_factory=AwsAccess)
    changes: Changes = field(default_factory=Changes)
    queue: Queue | None = None
    urgent: bool = False

    def __call__(self, payload: P, ctx: Any) -> R:
        """Call the function directly, as a test would; an `async def` function must be awaited."""
        return self.run(payload, ctx)

    def delay(self, payload: P | Mapping[str, Any] | None = None, /, **fields: Any) -> Any:
        """Create a job of this type with a model, a dict or single fields; return it as the client's `submit` does.

        This method needs the client (`jobflow`), and a URL and a token. In an attempt of a job, no URL and no token are
        needed: the new job is then a child of that job. Raises the client's errors, and ConfigurationError without the
        client.
        """
        try:
            from jobflow import context
        except ModuleNotFoundError:
            raise ConfigurationError(f"{self.name}.delay() needs the client: pip install jobflow-aws") from None
        if payload is not None and fields:
            raise TypeError(f"{self.name}.delay() takes a payload or its fields, not both")
        return context.connect().submit(self.name, fields if payload is None else payload)

    @property
    def module(self) -> str:
        """Return the name of the file in `handlers/` that declares the type: "email.send" is in `email_send`."""
        return self.name.replace(".", "_")

    @property
    def handler(self) -> str:
        """Return the entry point that Lambda calls: of its shared queue, in `handlers/`, or of a built-in type."""
        if self.queue is not None:
            return f"{SHARED}.{self.queue.name}"
        built_in = self.run.__module__.startswith(f"{BUILT_IN}.")
        return f"{BUILT_IN if built_in else PACKAGES[0]}.{self.module}.handler"

    @property
    def problem(self) -> str | None:
        """Return why no worker can process the type's jobs; None if its file has the function that Lambda calls."""
        if self.queue is not None:
            return None
        file, _, function = self.handler.rpartition(".")
        module = sys.modules.get(file)
        if module is None or callable(getattr(module, function, None)):
            return None
        line = f"{function} = consume({self.run.__name__})"
        return f"{file.replace('.', '/')}.py does not end with `{line}`: no worker takes jobs of {self.name}."

    @property
    def slug(self) -> str:
        """Return the name with hyphens: "email.send" is `email-send`."""
        return self.name.replace(".", "-")

    @property
    def queue_key(self) -> str:
        """Return the key of its queue: the type's name, or the name of the queue that it shares."""
        return self.name if self.queue is None else self.queue.name

    @property
    def short(self) -> str:
        """Return the last part of the names of its queue and Lambda function: `email-send`, or `queue-mail`."""
        return name_in_aws(self.queue_key)

    @property
    def queue_ending(self) -> str:
        """Return the suffix of the names of the type's queues: SQS requires one for FIFO queues."""
        return "" if self.serial_by is None else FIFO_ENDING

    @cached_property
    def schema(self) -> dict[str, Any]:
        """Return the payload's JSON Schema."""
        return self.payload_model.model_json_schema()

    @cached_property
    def personal(self) -> PersonalFields | None:
        """Return the personal fields of the payload; None without any."""
        return fields_of(self.payload_model)

    @cached_property
    def personal_result(self) -> PersonalFields | None:
        """Return the personal fields of the result; None without any."""
        return fields_of(checks.hints(self.run, extras=True).get("return"), result=True)

    @cached_property
    def fields(self) -> PersonalFields | None:
        """Return the fields of the payload, with which a stored one is masked although none is personal any more."""
        return all_fields(self.payload_model)

    @property
    def has_personal(self) -> bool:
        """Return whether the payload or the result has personal fields."""
        return self.personal is not None or self.personal_result is not None

    @property
    def title(self) -> str:
        """Return a name for people."""
        return str(self.schema.get("title", self.name))

    @property
    def description(self) -> str:
        """Return the description of the job, from the function's docstring."""
        return inspect.getdoc(self.run) or ""

    @property
    def example(self) -> JSON:
        """Return a payload that works unchanged: the first example of the schema."""
        return example_of(self.schema)

    @property
    def visibility_timeout(self) -> int:
        """Return seconds: 6 x function timeout + batching window, as the Lambda developer guide advises for SQS.

        A shared queue has the longest of its types.
        """
        return 6 * self.timeout + self.function.window

    @property
    def job_budget(self) -> float:
        """Return the seconds that a job must still have when it is claimed: as declared, or its share of a batch."""
        own = self.function.budget
        return (self.timeout - SAFETY - self.turn_wait) / self.function.waves if own is None else own

    @property
    def concurrency(self) -> int:
        """Return the maximum number of invocations at the same time: as declared, else 20, or fewer with a low rate.

        With `urgent=True`, this is for both queues together: each has a half.
        """
        if self.function.concurrency is not None:
            return self.function.concurrency
        if self.urgent:
            return 2 * DEFAULT_CONCURRENCY
        rate = None if self.queue is not None else self.rate
        busy = math.ceil(rate.n / rate.per * self.timeout) if isinstance(rate, Rate) else DEFAULT_CONCURRENCY
        return max(2, min(DEFAULT_CONCURRENCY, busy))

    @property
    def woken_concurrency(self) -> int:
        """Return how many jobs that a limit has woken can run at the same time: with `urgent=True`, a half."""
        return self.concurrency // 2 if self.urgent else self.concurrency

    @property
    def turn_wait(self) -> float:
        """Return the seconds that a job waits for its start within an invocation; 0 for a type without a rate."""
        rated = self.rate is not None or any(isinstance(one, Rate) for one in self.limits)
        return 0.0 if not rated else min(LONGEST_TURN_WAIT, self.timeout / 10)

    @property
    def pace(self) -> Rate | None:
        """Return the rate on this stage; None without a rate."""
        return self.rate() if callable(self.rate) else self.rate

    @property
    def max_receives(self) -> int:
        """Return how often SQS delivers a message before SQS dead-letters the message (`maxReceiveCount`).

        A shared queue has the largest number of its types. The worker sends a fresh message for a job that must run
        again after this number of receives.
        """
        if self.serial_by is not None:
            return MOST_RECEIVES
        return receives(self.retry, self.max_attempts) + SPARE_RECEIVES

    @property
    def has_priorities(self) -> bool:
        """Return whether the priorities of its jobs have an effect: in the line of a limit, or in its urgent queue."""
        return bool(self.limits) or self.urgent

    @property
    def budgeted(self) -> bool:
        """Return whether it has a budget of a day."""
        return self.spending.per_day is not None

    @property
    def spent_by_tenant(self) -> bool:
        """Return whether what its jobs cost is also counted by tenant."""
        return self.spending.by_tenant

    @property
    def keyed_by(self) -> str | None:
        """Return the payload's field whose value is the group of the job's messages; None if there is none."""
        return self.serial_by or self.fair_by

    def give_up_at(self, start: float) -> float | None:
        """Return when a run that is due at `start` is given up (epoch seconds); None: never because of its age."""
        return None if self.give_up_after is None else round(start + self.give_up_after, 3)

    @property
    def takes_ends(self) -> bool:
        """Return whether the type's jobs can tell how another job has ended."""
        # A payload can be a JobEnd only if some file has imported it. It is not imported here, because building the
        # model would delay each start of a function.
        end = sys.modules.get(END)
        return end is not None and issubclass(self.payload_model, end.JobEnd)

    @property
    def takes_batch_ends(self) -> bool:
        """Return whether the type's jobs can receive the end of a batch."""
        end = sys.modules.get(BATCH_END)
        return end is not None and issubclass(self.payload_model, end.BatchEnd)

    @property
    def shortest_expiry(self) -> float | None:
        """Return the seconds after which some job of the type may expire; None if the type declares no such time."""
        declared = [one for one in (self.expires, *(cron.expires for cron in self.schedules)) if one is not None]
        return min(declared, default=None)

    def parse(self, payload: JSON) -> P:
        """Return the payload as the model; raises InvalidPayload that names each wrong field, and no value."""
        personal = self.personal
        try:
            return parsed(self.name, self.payload_model, payload, personal)
        except InvalidPayload as error:
            if personal is None:
                raise
            raise personal.told(error, payload) from None

    def parse_stored(self, payload: JSON) -> P:
        """Return a stored payload as the model, converted by `upgrade` if needed; raises InvalidPayload."""
        try:
            return self.parse(payload)
        except InvalidPayload:
            if self.changes.upgrade is None:
                raise
        return self.parse(self.changes.upgrade(payload))

    def canonical(self, payload: JSON) -> JSON:
        """Return the payload as stored: checked, with defaults filled in. Raises InvalidPayload.

        InvalidPayload is also raised if the stored form reads back as different data, because the job would run with
        those data, and if a personal field has the mask that is shown in place of its value. Of a type with personal
        fields, raises CheckFailed in place of another error of its model, whose message and source may have values.
        """
        personal = self.personal
        if personal is None:
            return stored(self.name, self.parse(payload))
        try:
            return stored(self.name, self.parse(personal.unmasked(payload)))
        except InvalidPayload as error:
            raise personal.told(error, payload) from None
        except JobFlowError:
            raise
        except Exception as error:
            *_, last = traceback.extract_tb(error.__traceback__)
            place = f"{last.filename.rpartition('/')[2]}, line {last.lineno}"
            raise CheckFailed(
                f"{self.name}: the model of the payload has raised {type(error).__name__} ({place}). Its message is "
                "not shown, because it may have a part of a personal field."
            ) from None


def job(
    name: str,
    *,
    max_attempts: int | None = None,
    timeout: int = DEFAULT_TIMEOUT,
    retry: Backoff | Delays = STANDARD,
    retry_on: type[BaseException] | tuple[type[BaseException], ...] | None = None,
    fail_on: type[BaseException] | tuple[type[BaseException], ...] | None = None,
    give_up_after: float | None = None,
    expires: float | None = None,
    schedule: Cron | Every | Iterable[Cron | Every] = (),
    rate: Rate | Callable[[], Rate | None] | None = None,
    fair_by: str | None = None,
    serial_by: str | None = None,
    unique: Unique | None = None,
    keep: Keep | None = None,
    pause_when: Failing | None = None,
    spending: Spending | None = None,
    limits: Sequence[AnyLimit] = (),
    enqueues: Iterable[str] = (),
    calls: Iterable[str] = (),
    on_end: str | None = None,
    function: Function = Function(),  # noqa: B008 - immutable
    access: AwsAccess = AwsAccess(),  # noqa: B008 - immutable
    changes: Changes = Changes(),  # noqa: B008 - immutable
    queue: Queue | None = None,
    urgent: bool = False,
    **moved: Never,
) -> Callable[[JobFunction[P, R]], JobType[P, R]]:
    """Make a function a job type. The function takes (payload model, JobContext) and returns the result, or raises.

    An `async def` function takes (payload model, AsyncJobContext).

    Attempts:

    * `max_attempts`: 3, or the number of waits in `Delays` plus one; at most 30.
    * `timeout`: seconds of one attempt (6-900).
    * `retry`: the waits between attempts: `Backoff(first, factor, longest, jitter)` if they grow, or `Delays(waits)`.
    * `retry_on`: only errors of these classes are retried, all others fail at once. A class, or a tuple of classes.
    * `fail_on`: errors of these classes fail at once, also those that `retry_on` includes.
    * `give_up_after`: no retry begins later than this number of seconds after the run was due.
    * `expires`: a job that has not begun this number of seconds after it was due is cancelled.

    Creation and order:

    * `schedule`: one `Cron` or `Every`, or several; jobs are made at their times, as long as they are declared.
    * `rate`: `Rate(n, per)`, at most n starts in any `per` seconds over all workers; or a function that returns the
      rate of each stage, or None for no limit.
    * `fair_by`: the field of the payload that names the tenant ("customer.id"): tenants take turns.
    * `serial_by`: the field of the payload that is the key: jobs with the same key run one at a time, in order.
    * `unique`: `Unique(by, seconds)`, a request with the same values of these fields gets the existing job.
    * `pause_when`: `Failing(of, within)`, pause the type while all its attempts fail with one error.
    * `spending`: `Spending(per_day, warn, by_tenant)`, a budget of a day that pauses the type, and sums by tenant.
    * `limits`: `[AtMost(n, by, shared)]`, at most n jobs run at once, or n for each value of a field of the payload, or
      n jobs of all types that share the limit; `[Rate(n, per, burst, by, shared)]`, the same for starts in a period.
    * `urgent`: True gives the type a second queue: for its jobs of `high` priority, and those that a limit has woken.
    * `keep`: `Keep(done, payload, dead)`, for how long finished jobs and their payloads are kept.
    * `enqueues`: the types of the jobs that the function makes with `ctx.enqueue`.
    * `calls`: the types of the jobs whose results the function waits for with `ctx.call` and `ctx.gather`.
    * `on_end`: the type of the job that is made, with a `JobEnd` as its payload, whenever a job has ended.

    Groups:

    * `function`: `Function(memory, batch_size, …)`, the Lambda function.
    * `access`: `AwsAccess(grants, secrets, environment)`, additional permissions, secrets and variables.
    * `changes`: `Changes(upgrade, retired, smoke)`, handling of changes between deployments.
    * `queue`: `Queue(name, function, access, concurrency, pause_when)`, a queue, function and role that several types
      share; without it the type has its own.

    Raises ConfigurationError.
    """
    given: Any = name
    if inspect.isfunction(given):  # @job without parentheses
        raise ConfigurationError(f'{given.__name__}: @job needs the name of the job type: write @job("word.count")')
    if moved:
        refuse(name, moved)
    if isinstance(enqueues, str) or not isinstance(enqueues, Iterable):
        raise ConfigurationError(f"{name}: enqueues is a list of job types: write ({enqueues!r},)")
    if isinstance(calls, str) or not isinstance(calls, Iterable):
        raise ConfigurationError(f"{name}: calls is a list of job types: write ({calls!r},)")
    limited = declared_limits(name, limits)
    called = tuple(calls)
    made = tuple(dict.fromkeys((*enqueues, *called)))
    attempts = len(retry.waits) + 1 if isinstance(retry, Delays) else DEFAULT_ATTEMPTS

    def declare(run: JobFunction[P, R]) -> JobType[P, R]:
        checks.check_name("@job", name)
        for one in made:
            checks.check_name(f"{name}: enqueues", one)
        if on_end is not None:
            checks.check_name(f"{name}: on_end", on_end)
        declared = JobType(
            name,
            run,
            checks.payload_model(name, run),
            max_attempts=attempts if max_attempts is None else max_attempts,
            timeout=timeout,
            retry=retry,
            by_class=ByClass.of(name, retry_on, fail_on),
            give_up_after=give_up_after,
            expires=expires,
            schedules=declared_crons(name, schedule),
            rate=rate,
            fair_by=fair_by,
            serial_by=serial_by,
            unique=unique,
            keep=keep,
            pause_when=pause_when,
            spending=Spending() if spending is None else spending,
            limits=limited,
            enqueues=made,
            calls=called,
            on_end=on_end,
            function=function,
            access=access,
            changes=changes,
            queue=queue,
            urgent=urgent,
        )
        _check_groups(declared)
        check_exclusions(name, declared)
        declared = _of_its_queue(declared)
        _check(declared)
        registered[name] = declared
        if declared.has_personal:
            with_personal.add(name)
        return declared

    return declare


def _of_its_queue(declared: JobType[P, R]) -> JobType[P, R]:
    """Return the type with the function, access and automatic pause of the queue that it shares."""
    queue = declared.queue
    if queue is None:
        return declared
    return replace(declared, function=queue.whole_function, access=queue.access, pause_when=queue.pause_when)


def _check(declared: JobType[Any, Any]) -> None:
    """Raise ConfigurationError for the first invalid setting of a declaration."""
    name = declared.name
    check_number(f"{name}: max_attempts", declared.max_attempts, 1, MAX_ATTEMPTS_CAP)
    check_number(f"{name}: timeout", declared.timeout, SAFETY + 1, LONGEST_TIMEOUT, "seconds")
    longest = declared.timeout - 1
    check_number(f"{name}: function: budget", declared.job_budget, SHORTEST_BUDGET, longest, "seconds", whole=False)
    if declared.function.threads > 1 and declared.max_attempts == 1:
        raise ConfigurationError(
            f"{name}: threads={declared.function.threads} needs max_attempts of 2 or more: if the process ends, each "
            "job that it was running has used up an attempt, and without another one it would be a dead letter"
        )
    _check_give_up(declared)
    check_expires(name, declared.expires)
    for option in ("fair_by", "serial_by"):
        checks.check_field(name, option, getattr(declared, option), declared.payload_model)
    for limit in declared.limits:
        checks.check_field(name, f"{type(limit).__name__}(by=…)", limit.by, declared.payload_model)
    _check_personal(declared)
    if declared.spent_by_tenant and declared.keyed_by is None:
        raise ConfigurationError(f"{name}: Spending(by_tenant=True) needs fair_by or serial_by, which name the tenant")
    if declared.budgeted and declared.queue is not None:
        raise ConfigurationError(f"{name}: Spending(per_day=…) does not go with queue: a pause stops the whole queue")
    if declared.urgent and declared.concurrency < LEAST_URGENT_CONCURRENCY:
        least = f"{LEAST_URGENT_CONCURRENCY} or more: each of the two queues has a half"
        told = f"concurrency={declared.concurrency} must be {least}"
        raise ConfigurationError(f"{name}: urgent: {told}")
    if declared.urgent and declared.slug.endswith(URGENT):
        raise ConfigurationError(f"{name}: urgent: the last part of the type's name must not be urgent")
    if declared.limits and declared.function.batch_size > 1:
        told = "a job that has a place would wait for the jobs before it in its batch"
        raise ConfigurationError(f"{name}: limits does not go with a batch_size above 1: {told}")
    by = () if declared.unique is None else declared.unique.by
    unknown = [wanted for wanted in by if wanted not in declared.payload_model.model_fields]
    if unknown:
        raise ConfigurationError(
            f"{name}: Unique(by=…) names fields that the payload does not have: {', '.join(unknown)}"
        )
    if declared.keep is not None and declared.unique is not None and declared.unique.seconds > declared.keep.done:
        told = "a request for a job that is gone would make a second one"
        raise ConfigurationError(f"{name}: Unique(seconds=…) must not be longer than Keep(done=…): {told}")
    check_declared(name, declared.schedules, declared.canonical, has_priorities=declared.has_priorities)
    check_models(name, payload=declared.payload_model, result=checks.hints(declared.run).get("return"))
    if declared.changes.smoke is not None:
        try:
            declared.canonical(declared.changes.smoke)
        except InvalidPayload as error:
            raise ConfigurationError(f"{name}: changes: the payload of smoke: {error.told()}") from None


def _check_groups(declared: JobType[Any, Any]) -> None:
    kinds: Mapping[str, tuple[type, ...]] = {
        "retry": (Backoff, Delays), "unique": (Unique, NoneType), "keep": (Keep, NoneType),
        "pause_when": (Failing, NoneType),
        "spending": (Spending,),
        "function": (Function,),
        "access": (AwsAccess,), "changes": (Changes,), "queue": (Queue, NoneType),
    }  # fmt: skip
    for setting, allowed in kinds.items():
        value = getattr(declared, setting)
        if not isinstance(value, allowed):
            wanted = " or ".join(f"{kind.__name__}(…)" for kind in allowed if kind is not NoneType)
            raise ConfigurationError(f"{declared.name}: {setting} is {wanted}, not {value!r}")
    if not isinstance(declared.urgent, bool):
        raise ConfigurationError(f"{declared.name}: urgent is True or False, not {declared.urgent!r}")
    if not (isinstance(declared.rate, Rate | NoneType) or callable(declared.rate)):
        raise ConfigurationError(
            f"{declared.name}: rate is Rate(n, per), or a function that returns it, not {declared.rate!r}"
        )
    if isinstance(declared.rate, Rate) and (declared.rate.by, declared.rate.shared) != (None, None):
        told = f"rate has no by and no shared: write limits=[{declared.rate.written}]"
        raise ConfigurationError(f"{declared.name}: {told}")


def _check_personal(declared: JobType[Any, Any]) -> None:
    """Raise ConfigurationError if the tenant or a limit is a personal field: their values are shown and logged."""
    personal, _ = declared.personal, declared.personal_result  # both are read at the declaration, which may fail
    if personal is None:
        return
    named = {"fair_by": declared.fair_by, "serial_by": declared.serial_by}
    named |= {f"{type(limit).__name__}(by={limit.by!r})": limit.by for limit in declared.limits}
    for option, path in named.items():
        if path is not None and personal.is_personal(path):
            raise ConfigurationError(
                f"{declared.name}: {option} names {path}, which is personal, but its values are shown in lists and in "
                "the names of limits; name another field, such as an id"
            )


def _check_give_up(declared: JobType[Any, Any]) -> None:
    """Raise ConfigurationError for waits that are longer than the job's retention."""
    if declared.give_up_after is not None:
        setting = f"{declared.name}: give_up_after"
        check_number(setting, declared.give_up_after, 1, LONGEST_RUN, "seconds", whole=False)
    elif (waits := longest_run(declared.retry)) > LONGEST_RUN:
        days = f"{waits / DAY:.0f} days of waits, and a run may take {LONGEST_RUN / DAY:.0f}"
        raise ConfigurationError(f"{declared.name}: {MAX_ATTEMPTS_CAP} attempts have {days}; set give_up_after, too")


registered: dict[str, JobType[Any, Any]] = {}
"""The declared job types by name."""
with_personal: set[str] = set()
"""The names of the types with personal fields that this process has declared so far."""


def get(name: str) -> JobType[Any, Any]:
    """Return the job type of that name; raises UnknownJobType that lists the known types."""
    try:
        return registered[name]
    except KeyError:
        known = ", ".join(sorted(registered)) or "none"
        raise UnknownJobType(
            f"There is no job type {name!r}.", [FieldError(("type",), f"must be one of: {known}")]
        ) from None


def _keep_times(name: str) -> KeepTimes | None:
    kind = registered.get(name)
    return None if kind is None or kind.keep is None else kind.keep.times


declared_by(_keep_times)


def give_up_at(name: str, start: float) -> float | None:
    """Return when a run of that type that is due at `start` is given up; None also for an undeclared type."""
    kind = registered.get(name)
    return None if kind is None else kind.give_up_at(start)


def shortest_expiry(name: str) -> float | None:
    """Return the seconds after which some job of that type may expire; None also for an undeclared type."""
    kind = registered.get(name)
    return None if kind is None else kind.shortest_expiry


def pace(name: str) -> Rate | None:
    """Return the rate of that type on this stage; None without one, and for an undeclared type."""
    kind = registered.get(name)
    return None if kind is None else kind.pace


def serial(name: str) -> bool:
    """Return whether the jobs of that type run one at a time for a key, so that its queues are FIFO queues."""
    kind = registered.get(name)
    return kind is not None and kind.serial_by is not None


def queue_of(name: str) -> str:
    """Return the key of the queue of a type: the name of the queue that it shares, or the type's own name.

    An undeclared type is treated as one with its own queue. The key of a queue is returned unchanged.
    """
    kind = registered.get(name)
    return name if kind is None else kind.queue_key


def urgent(name: str) -> bool:
    """Return whether that type has a second queue, for urgent jobs; False for an undeclared type."""
    kind = registered.get(name)
    return kind is not None and kind.urgent


def has_own_alarms(name: str) -> bool:
    """Return whether the function of that type, or of that shared queue, has its own alarms; False for others."""
    key = queue_of(name)
    # a copy, because a job in another thread may import a type meanwhile
    return any(kind.function.own_alarms for kind in list(registered.values()) if kind.queue_key == key)


def sharing(key: str) -> list[str]:
    """Return the declared types of a queue, by name."""
    return sorted(kind.name for kind in list(registered.values()) if kind.queue_key == key)


def longest_delay(name: str) -> int:
    """Return for how many seconds the type's queue can delay a message; FIFO queues cannot delay single messages."""
    return 0 if serial(name) else SQS_LONGEST_DELAY


def out_of_order(name: str) -> bool:
    """Return whether the type receives messages in another order than they were sent: by tenants, keys, or urgency.

    For such a type, a later message that was received shows nothing about an earlier message.
    """
    kind = registered.get(name)
    return kind is not None and (kind.keyed_by is not None or kind.urgent)


def has_limits(name: str) -> bool:
    """Return whether jobs of that type may have to wait for a place."""
    kind = registered.get(name)
    return kind is not None and bool(kind.limits)


def has_personal(name: str) -> bool:
    """Return whether jobs of that type may have personal values; True also for an undeclared type."""
    kind = registered.get(name)
    return kind is None or kind.has_personal


def called_in(step: Step) -> list[str]:
    """Return the types of the jobs of a kept call; one that is none at the end if there were too many to keep."""
    return (step.function or "").split(", ")


def is_personal_step(name: str, step: Step) -> bool:
    """Return whether a kept step of a job of that type may have personal values.

    Of a call, these are the results of the called jobs: nothing is known of those of a type that is not declared.
    """
    if has_personal(name):
        return True
    if not (with_personal and step.key.startswith(CALL)):
        return False
    kinds = [registered.get(one) for one in called_in(step)]
    return any(kind is None or kind.personal_result is not None for kind in kinds)


def personal_of(kind: JobType[Any, Any]) -> PersonalFields | None:
    """Return the fields with which stored payloads of a type are masked.

    If some type has personal fields, then of every type the fields that its model does not have any more are masked,
    too: one of them may have been marked.
    """
    return kind.personal or (kind.fields if with_personal else None)


def without_personal(name: str, payload: JSON = None, result: JSON = None) -> tuple[JSON, JSON]:
    """Return a payload and a result of that type with masks in place of personal values.

    Of an undeclared type everything is masked: nothing tells which of its fields are personal.
    """
    kind = registered.get(name)
    if kind is None:
        return hidden(payload), hidden(result)
    found = ((personal_of(kind), payload), (kind.personal_result, result))
    masked = [value if fields is None or value is None else fields.masked(value) for fields, value in found]
    return masked[0], masked[1]


def all_types() -> list[JobType[Any, Any]]:
    """Return every declared job type, by name."""
    return [registered[name] for name in sorted(registered)]


def names() -> list[str]:
    """Return the name of every declared job type."""
    return sorted(registered)


def load(*packages: str) -> list[JobType[Any, Any]]:
    """Import every file of the packages, so that each declares its type. Raises ConfigurationError for a wrong name."""
    for package in packages or PACKAGES:
        found = importlib.import_module(package)
        for module in pkgutil.iter_modules(found.__path__):
            loaded = importlib.import_module(f"{package}.{module.name}")
            here: list[Any] = [value for value in vars(loaded).values() if isinstance(value, JobType)]
            if [d.module for d in here] != [module.name]:
                way = "" if here else f". What job types share goes into a package beside {package}/, such as acme/"
                raise ConfigurationError(
                    f"{package}/{module.name}{'' if module.ispkg else '.py'} declares {[d.name for d in here]}; "
                    f"a file must declare exactly one job type, which has the file's name{way}"
                )
    check_enqueues(registered)
    check_queues(registered)
    check_ends(registered)
    check_shared({name: kind.limits for name, kind in registered.items()})
    check_turns({name: (kind.fair_by, kind.limits) for name, kind in registered.items()})
    return all_types()


@cache
def load_once() -> None:
    """Import every file, once in a process. Raises ConfigurationError.

    Under `make dev`, a process that has imported all files continues to work while a new file cannot be imported.
    """
    load()


def is_declared(name: str) -> bool:
    """Return whether a file declares the type, also in a process that has not imported it."""
    try:
        declared(name)
    except UnknownJobType:
        return False
    return True


def declared(name: str) -> JobType[Any, Any]:
    """Return a job type that another type names: a worker imports the type's file when it first makes such a job.

    Raises UnknownJobType if no file declares it.
    """
    files = [] if name in registered else [f"{package}.{name.replace('.', '_')}" for package in PACKAGES]
    for file in files:
        if importlib.util.find_spec(file) is not None:
            _import(file)
            break
    return get(name)


def _import(file: str) -> None:
    """Import a file that declares a type. If an import fails after its `@job`, the type stays undeclared."""
    before = set(registered)
    try:
        importlib.import_module(file)
    finally:
        # Python removes a module whose import failed. Its function must not run, because the names that the rest of the
        # file would define are missing.
        for name in registered.keys() - before:
            if registered[name].run.__module__ not in sys.modules:
                del registered[name]


def check_enqueues(kinds: Mapping[str, JobType[Any, Any]]) -> None:
    """Raise ConfigurationError if a type makes jobs of a type that no file declares, or that only the platform makes.

    A function with a type in `enqueues` has the key that signs jobs of this type.
    """
    for kind in kinds.values():
        if reserved := [name for name in kind.enqueues if name in OF_PLATFORM]:
            raise ConfigurationError(f"{kind.name}: enqueues names {reserved[0]}: only the platform makes such jobs")
        unknown = [name for name in kind.enqueues if name not in kinds]
        if unknown:
            brought = [name for name in unknown if name in BROUGHT]
            way = f". JobFlow brings it: name it in jobflow.toml, as builtin = {json.dumps(brought)}" if brought else ""
            way += ", and run tests with `jobflow test`, not with pytest alone" if brought else ""
            raise ConfigurationError(f"{kind.name}: enqueues names {', '.join(unknown)}, which no file declares{way}")


def check_queues(kinds: Mapping[str, JobType[Any, Any]]) -> None:
    """Raise ConfigurationError if two declarations of one shared queue differ, or if two queues have one name."""
    found: dict[str, tuple[str, Queue]] = {}
    for kind in kinds.values():
        if kind.queue is None:
            continue
        first, queue = found.setdefault(kind.queue.name, (kind.name, kind.queue))
        if queue != kind.queue:
            raise ConfigurationError(
                f"{first} and {kind.name} declare the queue {queue.name} with different settings: declare it once, in "
                "a package beside handlers/, and import it"
            )
    own = {kind.short: kind.name for kind in kinds.values() if kind.queue is None}
    for key, (_, queue) in found.items():
        if (taken := own.get(name_in_aws(key))) is not None:
            raise ConfigurationError(f"The queue {queue.name} would have the names of the type {taken}: rename one")
    for kind in kinds.values():
        if kind.urgent and (taken := own.get(name_in_aws(urgent_key(kind.name)))) is not None:
            raise ConfigurationError(
                f"The second queue of {kind.name}, which has urgent=True, would have the name of the queue of {taken}: "
                "rename one of the types"
            )


def ends_problem(name: str) -> str | None:
    """Return why the declared type of that name cannot receive the end of a job; None if it can."""
    kind = registered[name]
    if not kind.takes_ends:
        return f"{name} takes {kind.payload_model.__name__}; a type that on_end names must take JobEnd as its payload"
    return _told_problem(kind, sys.modules[END].JobEnd)


def batch_ends_problem(name: str) -> str | None:
    """Return why the declared type of that name cannot receive the end of a batch; None if it can."""
    kind = registered[name]
    if not kind.takes_batch_ends:
        return f"{name} takes {kind.payload_model.__name__}; a type that is named here must take BatchEnd"
    return _told_problem(kind, sys.modules[BATCH_END].BatchEnd)


def _told_problem(kind: JobType[Any, Any], end: type[BaseModel]) -> str | None:
    name, fields = kind.name, kind.payload_model.model_fields
    if added := [field for field in fields if field not in end.model_fields and fields[field].is_required()]:
        return (
            f"{name} takes {kind.payload_model.__name__}, whose required field{'s' if len(added) > 1 else ''} "
            f"{', '.join(added)} no {end.__name__} has; give each a default"
        )
    if kind.on_end is not None:
        return f"{name} has an on_end of its own; a job that tells of an end tells nobody of its own end"
    if kind.unique is not None:
        return f"{name} is unique; each end must make a job of its own"
    return None


def check_ends(kinds: Mapping[str, JobType[Any, Any]]) -> None:
    """Raise ConfigurationError if a type tells its ends to a type that no file declares, or that cannot take them."""
    for kind in kinds.values():
        if kind.on_end is None:
            continue
        why = ends_problem(kind.on_end) if kind.on_end in kinds else f"no file declares {kind.on_end}"
        if why is not None:
            raise ConfigurationError(f"{kind.name}: on_end: {why}")


def told_types() -> list[str]:
    """Return the declared types that can be told how a job has ended."""
    return [name for name in names() if ends_problem(name) is None]


def batch_told_types() -> list[str]:
    """Return the declared types that can receive the end of a batch."""
    return [name for name in names() if batch_ends_problem(name) is None]
