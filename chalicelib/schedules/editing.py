"""Implement the use cases over schedules: create, change, pause, run, delete, and show past and next firings."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.errors import (
    FieldError,
    InvalidPayload,
    InvalidRequest,
    JobTypeRetired,
    ScheduleConflict,
    ScheduleNotFound,
)
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import OF_PLATFORM
from chalicelib.job_types.personal import ABSENT, sent_back
from chalicelib.job_types.schedule import Overlap
from chalicelib.jobs.change import new_writer
from chalicelib.jobs.constants import MOST_READ
from chalicelib.jobs.job import JSON, Job
from chalicelib.jobs.priority import Priority
from chalicelib.keys.rule import Submitted
from chalicelib.producing.service import JobService, check_priority
from chalicelib.producing.submission import Submission
from chalicelib.schedules.ahead import cancel_ahead, job_of
from chalicelib.schedules.constants import EDIT_TRIES, LONGEST_PAYLOAD, MOST_SCHEDULES
from chalicelib.schedules.declared import declared
from chalicelib.schedules.firings import Firings, priority_of
from chalicelib.schedules.port import Schedules
from chalicelib.schedules.rule import changed_in_pause, gaps, started, stopped, upcoming
from chalicelib.schedules.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a schedule in a request; times in seconds since the epoch."""

    type: str
    cron: str
    timezone: str
    payload: JSON
    catch_up: int = 1
    overlap: str = Overlap.ALLOW
    starts_at: float | None = None
    ends_at: float | None = None
    expires: float | None = None
    priority: str = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class Shown:
    """A schedule with its next firings, and with its last firings and their jobs (None: expired), newest first.

    `gaps` are the firings for which no job was made, newest first, each with its reason.
    """

    schedule: Schedule
    upcoming: Sequence[float]
    recent: Sequence[tuple[float, str, Job | None]]
    gaps: Sequence[tuple[float, str]]


@dataclass(frozen=True)
class ScheduleService:
    """Manage schedules, for operators and administrators."""

    schedules: Schedules
    jobs: JobService
    firings: Firings

    def get(self, schedule_id: str) -> Schedule:
        """Return a schedule; raises ScheduleNotFound, also for a schedule that the code no longer declares."""
        found = self.schedules.get(schedule_id)
        if not _current(found):
            raise ScheduleNotFound(schedule_id)
        return found

    def page(self, limit: int, after: str = "") -> tuple[Sequence[Schedule], str | None]:
        """Return a page of schedules by id, and the id after which the next page begins (None: no more)."""
        found = self.schedules.page(limit, after)
        return [one for one in found if _current(one)], found[-1].id if len(found) == limit else None

    def shown(self, schedules: Sequence[Schedule], next_ones: int, last_ones: int) -> list[Shown]:
        """Return schedules with up to `next_ones` next firings and `last_ones` last firings each.

        The call takes a read for each hundred jobs of last firings.
        """
        now = self.jobs.now()
        ids = [job_of(one, at) for one in schedules for at in one.recent[:last_ones]]
        jobs: Mapping[str, Job] = {
            job.id: job
            for start in range(0, len(ids), MOST_READ)
            for job in self.jobs.store.get_many(ids[start : start + MOST_READ])
        }
        shown = []
        for one in schedules:
            recent = [(at, job_of(one, at), jobs.get(job_of(one, at))) for at in one.recent[:last_ones]]
            over = [at for at, _, job in recent if job is not None and job.terminal]
            shown.append(Shown(one, upcoming(one, now, next_ones, over), recent, gaps(one, now)[:last_ones]))
        return shown

    def create(self, schedule_id: str, asked: Settings, *, paused: bool = False) -> Schedule:
        """Store a schedule. Raises InvalidRequest, and ScheduleConflict if the id is taken or there are too many."""
        _check(asked)
        sent_back(None, asked.payload)
        if self.schedules.count() >= MOST_SCHEDULES:
            raise ScheduleConflict(f"There are {MOST_SCHEDULES:,} schedules, which is the maximum.")
        now = self.jobs.now()
        new = replace(_filled(Schedule(schedule_id, "", "", "", None), asked), created_at=now, updated_at=now)
        new = replace(replace(new, paused=True) if paused else started(new, now), writer=new_writer())
        if not self.schedules.add(new):
            raise ScheduleConflict(f"There is a schedule with the id {schedule_id!r}.")
        return self.firings.at_once(new)

    def change(self, schedule_id: str, asked: Settings, version: str | None = None) -> Schedule:
        """Change the settings of a stored schedule. A job made ahead stays if the new settings also fire at its time.

        Raises ScheduleNotFound, InvalidRequest, and ScheduleConflict for a declared schedule, or if the settings have
        changed since `version`. Repeating a change is not a conflict, because the first reply may have been lost.
        """
        asked = self._unmasked(schedule_id, asked)
        _check(asked)

        def changed(seen: Schedule) -> Schedule:
            _check_stored(seen, "change")
            after = _filled(seen, asked)
            _check_version(seen, after, version)
            now = self.jobs.now()
            return changed_in_pause(seen, after, now) if seen.paused else started(after, now)

        return self.firings.at_once(self._edit(schedule_id, changed, cancels=True))

    def pause(self, schedule_id: str, by: str | None = None) -> Schedule:
        """Pause a schedule and cancel the job made ahead; a repeated call changes nothing. Raises ScheduleNotFound."""
        now = self.jobs.now()
        return self._edit(schedule_id, lambda seen: seen if seen.paused else stopped(seen, now, by), cancels=True)

    def resume(self, schedule_id: str) -> Schedule:
        """Resume a schedule at its next firing; an active schedule is unchanged. Raises ScheduleNotFound."""
        resumed = self._edit(schedule_id, lambda seen: started(seen, self.jobs.now()) if seen.paused else seen)
        return self.firings.at_once(resumed)

    def delete(self, schedule_id: str) -> Schedule:
        """Delete a stored schedule and cancel the job that was made ahead; return the deleted schedule.

        Raises ScheduleNotFound, and ScheduleConflict for a declared schedule.
        """
        for _ in range(EDIT_TRIES):
            seen = self.get(schedule_id)
            _check_stored(seen, "delete")
            cancel_ahead(self.jobs.dispatcher, seen, None)  # first: otherwise a repeated call would find no schedule
            if self.schedules.remove(seen):
                return seen
        raise _changing(schedule_id)

    def run(
        self, schedule_id: str, principal: str, key: str | None, correlation_id: str, trace: bytes | None = None
    ) -> Submitted:
        """Create a job of a schedule now, even while it is paused; its firings do not change.

        Raises ScheduleNotFound and the errors of `submit`.
        """
        found = self.get(schedule_id)
        asked = Submission(
            found.type, found.payload, tags=(found.tag,), idempotency_key=key, correlation_id=correlation_id,
            principal=principal, expires_seconds=found.expires, trace=trace, priority=priority_of(found),
        )  # fmt: skip
        return self.jobs.submit(asked)

    def _unmasked(self, schedule_id: str, asked: Settings) -> Settings:
        """Return the settings with the stored values of personal fields that have a mask; raises InvalidPayload.

        The fields of another type than before are other fields, so no mask in them stands for a stored value.
        """
        kind, seen = jobtype.get(asked.type), self.get(schedule_id)
        same = seen.type == asked.type
        fields = jobtype.personal_of(kind) if same else None
        return replace(asked, payload=sent_back(fields, asked.payload, seen.payload if same else ABSENT))

    def _edit(self, schedule_id: str, edit: Callable[[Schedule], Schedule], *, cancels: bool = False) -> Schedule:
        for _ in range(EDIT_TRIES):
            seen = self.get(schedule_id)
            after = edit(seen)
            if after is not seen:
                after = replace(after, writer=new_writer())
                if not self.schedules.replace(seen, after):
                    continue
            if cancels:
                # cancel only after the write, because a refused change must not cancel a job
                cancel_ahead(self.jobs.dispatcher, seen, after)
            return after
        raise _changing(schedule_id)


def _check(asked: Settings) -> None:
    """Raise InvalidRequest unless the type accepts the payload, and the times are in order."""
    kind = jobtype.get(asked.type)
    if kind.changes.retired:
        raise JobTypeRetired(kind.name)
    if kind.name in OF_PLATFORM:
        wrong = FieldError(("type",), f"{kind.name}: only the platform makes such jobs")
        raise InvalidRequest("Jobs of this type cannot be created.", [wrong])
    size = len(json.dumps(asked.payload, separators=(",", ":")).encode())
    if size > LONGEST_PAYLOAD:
        wrong = FieldError(("payload",), f"has {size:,} bytes; a schedule's may have {LONGEST_PAYLOAD:,}")
        raise InvalidPayload("The payload is too large for a schedule.", [wrong])
    kind.canonical(asked.payload)
    check_priority(kind, asked.priority)
    if asked.starts_at is not None and asked.ends_at is not None and asked.ends_at < asked.starts_at:
        raise InvalidRequest(
            "The schedule's end is before its start.", [FieldError(("ends_at",), "must not be before starts_at")]
        )


def _filled(schedule: Schedule, asked: Settings) -> Schedule:
    return replace(
        schedule, type=asked.type, cron=asked.cron, timezone=asked.timezone, payload=asked.payload,
        catch_up=asked.catch_up, overlap=asked.overlap, starts_at=asked.starts_at, ends_at=asked.ends_at,
        expires=asked.expires, priority=asked.priority,
    )  # fmt: skip


def _check_version(seen: Schedule, after: Schedule, version: str | None) -> None:
    if version not in (None, seen.version) and after.version != seen.version:
        raise ScheduleConflict(
            f"The schedule {seen.id!r} was changed in the meantime: its version is {seen.version}, not {version}. "
            "Read it again, then change it."
        )


def _check_stored(schedule: Schedule, what: str) -> None:
    if schedule.declared:
        raise ScheduleConflict(f"The code declares this schedule, in the file of {schedule.type}: {what} it there.")


def _current(schedule: Schedule) -> bool:
    return not schedule.declared or schedule.id in declared(jobtype.all_types())


def _changing(schedule_id: str) -> ScheduleConflict:
    return ScheduleConflict(f"The schedule {schedule_id!r} is changing too quickly; try again.")
