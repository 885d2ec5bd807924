"""Test other values for fields of payloads."""

import pytest

from chalicelib.errors import InvalidPayload
from chalicelib.operating.payload_edit import with_values

PAYLOAD = {"order": {"currency": "USD", "lines": [{"price": 1}, {"price": 2}]}, "note": None}


def test_only_the_named_fields_change_and_the_given_payload_stays() -> None:
    edited = with_values(PAYLOAD, {"order.currency": "EUR", "order.lines.1.price": 3, "order.express": True})
    assert edited == {
        "order": {"currency": "EUR", "lines": [{"price": 1}, {"price": 3}], "express": True},
        "note": None,
    }
    assert PAYLOAD["order"] == {"currency": "USD", "lines": [{"price": 1}, {"price": 2}]}


@pytest.mark.parametrize(
    "path", ["order.currency.code", "lines.0", "order.lines.2", "order.lines.-1", "order.lines.²", "note.text"]
)
def test_a_path_without_a_place_is_named(path: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        with_values(PAYLOAD, {"note": "x", path: 1})
    assert [error.loc for error in refused.value.errors] == [("payload", *path.split("."))]
