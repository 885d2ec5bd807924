"""Submit many jobs at once: send ten messages in a request, then store the ten jobs of these messages, and so on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from chalicelib.errors import JobFlowError, NotStored, StoreUnavailable
from chalicelib.jobs.constants import MOST_MESSAGES, MOST_READ, TIME_TO_ACT
from chalicelib.jobs.job import Job
from chalicelib.keys.rule import Submitted
from chalicelib.operating.destination import queue_for
from chalicelib.operating.dispatch import tens
from chalicelib.producing.constants import LISTED_AT_ONCE, TIME_TO_STORE
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission, Wanted
from chalicelib.side_by_side import side_by_side
from chalicelib.telemetry import events


class _OutOfTime(Exception):
    """Raised if no time is left to store another job, because the answer must be sent in time."""


def submit_many(
    service: JobService, asked: Sequence[Submission | JobFlowError], threads: int = 1
) -> Sequence[Submitted | JobFlowError]:
    """Send the messages of each type ten at a time, and then store these ten jobs; an invalid job becomes an error.

    A job whose message could not be sent is still stored, and the watchdog sends it. If the store fails, or the time is
    over, the answer reports the earlier jobs as stored and the others as NotStored. If the store fails at the first
    job, its error is raised instead.
    """
    batch = _Batch(service, service.now() + TIME_TO_ACT, threads)
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


def submit_all(service: JobService, wanted: Sequence[Wanted], ends: float, threads: int = 1) -> Sequence[Job]:
    """Send the messages of these jobs and store them, as many side by side as there are `threads`; return the jobs.

    A job whose message could not be sent is still stored, and the watchdog sends it. No request is sent after `ends`
    (epoch seconds). Raises StoreUnavailable if not all jobs were stored, with the number of those that were: the
    repetition of the call finds them. Raises the error of a job that the store refuses.
    """
    batch = _Batch(service, ends, threads, lists_together=True)
    why: Exception = NotStored("there was no time left")
    try:
        batch.store(dict(enumerate(wanted)))
    except _OutOfTime:
        pass
    except Exception as error:
        why = error
    answers = [batch.answers.get(place) for place in range(len(wanted))]
    for answer in answers:
        if isinstance(answer, JobFlowError) and not isinstance(answer, NotStored):
            raise answer
    made = [answer.job for answer in answers if isinstance(answer, Submitted)]
    why = next((answer for answer in answers if isinstance(answer, NotStored)), why)
    if len(made) < len(wanted):
        told = str(why) if isinstance(why, NotStored) else type(why).__name__
        raise StoreUnavailable(
            f"Only {len(made):,} of {len(wanted):,} jobs were made ({told}); the next attempt makes the others."
        ) from why
    return made


@dataclass
class _Batch:
    """One request for many jobs; `answers` has the answers by the index of the job in the request.

    No request to a queue is sent after `ends`, and none to the store after `store_until` (epoch seconds). `threads` is
    the number of jobs that are stored at the same time. `lists_together`: children are added to the lists of their
    parents in one request, which only the role of a worker with `enqueues` allows.
    """

    service: JobService
    ends: float
    threads: int = 1
    lists_together: bool = False
    store_until: float = field(init=False)
    answers: dict[int, Submitted | JobFlowError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store_until = self.ends

    def run(self, asked: Sequence[Submission | JobFlowError]) -> None:
        """Store all jobs; raises _OutOfTime, and the store's errors."""
        self.store(
            {place: wanted for place, one in enumerate(asked) if (wanted := self._wanted(place, one)) is not None}
        )

    def store(self, found: Mapping[int, Wanted]) -> None:
        """Store the requested jobs, by their index; raises _OutOfTime, and the store's errors."""
        made = self._made_before([wanted.job for wanted in found.values() if wanted.plain])
        plain: list[tuple[int, Job]] = []
        others: list[tuple[int, Callable[[], Submitted]]] = []
        for place, wanted in found.items():
            before = made.get(wanted.job.id) if wanted.plain else None
            if wanted.plain and before is None:
                plain.append((place, wanted.job))
            elif before is not None and wanted.job.parent is not None:
                # no request: a call that is repeated because its time was over must get further than before
                others.append((place, partial(self.service.keyed.repeated, wanted.job, before)))
            else:
                others.append((place, partial(self.service.store_wanted, wanted)))
        side_by_side(self._keep, others, self.threads)
        groups = list(tens(plain, lambda item: queue_for(item[1])))
        at_once = max(1, self.threads // MOST_MESSAGES)
        for start in range(0, len(groups), at_once):
            # store these jobs before more messages are sent: a worker waits only for a while for the job of a message
            now = groups[start : start + at_once]
            sent = side_by_side(lambda ten: self._sent([job for _, job in ten]), now, at_once)
            children = [job for jobs in sent for job in jobs if job.parent is not None and self.lists_together]
            self._list(children)
            listed = {job.id for job in children}
            stored = [
                (place, partial(self.service.store_sent, job, listed=job.id in listed))
                for ten, jobs in zip(now, sent, strict=True)
                for (place, _), job in zip(ten, jobs, strict=True)
            ]
            side_by_side(self._keep, stored, self.threads)
        self._send([place for place, _ in others])

    def _wanted(self, place: int, one: Submission | JobFlowError) -> Wanted | None:
        try:
            if isinstance(one, JobFlowError):
                raise one
            return self.service.wanted(one)
        except JobFlowError as error:
            self.answers[place] = error
            return None

    def _made_before(self, jobs: Sequence[Job]) -> dict[str, Job]:
        """Return the jobs that earlier requests with the same keys have made, by id, with one read for 100 jobs."""
        keyed = list(dict.fromkeys(job.id for job in jobs if job.idempotency_key is not None))
        portions = [keyed[start : start + MOST_READ] for start in range(0, len(keyed), MOST_READ)]
        found = side_by_side(self.service.store.get_many, portions, self.threads)
        return {job.id: job for portion in found for job in portion}

    def _keep(self, one: tuple[int, Callable[[], Submitted]]) -> None:
        place, store = one
        if self.service.now() >= self.store_until:
            raise _OutOfTime
        try:
            self.answers[place] = store()
        except JobFlowError as error:
            self.answers[place] = error

    def _sent(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """Send the messages of up to ten new jobs of one queue; return the jobs, marked as sent if they were."""
        if self.service.now() >= self.ends:
            return jobs
        # set `sent` here: these jobs are not stored yet, so they cannot be marked later
        out = self.service.dispatcher.send_many([replace(job, sent=True) for job in jobs], ends=self.ends)
        self.store_until = max(self.ends, self.service.now() + TIME_TO_STORE)
        return [replace(job, sent=job.id in out) for job in jobs]

    def _list(self, children: Sequence[Job]) -> None:
        """Add children to the lists of their parents, before they are stored."""
        for start in range(0, len(children), LISTED_AT_ONCE):
            if self.service.now() >= self.store_until:
                raise _OutOfTime
            self.service.store.list_children(children[start : start + LISTED_AT_ONCE])

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
