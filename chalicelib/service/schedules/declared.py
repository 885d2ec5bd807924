"""Make the stored schedules those that the handler files declare: once a process, whose code does not change."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from chalicelib.jobs.ports import Schedules
from chalicelib.jobs.schedules.due import started
from chalicelib.jobs.schedules.schedule import Schedule
from chalicelib.jobs.types import jobtype
from chalicelib.telemetry import schedule_events as events

PAGE = 100


@dataclass
class Declared:
    """The declared schedules. `clock` gives seconds since the epoch."""

    schedules: Schedules
    clock: Callable[[], float]
    followed: bool = False

    def follow(self) -> None:
        """Add, change and remove stored schedules as the code says; a pause stays. Raises what the store raises."""
        if self.followed:
            return
        wanted = dict(declared())
        for stored in [one for one in every(self.schedules) if one.declared]:
            if stored.id in wanted:
                self._change(stored, wanted.pop(stored.id))
            elif self.schedules.remove(stored):
                events.declared(stored, "ended")
        for new in wanted.values():
            now = self.clock()
            row = replace(new, created_at=round(now, 3), updated_at=now, writer=_writer())
            if self.schedules.add(row if row.paused else started(row, now)):
                events.declared(row, "declared")
        self.followed = True

    def _change(self, stored: Schedule, wanted: Schedule) -> None:
        same = replace(
            stored, type=wanted.type, cron=wanted.cron, timezone=wanted.timezone, payload=wanted.payload,
            catch_up=wanted.catch_up, overlap=wanted.overlap,
        )  # fmt: skip
        if same == stored:
            return
        moved = (same.cron, same.timezone) != (stored.cron, stored.timezone)
        changed = started(same, self.clock()) if moved and not same.paused else same
        if self.schedules.replace(stored, replace(changed, writer=_writer())):
            events.declared(changed, "changed")


def declared() -> Mapping[str, Schedule]:
    """Return the schedules of all job types by id, as they are before they are stored."""
    return {
        cron.id(kind.name): Schedule(
            cron.id(kind.name), kind.name, cron.text, cron.timezone, cron.payload, cron.catch_up, cron.overlap,
            declared=True, paused=cron.paused,
        )
        for kind in jobtype.all_types()
        for cron in kind.schedules
    }  # fmt: skip


def every(schedules: Schedules) -> Iterator[Schedule]:
    """Yield every stored schedule, by id."""
    after = ""
    while page := schedules.page(PAGE, after):
        yield from page
        after = page[-1].id


def _writer() -> str:
    return uuid.uuid4().hex[:12]
