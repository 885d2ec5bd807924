"""Declare the answers of `GET /metrics`. Durations are in seconds."""

from pydantic import Field

from chalicelib.api.models.responses import Answer, Time
from chalicelib.counters.port import BY_BUDGET
from chalicelib.jobs.job import Status

WITHOUT_TOKEN = f"`JobFlow`: it paused automatically; `{BY_BUDGET}`: the budget of its day was spent"
"""Who pauses a type although nobody asked for it. Programs tell these pauses from an operator's by these names."""


class Numbers(Answer):
    """Eight numbers about jobs and queues, and the number of jobs in each status."""

    total_jobs: int
    active_jobs: int = Field(description="queued, processing and retrying")
    completed_jobs: int
    failed_jobs: int
    dead_letter_jobs: int
    queue_length: int = Field(
        description="Waiting messages, as SQS counts them; with more than three queues, and of a type that shares a "
        "queue, waiting jobs"
    )
    retry_queue_length: int = Field(description="Jobs that wait for another attempt")
    dlq_length: int = Field(
        description="Messages in dead-letter queues, as SQS counts them; with more than three queues, and of a type "
        "that shares a queue, their jobs"
    )
    by_status: dict[Status, int]


class PauseNote(Answer):
    """A pause of a job type."""

    since: Time
    by: str = Field(description=f"Label of the token that paused it. {WITHOUT_TOKEN}")
    reason: str
    next_probe_at: Time | None = Field(
        default=None,
        description="The pause is automatic: one job is tried at this time, and the pause ends if it completes. "
        "Null: an operator paused it",
    )


class TypeNumbers(Numbers):
    """The numbers of one job type."""

    oldest_queued_age_s: float | None = Field(
        description="Seconds that the oldest queued job has waited, with an error of 3 s up to 15 minutes, 30 s up to "
        "4 hours, and half an hour beyond; null if none is queued"
    )
    in_flight: int = Field(description="Messages with a worker, or in backoff: SQS counts both the same")
    paused: bool = Field(description="True while its queue is paused")
    pause: PauseNote | None = Field(description="Since when, by whom and why; null while it is not paused")
    paced_for_s: float | None = Field(
        default=None, description="Seconds that its waiting jobs need to start at its rate; null without a rate"
    )


class QueueNumbers(Answer):
    """The messages of a queue that several job types share."""

    queue_length: int = Field(description="Waiting messages")
    in_flight: int = Field(description="Messages with a worker, or in backoff")
    dlq_length: int = Field(description="Messages in its dead-letter queue")


class DeployRow(Answer):
    """A deployment of the stage."""

    at: Time
    version: str = Field(description="The commit of the deployed checkout, or part of the template's digest")


class MetricsAnswer(Numbers):
    """The numbers of the platform. Counters are a few seconds old, queue lengths up to a minute (SQS)."""

    by_type: dict[str, TypeNumbers]
    by_queue: dict[str, QueueNumbers] = Field({}, description="The queues that several types share, by name")
    deploys: list[DeployRow] = Field(description="The last 12 deployments of the stage, oldest first")
    as_of: Time
