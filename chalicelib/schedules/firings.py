"""Make the jobs of schedules shortly before they fire; the watchdog calls this every minute.

The id of a firing's job is derived from the schedule and the time. Two simultaneous runs, or a run that is killed at
any point, therefore make one job per firing. The jobs are made first; then the schedule gets its next firing. After a
crash between the two, the next run makes the jobs again, with no effect.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from chalicelib.errors import IdempotencyMismatch, InvalidRequest, ScheduleNotFound
from chalicelib.job_types import jobtype
from chalicelib.job_types.schedule import Overlap
from chalicelib.jobs.change import new_writer
from chalicelib.jobs.constants import MOST_MESSAGES
from chalicelib.jobs.job import Job
from chalicelib.jobs.priority import Priority
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.schedules import events
from chalicelib.schedules.ahead import cancel_quietly, job_of
from chalicelib.schedules.constants import AHEAD, LONGEST_PROBLEM, MOST_LOOKED_FOR, MOST_SCHEDULES, WATCHDOG_RESERVE
from chalicelib.schedules.declared import Declared
from chalicelib.schedules.port import Schedules
from chalicelib.schedules.rule import Due, before, comes_to, due, left_out, made
from chalicelib.schedules.schedule import Schedule


@dataclass
class Firings:
    """Make the jobs of due schedules, several portions at the same time."""

    schedules: Schedules
    service: JobService
    declared: Declared
    threads: int = 1
    tally: Counter[str] = field(default_factory=Counter)

    def run(self, remaining: Callable[[], float]) -> Mapping[str, int]:
        """Run once; `remaining` returns the seconds left. Return the numbers of made jobs and failed schedules.

        This method raises no errors: the next run handles what is left.
        """
        self.tally = Counter()
        try:
            self.declared.follow()
            found = self.schedules.due(self.service.now() + AHEAD, MOST_SCHEDULES)
        except Exception as error:
            events.failed("*", error)
            return {"schedules_failed": 1}
        portions = [found[start : start + MOST_MESSAGES] for start in range(0, len(found), MOST_MESSAGES)]

        def work(portion: Sequence[Schedule]) -> Counter[str]:
            return self._portion(portion) if remaining() > WATCHDOG_RESERVE else Counter()

        if self.threads == 1:
            tallies = list(map(work, portions))
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                tallies = list(pool.map(work, portions))
        for tally in tallies:
            self.tally += tally
        return dict(self.tally)

    def at_once(self, schedule: Schedule) -> Schedule:
        """Make the jobs of firings for which the watchdog's next run may be too late; return the changed schedule.

        This method raises no errors: the watchdog handles what is left.
        """
        if schedule.next_at is None or schedule.next_at > self.service.now() + AHEAD:
            return schedule
        self._portion([schedule])
        try:
            return self._current(schedule) or schedule
        except Exception as error:
            events.failed(schedule.id, error)
            return schedule

    def _portion(self, portion: Sequence[Schedule]) -> Counter[str]:
        tally: Counter[str] = Counter()
        jobs: list[Job] = []
        for schedule in portion:
            try:
                jobs += self._fire(schedule)
            except Exception as error:
                events.failed(schedule.id, error)
                tally["schedules_failed"] += 1
        tally["fired"] += len(jobs)
        self.service.dispatcher.send_many(jobs)  # the watchdog sends messages that could not be sent
        return +tally

    def _fire(self, schedule: Schedule) -> list[Job]:
        """Make the due jobs and set the schedule's next firing; return the jobs to send."""
        now = self.service.now()
        what = self._with_made(schedule, due(schedule, now), now)
        jobs, problem = self._make(schedule, what)
        after = replace(made(schedule, what, now, problem), writer=new_writer())
        if not self.schedules.replace(schedule, after):
            return self._undo(schedule, jobs)
        if problem is not None:
            events.refused(schedule, problem)
        if what.left_out is not None:
            events.missed(schedule, what.left_out)
        return jobs

    def _with_made(self, schedule: Schedule, what: Due, now: float) -> Due:
        """Add to `what` the missed firings whose jobs a killed run has made.

        Otherwise they would be shown as missed, and a later firing of a schedule that does not overlap could run at the
        same time as these jobs. Jobs are read only after an outage: at most two reads of 100 jobs.
        """
        missed = left_out(schedule, what, now)
        ids = {job_of(schedule, at): at for at in missed}
        names = list(ids)
        found = [
            ids[job.id]
            for start in range(0, len(names), MOST_LOOKED_FOR)
            for job in self.service.store.get_many(names[start : start + MOST_LOOKED_FOR])
        ]
        return replace(what, times=tuple(sorted((*found, *what.times)))) if found else what

    def _make(self, schedule: Schedule, what: Due) -> tuple[list[Job], str | None]:
        jobs: list[Job] = []
        for place, at in enumerate(what.times):
            try:
                kept = self.service.keep(firing(schedule, at, before(schedule, what, place)))
            except IdempotencyMismatch:
                continue  # the job was made before the schedule was changed
            except InvalidRequest as refusal:
                return jobs, f"{refusal} {refusal.told()}".strip()[:LONGEST_PROBLEM]
            # send also the job that a killed run made but did not send
            if kept.outcome.written or not (kept.job.sent or kept.job.terminal):
                jobs.append(kept.job)
        return jobs, None

    def _undo(self, seen: Schedule, jobs: Sequence[Job]) -> list[Job]:
        """Cancel jobs of a schedule that was paused, changed or deleted meanwhile; return the other jobs.

        A job that another watchdog also made stays: it is, or will be, among the schedule's recent firings.
        """
        current = self._current(seen)
        recent, kept = () if current is None else current.recent, []
        for job in jobs:
            fires = job.fires_at or 0.0
            # after many late firings, `recent` no longer contains the first ones
            if fires in recent or fires < min(recent, default=0.0) or (current and comes_to(current, fires)):
                kept.append(job)
            else:
                cancel_quietly(self.service.dispatcher, job.id)
        return kept

    def _current(self, seen: Schedule) -> Schedule | None:
        """Return the current schedule; None if it was deleted, even if a new schedule has its id."""
        try:
            found = self.schedules.get(seen.id)
        except ScheduleNotFound:
            return None
        return found if found.created_at == seen.created_at else None


def firing(schedule: Schedule, at: float, earlier: float | None) -> Submission:
    """Return the submission of a firing's job; `earlier` is the firing before it, if any (epoch seconds)."""
    waits = schedule.overlap == Overlap.SKIP and earlier is not None
    return Submission(
        type=schedule.type,
        payload=schedule.payload,
        run_at=at,
        tags=(schedule.tag,),
        idempotency_key=schedule.key(at),
        correlation_id=job_of(schedule, at),
        principal=schedule.principal,
        fires_at=at,
        expires_seconds=schedule.expires,
        after=job_of(schedule, earlier) if waits and earlier is not None else None,
        priority=priority_of(schedule),
    )


def priority_of(schedule: Schedule) -> str:
    """Return the priority of the jobs of a schedule, whose type may have lost its limits or `urgent=True` since."""
    kind = jobtype.registered.get(schedule.type)
    return schedule.priority if kind is None or kind.has_priorities else Priority.NORMAL
