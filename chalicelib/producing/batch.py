"""Submit many jobs at once: send ten messages in a request, then store the ten jobs of these messages, and so on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from chalicelib.errors import JobFlowError, NotStored
from chalicelib.job_types.jobtype import queue_of
from chalicelib.jobs.constants import TIME_TO_ACT
from chalicelib.jobs.job import Job
from chalicelib.keys.rule import Submitted
from chalicelib.operating.dispatch import tens
from chalicelib.producing.constants import TIME_TO_STORE
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission, Wanted
from chalicelib.telemetry import events


class _OutOfTime(Exception):
    """Raised if no time is left to store another job, because the answer must be sent in time."""


def submit_many(service: JobService, asked: Sequence[Submission | JobFlowError]) -> Sequence[Submitted | JobFlowError]:
    """Send the messages of each type ten at a time, and then store these ten jobs; an invalid job becomes an error.

    A job whose message could not be sent is still stored, and the watchdog sends it. If the store fails, or the time is
    over, the answer reports the earlier jobs as stored and the others as NotStored. If the store fails at the first
    job, its error is raised instead.
    """
    batch = _Batch(service, service.now() + TIME_TO_ACT)
    try:
        batch.run(asked)
    except _OutOfTime:
        pass
    except Exception:
        if not any(isinstance(answer, Submitted) for answer in batch.answers.values()):
            raise
    left = [place for place in range(len(asked)) if place not in batch.answers]
    if left:
        events.batch_cut_short(len(asked) - len(left), len(left))
    return [batch.answers.get(place) or _not_stored(one) for place, one in enumerate(asked)]


@dataclass
class _Batch:
    """One request for many jobs; `answers` has the answers by the index of the job in the request.

    No request to a queue is sent after `ends`, and none to the store after `store_until` (epoch seconds).
    """

    service: JobService
    ends: float
    store_until: float = field(init=False)
    answers: dict[int, Submitted | JobFlowError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store_until = self.ends

    def run(self, asked: Sequence[Submission | JobFlowError]) -> None:
        """Store all jobs; raises _OutOfTime, and the store's errors."""
        found = {place: wanted for place, one in enumerate(asked) if (wanted := self._wanted(place, one)) is not None}
        made = self._made_before([wanted.job for wanted in found.values() if wanted.plain])
        plain: list[tuple[int, Job]] = []
        for place, wanted in found.items():
            if wanted.plain and wanted.job.id not in made:
                plain.append((place, wanted.job))
            else:
                self._keep(place, partial(self.service.store_wanted, wanted))
        others = list(self.answers)
        for ten in tens(plain, lambda item: queue_of(item[1].type)):
            for (place, _), job in zip(ten, self._sent([job for _, job in ten]), strict=True):
                self._keep(place, partial(self.service.store_sent, job))
        self._send(others)

    def _wanted(self, place: int, one: Submission | JobFlowError) -> Wanted | None:
        try:
            if isinstance(one, JobFlowError):
                raise one
            return self.service.wanted(one)
        except JobFlowError as error:
            self.answers[place] = error
            return None

    def _made_before(self, jobs: Sequence[Job]) -> set[str]:
        """Return the ids of the jobs that earlier requests with the same keys have made; one read for all jobs."""
        keyed = list(dict.fromkeys(job.id for job in jobs if job.idempotency_key is not None))
        return {job.id for job in self.service.store.get_many(keyed)} if keyed else set()

    def _keep(self, place: int, store: Callable[[], Submitted]) -> None:
        if self.service.now() >= self.store_until:
            raise _OutOfTime
        try:
            self.answers[place] = store()
        except JobFlowError as error:
            self.answers[place] = error

    def _sent(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Send the messages of up to ten new jobs of one type; return the jobs, marked as sent if they were."""
        if self.service.now() >= self.ends:
            return jobs
        # set `sent` here: these jobs are not stored yet, so they cannot be marked later
        out = self.service.dispatcher.send_many([replace(job, sent=True) for job in jobs], ends=self.ends)
        self.store_until = max(self.ends, self.service.now() + TIME_TO_STORE)
        return [replace(job, sent=job.id in out) for job in jobs]

    def _send(self, places: Sequence[int]) -> None:
        """Send the messages of the jobs that were stored as unsent, as long as there is time."""
        dispatcher, made = self.service.dispatcher, dict[int, Submitted]()
        for place in places:
            answer = self.answers[place]
            if isinstance(answer, Submitted) and (answer.outcome.written or dispatcher.stranded(answer.job)):
                made[place] = answer
        out = dispatcher.send_many([one.job for one in made.values()], ends=self.ends)
        for place, one in made.items():
            self.answers[place] = replace(one, job=replace(one.job, sent=one.job.id in out))


def _not_stored(one: Submission | JobFlowError) -> JobFlowError:
    return one if isinstance(one, JobFlowError) else NotStored("Send this job again, with the same key if it has one.")
