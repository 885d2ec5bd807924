"""Declare the job type of a queue: its jobs run the tasks of that queue.

This module needs the platform, so only files in `handlers/` import it.
"""

import sys
from collections.abc import Callable, Iterable
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, ConfigDict, Field

from chalicelib import cold_start
from chalicelib.errors import PermanentError, Retry, RetryLater, SecretUnavailable, StoreUnavailable
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType, job
from chalicelib.job_types.retry import DECIDED
from chalicelib.telemetry import emf
from chalicelib.telemetry.logger import about
from jobflow.celery import task as tasks
from jobflow.celery.task import Request, Task, job_type

DEFAULT_ATTEMPTS = 4
"""Attempts of a job that a schedule or the console makes: Celery's first attempt and three retries."""
METRICS = {"completed": "TaskCompleted", "retry": "TaskRetried", "error": "TaskFailed"}
SHOWN = 20
IMPORT_AGAIN = 60
"""Seconds until a job whose task could not be imported, or is not there yet, is tried again."""
UNKNOWN_CLAIMS = 60
"""Claims of a run up to which a job waits for a deployment with its task: an hour, with IMPORT_AGAIN."""


class Call(BaseModel):
    """A call of a task."""

    model_config = ConfigDict(
        strict=True, extra="forbid", title="Task", json_schema_extra={"examples": [{"task": "shop.tasks.charge"}]}
    )
    task: str = Field(description="The name of the task.", examples=["shop.tasks.charge"], min_length=1)
    args: list[Any] = Field(default=[], description="The positional arguments.", examples=[[1]])
    kwargs: dict[str, Any] = Field(default={}, description="The named arguments.", examples=[{"notify": True}])
    id: str | None = Field(default=None, description="The task_id of the call.", examples=["charge-1042"])


def queue(
    name: str = tasks.DEFAULT_QUEUE,
    *,
    enqueues: Iterable[str] = (),
    max_attempts: int = DEFAULT_ATTEMPTS,
    task_metrics: bool = False,
    **settings: Any,
) -> Callable[[Callable[[], None]], JobType[Call, Any]]:
    """Declare the job type of a queue. The decorated function imports the queue's tasks, once in each process.

    `settings` are those of `@job`, such as `timeout`, `function`, `access`, `rate`, `schedule`. The tasks of the queue
    may make jobs of their own queue; `enqueues` names the other types. With `task_metrics`, CloudWatch has the metrics
    TaskCompleted, TaskRetried, TaskFailed and TaskDuration of each task; AWS bills each of them. Raises
    ConfigurationError.
    """
    own = job_type(name)

    def declare(load: Callable[[], None]) -> JobType[Call, Any]:
        loaded = _Loaded(own, load)

        def run(payload: Call, ctx: JobContext) -> Any:
            return perform(loaded.task(payload.task, ctx), payload, ctx, metrics=task_metrics)

        run.__name__, run.__module__, run.__doc__ = load.__name__, load.__module__, load.__doc__
        vars(run)["imports"] = load  # `jobflow check` calls it, too
        return job(
            own,
            enqueues=tuple(dict.fromkeys((own, *enqueues))),
            max_attempts=max_attempts,
            fail_on=Exception,
            **settings,
        )(run)

    return declare


def perform(task: Task, call: Call, ctx: JobContext, *, metrics: bool = False) -> Any:
    """Run a task in an attempt of its job. Raises Retry or RetryLater for another attempt, or what the task raises."""
    of_job: Any = ctx.job
    endless = task.max_retries is None
    request = Request(
        task.name, call.id or ctx.job_id, call.args, call.kwargs,
        # Unlimited retries use up no attempt, so count the claims instead.
        retries=(of_job.claims if endless else ctx.attempt) - 1, called_directly=False,
        root_id=of_job.root or ctx.job_id, parent_id=of_job.parent, correlation_id=of_job.correlation_id,
        most_retries=None if endless else of_job.max_attempts - 1,
    )  # fmt: skip
    _close_old_connections()
    begun, outcome = monotonic(), "error"
    with about(task=task.name):
        try:
            result = task.perform(request, DECIDED)
            outcome = "completed"
        except tasks.Retry as asked:
            outcome = "retry"
            if endless:
                raise RetryLater(asked.after, str(asked)) from asked.exc
            raise Retry(str(asked), after=asked.after) from asked.exc
        except (SecretUnavailable, StoreUnavailable) as error:
            if task.runs_again:
                raise
            # The platform would call the function again without charging an attempt.
            raise PermanentError(
                f"{error}. {task.name} has begun and does not retry, so it is not run again"
            ) from error
        finally:
            _close_old_connections()
            # The platform's metrics are by job type. Counts and durations by task are read from this line.
            took = round(1000 * (monotonic() - begun))
            ctx.logger.info("celery.task", extra={"outcome": outcome, "duration_ms": took})
            if metrics:
                numbers = {METRICS[outcome]: (MetricUnit.Count, 1.0), "TaskDuration": (MetricUnit.Milliseconds, took)}
                emf.write(("task", task.name), numbers)
    return None if task.ignore_result else result


def _close_old_connections() -> None:
    """Close Django's database connections that are broken or too old, if the tasks use Django; Celery does it, too.

    Between two jobs, Lambda freezes the process, and the database may close a connection meanwhile.
    """
    settings, database = sys.modules.get("django.conf"), sys.modules.get("django.db")
    if settings is not None and database is not None and settings.settings.configured:
        database.close_old_connections()


class _Loaded:
    """The tasks of a process, imported at the first use."""

    def __init__(self, job_type: str, load: Callable[[], None]) -> None:
        self._job_type, self._load, self._loading = job_type, load, Lock()
        self._first_error: str | None = None

    @cached_property
    def _tasks(self) -> dict[str, Task]:
        self._load()
        return tasks.TASKS

    def task(self, name: str, ctx: JobContext) -> Task:
        """Return a task.

        Raises RetryLater while the tasks cannot be imported. For an unknown name, raises RetryLater for an hour,
        because functions are not deployed at the same time: a new function may make the job before the queue's function
        is deployed. After that, raises PermanentError.
        """
        try:
            with self._loading:  # the jobs of a batch may run in several threads
                found = self._tasks
        except Exception as error:
            # A deployment must repair the import, so the jobs keep their attempts.
            raise RetryLater(IMPORT_AGAIN, f"The tasks cannot be imported: {self._told(error)}") from error
        try:
            return found[name]
        except KeyError:
            known = ", ".join(sorted(found)[:SHOWN]) or "none"
            why = f"handlers/{self._job_type.replace('.', '_')}.py imports no task {name!r}; it imports: {known}"
            if ctx.job.claims < UNKNOWN_CLAIMS:
                raise RetryLater(IMPORT_AGAIN, f"{why}. The job waits for an hour for a deployment") from None
            raise PermanentError(why) from None

    def _told(self, error: Exception) -> str:
        """Return the text of a failed import, with the first error of this process, which a later one may hide.

        Django's `setup()`, for example, cannot run again in a process in which it has failed. A fresh process can.
        """
        told = f"{type(error).__name__}: {error}"
        self._first_error = self._first_error or told
        if told == self._first_error:
            return told
        cold_start.recycle(f"The tasks of {self._job_type} cannot be imported: {self._first_error}")
        return f"{self._first_error}; then, in the same process, {told}"
