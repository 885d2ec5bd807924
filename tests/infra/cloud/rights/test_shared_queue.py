"""Types on one queue over an emulated AWS: what their role allows, their receives, and a type that moves."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.adapters.dynamo.tables.schema import AUTO_PAUSE
from chalicelib.assembly import parts
from chalicelib.job_types import jobtype
from chalicelib.job_types.constants import SPARE_RECEIVES
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queue import Queue
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Status
from infra.definition.data.queues import queues
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import Note, only_types
from tests.infra.cloud.acting import REGION, STACK, Stage, stage
from tests.infra.cloud.rights.judging import unnamed
from tests.support import Clock

LARGE = "x" * 310_000
MAIL = Queue("mail", function=Function(batch_size=10), pause_when=Failing(of=20))


def run(payload: Note, ctx: JobContext) -> str:
    """Return a small or a large result, fail, or make a job."""
    match payload.text:
        case "fail":
            raise ValueError("no")
        case "make":
            ctx.enqueue("mail.bill", {"to": ["ada"], "text": "made"}, key="one")
    return LARGE if payload.text == "large" else payload.text


def of(name: str, queue: Queue | None = MAIL, **settings: Any) -> JobType[Any, Any]:
    """Return a type on a queue, as `@job` makes it."""
    given = {} if queue is None else {"function": queue.function, "pause_when": queue.pause_when}
    return JobType(name, run, Note, queue=queue, **{**given, **settings})


WELCOME, BILL = of("mail.welcome", max_attempts=9, enqueues=("mail.bill",)), of("mail.bill", max_attempts=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def acting(clock: Clock) -> Iterator[Stage]:
    with (
        only_types(WELCOME, BILL), pytest.MonkeyPatch.context() as environment, stage(environment, clock) as one,
    ):  # fmt: skip
        yield one


def create(acting: Stage, kind: JobType[Any, Any], text: str = "hi", **more: Any) -> str:
    status, job = acting.call("POST", "/jobs", {"type": kind.name, "payload": {"to": ["ada"], "text": text}, **more})
    assert status == 201, job
    return str(job["id"])


def status_of(job_id: str) -> Status:
    return parts.job_store.get(job_id).status


def waiting(queue: str) -> int:
    """Return the number of messages of a queue, in whatever state."""
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.get_queue_url(QueueName=f"{STACK}-{queue}")["QueueUrl"]
    told: dict[Any, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    kinds = ("", "NotVisible", "Delayed")
    return sum(int(told[f"ApproximateNumberOfMessages{kind}"]) for kind in kinds)


def refused(acting: Stage, *types: JobType[Any, Any]) -> list[str]:
    """Return what the queue's worker asked for and its role for these types does not allow."""
    acting.recorder.settle()
    granted = grants.worker(*queues_of(types))
    needed, updated = acting.recorder.needed["queue-mail"], acting.recorder.updated["queue-mail"]
    return [need for need in needed if not any(allows(one, need) for one in granted)] + [*unnamed(granted, updated)]


def test_one_invocation_runs_jobs_of_several_types_with_the_role_of_their_queue(acting: Stage) -> None:
    ids = [create(acting, WELCOME), create(acting, BILL, "large"), create(acting, WELCOME, "make")]
    assert acting.work(BILL) == 3
    assert {status_of(job_id) for job_id in ids} == {Status.COMPLETED}
    assert acting.work(WELCOME) == 1, "the job that was made came to the same queue"
    assert refused(acting, WELCOME, BILL) == []
    asked = acting.recorder.needed["queue-mail"]
    assert asked["s3:PutObject:results/mail-bill/*"] == 1
    assert any(f"control/{AUTO_PAUSE}mail" in need for need in asked), "a pause is of the queue, not of a type"


def test_a_type_with_one_attempt_is_received_until_its_queue_gives_its_message_up(acting: Stage, clock: Clock) -> None:
    job_id, invocations = create(acting, BILL, "fail"), 0
    while waiting("queue-mail"):
        invocations += acting.work(BILL)
        assert status_of(job_id) is Status.DEAD_LETTER
        clock.advance(1)
    assert invocations == WELCOME.max_attempts + SPARE_RECEIVES
    assert waiting("queue-mail-dlq") == 1
    assert parts.job_store.get(job_id).attempts == 1
    acting.watch()
    clock.advance(200)
    assert waiting("queue-mail-dlq") == 1, "the message of a dead letter stays"


@pytest.mark.parametrize("queue", [Queue("bills"), None], ids=["another", "its own"])
def test_jobs_in_flight_of_a_type_that_moves_run_on_its_new_queue(
    acting: Stage, clock: Clock, queue: Queue | None
) -> None:
    ids = [create(acting, BILL, str(number)) for number in range(3)]
    later = create(acting, BILL, "later", delay_seconds=300)
    other = create(acting, WELCOME)
    moved = of("mail.bill", queue)
    jobtype.registered["mail.bill"] = moved
    template = {"Resources": queues([moved], STACK)}
    boto3.client("cloudformation", region_name=REGION).create_stack(
        StackName=f"{STACK}-more", TemplateBody=json.dumps(template)
    )
    acting.workers.clear()
    acting.recorder.needed.clear()
    acting.recorder.updated.clear()
    acting.count()
    assert acting.work(WELCOME) == 4
    assert status_of(other) is Status.COMPLETED
    assert {status_of(job_id) for job_id in ids} == {Status.QUEUED}, "its role is not for jobs of another queue"
    assert refused(acting, replace(WELCOME, enqueues=())) == []
    clock.advance(60)
    acting.watch()
    while acting.work(moved):
        pass
    assert {status_of(job_id) for job_id in ids} == {Status.COMPLETED}
    clock.advance(300)
    acting.work(WELCOME)
    clock.advance(60)
    acting.watch()
    acting.work(moved)
    assert status_of(later) is Status.COMPLETED
    assert [parts.job_store.get(job_id).attempts for job_id in (*ids, later)] == [1] * 4
    assert waiting("queue-mail") == 0


def test_a_type_that_gives_up_its_own_queue_loses_no_job(acting: Stage, clock: Clock) -> None:
    alone = of("mail.alone", None)
    jobtype.registered["mail.alone"] = alone
    template = {"Resources": queues([alone], STACK)}
    cloudformation = boto3.client("cloudformation", region_name=REGION)
    cloudformation.create_stack(StackName=f"{STACK}-more", TemplateBody=json.dumps(template))
    job_id = create(acting, alone)
    cloudformation.delete_stack(StackName=f"{STACK}-more")
    shared = replace(alone, queue=MAIL, function=MAIL.function)
    jobtype.registered["mail.alone"] = shared
    acting.count()
    assert acting.work(shared) == 0, "its message is gone with its queue"
    for _ in range(3):
        clock.advance(60)
        acting.watch()
    assert acting.work(shared) == 1
    assert status_of(job_id) is Status.COMPLETED
