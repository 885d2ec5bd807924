"""Retry, cancel or discard many jobs in one request: listed jobs, or all that match."""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from chalicelib.bulk import events as bulk_events
from chalicelib.bulk.constants import BULK_PAGE, EXPECTED_MARGIN, LONGEST_REASON, TIME_TO_COUNT
from chalicelib.errors import FieldError, InvalidPosition, InvalidRequest, JobFlowError, JobNotFound, MoreThanExpected
from chalicelib.jobs.constants import TIME_TO_ACT
from chalicelib.jobs.job import ACTIVE, DISCARDABLE, RETRYABLE, WAITING, Job, Status, in_order
from chalicelib.jobs.listing import ACTS, born, by_due, order, read_cursor, write_cursor
from chalicelib.jobs.port import Filter, JobStore
from chalicelib.jobs.texts.errors import cut
from chalicelib.operating.operations import Operations

ALLOWED = {"retry": RETRYABLE, "discard": DISCARDABLE, "cancel": ACTIVE}
"""Statuses from which an action is possible."""
Place = tuple[Status, str | None]
"""Position of a search: the status that it reads, and the position in that list."""
BY_DEFAULT = {
    "retry": in_order(DISCARDABLE),
    "discard": in_order(DISCARDABLE),
    "cancel": (*in_order(WAITING), Status.PROCESSING),
}
"""Default statuses of an action. Cancelled jobs are retried only if the request names this status, because an operator
ended them."""


NOT_KNOWN = "It is not known whether it was done:"
"""Begins the reason for skipping a job that could not be read after the action on it had ended with an error."""


@dataclass(slots=True)
class Report:
    """The outcome of a bulk action: jobs matched, changed, and skipped with the reason.

    `untried` are listed ids that were not tried, because the time was over. `cursor` is where the next call continues;
    None at the end of the search.
    """

    matched: int = 0
    done: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    cursor: str | None = None

    @property
    def more(self) -> bool:
        """Return whether the search has not reached its end."""
        return self.cursor is not None


@dataclass(frozen=True, slots=True)
class Tried:
    """One job's result: why the action is not possible (None: it was done), or the error that the action caused."""

    job_id: str
    refused: str | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Matching jobs, each with the position after it, and the position where the search continues (None: its end)."""

    jobs: Sequence[tuple[Job, Place]]
    place: Place | None


@dataclass(frozen=True)
class BulkActions:
    """Run bulk actions over the jobs of a store, on `threads` jobs at a time. `clock` gives seconds since the epoch."""

    store: JobStore
    operations: Operations
    cursor_secret: str = "development"  # noqa: S105
    clock: Callable[[], float] = time.time
    threads: int = 1

    def on_ids(self, action: str, ids: Sequence[str], dry_run: bool = False) -> Report:
        """Act on the jobs with these ids.

        A job that cannot be changed is skipped, and the report contains the reason.
        """
        wanted, ends = list(dict.fromkeys(ids)), self.clock() + TIME_TO_ACT
        report = Report(matched=len(wanted))
        tried = self.act(action, wanted, ends, dry_run)
        _tell(report, tried, dry_run)
        report.untried = wanted[len(tried) :]
        return report

    def on_matches(
        self,
        action: str,
        which: Filter,
        limit: int = BULK_PAGE,
        dry_run: bool = False,
        cursor: str | None = None,
        seconds: float = TIME_TO_ACT,
    ) -> Report:
        """Act on up to `limit` matching jobs, starting at a cursor of an earlier call. Raises InvalidPosition.

        Each call makes progress even if matches are rare: its cursor is after all jobs that it has read.
        """
        ends = self.clock() + seconds
        found = self.search(action, which, limit, ends, cursor)
        place = found.place
        if dry_run and not self.operations.edit:
            # use the states in the page: reading each job again would cost one request per job
            tried: Sequence[Tried] = [Tried(job.id, _refusal(job, action)) for job, _ in found.jobs]
        else:
            tried = self.act(action, [job.id for job, _ in found.jobs], ends, dry_run)
        if len(tried) < len(found.jobs):
            _, place = found.jobs[len(tried) - 1]
        report = Report(matched=len(tried), cursor=self.cursor(action, which, place))
        _tell(report, tried, dry_run)
        return report

    def check_expected(self, action: str, which: Filter | None, ids: Sequence[str], expected: int) -> None:
        """Raise MoreThanExpected if the action would change more jobs than `expected` plus EXPECTED_MARGIN.

        Counting takes at most TIME_TO_COUNT seconds.
        """
        most = math.floor(expected * (1 + EXPECTED_MARGIN))
        found, cursor, ends = len(set(ids)), None, self.clock() + TIME_TO_COUNT
        while which is not None and found <= most:
            report = self.on_matches(action, which, dry_run=True, cursor=cursor, seconds=TIME_TO_COUNT)
            found += report.matched - len(report.skipped)
            cursor = report.cursor
            if cursor is None or self.clock() >= ends:
                break
        if found > most:
            raise MoreThanExpected(found, expected)

    def search(self, action: str, which: Filter, limit: int, ends: float, cursor: str | None = None) -> Found:
        """Return up to `limit` matching jobs, without jobs that were already asked to stop. Raises InvalidPosition.

        After `ends` (epoch seconds), no more pages are read.
        """
        if which.batch is not None:
            return self._in_batch(action, which, limit, ends, cursor)
        statuses = (which.status,) if which.status else BY_DEFAULT[action]
        place: Place | None = self._place(action, which, cursor) if cursor else (statuses[0], None)
        jobs: list[tuple[Job, Place]] = []
        while place is not None and len(jobs) < limit:
            (status, position), asked = place, replace(which, status=place[0])
            page = self.store.page(asked, limit - len(jobs), position)
            # A running job that was asked to stop keeps its state until it stops. Skip such a job, because asking again
            # changes nothing.
            jobs += [
                (job, (status, _key(job, asked))) for job in page.jobs if action != "cancel" or not job.cancel_requested
            ]
            place = _after(status, page.position, statuses)
            if self.clock() >= ends:
                break
        return Found(jobs, place)

    def _in_batch(self, action: str, which: Filter, limit: int, ends: float, cursor: str | None) -> Found:
        """Search the members of a batch once for all statuses.

        A member that changes its status meanwhile could be missed by one search after the other. All of a page is read,
        whatever `limit` is, because few members may match.
        """
        statuses = (which.status,) if which.status else BY_DEFAULT[action]
        place: Place | None = self._place(action, which, cursor) if cursor else (statuses[0], None)
        jobs: list[tuple[Job, Place]] = []
        while place is not None and len(jobs) < limit:
            page = self.store.page(replace(which, status=None), BULK_PAGE, place[1])
            place = None if page.position is None else (statuses[0], page.position)
            for job in page.jobs:
                if job.status not in statuses or (action == "cancel" and job.cancel_requested):
                    continue
                jobs.append((job, (statuses[0], job.id)))
                if len(jobs) == limit:
                    place = (statuses[0], job.id)
                    break
            if self.clock() >= ends:
                break
        return Found(jobs, place)

    def cursor(self, action: str, which: Filter, place: Place | None) -> str | None:
        """Return the cursor with which a search continues at a position; None at its end."""
        if place is None:
            return None
        position = "|".join((action, place[0], place[1] or ""))
        return write_cursor(position, which, self.cursor_secret, ACTS)

    def act(self, action: str, ids: Sequence[str], ends: float, dry_run: bool = False) -> Sequence[Tried]:
        """Act until `ends` (epoch seconds), but always on some jobs; return the jobs that were tried."""
        tried: list[Tried] = []
        for start in range(0, len(ids), self.threads):
            if start and self.clock() >= ends:
                break
            tried += self._side_by_side(action, ids[start : start + self.threads], dry_run)
        return tried

    def done_before(self, ids: Sequence[str]) -> Sequence[str]:
        """Return which of these jobs this bulk action has changed, whatever happened to them since."""
        return [job_id for job_id in ids if self._did(job_id)]

    def _did(self, job_id: str) -> bool:
        try:
            return self.operations.did(self.store.get_without_bodies(job_id))
        except JobNotFound:
            return False

    def _side_by_side(self, action: str, ids: Sequence[str], dry_run: bool) -> Sequence[Tried]:
        if self.threads == 1:
            return [self._act(action, job_id, dry_run) for job_id in ids]
        with ThreadPoolExecutor(self.threads) as pool:
            # run each act in a copy of the context, because the context contains the keys of the log lines
            acts = [pool.submit(copy_context().run, self._act, action, job_id, dry_run) for job_id in ids]
            return [act.result() for act in acts]

    def _act(self, action: str, job_id: str, dry_run: bool) -> Tried:
        """Act on one job; its error must not affect the others."""
        do: Callable[[str], Job] = getattr(self.operations, action)
        try:
            if not dry_run:
                do(job_id)
            elif self.operations.edit:
                self.operations.check_edit(job_id)
            else:
                return Tried(job_id, _refusal(self.store.get_without_bodies(job_id), action))
        except InvalidRequest as error:
            return Tried(job_id, cut(error.told() or str(error), LONGEST_REASON))
        except JobFlowError as error:
            return Tried(job_id, cut(str(error), LONGEST_REASON))
        except Exception as error:
            bulk_events.job_failed(job_id, action, error)
            return Tried(job_id, error=error)
        return Tried(job_id)

    def _place(self, action: str, which: Filter, cursor: str) -> Place:
        """Return the status and the position at which a search continues; raises InvalidPosition."""
        found = read_cursor(cursor, which, self.cursor_secret, "cursor", use=ACTS)
        given_for, status, position = found.split("|", 2)
        if given_for != action:
            where = [FieldError(("cursor",), f"belongs to the action {given_for}; start again without it")]
            raise InvalidPosition("The cursor is not valid.", where)
        return Status(status), position or None


def not_done(error: Exception) -> str:
    """Return the reason for skipping a job whose action failed with an error."""
    return f"It could not be done: {name_of(error)}."


def not_known(problem: str) -> str:
    """Return the reason for skipping a job whose action may have been done: after the error it could not be read."""
    return f"{NOT_KNOWN} {problem}."


def name_of(error: Exception) -> str:
    """Return AWS's code of an error, or its class."""
    told = getattr(error, "response", None) or getattr(getattr(error, "cause", None), "response", None)
    code = told.get("Error", {}).get("Code") if isinstance(told, dict) else None
    return str(code or type(error).__name__)


def _tell(report: Report, tried: Sequence[Tried], dry_run: bool) -> None:
    """Add the results of the jobs to a report; raise the first error if all of them failed."""
    errors = [one.error for one in tried if one.error is not None]
    if errors and len(errors) == len(tried):
        raise errors[0]
    report.done = 0 if dry_run else sum(one.refused is None and one.error is None for one in tried)
    for one in tried:
        if one.error is not None:
            report.skipped.append((one.job_id, f"{not_done(one.error)} Send this job again."))
        elif one.refused is not None:
            report.skipped.append((one.job_id, one.refused))


def _refusal(job: Job, action: str) -> str | None:
    """Return why an action is not possible on a job in its current state."""
    allowed = job.status in ALLOWED[action]
    return None if allowed else f"Job {job.id} is {job.status}; this action is not for such jobs."


def _after(status: Status, position: str | None, statuses: Sequence[Status]) -> Place | None:
    """Return where a search continues after a page: the next page, or the next status; None at the end."""
    if position is not None:
        return status, position
    following = statuses[statuses.index(status) + 1 :]
    return (following[0], None) if following else None


def _key(job: Job, which: Filter) -> str:
    """Return the position after a job in the listing with that filter."""
    return order(job) if by_due(which) else born(job)
