"""Check that a job function makes many jobs with one call: all of them, each once in a run, or one clear error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError, InvalidPayload, InvalidRequest
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.port import Message
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.operations import Operations
from tests.chalicelib.api.support import Note, only_types
from tests.chalicelib.worker.making.conftest import GONE, MAIL, PAYLOAD, children
from tests.chalicelib.worker.making.test_refused import refusal
from tests.chalicelib.worker.one_type import OneType, boom
from tests.support import T0

Attempt = Callable[[JobContext], object]


def mails(*names: str) -> list[dict[str, Any]]:
    return [{"to": [name]} for name in names]


def many(*names: str, **asked: Any) -> Attempt:
    """Return an attempt that makes a job for each name, and returns their ids."""
    return lambda ctx: ctx.enqueue_many("test.mail", mails(*names), **asked)


def sent(world: OneType) -> list[str]:
    return [held.message.id for held in world.queue.messages.get("test.mail", [])]


def told(world: OneType, made: Sequence[str]) -> list[str]:
    """Return to whom the jobs with these ids write."""
    by_id: dict[str, Job] = {child.id: child for child in children(world)}
    return [by_id[one].payload["to"][0] for one in made]


NAMES = [f"n{number}" for number in range(45)]


@pytest.fixture(params=[1, 8], ids=["one by one", "side by side"])
def threaded(world: OneType, request: pytest.FixtureRequest) -> OneType:
    world.worker = replace(world.worker, threads=request.param)
    return world


def test_each_is_stored_and_sent_and_the_ids_are_in_the_order_of_the_payloads(threaded: OneType) -> None:
    threaded.submit(correlation_id="cid-7")
    threaded.script = [many(*NAMES, tags=["vip"])]
    threaded.poll()
    made: Any = threaded.job().result
    assert told(threaded, made) == NAMES
    assert sorted(sent(threaded)) == sorted(made)
    first = threaded.store.get(made[0])
    assert (first.status, first.tags, first.correlation_id) == (Status.QUEUED, ("vip",), "cid-7")
    assert (first.parent, first.root, first.payload["text"]) == ("job-1", "job-1", "hello")


def test_models_delays_and_other_arguments_are_as_for_one_job(world: OneType) -> None:
    world.submit()
    world.script = [lambda ctx: ctx.enqueue_many(MAIL, [Note(to=["a"]), Note(to=["b"])], delay=59.2, expires=60)]
    world.poll()
    assert [(one.status, one.run_at, one.start_by) for one in children(world)] == [
        (Status.SCHEDULED, T0 + 60, T0 + 120)
    ] * 2


def test_a_second_attempt_makes_only_the_others_in_whichever_order_it_asks(threaded: OneType) -> None:
    def first(ctx: JobContext) -> None:
        many("a", "b", "b")(ctx)
        boom(ctx)

    threaded.submit()
    threaded.script = [first, many("new", "b", "a", "b")]
    threaded.poll()
    before = {child.id for child in children(threaded)}
    threaded.clock.advance(100)
    threaded.poll()
    made: Any = threaded.job().result
    assert told(threaded, made) == ["new", "b", "a", "b"]
    assert before == set(made[1:])


def test_keys_name_the_jobs_if_payloads_differ_from_attempt_to_attempt(world: OneType) -> None:
    def attempt(ctx: JobContext) -> object:
        made = ctx.enqueue_many("test.mail", mails(f"{ctx.attempt}a", f"{ctx.attempt}b"), keys=["a", "b"])
        return boom(ctx) if ctx.attempt == 1 else [*made, ctx.enqueue("test.mail", mails("2a")[0], key="a")]

    world.submit()
    world.script = [attempt, attempt]
    world.poll()
    world.clock.advance(100)
    world.poll()
    made: Any = world.job().result
    assert told(world, made) == ["1a", "1b", "1a"]
    assert len(children(world)) == 2


def test_a_manual_retry_makes_its_own(world: OneType) -> None:
    world.submit()
    world.script = [many("a", "b"), many("a", "b")]
    world.poll()
    world.store._jobs["job-1"] = replace(world.job(), status=Status.FAILED)
    Operations(Dispatcher(world.store, world.queue, world.clock)).retry("job-1")
    world.poll()
    assert len(children(world)) == 4


def test_unique_jobs_may_exist_already(world: OneType) -> None:
    only = replace(MAIL, unique=Unique(by=("to",), seconds=3600))
    with only_types(world.kind, only, GONE):
        world.submit()
        world.script = [many("a", "b", "a")]
        world.poll()
    made: Any = world.job().result
    assert told(world, made) == ["a", "b", "a"]
    assert sorted(sent(world)) == sorted(set(made))


def test_no_payloads_make_no_jobs(world: OneType) -> None:
    world.submit()
    world.script = [many()]
    world.poll()
    assert world.job().result == []


@pytest.mark.parametrize(
    ("attempt", "kind", "field"),
    [
        (lambda ctx: ctx.enqueue_many("test.mail", [PAYLOAD, PAYLOAD, {"to": []}]), InvalidPayload, "payloads.2.to"),
        (lambda ctx: ctx.enqueue_many("test.mail", [PAYLOAD] * 2, keys=["a", "b c"]), InvalidRequest, "keys.1"),
        (lambda ctx: ctx.enqueue_many("test.mail", [PAYLOAD] * 2, keys=["a"]), InvalidRequest, "keys"),
        (lambda ctx: ctx.enqueue_many("test.mail", [PAYLOAD] * 2, keys="ab"), InvalidRequest, "keys"),
        (many("a", "b", keys=["same", "same"]), InvalidRequest, "keys.1"),
        (many("a", "b", delay=-1), InvalidRequest, "delay"),
        (lambda ctx: ctx.enqueue_many("test.mail", [PAYLOAD] * 10_001), InvalidRequest, "payloads"),
        (lambda ctx: ctx.enqueue_many("test.gone", [PAYLOAD]), InvalidRequest, "type"),
    ],
)
def test_if_one_cannot_be_made_none_is_and_the_error_names_it(
    world: OneType, attempt: Attempt, kind: type[InvalidRequest], field: str
) -> None:
    error = refusal(world, attempt)
    assert isinstance(error, kind)
    assert [".".join(map(str, one.loc)) for one in error.errors] == [field]
    assert children(world) == []
    assert sent(world) == []


def test_only_declared_types_can_be_made(world: OneType) -> None:
    error = refusal(world, lambda ctx: ctx.enqueue_many("test.note", [{}]))
    assert isinstance(error, ConfigurationError)


def test_a_message_that_the_queue_does_not_take_is_sent_by_the_watchdog(
    threaded: OneType, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = threaded.queue.send_many

    def partial(messages: Sequence[Message], delays: Mapping[str, int] | None = None) -> Sequence[Message]:
        if any(message.id == unlucky for message in messages):
            raise OSError("no permission")
        return [*messages[:3], *send(messages[3:], delays)]

    unlucky = ""
    monkeypatch.setattr(threaded.queue, "send_many", partial)
    threaded.submit()
    threaded.script = [many(*NAMES)]
    threaded.poll()
    assert threaded.job().status is Status.COMPLETED
    assert sorted(child.id for child in children(threaded) if child.sent) == sorted(sent(threaded))
    unsent = [child for child in children(threaded) if not child.sent]
    assert len(unsent) == 5 * 3
    assert {child.due_at for child in unsent} == {T0 + 60}


class Throttled(Exception):
    """The table refuses a write."""


def test_a_throttled_table_loses_nothing_and_the_next_attempt_makes_the_others(
    threaded: OneType, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, room = threaded.store.add, 17

    def throttled(job: Job) -> None:
        nonlocal room
        if job.parent is not None:
            room -= 1
            if room < 0:
                raise Throttled
        add(job)

    monkeypatch.setattr(threaded.store, "add_listed", throttled)
    threaded.submit()
    threaded.script = [many(*NAMES), many(*NAMES)]
    threaded.poll()
    assert (threaded.job().status, threaded.job().attempts) == (Status.RETRYING, 0), "the attempt is not charged"
    assert f"Only 17 of {len(NAMES)} jobs were made (Throttled)" in (threaded.job().error_message or "")
    assert len(children(threaded)) == 17
    room = 1_000
    threaded.clock.advance(3600)
    threaded.poll()
    made: Any = threaded.job().result
    assert told(threaded, made) == NAMES
    assert len(children(threaded)) == len(NAMES)
    assert set(made) <= set(sent(threaded))


def test_if_the_time_of_the_invocation_ends_the_next_one_goes_on(
    world: OneType, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = world.store.add

    def slow(job: Job) -> None:
        world.clock.advance(2)
        add(job)

    monkeypatch.setattr(world.store, "add_listed", slow)
    world.submit()
    world.script = [many(*NAMES)] * 3
    done = []
    for _ in range(3):
        world.poll()
        done.append(len(children(world)))
        world.clock.advance(3600)
    assert done[0] < done[1] <= done[2] == len(NAMES)
    assert world.job().status is Status.COMPLETED


def test_the_death_of_the_worker_makes_no_second_job(world: OneType, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.proof.grounds.faults import Crash

    add, left = world.store.add, 13

    def dying(job: Job) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash
        add(job)

    world.submit()
    world.script = [many(*NAMES), many(*NAMES)]
    monkeypatch.setattr(world.store, "add_listed", dying)
    with pytest.raises(Crash):
        world.poll()
    assert 0 < len(children(world)) < len(NAMES)
    world.clock.advance(3600)
    world.poll()
    assert world.job().status is Status.COMPLETED
    assert len(children(world)) == len(NAMES)
