"""Read units as AWS bills them."""

from typing import Any

import pytest

from scripts.benches.reading import ENTRY, units

SMALL = {"pk": {"S": "x" * 98}}
LARGE = {"pk": {"S": "x" * 5000}}


@pytest.mark.parametrize(
    ("operation", "request_", "answer", "expected"),
    [
        ("Query", {}, {"Items": [SMALL] * 10, "ScannedCount": 10}, 0.5),
        ("Query", {"ConsistentRead": True}, {"Items": [SMALL] * 10, "ScannedCount": 10}, 1.0),
        ("Query", {}, {"Items": [SMALL] * 10, "ScannedCount": 100}, 1.5),
        ("Query", {}, {"Items": [], "ScannedCount": 4096 * 2 // ENTRY + 1}, 1.5),
        ("Query", {}, {"Items": [], "ScannedCount": 0}, 0.5),
        ("GetItem", {"ConsistentRead": True}, {"Item": LARGE}, 2.0),
        ("GetItem", {}, {}, 0.5),
        ("BatchGetItem", {}, {"Responses": {"t": [SMALL] * 4}}, 2.0),
        ("BatchGetItem", {}, {"Responses": {"t": [SMALL, LARGE]}}, 1.5),
        ("UpdateItem", {}, {}, 0.0),
    ],
)
def test_units(operation: str, request_: dict[str, Any], answer: dict[str, Any], expected: float) -> None:
    assert units(operation, request_, answer) == expected
