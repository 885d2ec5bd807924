"""Submit many jobs at once: each is stored, then their messages go out in tens."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.errors import JobFlowError, MoveRefused, NotStored
from chalicelib.jobs import transitions
from chalicelib.jobs.job import Job
from chalicelib.jobs.limits import SQS_LONGEST_DELAY
from chalicelib.jobs.ports import Nudge
from chalicelib.service.jobs import TIME_TO_ACT, JobService
from chalicelib.service.submission import Submission
from chalicelib.telemetry import events

AT_ONCE = 10
"""Messages in one SendMessageBatch."""
NO_TIME = JobFlowError("There was no time left.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one job of a batch: the job and whether it is new, or the error."""

    job: Job | None = None
    new: bool = False
    error: JobFlowError | None = None


def submit_many(service: JobService, asked: Sequence[Submission | JobFlowError]) -> list[Outcome]:
    """Store each job, then send the messages by type in tens; an error stands for a job that was wrong already.

    A job whose message does not get out is stored all the same, and the watchdog sends it. When the store fails on the
    way, or time runs out, the jobs before are told as stored and the rest as NotStored; raises what the store raises at
    the first job.
    """
    ends = service.now() + TIME_TO_ACT
    outcomes = _keep_all(service, asked, ends)
    sent = _send_all(service, [o.job for o in outcomes if o.job and (o.new or service.stranded(o.job))], ends)
    return [replace(o, job=replace(o.job, sent=True)) if o.job and o.job.id in sent else o for o in outcomes]


def _keep_all(service: JobService, asked: Sequence[Submission | JobFlowError], ends: float) -> list[Outcome]:
    kept: list[Outcome] = []
    for one in asked:
        if service.now() >= ends:
            return _cut_short(kept, asked)
        try:
            kept.append(_keep(service, one))
        except Exception:
            if not any(outcome.job for outcome in kept):
                raise
            return _cut_short(kept, asked)
    return kept


def _cut_short(kept: list[Outcome], asked: Sequence[Submission | JobFlowError]) -> list[Outcome]:
    """The rest is not tried: each try may take seconds, and the answer about the first ones must get out."""
    rest = asked[len(kept) :]
    events.batch_cut_short(len(kept), len(rest))
    return kept + [Outcome(error=_not_stored(one)) for one in rest]


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


def _send_all(service: JobService, jobs: Sequence[Job], ends: float) -> set[str]:
    """Send the jobs' messages as long as there is time; returns the ids of those that got out."""
    delays = {job.id: service.delay_of(job) for job in jobs}
    sent: set[str] = set()
    # What is due later than SQS can hold a message is left to the watchdog.
    for chunk in _chunks([job for job in jobs if delays[job.id] <= SQS_LONGEST_DELAY]):
        if service.now() >= ends:
            for job in chunk:
                events.dispatch_deferred(job, NO_TIME)
        else:
            sent |= dispatch_many(service, chunk, delays, ends)
    return sent


def dispatch_many(
    service: JobService, jobs: Sequence[Job], delays: Mapping[str, int], ends: float = math.inf
) -> set[str]:
    """Send up to ten jobs' messages, of one type, in one request; return the ids of those that got out.

    `delays` are in seconds, by id. From `ends` on (epoch seconds) the jobs are no longer marked as sent.
    """
    try:
        lost = {nudge.id for nudge in service.queue.send_many([_nudge(job) for job in jobs], delays)}
    except Exception as error:
        for job in jobs:
            events.dispatch_deferred(job, error)
        return set()
    for job in jobs:
        if job.id in lost:
            events.dispatch_deferred(job, JobFlowError("The queue did not take the message."))
        elif service.now() < ends:
            _mark(service, job)
    return {job.id for job in jobs} - lost


def _mark(service: JobService, job: Job) -> None:
    if job.sent:
        return
    try:
        service.store.apply(job.id, transitions.mark_sent(job))
    except MoveRefused:
        return  # a worker was faster: its claim marks the job as sent
    except Exception as error:
        # The message is out; without the mark the watchdog may send another, and the claim lets one of them run.
        events.dispatch_deferred(job, error)


def _chunks(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    for job_type in dict.fromkeys(job.type for job in jobs):
        same = [job for job in jobs if job.type == job_type]
        yield from (same[start : start + AT_ONCE] for start in range(0, len(same), AT_ONCE))


def _nudge(job: Job) -> Nudge:
    return Nudge(job.id, job.gen, job.type, job.correlation_id)
