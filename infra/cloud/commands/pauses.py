"""Keep pauses true over a deployment.

CloudFormation creates every event source mapping enabled, even if the old mapping was disabled. And the pause of a
queue that a deployment removes would return with a later queue of the same name.
"""

import time
from collections.abc import Callable, Collection, Sequence

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.job_types.queue import name_in_aws
from chalicelib.pausing.dynamo import DynamoPastPauses
from chalicelib.pausing.port import PastPause
from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.stack.changes import Change
from infra.cloud.stack.cloudformation import POLL, Stack
from infra.definition.names import SOURCE, URGENT, mapping_id

MAPPING = "AWS::Lambda::EventSourceMapping"
MOST_UPDATES_TRIED = 30
BUSY = ("ResourceInUseException", "ResourceConflictException")


def keep(account: Account, stack: Stack, changes: Sequence[Change], say: Callable[[str], None]) -> None:
    """Disable the new mappings of paused queues, and print their names. Call this after the update."""
    anew = {one.logical_id for one in changes if one.type == MAPPING and one.kind in ("add", "replace")}
    if not anew:
        return
    # the keys as they are stored: in a rollback, this process has the types of another version
    stored = DynamoCounters(access.settings(account, stack)).pauses()
    paused = {mapping_id(name_in_aws(key), event): key for key in stored for event in (SOURCE, URGENT)}
    if not anew & paused.keys():
        return
    client = account.client("lambda")
    for resource in stack.resources():
        if (key := paused.get(resource["LogicalResourceId"])) and resource["LogicalResourceId"] in anew:
            _switch_off(client.update_event_source_mapping, resource["PhysicalResourceId"], stack.sleep)
            say(f"{key} stays paused: the mapping of its new queue is switched off.")


def end_of_removed(
    account: Account,
    stack: Stack,
    queues: Collection[str],
    say: Callable[[str], None],
    clock: Callable[[], float] = time.time,
) -> None:
    """End the pauses of queues that are not among `queues`, and print their names. The stage works without this."""
    try:
        settings = access.settings(account, stack)
        counters, ended = DynamoCounters(settings), DynamoPastPauses(settings)
        for queue, pause in counters.pauses().items():
            if queue not in queues:
                ended.add(queue, PastPause(pause, round(clock(), 3), "deployment"))
                counters.resume(queue)
                say(f"The pause of {queue} has ended: this version has no such queue.")
    except Exception as error:  # the deployment itself has succeeded
        say(f"Pauses of removed queues could not be ended: {type(error).__name__}.")


def _switch_off(update: Callable[..., object], mapping: str, sleep: Callable[[float], None]) -> None:
    for left in reversed(range(MOST_UPDATES_TRIED)):
        try:
            update(UUID=mapping, Enabled=False)
        except ClientError as error:
            if error.response["Error"]["Code"] not in BUSY or not left:
                raise
            sleep(POLL)
        else:
            return
