"""Check that reading any input ends in a value, or in an error with a problem."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.api.http.body import read_object
from chalicelib.api.http.encoding import encode
from chalicelib.api.http.problems import row_of
from chalicelib.errors import JobFlowError, MalformedRequest

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""No time limit for an example: its duration on a busy machine proves nothing."""
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20)
)  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
NAMES = st.sampled_from(
    ["type", "payload", "max_attempts", "delay_seconds", "run_at", "tags", "jobs", "action", "ids", "filter", "limit",
     "dry_run", "content_type", "bytes", "offset", "status", "cursor", "created_after", "tag", "id_prefix"]
)  # fmt: skip


@contextmanager
def told() -> Iterator[None]:
    """Return the problem of an error. Internal errors are accepted if the table of problems has a 4xx for them."""
    try:
        yield
    except JobFlowError as error:
        row = row_of(error)
        if row is None or not 400 <= row[0] < 500:
            raise


@patient
@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    with told():
        assert isinstance(read_object(raw, None), dict)


@patient
@given(st.text(max_size=60))
def test_any_content_type(content_type: str) -> None:
    with told():
        assert read_object(b"{}", content_type) == {}


@patient
@given(VALUES)
def test_any_value_can_be_written_and_read_by_anyone(value: Any) -> None:
    text = encode(value)
    assert text.isascii()
    json.loads(text, parse_constant=pytest.fail)


def test_only_a_body_without_a_byte_is_an_empty_object() -> None:
    assert read_object(b"", "application/json") == {}
    with pytest.raises(MalformedRequest, match="not JSON"):
        read_object(b"\t", "application/json")
