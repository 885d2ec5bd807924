"""What a run of the watchdog reads of schedules: the due ones, in the index, and nothing of the others."""

import math
from dataclasses import replace

import pytest

from chalicelib.adapters import aws
from chalicelib.adapters.dynamo.tables.schema import DUE, SCHEDULES
from chalicelib.adapters.dynamo.tables.sizes import item_size
from chalicelib.schedules.dynamo import DynamoSchedules
from chalicelib.schedules.schedule import MOST_RECENT, Schedule
from chalicelib.settings import Settings
from tests.support import REGION, T0, requests_to

PAYLOAD = {"hours": 24, "formats": ["csv", "html"]}
HOURLY = Schedule(
    "hourly", "report.generate", "0 * * * *", "Europe/Berlin", PAYLOAD, created_at=T0, updated_at=T0,
    recent=tuple(T0 - 3600.0 * n for n in range(MOST_RECENT)), writer="0123456789ab",
)  # fmt: skip


@pytest.mark.parametrize(("number", "minutes", "due", "units"), [(0, 1, 0, 0), (120, 60, 2, 0.5), (100, 1, 100, 7.0)])
def test_those_that_are_due_are_read_once_and_cost_what_their_rows_weigh(
    cloud: Settings, number: int, minutes: int, due: int, units: float
) -> None:
    """The figures in docs/schedules.md: over the hour a hundred are 0.6 a minute when all are due in one."""
    store = DynamoSchedules(cloud)
    for n in range(number):
        store.add(replace(HOURLY, id=f"hourly-{n}", next_at=T0 + n % minutes * 60))
    with requests_to("dynamodb") as asked:
        assert len(store.due(T0, 1_000)) == due
    assert asked == ["Query"]
    answer = aws.client("dynamodb", REGION).query(
        TableName=cloud.control_table, IndexName=DUE, KeyConditionExpression="due_in = :s AND due_at <= :t",
        ExpressionAttributeValues={":s": {"S": SCHEDULES}, ":t": {"S": "2027-01-15T08:00:00.000Z"}},
    )  # fmt: skip
    assert 0.5 * math.ceil(sum(map(item_size, answer["Items"])) / 4096) == pytest.approx(units, rel=0.05)
