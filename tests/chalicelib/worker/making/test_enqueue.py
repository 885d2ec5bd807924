"""Check that a job function makes jobs: each once in a run, stored and sent like those of producers."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.job_types.context import JobContext
from chalicelib.job_types.unique import Unique
from chalicelib.jobs import trace
from chalicelib.jobs.job import Status
from chalicelib.jobs.port import Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from tests.chalicelib.api.support import Note, only_types
from tests.chalicelib.worker.making.conftest import GONE, MAIL, PAYLOAD, children, making
from tests.chalicelib.worker.one_type import OneType, boom, raising
from tests.support import T0, written


def test_it_is_stored_and_sent_and_knows_where_it_comes_from(world: OneType) -> None:
    world.submit(correlation_id="cid-7")
    world.script = [making(tags=["vip", "vip"])]
    world.poll()
    [child] = children(world)
    assert (child.type, child.payload, child.status) == ("test.mail", {**PAYLOAD, "text": "hello"}, Status.QUEUED)
    assert (child.parent, child.root, child.idempotency_key) == ("job-1", "job-1", "receipt")
    assert (child.tags, child.correlation_id, child.max_attempts) == (("vip",), "cid-7", MAIL.max_attempts)
    assert world.job().result == child.id
    [message] = world.queue.messages["test.mail"]
    assert message.message == Message(child.id, 1, "test.mail", "cid-7")
    assert child.sent


def test_a_model_is_a_payload_an_imported_type_names_itself_and_a_delay_is_counted_from_now(world: OneType) -> None:
    world.submit()

    def attempt(ctx: JobContext) -> None:
        ctx.enqueue("test.mail", Note(to=["a"]), key="1", delay=59.2)
        ctx.enqueue(MAIL, PAYLOAD, key="3", delay=timedelta(seconds=59.2), expires=timedelta(hours=1))
        ctx.enqueue("test.mail", PAYLOAD, key="2", run_at=datetime.fromtimestamp(T0 + 30, UTC))

    world.script = [attempt]
    world.poll()
    assert [(child.status, child.run_at) for child in children(world)] == [
        (Status.SCHEDULED, T0 + 60),
        (Status.SCHEDULED, T0 + 30),
        (Status.SCHEDULED, T0 + 60),
    ]


def test_a_debounced_job_waits_and_the_last_parent_has_the_say(world: OneType) -> None:
    def index(ctx: JobContext) -> object:
        asked = {"to": [f"by {ctx.job_id}"]}
        return ctx.enqueue("test.mail", asked, key="index", debounce=("doc-17", 30), tags=[ctx.job_id])

    for name in ("job-1", "job-2"):
        world.submit(name)
        world.script = [index]
        world.poll()
        world.clock.advance(10)
    [child] = children(world)
    assert (child.status, child.gen, child.run_at) == (Status.SCHEDULED, 2, world.clock.now - 10 + 30)
    assert (child.payload["to"], child.tags, child.parent) == (["by job-2"], ("job-2",), "job-1")
    assert [world.job(name).result for name in ("job-1", "job-2")] == [child.id, child.id]
    assert children(world, "job-2") == [], "the first one made it"


def index(number: int, *, fails: bool = False) -> Callable[[JobContext], object]:
    def attempt(ctx: JobContext) -> object:
        made = ctx.enqueue("test.mail", PAYLOAD, key=f"index-{number}", debounce=("doc-17", 30))
        return boom(ctx) if fails else made

    return attempt


@pytest.mark.parametrize("numbers", [(1, 2), (1, 1)])
def test_parents_that_ask_again_after_a_debounced_job_has_run_are_given_it(
    world: OneType, numbers: tuple[int, int]
) -> None:
    """Both parents get it. One made it, the other replaced it, each with its own key or with a shared one."""
    names = ("job-1", "job-2")
    for name, number in zip(names, numbers, strict=True):
        world.submit(name)
        world.script = [index(number, fails=True)]
        world.poll()
    [child] = children(world)
    assert (child.gen, child.idempotency_key) == (2, f"index-{numbers[1]}")
    world.store._jobs[child.id] = replace(child, status=Status.COMPLETED)
    world.script = [index(number) for number in numbers]
    world.clock.advance(100)
    world.poll()
    assert [(world.job(name).status, world.job(name).result) for name in names] == [(Status.COMPLETED, child.id)] * 2
    assert children(world, "job-2") == []


@pytest.mark.parametrize("attempt", [index(1), making()], ids=["debounced", "plain"])
def test_a_manual_retry_makes_its_own(world: OneType, attempt: Callable[[JobContext], object]) -> None:
    world.submit()
    world.script = [attempt, attempt]
    world.poll()
    [child] = children(world)
    world.store._jobs[child.id] = replace(child, status=Status.COMPLETED)
    world.store._jobs["job-1"] = replace(world.job(), status=Status.FAILED)
    Operations(Dispatcher(world.store, world.queue, world.clock)).retry("job-1")
    world.poll()
    assert len(children(world)) == 2


def test_a_unique_job_is_the_one_that_another_job_has_made(world: OneType) -> None:
    only = replace(MAIL, unique=Unique(by=("to",), seconds=3600))
    with only_types(world.kind, only, GONE):
        for name in ("job-1", "job-2"):
            world.submit(name)
            world.script = [making()]
            world.poll()
    assert world.job("job-1").result == world.job("job-2").result == children(world)[0].id
    assert len(world.queue.messages["test.mail"]) == 1


def test_the_first_one_stays_as_it_was_made_and_a_line_says_so(world: OneType) -> None:
    world.submit()

    def attempt(ctx: JobContext) -> None:
        ctx.enqueue("test.mail", {"to": [f"attempt {ctx.attempt}"]}, key="receipt")
        if ctx.attempt == 1:
            boom(ctx)

    world.script = [attempt, attempt]
    world.poll()
    world.clock.advance(100)
    with written() as lines:
        world.poll()
    [child] = children(world)
    assert child.payload == {"to": ["attempt 1"], "text": "hello"}
    assert world.job().status is Status.COMPLETED
    [line] = [line for line in lines if line["message"] == "job.replayed"]
    assert (line["level"], line["differs"], line["job_id"]) == ("WARNING", True, child.id)


def test_a_queue_that_refuses_costs_no_attempt(world: OneType, monkeypatch: pytest.MonkeyPatch) -> None:
    world.submit()
    world.script = [making()]
    monkeypatch.setattr(world.queue, "send", raising(OSError("no permission")))
    world.poll()
    [child] = children(world)
    assert (world.job().status, child.sent, child.due_at) == (Status.COMPLETED, False, T0 + 60)


def test_a_child_belongs_to_the_trace_of_its_parent_and_was_made_by_its_attempt(world: OneType) -> None:
    context = trace.read("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    world.submit(trace=context)

    def attempt(ctx: JobContext) -> None:
        ctx.logger.info("working")
        ctx.enqueue("test.mail", PAYLOAD, key="1")
        ctx.enqueue_many("test.mail", [PAYLOAD], keys=["2"])

    world.script = [attempt]
    with written() as lines:
        world.poll()
    parent = world.job()
    assert {child.trace for child in children(world)} == {trace.carried(parent)}
    assert trace.parent_span(trace.carried(parent) or b"") == trace.attempt_span(parent)
    of_job = [line for line in lines if line.get("job_id") == parent.id]
    ids = {(line["trace_id"], line["span_id"]) for line in of_job}
    assert {"attempt.started", "working", "attempt.completed"} <= {line["message"] for line in of_job}
    assert ids == {("4bf92f3577b34da6a3ce929d0e0e4736", trace.attempt_span(parent).hex())}


def test_a_child_of_a_job_without_a_trace_has_none(world: OneType) -> None:
    world.submit()
    world.script = [making()]
    world.poll()
    assert [child.trace for child in children(world)] == [None]
