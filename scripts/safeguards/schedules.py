"""List the safeguards of schedules: each firing makes one job, none is lost beyond the policy."""

from scripts.safeguards.safeguard import Safeguard

FIRINGS = ("tests/chalicelib/service/schedules/test_firings.py",)
MADE_AHEAD = ("tests/chalicelib/service/schedules/test_made_ahead.py",)
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
        "a schedule created again does not keep the jobs of the one before it",
        "chalicelib.service.schedules.firings:Firings._current",
        "found if found.created_at == seen.created_at else None",
        "found",
        MADE_AHEAD,
    ),
    Safeguard(
        "a run that a change met keeps all firings that the schedule still comes to",
        "chalicelib.jobs.schedules.due:comes_to",
        "at == first or (at > first and fires_at(schedule, at))",
        "at == first",
        MADE_AHEAD,
    ),
    Safeguard(
        "a schedule's jobs that a killed run made ahead are found without its memory",
        "chalicelib.jobs.schedules.due:ahead",
        "{*(at for at in schedule.recent if at > now), *unwritten}",
        "{at for at in schedule.recent if at > now}",
        MADE_AHEAD,
    ),
    Safeguard(
        "a schedule's jobs that were made ahead are found after its text was changed",
        "chalicelib.jobs.schedules.due:ahead",
        "{*(at for at in schedule.recent if at > now), *unwritten}",
        "{*unwritten}",
        MADE_AHEAD,
    ),
    Safeguard(
        "a change of a schedule keeps the jobs made ahead that it still comes to",
        "chalicelib.service.schedules.ahead:cancel_ahead",
        "after is None or after.paused or not fires_at(after, at)",
        "True",
        MADE_AHEAD,
    ),
    Safeguard(
        "a pause or a change of a schedule cancels what was made ahead",
        "chalicelib.service.schedules.editing:ScheduleService._edit",
        "cancel_ahead(self.jobs, seen, after)",
        "pass",
        MADE_AHEAD,
    ),
    Safeguard(
        "a deletion of a schedule cancels what was made ahead, also when it is repeated",
        "chalicelib.service.schedules.editing:ScheduleService.delete",
        """
cancel_ahead(self.jobs, seen, None)
if self.schedules.remove(seen):
    return seen
""",
        """
if self.schedules.remove(seen):
    cancel_ahead(self.jobs, seen, None)
    return seen
""",
        MADE_AHEAD,
    ),
    Safeguard(
        "a deploy that ends a schedule cancels what was made ahead, also when it dies there",
        "chalicelib.service.schedules.declared:Declared._end",
        """
cancel_ahead(self.jobs, stored, None)
if ended := self.schedules.remove(stored):
    events.declared(stored, "ended")
""",
        """
if ended := self.schedules.remove(stored):
    events.declared(stored, "ended")
    cancel_ahead(self.jobs, stored, None)
""",
        MADE_AHEAD,
    ),
    Safeguard(
        "a deploy that changes a schedule cancels what was made ahead, also when it dies there",
        "chalicelib.service.schedules.declared:Declared._change",
        """
cancel_ahead(self.jobs, stored, changed)
if written := self.schedules.replace(stored, replace(changed, writer=_writer())):
    events.declared(changed, "changed")
""",
        """
if written := self.schedules.replace(stored, replace(changed, writer=_writer())):
    events.declared(changed, "changed")
    cancel_ahead(self.jobs, stored, changed)
""",
        MADE_AHEAD,
    ),
    Safeguard(
        "a deploy whose write of a schedule was refused is followed by the next run",
        "chalicelib.service.schedules.declared:Declared.follow",
        "self.followed = all(done)",
        "self.followed = True",
        MADE_AHEAD,
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
