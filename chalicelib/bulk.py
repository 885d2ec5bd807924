"""Many jobs at once: submit a batch, retry or cancel what is listed or what matches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from chalicelib import changes, telemetry
from chalicelib.errors import JobConflict, JobFlowError, JobNotFound, MoveRefused
from chalicelib.job import RETRYABLE, Job, Status
from chalicelib.ports import Filter, Nudge
from chalicelib.service import JobService, Submission

AT_ONCE = 10
"""Messages in one SendMessageBatch."""
PAGE = 100
TIME_TO_SEARCH = 15.0
"""Seconds after which a search stops with what it has: an answer must come within API Gateway's 29 s."""
BY_DEFAULT = {
    "retry": (Status.FAILED, Status.DEAD_LETTER),
    "cancel": (Status.QUEUED, Status.SCHEDULED, Status.RETRYING, Status.PROCESSING),
}
"""What an action is for when no status is asked for. Cancelled jobs are retried only by that name: someone meant it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job of a batch: the job and whether it is new, or the error."""

    job: Job | None = None
    new: bool = False
    error: JobFlowError | None = None


@dataclass(slots=True)
class Report:
    """What a bulk action did: jobs matched, done, and left alone with the reason. `more`: the search did not end."""

    matched: int = 0
    done: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    more: bool = False


def submit_many(service: JobService, asked: Sequence[Submission | JobFlowError]) -> list[Outcome]:
    """Store each job, then send the messages by type in tens; an error stands for a job that was wrong already.

    A job whose message does not get out is stored all the same, and the watchdog sends it.
    """
    outcomes = [_keep(service, one) for one in asked]
    unsent = [o.job for o in outcomes if o.job and (o.new or service.stranded(o.job))]
    later = [job for job in unsent if service.delay_of(job)]
    sent = {job.id for job in map(service.send, later) if job.sent}
    for chunk in _chunks([job for job in unsent if job not in later]):
        sent |= _send(service, chunk)
    return [replace(o, job=replace(o.job, sent=True)) if o.job and o.job.id in sent else o for o in outcomes]


def act_on_ids(service: JobService, action: str, ids: Sequence[str], dry_run: bool = False) -> Report:
    """Retry or cancel the jobs with these ids; a job that cannot be is skipped with the reason."""
    report = Report(matched=len(set(ids)))
    for job_id in dict.fromkeys(ids):
        _act(service, action, job_id, report, dry_run)
    return report


def act_on_matches(service: JobService, action: str, which: Filter, limit: int = PAGE, dry_run: bool = False) -> Report:
    """Retry or cancel up to `limit` jobs that match. What was done matches no more, so the same call goes on."""
    report, ends = Report(), service.now() + TIME_TO_SEARCH
    for job in _matching(service, action, which, ends):
        if job is None or report.matched == limit:
            report.more = True
            break
        report.matched += 1
        _act(service, action, job.id, report, dry_run)
    return report


def _keep(service: JobService, one: Submission | JobFlowError) -> Outcome:
    if isinstance(one, JobFlowError):
        return Outcome(error=one)
    try:
        job, new = service.keep(one)
    except JobFlowError as error:
        return Outcome(error=error)
    return Outcome(job, new)


def _send(service: JobService, jobs: Sequence[Job]) -> set[str]:
    try:
        lost = {nudge.id for nudge in service.queue.send_many([_nudge(job) for job in jobs])}
    except Exception as error:
        for job in jobs:
            telemetry.dispatch_deferred(job, error)
        return set()
    for job in jobs:
        if job.id in lost:
            telemetry.dispatch_deferred(job, JobFlowError("The queue did not take the message."))
        else:
            _mark(service, job)
    return {job.id for job in jobs} - lost


def _mark(service: JobService, job: Job) -> None:
    try:
        service.store.apply(job.id, changes.mark_sent(job))
    except MoveRefused:
        return  # a worker was faster: its claim marks the job as sent
    except Exception as error:
        # The message is out; without the mark the watchdog may send another, and the claim lets one of them run.
        telemetry.dispatch_deferred(job, error)


def _act(service: JobService, action: str, job_id: str, report: Report, dry_run: bool) -> None:
    do: Callable[[str], Job] = service.retry if action == "retry" else service.cancel
    try:
        if dry_run:
            _check(service.store.get(job_id), action)
        else:
            do(job_id)
    except (JobNotFound, JobConflict) as error:
        report.skipped.append((job_id, str(error)))
    else:
        report.done += not dry_run


def _check(job: Job, action: str) -> None:
    allowed = job.status in RETRYABLE if action == "retry" else not job.terminal
    if not allowed:
        raise JobConflict(f"Job {job.id} is {job.status}; this action is not for such jobs.")


def _matching(service: JobService, action: str, which: Filter, ends: float) -> Iterator[Job | None]:
    for status in (which.status,) if which.status else BY_DEFAULT[action]:
        narrowed, position = replace(which, status=status), None
        while True:
            page = service.store.page(narrowed, PAGE, position)
            # A running job that was asked to stop stays in its state until it does: asking again is not progress.
            yield from (job for job in page.jobs if not (action == "cancel" and job.cancel_requested))
            position = page.position
            if position is None:
                break
            if service.now() >= ends:
                yield None
                return


def _chunks(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    for job_type in dict.fromkeys(job.type for job in jobs):
        same = [job for job in jobs if job.type == job_type]
        yield from (same[start : start + AT_ONCE] for start in range(0, len(same), AT_ONCE))


def _nudge(job: Job) -> Nudge:
    return Nudge(job.id, job.gen, job.type, job.correlation_id)
