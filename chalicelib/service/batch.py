"""Submit many jobs at once: messages go out in tens, and each ten of jobs is stored after its messages."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from chalicelib.errors import JobFlowError, NotStored
from chalicelib.jobs.job import Job
from chalicelib.jobs.types.registry import longest_delay
from chalicelib.service.dispatch import AT_ONCE, Storing, add_sent, made_before, send_ahead
from chalicelib.service.jobs import TIME_TO_ACT
from chalicelib.service.submission import Submission, Wanted
from chalicelib.telemetry import events

NO_TIME = JobFlowError("There was no time left.")
TIME_TO_STORE = 2.0
"""Seconds that are left for storing the jobs whose messages were sent, at least, however slow the queue was."""


class Submitting(Storing, Protocol):
    """Makes, stores and sends jobs: all that a batch needs of the service of producers."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def wanted(self, asked: Submission) -> Wanted:
        """Return the job that is asked for, not stored yet; raises JobFlowError."""

    def store_wanted(self, wanted: Wanted) -> tuple[Job, bool]:
        """Store it; return it, and True when it needs a message."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one job of a batch: the job and whether it is new, or the error."""

    job: Job | None = None
    new: bool = False
    error: JobFlowError | None = None


class _OutOfTime(Exception):
    """Raised when no further job can be stored: each try may take seconds, and the answer must get out."""


def submit_many(service: Submitting, asked: Sequence[Submission | JobFlowError]) -> list[Outcome]:
    """Send the messages of each type in tens, and store each ten of jobs; an error stands for a job that was wrong.

    A job whose message does not get out is stored all the same, and the watchdog sends it. When the store fails on the
    way, or time runs out, the jobs before are told as stored and the rest as NotStored; raises what the store raises at
    the first job.
    """
    batch = _Batch(service, service.now() + TIME_TO_ACT)
    try:
        batch.run(asked)
    except _OutOfTime:
        pass
    except Exception:
        if not any(outcome.job for outcome in batch.outcomes.values()):
            raise
    left = [place for place in range(len(asked)) if place not in batch.outcomes]
    if left:
        events.batch_cut_short(len(asked) - len(left), len(left))
    return [batch.outcomes.get(place) or Outcome(error=_not_stored(one)) for place, one in enumerate(asked)]


@dataclass
class _Batch:
    """One request about many jobs; `outcomes` are by the job's place in it.

    No further request to a queue begins after `ends`, and none to the store after `store_until` (epoch seconds).
    """

    service: Submitting
    ends: float
    store_until: float = field(init=False)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store_until = self.ends

    def run(self, asked: Sequence[Submission | JobFlowError]) -> None:
        """Store all jobs; raises _OutOfTime, and what the store raises."""
        found = {place: wanted for place, one in enumerate(asked) if (wanted := self._wanted(place, one)) is not None}
        made = made_before(self.service, [wanted for wanted in found.values() if wanted.plain])
        plain: dict[int, Job] = {}
        for place, wanted in found.items():
            if wanted.plain and wanted.job.id not in made:
                plain[place] = wanted.job
            else:
                self._keep(place, partial(self.service.store_wanted, wanted))
        for chunk in _chunks(plain):
            for place, job in self._sent(chunk).items():
                self._keep(place, partial(add_sent, self.service, job))
        self._send_others(plain)

    def _wanted(self, place: int, one: Submission | JobFlowError) -> Wanted | None:
        if isinstance(one, JobFlowError):
            self.outcomes[place] = Outcome(error=one)
            return None
        try:
            return self.service.wanted(one)
        except JobFlowError as error:
            self.outcomes[place] = Outcome(error=error)
            return None

    def _keep(self, place: int, store: Callable[[], tuple[Job, bool]]) -> None:
        if self.service.now() >= self.store_until:
            raise _OutOfTime
        try:
            self.outcomes[place] = Outcome(*store())
        except JobFlowError as error:
            self.outcomes[place] = Outcome(error=error)

    def _sent(self, chunk: Mapping[int, Job]) -> Mapping[int, Job]:
        """Send the messages of some jobs of one type; return the jobs, as sent where that is so."""
        delays = {job.id: self.service.delay_of(job) for job in chunk.values()}
        # What is due later than SQS can hold a message is left to the watchdog.
        soon = {place: job for place, job in chunk.items() if delays[job.id] <= longest_delay(job.type)}
        if not soon or self.service.now() >= self.ends:
            return chunk
        ahead = send_ahead(self.service, list(soon.values()), delays)
        self.store_until = max(self.ends, self.service.now() + TIME_TO_STORE)
        return {**chunk, **dict(zip(soon, ahead, strict=True))}

    def _send_others(self, plain: Mapping[int, Job]) -> None:
        """Send the messages of the jobs that were stored without one, as long as there is time."""
        found = {place: outcome.job for place, outcome in self.outcomes.items() if place not in plain and outcome.job
                 and (outcome.new or self.service.stranded(outcome.job))}  # fmt: skip
        delays = {job.id: self.service.delay_of(job) for job in found.values()}
        for chunk in _chunks({place: job for place, job in found.items() if delays[job.id] <= longest_delay(job.type)}):
            if self.service.now() >= self.ends:
                for job in chunk.values():
                    events.dispatch_deferred(job, NO_TIME)
                continue
            out = self.service.dispatcher.send_many(list(chunk.values()), delays, self.ends)
            for place, job in chunk.items():
                self.outcomes[place] = replace(self.outcomes[place], job=replace(job, sent=job.id in out))


def _not_stored(one: Submission | JobFlowError) -> JobFlowError:
    return one if isinstance(one, JobFlowError) else NotStored("Send this job again, with the same key if it has one.")


def _chunks(jobs: Mapping[int, Job]) -> Iterator[Mapping[int, Job]]:
    """Divide jobs into tens of one type, which are what one request to SQS takes."""
    for job_type in dict.fromkeys(job.type for job in jobs.values()):
        same = [(place, job) for place, job in jobs.items() if job.type == job_type]
        yield from (dict(same[start : start + AT_ONCE]) for start in range(0, len(same), AT_ONCE))
