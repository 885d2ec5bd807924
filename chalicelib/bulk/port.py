"""Ports of bulk actions: their rows, and the function that works them off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from chalicelib.jobs.port import Filter

END = "end"
"""The position of a bulk action that has found all of its jobs."""


class BulkState(StrEnum):
    """The states of a bulk action."""

    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for which jobs were skipped, how many, and some of their ids."""

    jobs: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A bulk action and how far it has come. Times in seconds since the epoch.

    Its jobs are those that `which` matches, or the `listed` ids that are kept beside it. `version` grows with each
    write of a worker, so that of two workers one stops. `position` is where the search for further jobs goes on, END
    behind the last one. `hand` are the jobs that were found and are not counted yet, with how often an action on each
    ended with an error; `following` is the position behind them while none of them has been acted on, as far as the row
    tells. `expected` is how many jobs its operator had counted, `reason` why it was started. `failures` counts slices
    in a row in which nothing was done.
    """

    id: str
    action: str
    by: str
    principal: str
    started_at: float
    which: Filter | None = None
    listed: int | None = None
    dry_run: bool = False
    expected: int | None = None
    state: BulkState = BulkState.RUNNING
    version: int = 0
    position: str | None = None
    following: str | None = None
    hand: Mapping[str, int] = field(default_factory=dict)
    matched: int = 0
    done: int = 0
    skipped: int = 0
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    updated_at: float = 0.0
    finished_at: float | None = None
    problem: str | None = None
    failures: int = 0
    lease_until: float = 0.0
    reason: str | None = None

    @property
    def open(self) -> bool:
        """Return whether a worker has something to do for it."""
        return self.finished_at is None


class BulkActionRows(Protocol):
    """Keeps bulk actions for 30 days. `Standing.bulk` names the open ones, so that looking for them costs nothing."""

    def add(self, new: BulkAction, ids: Sequence[str] = ()) -> None:
        """Keep a new one, with the ids that it lists."""

    def find(self, bulk_id: str) -> BulkAction | None:
        """Return it as it stands, strongly consistent."""

    def ids(self, bulk_id: str) -> Sequence[str]:
        """Return the ids that it lists."""

    def newest(self, most: int) -> Sequence[BulkAction]:
        """Return the newest ones, newest first."""

    def claim(self, bulk_id: str, now: float, until: float) -> BulkAction | None:
        """Lease an open one to the caller until then; None when another worker has it, or it is over."""

    def save(self, after: BulkAction) -> BulkAction | None:
        """Write its progress over version `after.version - 1`; None when another worker wrote first.

        Return it as it stands: an operator may have asked it to stop meanwhile, which this write keeps.
        """

    def stop(self, bulk_id: str, now: float) -> BulkAction | None:
        """Ask an open one to stop; None when none with this id runs."""

    def close(self, bulk_id: str, now: float) -> None:
        """Remove a finished one from the open ones; a second time is no error."""


class Background(Protocol):
    """Invokes what works off bulk actions."""

    def wake(self) -> None:
        """Begin now, without waiting for the end; raises what the platform raises."""
