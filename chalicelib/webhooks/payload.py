"""Define the payload and the result of a delivery, and the message that is sent. Pure."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from chalicelib.ends.rule import end_of
from chalicelib.jobs.job import JSON, Job
from chalicelib.jobs.listing import iso

EXAMPLE: JsonDict = {
    "webhook": "billing", "registration": "5f0c6b1d2e3a4b5c",
    "body": {"type": "job.completed", "timestamp": "2026-11-25T00:42:45Z", "data": {"job_id": "…"}},
}  # fmt: skip


class Delivery(BaseModel):
    """A message to one webhook. Only the platform makes such jobs."""

    model_config = ConfigDict(
        strict=True, extra="forbid", title="Deliver a message to a webhook", json_schema_extra={"examples": [EXAMPLE]}
    )

    webhook: str = Field(description="The name of the webhook.", examples=["billing"])
    registration: str = Field(description="Which registration of the name.", examples=["5f0c6b1d2e3a4b5c"])
    body: dict[str, Any] = Field(description="The message.", examples=[EXAMPLE["body"]])
    message: str | None = Field(None, description="The webhook-id of a message that is sent again.")


class Delivered(BaseModel):
    """The answer of the receiver."""

    status: int
    answer: str


def body_of_round(end: JSON, at: float) -> dict[str, Any]:
    """Return the message that a round of a batch has ended: a BatchEnd, as the job of `then` gets it."""
    return {"type": "batch.ended", "timestamp": iso(at), "data": end}


def body_of(job: Job, *, has_result: bool) -> dict[str, Any]:
    """Return the message that a job has ended: without its payload and result, which the receiver reads by its id."""
    end = end_of(job, has_result=has_result).model_dump(mode="json")
    return {"type": f"job.{end['status']}", "timestamp": end["finished_at"], "data": end}
