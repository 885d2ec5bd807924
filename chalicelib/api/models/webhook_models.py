"""Declare bodies, queries and answers about webhooks."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.api.constants import JOBS_ON_PAGE, MOST_JOBS_ON_PAGE
from chalicelib.api.models.fields import Cursor, OwnTag, Query, Reasoned, TypeName, WebhookName, Whole
from chalicelib.api.models.responses import Answer, Time
from chalicelib.webhooks.constants import LONGEST_URL, MOST_FILTERED

Ended = Literal["completed", "failed", "dead_letter", "cancelled"]
DeliveryState = Literal["pending", "delivered", "failed", "disabled"]


class WebhookSettings(Reasoned):
    """The settings of a webhook."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_URL)] = Field(
        description="https, port 443, a host on the internet; without user name, password and fragment.",
        examples=["https://hooks.example.com/jobflow"],
    )
    types: list[TypeName] = Field(
        default_factory=list, max_length=MOST_FILTERED,
        description="The ends of all jobs of these types are told, too; `*`: of every type. Empty: only those of jobs "
        "that name the webhook in `notify`.",
    )  # fmt: skip
    tags: list[OwnTag] = Field(
        default_factory=list, max_length=MOST_FILTERED, description="Limits `types` to jobs with all of these tags."
    )
    statuses: list[Ended] = Field(
        default_factory=list, max_length=4, description="Only these ends are told. Empty: every end."
    )


class NewWebhook(WebhookSettings):
    """A webhook to register."""

    name: WebhookName = Field(description="Jobs and batches name it in `notify`.", examples=["billing"])


class DeliveriesQuery(Query):
    """A position in the deliveries of a webhook."""

    limit: Whole = Field(JOBS_ON_PAGE, ge=1, le=MOST_JOBS_ON_PAGE)
    cursor: Cursor | None = None
    state: DeliveryState | None = Field(None, description="A page may then have fewer deliveries than `limit`.")


class WebhookRow(Answer):
    """A webhook, without its secret."""

    name: str
    url: str = Field(description="For others than administrators without its path and query")
    types: list[str]
    tags: list[str]
    statuses: list[str]
    created_at: Time
    updated_at: Time
    created_by: str = Field(description="The label of the token that registered it")
    rotated_at: Time = Field(description="When its secret was made")
    failures: int = Field(description="Deliveries that failed in a row")
    failing_since: Time | None = Field(description="The first of these failures")
    paused_until: Time | None = Field(description="No delivery is tried before, because the receiver fails")
    disabled_at: Time | None = Field(description="Since when nothing is delivered, until the webhook is enabled")
    disabled_because: str | None


class NewSecret(WebhookRow):
    """A webhook with its new secret, which no other answer contains."""

    secret: str = Field(description="Signs the messages. It cannot be read again: rotate it if it is lost.")


class WebhookList(Answer):
    """All webhooks, by name."""

    webhooks: list[WebhookRow]
    available: bool = Field(description="Whether this stage declares the job type webhook.deliver, and has webhooks")


class DeliveryRow(Answer):
    """A delivery: a job of the type webhook.deliver."""

    id: str = Field(description="The id of its job: GET /jobs/{job_id} has its attempts")
    webhook_id: str = Field(description="The webhook-id of the message; the same for a message that is sent again")
    job_id: str | None = Field(description="The job that has ended; null for the end of a batch")
    batch: str | None = Field(description="The batch of which a round has ended; null for the end of a job")
    ended: str | None = Field(description="How that job has ended")
    state: DeliveryState = Field(
        description="`disabled`: it failed because the webhook was disabled, and can be sent again"
    )
    attempts: int
    created_at: Time
    finished_at: Time | None
    next_attempt_at: Time | None
    status: int | None = Field(description="The HTTP status of a delivered message")
    answer: str | None = Field(description="The answer of the receiver, or the last error, shortened and masked")


class DeliveryPage(Answer):
    """A page of deliveries, newest first."""

    deliveries: list[DeliveryRow]
    next_cursor: str | None
