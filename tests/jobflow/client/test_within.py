"""Test an application's code that makes jobs: it works the same in a job function and in a program."""

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel, Field

import jobflow
from chalicelib import ConfigurationError, JobContext, JobType, job
from chalicelib.job_types.at_most import AtMost
from chalicelib.jobs.job import Status
from jobflow import AsyncJobFlow, JobFlow, NewJob, context
from jobflow.client.encoding import type_name
from jobflow.errors import ConfigurationError as NoTarget
from jobflow.testing import Platform, run
from tests.chalicelib.api.support import NOTE, World, only_types
from tests.jobflow.support import Connect, Wire

Kind = JobType[Any, Any]


class Order(BaseModel):
    """A payload."""

    number: int = Field(7, examples=[7])


class Stage:
    """A job type that makes jobs of another type, as `act` says, in a function deep in the application."""

    def __init__(self) -> None:
        self.act: Callable[[], Any] = lambda: None
        self.fails = 0
        self.mail = job("mail.order")(self._mail)
        self.place = job("order.place", enqueues=("mail.order",))(self._place)
        self.platform = Platform(self.mail, self.place)

    def _mail(self, payload: Order, ctx: JobContext) -> int:
        """Send a mail."""
        return payload.number

    def _place(self, payload: Order, ctx: JobContext) -> Any:
        """Place an order."""
        made = self.act()
        if self.fails:
            self.fails -= 1
            raise ConnectionError
        return made

    def made(self) -> list[Any]:
        parent = self.platform.submit(self.place, Order())
        self.platform.advance(60)
        assert self.platform.job(parent).status is Status.COMPLETED, self.platform.attempts(parent)
        return self.platform.made_by(parent)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Stage]:
    for name in ("JOBFLOW_URL", "JOBFLOW_TOKEN", "JOBFLOW_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JOBFLOW_PROFILES", str(tmp_path / "none.toml"))
    monkeypatch.setenv("JOBFLOW_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    context.connect.cache_clear()  # type: ignore[attr-defined]
    with only_types(NOTE):
        yield Stage()


def test_the_context_of_the_attempt_is_found_in_it_and_nowhere_else(stage: Stage) -> None:
    stage.act = lambda: jobflow.current().job_id
    ran = run(stage.place, {"number": 1})
    assert ran.value == ran.context.job_id
    with pytest.raises(LookupError, match="not a job function or what it calls"):
        jobflow.current()


def test_a_client_without_a_target_makes_jobs_of_the_attempt(stage: Stage) -> None:
    def act() -> Any:
        made = JobFlow().submit(stage.mail, Order(number=3), key="mail", tags=["a"], max_attempts=9, expires=3600)
        return [made.id, made.type, made.status, made.payload, made.parent == jobflow.current().job_id]

    stage.act = act
    (made,) = stage.made()
    parent = stage.platform.jobs(type="order.place")[0]
    assert parent.result == [made.id, "mail.order", "queued", {"number": 3}, True]
    assert (made.status, made.tags, made.max_attempts, made.result) == (Status.COMPLETED, ("a",), 9, 3)


def test_a_client_without_a_target_passes_the_priority_on(stage: Stage) -> None:
    limited = job("mail.limited", limits=[AtMost(1)])(stage._mail)
    place = job("order.placed", enqueues=("mail.limited", "mail.order"))(stage._place)
    platform = Platform(stage.mail, limited, place)
    stage.act = lambda: [JobFlow().submit(kind, Order(), priority="high").id for kind in (limited, stage.mail)]
    parent = platform.submit(place, Order())
    platform.advance(60)
    assert {one.type: one.priority for one in platform.made_by(parent)} == {
        "mail.limited": "high",
        "mail.order": "normal",  # it has no limits, in which jobs could wait
    }


def test_a_second_attempt_makes_no_second_job_also_without_a_key(stage: Stage) -> None:
    def act() -> None:
        JobFlow().batch([NewJob("mail.order", {"number": 1}), NewJob("mail.order", {"number": 2}, key="two")])
        stage.mail.delay(number=1)

    stage.act, stage.fails = act, 1
    assert sorted(one.payload["number"] for one in stage.made()) == [1, 1, 2]


@pytest.mark.parametrize("wrong", ["order.place", "mail.other"])
def test_only_types_in_enqueues_can_be_made(stage: Stage, wrong: str) -> None:
    stage.act = lambda: JobFlow().submit(wrong, {})
    with pytest.raises(ConfigurationError, match=r"is not in enqueues= of order\.place"):
        run(stage.place)


def test_a_client_with_a_target_of_its_own_asks_that_api(stage: Stage, connect: Connect, wire: Wire) -> None:
    def act() -> str:
        with connect(wire) as client:
            return str(client.submit("test.note", {"to": ["a@example.com"]}).id)

    stage.act = act
    assert run(stage.place).enqueued == []
    assert len(wire.asked) == 1


def test_a_coroutine_of_the_attempt_makes_its_jobs_too(stage: Stage) -> None:
    import asyncio

    async def make() -> str:
        async with AsyncJobFlow() as client:
            return (await client.submit("mail.order", {})).id

    stage.act = lambda: asyncio.run(make())
    (made,) = stage.made()
    assert made.payload == {"number": 7}


def test_a_thread_has_the_attempt_if_it_runs_in_a_copy_of_the_context(stage: Stage) -> None:
    found: list[Any] = []

    def look() -> None:
        try:
            found.append(jobflow.current().job_id)
        except LookupError as error:
            found.append(type(error))

    def act() -> None:
        here = copy_context()
        for target in (look, lambda: here.run(look)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()

    stage.act = act
    job_id = run(stage.place).context.job_id
    assert found == [LookupError, job_id]


def test_without_an_attempt_and_a_target_it_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoTarget):
        JobFlow()
    with pytest.raises(NoTarget):
        stage.mail.delay(number=1)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "jobs-order-place")
    client = JobFlow()  # at the top of a module of the application, which a job function imports
    with pytest.raises(NoTarget, match="No attempt of a job runs here"):
        client.submit("mail.order", {})
    stage.act = lambda: client.submit("mail.order", {}).id
    assert len(run(stage.place).enqueued) == 1


def test_delay_asks_the_api_of_the_environment(
    stage: Stage, connect: Connect, wire: Wire, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(wire) as client:
        monkeypatch.setattr(context, "connect", lambda: client)
        for given, fields in (({"to": ["a@example.com"]}, {}), (None, {"to": ["a@example.com"]})):
            assert NOTE.delay(given, **fields).payload == {"to": ["a@example.com"], "text": "hello"}
    with pytest.raises(TypeError, match=r"test\.note\.delay\(\) takes a payload or its fields"):
        NOTE.delay({}, to=[])


def test_a_type_is_named_by_itself_or_its_name(client: JobFlow) -> None:
    payload = {"to": ["a@example.com"]}
    made = client.submit(NOTE, payload)
    many = client.batch([NewJob(NOTE, payload)])
    assert [made.type, *(one.job.type for one in many if one.job)] == ["test.note"] * 2
    assert {one.id for one in client.iterate(type=NOTE)} == {made.id, *(one.job.id for one in many if one.job)}
    assert client.pause(NOTE).type == "test.note"
    client.resume(NOTE)
    assert client.errors(NOTE) == client.errors("test.note")


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize("wrong", [type_name, Colour.RED, 7, None])
def test_what_is_no_type_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"is not a job type: pass its name, such as 'email\.send', or the function"):
        type_name(wrong)


def test_equal_requests_in_two_steps_make_two_jobs_however_often_the_function_is_called(stage: Stage) -> None:
    def act() -> None:
        ctx = jobflow.current()
        for name in ("a", "b"):
            ctx.step(name, lambda: JobFlow().submit("mail.order", {"number": 7}).id)
            ctx.sleep(5)
        JobFlow().submit("mail.order", {"number": 7})

    stage.act = act
    assert len(stage.made()) == 3


def test_equal_requests_of_a_run_with_a_sleep_make_the_same_jobs_in_a_test_of_one_function(stage: Stage) -> None:
    def act() -> None:
        JobFlow().submit("mail.order", {"number": 7})
        jobflow.current().sleep(5)

    stage.act = act
    assert len(run(stage.place, Order()).enqueued) == 1


def test_a_request_that_failed_and_is_repeated_makes_one_job(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    store = stage.platform.store
    add = store.add

    def unanswered(made: Any) -> None:
        monkeypatch.setattr(store, "add", add)
        add(made)
        raise ConnectionError

    def act() -> None:
        monkeypatch.setattr(store, "add", unanswered)
        try:
            JobFlow().submit("mail.order", {"number": 7})
        except Exception:
            JobFlow().submit("mail.order", {"number": 7})
        else:
            raise AssertionError

    stage.act = act
    assert len(stage.made()) == 1


def test_a_queue_that_does_not_answer_uses_up_no_attempt(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    store, fails = stage.platform.store, [ConnectionError()]
    add = store.add

    def refusing(made: Any) -> None:
        if fails and made.type == "mail.order":
            raise fails.pop()
        add(made)

    monkeypatch.setattr(store, "add", refusing)
    stage.act = lambda: JobFlow().submit("mail.order", {"number": 7}).id
    parent = stage.platform.submit(stage.place, Order())
    stage.platform.run()
    assert (stage.platform.job(parent).attempts, stage.platform.job(parent).error_class) == (0, "StoreUnavailable")
    stage.platform.advance(minutes=5)
    assert stage.platform.job(parent).status is Status.COMPLETED
