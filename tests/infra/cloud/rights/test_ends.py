"""Compare the grants for `on_end` with the requests of the function `followup`, the recount, and the named type."""

from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib.assembly import parts
from chalicelib.ends.constants import CHECKED_AFTER
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.end import JobEnd
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Filter
from chalicelib.producing.submission import Submission
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import Note, only_types
from tests.infra.cloud.acting import STACK, Stage, stage
from tests.infra.cloud.rights.day import created
from tests.support import Clock

LARGE = "x" * 310_000


def _export(payload: Note, ctx: JobContext) -> str:
    return payload.text


EXPORT: JobType[Note, str] = JobType("export.run", _export, Note, on_end="export.ended")


def _ended(end: JobEnd, ctx: JobContext) -> int:
    return len(str(end.result(ctx)))


ENDED: JobType[JobEnd, int] = JobType("export.ended", _ended, JobEnd)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def acting(clock: Clock) -> Iterator[Stage]:
    with only_types(EXPORT, ENDED), pytest.MonkeyPatch.context() as environment, stage(environment, clock) as one:
        yield one


def told(parent: str) -> list[Job]:
    return list(parts.job_store.page(Filter(parent=parent), limit=100).jobs)


def run(acting: Stage) -> str:
    """Create a job and process it; return its id."""
    job = created(acting, EXPORT.name, {"to": ["ada"], "text": "short"})
    acting.work(EXPORT)
    acting.recorder.needed.clear()
    acting.recorder.units.clear()
    return job


def refused(granted: list[str], asked: Counter[str]) -> list[str]:
    return [need for need in asked if not any(allows(one, need) for one in granted)]


def test_its_role_allows_all_that_it_asks_for_and_little_more(acting: Stage) -> None:
    job = run(acting)
    assert acting.follow()["batchItemFailures"] == acting.follow()["batchItemFailures"] == []
    assert [one.status for one in told(job)] == [Status.QUEUED]
    asked, granted = acting.recorder.needed["followup"], grants.followup([ENDED])
    assert refused(granted, asked) == []
    unused = {one for one in granted if not any(allows(one, need) for need in asked)}
    # Lambda's poller sends the first ones with the function's role; `test_batches` has requests about batches
    assert unused == {one for one in granted if "/stream" in one or "control/BATCH" in one or "control/EXPIRED" in one}


def test_the_ledger_of_an_end(acting: Stage) -> None:
    run(acting)
    acting.follow()
    acting.recorder.settle()
    asked = Counter(place.partition("/")[0] for place in acting.recorder.needed["followup"].elements())
    # one read for all ends of a batch; the payload, the parent's list of children, and the job with its indexes
    assert asked == {
        "dynamodb:BatchGetItem:jobs": 1, "dynamodb:GetItem:jobs": 1, "sqs:SendMessage:export-ended": 1,
        "dynamodb:UpdateItem:jobs": 1, "dynamodb:PutItem:jobs": 2,
    }  # fmt: skip
    assert acting.recorder.units["followup", f"{STACK}-jobs"] == 5


def test_the_type_that_is_told_reads_the_result_wherever_it_is(acting: Stage) -> None:
    # a job that another job made: its payload is in S3, in a folder that the type may not read
    job = parts.job_service.submit(Submission(EXPORT.name, {"to": ["ada"], "text": LARGE})).job.id
    acting.work(EXPORT)
    acting.follow()
    acting.work(ENDED)
    (end,) = told(job)
    assert (end.status, parts.job_store.get(end.id).result) == (Status.COMPLETED, len(LARGE))
    assert refused(grants.worker(*queues_of([ENDED])), acting.recorder.needed["export-ended"]) == []


def test_the_recount_makes_up_for_an_end_with_its_own_role(acting: Stage, clock: Clock) -> None:
    job = run(acting)
    clock.advance(CHECKED_AFTER + 1)
    with acting.recorder.acting_as("recount"):
        assert parts.end_maker.repair([parts.job_store.get_without_bodies(job)]) == 1
    assert len(told(job)) == 1
    assert refused(grants.recount(), acting.recorder.needed["recount"]) == []
