"""Many jobs at once: submit a batch, retry or cancel what is listed or what matches."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from chalicelib import changes, telemetry
from chalicelib.errors import (
    FieldError,
    InvalidPosition,
    JobConflict,
    JobFlowError,
    JobNotFound,
    MoveRefused,
    NotStored,
)
from chalicelib.job import RETRYABLE, Job, Status
from chalicelib.listing import read_cursor, write_cursor
from chalicelib.ports import Filter, Nudge
from chalicelib.service import JobService, Submission

AT_ONCE = 10
"""Messages in one SendMessageBatch."""
PAGE = 100
TIME_TO_SEARCH = 15.0
"""Seconds after which a search stops with what it has, and says where: an answer must come within 29 s."""
Place = tuple[Status, str | None]
"""How far a search has come: the status it looks at, and the position in its list."""
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
    """What a bulk action did: jobs matched, done, and left alone with the reason.

    `cursor` is where the next call goes on; None when the search has come to its end.
    """

    matched: int = 0
    done: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    cursor: str | None = None

    @property
    def more(self) -> bool:
        """Whether the search has not come to its end."""
        return self.cursor is not None


def submit_many(service: JobService, asked: Sequence[Submission | JobFlowError]) -> list[Outcome]:
    """Store each job, then send the messages by type in tens; an error stands for a job that was wrong already.

    A job whose message does not get out is stored all the same, and the watchdog sends it. When the store fails on the
    way, the jobs before are told as stored and the rest as NotStored; raises what the store raises at the first job.
    """
    outcomes = _keep_all(service, asked)
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


def act_on_matches(
    service: JobService,
    action: str,
    which: Filter,
    limit: int = PAGE,
    dry_run: bool = False,
    cursor: str | None = None,
) -> Report:
    """Retry or cancel up to `limit` jobs that match, from a cursor of such a call on. Raises InvalidPosition.

    However rare the matches are, each call gets on: it ends with a cursor behind all that it has looked at.
    """
    report, ends = Report(), service.now() + TIME_TO_SEARCH
    statuses = (which.status,) if which.status else BY_DEFAULT[action]
    place: Place | None = _place(service, action, which, cursor) if cursor else (statuses[0], None)
    while place is not None and report.matched < limit and service.now() < ends:
        status, position = place
        page = service.store.page(replace(which, status=status), limit - report.matched, position)
        for job in page.jobs:
            # A running job that was asked to stop stays in its state until it does: asking again is not progress.
            if action == "retry" or not job.cancel_requested:
                report.matched += 1
                _act(service, action, job.id, report, dry_run)
        place = _after(status, page.position, statuses)
    if place is not None:
        report.cursor = write_cursor("|".join((action, place[0], place[1] or "")), which, service.cursor_secret)
    return report


def _keep_all(service: JobService, asked: Sequence[Submission | JobFlowError]) -> list[Outcome]:
    kept: list[Outcome] = []
    for place, one in enumerate(asked):
        try:
            kept.append(_keep(service, one))
        except Exception:
            if not any(outcome.job for outcome in kept):
                raise
            # The rest is not tried: each try may take seconds, and the answer about the first ones must get out.
            telemetry.batch_cut_short(len(kept), len(asked) - place)
            return kept + [Outcome(error=_not_stored(rest)) for rest in asked[place:]]
    return kept


def _not_stored(one: Submission | JobFlowError) -> JobFlowError:
    return one if isinstance(one, JobFlowError) else NotStored("Send this job again, with the same key if it has one.")


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


def _place(service: JobService, action: str, which: Filter, cursor: str) -> Place:
    """The status and the position at which a search goes on; raises InvalidPosition."""
    given_for, status, position = read_cursor(cursor, which, service.cursor_secret, "cursor").split("|", 2)
    if given_for != action:
        where = [FieldError(("cursor",), f"belongs to the action {given_for}; start again without it")]
        raise InvalidPosition("The cursor cannot be used.", where)
    return Status(status), position or None


def _after(status: Status, position: str | None, statuses: Sequence[Status]) -> Place | None:
    """Where a search goes on behind a page: on its next one, or with the next status; None at the end."""
    if position is not None:
        return status, position
    following = statuses[statuses.index(status) + 1 :]
    return (following[0], None) if following else None


def _chunks(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    for job_type in dict.fromkeys(job.type for job in jobs):
        same = [job for job in jobs if job.type == job_type]
        yield from (same[start : start + AT_ONCE] for start in range(0, len(same), AT_ONCE))


def _nudge(job: Job) -> Nudge:
    return Nudge(job.id, job.gen, job.type, job.correlation_id)
