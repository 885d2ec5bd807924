"""Compare the grants for batches with the requests of a worker that makes one, and of the function `followup`."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.assembly import parts
from chalicelib.batches.batches import NewBatch
from chalicelib.job_types.batch_end import BatchEnd
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Filter
from infra.cloud.cost import batches as cost
from infra.definition.iam import grants
from infra.definition.iam.calls import allows
from tests.chalicelib.api.support import Note, only_types
from tests.chalicelib.webhooks.support import DELIVERING
from tests.infra.cloud.acting import STACK, Stage, stage
from tests.infra.cloud.rights.day import created
from tests.support import Clock

MEMBERS = 3
PLAIN = "without a batch"


def _close(payload: Note, ctx: JobContext) -> str:
    if payload.text == PLAIN:
        for place in range(MEMBERS):
            ctx.enqueue("part.make", Note(to=["a"], text=str(place)), key=str(place))
        return ""
    with ctx.batch(then="shop.closed") as batch:
        for place in range(MEMBERS):
            batch.add("part.make", Note(to=["a"], text=str(place)))
    return batch.id


def _make(payload: Note, ctx: JobContext) -> str:
    return payload.text


def _closed(end: BatchEnd, ctx: JobContext) -> int:
    return end.done


def _notify(payload: Note, ctx: JobContext) -> str:
    with ctx.batch(notify=["billing"]) as batch:
        batch.add("part.make", Note(to=["a"], text="a"))
    return batch.id


NOTIFY: JobType[Note, str] = JobType("shop.notify", _notify, Note, enqueues=("part.make",))
CLOSE: JobType[Note, str] = JobType("shop.close", _close, Note, enqueues=("part.make", "shop.closed"))
PART: JobType[Note, str] = JobType("part.make", _make, Note)
CLOSED: JobType[BatchEnd, int] = JobType("shop.closed", _closed, BatchEnd)
BODY = {"to": ["a"]}


@pytest.fixture
def acting() -> Iterator[Stage]:
    with (
        only_types(CLOSE, PART, CLOSED),
        pytest.MonkeyPatch.context() as environment,
        stage(environment, Clock()) as one,
    ):
        yield one


def refused(granted: list[str], asked: Counter[str]) -> list[str]:
    return [need for need in asked if not any(allows(one, need) for one in granted)]


def made(acting: Stage) -> str:
    """Let a job make a batch, and run its members; return the batch."""
    parent = created(acting, CLOSE.name, BODY)
    acting.work(CLOSE)
    while acting.work(PART):
        pass
    return str(parts.job_store.get(parent).result)


def test_the_roles_allow_what_a_batch_needs(acting: Stage) -> None:
    batch = made(acting)
    acting.follow()
    acting.follow()
    acting.work(CLOSED)
    (end,) = [job for job in parts.job_store.get_many(_children(batch)) if job.type == CLOSED.name]
    assert (end.status, end.result) == (Status.COMPLETED, MEMBERS)
    needed = acting.recorder.needed
    assert refused(grants.worker(*queues_of([CLOSE])), needed["shop-close"]) == []
    assert refused(grants.followup([CLOSED]), needed["followup"]) == []
    used = {need for actor in ("shop-close", "followup") for need in needed[actor] if "control/BATCH" in need}
    assert {need.split(":")[1] for need in used} == {"GetItem", "UpdateItem"}


def test_the_roles_allow_what_a_batch_that_names_webhooks_needs() -> None:
    kinds = (NOTIFY, PART, DELIVERING)
    with only_types(*kinds), pytest.MonkeyPatch.context() as environment, stage(environment, Clock()) as one:
        url = "https://hooks.example.com"
        assert one.call("POST", "/webhooks", {"name": "billing", "url": url})[0] == 201
        parent = created(one, NOTIFY.name, BODY)
        one.work(NOTIFY)
        while one.work(PART):
            pass
        one.follow()
        batch = str(parts.job_store.get(parent).result)
        assert parts.batches.get(batch)[0].ended_at is not None
        empty = one.call("POST", "/batches", {"notify": ["billing"]})[1]["id"]
        path = f"/batches/{empty}/close"
        assert one.call("POST", path, {"total": 0}, "/batches/{batch_id}/close")[0] == 200
        parts.batches.create(NewBatch(f"{empty[:-4]}0000", notify=("billing",)))
        replace(parts.batches, notice=None).close(f"{empty[:-4]}0000", 0)
        one.watch()
        assert parts.batches.get(f"{empty[:-4]}0000")[0].ended_at is not None
        made = parts.job_store.page(Filter(type=DELIVERING.name), 9).jobs
        assert len(made) == 3
        needed = one.recorder.needed
        queues = queues_of(kinds)
        assert refused(grants.worker(*queues_of([NOTIFY])), needed["shop-notify"]) == []
        # the emulator does not say which partition a query reads
        granted = [one.partition("/")[0] if ":Query:control/" in one else one for one in grants.followup([DELIVERING])]
        assert refused(granted, needed["followup"]) == []
        assert refused(grants.api(queues), needed["api"]) == []
        assert refused(grants.watchdog(queues), needed["watchdog"]) == []


def _children(batch: str) -> list[str]:
    found = parts.batch_rows.find(batch)
    assert found is not None
    assert found.parent is not None
    ids, _ = parts.job_store._children.of(found.parent, 100, None)  # type: ignore[attr-defined]
    return list(ids)


def spent(acting: Stage, text: str) -> dict[str, int]:
    """Return the write units of a job that makes its members, by table."""
    created(acting, CLOSE.name, {**BODY, "text": text})
    acting.recorder.units.clear()
    acting.work(CLOSE)
    acting.recorder.settle()
    return {table: acting.recorder.units.get(("shop-close", f"{STACK}-{table}"), 0) for table in ("jobs", "control")}


def test_a_member_costs_one_write_of_the_index_more_than_a_child(acting: Stage) -> None:
    members, children = spent(acting, "hello"), spent(acting, PLAIN)
    assert members["jobs"] - children["jobs"] == MEMBERS * cost.MEMBER_UNITS
    assert (members["control"], children["control"]) == (cost.BATCH_UNITS, 0)


def test_the_stream_writes_a_row_once_for_all_members_that_it_has_read(acting: Stage) -> None:
    batch = made(acting)
    acting.recorder.units.clear()
    acting.follow()
    acting.recorder.settle()
    counted = acting.recorder.units["followup", f"{STACK}-control"]
    assert counted == cost.COUNT_UNITS + cost.END_UNITS
    assert parts.batches.get(batch)[0].done == MEMBERS


@pytest.mark.parametrize("members", [MEMBERS, 100_000])
def test_the_end_takes_the_same_requests_whatever_the_size_of_the_batch(acting: Stage, members: int) -> None:
    batch = made(acting)
    parts.batch_rows.write(batch, 1, {"done": members - MEMBERS, "total": members})
    acting.recorder.needed.clear()
    acting.follow()
    asked = Counter(place.split("/")[0] for place in acting.recorder.needed["followup"].elements())
    assert parts.batches.get(batch)[0].ended_at is not None
    # one read and one write count the members; one read and two writes end the round, and the rest makes the job
    assert asked == {
        "dynamodb:GetItem:control": 2, "dynamodb:UpdateItem:control": 3, "dynamodb:BatchGetItem:jobs": 1,
        "dynamodb:PutItem:jobs": 2, "dynamodb:GetItem:jobs": 1, "dynamodb:UpdateItem:jobs": 1,
        "sqs:SendMessage:shop-closed": 1,
    }  # fmt: skip
