"""When a request is sent again, and how long it waits: without a network and a clock."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from chalicelib.api.http.problems import TABLE, problem_body
from jobflow import errors
from jobflow.client import calls, flow
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
