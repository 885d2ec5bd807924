"""Serve the meanings of statuses and the limits of requests, so that clients need no copy."""

from chalicelib.api.constants import LARGEST_IN_LIST, MOST_IN_BATCH, MOST_IN_BULK
from chalicelib.api.http.endpoint import Call, Endpoints
from chalicelib.api.models.responses import Answer
from chalicelib.job_types.constants import MAX_ATTEMPTS_CAP
from chalicelib.jobs.constants import MAX_DELAY, MOST_TAGS
from chalicelib.jobs.job import ACTIVE, DISCARDABLE, PLANNED, RETRYABLE, TERMINAL, WAITING, Status, in_order

endpoints = Endpoints()


class StatusSets(Answer):
    """Sets of statuses, each in the order of a job's lifecycle."""

    all: list[Status]
    waiting: list[Status]
    active: list[Status]
    retryable: list[Status]
    cancellable: list[Status]
    planned: list[Status]
    discardable: list[Status]
    finished: list[Status]


class Limits(Answer):
    """The limits of requests; sizes in bytes, times in seconds."""

    max_attempts: int
    max_delay_s: int
    batch_jobs: int
    bulk_jobs: int
    tags: int
    list_value_bytes: int


class Meta(Answer):
    """Status sets and limits."""

    statuses: StatusSets
    limits: Limits


@endpoints.get("/meta", Meta)
def read_meta(_: Call) -> Meta:
    """Return the named sets of statuses, and the limits of requests. The answer is constant for a deployed version."""
    sets = {
        "waiting": WAITING, "active": ACTIVE, "retryable": RETRYABLE, "cancellable": ACTIVE, "planned": PLANNED,
        "discardable": DISCARDABLE,
        "finished": TERMINAL,
    }  # fmt: skip
    ordered = {name: list(in_order(members)) for name, members in sets.items()}
    limits = Limits(
        max_attempts=MAX_ATTEMPTS_CAP,
        max_delay_s=MAX_DELAY,
        batch_jobs=MOST_IN_BATCH,
        bulk_jobs=MOST_IN_BULK,
        tags=MOST_TAGS,
        list_value_bytes=LARGEST_IN_LIST,
    )
    return Meta(statuses=StatusSets(all=list(Status), **ordered), limits=limits)
