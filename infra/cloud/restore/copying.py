"""Copy missing jobs with their attempts, and missing schedules, from one store to another.

The copy never overwrites: a job is added only if no job has its id. The copy may therefore stop anywhere and be run
again, or run twice at the same time.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from chalicelib.batches.port import BatchRows
from chalicelib.errors import UNREADABLE, IdNotFree, JobExists, JobNotFound, PayloadUnreadable, RowNotSigned
from chalicelib.jobs import acts
from chalicelib.jobs.change import new_writer
from chalicelib.jobs.history import JobView
from chalicelib.jobs.job import Job
from chalicelib.jobs.port import Filter, JobStore, Page
from chalicelib.producing.constants import LISTED_AT_ONCE
from chalicelib.schedules.port import Schedules
from chalicelib.schedules.schedule import Schedule
from chalicelib.telemetry import events
from infra.cloud.restore.rules import revived

COPY_PAGE = 100
THREADS = 8
SCHEDULES = BATCHES = 100
ROUNDS = 100_000
"""More rounds than a batch has."""


@dataclass(frozen=True)
class Copying:
    """Copy from `source`, which shows the state at the moment `at`, to `target`. Times in seconds since the epoch."""

    source: JobStore
    target: JobStore
    at: float
    clock: Callable[[], float]
    run: bool = False
    erased: Callable[[Job], bool] = lambda _: False
    """Whether a job was deleted or erased since: it is not restored."""
    _named: dict[str, str] = field(default_factory=dict)
    """The statuses in which jobs were restored for their keys, by id."""

    def named(self, job_id: str) -> bool:
        """Restore the job that a key names, before the row of the key is restored; return False if it cannot be read.

        A request that finds the row without the job would store its own job under this id, and the lost job could not
        be restored any more. Until the row is there, a request makes a second job: so rows and their jobs come first.
        """
        try:
            how = self._bring_back(job_id)
        except UNREADABLE as error:
            events.row_unreadable(job_id, error)  # the number of jobs that were found reports it at the end
            return False
        if how == "erased":
            return False  # the row of its key is not restored, either
        if how not in ("there", "expired"):
            self._named[job_id] = how
        return True

    def jobs(self, seen: Callable[[Counter[str]], None] = lambda _: None) -> Counter[str]:
        """Restore every missing job; return numbers of jobs: by status, already `there`, `expired` and `erased`.

        Each job of the source counts in exactly one of the numbers, so their sum is the number of jobs that were found.
        `seen` is called with the numbers after each page of 100.
        """
        tally: Counter[str] = Counter()
        with ThreadPoolExecutor(THREADS) as pool:
            for page in self._pages():
                ids = [job.id for job in page.jobs]
                tally["expired"] += page.looked - len(ids)
                there = {job.id for job in self.target.get_many(ids)}
                tally.update(self._named.get(job_id, "there") for job_id in there)
                tally.update(pool.map(self._bring_back, [job_id for job_id in ids if job_id not in there]))
                seen(tally)
        return +tally

    def _pages(self) -> Iterator[Page]:
        position: str | None = None
        while True:
            page = self.source.page(Filter(), COPY_PAGE, position)
            yield page
            position = page.position
            if position is None:
                return

    def _bring_back(self, job_id: str) -> str:
        """Return the status in which the job was restored."""
        if self._is_there(job_id):
            return "there"
        try:
            found = self.source.view(job_id)
        except JobNotFound:
            return "expired"
        if self.erased(found.job):
            return "erased"
        # restore the history before the job: a second run skips an existing job together with its history
        self._history(job_id, found)
        self._list_children(job_id)
        # without one of its steps, the job would repeat that step, so it is restored as failed
        whole = self._steps(found.job)
        job = revived(found.job, at=self.at, now=self.clock(), run=self.run and whole)
        try:
            self.target.add(job)
        except JobExists:
            return "there"
        except IdNotFree:  # the live job with this id is being deleted
            return "erased"
        return _told(found.job, job)

    def _history(self, job_id: str, found: JobView) -> None:
        """Restore a job's attempts, the actions of operators, and the payloads that operators replaced."""
        for attempt in found.attempts:
            self.target.record(job_id, attempt)
        for act in found.acts:
            self.target.keep_act(job_id, act)
        last = acts.last(found.job)
        for act in (*found.acts, *([last] if last else [])):
            before = self.source.payload_of(job_id, act.gen - 1) if act.name == acts.EDIT else None
            if before is not None:
                self.target.keep_payload(job_id, act.gen - 1, before)

    def _list_children(self, job_id: str) -> None:
        """List the job's children again: those that are there are not added, and the list may be gone with the job."""
        position: str | None = None
        while True:
            page = self.source.page(Filter(parent=job_id), LISTED_AT_ONCE, position)
            if children := [child for child in page.jobs if not self.erased(child)]:
                self.target.list_children(children)
            position = page.position
            if position is None:
                return

    def _steps(self, job: Job) -> bool:
        """Restore a job's kept steps; return whether all of them can be read."""
        try:
            for step in self.source.kept_steps(job):
                whole = step if step.reference is None else self.source.kept_step(job, step.key)
                self.target.keep_step(job, whole or step)
        except (PayloadUnreadable, RowNotSigned):
            return False
        return True

    def _is_there(self, job_id: str) -> bool:
        try:
            self.target.get(job_id)
        except JobNotFound:
            return False
        return True


def schedules(source: Schedules, target: Schedules) -> list[str]:
    """Restore missing stored schedules as paused, because nobody knows which firings they missed. Returns their ids."""
    back, after = [], ""
    while page := source.page(SCHEDULES, after):
        after = page[-1].id
        stored = (schedule for schedule in page if not schedule.declared)
        back += [one.id for one in stored if target.add(_paused(one))]
    return back


def batches(source: BatchRows, target: BatchRows) -> int:
    """Restore missing batches with their rounds; return the number of batches.

    A round that is unfinished ends when its restored members have ended: the watchdog reads them. What a round makes is
    signed anew, as with jobs. A batch is put on the list after its rounds.
    """
    number, position = 0, None
    while True:
        ids, position = source.newest(BATCHES, position)
        for batch in ids:
            rounds = source.rounds(batch, ROUNDS)
            number += target.find(batch) is None and bool(rounds)
            for one in rounds:  # also if some are there: a restore that ended in between is run again
                target.add(replace(one, then_mark=None, failure_mark=None))
            if rounds:
                target.enlist(batch, rounds[0].created_at, rounds[-1].expires_at)
        if position is None:
            return number


def _paused(schedule: Schedule) -> Schedule:
    # a new name for this write: if the schedule exists, the write is refused, and with the old name the refusal would
    # look like a success whose reply was lost
    return replace(schedule, paused=True, next_at=None, writer=new_writer())


def _told(lost: Job, back: Job) -> str:
    return str(back.status) if lost.terminal else f"unfinished, now {back.status}"
