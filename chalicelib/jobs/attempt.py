"""Describe the present or last attempt of a job. Pure."""

from collections.abc import Callable

from chalicelib.jobs.constants import MOST_CLAIMS
from chalicelib.jobs.job import LOST, Attempt, Job
from chalicelib.jobs.listing import iso
from chalicelib.jobs.texts.errors import attempt_message, attempt_stack


def attempt_of(
    job: Job, outcome: str, now: float, error: BaseException | None = None, delay: int | None = None,
    clean: Callable[[str], str] = str,
) -> Attempt:  # fmt: skip
    """Return the known facts of the present or last attempt; `clean` is applied to the error's texts."""
    return Attempt(
        gen=job.gen,
        attempt=job.attempts,
        outcome=outcome,
        started_at=job.started_at or now,
        finished_at=None if outcome == LOST else now,
        error_class=type(error).__name__ if error else None,
        error_message=attempt_message(error, clean) if error else None,
        stack=attempt_stack(error, clean) if error else None,
        request_id=job.request_id,
        cold_start=job.cold_start,
        receive_count=job.receive_count,
        retry_delay_s=delay,
        claim=job.claims,
        progress=job.progress,
        progress_note=job.progress_note,
    )


def lost_error(lost: Job) -> tuple[str, str]:
    """Return the error of a job whose last attempt ended without being settled."""
    if lost.claims >= MOST_CLAIMS:
        return "TooManyClaims", f"It was claimed {lost.claims:,} times in one run, which is the most a run may take."
    if lost.give_up_at is not None and lost.attempts < lost.max_attempts:
        return "WorkerLost", f"Given up, its time ended at {iso(lost.give_up_at)}: attempt {lost.attempts} was lost."
    left = f"Attempt {lost.attempts} of {lost.max_attempts} was never settled: its worker crashed or ran out of time."
    return "WorkerLost", left
