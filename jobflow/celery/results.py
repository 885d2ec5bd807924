"""Read how a task's job ended, as Celery's AsyncResult does."""

from typing import Any

from jobflow import context
from jobflow.errors import ApiError, JobFlowError

STATES = {
    "queued": "PENDING",
    "scheduled": "PENDING",
    "processing": "STARTED",
    "suspended": "STARTED",
    "blocked": "PENDING",
    "retrying": "RETRY",
    "completed": "SUCCESS",
    "failed": "FAILURE",
    "dead_letter": "FAILURE",
    "cancelled": "REVOKED",
}
"""Celery's state for each status of a job."""
ENDED = frozenset({"SUCCESS", "FAILURE", "REVOKED"})


class TaskFailed(JobFlowError):
    """The task's job failed, was dead-lettered or was cancelled; the text contains the job's error."""


class AsyncResult:
    """The job of a task, by the `id` that `delay` or `apply_async` returned. Each read sends a request to the API."""

    def __init__(self, id: str, job: Any = None) -> None:  # noqa: A002 - Celery's name
        self.id = self.task_id = id
        self._job_id: str | None = None if job is None else job.id
        # Within `jobflow.testing.eager()`, the job has already ended when the call returns.
        running = context.RUNNING.get()
        self._ended = job if running is not None and running.context is None else None

    def __repr__(self) -> str:
        return f"<AsyncResult: {self.id}>"

    def __str__(self) -> str:
        return self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AsyncResult) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def status(self) -> str:
        """Return Celery's name of the state; PENDING also for an unknown id."""
        job = self._read()
        return "PENDING" if job is None else STATES.get(str(job.status), "PENDING")

    @property
    def state(self) -> str:
        """Return the same as `status`."""
        return self.status

    def ready(self) -> bool:
        """Return whether the job has ended."""
        return self.status in ENDED

    def successful(self) -> bool:
        """Return whether the task returned."""
        return self.status == "SUCCESS"

    def failed(self) -> bool:
        """Return whether the task's last attempt failed."""
        return self.status == "FAILURE"

    @property
    def result(self) -> Any:
        """Return what the task returned, or the error as TaskFailed; None until the job has ended."""
        job = self._read()
        if job is None or STATES.get(str(job.status)) not in ENDED:
            return None
        return job.result if str(job.status) == "completed" else _error(self.id, job)

    @property
    def info(self) -> Any:
        """Return the same as `result`."""
        return self.result

    def get(self, timeout: float | None = None, propagate: bool = True, **_: Any) -> Any:
        """Wait for the job, and return what the task returned; raises TaskFailed, or WaitTimeout after `timeout`.

        Raises RuntimeError within a task, because the waiting task would cost money, and might wait for itself.
        """
        job = self._ended
        if job is None:
            found = self._read()
            if found is None:
                raise LookupError(f"There is no job of the task {self.id!r}.")
            job = context.connect().wait(found.id, timeout)
        if str(job.status) == "completed":
            return job.result
        error = _error(self.id, job)
        if propagate:
            raise error
        return error

    wait = get

    def revoke(self, *, terminate: bool = False, **_: Any) -> None:
        """Cancel the job: a waiting job at once, a running job at its next `check_cancelled`.

        Raises ValueError with `terminate`, because a running task cannot be killed.
        """
        if terminate:
            raise ValueError("terminate=True ends a process; a running task calls jobflow.current().check_cancelled()")
        job = self._read()
        if job is not None:
            context.connect().cancel(job.id)

    def forget(self) -> None:
        """Do nothing: a completed or cancelled job is deleted after 30 days, a failed one after 90."""

    def _read(self) -> Any:
        """Return the job: by its id, or by its key if the call had a `task_id`; None if there is no such job."""
        if self._ended is not None:
            return self._ended
        _refuse_in_task()
        client = context.connect()
        try:
            job = client.get(self._job_id or self.id)
        except ApiError as error:
            if error.status not in (404, 422):
                raise
            rows = client.page(idempotency_key=self.id, limit=1).jobs
            job = client.get(rows[0].id) if rows else None
        self._job_id = self._job_id if job is None else job.id
        return job


def in_task() -> bool:
    """Return whether a task runs here as a job."""
    running = context.RUNNING.get()
    return running is not None and running.context is not None


def _refuse_in_task() -> None:
    if in_task():
        raise RuntimeError(
            "A task does not wait for another: let the other task make the next job (docs/moving/celery.md)"
        )


def _error(task_id: str, job: Any) -> TaskFailed:
    why = f": {job.error_class}: {job.error_message}" if job.error_class else ""
    return TaskFailed(f"The job of task {task_id} is {job.status}{why}")
