"""Declare the ports of bulk actions: their rows, and the function that processes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

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
    """A reason why jobs were skipped, with the number of these jobs and some of their ids."""

    jobs: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BulkAction:
    """A bulk action and its progress. Times in seconds since the epoch.

    Its jobs are those that `which` matches, or those of a list of ids: the ids are stored separately, and `listed` is
    their number. `version` grows with each write of a worker, so that one of two workers stops. `position` is where the
    search for more jobs continues; END after the last job. `hand` contains the jobs that were found and are not counted
    yet, each with the number of failed actions on it. `following` is the position after the jobs in `hand`, until the
    row contains the outcome of the action on these jobs. `expected` is the number of jobs that the operator had
    counted. `reason` is the operator's reason. `edit` has other values for fields of the payloads, by their paths.
    `failures` is the number of slices without success since the last success.
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
    edit: Mapping[str, Any] | None = None

    @property
    def open(self) -> bool:
        """Return whether a worker has work to do for the action."""
        return self.finished_at is None


class BulkActionRows(Protocol):
    """Store bulk actions for 30 days. `Standing.bulk` names the open ones, so finding them takes no further request."""

    def add(self, new: BulkAction, ids: Sequence[str] = ()) -> None:
        """Store a new bulk action, with its listed ids."""

    def find(self, bulk_id: str) -> BulkAction | None:
        """Return the current state, strongly consistent."""

    def ids(self, bulk_id: str) -> Sequence[str]:
        """Return the ids that a bulk action lists."""

    def note(self, bulk_id: str, version: int, changed: Sequence[str]) -> None:
        """Store the ids of the jobs that the slice of this version has changed; a repetition replaces them."""

    def changed(self, bulk_id: str, most: int) -> Sequence[str]:
        """Return the ids of the jobs that a bulk action has changed, the first of them first, each once."""

    def newest(self, most: int) -> Sequence[BulkAction]:
        """Return the newest bulk actions, newest first."""

    def claim(self, bulk_id: str, now: float, until: float) -> BulkAction | None:
        """Lease an open action to the caller until `until`; None if it has ended or another worker leases it."""

    def save(self, after: BulkAction) -> BulkAction | None:
        """Write the progress of an action over version `after.version - 1`; None if another worker wrote first.

        Return the new state. If an operator has asked the action to stop meanwhile, that request stays.
        """

    def stop(self, bulk_id: str, now: float) -> BulkAction | None:
        """Ask an open bulk action to stop; None if no bulk action with this id runs."""

    def close(self, bulk_id: str, now: float) -> None:
        """Remove a finished bulk action from the list of open ones; a second call is not an error."""
