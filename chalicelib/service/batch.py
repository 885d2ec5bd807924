"""Submit many jobs at once: each is stored, then their messages go out in tens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chalicelib.errors import JobFlowError, NotStored
from chalicelib.jobs.job import Job
from chalicelib.jobs.types import registry
from chalicelib.service.dispatch import AT_ONCE
from chalicelib.service.jobs import TIME_TO_ACT, JobService
from chalicelib.service.submission import Submission
from chalicelib.telemetry import events

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
    for chunk in _chunks([job for job in jobs if delays[job.id] <= registry.longest_delay(job.type)]):
        if service.now() >= ends:
            for job in chunk:
                events.dispatch_deferred(job, NO_TIME)
        else:
            sent |= service.dispatcher.send_many(chunk, delays, ends)
    return sent


def _chunks(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    for job_type in dict.fromkeys(job.type for job in jobs):
        same = [job for job in jobs if job.type == job_type]
        yield from (same[start : start + AT_ONCE] for start in range(0, len(same), AT_ONCE))
