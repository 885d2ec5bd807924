"""Test the record of types that moved to another queue."""

from collections.abc import Mapping

import pytest

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.counters import keys
from chalicelib.counters.port import Row
from chalicelib.settings import Settings

DEPLOYMENTS: tuple[tuple[Mapping[str, str], Mapping[str, float]], ...] = (
    ({}, {}),
    ({"mail.bill": "mail"}, {"mail.bill": 2.0}),
    ({"mail.bill": "mail", "mail.new": "mail"}, {"mail.bill": 2.0, "mail.new": 3.0}),
    ({"mail.bill": "bills", "mail.new": "mail"}, {"mail.bill": 4.0, "mail.new": 3.0}),
    ({"mail.new": "mail"}, {"mail.bill": 5.0, "mail.new": 3.0}),
    ({"mail.new": "mail"}, {"mail.bill": 5.0, "mail.new": 3.0}),
)


def test_each_move_to_from_and_between_shared_queues_has_the_time_of_its_deployment(cloud: Settings) -> None:
    counters = DynamoCounters(cloud)
    for number, (shared, told) in enumerate(DEPLOYMENTS, 1):
        counters.deployed_queues(shared, float(number))
        assert counters.standing().moved_at == told


def test_a_stage_without_shared_queues_has_no_such_row(cloud: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    counters = DynamoCounters(cloud)
    monkeypatch.setattr(counters, "_write", lambda *_: pytest.fail("it wrote"))
    counters.deployed_queues({}, 1.0)
    assert counters.read(Row(keys.TOTALS, keys.MOVES)) == {}
