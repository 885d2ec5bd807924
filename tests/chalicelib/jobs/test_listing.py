"""Test orders, filters and cursors of lists."""

import base64
import json
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chalicelib.errors import InvalidPosition
from chalicelib.jobs.job import Status
from chalicelib.jobs.listing import born, iso, read_cursor, write_cursor
from chalicelib.jobs.port import Filter
from tests.support import T0, a_job

SECRET = "a secret of this stage"
moments = st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000)


@given(one=moments, other=moments)
@example(0.0, T0 + 0.999)
def test_texts_of_times_sort_as_the_times_do(one: float, other: float) -> None:
    assert datetime.fromisoformat(iso(one)).timestamp() == pytest.approx(one, abs=0.0006)
    assert (iso(one) < iso(other)) == (one < other)


JOB = a_job(
    id="3f2a0000-0000-4000-8000-000000000000", status=Status.FAILED, tags=("urgent", "eu", "tenant=acme"),
    error_class="SMTPError", error_message="Mailbox is full",
)  # fmt: skip


filters = st.builds(
    Filter, status=st.none() | st.sampled_from(Status), type=st.none() | st.text(max_size=5), tag=st.none() | st.text(),
    created_after=st.none() | moments,
)  # fmt: skip


@given(position=st.text(), which=filters)
def test_a_cursor_leads_back_to_its_position(position: str, which: Filter) -> None:
    cursor = write_cursor(position, which, SECRET)
    assert read_cursor(cursor, which, SECRET) == position
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@given(position=st.text(min_size=4), which=filters)
def test_a_cursor_shows_nothing_of_its_position(position: str, which: Filter) -> None:
    """A position may have the id or the key of a job that the caller may not see."""
    body = json.dumps(position)[1:-1].encode()
    for part in write_cursor(position, which, SECRET).split("."):
        assert body not in base64.urlsafe_b64decode(part + "==")


@given(position=st.binary(min_size=40, max_size=40), other=st.binary(min_size=40, max_size=40))
def test_two_cursors_are_not_masked_alike(position: bytes, other: bytes) -> None:
    """Otherwise a caller who knows one position could compute another."""
    assume(position != other)
    one, two = (
        base64.urlsafe_b64decode(write_cursor(text.hex(), Filter(), SECRET).split(".")[1] + "==")
        for text in (position, other)
    )
    assert bytes(a ^ b for a, b in zip(one, two, strict=True))[:11] != bytes(11)


CURSOR = write_cursor(born(JOB), Filter(), SECRET)


def test_a_cursor_serves_only_the_filter_it_was_made_for() -> None:
    some: dict[str, Any] = {
        "status": Status.FAILED, "type": "email.send", "tag": "eu", "id_prefix": "3", "error": "x", "fingerprint": "f",
        "parent": "p", "schedule": "nightly", "payload": "x", "tenant": "acme", "batch": "b", "round": 2,
        "created_after": 1.0, "created_before": 2.0, "finished_after": 3.0, "finished_before": 4.0,
    }  # fmt: skip
    assert set(some) == {field.name for field in fields(Filter)}
    for name, value in some.items():
        with pytest.raises(InvalidPosition) as refused:
            read_cursor(CURSOR, replace(Filter(), **{name: value}), SECRET)
        assert "other filters" in refused.value.errors[0].msg


@pytest.mark.parametrize(
    "forged",
    [
        "", ".", "..", "x", CURSOR[:-1], CURSOR + "A", CURSOR.split(".", maxsplit=1)[0], CURSOR + ".", "." + CURSOR,
        CURSOR.swapcase(), "é.é", "AAAA.AAAA",
    ],
)  # fmt: skip
def test_what_we_did_not_sign_is_no_cursor(forged: str) -> None:
    with pytest.raises(InvalidPosition):
        read_cursor(forged, Filter(), SECRET)
    with pytest.raises(InvalidPosition):
        read_cursor(CURSOR, Filter(), "another secret")
