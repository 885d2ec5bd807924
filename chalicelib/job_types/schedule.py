"""Declare the schedules of a job type. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.errors import ConfigurationError, InvalidPayload
from chalicelib.job_types.checks import check_expires, check_number
from chalicelib.job_types.constants import LONGEST_EVERY, MOST_CAUGHT_UP, SHORTEST_EVERY
from chalicelib.jobs.job import JSON
from chalicelib.jobs.priority import RANKS, Priority, PriorityName

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")


class Overlap(StrEnum):
    """Choose what happens to a firing while the job of an earlier firing is unfinished: it runs, or it is skipped."""

    ALLOW = "allow"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Cron:
    """Make jobs of a type at the times of a cron expression, in the local time of `timezone`.

    `payload` is the payload of each job, {} by default. `catch_up` is how many of the latest missed firings run late (0
    to 100). `overlap` decides what happens while the job of an earlier firing is unfinished ("allow", "skip"). `name`
    distinguishes several schedules of one type. With `paused=True` the schedule begins paused. `expires`: a firing that
    has not begun this number of seconds after its time is cancelled; without it, the type's `expires` applies.
    `priority` ("high", "normal", "low") orders the jobs that wait for a limit, and `high` passes the backlog of a type
    with `urgent=True`; only for a type with `limits` or `urgent`.
    """

    text: str
    timezone: str = "UTC"
    payload: JSON = field(default_factory=dict)
    catch_up: int = 1
    overlap: str = Overlap.ALLOW
    name: str = "default"
    paused: bool = False
    expires: float | None = None
    priority: PriorityName = "normal"

    def id(self, job_type: str) -> str:
        """Return the id of this schedule of a job type."""
        return f"{job_type}-{self.name}"


@dataclass(frozen=True, slots=True)
class Every:
    """Make a job of a type every `seconds` seconds (10 to 86,400): at the multiples of `seconds` since 1970 (UTC).

    The other settings are those of `Cron`. Raises ConfigurationError.
    """

    seconds: int
    payload: JSON = field(default_factory=dict)
    catch_up: int = 1
    overlap: str = Overlap.ALLOW
    name: str = "default"
    paused: bool = False
    expires: float | None = None
    priority: PriorityName = "normal"

    def __post_init__(self) -> None:
        check_number("schedule: every: seconds", self.seconds, SHORTEST_EVERY, LONGEST_EVERY, "seconds")

    @property
    def cron(self) -> Cron:
        """Return the same schedule as a Cron with an expression such as `@every 20s`."""
        settings = (self.payload, self.catch_up, self.overlap, self.name, self.paused, self.expires, self.priority)
        return Cron(f"@every {self.seconds}s", "UTC", *settings)


def declared_crons(job_type: str, schedule: Any) -> tuple[Cron, ...]:
    """Return the schedules that `@job` got: one, or several. Raises ConfigurationError for anything else."""
    given: tuple[Any, ...] = (
        tuple(schedule) if isinstance(schedule, Iterable) and not isinstance(schedule, str) else (schedule,)
    )
    for one in given:
        if not isinstance(one, Cron | Every):
            raise ConfigurationError(f"{job_type}: schedule is Cron(…) or Every(…), or a list of them, not {one!r}")
    return tuple(one.cron if isinstance(one, Every) else one for one in given)


def check_declared(
    job_type: str, crons: Sequence[Cron], canonical: Callable[[JSON], JSON], *, has_priorities: bool
) -> None:
    """Raise ConfigurationError for an invalid declared schedule; `canonical` raises for an invalid payload.

    `has_priorities`: priorities have an effect.
    """
    from chalicelib.job_types.cron import cron_error, zone_error  # only types with a schedule need it

    names = [cron.name for cron in crons]
    for cron in crons:
        faults: dict[str, Any] = {
            "cron text": cron_error(cron.text) if isinstance(cron.text, str) else "is a text, like '0 6 * * *'",
            "timezone": zone_error(cron.timezone),
            "name": None if NAME.fullmatch(cron.name) else "must be 1 to 20 of a-z, 0-9 and -",
            "catch_up": None if 0 <= cron.catch_up <= MOST_CAUGHT_UP else f"must be between 0 and {MOST_CAUGHT_UP}",
            "overlap": None if cron.overlap in list(Overlap) else "must be allow or skip",
            "priority": _wrong_priority(cron, has_priorities=has_priorities),
        }
        for what, fault in faults.items():
            if fault:
                raise ConfigurationError(f"{job_type}: the schedule's {what} {fault}")
        check_expires(f"{job_type}: the schedule {cron.name!r}", cron.expires)
        if names.count(cron.name) > 1:
            raise ConfigurationError(f"{job_type}: two schedules are named {cron.name!r}; give each a name")
        try:
            canonical(cron.payload)
        except InvalidPayload as error:
            raise ConfigurationError(f"{job_type}: the payload of the schedule {cron.name!r}: {error.told()}") from None


def _wrong_priority(cron: Cron, *, has_priorities: bool) -> str | None:
    if cron.priority not in RANKS:
        return f"must be {', '.join(Priority)}"
    return (
        None
        if has_priorities or cron.priority == Priority.NORMAL.value
        else "has no effect: the type has no limits= and no urgent=True"
    )
