"""Define a stored schedule, and its limits. Pure."""

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.job_types.schedule import Overlap
from chalicelib.jobs.job import JSON, TAG_OF_SCHEDULE
from chalicelib.jobs.priority import Priority

STORED_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""The form of a stored schedule's id: without a dot. The id of a declared schedule begins with its job type, which
contains a dot."""
LENGTH_OF_VERSION = 16


class Gap(StrEnum):
    """Reasons why a firing made no job."""

    MISSED = "missed"
    PAUSED = "paused"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A stored schedule. Times are seconds since the epoch (UTC).

    `next_at` is the next firing whose job is not made yet; None if there is none, or while the schedule is paused.
    `recent` are the firings whose jobs were made, newest first; `gaps` are those for which no job was made, newest
    first, each with its reason (a Gap). `paused_by` and `paused_at` say who paused it, and when. `expires` is the
    number of seconds after which a firing is cancelled if it has not begun. `problem` says why the last firing made no
    job. `writer` names the last write: a write succeeds only if no other write came since the schedule was read.
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
    expires: float | None = None
    priority: str = Priority.NORMAL
    declared: bool = False
    paused: bool = False
    created_at: float = 0.0
    updated_at: float = 0.0
    next_at: float | None = None
    recent: tuple[float, ...] = ()
    problem: str | None = None
    writer: str = ""
    paused_by: str | None = None
    paused_at: float | None = None
    gaps: tuple[tuple[float, str], ...] = ()

    @property
    def version(self) -> str:
        """Return a version that depends only on the settings; firings and pauses do not change it."""
        settings = (self.type, self.cron, self.timezone, self.payload, self.catch_up, self.overlap)
        bounds = [None if at is None else float(at) for at in (self.starts_at, self.ends_at)]
        more: list[JSON] = [] if self.expires is None else [float(self.expires)]
        more += [] if self.priority == Priority.NORMAL else [self.priority]
        text = json.dumps([*settings, *bounds, *more], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:LENGTH_OF_VERSION]

    @property
    def principal(self) -> str:
        """Return the principal of the schedule's jobs."""
        return f"{TAG_OF_SCHEDULE}{self.id}"

    @property
    def tag(self) -> str:
        """Return the tag of the schedule's jobs."""
        return f"{TAG_OF_SCHEDULE}{self.id}"

    def key(self, at: float) -> str:
        """Return the idempotency key of the job of one firing.

        If a schedule is deleted and created again, it has new keys and therefore new jobs.
        """
        return f"{round(at)}-{round(self.created_at * 1000):x}"
