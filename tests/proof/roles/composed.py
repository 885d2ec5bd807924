"""Simulate jobs with steps, sleeps and events, and check the rules for them."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from chalicelib.errors import CallFailed, EventTimedOut, JobCancelled, JobConflict, JobNotFound, NotStored, StepFailed
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.retry import Delays
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import JobStore
from chalicelib.jobs.step import STEP, TIME, Step, waited_child, waited_event
from chalicelib.operating.again import FIRST_LINE
from chalicelib.operating.posting import Posting
from chalicelib.worker.claim import FLOAT
from tests.proof.grounds.faults import Throttled

EVENT, SECOND = "go", "on"
"""The events that the proof's jobs wait for."""
WAIT = 3000
"""Seconds for which the jobs wait."""
AWAKE = 120.0
"""Seconds within which a job is awake after its event has come, whichever process died."""
TRIES = 3
"""How often a step is tried."""
OF_JOBS = ("naps", "values", "results", "tries", "undone", "tried", "posted", "asked", "found")
"""The attributes of Composed that a loss of the table sets back."""
Line = tuple[str, int]


@dataclass
class Composed:
    """The operations with steps in an attempt.

    `clock` is the right time, and `skew` the seconds by which another clock may be wrong. `row` returns the kept row,
    and `written` the number of writes to main items; no fault affects either.
    """

    clock: Callable[[], float]
    skew: Callable[[], float]
    wrong: list[str]
    row: Callable[[Job, str], Step | None]
    written: Callable[[], int]
    unseen: Callable[[], AbstractContextManager[None]] = nullcontext
    naps: dict[tuple[Line, int], float] = field(default_factory=dict)
    values: dict[Line, Any] = field(default_factory=dict)
    results: dict[tuple[str, int, int, int], list[Any]] = field(default_factory=dict)
    runs: int = 0
    tries: Counter[Line] = field(default_factory=Counter)
    undone: set[Line] = field(default_factory=set)
    tried: dict[Line, Any] = field(default_factory=dict)
    posted: dict[tuple[str, str], float | None] = field(default_factory=dict)
    """When each event was answered; None: it was refused, because its wait had timed out."""
    asked: dict[tuple[str, str], int] = field(default_factory=dict)
    """The number of writes when an event was first requested."""
    found: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Whether each wait got its event."""
    failed_callers: set[tuple[str, int, int]] = field(default_factory=set)
    """The attempts to which the failure of a called job was reported."""

    def known(self) -> dict[str, Any]:
        """Return a copy of what is known about the steps, waits and calls of all jobs."""
        return {name: copy(getattr(self, name)) for name in OF_JOBS}

    def forget_since(self, known: dict[str, Any]) -> None:
        """Forget what has happened since `known`: it is lost with the table."""
        for name, value in known.items():
            setattr(self, name, value)

    def keep(self, ctx: JobContext) -> None:
        """Keep a step: after its value was returned once, the step is not run again, and the value never changes."""
        line = ctx.job_id, ctx.job.line

        def work() -> int:
            if line in self.values or self.row(ctx.job, f"{STEP}kept") is not None:
                self.wrong.append(f"I31 {ctx.job_id} ran a step again whose value was kept")
            self.runs += 1
            return self.runs

        value = ctx.step("kept", work)
        if self.values.setdefault(line, value) != value:
            self.wrong.append(f"I31 {ctx.job_id} got {value} for a step, and {self.values[line]} before")
        others = {one for (job_id, number), one in self.values.items() if job_id == ctx.job_id and number != line[1]}
        # the stories retry from a place behind this step, or from the start
        if others and (value in others) != (ctx.job.line >= FIRST_LINE):
            self.wrong.append(f"I31 {ctx.job_id} got {value} for a step after a retry, and {others} before")

    def attempt(self, ctx: JobContext, fails: int) -> None:
        """Keep a step that fails this many times before it returns, and is tried three times."""
        line = ctx.job_id, ctx.job.line

        def work() -> str:
            if line in self.tried:
                self.wrong.append(f"I31 {ctx.job_id} tried a step again whose value it had")
            self.tries[line] += 1
            if self.tries[line] <= fails:
                raise OSError("not yet")
            return "done"

        try:
            self.tried[line] = ctx.step("tried", work, tries=TRIES, retry=Delays((5, 2000)))
        except StepFailed as failed:
            if failed.tries != TRIES:
                self.wrong.append(f"I31 {ctx.job_id} ended a step after {failed.tries} tries")
            raise

    def called(self, store: JobStore, job: Job, number: int, results: list[Any], ids: list[str]) -> None:
        """Record the results of a call: they are the same in each attempt, and those of the called jobs."""
        place = job.id, job.line, number, job.gen
        if self.results.setdefault(place, results) != results:
            self.wrong.append(f"I31 {job.id} got {results} from a call, and {self.results[place]} before")
        with self.unseen():
            try:
                ended = [store.get(one) for one in ids]
            except JobNotFound:
                return  # this run has gone on with the jobs of the run before
        if any(child.status is not Status.COMPLETED for child in ended):
            self.wrong.append(f"I31 {job.id} got {results} from jobs that have not completed")
        elif [child.result for child in ended] != results:
            self.wrong.append(f"I31 {job.id} got {results} from a call, and the jobs have other results")

    def failed_call(self, store: JobStore, caller: Job, failed: CallFailed) -> None:
        """Check that a job whose end was told as a failure has ended like this. Its caller may fail then."""
        self.failed_callers.add((caller.id, *caller.token))
        with self.unseen():
            child = store.get_without_bodies(failed.job_id)
        if str(child.status) != failed.status and child.gen == 1:
            self.wrong.append(f"I31 {child.id} is {child.status}, and its caller was told {failed.status}")

    def nap(self, ctx: JobContext, seconds: float) -> None:
        """Sleep: never for less time than was requested first."""
        place = (ctx.job_id, ctx.job.line), int(seconds)
        began = self.naps.setdefault(place, self.clock())
        ctx.sleep(seconds, f"nap-{seconds:g}")
        slept = self.clock() - began
        if slept < seconds - FLOAT - 2 * self.skew():
            self.wrong.append(f"I35 {ctx.job_id} slept {slept:.3f} s in place of {seconds}")

    def wait(self, ctx: JobContext, name: str) -> None:
        """Wait for an event: the function and the sender of the event get the same outcome."""
        place = ctx.job_id, name
        try:
            ctx.wait_for(name, timeout=WAIT)
            found = True
        except EventTimedOut:
            found = False
        if self.found.setdefault(place, found) != found:
            self.wrong.append(f"I29 {ctx.job_id} found {name} {self.found[place]} and then {found}")
        if place in self.posted and (self.posted[place] is not None) != found:
            self.wrong.append(f"I29 {ctx.job_id} found {name}: {found}, and who posted it was told otherwise")

    def wait_or_undo(self, ctx: JobContext) -> None:
        """Wait for an event; undo the kept step if the job has to stop."""
        line = ctx.job_id, ctx.job.line
        try:
            self.wait(ctx, EVENT)
        except JobCancelled:
            ctx.step("undone", lambda: self.undone.add(line))
            raise

    def post(self, posting: Posting, job_id: str, name: str) -> None:
        """POST /jobs/{id}/events/{name}."""
        self.asked.setdefault((job_id, name), self.written())
        try:
            posting.post(job_id, name, {"from": "ada"})
        except NotStored as refused:
            raise Throttled from refused
        except JobConflict as conflict:
            if "timed out" in str(conflict):
                self.posted[job_id, name] = None
            raise
        self.posted.setdefault((job_id, name), self.clock())

    def acknowledged(self, job: Job) -> None:
        """Record that a message of the job's run was acknowledged: if the job waits, its event was searched before."""
        if job.status is Status.SUSPENDED and (name := waited_event(job)) is not None and (job.id, name) in self.asked:
            event = self.row(job, job.waits or "")
            if event is not None and not event.timed_out:
                self.wrong.append(f"I33 a message of {job.id} was acknowledged, which waits for {name}, which is there")

    def asleep(self, store: JobStore, jobs: Any, since: float = 0.0) -> list[str]:
        """Return every job that waits for what came AWAKE seconds ago, not before `since`: event, child or time."""
        late: list[str] = []
        for job in jobs:
            if job.status is not Status.SUSPENDED or job.waits is None:
                continue
            if (called := waited_child(job)) is not None:
                child = store.get_without_bodies(called)
                ended = max(child.finished_at or 0.0, job.updated_at)
                if child.terminal and ended >= since and self.clock() - ended > AWAKE:
                    late.append(f"I30 {job.id} waits for {called}, which ended {self.clock() - ended:.0f} s ago")
                continue
            if job.waits == TIME:
                # If a worker dies with the message, the message is delivered again after its visibility timeout.
                over = max(job.next_attempt_at or 0.0, job.updated_at)
                if not job.sent and over >= since and self.clock() - over > AWAKE:
                    late.append(f"I30 {job.id} has no message, and its sleep ended {self.clock() - over:.0f} s ago")
                continue
            event = store.kept_step(job, job.waits)
            came = 0.0 if event is None else max(event.at, job.updated_at)
            if event is not None and came >= since and self.clock() - came > AWAKE:
                late.append(f"I30 {job.id} waits for {job.waits}, which came {self.clock() - event.at:.0f} s ago")
        return late
