"""Act as the clients and operators of the simulated platform: what they request, and how they repeat requests."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import uuid5

from chalicelib.bulk.background import NewBulkAction
from chalicelib.bulk.constants import LEASE
from chalicelib.bulk.port import BulkState
from chalicelib.bulk.request import BulkActions, Report
from chalicelib.errors import CallFailed, JobConflict, JobNotFound, StepChanged
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType, registered
from chalicelib.job_types.lineage import Lineage
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import JSON, Status
from chalicelib.jobs.port import Filter
from chalicelib.jobs.run_identity import run_name
from chalicelib.keys.rule import Debounce, Outcome, Submitted
from chalicelib.operating.operations import Operations
from chalicelib.operating.posting import Posting
from chalicelib.producing.batch import submit_many
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import NAMESPACE, Submission
from chalicelib.worker.steps import _digest
from tests.proof.grounds.faults import Crash
from tests.proof.grounds.ground import TYPE, Ground
from tests.proof.roles.composed import EVENT, Composed
from tests.proof.roles.in_bulk import InBulk
from tests.proof.roles.waking import Waking
from tests.support import Clock

BALLAST = "x"
MOST_SLICES = 40
"""Maximum number of processes for a bulk action, however often one dies."""


@dataclass(frozen=True, slots=True)
class Unkeyed(Submission):
    """A request without a key.

    Its job's id is made from the next number, because a seed must also repeat the order of ids.
    """

    numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_id(self) -> str:
        """See Submission."""
        return str(uuid5(NAMESPACE, f"{next(self.numbers)}"))


class Clients:
    """The part of a simulated platform that makes requests. Its records are in the fields of World."""

    ground: Ground
    clock: Clock
    kind: JobType[Any, Any]
    service: JobService
    operations: Operations
    in_bulk: InBulk
    composed: Composed
    posting: Posting
    waking: Waking
    accepted: dict[str, str]
    disturbed: set[tuple[str, int, int]]
    numbers: Iterator[int]
    stopped: set[tuple[str, int]]
    hurried: set[str]
    debounced: dict[str, list[str]]
    answered: dict[str, str]
    only: dict[str, set[str]]
    wrong: list[str]
    crashes: int
    steps: int

    # ---- whoever may die

    def process(self, work: Callable[[], object]) -> bool:
        """Run something as a separate process; return False if it died."""
        try:
            self.step(work)
        except Crash:
            self.crashes += 1
            return False
        return True

    def step(self, work: Callable[[], object]) -> None:
        """Run something after which more has happened than the calls that it made."""
        self.steps += 1
        self.waking.look()
        try:
            work()
        finally:
            self.steps += 1
            self.waking.look()

    def insist(self, call: Callable[[], object]) -> None:
        """Repeat a client's call until it gets an answer; a conflict is an answer."""
        for _ in range(5):
            try:
                self.step(call)
            except Crash:
                self.crashes += 1
                self.clock.advance(1)
            except JobConflict:
                return
            else:
                return
        self.wrong.append("a client got no answer in 5 tries")

    # ---- client and operator

    def asked(self, kind: str, payload: JSON, key: str | None = None, **fields: Any) -> Submission:
        """Return a client's request, with or without a key."""
        if key is None:
            return Unkeyed(kind, payload, principal="proof", numbers=self.numbers, **fields)
        return Submission(kind, payload, principal="proof", idempotency_key=key, **fields)

    def submit(self, name: str, *, keyed: bool = True, ballast: int = 0, kind: str = TYPE, **fields: Any) -> None:
        """POST /jobs; with a key, the client repeats it until it gets an answer.

        `ballast` bytes are added to payload and result.
        """
        payload = {"name": name, "ballast": BALLAST * ballast}
        asked = self.asked(kind, payload, name if keyed else None, **fields)

        def post() -> None:
            self._accept(name, self.service.submit(asked).job.id)

        if keyed:
            self.insist(post)
        else:
            self.process(post)

    def debounce(self, name: str, key: str, seconds: int, *, insist: bool = True) -> None:
        """POST /jobs with a debounce key: the last request determines the payload."""
        payload = {"name": name, "ballast": ""}
        asked = Submission(
            TYPE, payload, idempotency_key=name, principal="proof", debounce=Debounce(key, seconds)
        )  # fmt: skip

        def post() -> None:
            job = self.service.submit(asked).job
            if name not in self.accepted:  # a repeated answer changes nothing, so this request is not the last one
                self.answered[key] = name
            self._accept(name, job.id)

        self.debounced[key].append(name)
        self.insist(post) if insist else self.process(post)

    def submit_unkeyed(self, name: str, kind: str) -> None:
        """POST /jobs without a key, for a unique job that may exist already."""
        self.process(lambda: self.service.submit(self.asked(kind, {"name": name, "ballast": ""})))

    def submit_keyed(self, name: str, kind: str, key: str, *, insist: bool = True) -> None:
        """POST /jobs with an Idempotency-Key for a unique job: a key that has made a job always gets this job."""
        asked = self.asked(kind, {"name": name, "ballast": ""}, key)

        def post() -> None:
            made = self.service.submit(asked)
            if made.outcome is not Outcome.EXISTING or key in self.accepted:
                self._accept(key, made.job.id)

        self.insist(post) if insist else self.process(post)

    def submit_one(self, name: str, *, keyed: bool = True, insist: bool = True) -> None:
        """POST /jobs for a unique type: requests with any name are for one job."""
        registered[TYPE] = replace(self.kind, unique=Unique(by=("ballast",), seconds=3600))
        asked = self.asked(TYPE, {"name": name, "ballast": ""}, name if keyed else None)

        def post() -> None:
            self.only["one"].add(self.service.submit(asked).job.id)

        self.insist(post) if insist else self.process(post)

    def submit_own(self, name: str) -> None:
        """POST /jobs for a unique type: a key that made a job is answered with this job, whatever happened to it."""
        registered[TYPE] = replace(self.kind, unique=Unique(by=("ballast",), seconds=3600))
        asked = self.asked(TYPE, {"name": name, "ballast": ""}, name)

        def post() -> None:
            made = self.service.submit(asked)
            if made.outcome is not Outcome.EXISTING or name in self.accepted:
                self._accept(name, made.job.id)

        self.insist(post)

    def submit_batch(self, bodies: Mapping[str, Mapping[str, Any]]) -> None:
        """POST /jobs/batch: all jobs in one request, each with its name as its key; `ballast` as in `submit`."""
        asked = [_one_of_many(name, **fields) for name, fields in bodies.items()]

        def post() -> None:
            for name, answer in zip(bodies, submit_many(self.service, asked), strict=True):
                self._accept(name, answer.job.id if isinstance(answer, Submitted) else None)

        self.insist(post)

    def make_child(self, ctx: JobContext) -> None:
        """Let an attempt make a job. Whichever attempt made it first in this run, it exists from then on."""
        name = f"child of {ctx.job.id} in run {ctx.job.gen}"
        self._accept(name, ctx.enqueue(ctx.job.type, {"name": name, "ballast": ""}, key="child"))

    def make_many(self, ctx: JobContext) -> None:
        """Let an attempt make three jobs in one call. If the call returns, all three exist from then on."""
        names = [f"{number} of {ctx.job.id} in run {ctx.job.gen}" for number in range(3)]
        made = ctx.enqueue_many(ctx.job.type, [{"name": name, "ballast": ""} for name in names])
        for name, job_id in zip(names, made, strict=True):
            self._accept(name, job_id)

    def call(self, ctx: JobContext, number: int) -> None:
        """Let an attempt call jobs: they exist from then on, and each attempt gets their results."""
        bodies = [
            {"name": f"called {one + 1} of {number} of {ctx.job.id} in run {ctx.job.gen}", "ballast": ""}
            for one in range(number)
        ]
        run, lineage = run_name(ctx.job), Lineage.of(ctx.job)
        ids = [
            lineage.child_id(ctx.job.type, f"call:call-{number}.{one}.{_digest([body], run)}")
            for one, body in enumerate(bodies, 1)
        ]
        try:
            results = ctx.gather(ctx.job.type, bodies, name=f"call-{number}")
        except CallFailed as failed:
            self.composed.failed_call(self.ground.store, ctx.job, failed)
            raise
        except StepChanged:
            # The payloads name the run, so a call that was kept before a retry by hand does not fit in the next run.
            # Within one run it must fit: there, the attempt counts as undisturbed.
            if ctx.job.gen > 1:
                self.disturbed.add((ctx.job.id, *ctx.job.token))
            raise
        finally:
            # a retry by hand goes on with the jobs of the run before
            with self.ground.faults.asleep(), suppress(JobNotFound):
                for body, made in zip(bodies, ids, strict=True):
                    self.ground.store.get_without_bodies(made)
                    self._accept(body["name"], made)
        self.composed.called(self.ground.store, ctx.job, number, results, ids)

    def make_quiet(self, ctx: JobContext) -> None:
        """Let an attempt make a debounced job, or replace the one that another attempt has made."""
        name = f"quiet of {ctx.job.id} in run {ctx.job.gen}"
        self.debounced["quiet"].append(name)
        body = {"name": name, "ballast": ""}
        made = ctx.enqueue(ctx.job.type, body, key="quiet", debounce=("quiet", 30))
        if name not in self.accepted:
            self.answered["quiet"] = name
        self._accept(name, made)

    def _accept(self, name: str, job_id: str | None) -> None:
        if job_id is None:
            self.wrong.append(f"{name} was refused")
        elif self.accepted.setdefault(name, job_id) != job_id:
            self.wrong.append(f"I8 one key made two jobs: {self.accepted[name]} and {job_id}")

    def cancel(self, name: str) -> None:
        """POST /jobs/{id}/cancel."""

        def post() -> None:
            after = self.operations.cancel(self.accepted[name])
            if after.status is Status.CANCELLED:
                self.stopped.add((after.id, after.gen))

        self.insist(post)

    def retry(self, name: str, begin: str | None = None, *, insist: bool = True) -> None:
        """POST /jobs/{id}/retry; an operator who does not repeat the request may die during it."""

        def post() -> None:
            with suppress(JobConflict):
                self.operations.retry(self.accepted[name], begin=begin)

        self.insist(post) if insist else self.process(post)

    def post_event(self, name: str, event: str = EVENT, *, insist: bool = True) -> None:
        """POST /jobs/{id}/events/{name}; a client that does not repeat the request may die during it."""

        def post() -> None:
            self.composed.post(self.posting, self.accepted[name], event)

        self.insist(post) if insist else self.process(post)

    def run_now(self, name: str) -> None:
        """POST /jobs/{id}/run-now."""
        self.insist(lambda: self.hurry(self.accepted[name]))

    def hurry(self, job_id: str) -> None:
        """End a job's wait."""
        self.hurried.add(job_id)
        self.operations.run_now(job_id)

    def discard(self, name: str) -> None:
        """POST /jobs/{id}/discard."""

        def post() -> None:
            after = self.operations.discard(self.accepted[name])
            self.stopped.add((after.id, after.gen))

        self.insist(post)

    def redrive_all(self) -> None:
        """POST /dead-letters/redrive, until no job matches any more."""
        answers: list[Report] = []
        which = Filter(status=Status.DEAD_LETTER)
        bulk = BulkActions(self.ground.store, self.operations, clock=self.clock)
        for _ in range(10):
            self.insist(lambda: answers.append(bulk.on_matches("retry", which, limit=1)))
            if answers and not answers[-1].more:
                return

    def retry_many(self, meanwhile: Callable[[], object]) -> None:
        """POST /bulk for all failed jobs; each process in which the platform processes the action may die.

        `meanwhile` runs between two of these processes: jobs run, and may fail again.
        """
        kept, work = self.in_bulk.kept, self.in_bulk.work
        before = {job.id: job.gen for job in self.ground.jobs()}
        while not kept.newest(1):
            self.process(lambda: work.start(NewBulkAction("retry", "ada", "ada", Filter())))
        for _ in range(MOST_SLICES):
            (bulk,) = kept.newest(1)
            if not bulk.open:
                break
            meanwhile()
            self.clock.advance(LEASE + 1)
            self.process(partial(work.work, [bulk.id], lambda: 800.0))
        runs = {job.id: job.gen - before[job.id] for job in self.ground.jobs() if job.id in before}
        self.wrong += [f"I26 one bulk action ran {one} {times} times" for one, times in runs.items() if times > 1]
        counted = bulk.state, bulk.matched, bulk.done
        if counted != (BulkState.DONE, sum(runs.values()), sum(runs.values())):
            self.wrong.append(f"I26 a bulk action that retried {sum(runs.values())} jobs tells {counted}")


def _one_of_many(name: str, *, ballast: int = 0, **fields: Any) -> Submission:
    payload = {"name": name, "ballast": BALLAST * ballast}
    return Submission(TYPE, payload, idempotency_key=name, principal="proof", **fields)
