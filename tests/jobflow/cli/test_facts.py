"""Test that the tables of one thing print each field of its model, as `--json` does."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass, replace
from datetime import UTC, datetime, timedelta
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from typer.testing import CliRunner

from jobflow import models as m
from jobflow.cli.app import app

CHANGED = "other times say when it began and ended"
OF_JOB = {
    "updated_at": CHANGED,
    "waits_for": "`why` says it in words",
    "steps": "the timeline has the steps",
    "actions": "`jobflow audit --job` says who did what",
    "root": "`made by` leads there, one job after the other",
    "next_attempts": "`types show` has the waits",
    "correlation_id": "for programs that search log lines",
    "fingerprint": "`jobflow errors` groups by it",
}
"""The fields of a job that are not in its table, with the reason."""


def filled(kind: Any, number: int) -> Any:
    """Return a value of an annotated type; another number gives another value."""
    options = [option for option in get_args(kind) if option is not type(None)]
    if get_origin(kind) in (Union, UnionType):
        return filled(options[0], number)
    if get_origin(kind) is Literal:
        return options[number % len(options)]
    if get_origin(kind) is list:
        return [filled(options[0], number)]
    if is_dataclass(kind):
        return of_model(kind, number)
    if get_origin(kind) is dict or kind is Any:
        return {"a": f"value {number}"}
    if kind is datetime:
        return datetime(2027, 1, 15, 8, tzinfo=UTC) + timedelta(days=number)
    return number % 2 == 0 if kind is bool else f"text {number}" if kind is str else kind(10_000 * number)


def of_model(model: Any, number: int) -> Any:
    """Return an object of a model with all its fields."""
    return model(**{name: filled(kind, number) for name, kind in get_type_hints(model).items()})


class Stub:
    """Answer any call of a method with one object."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self._answers = answers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *_, **__: self._answers.get(name)


def printed(typed: list[str], answers: Mapping[str, Any]) -> str:
    """Return what a command prints as a table."""
    done = CliRunner().invoke(app, [*typed, "--table"], obj=lambda *_, **__: Stub(answers))
    assert done.exit_code == 0, done.stderr
    return done.stdout


def unprinted(model: Any, out: Callable[[Any], str]) -> Iterator[str]:
    """Yield the fields whose change does not change what is printed, with and without all optional values."""
    kinds = get_type_hints(model)
    full = of_model(model, 1)
    bare = replace(full, **{name: None for name, kind in kinds.items() if kind is Any or type(None) in get_args(kind)})
    for name, kind in kinds.items():
        if all(out(replace(base, **{name: filled(kind, 2)})) == out(base) for base in (full, bare)):
            yield name


def of_type(kind: m.JobTypeRow) -> str:
    return printed(
        ["types", "show", kind.type],
        {"job_types": [kind], "metrics": replace(of_model(m.MetricsAnswer, 1), by_type={})},
    )


def of_job(job: m.JobDetail) -> str:
    return printed(["jobs", "show", "0" * 36], {"get": job, "steps": m.Steps([], False)})


OF_LIMIT = {
    "kind": "it is in the name", "label": "it is in the name", "shared": "it is in the name",
    "declared": "is also the number in the code", "differs": "is also the number in the code",
    "least": "who gives another number is told", "most": "who gives another number is told",
}  # fmt: skip
CASES: list[tuple[Any, Callable[[Any], str], dict[str, str]]] = [
    (m.JobTypeRow, of_type, {"at_most": "it is the first of the limits, for an older API"}),
    (m.ScheduleRow, lambda row: printed(["schedules", "show", "a"], {"schedule": row}), {}),
    (m.JobDetail, of_job, OF_JOB),
    (m.BatchDetail, lambda row: printed(["batches", "show", "a"], {"get_batch": row}), {"newest": "is also a round"}),
    (m.BulkActionRow, lambda row: printed(["bulk", "show", "a"], {"bulk_action": row}), {"updated_at": CHANGED}),
    (m.LimitDetail, lambda row: printed(["limits", "show", "a"], {"limit": row}), OF_LIMIT),
    (m.WebhookRow, lambda row: printed(["webhooks", "enable", "a"], {"enable_webhook": row}), {}),
    (m.NewSecret, lambda made: printed(["webhooks", "rotate", "a"], {"rotate_webhook": made}), {}),
]


@pytest.mark.parametrize(("model", "out", "left_out"), CASES)
def test_each_field_is_printed_or_is_left_out_with_a_reason(
    model: Any, out: Callable[[Any], str], left_out: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    assert sorted(unprinted(model, out)) == sorted(left_out)


@pytest.mark.parametrize(("per_day", "shown"), [(0.001, "$0.001000 a day"), (0.5, "$0.50 a day"), (5.0, "$5.00 a day")])
def test_a_small_budget_is_not_printed_as_zero(per_day: float, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    kind = of_model(m.JobTypeRow, 1)
    assert shown in of_type(replace(kind, spending=replace(kind.spending, per_day=per_day)))
