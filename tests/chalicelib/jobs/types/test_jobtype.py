"""What a declaration may say, and what an error of it tells the developer."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from chalicelib.errors import ConfigurationError
from chalicelib.jobs.limits import SAFETY
from chalicelib.jobs.types.jobtype import JobType, job
from chalicelib.worker.context import JobContext


class Note(BaseModel):
    """A payload."""

    text: str = "hello"


def _nothing(_: Note, __: JobContext) -> None:
    """Do nothing."""


def _untyped(payload, ctx):  # type: ignore[no-untyped-def]
    """Forget the annotation."""


def test_a_job_may_use_the_whole_timeout_unless_more_are_taken_at_once() -> None:
    assert JobType("test.note", _nothing, Note, timeout=60).job_budget == 60 - SAFETY
    assert JobType("test.note", _nothing, Note, timeout=60, batch_size=10).job_budget == 5.5
    assert JobType("test.note", _nothing, Note, timeout=60, batch_size=10, budget=20).job_budget == 20


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"timeout": 5}, "timeout must be between 6 and 900"),
        ({"batch_size": 11}, "batch_size must be between 1 and 10"),
        ({"max_attempts": 0}, "max_attempts must be between 1 and 30"),
        ({"concurrency": 1}, "concurrency must be between 2 and 1000"),
        ({"timeout": 30, "budget": 30}, "budget must be between 0.1 and 29"),
    ],
)
def test_a_limit_out_of_range_is_named_as_it_was_written(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^test.note: {told}$"):
        job("test.note", **wrong)(_nothing)


@pytest.mark.parametrize("name", ["email", "Email.send", "email..send", "email_send", "a." + "b" * 39])
def test_a_name_says_how_names_are_written(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"a job type is named like email\.send"):
        job(name)(_nothing)


@pytest.mark.parametrize("function", [_untyped, lambda: None])
def test_a_function_takes_a_model_and_a_context(function: Callable[..., Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"test\.note: the function takes \(payload, ctx\)"):
        job("test.note")(function)


def test_help_says_what_each_option_is() -> None:
    options = inspect.signature(job).parameters.keys() - {"name"}
    text = inspect.getdoc(job) or ""
    assert [option for option in options if not re.search(rf"\b{option}\b", text)] == []
