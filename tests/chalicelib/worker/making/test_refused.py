"""Check that a job function gets an error for a job that cannot be made, and that no job is made."""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError, InvalidPayload, InvalidRequest
from chalicelib.job_types import jobtype
from chalicelib.job_types.context import JobContext
from tests.chalicelib.api.support import only_types
from tests.chalicelib.worker.making.conftest import PAYLOAD, children, making
from tests.chalicelib.worker.one_type import OneType


def refusal(world: OneType, attempt: Callable[[JobContext], object]) -> Exception:
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


@pytest.mark.parametrize(
    ("job_type", "payload", "kind", "told"),
    [
        ("test.note", {}, ConfigurationError, "test.note is not in enqueues= of test.note; declared: test.mail"),
        ("test.mail", {"to": []}, InvalidPayload, "payload.to"),
        ("test.mail", {"to": ["x" * 5_000_000]}, InvalidRequest, "at most 5,000,000"),
        ("test.gone", PAYLOAD, InvalidRequest, "takes no new jobs"),
    ],
    ids=["not declared", "not valid", "too large", "retired"],
)
def test_a_job_that_cannot_be_is_refused(
    world: OneType, job_type: str, payload: Any, kind: type[Exception], told: str
) -> None:
    error = refusal(world, lambda ctx: ctx.enqueue(job_type, payload, key="k"))
    assert isinstance(error, kind)
    assert told in (error.told() if isinstance(error, InvalidRequest) else str(error))
    assert children(world) == []


def test_a_type_that_declares_nothing_makes_nothing(world: OneType) -> None:
    world.worker = replace(world.worker, kind=replace(world.kind, enqueues=()), service=None)
    assert "declared: none" in str(refusal(world, making()))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"key": "two words"}, "key"),
        ({"key": "k" * 256}, "key"),
        ({"tags": ["a b"]}, "tags"),
        ({"tags": "vip"}, "tags"),
        ({"tags": map(str, range(11))}, "tags"),
        ({"delay": 366 * 86_400}, "delay"),
        ({"run_at": datetime(2027, 1, 15, 9)}, "run_at"),  # noqa: DTZ001 - the point of the test
        ({"run_at": datetime(2027, 1, 15, 9, tzinfo=UTC), "delay": 5}, "run_at"),
        ({"debounce": ("k", 0)}, "debounce"),
        ({"debounce": ("k", 30), "delay": 5}, "debounce"),
        ({"run_at": datetime(2029, 1, 15, 9, tzinfo=UTC)}, "run_at"),
    ],
)
def test_what_the_api_would_refuse_is_refused_by_the_name_of_its_field(
    world: OneType, asked: dict[str, Any], field: str
) -> None:
    error = refusal(world, making(**asked))
    assert isinstance(error, InvalidRequest)
    assert [one.loc for one in error.errors] == [(field,)]


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


def test_the_former_name_of_the_type_is_refused_with_the_new_one(world: OneType) -> None:
    error = refusal(world, lambda ctx: ctx.enqueue(job_type="test.mail", payload=PAYLOAD, key="k"))  # type: ignore[call-arg]
    assert "job_type= is now type=" in str(error)
    assert "`jobflow upgrade`" in str(error)
