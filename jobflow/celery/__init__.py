"""Run task modules that were written for Celery: `from jobflow.celery import shared_task`.

docs/moving/celery.md lists what works, and what to do instead of the rest.
"""

from typing import Any

from jobflow.celery.options import NAMES, NotOffered, refused
from jobflow.celery.results import AsyncResult, TaskFailed
from jobflow.celery.task import (
    Celery,
    Ignore,
    MaxRetriesExceededError,
    Retry,
    Task,
    current_task,
    get_task_logger,
    shared_task,
)

__all__ = [
    "AsyncResult",
    "Celery",
    "Ignore",
    "MaxRetriesExceededError",
    "NotOffered",
    "Retry",
    "Task",
    "TaskFailed",
    "current_task",
    "get_task_logger",
    "shared_task",
]


def __getattr__(name: str) -> Any:
    """Raise NotOffered for other names of Celery; the text says what to do instead."""
    if name in NAMES:
        raise refused("jobflow.celery", name, NAMES[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
