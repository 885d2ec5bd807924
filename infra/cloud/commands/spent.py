"""Read what AWS has counted about a deployed stage in the last 30 days, and compute what that has cost."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.counters.port import Counters
from chalicelib.counters.series import OUT_OF
from chalicelib.jobs.constants import DAY
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.cost.spent import DAYS, Spent, Stage, asked, spent
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack, names_of
from infra.definition.monitoring.metrics import OWN, Metric
from infra.definition.names import dead_of, is_urgent

AT_ONCE = 500
"""Maximum metrics of one request to CloudWatch."""


def last_days(account: Account, stack: Stack, now: datetime) -> Spent:
    """Return the bill of the last 30 full days, or of all full days of a younger stage.

    Raises CloudError if there is no such stage, or if it has had no full day yet.
    """
    stack.outputs()
    made = (stack.describe() or {})["CreationTime"].astimezone(UTC)
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = made.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    start = max(today - timedelta(days=DAYS), first)
    days = (today - start).days
    if days < 1:
        raise CloudError(
            f"{stack.name} has had no full day (UTC) yet. It can be computed from {first + timedelta(1):%Y-%m-%d} on."
        )
    counters = access.deploys(account, stack)  # the tables' names first, because another stack has none
    stage = _read(account, stack)
    counted = _sums(account, asked(stage), start, today)
    return spent(stage, counted, start, days, _ended(counters, start.timestamp(), today.timestamp()))


def _read(account: Account, stack: Stack) -> Stage:
    """Return what the stage consists of. One request for each function and table, and pages of lists."""
    resources = stack.resources()
    urls = names_of(resources, "AWS::SQS::Queue")
    functions, dynamodb = account.client("lambda"), account.client("dynamodb")
    tables = [dynamodb.describe_table(TableName=name)["Table"] for name in names_of(resources, "AWS::DynamoDB::Table")]
    indexes = {table["TableName"]: table.get("GlobalSecondaryIndexes", []) for table in tables}
    bytes_stored = sum(
        table["TableSizeBytes"] + sum(index.get("IndexSizeBytes", 0) for index in indexes[table["TableName"]])
        for table in tables
    )
    return Stage(
        stack.name,
        names_of(resources, "AWS::ApiGatewayV2::Api"),
        {
            name: functions.get_function_configuration(FunctionName=name)["MemorySize"]
            for name in names_of(resources, "AWS::Lambda::Function")
        },
        [url.rpartition("/")[2] for url in urls if dead_of(url) in urls or is_urgent(url, urls)],
        {name: [index["IndexName"] for index in found] for name, found in indexes.items()},
        names_of(resources, "AWS::Logs::LogGroup"),
        bytes_stored / 1e9,
        sum(map(_metrics_in, _alarms(account, stack.name))),
        _own_metrics(account, stack.name),
        len(names_of(resources, "AWS::CloudWatch::Dashboard")),
    )


def _alarms(account: Account, stack: str) -> Iterator[Mapping[str, Any]]:
    pages = account.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack}-")
    return (alarm for page in pages for alarm in page["MetricAlarms"])


def _metrics_in(alarm: Mapping[str, Any]) -> int:
    return max(1, sum("MetricStat" in one for one in alarm.get("Metrics", [])))


def _own_metrics(account: Account, stack: str) -> int:
    """Return the number of metrics that the stage's code has written in the last two weeks."""
    of_stage = [{"Name": "service", "Value": stack}]
    pages = account.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=OWN, Dimensions=of_stage)
    return sum(len(page["Metrics"]) for page in pages)


def _sums(
    account: Account, wanted: Sequence[tuple[str, Metric]], start: datetime, end: datetime
) -> Mapping[str, float]:
    """Return the sums of the metrics by name: one request for 500 metrics."""
    client, found = account.client("cloudwatch"), Counter[str]()
    for first in range(0, len(wanted), AT_ONCE):
        part = dict(enumerate(wanted[first : first + AT_ONCE]))
        queries = [{"Id": f"m{n}", "MetricStat": metric.as_stat(int(DAY))} for n, (_, metric) in part.items()]
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                found[part[int(result["Id"][1:])][0]] += sum(result["Values"])
    return found


def _ended(counters: Counters, start: float, end: float) -> int:
    """Return how many jobs have ended, by the stage's own counters: one query for each type."""
    names = {job_type for job_type, _ in counters.standing().totals}
    days = (numbers for name in names for at, numbers in counters.buckets(name, int(DAY), start, end) if at < end)
    return sum(numbers.get(event, 0) for numbers in days for event in OUT_OF)
