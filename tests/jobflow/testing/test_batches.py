"""Test batches of job functions with the test kit: made once, closed at the end, told once a round."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import AsyncJobContext, BatchConflict, BatchEnd, JobContext, Status, job
from chalicelib.job_types import jobtype
from jobflow.testing import Platform, WorkerGone
from tests.chalicelib.api.support import only_types


class Names(BaseModel):
    names: list[str]


class Part(BaseModel):
    name: str
    fails: bool = False


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    with only_types():
        job("part.make", max_attempts=1)(make)
        job("shop.closed")(closed)
        job("shop.alarm")(closed)
        yield


def make(payload: Part, ctx: JobContext) -> str:
    """Make a part."""
    if payload.fails:
        raise ValueError(payload.name)
    return payload.name


def closed(end: BatchEnd, ctx: JobContext) -> int:
    """Be told."""
    return end.done


def test_a_function_fans_out_and_one_job_follows_the_last_member() -> None:
    @job("shop.close", enqueues=("part.make", "shop.closed"))
    def close(payload: Names, ctx: JobContext) -> str:
        """Make all parts."""
        with ctx.batch(then="shop.closed", key="parts", tags=["x"]) as batch:
            for name in payload.names:
                batch.add("part.make", Part(name=name), key=name)
            return batch.id

    platform = Platform()
    parent = platform.perform("shop.close", Names(names=["a", "b", "a"]))
    platform.run()
    (end,) = platform.jobs(type="shop.closed")
    assert (end.status, end.result, end.parent) == (Status.COMPLETED, 2, parent.id)
    (one,) = platform.rounds(parent.result)
    assert (one.total, one.done, one.ended_at is not None, one.key) == (2, 2, True, "parts")


@pytest.mark.parametrize("many", [False, True])
def test_a_function_adds_no_more_members_than_a_batch_has(many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.worker.members.MOST_MEMBERS", 2)

    @job("shop.close", enqueues=("part.make", "shop.closed"))
    def close(payload: Names, ctx: JobContext) -> None:
        """Make all parts."""
        with ctx.batch(then="shop.closed") as batch:
            if many:
                batch.add_many("part.make", (Part(name=name) for name in payload.names))
            for name in payload.names:
                batch.add("part.make", Part(name=name))

    platform = Platform()
    parent = platform.perform("shop.close", Names(names=["a", "b", "c"]))
    assert parent.error_class == "ConfigurationError"
    assert "shop.close adds too many members in ctx.batch" in str(parent.error_message)
    assert len(platform.jobs(type="part.make")) == (0 if many else 2)


@pytest.mark.parametrize("many", [False, True])
def test_a_second_attempt_adds_the_same_members_and_closes_the_same_batch(many: bool) -> None:
    fails = iter([True, False])

    @job("shop.close", enqueues=("part.make", "shop.closed"))
    def close(payload: Names, ctx: JobContext) -> str:
        """Make all parts."""
        with ctx.batch(then="shop.closed") as batch:
            parts = [Part(name=name) for name in payload.names]
            if many:
                batch.add_many("part.make", parts)
            else:
                for part in parts:
                    batch.add("part.make", part)
        if next(fails):
            raise ValueError("after the batch was closed")
        return batch.id

    platform = Platform()
    parent = platform.finish(platform.submit("shop.close", Names(names=["a", "b"])))
    platform.run()
    assert len(platform.jobs(type="part.make")) == 2
    assert len(platform.jobs(type="shop.closed")) == 1
    (one,) = platform.rounds(parent.result)
    assert one.total == 2


def test_an_attempt_that_dies_in_between_is_followed_by_one_that_goes_on() -> None:
    @job("shop.close", enqueues=("part.make", "shop.closed"))
    async def close(payload: Names, ctx: AsyncJobContext) -> str:
        """Make all parts."""
        async with ctx.batch(then="shop.closed", on_failure=None) as batch:
            await batch.add("part.make", Part(name="a"))
            if ctx.attempt == 1:
                raise WorkerGone
            await batch.add_many("part.make", [Part(name="b"), Part(name="c")], keys=["b", "c"])
        return batch.id

    platform = Platform()
    parent = platform.finish(platform.submit("shop.close", Names(names=[])))
    platform.run()
    assert platform.rounds(parent.result)[0].total == 3
    assert [end.result for end in platform.jobs(type="shop.closed")] == [3]


def test_a_member_that_is_new_after_the_end_of_the_batch_is_refused() -> None:
    refused: list[Exception] = []

    @job("shop.close", enqueues=("part.make", "shop.closed"), max_attempts=2)
    def close(payload: Names, ctx: JobContext) -> None:
        """Make other parts in each attempt."""
        with ctx.batch(then="shop.closed", key="parts") as batch:
            for add in (lambda part: batch.add("part.make", part), lambda part: batch.add_many("part.make", [part])):
                try:
                    add(Part(name=f"part {ctx.attempt}"))
                except BatchConflict as error:
                    refused.append(error)
        if ctx.attempt == 1:
            raise ValueError("try again")

    platform = Platform()
    platform.finish(platform.submit("shop.close", Names(names=[])))
    assert len(refused) == 2
    assert len(platform.jobs(type="part.make")) == 1


def test_an_operator_retries_the_failed_member_and_the_end_is_told_again() -> None:
    @job("shop.close", enqueues=("part.make", "shop.closed", "shop.alarm"))
    def close(payload: Names, ctx: JobContext) -> str:
        """Make parts of which one fails."""
        with ctx.batch(then="shop.closed", on_failure="shop.alarm") as batch:
            batch.add_many("part.make", [Part(name="a"), Part(name="b", fails=True)])
        return batch.id

    platform = Platform()
    parent = platform.perform("shop.close", Names(names=[]))
    platform.run()
    (failed,) = platform.jobs(Status.DEAD_LETTER)
    (first,) = platform.jobs(type="shop.closed")
    assert (first.payload["failed"], first.payload["failed_ids"]) == (1, [failed.id])
    platform.retry(failed, Part(name="b").model_dump())
    platform.run()
    assert [one.payload["failed"] for one in platform.jobs(type="shop.closed")] == [0, 1]
    assert len(platform.jobs(type="shop.alarm")) == 1
    assert [one.total for one in platform.rounds(parent.result)] == [2, 1]


@pytest.mark.parametrize(
    ("asked", "enqueues", "told"),
    [
        ({"then": "shop.closed"}, ("part.make",), "not in enqueues"),
        ({"on_failure": "part.make"}, ("part.make",), "cannot be told"),
        ({}, (), "has no enqueues"),
        ({"key": "a b"}, ("part.make",), "cannot be created"),
        ({"notify": ["A B"]}, ("part.make",), "cannot be created"),
        ({"notify": "billing"}, ("part.make",), "cannot be created"),
    ],
)
def test_what_a_function_may_not_do_says_why(asked: dict[str, Any], enqueues: tuple[str, ...], told: str) -> None:
    @job("shop.close", enqueues=enqueues, max_attempts=1)
    def close(payload: Names, ctx: JobContext) -> None:
        """Try it."""
        with ctx.batch(**asked):
            pass

    platform = Platform()
    failed = platform.perform("shop.close", Names(names=[]))
    assert told in (failed.error_message or "")
    assert jobtype.registered


def test_a_batch_may_name_webhooks_to_which_the_kit_delivers_nothing() -> None:
    @job("shop.close", enqueues=("part.make",))
    def close(payload: Names, ctx: JobContext) -> str:
        """Make a part."""
        with ctx.batch(notify=["billing"]) as batch:
            batch.add("part.make", Part(name="a"))
        return batch.id

    platform = Platform()
    parent = platform.perform("shop.close", Names(names=[]))
    platform.run()
    (one,) = platform.rounds(parent.result)
    assert (one.notify, one.ended_at is not None) == (("billing",), True)


def test_a_batch_needs_a_block() -> None:
    @job("shop.close", enqueues=("part.make",), max_attempts=1)
    def close(payload: Names, ctx: JobContext) -> None:
        """Forget `with`."""
        ctx.batch().add("part.make", Part(name="a"))

    failed = Platform().perform("shop.close", Names(names=[]))
    assert "without `with`" in (failed.error_message or "")
