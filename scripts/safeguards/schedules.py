"""List the safeguards of schedules: each firing makes one job, none is lost beyond the policy."""

from scripts.safeguards.safeguard import Safeguard

FIRINGS = ("tests/chalicelib/service/schedules/test_firings.py",)
OVERLAP = ("tests/chalicelib/worker/before/test_overlap.py",)

SCHEDULES = (
    Safeguard(
        "a schedule's firing has its own key",
        "chalicelib.service.schedules.firings:firing",
        "schedule.key(at)",
        "None",
        FIRINGS,
    ),
    Safeguard(
        "a schedule's job that a killed run stored is sent by the next run",
        "chalicelib.service.schedules.firings:Firings._make",
        "jobs += [job] if new or not (job.sent or job.terminal) else []",
        "jobs += [job] if new else []",
        FIRINGS,
    ),
    Safeguard(
        "a run that read a stale schedule cancels what it made",
        "chalicelib.service.schedules.firings:Firings._undo",
        "cancel_quietly(self.service, job.id)",
        "kept.append(job)",
        FIRINGS,
    ),
    Safeguard(
        "one failing schedule does not stop the others",
        "chalicelib.service.schedules.firings:Firings._portion",
        "events.failed(schedule.id, error)",
        "raise",
        FIRINGS,
    ),
    Safeguard(
        "missed firings of a schedule run late as its policy says",
        "chalicelib.jobs.schedules.due:due",
        "times = missed",
        "times = []",
        FIRINGS,
    ),
    Safeguard(
        "a schedule's skipped firing is passed to the one that runs",
        "chalicelib.worker.overlap:unfinished_before",
        "found.after if found.error_class == SKIPPED or found.started_at is None else None",
        "None",
        OVERLAP,
    ),
    Safeguard(
        "a schedule's firing that has begun is not skipped for one that is retried by hand",
        "chalicelib.worker.overlap:unfinished_before",
        "found.id if job.claims <= 1 or found.gen == 1 else None",
        "found.id",
        OVERLAP,
    ),
    Safeguard(
        "a schedule's firing is skipped though the worker that asked first died",
        "chalicelib.worker.overlap:unfinished_before",
        "job.claims <= 1 or found.gen == 1",
        "job.claims <= 1",
        OVERLAP,
    ),
    Safeguard(
        "attempts that a schedule's firing gave back do not tell that it has not begun",
        "chalicelib.worker.overlap:unfinished_before",
        "job.claims <= 1",
        "job.attempts <= 1",
        OVERLAP,
    ),
)
