"""Log every event with its own function, which writes the log line and counts the metric.

A line never contains a payload, a result, a token or an address, only ids, types, sizes and times.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.jobs.job import Attempt, Job, Status
from chalicelib.jobs.port import Message
from chalicelib.telemetry.emf import Metric, count, write
from chalicelib.telemetry.logger import event, job_keys, logger, message_keys

ENDS = {
    Status.COMPLETED: Metric.COMPLETED,
    Status.FAILED: Metric.FAILED,
    Status.RETRYING: Metric.RETRIED,
    Status.DEAD_LETTER: Metric.DEAD_LETTERED,
}
"""Metric for the end of an attempt, by the new state of the job."""


def created(job: Job) -> None:
    """Log that a job was stored. The metric is counted later from the table's stream, many jobs in one line."""
    event("job.created", job)


def batch_cut_short(stored: int, left: int) -> None:
    """Log that the store failed in the middle of a batch: the earlier jobs are stored, the others were not tried."""
    logger().exception("batch.cut_short", extra={"stored": stored, "left": left})


def replayed(job: Job, *, differs: bool = False) -> None:
    """Log that an Idempotency-Key and body came again; `differs`: an earlier attempt made this job with other data."""
    event("job.replayed", job, level="WARNING" if differs else "INFO", differs=differs or None)


def dispatch_deferred(job: Job, error: Exception) -> None:
    """Log that the job is stored but its message could not be sent; the watchdog sends it within two minutes."""
    event("dispatch.deferred", job, level="WARNING", error_class=type(error).__name__)


def moved(job: Job, move: str, **extra: Any) -> None:
    """Log that a job changed its state."""
    event(f"job.{move}", job, **extra)


def attempt_started(job: Job) -> None:
    """Log that a worker claimed a job; `wait_ms` is how long a new job had been due before the claim."""
    due, started = job.run_at or job.created_at, job.started_at or 0.0
    wait = round(1000 * (started - due)) if job.token == (1, 1) else None
    again = job.receive_count if (job.receive_count or 0) > 1 else None
    event("attempt.started", job, wait_ms=wait, cold_start=job.cold_start or None, receive_count=again)


def attempt_finished(job: Job, attempt: Attempt) -> None:
    """Log that an attempt ended and its end was recorded."""
    level = "INFO" if attempt.outcome in ("completed", "cancelled") else "WARNING"
    event(
        f"attempt.{attempt.outcome}", job, level=level, duration_ms=attempt.duration_ms,
        retry_delay_s=attempt.retry_delay_s, error_class=attempt.error_class,
    )  # fmt: skip
    if job.status in ENDS:
        count(ENDS[job.status], job.type)


def late_finisher(job: Job, current: Job | None) -> None:
    """Log that an attempt ended after it lost its lease: its last write was refused, and its result is discarded."""
    now = None if current is None else f"{current.status} {current.gen}.{current.attempts}"
    event("attempt.late", job, level="WARNING", current=now)
    count(Metric.FENCED, event="late_finisher")


def taken_over(job: Job) -> None:
    """Log that a worker took a job whose holder's lease had ended."""
    event("attempt.takeover", job, level="WARNING")
    count(Metric.FENCED, event="takeover")


def duplicate(job: Job, why: str) -> None:
    """Log that a message of an active or finished run arrived: it is held or acknowledged, and runs nothing."""
    event("claim.duplicate", job, why=why)
    count(Metric.FENCED, event="duplicate")


def given_up(job: Job) -> None:
    """Log that a job without a holder was given up: lost in its last attempt, or undeliverable for a day."""
    event("job.give_up", job, level="ERROR", error_class=job.error_class)
    count(Metric.DEAD_LETTERED, job.type)


def expired(job: Job) -> None:
    """Log that a job was cancelled because it had not begun in time."""
    event("job.expire", job, level="WARNING", error_class=job.error_class)
    count(Metric.EXPIRED)


def retired(job: Job) -> None:
    """Log that a job was cancelled because the code does not declare its type any more."""
    event("job.retire", job, level="WARNING", error_class=job.error_class)


def resent(job: Job, delay: int) -> None:
    """Log that the watchdog sent a job's message: the first one was not sent or was lost, or the job's time came."""
    event("watchdog.resent", job, level="INFO" if job.run_at else "WARNING", delay_s=delay, resends=job.resends)


def redelivered(job: Job) -> None:
    """Log that a message used up its receives while its job can still run, so a fresh one is sent."""
    event("watchdog.redelivered", job, level="WARNING", resends=job.resends)


def stalled(job: Job, why: str) -> None:
    """Log that a job cannot run for a reason outside of its function: an outage, a permission, a changed schema."""
    event("job.stalled", job, level="ERROR", why=why)
    count(Metric.STALLED, job.type)


def dead_letter_removed(message: Message, current: Job | None, why: str) -> None:
    """Log that a stale message was removed from its dead-letter queue; its job is `current` (None: deleted)."""
    logger().info("sweeper.removed", extra={**message_keys(message, current), "why": why})


def dead_letter_malformed(job_type: str) -> None:
    """Log that a message in a dead-letter queue is malformed; it stays there for an operator."""
    logger().error("sweeper.malformed", extra={"job_type": job_type})


def watchdog_failed(what: Job | str, error: Exception) -> None:
    """Log that a request to AWS failed while the watchdog checked a job or a queue; the next run checks again."""
    keys = {**job_keys(what), "what": what.id} if isinstance(what, Job) else {"what": what}
    logger().exception("watchdog.aws_error", extra={**keys, "error": type(error).__name__})


def limit_failed(limit: str, error: Exception) -> None:
    """Log that the free places of a changed limit could not be given to jobs that wait; the watchdog does it."""
    logger().exception("limit.aws_error", extra={"limit": limit, "error": type(error).__name__})


def watchdog_ran(tally: Mapping[str, int], *, succeeded: bool = True) -> None:
    """Log that a run of the watchdog ended; an alarm is raised if no run succeeds for some minutes."""
    logger().info("watchdog.ran", extra={"tally": dict(tally)})
    if succeeded:
        count(Metric.WATCHDOG_RAN)


def in_trouble(names: Mapping[str, Sequence[str]]) -> None:
    """Write how many types are in trouble, by condition; alarms need the zeros, too. Log the names, if any."""
    for condition, of_it in names.items():
        write(("condition", condition), {Metric.TYPES_IN_TROUBLE: (MetricUnit.Count, len(of_it))})
    some = {condition: list(of_it) for condition, of_it in names.items() if of_it}
    if some:
        logger().warning("types.in_trouble", extra={"job_types": some})


def budget_spent(job_type: str, why: str) -> None:
    """Log that a type is paused because its budget of the day is spent."""
    logger().error("job_type.paused", extra={"job_type": job_type, "principal": "jobflow", "why": why})


def budget_renewed(job_type: str) -> None:
    """Log that a type continues, because a new day has begun or its budget was raised."""
    logger().warning("job_type.resumed", extra={"job_type": job_type, "principal": "jobflow"})


def growing(types: Sequence[str]) -> None:
    """Log that the queues of these types grow with each run."""
    logger().warning("queue.growing", extra={"job_types": list(types)})
    count(Metric.GROWING, number=len(types))


def watchdog_helped(types: Sequence[str], tally: Mapping[str, int]) -> None:
    """Log that an additional run of the watchdog ended, which checked jobs of these types for the scheduled run."""
    logger().info("watchdog.helped", extra={"job_types": list(types), "tally": dict(tally)})


def claim_deferred(job: Job, why: str, seconds: int) -> None:
    """Log that a message came too early, or awaits redrive to the dead-letter queue; it is held."""
    event("claim.deferred", job, level="DEBUG", why=why, visibility_s=seconds)


def message_dropped(message: Message, current: Job | None, why: str) -> None:
    """Log that a message was acknowledged without running anything: its job is finished, deleted or run again.

    In the log line, `gen` is the message's generation; `status` and `attempt` are those of the present job.
    """
    logger().info("message.dropped", extra={**message_keys(message, current), "why": why})


def message_early(message: Message, receives: int) -> None:
    """Log that a message is held because its job is not stored: not yet, or never if its sender has died."""
    level = "info" if receives > 1 else "debug"
    getattr(logger(), level)("message.early", extra={**message_keys(message, None), "receive_count": receives})


def message_malformed(job_type: str, why: str, receive_count: int) -> None:
    """Log that a message is malformed; it is held longer after each receive, and ends in the dead-letter queue."""
    logger().error("message.malformed", extra={"job_type": job_type, "why": why, "receive_count": receive_count})


def type_undeclared(job_type: str, receive_count: int) -> None:
    """Log that no file of a shared queue's function declares a message's type; the message is held for longer."""
    logger().warning("type.undeclared", extra={"job_type": job_type, "receive_count": receive_count})


def type_unloadable(job_type: str, error: BaseException) -> None:
    """Log that the file of a type cannot be imported: its messages wait, those of other types are handled."""
    logger().error("type.unloadable", exc_info=error, extra={"job_type": job_type, "error": type(error).__name__})


def out_of_time(job_type: str, left: int) -> None:
    """Log that a batch had no time left for its last messages; they return to the queue unclaimed."""
    logger().info("batch.out_of_time", extra={"job_type": job_type, "messages": left})


def store_failed(what: Job | Message | str, error: Exception) -> None:
    """Log that a request to AWS failed while a job was handled; the message stays, and the lease ends by itself.

    `what` is the subject: the job; its message if the job is unknown; else the job type. A line about a type contains
    no job, unless an attempt of a job writes the line.
    """
    match what:
        case Job():
            keys = job_keys(what)
        case Message():
            keys = message_keys(what, None, absent="unknown")
        case _:
            keys = {"job_type": what}
    logger().exception("worker.aws_error", extra={**keys, "error": type(error).__name__})


def payload_differs(job_id: str) -> None:
    """Log that a job's payload was overwritten: it is not the payload that was stored with the job."""
    logger().error("payload.differs", extra={"job_id": job_id})


def row_unreadable(job_id: str, error: Exception, rows: int = 1) -> None:
    """Log that a job's row cannot be read, because it was written from outside; it is left out of a list or a check.

    `rows` is the number of such rows that were read together; the line names the first one.
    """
    more = {} if rows == 1 else {"rows": rows}
    logger().error("row.unreadable", extra={"job_id": job_id, "error": type(error).__name__, **more})


def counters_unread(error: Exception) -> None:
    """Log that the counters could not be read: jobs of removed types, or a budget, are missing in an answer."""
    logger().exception("counters.unread", extra={"error": type(error).__name__})


def dearest_not_kept(item: str, error: Exception) -> None:
    """Log that the longest runs of a type and day could not be kept; all numbers are counted."""
    logger().exception("counters.dearest_not_kept", extra={"item": item, "error": type(error).__name__})


def counted(records: int, entries: int, created: Mapping[str, int]) -> None:
    """Log that the counters counted a batch of the jobs table's stream; `created` counts its new jobs by type."""
    logger().debug("counters.applied", extra={"records": records, "entries": entries})
    for job_type, number in created.items():
        count(Metric.CREATED, job_type, number)


def record_skipped(item: str, sequence: str, why: str) -> None:
    """Log that a record of the stream can never be counted: the counters miss it until a recount."""
    logger().error("counters.skipped", extra={"item": item, "sequence": sequence, "why": why})
    count(Metric.COUNTER_DRIFT)


def recounted(jobs: int, wrong: Mapping[str, int], repaired: Mapping[str, int]) -> None:
    """Log that a recount ended: the sure errors of the counters, by type and status, and the corrections."""
    level = logger().warning if wrong else logger().info
    level("counters.recounted", extra={"jobs": jobs, "wrong": dict(wrong), "repaired": dict(repaired)})
    count(Metric.RECOUNTED)
    if wrong:
        count(Metric.COUNTER_DRIFT, number=sum(abs(n) for n in wrong.values()))
