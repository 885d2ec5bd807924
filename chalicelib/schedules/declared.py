"""Update the stored schedules from the handler files, once per process."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.job_types import jobtype
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.change import new_writer
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.schedules import events
from chalicelib.schedules.ahead import cancel_ahead
from chalicelib.schedules.constants import SCHEDULES_PAGE
from chalicelib.schedules.port import Schedules
from chalicelib.schedules.rule import changed_in_pause, started
from chalicelib.schedules.schedule import Schedule


@dataclass
class Declared:
    """Update the declared schedules, and the jobs that were made ahead for them."""

    schedules: Schedules
    dispatcher: Dispatcher
    followed: bool = False
    types: Callable[[], Iterable[JobType[Any, Any]]] = jobtype.all_types

    def follow(self) -> None:
        """Add, change and remove stored schedules as the code declares them; a paused schedule stays paused.

        Raises the stores' errors. Jobs that were made ahead are cancelled if the code no longer has their firing. If
        another process wrote at the same moment, the next run checks again.
        """
        if self.followed:
            return
        wanted = dict(declared(self.types()))
        done = []
        for stored in [one for one in every(self.schedules) if one.declared]:
            new = wanted.pop(stored.id, None)
            done.append(self._end(stored) if new is None else self._change(stored, new))
        done += [self._add(new) for new in wanted.values()]
        self.followed = all(done)

    def _add(self, new: Schedule) -> bool:
        now = self.dispatcher.now()
        row = replace(new, created_at=now, updated_at=now, writer=new_writer())
        if added := self.schedules.add(row if row.paused else started(row, now)):
            events.declared(row, "declared")
        return added

    def _end(self, stored: Schedule) -> bool:
        # cancel before the removal: after a crash between the two, the next process would find no schedule
        cancel_ahead(self.dispatcher, stored, None)
        if ended := self.schedules.remove(stored):
            events.declared(stored, "ended")
        return ended

    def _change(self, stored: Schedule, wanted: Schedule) -> bool:
        same = replace(
            stored, type=wanted.type, cron=wanted.cron, timezone=wanted.timezone, payload=wanted.payload,
            catch_up=wanted.catch_up, overlap=wanted.overlap, expires=wanted.expires, priority=wanted.priority,
        )  # fmt: skip
        if same == stored:
            return True
        moved = (same.cron, same.timezone) != (stored.cron, stored.timezone)
        now = self.dispatcher.now()
        changed = changed_in_pause(stored, same, now) if same.paused else started(same, now) if moved else same
        # cancel before the change: after a crash between the two, the next process would find nothing to change
        cancel_ahead(self.dispatcher, stored, changed)
        if written := self.schedules.replace(stored, replace(changed, writer=new_writer())):
            events.declared(changed, "changed")
        return written


def declared(types: Iterable[JobType[Any, Any]]) -> Mapping[str, Schedule]:
    """Return the schedules of job types by id, in their initial state."""
    return {
        cron.id(kind.name): Schedule(
            cron.id(kind.name), kind.name, cron.text, cron.timezone, cron.payload, cron.catch_up, cron.overlap,
            declared=True, paused=cron.paused, expires=cron.expires, priority=cron.priority,
        )
        for kind in types
        for cron in kind.schedules
    }  # fmt: skip


def every(schedules: Schedules) -> Iterator[Schedule]:
    """Yield every stored schedule, by id."""
    after = ""
    while page := schedules.page(SCHEDULES_PAGE, after):
        yield from page
        after = page[-1].id
