"""Estimate in nano-dollars what attempts, jobs and days have cost, at list prices. Pure.

A nano-dollar is a billionth of a dollar: 1 dollar for a million is 1,000 nano-dollars each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from chalicelib.counters.keys import AGAIN, AGAIN_MS, ATTEMPTS, MADE, RUN_MS, STEPS_KEPT, WRITES
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Attempt, Job
from chalicelib.jobs.retention import KEEP_DONE
from chalicelib.usage import constants as c

EACH = 1_000
"""Nano-dollars of one unit, for each dollar of a million units."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a job type decides what its jobs cost.

    `memory` in MB; `batch`: jobs in one invocation. `beside`: the part of an attempt's time that it is billed for, if
    jobs of an invocation run at the same time. `sqs`: dollars for a million requests to its queue. `of_attempt`
    and `of_job`: what its options add, in dollars for a million attempts or jobs. `limited`: a claim can end because
    there is no place, so not each claim without an attempt is a wait of the function.
    """

    memory: int
    batch: int = 1
    beside: float = 1.0
    sqs: float = c.SQS_REQUEST
    of_attempt: float = 0.0
    of_job: float = 0.0
    limited: bool = False

    @classmethod
    def of(cls, kind: JobType[Any, Any]) -> Self:
        """Return the shape of a type, as it is declared now."""
        batch = kind.function.batch_size
        sqs = c.SQS_REQUEST if kind.serial_by is None else c.SQS_FIFO_REQUEST
        options = (
            (kind.serial_by, c.WRITE_UNIT + c.READS_OF_A_KEY * c.READ_UNIT),
            (kind.pace, c.WRITE_UNIT + c.READ_UNIT / 2 / batch),
            (kind.pause_when, c.READ_UNIT / 2),
        )
        return cls(
            memory=kind.function.memory,
            batch=batch,
            beside=kind.function.waves / batch,
            sqs=sqs + (0.0 if kind.fair_by is None else c.SQS_FAIR_REQUEST),
            of_attempt=sum(dollars for option, dollars in options if option is not None),
            of_job=0.0 if kind.unique is None else 2 * c.WRITE_UNIT + c.READ_UNIT,
            limited=bool(kind.limits) or kind.serial_by is not None,
        )


@dataclass(frozen=True, slots=True)
class Used:
    """What jobs have used, as the counters count it.

    `jobs`: stored jobs; `made`: those of them that no request has made. `attempts`: claims that have ended,
    `completed`, `suspended` and `retried` of them; `run_ms`: their milliseconds. `again` and `again_ms`: those of
    retries. `steps`: kept steps. `writes`: batches of the stream that changed the day's row.
    """

    jobs: int = 0
    made: int = 0
    attempts: int = 0
    completed: int = 0
    suspended: int = 0
    retried: int = 0
    run_ms: int = 0
    again: int = 0
    again_ms: int = 0
    steps: int = 0
    writes: int = 0

    @classmethod
    def of(cls, numbers: Mapping[str, int]) -> Self:
        """Return what is in a row of the counters."""
        return cls(
            jobs=numbers.get("created", 0), made=numbers.get(MADE, 0), attempts=numbers.get(ATTEMPTS, 0),
            completed=numbers.get("completed", 0), suspended=numbers.get("suspended", 0),
            retried=numbers.get("retried", 0), run_ms=numbers.get(RUN_MS, 0), again=numbers.get(AGAIN, 0),
            again_ms=numbers.get(AGAIN_MS, 0), steps=numbers.get(STEPS_KEPT, 0), writes=numbers.get(WRITES, 0),
        )  # fmt: skip

    @classmethod
    def total(cls, every: Iterable["Used"]) -> Self:
        """Return the sum."""
        rows = list(every)
        return cls(**{field.name: sum(getattr(one, field.name) for one in rows) for field in fields(cls)})

    def without(self, others: "Used") -> "Used":
        """Return what is left without `others`; a row that is some seconds ahead does not make it negative."""
        left = {field.name: getattr(self, field.name) - getattr(others, field.name) for field in fields(Used)}
        return Used(**{name: max(0, number) for name, number in left.items()})


@dataclass(frozen=True, slots=True)
class Cost:
    """What jobs have cost, in nano-dollars.

    `run`: time and memory of the attempts. `requests`: their requests, write units and log lines. `jobs`: storing the
    jobs, with the requests that made them. `counting`: counting what happens to them. `kept`: keeping them for 30 days
    after their end. `retries` is the part of `run` and `requests` that belongs to retries.
    """

    run: int = 0
    requests: int = 0
    jobs: int = 0
    counting: int = 0
    kept: int = 0
    retries: int = 0

    @property
    def whole(self) -> int:
        """Return the sum."""
        return self.run + self.requests + self.jobs + self.counting + self.kept

    @classmethod
    def total(cls, every: Iterable["Cost"]) -> Self:
        """Return the sum."""
        rows = list(every)
        return cls(**{field.name: sum(getattr(one, field.name) for one in rows) for field in fields(cls)})


def cost(shape: Shape, used: Used, rows: int = c.COUNTED_ROWS) -> Cost:
    """Return what this use has cost. `rows`: rows that a batch of the stream changes for it."""
    run, each = _of_second(shape.memory) * shape.beside, _of_attempt(shape)
    extra = c.WRITE_UNIT * (
        (c.SUSPENDED_UNITS - c.FAILED_UNITS) * used.suspended
        - (c.FAILED_UNITS - c.COMPLETED_UNITS) * used.completed
        + c.STEP_UNITS * used.steps
    )
    asked = each * used.attempts + extra + shape.sqs * (used.retried + used.suspended)
    posted = max(0, used.jobs - used.made)
    # the errors of a batch of the stream are usually of one group, which has a row of its own
    errors = min(used.writes, max(0, used.attempts - used.completed - used.suspended)) if rows > 1 else 0
    return Cost(
        run=_nano(run * used.run_ms / 1000),
        requests=_nano(asked),
        jobs=_nano((c.PUT_UNITS * c.WRITE_UNIT + shape.sqs + shape.of_job) * used.jobs + _of_request() * posted),
        counting=_nano(_of_counting(rows) * used.writes + c.WRITE_UNIT * errors),
        kept=_nano(_of_keeping() * used.jobs),
        retries=_nano(run * used.again_ms / 1000 + each * used.again),
    )


def attempt_cost(shape: Shape, attempt: Attempt) -> int | None:
    """Return what an attempt has cost, in nano-dollars; None while it runs, or if its end is unknown."""
    if attempt.duration_ms is None:
        return None
    done = attempt.outcome == "completed"
    used = Used(
        attempts=1, completed=int(done), run_ms=attempt.duration_ms, retried=int(attempt.retry_delay_s is not None)
    )
    found = cost(shape, used)
    return found.run + found.requests


def job_cost(shape: Shape, job: Job, attempts: Iterable[Attempt], *, older: bool = False) -> int:
    """Return what a job has cost so far, at least: its storing, its listed attempts, steps and waits, and keeping it.

    The time of the runs that ended with a wait is not in it, because a job does not store it. `older`: it has attempts
    that are not listed.
    """
    listed = list(attempts)
    # an attempt that ends with a wait is given back, and not recorded
    waits = 0 if older or shape.limited else max(0, job.claims - sum(1 for one in listed if one.gen == job.gen))
    made = job.parent is not None or job.schedule is not None
    rest = Used(jobs=1, made=int(made), attempts=waits, suspended=waits, steps=job.kept)
    return cost(shape, rest).whole + sum(attempt_cost(shape, one) or 0 for one in listed)


def _of_second(memory: int) -> float:
    """Return the dollars of a million seconds of a function."""
    return memory / 1024 * c.LAMBDA_GB_SECOND


def _of_init(memory: int) -> float:
    """Return the dollars of a million invocations for those of them that must start a process."""
    return c.COLD_SHARE * c.INIT_SECONDS * _of_second(memory)


def _of_attempt(shape: Shape) -> float:
    """Return the dollars of a million attempts that fail, without the time of the function."""
    invocation = (
        c.LAMBDA_REQUEST + c.BATCH_REQUESTS * shape.sqs + _of_init(shape.memory) + _of_log(c.METRIC_KB)
    )  # fmt: skip
    own = c.WORKER_SECONDS * _of_second(shape.memory) + c.FAILED_UNITS * c.WRITE_UNIT + _of_log(c.LOG_KB)
    return invocation / shape.batch + own + shape.of_attempt


def _of_request() -> float:
    """Return the dollars of a million requests that each make one job, without storing the job."""
    function = c.LAMBDA_REQUEST + c.API_SECONDS * _of_second(c.API_MB) + _of_init(c.API_MB)
    return c.API_REQUEST + function + c.REQUEST_WRITE_UNITS * c.WRITE_UNIT + _of_log(c.ACCESS_KB)


def _of_counting(rows: int) -> float:
    """Return the dollars of a million batches of the stream; a row of a tenant is written beside the others."""
    if rows < c.COUNTED_ROWS:
        return rows * c.WRITE_UNIT
    function = c.LAMBDA_REQUEST + c.COUNTERS_SECONDS * _of_second(c.COUNTERS_MB) + _of_init(c.COUNTERS_MB)
    return function + rows * c.WRITE_UNIT + _of_log(c.METRIC_KB)


def _of_keeping() -> float:
    """Return the dollars of keeping a million ended jobs for as long as completed jobs are kept."""
    months = KEEP_DONE / (30 * DAY)
    stored = (c.JOB_KB + c.ENTRY_KB) * c.TABLE_GB_MONTH + c.JOB_KB * c.RECOVERY_GB_MONTH
    reads = c.ROW_READ + c.ENTRY_BYTES / c.READ_BYTES / 2
    nights = 30 * (reads * c.READ_UNIT + _of_second(c.RECOUNT_MB) / c.RECOUNTED_A_SECOND)
    return months * (stored + nights)


def _of_log(kilobytes: float) -> float:
    """Return the dollars of a million log lines of this size."""
    return kilobytes * c.LOG_GB


def _nano(dollars_of_million: float) -> int:
    return round(dollars_of_million * EACH)
