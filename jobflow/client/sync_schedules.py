"""The methods for schedules of the client for ordinary code."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from jobflow import models as m
from jobflow.client import schedules
from jobflow.client.calls import Call

T = TypeVar("T")


class Schedules:
    """Read, store and switch schedules."""

    def _ask(self, call: Call[T]) -> T:
        raise NotImplementedError

    def schedules(self) -> Iterator[m.ScheduleRow]:
        """Yield every schedule by id, with its next and last firings."""
        after: str | None = None
        while True:
            page = self._ask(schedules.page(after))
            yield from page.schedules
            after = page.next_after
            if after is None:
                return

    def schedule(self, schedule_id: str) -> m.ScheduleRow:
        """Return a schedule with its next and last firings."""
        return self._ask(schedules.get(schedule_id))

    def preview_schedule(self, cron: str, *, timezone: str = "UTC", count: int = 5) -> list[m.Firing]:
        """Return the next firings of a cron text that need not be stored."""
        return self._ask(schedules.preview(cron, timezone, count)).firings

    def create_schedule(
        self,
        schedule_id: str,
        job_type: str,
        cron: str,
        payload: Any,
        *,
        timezone: str = "UTC",
        starts_at: datetime | str | None = None,
        ends_at: datetime | str | None = None,
        **settings: Any,
    ) -> m.ScheduleRow:
        """Store a schedule: cron has five fields; `catch_up` and `overlap` are settings."""
        given = schedules.settings_of(job_type, cron, payload, timezone, starts_at, ends_at, **settings)
        return self._ask(schedules.create(schedule_id, given))

    def change_schedule(
        self,
        schedule_id: str,
        job_type: str,
        cron: str,
        payload: Any,
        *,
        timezone: str = "UTC",
        starts_at: datetime | str | None = None,
        ends_at: datetime | str | None = None,
        version: str | None = None,
        **settings: Any,
    ) -> m.ScheduleRow:
        """Replace all settings of a stored schedule: what is not given gets its default, but it stays paused or not.

        With the `version` of the schedule as you read it, nobody's change in between is overwritten: raises Conflict.
        """
        given = schedules.settings_of(job_type, cron, payload, timezone, starts_at, ends_at, **settings)
        return self._ask(schedules.change(schedule_id, given, version))

    def delete_schedule(self, schedule_id: str) -> m.ScheduleRow:
        """Delete a stored schedule."""
        return self._ask(schedules.delete(schedule_id))

    def pause_schedule(self, schedule_id: str) -> m.ScheduleRow:
        """Pause a schedule."""
        return self._ask(schedules.switch(schedule_id, "pause"))

    def resume_schedule(self, schedule_id: str) -> m.ScheduleRow:
        """Let a paused schedule go on."""
        return self._ask(schedules.switch(schedule_id, "resume"))

    def run_schedule(self, schedule_id: str) -> m.JobRow:
        """Create a job of a schedule now, also of a paused one."""
        return self._ask(schedules.run(schedule_id, str(uuid.uuid4())))
