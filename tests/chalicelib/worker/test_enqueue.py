"""A job function makes jobs: each once in a run, of the declared types only, checked as the API checks."""

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError, InvalidPayload, InvalidRequest
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.ports import Filter, Message
from chalicelib.jobs.single import Unique
from chalicelib.jobs.types import jobtype
from chalicelib.jobs.types.jobtype import JobType
from chalicelib.service.jobs import JobService
from chalicelib.service.operations import Operations
from chalicelib.worker.context import JobContext
from tests.chalicelib.api.support import Note, only_types
from tests.chalicelib.worker.one_type import OneType, boom, die
from tests.support import T0, written

PAYLOAD = {"to": ["ada@example.com"]}
MAIL: JobType[Note, None] = JobType("test.mail", lambda _payload, _ctx: None, Note)
GONE: JobType[Note, None] = JobType("test.gone", lambda _payload, _ctx: None, Note, retired=True)


@pytest.fixture
def world() -> Iterator[OneType]:
    bench = OneType()
    bench.kind = replace(bench.kind, enqueues=("test.mail", "test.gone"))
    service = JobService(bench.store, bench.queue, clock=bench.clock)
    bench.worker = replace(bench.worker, kind=bench.kind, service=service)
    with only_types(bench.kind, MAIL, GONE):
        yield bench


def making(*made: str, **asked: Any) -> Callable[[JobContext], object]:
    """Return an attempt that makes a mail and notes its id."""

    def attempt(ctx: JobContext) -> object:
        made_list.append(ctx.enqueue("test.mail", PAYLOAD, **{"key": "receipt", **asked}))
        return made_list[-1]

    made_list: list[str] = list(made)
    return attempt


def children(world: OneType, parent: str = "job-1") -> list[Job]:
    return list(world.store.page(Filter(parent=parent), 100).jobs)


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


def test_a_model_is_a_payload_and_a_delay_is_counted_from_now(world: OneType) -> None:
    world.submit()

    def attempt(ctx: JobContext) -> None:
        ctx.enqueue("test.mail", Note(to=["a"]), key="1", delay=59.2)
        ctx.enqueue("test.mail", PAYLOAD, key="2", run_at=datetime.fromtimestamp(T0 + 30, UTC))

    world.script = [attempt]
    world.poll()
    assert [(child.status, child.run_at) for child in children(world)] == [
        (Status.SCHEDULED, T0 + 60),
        (Status.SCHEDULED, T0 + 30),
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


def test_a_second_attempt_asks_for_a_debounced_job_again(world: OneType) -> None:
    """While it waits it is the same request; when it has begun to run, there is another one to wait for quiet."""
    world.submit()

    def index(ctx: JobContext) -> object:
        made.append(ctx.enqueue("test.mail", PAYLOAD, key="index", debounce=("doc-17", 30)))
        return boom(ctx) if len(made) < 3 else made

    made: list[str] = []
    world.script = [index, index, index]
    for _ in range(2):
        world.poll()
        world.clock.advance(3)
    [child] = children(world)
    assert (made, child.gen) == ([child.id] * 2, 1)
    world.store._jobs[child.id] = replace(child, status=Status.COMPLETED)
    world.clock.advance(100)
    world.poll()
    assert len(made) == 3


def test_a_unique_job_is_the_one_that_another_job_has_made(world: OneType) -> None:
    only = replace(MAIL, unique=Unique(3600, ("to",)))
    with only_types(world.kind, only, GONE):
        for name in ("job-1", "job-2"):
            world.submit(name)
            world.script = [making()]
            world.poll()
    assert world.job("job-1").result == world.job("job-2").result == children(world)[0].id
    assert len(world.queue.messages["test.mail"]) == 1


@pytest.mark.parametrize("end", [boom, die])
def test_a_second_attempt_is_given_the_job_of_the_first(world: OneType, end: Callable[[JobContext], object]) -> None:
    world.submit()
    first, second = making(), making()
    world.script = [lambda ctx: (first(ctx), end(ctx)), second]
    try:
        world.poll()
    except BaseException:
        world.clock.advance(400)
    world.clock.advance(100)
    world.poll()
    [child] = children(world)
    assert world.job().result == child.id
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


def test_a_manual_retry_makes_its_own(world: OneType) -> None:
    world.submit()
    world.script = [making(), making()]
    world.poll()
    job = world.job()
    world.store._jobs["job-1"] = replace(job, status=Status.FAILED)
    Operations(JobService(world.store, world.queue, clock=world.clock)).retry("job-1")
    world.poll()
    assert len(children(world)) == 2


def test_what_dies_between_storing_and_sending_is_sent_by_the_next_attempt(world: OneType) -> None:
    world.submit()
    send = world.queue.send
    world.queue.send = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    world.script = [making(), making()]
    with pytest.raises(KeyboardInterrupt):
        world.poll()
    world.queue.send = send  # type: ignore[method-assign]
    assert "test.mail" not in world.queue.messages
    world.clock.advance(400)
    world.poll()
    assert len(world.queue.messages["test.mail"]) == 1


def test_a_queue_that_refuses_costs_no_attempt(world: OneType) -> None:
    world.submit()
    world.script = [making()]
    send = world.queue.send
    world.queue.send = lambda *_: (_ for _ in ()).throw(OSError("no permission"))  # type: ignore[method-assign]
    world.poll()
    world.queue.send = send  # type: ignore[method-assign]
    [child] = children(world)
    assert (world.job().status, child.sent, child.due_at) == (Status.COMPLETED, False, T0 + 60)


def refusal(world: OneType, attempt: Callable[[JobContext], object]) -> Exception:
    """Return what an attempt's call raises."""
    caught: list[Exception] = []

    def catching(ctx: JobContext) -> None:
        try:
            attempt(ctx)
        except Exception as error:
            caught.append(error)

    world.submit()
    world.script = [catching]
    world.poll()
    return caught[0]


def test_another_type_is_refused(world: OneType) -> None:
    error = refusal(world, lambda ctx: ctx.enqueue("test.note", {}, key="k"))
    assert isinstance(error, ConfigurationError)
    assert str(error) == "test.note is not in enqueues= of test.note; declared: test.mail, test.gone"


def test_a_type_that_declares_nothing_makes_nothing(world: OneType) -> None:
    world.worker = replace(world.worker, kind=replace(world.kind, enqueues=()), service=None)
    error = refusal(world, making())
    assert str(error) == "test.mail is not in enqueues= of test.note; declared: none"


def test_a_payload_is_held_against_the_other_types_schema(world: OneType) -> None:
    error = refusal(world, lambda ctx: ctx.enqueue("test.mail", {"to": []}, key="k"))
    assert isinstance(error, InvalidPayload)
    assert [one.loc for one in error.errors] == [("payload", "to")]
    assert children(world) == []


def test_a_retired_type_takes_none(world: OneType) -> None:
    assert "retired" in str(refusal(world, lambda ctx: ctx.enqueue("test.gone", PAYLOAD, key="k")))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "two words"}, "key"),
        ({"key": "k" * 256}, "key"),
        ({"tags": ["a b"]}, "tags"),
        ({"tags": ["x" * 41]}, "tags"),
        ({"tags": map(str, range(11))}, "tags"),
        ({"delay": -1}, "delay"),
        ({"delay": 366 * 86_400}, "delay"),
        ({"run_at": datetime(2027, 1, 15, 9)}, "run_at"),  # noqa: DTZ001 - the point of the test
        ({"run_at": datetime(2027, 1, 15, 9, tzinfo=UTC), "delay": 5}, "run_at"),
        ({"debounce": ("two words", 30)}, "debounce"),
        ({"debounce": ("k", 0)}, "debounce"),
        ({"debounce": ("k", 86_401)}, "debounce"),
        ({"debounce": ("k", 30), "delay": 5}, "debounce"),
        ({"debounce": ("k", 30), "run_at": datetime(2027, 1, 15, 9, tzinfo=UTC)}, "debounce"),
        ({"run_at": datetime(2029, 1, 15, 9, tzinfo=UTC)}, "run_at"),
    ],
)
def test_what_the_api_would_refuse_is_refused_by_the_name_of_its_field(
    world: OneType, asked: dict[str, Any], field: str
) -> None:
    error = refusal(world, making(**asked))
    assert isinstance(error, InvalidRequest)
    assert [one.loc for one in error.errors] == [(field,)]


def test_a_payload_that_is_too_large_is_refused(world: OneType) -> None:
    error = refusal(world, lambda ctx: ctx.enqueue("test.mail", {"to": ["x" * 5_000_000]}, key="k"))
    assert isinstance(error, InvalidRequest)
    assert "at most 5,000,000" in error.told()


def test_one_key_for_two_jobs_of_one_attempt_is_a_mistake_that_shows_at_once(world: OneType) -> None:
    def attempt(ctx: JobContext) -> None:
        for name in ("ada", "ada", "bob"):
            ctx.enqueue("test.mail", {"to": [name]}, key="mail")

    error = refusal(world, attempt)
    assert isinstance(error, InvalidRequest)
    assert "names another job that this attempt made" in error.told()
    assert len(children(world)) == 1


@pytest.mark.parametrize("package", ["handlers", "chalicelib.builtin.types"])
def test_the_file_of_a_type_is_imported_when_the_first_of_its_jobs_is_made(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    asked: list[str] = []
    with only_types():
        there = f"{package}.word_count"
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name == there else None)
        monkeypatch.setattr(importlib, "import_module", asked.append)
        with pytest.raises(InvalidRequest):
            jobtype.declared("word.count")
    assert asked == [there]
