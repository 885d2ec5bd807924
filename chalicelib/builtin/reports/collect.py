"""Read and count the jobs of a period, with a limit on jobs and on time."""

from chalicelib.builtin.constants import MOST_REPORT_JOBS, REPORT_FILES_RESERVE, REPORT_JOBS_PAGE
from chalicelib.builtin.reports.tally import Period, Report, Tally
from chalicelib.job_types.context import JobContext
from chalicelib.jobs.port import Filter


def collect(ctx: JobContext, period: Period, job_type: str | None, most: int = MOST_REPORT_JOBS) -> Report:
    """Return the report over the newest `most` jobs of the period; the report says if there were more.

    Raises the errors of the store and of `ctx.progress`.
    """
    tally = Tally(period)
    which = Filter(type=job_type, created_after=period.start, created_before=period.end)
    position: str | None = None
    incomplete: str | None = None
    while incomplete is None:
        page = ctx.store.page(which, min(REPORT_JOBS_PAGE, most - tally.jobs), position)
        for job in page.jobs:
            tally.add(job)
        position = page.position
        if position is None:
            break
        oldest = page.jobs[-1].created_at if page.jobs else period.end
        ctx.progress(95 * (period.end - oldest) / (period.end - period.start), f"{tally.jobs:,} jobs counted")
        incomplete = _limit_reached(tally.jobs, most, ctx.remaining_seconds())
    return tally.report(job_type, ctx.clock(), incomplete)


def _limit_reached(jobs: int, most: int, seconds_left: float) -> str | None:
    if jobs >= most:
        return f"Only the newest {jobs:,} jobs of the period are counted: that is the most a report takes."
    if seconds_left < REPORT_FILES_RESERVE:
        return f"Only the newest {jobs:,} jobs of the period are counted: there was no time for more."
    return None
