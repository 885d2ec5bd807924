"""Test the search in the values of a payload, in all fields or in one field."""

from typing import Any

import pytest

from chalicelib.jobs.texts.payload_search import holds

PAYLOAD: Any = {
    "to": ["ada@example.com", "Bob@example.com"],
    "order": 1042,
    "resize": {"width": 640, "keep": True},
    "note": None,
    "formula": "a=b",
}


@pytest.mark.parametrize(
    "text", ["ADA@", "1042", "042", "640", "true", "null", "to=bob", "order=1042", "resize.width=64", "width=640",
             "keep=true", "formula=a=b", "=b", "order="],
)  # fmt: skip
def test_found(text: str) -> None:
    assert holds(PAYLOAD, text)


@pytest.mark.parametrize("text", ["carol", "order", "to=1042", "size.width=640", "der=1042", "order=7", "width=ada"])
def test_not_found(text: str) -> None:
    assert not holds(PAYLOAD, text)


def test_a_payload_that_was_not_read_holds_nothing_and_a_deep_one_is_searched() -> None:
    deep: Any = "needle"
    for _ in range(20_000):
        deep = [deep]
    assert holds(deep, "needle")
    assert not holds({}, "needle")
