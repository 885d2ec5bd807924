"""Check that nothing that a worker stores or logs about a job has the values of its personal fields."""

import json
import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, Field

from chalicelib.errors import PermanentError, Retry
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import Status
from chalicelib.jobs.texts.personal_texts import PersonalTexts
from chalicelib.telemetry import redaction
from tests.chalicelib.worker.one_type import OneType
from tests.support import written

VALUE, AGE = 'Ada "Love"\\lace-ü', 4711
FORMS = (VALUE, VALUE.lower(), repr(VALUE)[1:-1], json.dumps(VALUE)[1:-1], json.dumps(json.dumps(VALUE)[1:-1])[1:-1])


class Person(BaseModel):
    name: str = Field(json_schema_extra={"personal": True})
    age: int = Field(0, json_schema_extra={"personal": True})
    text: str = ""


@pytest.fixture
def world() -> OneType:
    return of(Person)


def of(model: Any, **fields: Any) -> OneType:
    world = OneType(**fields)

    def run(payload: Any, ctx: JobContext) -> object:
        return world._function(payload, ctx)

    run.__annotations__ = {"payload": model, "ctx": JobContext, "return": object}
    world.kind = JobType("test.note", run, model, timeout=60, function=world.function)
    world.worker = replace(world.worker, kind=world.kind)
    return world


def submit(world: OneType, **fields: Any) -> None:
    world.submit(payload={"name": VALUE, "age": AGE, "text": "hello"}, **fields)


def kept(world: OneType) -> str:
    """Return everything that is stored of the job except its payload."""
    seen = world.store.view("job-1")
    return f"{replace(seen, job=replace(seen.job, payload=None))!r}{json.dumps(seen.job.error_message)}"


@pytest.mark.parametrize("error", [ValueError, PermanentError, lambda text: Retry(text, after=5)])
def test_errors_stacks_and_notes_have_masks(world: OneType, error: Callable[[str], Exception]) -> None:
    def fail(ctx: JobContext) -> object:
        ctx.progress(5, f"for {VALUE}")
        try:
            dict[str, str]()[VALUE]
        except KeyError as found:
            raise error(f"{VALUE.lower()} of {AGE} is refused, {'x' * 940} {VALUE}") from found
        return None

    submit(world)
    world.script = [fail]
    with written() as lines:
        world.poll()
    attempt = world.store.view("job-1").attempts[0]
    assert "[personal]" in (attempt.error_message or "") + (world.job().progress_note or "")
    assert "[personal]" in (attempt.stack or "")
    for form in (*FORMS, str(AGE)):
        assert form not in kept(world).replace(world.job().id, "")
        assert form not in json.dumps(lines)


def test_the_error_of_a_payload_that_is_refused_later_has_masks() -> None:
    class Now(BaseModel):
        name: str = Field(json_schema_extra={"personal": True}, pattern="^x$")

    world = of(Now)
    submit(world)
    world.poll()
    assert world.job().error_class == "PayloadRefused"
    for form in FORMS:
        assert form not in kept(world)


def test_lines_of_the_function_have_masks(world: OneType, capfd: pytest.CaptureFixture[str]) -> None:
    def say(ctx: JobContext) -> None:
        ctx.logger.info("mine", extra={"whose": VALUE, "age": AGE, "deep": {"name": [VALUE, AGE]}})
        ctx.logger.info({"whole": VALUE})
        print(f"{'x' * 7_990}{VALUE}")  # noqa: T201
        print(VALUE, file=sys.stderr)  # noqa: T201
        logging.getLogger("theirs").warning("with %s", VALUE)
        thread = threading.Thread(target=lambda: print(f"thread {VALUE}"))  # noqa: T201
        thread.start()
        thread.join()
        try:
            int(VALUE)
        except ValueError:
            ctx.logger.exception("failed")

    submit(world)
    world.script = [say]
    with written() as lines:
        world.poll()
    assert world.job().status is Status.COMPLETED
    said = json.dumps(lines) + "".join(capfd.readouterr())
    assert [line["message"] for line in lines].count("with [personal]") == 1
    assert "thread [personal]" in said
    for form in (*FORMS, str(AGE)):
        assert form not in said


def test_facts_with_the_platforms_names_have_masks(world: OneType) -> None:
    names = ("status", "attempt", "gen", "level", "timestamp", "logger", "job_id", "invocation", "correlation_id")

    def say(ctx: JobContext) -> None:
        ctx.logger.info("mine", extra=dict.fromkeys(names, VALUE))
        ctx.logger.info("mine", extra={**dict.fromkeys(names, AGE), "_own": True})
        ctx.logger.info("mine %s", VALUE, extra={"_own": True})
        logging.getLogger(VALUE).warning("theirs")
        ctx.logger.append_keys(status=VALUE)
        ctx.logger.info("mine")

    submit(world)
    world.script = [say]
    with written() as lines:
        world.poll()
    for form in (*FORMS, str(AGE)):
        assert form not in json.dumps(lines)
    mine = [line for line in lines if line["message"].startswith("mine")]
    assert [(line["job_type"], line["level"]) for line in mine[2:]] == [("test.note", "INFO")] * 2
    assert mine[2]["status"] == "processing"


def test_the_platforms_own_facts_are_not_taken_for_values(world: OneType) -> None:
    """A short value must not remove the numbers by which lines are found and counted."""
    world.submit(payload={"name": "completed", "age": 1, "text": ""})
    world.script = [lambda ctx: ctx.logger.info("mine")]
    with written() as lines:
        world.poll()
    mine = next(line for line in lines if line["message"] == "mine")
    assert (mine["job_id"], mine["attempt"], mine["gen"], mine["status"]) == ("job-1", 1, 1, "processing")
    ended = next(line for line in lines if line["message"] == "attempt.completed")
    assert (ended["job_id"], ended["attempt"], ended["gen"], ended["status"]) == ("job-1", 1, 1, "completed")
    assert not any("_own" in line for line in lines)


def test_the_result_and_the_values_of_the_function_are_its_own(world: OneType) -> None:
    submit(world)
    world.script = [lambda ctx: {"name": VALUE, "kept": ctx.step("one", lambda: VALUE)}]
    world.poll()
    assert world.job().result == {"name": VALUE, "kept": VALUE}


def test_nothing_is_masked_after_the_job(world: OneType) -> None:
    submit(world)
    world.poll()
    assert redaction.running == ()
    assert redaction.clean(VALUE) == VALUE


def test_a_type_without_personal_fields_adds_nothing() -> None:
    class Plain(BaseModel):
        text: str = ""

    world, seen = of(Plain), list[object]()
    world.submit()
    world.script = [lambda _: seen.append(redaction.running)]
    world.poll()
    assert seen == [()]
    assert "schema" not in vars(world.kind)


def test_jobs_that_run_side_by_side_have_masks() -> None:
    with redaction.personal(lambda: ["first-person"]), redaction.personal(lambda: ["second-person"]):
        assert redaction.clean("first-person, second-person") == "[personal], [personal]"
    assert redaction.clean("first-person") == "first-person"


@pytest.mark.parametrize("error", [KeyError, MemoryError, RecursionError])
def test_a_failure_is_stored_also_if_it_cannot_be_masked(
    world: OneType, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(*_: object) -> str:
        raise error

    def fail(_: JobContext) -> object:
        raise PermanentError(VALUE)

    monkeypatch.setattr(PersonalTexts, "masked", refuse)
    monkeypatch.setattr(PersonalTexts, "masked_json", refuse)
    submit(world)
    world.script = [fail]
    world.poll()
    job = world.job()
    assert (job.status, job.error_class) == (Status.FAILED, "PermanentError")
    assert VALUE not in kept(world)
