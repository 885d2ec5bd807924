"""What a run of the watchdog reads of schedules: the due ones, in the index, and nothing of the others."""

import math
from typing import Any

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.tables.schema import DUE, SCHEDULES
from chalicelib.adapters.dynamo.tables.sizes import item_size
from chalicelib.schedules.dynamo import DynamoSchedules
from chalicelib.schedules.schedule import MOST_RECENT, Schedule
from chalicelib.settings import Settings
from tests.support import REGION, T0, requests_to

HOURLY = 1_000
PAYLOAD = {"hours": 24, "formats": ["csv", "html"]}


def test_a_thousand_hourly_schedules_cost_far_less_than_12_read_units_a_minute(cloud: Settings) -> None:
    store = hourly(cloud, HOURLY, minutes=60)
    with requests_to("dynamodb") as asked:
        found = store.due(T0, HOURLY)
    assert (len(found), asked) == (17, ["Query"])
    assert units(cloud) <= 2


@pytest.mark.parametrize(("number", "expected"), [(100, 7.0), (HOURLY, 67.0)])
def test_those_that_are_due_in_one_minute_are_read_once_and_cost_what_their_rows_weigh(
    cloud: Settings, number: int, expected: float
) -> None:
    """The figures in docs/schedules.md: over the hour they are 0.6 and 1.6 a minute."""
    store = hourly(cloud, number, minutes=1)
    with requests_to("dynamodb") as asked:
        assert len(store.due(T0, HOURLY)) == number
    assert asked == ["Query"]
    assert units(cloud) == pytest.approx(expected, rel=0.05)
    assert units(cloud) / 60 + 0.5 < 12


def hourly(cloud: Settings, number: int, minutes: int) -> DynamoSchedules:
    """Store hourly schedules, the same number in each of the minutes."""
    store = DynamoSchedules(cloud)
    recent = tuple(T0 - 3600.0 * n for n in range(MOST_RECENT))
    for n in range(number):
        at = T0 + n % minutes * 60
        plain = Schedule(f"hourly-{n}", "report.generate", "0 * * * *", "Europe/Berlin", PAYLOAD, next_at=at)
        keys: dict[str, Any] = {"recent": recent, "created_at": T0, "updated_at": T0, "writer": "0123456789ab"}
        store.add(Schedule(**{**{name: getattr(plain, name) for name in plain.__slots__}, **keys}))
    return store


def units(cloud: Settings) -> float:
    """The read units of the rows that are due at T0."""
    answer = aws.client("dynamodb", REGION).query(
        TableName=cloud.control_table, IndexName=DUE, KeyConditionExpression="due_in = :s AND due_at <= :t",
        ExpressionAttributeValues={":s": {"S": SCHEDULES}, ":t": {"S": "2027-01-15T08:00:00.000Z"}},
    )  # fmt: skip
    return 0.5 * math.ceil(sum(map(item_size, answer["Items"])) / 4096)


def test_without_a_due_schedule_a_run_asks_once(cloud: Settings) -> None:
    with requests_to("dynamodb") as asked:
        assert DynamoSchedules(cloud).due(T0, HOURLY) == []
    assert asked == ["Query"]
