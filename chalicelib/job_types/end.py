"""Describe the end of a job, the payload of the jobs that `on_end` makes. Pure."""

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.jobs.job import JSON

if TYPE_CHECKING:
    from chalicelib.job_types.context import AsyncJobContext, JobContext

EXAMPLE: JSON = {
    "job_id": "6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4f", "type": "report.generate", "status": "completed", "run": 1,
    "attempts": 1, "has_result": True, "created_at": "2026-11-25T00:42:39Z", "started_at": "2026-11-25T00:42:40Z",
    "finished_at": "2026-11-25T00:42:45Z",
}  # fmt: skip


class JobEnd(BaseModel):
    """The end of a job: the payload of a type that `on_end` names."""

    # Other fields are ignored: a later version may add some, and its jobs must also run after a rollback.
    model_config = ConfigDict(frozen=True, json_schema_extra={"examples": [EXAMPLE]})
    job_id: str = Field(description="The job that has ended.")
    type: str = Field(description="Its type.")
    status: Literal["completed", "failed", "dead_letter", "cancelled"] = Field(description="How it has ended.")
    run: int = Field(
        description="The number of the run that has ended: 1, and more after a retry or a debounced replacement."
    )
    attempts: int = Field(description="How many attempts the run has had.")
    error_class: str | None = Field(
        None, description="The class of its last error; `Expired`, `Skipped` or `TypeRemoved` if JobFlow cancelled it."
    )
    error_message: str | None = Field(None, description="Its message; class and message have 156 bytes at most.")
    has_result: bool = Field(False, description="Whether the function returned a value; `result(ctx)` reads it.")
    created_at: datetime = Field(description="When the job was created.")
    started_at: datetime | None = Field(None, description="When its last attempt began; null if none did.")
    finished_at: datetime = Field(description="When the job ended.")
    key: str | None = Field(None, description="The job's Idempotency-Key.")
    tags: list[str] = Field(default_factory=list, description="The job's tags.")
    tenant: str | None = Field(None, description="The job's tenant, for a type with `fair_by` or `serial_by`.")
    parent: str | None = Field(None, description="The job that made the job.")

    def result(self, ctx: "JobContext | AsyncJobContext") -> JSON:
        """Read the result of the job; None without one.

        Raises JobNotFound if the job is not kept any more, ResultRemoved if only its result is not.
        """
        return ctx.store.result_of(self.job_id) if self.has_result else None
