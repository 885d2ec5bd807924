"""Describe the requests about schedules as data. Pure: nothing is sent here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobflow import models as m
from jobflow.client.calls import Call, because, only
from jobflow.client.encoding import as_body, as_payload, as_time, in_path, type_name
from jobflow.plain import TypeOrName


def page(after: str | None) -> Call[m.SchedulePage]:
    """Read a page of schedules, by id."""
    return Call("GET", "/schedules", m.SchedulePage, query={"after": after}, repeatable=True)


def get(schedule_id: str) -> Call[m.ScheduleRow]:
    """Read a schedule with its firings."""
    return Call("GET", _path(schedule_id), m.ScheduleRow, repeatable=True)


def preview(cron: str, timezone: str, count: int) -> Call[m.Preview]:
    """Compute the next firings of a cron expression."""
    query = {"cron": cron, "timezone": timezone, "count": count}
    return Call("GET", "/schedules/preview", m.Preview, query=query, repeatable=True)


def create(schedule_id: str, settings: Mapping[str, Any], reason: str = "") -> Call[m.ScheduleRow]:
    """Store a schedule. Not repeatable: the second request would find the id taken."""
    return Call("POST", "/schedules", m.ScheduleRow, body=as_body({"id": schedule_id, **settings, **because(reason)}))


def change(schedule_id: str, settings: Mapping[str, Any], version: str | None, reason: str = "") -> Call[m.ScheduleRow]:
    """Replace all settings of a stored schedule.

    Repeatable even with a version: the same settings are not a conflict.
    """
    seen = ({} if version is None else {"version": version}) | because(reason)
    return Call("PUT", _path(schedule_id), m.ScheduleRow, body=as_body({**settings, **seen}), repeatable=True)


def settings_of(
    type: TypeOrName,
    cron: str,
    payload: Any,
    timezone: str,
    starts_at: datetime | str | None,
    ends_at: datetime | str | None,
    **settings: Any,
) -> dict[str, Any]:
    """Return the settings of a schedule in the API's form."""
    bounds = {"starts_at": starts_at, "ends_at": ends_at}
    return {
        "type": type_name(type), "cron": cron, "payload": as_payload(payload), "timezone": timezone,
        **{name: as_time(when) for name, when in bounds.items() if when is not None}, **settings,
    }  # fmt: skip


def delete(schedule_id: str, reason: str = "") -> Call[m.ScheduleRow]:
    """Delete a stored schedule."""
    return Call("DELETE", _path(schedule_id), m.ScheduleRow, body=only(reason))


def switch(schedule_id: str, action: str, reason: str = "") -> Call[m.ScheduleRow]:
    """Pause or resume a schedule."""
    return Call("POST", f"{_path(schedule_id)}/{action}", m.ScheduleRow, body=only(reason), repeatable=True)


def run(schedule_id: str, key: str, reason: str = "") -> Call[m.JobRow]:
    """Create a job of a schedule now."""
    return Call("POST", f"{_path(schedule_id)}/run", m.JobRow, body=only(reason), key=key, repeatable=True)


def _path(schedule_id: str) -> str:
    return f"/schedules/{in_path(schedule_id)}"
