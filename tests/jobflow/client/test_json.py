"""What is written as JSON and read from it."""

import json
import pickle
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from jobflow import errors
from jobflow import models as m
from jobflow.client.decoding import read
from jobflow.client.encoding import as_body, as_payload, as_time

AT = "2026-11-25T00:42:39.123Z"


@dataclass
class Order:
    """A payload."""

    number: int
    placed: datetime


def test_common_values_have_a_form() -> None:
    order = Order(7, datetime(2027, 1, 1, tzinfo=UTC))
    written = as_body([order, date(2027, 1, 2), Decimal("1.10"), UUID(int=1), {"b", "a"}, "ü\u2028"])
    assert json.loads(written) == [
        {"number": 7, "placed": "2027-01-01T00:00:00.000Z"}, "2027-01-02", "1.10",
        "00000000-0000-0000-0000-000000000001", ["a", "b"], "ü\u2028",
    ]  # fmt: skip


def test_what_has_no_form_is_refused() -> None:
    for wrong in (object(), b"bytes", {"n": 1j}):
        with pytest.raises(TypeError, match="has no form in JSON"):
            as_body({"x": wrong})
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_body({"x": float("nan")})
    with pytest.raises(TypeError):
        as_payload([1])
    with pytest.raises(ValueError, match="time zone"):
        as_time(datetime(2027, 1, 1))  # noqa: DTZ001
    assert as_time("2027-01-01T00:00:00+01:00") == "2027-01-01T00:00:00+01:00"


def test_unknown_fields_are_ignored_and_missing_ones_are_none() -> None:
    row = read(m.JobRow, {"id": "a", "created_at": AT, "invented": 1, "progress": {"percent": 5, "note": None}})
    assert (row.id, row.progress) == ("a", m.Progress(5, None))
    assert getattr(row, "status") is None  # noqa: B009
    assert row.created_at == datetime(2026, 11, 25, 0, 42, 39, 123000, UTC)


@pytest.mark.parametrize(
    ("point", "kind"),
    [
        ({"t": AT, "created": 1, "completed": 0, "failed": 0, "retried": 0, "dead_lettered": 0}, m.Happened),
        ({"t": AT, "failed": 1, "dead_lettered": 0, "retried": 0, "ratio": None}, m.WentWrong),
        ({"t": AT, "count": 1, "p50": 1, "p95": 2, "p99": 3}, m.Took),
        ({"t": AT, "depth": 3}, m.Left),
    ],
)
def test_points_of_a_series_are_known_by_their_fields(point: dict[str, Any], kind: type) -> None:
    series = read(m.Series, {"from": AT, "points": [point, point]})
    assert [type(one) for one in series.points] == [kind, kind]
    assert series.from_.year == 2026


@pytest.mark.parametrize("wrong", [[], None, "x", {"created_at": "yesterday"}, {"tags": 5}, {"progress": 3}])
def test_another_shape_is_refused(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError)):
        read(m.JobRow, wrong)


def test_an_error_survives_a_pool_of_processes() -> None:
    error = errors.TooManyRequests(429, "slow down", kind="rate-limited", retry_after=3.0)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (copy.status, copy.kind, copy.retry_after, str(copy)) == (429, "rate-limited", 3.0, "slow down")
