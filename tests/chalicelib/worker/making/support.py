"""Make a job of another type in an attempt, and look at what was made."""

from collections.abc import Callable
from typing import Any

from chalicelib.job_types.changes import Changes
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Filter
from tests.chalicelib.api.support import Note
from tests.chalicelib.worker.one_type import OneType

PAYLOAD = {"to": ["ada@example.com"]}
MAIL: JobType[Note, None] = JobType("test.mail", lambda _payload, _ctx: None, Note)
GONE: JobType[Note, None] = JobType("test.gone", lambda _payload, _ctx: None, Note, changes=Changes(retired=True))


def making(*made: str, **asked: Any) -> Callable[[JobContext], object]:
    """Return an attempt that makes a mail and notes its id."""

    def attempt(ctx: JobContext) -> object:
        made_list.append(ctx.enqueue("test.mail", PAYLOAD, **{"key": "receipt", **asked}))
        return made_list[-1]

    made_list: list[str] = list(made)
    return attempt


def children(world: OneType, parent: str = "job-1") -> list[Job]:
    return list(world.store.page(Filter(parent=parent), 100).jobs)
