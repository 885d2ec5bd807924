"""Declare the answer of `GET /job-types`. Durations are in seconds, memory in MB."""

from typing import Any

from pydantic import Field

from chalicelib.api.models.metric_responses import WITHOUT_TOKEN
from chalicelib.api.models.responses import Answer, Time
from chalicelib.counters.port import BY_BUDGET
from chalicelib.jobs.job import JSON


class RateRow(Answer):
    """The rate of a job type: at most `n` starts, or `n + burst`, in any `per` seconds over all workers."""

    n: int
    per: float
    burst: int


class PauseRuleRow(Answer):
    """The type is paused automatically when its last `of` attempts, all within `within` seconds, had the same error."""

    of: int
    within: float


class SpendingRow(Answer):
    """How what the jobs cost is watched: a budget of dollars a day, and whether it is counted by tenant."""

    per_day: float | None = Field(description="Dollars at list prices in a day (UTC); null: no budget")
    warn: float = Field(description="The share of the budget from which the type is reported")
    by_tenant: bool


class KeepRow(Answer):
    """For how many seconds after their end finished jobs of the type are kept."""

    done: float = Field(description="A completed or cancelled job")
    dead: float = Field(description="A failed or dead-lettered job")
    payload: float | None = Field(description="Payload, result and steps of each of them; null: as long as the job")


class AtMostRow(Answer):
    """At most `n` jobs of the type run at once; with `by`, at most `n` for each value of this field."""

    n: int
    by: str | None = Field(None, description="The field of the payload; null: all jobs of the type count together")
    shared: str | None = Field(
        None,
        description="The name under which types share the limit: their jobs count together; null: it is not shared",
    )


class LimitRateRow(Answer):
    """At most `n` jobs of the type start in any `per` seconds; with `by`, `n` for each value of this field."""

    n: int
    per: float = Field(description="Seconds")
    burst: int = Field(description="So many more may start in some `per` seconds")
    by: str | None = Field(None, description="The field of the payload; null: all jobs of the type count together")
    shared: str | None = Field(
        None,
        description="The name under which types share the rate: their jobs count together; null: it is not shared",
    )


class PastPauseRow(Answer):
    """An ended pause of a job type."""

    since: Time
    until: Time
    by: str = Field(description=f"Label of the token that paused it. {WITHOUT_TOKEN}")
    reason: str
    resumed_by: str = Field(
        description="Label of the token that resumed it. `JobFlow`: an automatic pause ended by itself; "
        f"`{BY_BUDGET}`: its budget allowed jobs again"
    )


class PastPauseRows(Answer):
    """The ended pauses of a type, newest first."""

    pauses: list[PastPauseRow]


class JobTypeRow(Answer):
    """A job type."""

    type: str
    title: str
    description: str
    schema_: dict[str, Any] = Field(alias="schema", serialization_alias="schema")
    example: JSON
    max_attempts: int
    retry_waits: list[float] = Field(
        description="Longest wait in seconds before attempt 2, 3, ... up to the maximum of attempts"
    )
    retry_on: list[str] = Field([], description="Classes of the errors that are retried, all others fail; none: all")
    fail_on: list[str] = Field([], description="Classes of the errors that fail at once")
    give_up_after: float | None = Field(
        description="Seconds after the run was due from which no retry begins; null: no limit"
    )
    expires: float | None = Field(
        None, description="Seconds after its time after which a job that has not begun is cancelled; null: never"
    )
    on_end: str | None = Field(None, description="The type of the job that is made when a job has ended; null: none")
    takes_ends: bool = Field(False, description="Its payload is a JobEnd: `on_end` may name it")
    takes_batch_ends: bool = Field(False, description="Its payload is a BatchEnd: a batch's `then` may name it")
    timeout: int
    budget: float
    batch_size: int
    concurrency: int = Field(description="Maximum invocations at the same time; with `urgent`, a half for each queue")
    memory: int
    rate: RateRow | None = Field(
        default=None, description="How often its jobs may start; null: as often as workers are free"
    )
    pause_when: PauseRuleRow | None = Field(
        default=None, description="When it pauses automatically; null: only an operator pauses it"
    )
    spending: SpendingRow | None = Field(
        default=None, description="How what its jobs cost is watched; null: by type and day, without a budget"
    )
    keep: KeepRow | None = Field(default=None, description="How long finished jobs are kept; null: as usual")
    at_most: AtMostRow | None = Field(
        default=None,
        description="The first of its `limits`; null: as many of its jobs may run at once as workers are free",
    )
    limits: list[AtMostRow] = Field(
        [], description="How many jobs may run at once, in the order in which a job takes its places; none: no limit"
    )
    rates: list[LimitRateRow] = Field(
        [], description="How many jobs may start in a period, by its limits, from narrow to wide; none: no such limit"
    )
    urgent: bool = Field(
        False,
        description="It has a second queue, for its jobs of `high` priority and those that a limit has woken: they "
        "pass its backlog",
    )
    fair_by: str | None = Field(None, description="The field of the payload that names the tenant")
    serial_by: str | None = Field(
        None, description="The field of the payload that is the key: its jobs run one at a time"
    )
    unique_for: float | None = Field(description="Seconds for which equal values of `unique_by` give one job")
    unique_by: list[str] = Field(description="Fields of the payload; none: all")
    enqueues: list[str] = Field(description="Types whose jobs its jobs make")
    retired: bool = Field(description="It accepts no new jobs; stored jobs are still processed")
    queue: str | None = Field(
        None, description="The queue that it shares with other types: a pause concerns them all; null: it has its own"
    )
    problem: str | None = Field(
        None, description="Why no worker can run its jobs: its file has no `handler = consume(…)`; null: it has"
    )


class TenantRow(Answer):
    """A tenant, and its number of unfinished jobs."""

    tenant: str
    jobs: int


class Tenants(Answer):
    """The ten tenants of a job type with the most unfinished jobs: queued, running, or between attempts."""

    tenants: list[TenantRow]
    looked: int = Field(description="Unfinished jobs that were counted")
    complete: bool = Field(description="False: there may be more; the jobs due first and last were counted")


class JobTypes(Answer):
    """Every job type."""

    job_types: list[JobTypeRow]
