"""Report which job types are paused automatically, from their current rows.

Workers follow the row at once; the watchdog updates the copy in the counters once a minute.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from chalicelib.counters.dear_runs import DearRun
from chalicelib.counters.port import Counters, ErrorHour, Pause, Standing, TenantDay
from chalicelib.counters.standing import of_every_type
from chalicelib.pausing.port import AutoPauses
from chalicelib.pausing.rule import AutoPause, next_probe

BY = "JobFlow"


@dataclass(frozen=True)
class PausesSeen:
    """See Counters. Used to show pauses to people. `types` are the queues with `pause_when`; each takes one read."""

    counters: Counters
    rows: Callable[[], AutoPauses]
    types: Callable[[], Sequence[str]]

    def standing(self) -> Standing:
        """See Counters."""
        standing = self.counters.standing()
        rows = {name: self.rows().read(name, consistent=False) for name in self.types()}
        return replace(standing, paused=of_every_type(as_they_are(standing.paused, rows))) if rows else standing

    def buckets(self, job_type: str, step: int, start: float, end: float) -> Sequence[tuple[float, Mapping[str, int]]]:
        """See Counters."""
        return self.counters.buckets(job_type, step, start, end)

    def tenant_days(self, job_type: str, start: float, end: float, most: int) -> Sequence[TenantDay]:
        """See Counters."""
        return self.counters.tenant_days(job_type, start, end, most)

    def dear_runs(self, job_type: str, start: float, end: float) -> Sequence[DearRun]:
        """See Counters."""
        return self.counters.dear_runs(job_type, start, end)

    def errors(self, start: float, end: float, most: int) -> Sequence[ErrorHour]:
        """See Counters."""
        return self.counters.errors(start, end, most)


def as_they_are(paused: Mapping[str, Pause], rows: Mapping[str, AutoPause]) -> Mapping[str, Pause]:
    """Return the pauses: automatic pauses from the rows, and operators' pauses unchanged."""
    found = {name: pause for name, pause in paused.items() if name not in rows or not pause.by_itself}
    for name, row in rows.items():
        if row.since is not None and name not in found:
            found[name] = told(row)
    return found


def told(row: AutoPause) -> Pause:
    """Return the pause of a row that has one, in the form that is shown."""
    # in milliseconds, because this time is the key of the row of the ended pause
    return Pause(round(row.since or 0.0, 3), BY, row.reason, next_probe(row))
