"""Retry, cancel or discard many jobs at once: those that are listed, or those that match."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace

from chalicelib.errors import FieldError, InvalidPosition, JobFlowError, MoreThanExpected
from chalicelib.jobs.job import ACTIVE, DISCARDABLE, RETRYABLE, WAITING, Job, Status, in_order
from chalicelib.jobs.limits import TIME_TO_ACT
from chalicelib.jobs.listing import ACTS, born, by_due, order, read_cursor, write_cursor
from chalicelib.jobs.port import Filter, JobStore
from chalicelib.operating.operations import Operations

BULK_PAGE = 100
TIME_TO_COUNT = 3.0
"""Seconds for which a request counts before it acts."""
ALLOWED = {"retry": RETRYABLE, "discard": DISCARDABLE, "cancel": ACTIVE}
"""Statuses in which an action is possible."""
Place = tuple[Status, str | None]
"""Position of a search: the status that it reads, and the place in that list."""
BY_DEFAULT = {
    "retry": in_order(DISCARDABLE),
    "discard": in_order(DISCARDABLE),
    "cancel": (*in_order(WAITING), Status.PROCESSING),
}
"""Statuses of an action when none is asked for. Cancelled jobs are retried only by that name: an
operator ended them."""


@dataclass(slots=True)
class Report:
    """The outcome of a bulk action: jobs matched, changed, and skipped with the reason.

    `untried` are listed ids for which there was no time. `cursor` is where the next call goes on; None when the search
    has come to its end.
    """

    matched: int = 0
    done: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    cursor: str | None = None

    @property
    def more(self) -> bool:
        """Return whether the search has not come to its end."""
        return self.cursor is not None


@dataclass(frozen=True)
class BulkActions:
    """Bulk actions over the jobs of a store, on `threads` jobs at a time. `clock` gives seconds since the epoch."""

    store: JobStore
    operations: Operations
    cursor_secret: str = "development"  # noqa: S105
    clock: Callable[[], float] = time.time
    threads: int = 1

    def on_ids(self, action: str, ids: Sequence[str], dry_run: bool = False) -> Report:
        """Act on the jobs with these ids; one that cannot be is skipped with the reason."""
        report, ends = Report(matched=len(set(ids))), self.clock() + TIME_TO_ACT
        wanted = list(dict.fromkeys(ids))
        tried = self._act_on(action, wanted, report, ends, dry_run)
        report.untried = wanted[tried:]
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
        """Act on up to `limit` jobs that match, from a cursor of such a call on. Raises InvalidPosition.

        However rare the matches are, each call makes progress: it ends with a cursor behind all that it has looked at.
        """
        report, ends = Report(), self.clock() + seconds
        statuses = (which.status,) if which.status else BY_DEFAULT[action]
        place: Place | None = self._place(action, which, cursor) if cursor else (statuses[0], None)
        while place is not None and report.matched < limit and self.clock() < ends:
            place = self._page(action, which, place, statuses, report, (limit, ends, dry_run))
        if place is not None:
            position = "|".join((action, place[0], place[1] or ""))
            report.cursor = write_cursor(position, which, self.cursor_secret, ACTS)
        return report

    def check_expected(self, action: str, which: Filter | None, ids: Sequence[str], expected: int) -> None:
        """Raise MoreThanExpected when more jobs would be changed than `expected` and a tenth of it.

        The tenth is for jobs that came since they were counted. They are counted for TIME_TO_COUNT seconds at most.
        """
        most, found, cursor, ends = expected + expected // 10, len(set(ids)), None, self.clock() + TIME_TO_COUNT
        while which is not None and found <= most:
            report = self.on_matches(action, which, dry_run=True, cursor=cursor, seconds=TIME_TO_COUNT)
            found += report.matched - len(report.skipped)
            cursor = report.cursor
            if cursor is None or self.clock() >= ends:
                break
        if found > most:
            raise MoreThanExpected(found, expected)

    def _page(
        self,
        action: str,
        which: Filter,
        place: Place,
        statuses: Sequence[Status],
        report: Report,
        bounds: tuple[int, float, bool],
    ) -> Place | None:
        """Act on one page; return where the search continues."""
        (status, position), (limit, ends, dry_run) = place, bounds
        asked = replace(which, status=status)
        page = self.store.page(asked, limit - report.matched, position)
        # A running job that was asked to stop stays in its state until it does: asking again is not progress.
        jobs = [job for job in page.jobs if action != "cancel" or not job.cancel_requested]
        if dry_run:  # the page tells the states: a count that read each job again took a request a job
            report.skipped += [(job.id, why) for job in jobs if (why := _refusal(job, action)) is not None]
            tried = len(jobs)
        else:
            tried = self._act_on(action, [job.id for job in jobs], report, ends, dry_run=False)
        report.matched += tried
        if tried < len(jobs):
            return status, _key(jobs[tried - 1], asked)
        return _after(status, page.position, statuses)

    def _act_on(self, action: str, ids: Sequence[str], report: Report, ends: float, dry_run: bool) -> int:
        """Act until the time is up, but on some jobs in any case; return how many were tried."""
        for start in range(0, len(ids), self.threads):
            if start and self.clock() >= ends:
                return start
            part = ids[start : start + self.threads]
            for job_id, refused in zip(part, self._side_by_side(action, part, dry_run), strict=True):
                if refused is None:
                    report.done += not dry_run
                else:
                    report.skipped.append((job_id, refused))
        return len(ids)

    def _side_by_side(self, action: str, ids: Sequence[str], dry_run: bool) -> list[str | None]:
        if self.threads == 1:
            return [self._act(action, job_id, dry_run) for job_id in ids]
        with ThreadPoolExecutor(self.threads) as pool:
            # each with a copy of the context, which has the keys of the log lines
            acts = [pool.submit(copy_context().run, self._act, action, job_id, dry_run) for job_id in ids]
            return [act.result() for act in acts]

    def _act(self, action: str, job_id: str, dry_run: bool) -> str | None:
        """Act on one job; return why that is not possible."""
        do: Callable[[str], Job] = getattr(self.operations, action)
        try:
            if dry_run:
                return _refusal(self.store.get_without_bodies(job_id), action)
            do(job_id)
        except JobFlowError as error:
            return str(error)
        return None

    def _place(self, action: str, which: Filter, cursor: str) -> Place:
        """Return the status and the position at which a search continues; raises InvalidPosition."""
        found = read_cursor(cursor, which, self.cursor_secret, "cursor", use=ACTS)
        given_for, status, position = found.split("|", 2)
        if given_for != action:
            where = [FieldError(("cursor",), f"belongs to the action {given_for}; start again without it")]
            raise InvalidPosition("The cursor cannot be used.", where)
        return Status(status), position or None


def _refusal(job: Job, action: str) -> str | None:
    """Return why an action is not possible on a job as it stands."""
    allowed = job.status in ALLOWED[action]
    return None if allowed else f"Job {job.id} is {job.status}; this action is not for such jobs."


def _after(status: Status, position: str | None, statuses: Sequence[Status]) -> Place | None:
    """Return where a search continues after a page: its next one, or the next status; None at the end."""
    if position is not None:
        return status, position
    following = statuses[statuses.index(status) + 1 :]
    return (following[0], None) if following else None


def _key(job: Job, which: Filter) -> str:
    """Return the position behind a job in the listing with that filter."""
    return order(job) if by_due(which) else born(job)
