"""Show the state of a stage: the stack, its address, queues, and active alarms."""

from collections.abc import Iterable
from typing import Any

from chalicelib.adapters.dynamo.tables.schema import LIMIT_CHANGES
from chalicelib.counters import keys, troubles
from chalicelib.counters.troubles import Condition
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.listing import iso
from chalicelib.limits.changed import Changed
from chalicelib.limits.ids import is_rate, logged_id
from chalicelib.operating.limits import Declared, all_declared, changed_limits
from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.stack import subscriptions
from infra.cloud.stack.cloudformation import Stack, names_of
from infra.definition.iam.allowed import wildcards
from infra.definition.names import dead_of, is_urgent

DEPTHS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def status(account: Account, stack: Stack, types: Iterable[JobType[Any, Any]] = ()) -> dict[str, str]:
    """Return facts by name, in display order; raises CloudError if there is no such stack.

    The facts include the wildcards that `types` declare on purpose.
    """
    found = stack.describe()
    if found is None:
        raise CloudError(f"There is no stack {stack.name} in {account.region}. `make deploy` creates it.")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    since = found.get("LastUpdatedTime") or found["CreationTime"]
    ringing, pending = ringing_alarms(account, stack.name), subscriptions.unconfirmed(account, stack)
    return {
        "Stack": f"{stack.name} in {account.region}, {found['StackStatus']} since {since:%Y-%m-%d %H:%M} UTC",
        "Dashboard": outputs.get("SiteUrl", "-"),
        "API": outputs.get("ApiUrl", "-"),
        **_queues(account, stack),
        "Alarms": ", ".join(ringing) or "none rings",
        **types_in_trouble(account, stack.name),
        **limits_changed(account, stack.name),
        **({"Alarm mails": subscriptions.sentence(pending)} if pending else {}),
        **{f"Wildcard {number}": wide for number, wide in enumerate(wildcards(types), 1)},
    }


def ringing_alarms(account: Account, stack: str) -> list[str]:
    """Return the names of the stack's alarms that are in the state ALARM."""
    pages = (
        account.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=f"{stack}-", StateValue="ALARM")
    )
    return [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]


def types_in_trouble(account: Account, stack: str) -> dict[str, str]:
    """Return the types in trouble that the watchdog found last, by condition; empty if there are none."""
    dynamodb = account.client("dynamodb")
    key = {"pk": {"S": keys.TOTALS}, "sk": {"S": keys.TROUBLES}}
    try:
        item = dynamodb.get_item(TableName=f"{stack}-control", Key=key).get("Item", {})
    except dynamodb.exceptions.ResourceNotFoundException:
        return {}  # the table is missing while the stack is made, or after it failed
    found = troubles.read(item.get(keys.TROUBLES, {}).get("S", ""))
    return {f"Trouble, {one}": ", ".join(found.of(one)) for one in Condition if found.of(one)}


def limits_changed(account: Account, stack: str) -> dict[str, str]:
    """Return the limits to which operators have given another number than the code; empty without any."""
    dynamodb = account.client("dynamodb")
    asked = {"TableName": f"{stack}-control", "KeyConditionExpression": "pk = :pk"}
    values = {":pk": {"S": LIMIT_CHANGES}}
    try:
        pages = list(dynamodb.get_paginator("query").paginate(**asked, ExpressionAttributeValues=values))
    except dynamodb.exceptions.ResourceNotFoundException:
        return {}  # the table is missing while the stack is made, or after it failed
    found = [_change(item) for page in pages for item in page["Items"]]
    return {
        f"Limit {logged_id(one.limit)}": f"{_numbers(one, known)}; changed at {iso(one.at)} by {one.by}"
        for one, known in changed_limits(found, all_declared())
    }


def _change(item: dict[str, Any]) -> Changed:
    return Changed(item["sk"]["S"], int(item["n"]["N"]), item["by"]["S"], "", float(item["at"]["N"]))


def _numbers(changed: Changed, declared: Declared | None) -> str:
    if declared is not None:
        return f"{declared.said(changed.n)} instead of {declared.limit.n:,}"
    counted = "starts" if is_rate(changed.limit) else "places"
    return f"{changed.n} {counted}, the code does not declare it any more"


def _queues(account: Account, stack: Stack) -> dict[str, str]:
    sqs = account.client("sqs")
    urls = names_of(stack.resources(), "AWS::SQS::Queue")
    lines = {}
    for url in sorted(url for url in urls if dead_of(url) in urls or is_urgent(url, urls)):
        try:
            lines[url.rpartition("/")[2]] = _line(sqs, url, dead=dead_of(url) in urls)
        except sqs.exceptions.QueueDoesNotExist:
            continue  # a queue is missing while a change of the stack runs, or after it failed
    return lines


def _line(sqs: Any, url: str, *, dead: bool) -> str:
    waiting, running = depths(sqs, url)
    there = f"{waiting} waiting, {running} running or backing off"
    # count hidden messages, too, because the watchdog hides checked messages for two minutes
    return f"{there}, {sum(depths(sqs, dead_of(url)))} in the dead-letter queue" if dead else there


def depths(sqs: Any, url: str) -> list[int]:
    """Return how many messages of a queue are visible, and how many are hidden."""
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(DEPTHS))["Attributes"]
    return [int(found[name]) for name in DEPTHS]
