"""The methods for schedules of the client for asyncio."""

import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, TypeVar

from jobflow import models as m
from jobflow.client import schedules
from jobflow.client.calls import Call

T = TypeVar("T")


class AsyncSchedules:
    """Read, store and switch schedules."""

    async def _ask(self, call: Call[T]) -> T:
        raise NotImplementedError

    async def schedules(self) -> AsyncIterator[m.ScheduleRow]:
        """Yield every schedule by id, with its next and last firings."""
        after: str | None = None
        while True:
            page = await self._ask(schedules.page(after))
            for one in page.schedules:
                yield one
            after = page.next_after
            if after is None:
                return

    async def schedule(self, schedule_id: str) -> m.ScheduleRow:
        """Return a schedule with its next and last firings."""
        return await self._ask(schedules.get(schedule_id))

    async def preview_schedule(self, cron: str, *, timezone: str = "UTC", count: int = 5) -> list[m.Firing]:
        """Return the next firings of a cron text that need not be stored."""
        return (await self._ask(schedules.preview(cron, timezone, count))).firings

    async def create_schedule(
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
        return await self._ask(schedules.create(schedule_id, given))

    async def change_schedule(
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
        return await self._ask(schedules.change(schedule_id, given, version))

    async def delete_schedule(self, schedule_id: str) -> m.ScheduleRow:
        """Delete a stored schedule."""
        return await self._ask(schedules.delete(schedule_id))

    async def pause_schedule(self, schedule_id: str) -> m.ScheduleRow:
        """Pause a schedule."""
        return await self._ask(schedules.switch(schedule_id, "pause"))

    async def resume_schedule(self, schedule_id: str) -> m.ScheduleRow:
        """Let a paused schedule go on."""
        return await self._ask(schedules.switch(schedule_id, "resume"))

    async def run_schedule(self, schedule_id: str) -> m.JobRow:
        """Create a job of a schedule now, also of a paused one."""
        return await self._ask(schedules.run(schedule_id, str(uuid.uuid4())))
