"""Test a deploy during a run: the run continues as it began, or waits with a reason, and nothing is half done."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib import Changes, ConfigurationError, JobContext, job
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Job, Status
from jobflow.testing.platform import Platform

TYPE = "test.deployed"


class Order(BaseModel):
    """The payload of the test's job."""

    id: str = "o-1"


class Larger(BaseModel):
    """The payload after a deploy that has added a field."""

    id: str = "o-1"
    gift: bool = False


class Stage:
    """A platform with one type, which is deployed again and again."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.deploy(lambda _, __: None)
        self.platform = Platform(registered[TYPE])

    def deploy(self, act: Callable[[Any, JobContext], Any], model: type[BaseModel] = Order, **changes: Any) -> None:
        def run(payload: Any, ctx: JobContext) -> Any:
            return act(payload, ctx)

        run.__annotations__["payload"] = model
        job(TYPE, max_attempts=2, timeout=60, changes=Changes(**changes))(run)

    def start(self) -> Job:
        made = self.platform.submit(TYPE, {"id": "o-1"})
        self.platform.run()
        return self.now(made)

    def now(self, made: Job) -> Job:
        return self.platform.job(made)

    def pay(self, *given: Any) -> str:
        self.did.append("pay")
        return "paid"

    def charge(self, *given: Any) -> str:
        self.did.append("charge")
        return "charged"


@pytest.fixture
def stage() -> Iterator[Stage]:
    yield Stage()
    registered.pop(TYPE, None)


def test_a_run_goes_on_with_the_version_with_which_it_began(stage: Stage) -> None:
    def first(_: Any, ctx: JobContext) -> str:
        ctx.step("pay", stage.pay)
        ctx.sleep(3600)
        return f"first as {ctx.version}"

    def both(payload: Any, ctx: JobContext) -> str:
        if ctx.version == "2":
            return first(payload, ctx)
        ctx.step("charge", stage.charge)
        ctx.sleep(3600)
        return f"both as {ctx.version}"

    stage.deploy(first, version="2")
    old = stage.start()
    stage.deploy(both, version="3", versions=("2",))
    new = stage.start()
    stage.platform.advance(hours=2)
    assert (stage.now(old).result, stage.now(new).result) == ("first as 2", "both as 3")
    assert stage.did == ["pay", "charge"]


def test_a_run_of_a_version_that_is_gone_waits_and_goes_on_after_a_deploy(stage: Stage) -> None:
    def act(_: Any, ctx: JobContext) -> str:
        stage.did.append("called")
        ctx.step("pay", stage.pay)
        ctx.sleep(3600)
        return ctx.version

    stage.deploy(act, version="2")
    made = stage.start()
    stage.deploy(act, version="3")
    stage.platform.advance(days=3)
    found = stage.now(made)
    assert (found.status, found.error_class, found.attempts) == (Status.RETRYING, "VersionRemoved", 0)
    assert "version 2" in (found.error_message or "")
    assert stage.did == ["called", "pay"], "the function was not called again"
    stage.deploy(act, version="3", versions=["2"])
    stage.platform.run_now(made)
    stage.platform.run()
    assert (stage.now(made).result, stage.did) == ("2", ["called", "pay", "called"])


def test_a_rollback_behind_the_first_version_does_not_call_the_function_of_a_run_with_kept_steps(stage: Stage) -> None:
    def second(_: Any, ctx: JobContext) -> None:
        ctx.step("pay", stage.pay)
        ctx.sleep(60)

    def before(_: Any, ctx: JobContext) -> None:
        stage.charge()
        ctx.step("pay", stage.pay)

    stage.deploy(second, version="2")
    made = stage.start()
    stage.deploy(before)
    stage.platform.advance(120)
    assert (stage.now(made).error_class, stage.did) == ("VersionRemoved", ["pay"])


def test_a_rollback_behind_the_first_version_stops_at_the_first_step(stage: Stage) -> None:
    def act(_: Any, ctx: JobContext) -> str:
        ctx.step("pay", stage.pay)
        ctx.sleep(3600)
        ctx.step("charge", stage.charge)
        return ctx.version

    stage.deploy(act, version="2")
    made = stage.start()
    stage.deploy(act)
    stage.platform.advance(hours=2)
    assert (stage.now(made).error_class, stage.did) == ("VersionRemoved", ["pay"])


def test_a_run_that_is_older_than_the_first_declared_version_has_version_1(stage: Stage) -> None:
    def act(_: Any, ctx: JobContext) -> str:
        ctx.step("pay", stage.pay)
        ctx.sleep(3600)
        return ctx.version

    stage.deploy(act)
    made = stage.start()
    stage.deploy(act, version="2", versions=("1",))
    stage.platform.advance(hours=2)
    assert stage.now(made).result == "1"
    stage.deploy(act)
    made = stage.start()
    stage.deploy(act, version="2")
    stage.platform.advance(hours=2)
    assert stage.now(made).error_class == "VersionRemoved"


def test_a_manual_retry_keeps_the_version_and_another_payload_begins_with_the_present_one(stage: Stage) -> None:
    def act(payload: Any, ctx: JobContext) -> str:
        ctx.step("pay", stage.pay)
        if payload.id == "o-1":
            raise ValueError(ctx.version)
        return ctx.version

    stage.deploy(act, version="2")
    made = stage.start()
    stage.platform.advance(minutes=5)
    assert stage.now(made).status is Status.DEAD_LETTER
    stage.deploy(act, version="3", versions=("2",))
    stage.platform.retry(made)
    stage.platform.advance(minutes=5)
    assert stage.now(made).status is Status.DEAD_LETTER
    assert [attempt.error_message for attempt in stage.platform.attempts(made)] == ["2"] * 4
    stage.platform.retry(made, {"id": "o-2"})
    stage.platform.run()
    assert stage.now(made).result == "3"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda stage, ctx: ctx.step("pay", stage.pay), lambda stage, ctx: ctx.step("pay", stage.charge)),
        (lambda stage, ctx: ctx.step("pay", stage.pay, 1), lambda stage, ctx: ctx.step("pay", stage.pay, 2)),
        (lambda stage, ctx: ctx.step("pay", stage.pay), lambda stage, ctx: ctx.step("pay", stage.pay, 2)),
    ],
    ids=["function", "arguments", "more arguments"],
)
def test_a_kept_step_that_does_not_fit_the_code_stops_the_run_until_a_deploy(
    stage: Stage, before: Any, after: Any
) -> None:
    def acts(step: Any) -> Callable[[Any, JobContext], str]:
        def act(_: Any, ctx: JobContext) -> str:
            try:
                found = step(stage, ctx)
            except Exception:
                found = ctx.step("otherwise", stage.charge)
            ctx.sleep(3600)
            return str(found)

        return act

    stage.deploy(acts(before))
    made = stage.start()
    stage.deploy(acts(after))
    stage.platform.advance(days=2)
    found = stage.now(made)
    assert (found.status, found.error_class, found.attempts) == (Status.RETRYING, "StepChanged", 0)
    assert stage.did == ["pay"]
    stage.deploy(acts(before))
    stage.platform.run_now(made)
    stage.platform.run()
    assert (stage.now(made).result, stage.did) == ("paid", ["pay"])


def test_a_new_field_with_a_default_is_not_another_input(stage: Stage) -> None:
    def act(payload: Any, ctx: JobContext) -> Any:
        found = ctx.step("pay", stage.pay, payload)
        ctx.sleep(3600)
        return found

    stage.deploy(act)
    made = stage.start()
    stage.deploy(act, Larger)
    stage.platform.advance(hours=2)
    assert (stage.now(made).result, stage.did) == ("paid", ["pay"])


def test_the_idempotency_key_of_a_later_run_is_not_another_input(stage: Stage) -> None:
    fails = [ValueError("no")] * 2

    def act(_: Any, ctx: JobContext) -> Any:
        found = ctx.step("pay", stage.pay, f"{ctx.idempotency_key}-pay")
        ctx.sleep(60)
        if fails:
            raise fails.pop()
        return found

    stage.deploy(act)
    made = stage.start()
    stage.platform.advance(minutes=10)
    assert stage.now(made).status is Status.DEAD_LETTER
    stage.platform.retry(made)
    stage.platform.run()
    assert (stage.now(made).result, stage.did) == ("paid", ["pay"])


def test_functions_without_a_name_and_arguments_that_are_not_json_are_not_compared(stage: Stage) -> None:
    def acts(value: object) -> Callable[[Any, JobContext], Any]:
        def act(_: Any, ctx: JobContext) -> Any:
            found = ctx.step("pay", lambda _: stage.pay(), value)
            ctx.sleep(3600)
            return found

        return act

    stage.deploy(acts({1}))
    made = stage.start()
    stage.deploy(acts({2}))
    stage.platform.advance(hours=2)
    assert stage.now(made).result == "paid"


def test_the_version_of_a_run_uses_up_no_attempt_and_forgives_none(stage: Stage) -> None:
    def act(_: Any, ctx: JobContext) -> None:
        raise ValueError(ctx.version)

    stage.deploy(act, version="2")
    made = stage.start()
    assert (made.attempts, made.kept) == (1, 0)
    stage.platform.advance(minutes=5)
    assert stage.now(made).status is Status.DEAD_LETTER
    assert [attempt.error_message for attempt in stage.platform.attempts(made)] == ["2", "2"]


@pytest.mark.parametrize("wrong", [{"version": ""}, {"version": 2}, {"versions": "1"}, {"versions": ["a b"]}])
def test_a_wrong_version_is_refused_at_the_declaration(stage: Stage, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="version"):
        Changes(**wrong)
