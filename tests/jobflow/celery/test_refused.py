"""Check that features of Celery that JobFlow lacks are refused when a module is imported, with advice in the error."""

import importlib
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from jobflow import celery
from jobflow.celery import NotOffered, Task, options, shared_task, task
from jobflow.celery.task import job_type, tag
from tests.infra.local.running import ROOT


@pytest.fixture(autouse=True)
def no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test declare tasks with the same names."""
    monkeypatch.setattr(task, "TASKS", {})


@pytest.mark.parametrize("name", [name for name, option in options.TASK.items() if not option.works])
def test_an_option_of_a_task_is_refused_at_its_declaration(name: str) -> None:
    with pytest.raises(NotOffered, match=name):
        shared_task(**{name: 1})(lambda: None)


@pytest.mark.parametrize("given", [{"serializer": "pickle"}, {"acks_on_failure_or_timeout": False}, {"nice": 1}])
def test_a_value_that_would_change_nothing_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(NotOffered):
        shared_task(**given)(lambda: None)


@pytest.mark.parametrize("given", [{name: None} for name in options.TASK] + [{"serializer": "json"}, {"trail": True}])
def test_what_is_not_set_or_works_is_accepted(given: dict[str, Any]) -> None:
    assert shared_task(**given)(lambda: 1)() == 1


@pytest.mark.parametrize("name", [name for name, option in options.CALL.items() if not option.works])
def test_an_option_of_a_call_is_refused(name: str) -> None:
    asked: dict[str, Any] = {name: 1}
    with pytest.raises(NotOffered, match=name):
        shared_task(lambda: None).apply_async(**asked)


@pytest.mark.parametrize("name", [name for name, option in options.NAMES.items() if not option.works])
def test_another_name_of_celery_is_refused_at_its_import(name: str) -> None:
    with pytest.raises(NotOffered, match=name):
        exec(f"from jobflow.celery import {name}")  # noqa: S102


@pytest.mark.parametrize("name", [name for name, option in options.NAMES.items() if option.works])
def test_the_names_that_work_are_there(name: str) -> None:
    assert name in vars(celery)


def progress(self: Any) -> None:
    self.update_state(state="PROGRESS", meta={})


def host(self: Any) -> str:
    return str(self.request.hostname)


def more(self: Any) -> None:
    self.retry(max_retries=9)


def private(self: Any) -> None:
    self.made_up()


def fewer(self: Any) -> None:
    self.cache = self.retry(max_retries=2)
    self.delay_on_commit(self.__class__.__name__, self.max_retries)


def other_call(self: Any) -> None:
    self.retry(countdown=1, kwargs={"other": True})


async def waits() -> None: ...


def plain_task() -> None: ...


@pytest.mark.parametrize("function", [progress, host, more, private, other_call, waits])
def test_what_a_function_does_with_its_task_is_refused_at_its_declaration(function: Any) -> None:
    with pytest.raises(NotOffered):
        shared_task(bind=True)(function)


def test_two_tasks_with_one_name_are_refused_with_both_places() -> None:
    shared_task(name="shop.charge")(plain_task)
    with pytest.raises(ValueError, match=rf"name shop\.charge: {__file__}:\d+ and {__file__}:\d+"):
        shared_task(name="shop.charge")(lambda: None)


def test_two_functions_in_a_decorator_that_hides_their_names_are_refused() -> None:
    def hides(function: Any) -> Any:
        return lambda *given: [function(*given)]

    shared_task(hides(plain_task))
    with pytest.raises(ValueError, match=r"functools\.wraps"):
        shared_task(hides(len))


def test_a_module_of_tasks_may_be_imported_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    code = "from jobflow.celery import shared_task\n\n@shared_task\ndef charge(): {}\n"
    for text in (code, f"import sys\n{code}"):
        (tmp_path / "edited_tasks.py").write_text(text.format("return 1"))
        importlib.invalidate_caches()
        sys.modules.pop("edited_tasks", None)
        importlib.import_module("edited_tasks")
    sys.modules.pop("edited_tasks")
    assert list(task.TASKS) == ["edited_tasks.charge"]


def test_a_base_class_of_tasks_is_refused_at_its_declaration() -> None:
    with pytest.raises(NotOffered, match="decorator"):

        class Reported(Task):
            """A task with a hook."""


def test_fewer_retries_and_own_attributes_are_accepted() -> None:
    assert shared_task(bind=True)(fewer).attempts == 4


def test_a_bound_function_behind_another_decorator_may_ask_for_a_retry() -> None:
    def hidden(function: Any) -> Any:
        return lambda *given: function(*given[:1])

    task = shared_task(bind=True, retry_backoff=10, retry_kwargs={"max_retries": 2})(hidden(fewer))
    assert (task.attempts, task.retry_backoff, task.retry_kwargs) == (4, 10, {"max_retries": 2})
    assert shared_task(bind=True, name="shop.fewer")(hidden(fewer)).attempts == 4


def test_the_arguments_of_the_outermost_decorator_are_checked() -> None:
    def adds(function: Any) -> Any:
        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, added=1, **kwargs)

        return wrapper

    def inner(self: Any, order: int, *, added: int) -> int:
        return order + added

    task = shared_task(bind=True)(adds(inner))
    assert (task.payload(1)["args"], task(1)) == ([1], 2)


def test_a_bound_task_that_never_asks_for_a_retry_has_one_attempt() -> None:
    def plain(self: Any) -> str:
        return str(self.name)

    def passes_itself_on(self: Any) -> None:
        str(self)

    assert [shared_task(bind=True)(one).attempts for one in (plain, passes_itself_on)] == [1, 4]
    assert shared_task(bind=True, max_retries=2, name="shop.plain")(plain).attempts == 3


@pytest.mark.parametrize("number", [30, -1])
def test_retries_have_a_limit(number: int) -> None:
    with pytest.raises(NotOffered, match="at most 29"):
        shared_task(max_retries=number)(lambda: None)


WEEK = 7 * 86_400


@pytest.mark.parametrize(
    "given",
    [{"default_retry_delay": WEEK + 1}, {"retry_backoff_max": WEEK + 1}, {"retry_kwargs": {"countdown": WEEK + 1}}],
)
def test_a_longer_wait_than_a_retry_can_have_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(NotOffered, match="at most 7 days"):
        shared_task(**given)(lambda: None)


def test_other_methods_of_a_task_say_what_to_do() -> None:
    task = shared_task(lambda: None)
    with pytest.raises(AttributeError, match=r"\.delay"):
        task.s()
    assert not hasattr(task, "__wrapped_by__")


class Row:
    """A row of a database, like Django's models."""

    _meta, pk = None, 7


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (datetime(2026, 1, 1), "when.isoformat()"),  # noqa: DTZ001
        (date(2026, 1, 1), "date.fromisoformat"),
        (timedelta(1), "total_seconds"),
        (uuid4(), "str(when)"),
        (Decimal("1.5"), "Decimal("),
        (b"x", "S3"),
        ({1}, "sorted(when)"),
        (Path("x"), "not there in the task"),
        (Row(), "when.pk"),
        (object(), "pass its id"),
        ([{"at": Decimal(1)}], "str(when[0]['at'])"),
        ({1: 2}, "keys are texts"),
    ],
)
def test_an_argument_that_is_not_json_is_refused_with_what_to_pass(value: Any, advice: str) -> None:
    task = shared_task(lambda when=None: when)
    with pytest.raises(TypeError) as refused:
        task.delay(value)
    assert advice in str(refused.value)


def test_a_number_that_json_does_not_have_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"args\[1\] is nan"):
        shared_task(lambda first, *args: None).delay(1, float("nan"))


def test_a_queue_has_the_name_of_a_job_type() -> None:
    names = {"high-priority": "celery.high.priority", "Mail": "celery.mail", "celery": "celery.default"}
    assert {name: job_type(name) for name in names} == names
    for wrong in ("2nd", "x" * 40, "ü"):
        with pytest.raises(NotOffered, match="queue="):
            shared_task(queue=wrong)(lambda: None)


def test_a_long_name_is_a_tag_without_its_first_parts() -> None:
    assert tag("accounts.tasks.send_password_reset_mail") == "accounts.tasks.send_password_reset_mail"
    assert tag("acme.accounts.tasks.send_password_reset_mail") == "accounts.tasks.send_password_reset_mail"
    assert tag(f"shop.{'x' * 50}") == "x" * 40


@pytest.mark.parametrize(
    "page", sorted({option.page for table in (options.TASK, options.CALL, options.SELF) for option in table.values()})
)
def test_the_pages_that_errors_name_are_there(page: str) -> None:
    assert (ROOT / "docs" / page).is_file()


def test_the_module_of_tasks_needs_no_platform() -> None:
    assert importlib.import_module("jobflow.celery.task").shared_task


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"args": 7}, "args is a list or a tuple"),
        ({"args": "abc"}, "args is a list or a tuple"),
        ({"args": (7,), "kwargs": 5}, "kwargs is a dict"),
        ({"args": (7,), "countdown": "x"}, "countdown is a number of seconds"),
    ],
)
def test_arguments_of_a_call_in_another_form_are_refused_by_their_name(given: dict[str, Any], told: str) -> None:
    def add(*_: int) -> None:
        """Take any arguments, so that the letters of a text would pass."""

    with pytest.raises(TypeError, match=told):
        shared_task(add).apply_async(**given)
