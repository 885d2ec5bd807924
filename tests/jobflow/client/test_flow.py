"""Test when a request is sent again, and after which wait: without a network and a clock."""

import json
import pickle
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from chalicelib.api.http.problems import TABLE, problem_body
from jobflow import errors
from jobflow import models as m
from jobflow.client import calls, flow
from jobflow.client.decoding import read
from jobflow.client.encoding import as_body, as_payload, as_time
from jobflow.problems import BY_KIND
from tests.jobflow.support import EAGER, play

READ: dict[str, Any] = {"type": "email.send", "paused": True}
PAUSE = calls.pause("email.send")
RETRY = calls.retry("an-id")


def refused(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, json=problem_body(status))


def test_retry_after_is_kept_to_the_second_and_who_waits_is_told(caplog: pytest.LogCaptureFixture) -> None:
    limited = refused(429, **{"Retry-After": "17"})
    found, waits = play(flow.answer(PAUSE, EAGER), limited, limited, httpx.Response(200, json=READ))
    assert (found.paused, waits) == (True, [17.0, 17.0])
    assert {record.getMessage() for record in caplog.records} == {f"Held back for 17 s: {limited.json()['detail']}"}


def test_a_refusal_is_sent_again_even_when_the_call_is_not_repeatable() -> None:
    course = flow.answer(RETRY, EAGER)
    with pytest.raises(errors.Conflict):
        play(course, refused(429, **{"Retry-After": "1"}), refused(409))


def test_a_retry_after_beyond_the_longest_wait_is_told_at_once() -> None:
    with pytest.raises(errors.TooManyRequests) as limited:
        play(flow.answer(PAUSE, EAGER), refused(429, **{"Retry-After": "3600"}))
    assert limited.value.retry_after == 3600


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_of_the_server_is_tried_again_with_growing_waits_then_told(status: int) -> None:
    waits: list[float] = []
    with pytest.raises(errors.ServerError) as failed:
        play(flow.answer(PAUSE, EAGER), *[refused(status)] * 4, waits=waits)
    assert (failed.value.status, waits) == (status, [0.2, 0.4, 0.8])


@pytest.mark.parametrize("lost", [refused(502), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("gone")])
def test_what_may_have_been_done_is_not_sent_again_unless_that_is_safe(lost: httpx.Response | Exception) -> None:
    with pytest.raises(errors.JobFlowError):
        play(flow.answer(RETRY, EAGER), lost)


def test_a_connection_that_never_was_is_always_tried_again() -> None:
    row = httpx.Response(200, json={"id": "an-id"})
    assert play(flow.answer(RETRY, EAGER), httpx.ConnectError("refused"), row)[0].id == "an-id"


def test_retry_after_is_a_number_or_a_date() -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    for text, seconds in (("5", 5.0), ("0", 0.0), ("", None), ("soon", None), ("-1", None), (in_an_hour, 3600)):
        found = flow.retry_after_of(httpx.Response(429, headers={"Retry-After": text}))
        assert found == (seconds if seconds is None else pytest.approx(seconds, abs=60)), text


def test_each_problem_of_the_api_is_an_error_of_its_name() -> None:
    for error, (status, kind, title) in TABLE.items():
        found = flow.problem_of(httpx.Response(status, json=problem_body(status, title, "why", "c-1", kind=kind)))
        assert (type(found), type(found).__name__) == (BY_KIND[kind], error.__name__)
        assert isinstance(found, errors.BY_STATUS[status])
        assert (found.status, found.kind, found.detail, found.correlation_id) == (status, kind, "why", "c-1")


def test_a_problem_of_a_later_version_is_known_by_its_status() -> None:
    response = httpx.Response(409, json=problem_body(409, "t", "d", kind="not-known-yet"))
    assert type(flow.problem_of(response)) is errors.Conflict
    assert type(flow.problem_of(httpx.Response(418, text="no"))) is errors.ApiError
    assert type(flow.problem_of(httpx.Response(500, json=[]))) is errors.ServerError


@pytest.mark.parametrize(("status", "kind"), [(429, errors.TooManyRequests), (503, errors.ServerError)])
def test_an_error_of_api_gateway_itself_is_known_by_its_status_and_message(status: int, kind: type) -> None:
    error = flow.problem_of(httpx.Response(status, json={"message": "Too Many Requests"}))
    assert isinstance(error, kind)
    assert error.detail == f"API Gateway answered {status}: Too Many Requests"


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
        with pytest.raises(TypeError, match="JSON"):
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
