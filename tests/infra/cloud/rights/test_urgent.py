"""A type with an urgent queue over an emulated AWS: each function may do what it does with both queues."""

from collections.abc import Iterator

import pytest

from chalicelib import AtMost
from chalicelib.assembly import parts
from chalicelib.errors import RetryLater
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Status
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import Note, only_types
from tests.infra.cloud.acting import Stage, stage

BUSY: list[str] = []


def run(payload: Note, _: JobContext) -> str:
    """Ask for a later run, once."""
    if BUSY:
        raise RetryLater(30, BUSY.pop())
    return payload.text


URGED = JobType("mail.urged", run, Note, urgent=True, limits=(AtMost(1),))
MAKER = JobType("mail.maker", lambda payload, ctx: ctx.enqueue(URGED.name, payload, key="a", priority="high"), Note,
                enqueues=(URGED.name,))  # fmt: skip


@pytest.fixture
def acting() -> Iterator[Stage]:
    with (
        only_types(URGED, MAKER), pytest.MonkeyPatch.context() as environment, stage(environment, None) as one,
    ):  # fmt: skip
        yield one


def create(acting: Stage, kind: JobType, **more: str) -> str:  # type: ignore[type-arg]
    body = {"type": kind.name, "payload": {"to": ["ada"], "text": "hi"}, **more}
    status, job = acting.call("POST", "/jobs", body)
    assert status == 201, job
    return str(job["id"])


def test_each_function_may_use_both_queues_and_a_role_without_the_second_one_would_not_do(acting: Stage) -> None:
    normal, high = create(acting, URGED), create(acting, URGED, priority="high")
    BUSY[:] = ["busy"]
    assert acting.work(URGED, urgent=True) == 1, "it comes again in the queue that it came from"
    assert acting.work(URGED) == 1
    assert acting.work(URGED, urgent=True) == 0
    assert [parts.job_store.get(job_id).status for job_id in (normal, high)] == [Status.COMPLETED, Status.RETRYING]
    create(acting, MAKER)
    assert acting.work(MAKER) == 1
    assert acting.work(URGED, urgent=True) == 1, "a child of high priority"
    acting.watch()
    own, maker = queues_of([URGED, MAKER])
    of = {own.short: grants.worker(own), maker.short: grants.worker(maker), "api": grants.api()}
    for actor, granted in {**of, "watchdog": grants.watchdog()}.items():
        # the recorder does not read the partition that a query names
        needed = [need for need in acting.recorder.needed[actor] if need != "dynamodb:Query:control"]
        assert [need for need in needed if not any(allows(one, need) for one in granted)] == [], actor
    used = {need for need in acting.recorder.needed[own.short] if need.startswith("sqs:")}
    assert "sqs:ChangeMessageVisibility:mail-urged-urgent" in used
    assert "sqs:SendMessage:mail-urged-urgent" in acting.recorder.needed[maker.short]
    assert "sqs:GetQueueAttributes:mail-urged-urgent" in acting.recorder.needed["watchdog"]
