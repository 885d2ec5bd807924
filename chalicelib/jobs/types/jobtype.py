"""Declare a job type with `@job`, and find it again. One name runs from the decorator to the dashboard."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

from chalicelib.errors import InvalidPayload
from chalicelib.jobs.auto_pause import Failing
from chalicelib.jobs.job import JSON
from chalicelib.jobs.schedules.schedule import Cron, check_declared
from chalicelib.jobs.serial import check_groups
from chalicelib.jobs.single import Unique, unique_of
from chalicelib.jobs.types import checks, registry
from chalicelib.jobs.types.backoff import STANDARD, Curve
from chalicelib.jobs.types.example import check_smoke, example_of
from chalicelib.jobs.types.figures import Figures
from chalicelib.jobs.types.payloads import parsed, stored
from chalicelib.jobs.types.rate import Rate
from chalicelib.jobs.types.reach import EPHEMERAL_MB, Allow, Reach, check_reach
from chalicelib.jobs.types.readback import check_models
from chalicelib.jobs.types.registry import all_types, declared, get, give_up_at, load, names, pace, registered

if TYPE_CHECKING:
    from chalicelib.worker.context import JobContext

__all__ = ["JobType", "all_types", "declared", "get", "give_up_at", "job", "load", "names", "pace"]

P = TypeVar("P", bound=BaseModel)
R = TypeVar("R")


@dataclass(frozen=True)
class JobType(Figures, Generic[P, R]):
    """One kind of job: what its payload looks like, what runs it, and the limits it runs under (seconds, MB)."""

    name: str
    function: "Callable[[P, JobContext], R]"
    payload_model: type[P]
    max_attempts: int = 3
    timeout: int = 60
    batch_size: int = 1
    window: int = 0
    concurrency: int = 20
    memory: int = 512
    budget: float = 0.0
    grants: tuple[str | Allow, ...] = ()
    retry: Curve = STANDARD
    upgrade: Callable[[JSON], JSON] | None = None
    retired: bool = False
    schedules: tuple[Cron, ...] = ()
    reach: Reach = field(default_factory=Reach)
    give_up_after: float | None = None
    enqueues: tuple[str, ...] = ()
    unique: Unique | None = None
    smoke: JSON = None
    rate: Rate | Callable[[], Rate | None] | None = None
    fair_by: str | None = None
    serial_by: str | None = None
    pause_when: Failing | None = None

    def __call__(self, payload: P, ctx: "JobContext") -> R:
        """Run the function itself, as a test would."""
        return self.function(payload, ctx)

    @property
    def module(self) -> str:
        """The file in `handlers/` that declares it: "email.send" is `email_send`."""
        return self.name.replace(".", "_")

    @property
    def handler(self) -> str:
        """Return the entry point that Lambda calls: in `handlers/`, or of a built-in type that was asked for."""
        built_in = self.function.__module__.startswith(f"{registry.BUILT_IN}.")
        return f"{registry.BUILT_IN if built_in else registry.PACKAGES[0]}.{self.module}.handler"

    @property
    def queue(self) -> str:
        """Return what follows the stack's name in its queue's and its Lambda's: "email.send" is `email-send`."""
        return self.name.replace(".", "-")

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The payload's JSON Schema."""
        return self.payload_model.model_json_schema()

    @property
    def title(self) -> str:
        """A name for people."""
        return str(self.schema.get("title", self.name))

    @property
    def description(self) -> str:
        """Return what the job does, from the function's docstring."""
        return inspect.getdoc(self.function) or ""

    @property
    def example(self) -> JSON:
        """A payload that works as it is: the first example of the schema."""
        return example_of(self.schema)

    def parse(self, payload: JSON) -> P:
        """Return the payload as the model; raises InvalidPayload that names each wrong field."""
        return parsed(self.name, self.payload_model, payload)

    def parse_stored(self, payload: JSON) -> P:
        """Return a stored payload as the model, brought up to date by `upgrade` if need be; raises InvalidPayload."""
        try:
            return self.parse(payload)
        except InvalidPayload:
            if self.upgrade is None:
                raise
        return self.parse(self.upgrade(payload))

    def canonical(self, payload: JSON) -> JSON:
        """Return the payload as stored: checked, with defaults filled in. Raises InvalidPayload.

        Also when the stored form does not read back equal: the job would run on other data than were sent.
        """
        return stored(self.name, self.parse(payload))


def job(
    name: str,
    *,
    max_attempts: int | None = None,
    timeout: int = 60,
    batch_size: int = 1,
    window: int = 0,
    concurrency: int | None = None,
    memory: int = 512,
    budget: float = 0.0,
    grants: Iterable[str | Allow] = (),
    retry: Curve = STANDARD,
    delays: Iterable[float] = (),
    give_up_after: float | None = None,
    rate: Rate | Callable[[], Rate | None] | None = None,
    fair_by: str | None = None,
    serial_by: str | None = None,
    upgrade: Callable[[JSON], JSON] | None = None,
    retired: bool = False,
    schedule: Cron | Iterable[Cron] = (),
    environment: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    vpc: bool = False,
    layers: Iterable[str] = (),
    ephemeral_storage: int = EPHEMERAL_MB[0],
    enqueues: Iterable[str] = (),
    unique_for: float | None = None,
    unique_by: str | Iterable[str] = (),
    smoke: Mapping[str, Any] | None = None,
    pause_when: Failing | None = None,
) -> "Callable[[Callable[[P, JobContext], R]], JobType[P, R]]":
    """Make a function a job type. It takes (payload model, JobContext) and returns the result, or raises.

    The Lambda function:
      timeout: its seconds (6-900). memory: MB (128-10240). ephemeral_storage: MB of /tmp (512-10240).
      concurrency: how many run side by side (2-1000; default 20, fewer for a low rate).
      batch_size: jobs taken at once (1-10). More than one is cheaper, for jobs that end within `budget` seconds each
        (default: a share of the timeout); those without time left go back to the queue.
      window: seconds to wait for a fuller batch (0-300).
      environment: variables. secrets: where `ctx.secret(name)` finds each. layers: ARNs. vpc: in the stage's subnets.
      grants: what it may do beyond its queue and jobs, as "service:Action:where" ("ses:SendEmail",
        "s3:GetObject:uploads/*", "dynamodb:Query:jobs/index/all"; `infra/definition/iam/permissions.py` has all forms),
        or as `Allow(actions, ARNs)` on what is not the stack's.
    Attempts:
      retry: the curve of waits between them. delays: each wait instead, in seconds.
      max_attempts: 3, or one more than there are delays.
      give_up_after: no attempt follows another one later than so many seconds after the run was due.
      rate: `Rate(n, per)`, at most n starts in any `per` seconds over all workers; or a function that is asked on each
        stage, and may return None for no limit.
      pause_when: `Failing(of, within)`, pause the type while its attempts all fail alike.
    Which jobs, and in which order:
      fair_by: the field of the payload that says whose job it is ("customer.id"): their jobs take turns.
      serial_by: the field for each value of which jobs run one at a time, in order.
      unique_for, unique_by: for so many seconds a request with the same values of these fields gets the job there is.
      schedule: a `Cron`, or several, at whose times jobs are made, as long as it is declared.
      enqueues: the types whose jobs it makes with `ctx.enqueue`.
    Changes:
      upgrade: brings a stored payload of an older schema to today's; without it such a job waits.
      retired: refuse new jobs, finish the old ones. smoke: a payload to try each deployment with.
    Raises ConfigurationError.
    """
    curve, attempts = checks.policy(name, max_attempts, retry, tuple(delays))

    def declare(function: "Callable[[P, JobContext], R]") -> JobType[P, R]:
        declared = JobType(
            name, function, checks.payload_model(name, function), attempts, timeout, batch_size, window,
            concurrency or checks.at_once(rate, timeout),
            memory, budget, tuple(grants), curve, upgrade, retired,
            (schedule,) if isinstance(schedule, Cron) else tuple(schedule),
            Reach(dict(environment or {}), dict(secrets or {}), vpc, tuple(layers), ephemeral_storage), give_up_after,
            tuple(enqueues), unique_of(name, unique_for, unique_by, checks.payload_model(name, function)), smoke,
            rate, fair_by, serial_by, pause_when,
        )  # fmt: skip
        _check(declared)
        registered[name] = declared
        return declared

    return declare


def _check(declared: JobType[Any, Any]) -> None:
    """Raise ConfigurationError for the first thing in a declaration that cannot work."""
    checks.check_names(declared.name, *declared.enqueues)
    checks.check_limits(declared.name, {**vars(declared), "budget": declared.job_budget})
    checks.check_curve(declared.name, declared.retry, declared.give_up_after)
    check_declared(declared.name, declared.schedules, declared.canonical)
    check_reach(declared.name, declared.reach, declared.grants)
    result = checks.hints(declared.function).get("return")
    check_models(declared.name, payload=declared.payload_model, result=result)
    check_smoke(declared.name, declared.smoke, declared.canonical)
    check_groups(declared)
