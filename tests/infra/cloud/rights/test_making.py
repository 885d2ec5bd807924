"""What a job that makes jobs asks AWS for: what its role allows, and nothing that others would pay."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.assembly import parts
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Status
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import Note, only_types
from tests.infra.cloud.acting import STACK, Stage, stage
from tests.support import Clock

LARGE = "x" * 310_000
CHILD: JobType[Note, None] = JobType("order.mail", lambda _payload, _ctx: None, Note)


def _order(payload: Note, ctx: JobContext) -> None:
    for number, name in enumerate(payload.to):
        ctx.enqueue("order.mail", {"to": [name], "text": LARGE if name == "large" else payload.text}, key=f"{number}")


ORDER: JobType[Note, None] = JobType("order.place", _order, Note, enqueues=("order.mail",))


@pytest.fixture
def acting() -> Iterator[Stage]:
    with only_types(ORDER, CHILD), pytest.MonkeyPatch.context() as environment, stage(environment, Clock()) as one:
        yield one


def worked(acting: Stage, kind: JobType[Any, Any], *to: str) -> tuple[Counter[str], int]:
    """Create a job, work it off, and return what its worker asked for and the write units of the jobs table."""
    status, job = acting.call("POST", "/jobs", {"type": kind.name, "payload": {"to": list(to)}})
    assert status == 201, job
    acting.recorder.needed.clear()
    acting.recorder.units.clear()
    assert acting.work(kind) == 1
    acting.recorder.settle()
    assert parts.job_store.get(job["id"]).status is Status.COMPLETED
    return acting.recorder.needed[kind.queue], acting.recorder.units[kind.queue, f"{STACK}-jobs"]


def test_its_role_allows_all_that_it_asks_for(acting: Stage) -> None:
    asked, _ = worked(acting, ORDER, "ada", "large")
    granted = grants.worker(ORDER)
    assert [need for need in asked if not any(allows(one, need) for one in granted)] == []
    assert asked["s3:PutObject:payloads/order-mail/*"] == 1
    # without the declaration the same requests are not allowed
    less = set(granted) - set(grants.worker(replace(ORDER, enqueues=())))
    assert {one for one in less if not any(allows(one, need) for need in asked)} == set()
    writing = {"dynamodb:PutItem:jobs", "dynamodb:UpdateItem:jobs"}
    assert less == {"sqs:SendMessage:order-mail", "s3:PutObject:payloads/order-mail/*", *writing}


def test_the_ledger_of_a_child_and_of_a_job_that_makes_none(acting: Stage) -> None:
    plain, units = worked(acting, CHILD, "ada")
    made, units_with = worked(acting, ORDER, "ada")
    assert sum(plain.values()) == 3  # its claim, its end, and the visibility of its message
    more = sum(made.values()) - sum(plain.values())
    # the entry in its parent's list, a look for the job of that key, its message, and the job
    assert more == 4
    # a job costs 3 units when it is stored (its item and two indexes); the entry is the fourth
    assert units_with - units == 4
