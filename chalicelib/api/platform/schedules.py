"""Serve schedules: list, create, change, pause, resume, run, delete, and preview a cron expression."""

import math
from collections.abc import Sequence

from chalicelib.access.tokens import Role
from chalicelib.api.constants import NEXT_FIRINGS
from chalicelib.api.http.endpoint import Audited, Call, Endpoints, Reply
from chalicelib.api.models import schedule_models as m
from chalicelib.api.models.responses import JobRow
from chalicelib.api.models.views import job_whole
from chalicelib.assembly import parts
from chalicelib.errors import ScheduleNotFound
from chalicelib.job_types import jobtype
from chalicelib.job_types.checks import SCHEDULE
from chalicelib.job_types.cron import local
from chalicelib.jobs.listing import iso
from chalicelib.jobs.priority import known
from chalicelib.keys.rule import Outcome
from chalicelib.schedules.constants import MOST_RECENT_FIRINGS
from chalicelib.schedules.editing import ScheduleService, Settings, Shown
from chalicelib.schedules.events import operated
from chalicelib.schedules.rule import started, upcoming
from chalicelib.schedules.schedule import Gap, Schedule

EXAMPLE = {"type": "report.generate", "cron": "0 6 * * 1", "timezone": "Europe/Berlin", "payload": {"hours": 168}}

endpoints = Endpoints()


@endpoints.get("/schedules", m.SchedulePage, query=m.SchedulesQuery, moving=())
def list_schedules(call: Call) -> m.SchedulePage:
    """List the schedules by id, each with its next five and last 14 firings (`last`).

    Follow `next_after` until it is null.
    """
    found, after = service().page(call.query.limit, call.query.after or "")
    return m.SchedulePage(schedules=_rows(found, call.query.last, call), next_after=after)


@endpoints.get("/schedules/preview", m.Preview, query=m.PreviewQuery)
def preview_schedule(call: Call) -> m.Preview:
    """Return the next firings of a cron expression, without storing it."""
    asked: m.PreviewQuery = call.query
    plain = Schedule("", "", asked.cron, asked.timezone, None, starts_at=asked.starts_at, ends_at=asked.ends_at)
    now = parts.clock()
    return m.Preview(firings=[_firing(at, asked.timezone) for at in upcoming(started(plain, now), now, asked.count)])


@endpoints.get("/schedules/{schedule_id}", m.ScheduleRow, moving=())
def get_schedule(call: Call) -> m.ScheduleRow:
    """Return a schedule with its next five firings and its last twenty."""
    return _row(service().get(_id_of(call)), call)


@endpoints.post(
    "/schedules", m.ScheduleRow, body=m.NewSchedule, role=Role.ADMIN, statuses=(201, 409),
    examples={"every Monday": {"id": "weekly-report", **EXAMPLE}},
    audit=Audited("schedule.create", "schedule", made="id"),
)  # fmt: skip
def create_schedule(call: Call) -> Reply:
    """Store a schedule; 409 if its id is taken. The schedule fires from now on."""
    asked: m.NewSchedule = call.body
    created = service().create(asked.id, _settings(asked), paused=asked.paused)
    operated(created.id, "created", call.principal)
    return Reply(_row(created, call), 201, {"Location": f"{call.here}/{created.id}"})


@endpoints.put(
    "/schedules/{schedule_id}", m.ScheduleRow, body=m.ScheduleSettings, role=Role.ADMIN, statuses=(200, 409),
    examples={"every Monday": EXAMPLE}, audit=Audited("schedule.change", "schedule", "schedule_id"),
)  # fmt: skip
def change_schedule(call: Call) -> m.ScheduleRow:
    """Replace a stored schedule's settings; with `version`, only if that version is current (409 otherwise).

    For a declared schedule the answer is 409: change the schedule in its handler file.
    """
    asked: m.ScheduleSettings = call.body
    changed = service().change(_id_of(call), _settings(asked), asked.version)
    operated(changed.id, "changed", call.principal)
    return _row(changed, call)


@endpoints.delete(
    "/schedules/{schedule_id}",
    m.ScheduleRow,
    role=Role.ADMIN,
    statuses=(200, 409),
    audit=Audited("schedule.delete", "schedule", "schedule_id"),
)
def delete_schedule(call: Call) -> m.ScheduleRow:
    """Delete a stored schedule and cancel the job that was made ahead for its next firing.

    Returns the deleted schedule.
    """
    deleted = service().delete(_id_of(call))
    operated(deleted.id, "deleted", call.principal)
    return _row(deleted, call)


@endpoints.post(
    "/schedules/{schedule_id}/pause",
    m.ScheduleRow,
    statuses=(200, 409),
    audit=Audited("schedule.pause", "schedule", "schedule_id"),
)
def pause_schedule(call: Call) -> m.ScheduleRow:
    """Pause a schedule and cancel the job that was made ahead for its next firing. Safe to repeat."""
    paused = service().pause(_id_of(call), call.person)
    operated(paused.id, "paused", call.principal)
    return _row(paused, call)


@endpoints.post(
    "/schedules/{schedule_id}/resume",
    m.ScheduleRow,
    statuses=(200, 409),
    audit=Audited("schedule.resume", "schedule", "schedule_id"),
)
def resume_schedule(call: Call) -> m.ScheduleRow:
    """Resume a paused schedule; it fires at its next time after now. Safe to repeat."""
    resumed = service().resume(_id_of(call))
    operated(resumed.id, "resumed", call.principal)
    return _row(resumed, call)


@endpoints.post(
    "/schedules/{schedule_id}/run",
    JobRow,
    statuses=(201, 200, 409),
    audit=Audited("schedule.run", "schedule", "schedule_id"),
)
def run_schedule(call: Call) -> Reply:
    """Create a job of a schedule now, even if it is paused. Repeating the Idempotency-Key answers 200 with that job."""
    schedule_id = _id_of(call)
    made = service().run(schedule_id, call.principal, call.idempotency_key(), call.correlation_id, call.trace())
    if made.outcome is not Outcome.CREATED:
        return Reply(job_whole(made.job), 200, {"Idempotent-Replayed": "true"})
    operated(schedule_id, "run", call.principal)
    jobs = call.here.partition("/schedules/")[0]
    return Reply(job_whole(made.job), 201, {"Location": f"{jobs}/jobs/{made.job.id}"})


def service() -> ScheduleService:
    """Return the schedule service, which uses this process's stores."""
    return ScheduleService(parts.schedules, parts.job_service, parts.firings)


def _id_of(call: Call) -> str:
    schedule_id = call.path["schedule_id"]
    if not SCHEDULE.fullmatch(schedule_id):
        raise ScheduleNotFound(schedule_id)
    return schedule_id


def _settings(body: m.ScheduleSettings | m.NewSchedule) -> Settings:
    return Settings(
        body.type,
        body.cron,
        body.timezone,
        body.payload,
        body.catch_up,
        body.overlap,
        body.starts_at,
        body.ends_at,
        body.expires_seconds,
        body.priority,
    )


def _row(schedule: Schedule, call: Call) -> m.ScheduleRow:
    return _rows([schedule], MOST_RECENT_FIRINGS, call)[0]


def _rows(schedules: Sequence[Schedule], last_ones: int, call: Call) -> list[m.ScheduleRow]:
    return [_shown(one, call) for one in service().shown(schedules, NEXT_FIRINGS, last_ones)]


def _shown(shown: Shown, call: Call) -> m.ScheduleRow:
    one = shown.schedule
    return m.ScheduleRow(
        id=one.id,
        type=one.type,
        cron=one.cron,
        timezone=one.timezone,
        payload=jobtype.without_personal(one.type, one.payload)[0] if call.masked else one.payload,
        catch_up=one.catch_up,
        overlap="skip" if one.overlap == "skip" else "allow",
        starts_at=_time(one.starts_at),
        ends_at=_time(one.ends_at),
        expires_seconds=None if one.expires is None else math.ceil(one.expires),
        priority=known(one.priority),
        version=one.version,
        declared=one.declared,
        paused=one.paused,
        problem=one.problem,
        created_at=iso(one.created_at),
        updated_at=iso(one.updated_at),
        next_firings=[_firing(at, one.timezone) for at in shown.upcoming],
        last_firings=[
            m.LastFiring(
                at=iso(at), local=local(at, one.timezone), job_id=job_id,
                status=job and job.status, error_class=job and job.error_class,
            )
            for at, job_id, job in shown.recent
        ],
        paused_by=one.paused_by,
        paused_at=_time(one.paused_at),
        missed_firings=[
            m.MissedFiring(at=iso(at), local=local(at, one.timezone), reason=str(Gap(why))) for at, why in shown.gaps
        ],
    )  # fmt: skip


def _firing(at: float, timezone: str) -> m.Firing:
    return m.Firing(at=iso(at), local=local(at, timezone))


def _time(at: float | None) -> str | None:
    return None if at is None else iso(at)
