"""Wake suspended jobs whose events are stored, and that nobody has woken.

Whoever posts an event wakes the job, and a spare message wakes it if that process dies. If the spare message is lost as
well, the job would sleep until its wait times out. The watchdog therefore reads some of the suspended jobs in each run,
one page of a type after the other. Jobs whose wait ends within 15 minutes keep their message, and are not looked for.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from chalicelib.counters.overdue_suspended import event_since
from chalicelib.counters.port import Standing
from chalicelib.jobs.constants import OVERSLEPT
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from chalicelib.jobs.port import Filter
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.late_waiters import wake_late
from chalicelib.telemetry import events
from chalicelib.watchdog.constants import MOST_TYPES_OF_WAITERS, MOST_WAITERS
from chalicelib.watchdog.sharing import in_turn


@dataclass
class Waiters:
    """Check suspended jobs of these types. `positions`: by type, where the next run continues.

    A new process begins with the newest jobs.
    """

    dispatcher: Dispatcher
    types: Collection[str]
    positions: dict[str, str] = field(default_factory=dict)

    def look(self, standing: Standing, more: Callable[[], bool]) -> int:
        """Read some suspended jobs of a few types; return how many were woken. Reads nothing if no job is suspended."""
        now = self.dispatcher.now()
        asleep = {name for (name, status), n in standing.totals.items() if status is Status.SUSPENDED and n > 0}
        types = in_turn(sorted(asleep.intersection(self.types)), now)[:MOST_TYPES_OF_WAITERS]
        woken = 0
        for name in types:
            if not more():
                break
            try:
                woken += self._of(name, now, MOST_WAITERS // len(types))
            except Exception as error:
                events.watchdog_failed(f"suspended jobs of {name}", error)
        return woken

    def _of(self, name: str, now: float, share: int) -> int:
        which = Filter(type=name, status=Status.SUSPENDED)
        page = self.dispatcher.store.page(which, share, self.positions.pop(name, None))
        # Behind this moment are only jobs that are due, or are not suspended: other searches check those.
        if page.position is not None and page.position > iso(now):
            self.positions[name] = page.position
        return sum(self._woken(job, now) for job in page.jobs)

    def _woken(self, job: Job, now: float) -> bool:
        came = event_since(self.dispatcher.store, job)
        if came is None or came >= now - OVERSLEPT:
            return False
        try:
            return wake_late(self.dispatcher, job)
        except Exception as error:
            events.watchdog_failed(job, error)
            return False
