"""Check promises of single services: dead letters, fair queues, the delivery of an alarm, a restore."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamo.tables.schema import META
from infra.cloud.acceptance.stand import NotKept, NotTried, Stand
from infra.cloud.stack.cloudformation import names_of
from infra.cloud.stack.subscriptions import TOPIC

RECEIVES = 3
NOISY = 20
ALARM = "growing"
REACHED = 120.0
RESTORED = 3_600.0
"""Seconds that the restore of a table may take. This includes the five minutes by which point-in-time recovery lags."""


def redrive(stand: Stand) -> str:
    """Receive a message as often as its queue allows; check that SQS then moves it to the dead-letter queue."""
    with _queue(stand, "dead") as dead, _queue(stand, "redrive") as queue:
        sqs = stand.account.client("sqs")
        target = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": RECEIVES})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "1"})
        sqs.send_message(QueueUrl=queue, MessageBody="1")
        received: list[int] = []

        def moved() -> int | None:
            received.append(len(_receive(sqs, queue)))
            return len(_receive(sqs, dead)) or None

        stand.until(moved, "a dead letter")
    if sum(received) != RECEIVES:
        raise NotKept(f"the message was received {sum(received)} times, not {RECEIVES}, before it was a dead letter")
    return f"a dead letter after {RECEIVES} receives"


def fair_queues(stand: Stand) -> str:
    """Send many messages of one tenant and then one of another, and check the order of delivery."""
    with _queue(stand, "fair") as queue:
        sqs = stand.account.client("sqs")
        for tenant in [*["noisy"] * NOISY, "quiet"]:
            sqs.send_message(QueueUrl=queue, MessageBody=tenant, MessageGroupId=tenant)
        order: list[str] = []

        def all_of_them() -> bool | None:
            order.extend(_receive(sqs, queue))
            return len(order) > NOISY or None

        stand.until(all_of_them, "every message")
    place = order.index("quiet") + 1
    return f"the quiet tenant's message came as number {place} of {NOISY + 1}"


def alarm_reaches(stand: Stand) -> str:
    """Set an alarm to the state ALARM, and check that the topic delivers it to a subscriber."""
    topics = names_of(stand.stack.resources(), TOPIC)
    if not topics:
        raise NotTried("alarms go to a topic of yours (AlarmTopicArn)")
    sns, sqs = stand.account.client("sns"), stand.account.client("sqs")
    with _queue(stand, "alarms") as queue:
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        statement |= {"Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topics[0]}}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        subscribed = sns.subscribe(TopicArn=topics[0], Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
        try:
            start, name = stand.clock(), f"{stand.stack.name}-{ALARM}"
            stand.account.client("cloudwatch").set_alarm_state(
                AlarmName=name, StateValue="ALARM", StateReason="An acceptance of JobFlow lets it ring."
            )
            # messages of other alarms, and about types in trouble, may come before
            stand.until(lambda: any(name in text for text in _receive(sqs, queue)) or None, "the alarm", REACHED)
        finally:
            sns.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
    return f"{name} reached a subscriber after {stand.clock() - start:.0f} s"


def restore(stand: Stand) -> str:
    """Restore the jobs table to a second between two jobs; check that it has the first job but not the second."""
    kind = next((kind for kind in stand.types if kind.changes.smoke is not None), None)
    if kind is None:
        raise NotTried("no job type declares Changes(smoke=…)")
    first = stand.job(kind.name, kind.changes.smoke)
    stand.sleep(2)
    moment = datetime.fromtimestamp(int(time.time()), UTC)
    stand.sleep(2)
    second = stand.job(kind.name, kind.changes.smoke)
    client, source = stand.account.client("dynamodb"), f"{stand.stack.name}-jobs"
    target = f"{stand.stack.name}-acceptance"
    stand.until(lambda: _restorable(client, source, moment), "a moment that can be restored", RESTORED)
    client.restore_table_to_point_in_time(SourceTableName=source, TargetTableName=target, RestoreDateTime=moment)
    try:
        stand.until(lambda: _active(client, target), "the restored table", RESTORED)
        there = [job_id for job_id in (first, second) if _has(client, target, job_id)]
    finally:
        stand.until(lambda: _deleted(client, target), "the end of the restored table", RESTORED)
    if there != [first]:
        raise NotKept(f"of the job before and the one after it {len(there)} are there")
    return f"the job before {moment:%H:%M:%S} is there, the one after it is not"


def shifting(stand: Stand) -> str:
    """Change the API of a stage with `ShiftTraffic`, and check that CodeDeploy has moved the requests step by step."""
    if stand.redeploy is None:
        raise NotTried("the stage cannot be deployed again here")
    stand.redeploy({"ShiftTraffic": "true"})
    start = stand.clock()
    stand.redeploy({"RateLimitWindow": "61"})
    took, client = stand.clock() - start, stand.account.client("codedeploy")
    [application] = names_of(stand.stack.resources(), "AWS::CodeDeploy::Application")
    states = {}
    for group in names_of(stand.stack.resources(), "AWS::CodeDeploy::DeploymentGroup"):
        name = group.rpartition("/")[2]
        made = client.list_deployments(applicationName=application, deploymentGroupName=name)["deployments"]
        states[name] = client.get_deployment(deploymentId=made[0])["deploymentInfo"]["status"] if made else "none"
    if set(states.values()) != {"Succeeded"}:
        raise NotKept(f"CodeDeploy says {states}")
    return f"{len(states)} aliases moved step by step; the deployment took {took:.0f} s"


@contextmanager
def _queue(stand: Stand, purpose: str) -> Iterator[str]:
    """Make a queue, and delete it when the block ends.

    Its name begins with the stack's name, as the policies require.
    """
    sqs = stand.account.client("sqs")
    url = sqs.create_queue(QueueName=f"{stand.stack.name}-acceptance-{purpose}-{int(time.time())}")["QueueUrl"]
    try:
        yield url
    finally:
        sqs.delete_queue(QueueUrl=url)


def _receive(sqs: Any, queue: str) -> list[str]:
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
    return [message["Body"] for message in found]


def _restorable(client: Any, table: str, moment: datetime) -> bool | None:
    found = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    latest = found["PointInTimeRecoveryDescription"].get("LatestRestorableDateTime")
    return (latest is not None and latest >= moment) or None


def _active(client: Any, table: str) -> bool | None:
    return client.describe_table(TableName=table)["Table"]["TableStatus"] == "ACTIVE" or None


def _deleted(client: Any, table: str) -> bool | None:
    """Delete a table; return False while DynamoDB refuses because the table is still being created."""
    try:
        client.delete_table(TableName=table)
    except ClientError as error:
        return error.response["Error"]["Code"] == "ResourceNotFoundException" or None
    return None


def _has(client: Any, table: str, job_id: str) -> bool:
    return "Item" in client.get_item(TableName=table, Key={"pk": {"S": job_id}, "sk": {"S": META}})
