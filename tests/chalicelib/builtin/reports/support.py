"""Provide ten jobs whose numbers can be checked by hand."""

from typing import Any

from chalicelib.builtin.reports.tally import Period, Report, Tally
from chalicelib.jobs.job import Job, Status

START = 1_800_000_000.0
"""2027-01-15 08:00:00 UTC, a full hour."""
PERIOD = Period(START, START + 3 * 3600)


def job(number: int, job_type: str, status: Status, minute: float, **more: Any) -> Job:
    """Return a job that was created in this minute of the period.

    `wait` and `run` are the seconds until its start and its end.
    """
    wait, run = more.pop("wait", None), more.pop("run", None)
    created = START + minute * 60
    started = None if wait is None else created + wait
    finished = None if started is None or run is None else started + run
    times = {"started_at": started, "finished_at": finished, "updated_at": finished or created}
    return Job(f"job-{number}", job_type, status, created, **{**times, "attempts": 1, "claims": 1, **more})


TEN = [
    job(1, "email.send", Status.COMPLETED, 0, wait=1, run=0.5),
    job(2, "email.send", Status.COMPLETED, 30, wait=2, run=1.5),
    job(3, "email.send", Status.COMPLETED, 70, wait=3, run=2.5),
    job(4, "email.send", Status.FAILED, 80, wait=4, run=9, error_class="PermanentError", error_message="no"),
    job(5, "email.send", Status.QUEUED, 90, attempts=0, claims=0),
    # retried: the stored start is that of the second attempt, so the wait is not known, but the run time is
    job(6, "image.process", Status.COMPLETED, 100, wait=600, run=4, attempts=2, claims=2),
    # dead-lettered by the watchdog or by its last attempt: the record does not show how long it ran
    job(7, "image.process", Status.DEAD_LETTER, 110, wait=5, run=60, attempts=3, claims=3, error_class="FileMissing",
        error_message="There is no object 'a'"),
    job(8, "image.process", Status.RETRYING, 130, wait=6, error_class="FileMissing",
        error_message="There is no object 'a'"),
    # cancelled while it waited for its second attempt
    job(9, "image.process", Status.CANCELLED, 140, wait=7, run=100),
    # scheduled for 20 minutes after its creation: the wait begins when it is due
    job(10, "report.generate", Status.COMPLETED, 150, wait=1208, run=30, run_at=START + 170 * 60),
]  # fmt: skip


def report(jobs: list[Job] = TEN, period: Period = PERIOD, incomplete: str | None = None) -> Report:
    """Return the report about some jobs."""
    tally = Tally(period)
    for one in jobs:
        tally.add(one)
    return tally.report(None, period.end, incomplete)
