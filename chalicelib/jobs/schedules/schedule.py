"""A schedule: what a handler file declares, what is stored of it, and the limits of both. Pure."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from chalicelib.errors import ConfigurationError, InvalidPayload
from chalicelib.jobs.job import JSON, TAG_OF_SCHEDULE
from chalicelib.jobs.limits import LONGEST_NAME

MOST_SCHEDULES = 1_000
MOST_CAUGHT_UP = 100
LONGEST_PAYLOAD = 8_192
"""Bytes of a schedule's payload as JSON: the row is written at each firing."""
MOST_RECENT = 20
"""Firings that a schedule remembers, to show how they ended."""
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
STORED_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""Ids of stored schedules have no dot; those of declared ones begin with their job type, which has one."""
LONGEST_ID = LONGEST_NAME + 21
LENGTH_OF_VERSION = 16


class Overlap(StrEnum):
    """The end of a firing whose predecessor has not finished: it runs, or it is skipped."""

    ALLOW = "allow"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule of a job type, for `@job(schedule=…)`: five fields of cron, in the local time of `timezone`.

    `payload` is that of each job; without one it is {}. `catch_up` is how many missed firings run late (0 none, 1 the
    latest one, at most 100), `overlap` what happens while the job of the firing before has not finished ("allow",
    "skip"). `name` tells several schedules of one type apart. With `paused=True` it begins paused.
    """

    text: str
    timezone: str = "UTC"
    payload: JSON = field(default_factory=dict)
    catch_up: int = 1
    overlap: str = Overlap.ALLOW
    name: str = "default"
    paused: bool = False

    def id(self, job_type: str) -> str:
        """Return the id of this schedule of a job type."""
        return f"{job_type}-{self.name}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A stored schedule. Times are seconds since the epoch (UTC).

    `next_at` is the next firing whose job is not made yet; None when there is none, or while it is paused. `recent` are
    the firings whose jobs were made, newest first. `problem` says why the last firing made no job. `writer` names the
    last write: each write is conditional on the one before it.
    """

    id: str
    type: str
    cron: str
    timezone: str
    payload: JSON
    catch_up: int = 1
    overlap: str = Overlap.ALLOW
    starts_at: float | None = None
    ends_at: float | None = None
    declared: bool = False
    paused: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0
    next_at: float | None = None
    recent: tuple[float, ...] = ()
    problem: str | None = None
    writer: str = ""

    @property
    def version(self) -> str:
        """Return what differs when its settings differ, and stays over firings, pauses and a change back."""
        settings = (self.type, self.cron, self.timezone, self.payload, self.catch_up, self.overlap)
        bounds = [None if at is None else float(at) for at in (self.starts_at, self.ends_at)]
        text = json.dumps([*settings, *bounds], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:LENGTH_OF_VERSION]

    @property
    def principal(self) -> str:
        """Return the principal of its jobs."""
        return f"{TAG_OF_SCHEDULE}{self.id}"

    @property
    def tag(self) -> str:
        """Return the tag of its jobs."""
        return f"{TAG_OF_SCHEDULE}{self.id}"

    def key(self, at: float) -> str:
        """Return the idempotency key of the job of one firing.

        A schedule that was deleted and created again has other keys: its jobs are new ones.
        """
        return f"{round(at)}-{round(self.created_at * 1000):x}"


def check_declared(job_type: str, crons: Sequence[Cron], canonical: Callable[[JSON], JSON]) -> None:
    """Raise ConfigurationError for a declared schedule that cannot work; `canonical` raises what a payload raises."""
    from chalicelib.jobs.schedules.cron import cron_error, zone_error  # only who declares one pays for the import

    names = [cron.name for cron in crons]
    for cron in crons:
        faults: dict[str, Any] = {
            "cron text": cron_error(cron.text),
            "timezone": zone_error(cron.timezone),
            "name": None if NAME.fullmatch(cron.name) else "must be 1 to 20 of a-z, 0-9 and -",
            "catch_up": None if 0 <= cron.catch_up <= MOST_CAUGHT_UP else f"must be between 0 and {MOST_CAUGHT_UP}",
            "overlap": None if cron.overlap in list(Overlap) else "must be allow or skip",
        }
        for what, fault in faults.items():
            if fault:
                raise ConfigurationError(f"{job_type}: the schedule's {what} {fault}")
        if names.count(cron.name) > 1:
            raise ConfigurationError(f"{job_type}: two schedules are named {cron.name!r}; give each a name")
        try:
            canonical(cron.payload)
        except InvalidPayload as error:
            raise ConfigurationError(f"{job_type}: the payload of the schedule {cron.name!r}: {error.told()}") from None
