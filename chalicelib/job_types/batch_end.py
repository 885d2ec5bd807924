"""Describe the end of a batch's round, the payload of the jobs that `then` and `on_failure` make. Pure."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.jobs.job import JSON

EXAMPLE: JSON = {
    "batch": "0b8f4d52-5c0a-4c55-9d6c-6f0c7c2f5a11", "round": 1, "ended": True, "total": 200, "done": 200,
    "completed": 198, "failed": 2, "cancelled": 0, "failed_ids": ["6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4f"],
    "created_at": "2026-11-25T00:42:39Z", "key": "2026-11-25", "tags": ["nightly"],
}  # fmt: skip


class BatchEnd(BaseModel):
    """The numbers of a batch's round: the payload of a type that `then` or `on_failure` names."""

    # Other fields are ignored: a later version may add some, and its jobs must also run after a rollback.
    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [EXAMPLE]})
    batch: str = Field(description="The batch.")
    round: int = Field(description="The round: 1, and more after a retry of members.")
    ended: bool = Field(description="True for `then`: the round has ended. False for `on_failure`.")
    total: int | None = Field(None, description="How many members the round has; null while the batch is open.")
    done: int = Field(description="How many of them have ended.")
    completed: int = Field(description="How many have completed.")
    failed: int = Field(description="How many have failed or are dead letters.")
    cancelled: int = Field(description="How many were cancelled.")
    failed_ids: list[str] = Field(default_factory=list, description="The first 100 that failed.")
    created_at: datetime = Field(description="When the batch was created.")
    key: str | None = Field(None, description="The key that the batch was created with.")
    tags: list[str] = Field(default_factory=list, description="The batch's tags.")
