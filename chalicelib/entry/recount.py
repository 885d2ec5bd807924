"""Run long work in a Lambda function, in invocations of a quarter of an hour.

The work: recounts, bulk actions, erasures, and what expired jobs have left.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.assembly import parts
from chalicelib.erasing.constants import CLEAR_SHARE, EXPIRED_SHARE
from chalicelib.erasing.leftovers import Done
from chalicelib.job_types import jobtype
from chalicelib.telemetry import events
from chalicelib.telemetry.emf import gathering
from chalicelib.worker.context import LambdaContext


class LeftoversFailed(Exception):
    """Something that expired jobs have left could not be removed; the next night tries again."""


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Continue the recount, or begin one if it is due or `start` is true; return its state.

    Before that, for a limited time, remove what is left of jobs whose rows have expired; not before one that is asked
    for.

    With `bulk`, remove what types do not keep, and process the open bulk actions, deletions and erasures instead;
    return the numbers of slices, and of jobs.
    """

    def left() -> float:
        return context.get_remaining_time_in_millis() / 1000

    with gathering():
        if event.get("bulk"):
            jobtype.load_once()  # a retry needs the type of the job, and a cancellation its declaration
            # first, and for a short time: bulk actions and erasures may need all of it
            until = left() - CLEAR_SHARE
            cleared = parts.clearer.work(lambda: min(left(), left() - until))
            standing = parts.counters.standing()
            done = parts.bulk_work.work(standing.bulk, left)
            return {**cleared, **done, **parts.erasing.work(standing.erasing, left)}
        gone, failures = Done(), 0
        if not event.get("start"):  # who asks for a recount waits for it
            until = left() - EXPIRED_SHARE
            gone = parts.leftovers.work(lambda: min(left(), left() - until))
        failures = gone.failures
        report = parts.recount.step(left, start=bool(event.get("start")))
        if report.judged:
            events.recounted(report.jobs, report.wrong, report.repaired)
        if gone.late:
            failures += parts.leftovers.work(left).failures  # with the time that the recount does not need
    if failures:  # when all else is done: the function's alarm rings, because nothing else would
        raise LeftoversFailed(f"What {failures:,} expired jobs have left could not be removed.")
    return {
        "phase": str(report.phase),
        "judged": report.judged,
        "jobs": report.jobs,
        "wrong": report.wrong,
        "repaired": dict(report.repaired),
    }
