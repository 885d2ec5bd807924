"""Store schedules on the control table: one row each, and a sparse index in the order of their next firings."""

import json
from collections.abc import Sequence
from typing import Any

from pynamodb.attributes import BooleanAttribute
from pynamodb.exceptions import DeleteError, PutError
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.adapters.dynamo.tables.due import due_items
from chalicelib.adapters.dynamo.tables.schema import SCHEDULES
from chalicelib.errors import ScheduleNotFound
from chalicelib.jobs.listing import iso
from chalicelib.jobs.priority import Priority
from chalicelib.schedules.schedule import Schedule
from chalicelib.settings import Settings

FIELDS = (
    "type", "cron", "timezone", "catch_up", "overlap", "starts_at", "ends_at", "declared", "paused", "created_at",
    "updated_at", "next_at", "problem", "writer", "expires", "paused_by", "paused_at",
)  # fmt: skip
"""Fields that are stored unchanged, under their own names."""


class ScheduleRow(Model):
    """A schedule.

    `due_in` and `due_at` are the keys of the sparse index; they exist while the schedule has a next firing.
    """

    pk = Text(hash_key=True, default=SCHEDULES)
    sk = Text(range_key=True)
    type = Text()
    cron = Text()
    timezone = Text()
    payload = Text()
    catch_up = Whole()
    overlap = Text()
    starts_at = Seconds(null=True)
    ends_at = Seconds(null=True)
    declared = BooleanAttribute()
    paused = BooleanAttribute()
    created_at = Seconds()
    updated_at = Seconds()
    next_at = Seconds(null=True)
    recent = Text()
    problem = Text(null=True)
    writer = Text()
    expires = Seconds(null=True)
    priority = Text(null=True)
    paused_by = Text(null=True)
    paused_at = Seconds(null=True)
    gaps = Text(null=True)
    due_in = Text(null=True)
    due_at = Text(null=True)


class DynamoSchedules:
    """See the port Schedules."""

    def __init__(self, settings: Settings) -> None:
        self._table = binding.control(settings)
        self._rows = self._table.bind(ScheduleRow)

    def get(self, schedule_id: str) -> Schedule:
        """See Schedules."""
        found = self._find(schedule_id)
        if found is None:
            raise ScheduleNotFound(schedule_id)
        return found

    def page(self, limit: int, after: str = "") -> Sequence[Schedule]:
        """See Schedules."""
        behind = ScheduleRow.sk > after if after else None
        rows = self._rows.query(SCHEDULES, behind, consistent_read=True, limit=limit)
        return [_schedule(row) for row in rows]

    def count(self) -> int:
        """See Schedules. Counting takes as many read units as reading the schedules."""
        return int(self._rows.count(SCHEDULES))

    def due(self, before: float, most: int) -> Sequence[Schedule]:
        """See Schedules.

        The query takes half a read unit if no schedule is due, and half a unit for each 4 KB of due schedules.
        """
        items = due_items(self._table, SCHEDULES, before, most, lambda pk, _: pk == SCHEDULES)
        return [_schedule(self._rows.from_raw_data(item)) for item in items]

    def add(self, schedule: Schedule) -> bool:
        """See Schedules."""
        return self._put(schedule, ScheduleRow.pk.does_not_exist())

    def replace(self, seen: Schedule, changed: Schedule) -> bool:
        """See Schedules."""
        return self._put(changed, ScheduleRow.writer == seen.writer)

    def remove(self, seen: Schedule) -> bool:
        """See Schedules."""
        gone_or_seen = ScheduleRow.pk.does_not_exist() | (ScheduleRow.writer == seen.writer)
        try:
            self._rows(SCHEDULES, seen.id).delete(gone_or_seen)
        except DeleteError as error:
            if not refused(error):
                raise
            return False
        return True

    def _find(self, schedule_id: str) -> Schedule | None:
        try:
            return _schedule(self._rows.get(SCHEDULES, schedule_id, consistent_read=True))
        except self._rows.DoesNotExist:
            return None

    def _put(self, schedule: Schedule, condition: Any) -> bool:
        row = self._rows(sk=schedule.id, **{name: getattr(schedule, name) for name in FIELDS})
        row.payload = json.dumps(schedule.payload, separators=(",", ":"))
        row.recent = json.dumps(schedule.recent)
        row.gaps = json.dumps(schedule.gaps) if schedule.gaps else None
        row.priority = None if schedule.priority == Priority.NORMAL else schedule.priority
        if schedule.next_at is not None:
            row.due_in, row.due_at = SCHEDULES, iso(schedule.next_at)
        try:
            row.save(condition=condition)
        except PutError as error:
            if not refused(error):
                raise
            # If the reply to this write was lost, the SDK has repeated the write, and only the repetition was refused.
            found = self._find(schedule.id)
            return found is not None and found.writer == schedule.writer
        return True


def _schedule(row: ScheduleRow) -> Schedule:
    return Schedule(
        id=row.sk,
        payload=json.loads(row.payload),
        recent=tuple(map(float, json.loads(row.recent))),
        priority=row.priority or Priority.NORMAL,
        gaps=() if row.gaps is None else tuple((float(at), why) for at, why in json.loads(row.gaps)),
        **{name: getattr(row, name) for name in FIELDS},
    )
