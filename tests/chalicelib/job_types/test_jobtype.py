"""What a declaration may say, and what an error of it tells the developer."""

import inspect
import re
from collections.abc import Callable
from typing import Any, cast

import pytest
from pydantic import BaseModel

import chalicelib
from chalicelib.errors import ConfigurationError
from chalicelib.job_types.access import AwsAccess
from chalicelib.job_types.changes import Changes
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.exclusions import TABLE, Exclusion
from chalicelib.job_types.failing import Failing
from chalicelib.job_types.function import Function
from chalicelib.job_types.jobtype import JobType, job
from chalicelib.job_types.moved import MOVED
from chalicelib.job_types.rate import Rate
from chalicelib.job_types.retry import Delays
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.limits import SAFETY


class Note(BaseModel):
    """A payload."""

    text: str = "hello"


def _nothing(_: Note, __: JobContext) -> None:
    """Do nothing."""


def _untyped(payload, ctx):  # type: ignore[no-untyped-def]
    """Forget the annotation."""


def test_a_job_may_use_the_whole_timeout_unless_more_are_taken_at_once() -> None:
    assert JobType("test.note", _nothing, Note, timeout=60).job_budget == 60 - SAFETY
    assert JobType("test.note", _nothing, Note, timeout=60, function=Function(batch_size=10)).job_budget == 5.5
    assert (
        JobType("test.note", _nothing, Note, timeout=60, function=Function(batch_size=10, budget=20)).job_budget == 20
    )


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"timeout": 5}, "timeout must be between 6 and 900 seconds"),
        ({"max_attempts": 0}, "max_attempts must be between 1 and 30"),
        ({"timeout": 30, "function": Function(budget=30)}, "function: budget must be between 0.1 and 29 seconds"),
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
    for described in (job, Function, AwsAccess, Changes, Unique, Delays):
        options = inspect.signature(described).parameters.keys() - {"name", "moved"}
        text = inspect.getdoc(described) or ""
        assert [option for option in options if not re.search(rf"\b{option}\b", text)] == []


@pytest.mark.parametrize("setting", MOVED)
def test_a_former_setting_is_refused_with_its_new_place(setting: str) -> None:
    place, seven = MOVED[setting], cast("Any", {setting: 7})
    written = re.escape(f"{setting}= is now {place.setting}={place.kind}({place.field}=7)")
    with pytest.raises(ConfigurationError, match=written):
        job("test.note", **seven)
    kind = getattr(chalicelib, place.kind)
    assert place.field in inspect.signature(kind).parameters
    assert place.setting in inspect.signature(job).parameters


def test_a_value_that_is_long_or_may_be_private_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError, match=r"environment= is now access=AwsAccess\(environment=…\)"):
        job("test.note", environment={"KEY": "sesame"})  # type: ignore[arg-type]


def test_a_setting_that_never_was_is_an_argument_like_any_other() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        job("test.note", colour="red")  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", ["retry", "unique", "pause_when", "function", "access", "changes"])
def test_a_group_of_another_kind_says_which_it_is(setting: str) -> None:
    wrong = cast("Any", {setting: {"memory": 5}})
    with pytest.raises(ConfigurationError, match=rf"^test.note: {setting} is \w+\(…\).*, not \{{'memory': 5\}}$"):
        job("test.note", **wrong)(_nothing)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"upgrade": 5}, "upgrade is a function"),
        ({"retired": "yes"}, "retired is True or False"),
        ({"smoke": "hello"}, r'smoke is a payload, such as \{"text": "hello"\}'),
    ],
)
def test_changes_that_cannot_be_name_the_setting(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^changes: {told}"):
        Changes(**wrong)


VALUES: dict[str, Any] = {
    "serial_by": "text", "fair_by": "text", "rate": Rate(1), "pause_when": Failing(),
    "function.window": {"function": Function(window=5)},
}  # fmt: skip


@pytest.mark.parametrize("row", TABLE)
def test_settings_that_exclude_each_other_are_refused_with_the_reason(row: Exclusion) -> None:
    given: dict[str, Any] = {}
    for setting in (row.setting, row.other):
        given |= VALUES[setting] if "." in setting else {setting: VALUES[setting]}
    with pytest.raises(ConfigurationError, match=f"{row.setting} does not go with {row.other}: {row.reason}"):
        job("test.note", **given)(_nothing)
