"""Find existing resources that have a name of a new stack.

Without this check, CloudFormation could fail half an hour later.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.queues import queues_of
from infra.cloud.account import Account
from infra.cloud.preflight.finding import Finding
from infra.definition.lambdas.functions import functions
from infra.definition.names import bucket_name, dead_of, queue_name

AT_ONCE = 8
"""Maximum number of simultaneous requests: a stack of 60 types has 190 names."""
SHOWN = 8
"""Maximum number of names in the sentence, which then says how many more there are."""
Look = tuple[str, str, Callable[[], Any]]
"""The kind of a resource, its name, and a request that fails if the resource does not exist."""


def taken(account: Account, stack: str, types: Sequence[JobType[Any, Any]]) -> Iterator[Finding]:
    """Yield one finding with all existing resources. If a request is not allowed, the name counts as free."""
    looks = [*_data(account, stack), *_queues(account, stack, types), *_functions(account, stack, types)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        there = list(pool.map(lambda look: _is_there(*look), looks))
    named = [f"{kind} {name}" for (kind, name, _), found in zip(looks, there, strict=True) if found]
    names = sorted([*named, *_log_groups(account, stack), *_alarms(account, stack)])
    if names:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield Finding(
            "names", f"There already: {', '.join(names[:SHOWN])}{more}, and no stack {stack} owns it. `make destroy` "
            "removes what a stage has left behind; for things of your own choose another STAGE.", True,
        )  # fmt: skip


def _is_there(kind: str, _name: str, ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except ClientError as error:
        # a bucket of another account may have the name, because all accounts share one set of names
        return kind == "bucket" and error.response["Error"]["Code"] not in ("404", "NoSuchBucket")
    return True


def _data(account: Account, stack: str) -> Iterator[Look]:
    s3, dynamodb, sns = (account.client(service) for service in ("s3", "dynamodb", "sns"))
    for purpose in ("files", "site"):
        bucket = bucket_name(stack, purpose, account.id, account.region)
        yield "bucket", bucket, partial(s3.head_bucket, Bucket=bucket)
    for table in (f"{stack}-jobs", f"{stack}-control"):
        yield "table", table, partial(dynamodb.describe_table, TableName=table)
    partition = account.session.get_partition_for_region(account.region)
    topic = f"arn:{partition}:sns:{account.region}:{account.id}:{stack}-alarms"
    yield "topic", f"{stack}-alarms", partial(sns.get_topic_attributes, TopicArn=topic)


def _queues(account: Account, stack: str, types: Sequence[JobType[Any, Any]]) -> Iterator[Look]:
    sqs = account.client("sqs")
    for one in queues_of(types):
        own, *second = (queue_name(stack, short, one.ending) for short in one.shorts)
        for name in (own, dead_of(own), *second):
            yield "queue", name, partial(sqs.get_queue_url, QueueName=name)


def _functions(account: Account, stack: str, types: Sequence[JobType[Any, Any]]) -> Iterator[Look]:
    client = account.client("lambda")
    for name in (f"{stack}-api", *(one.name for one in functions(types, stack))):
        yield "function", name, partial(client.get_function, FunctionName=name)


def _log_groups(account: Account, stack: str) -> Iterator[str]:
    try:
        found = account.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{stack}-")
    except ClientError:
        return
    yield from (f"log group {group['logGroupName']}" for group in found["logGroups"])


def _alarms(account: Account, stack: str) -> Iterator[str]:
    try:
        found = account.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack}-")
    except ClientError:
        return
    yield from (f"alarm {alarm['AlarmName']}" for alarm in found["MetricAlarms"])
