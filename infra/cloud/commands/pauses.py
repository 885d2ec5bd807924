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
    """Disable the new mappings of paused queues, and print their names. Call this after each deployment.

    Mappings of urgent queues are also looked at if this deployment did not make them: the deployment that did may have
    ended before this function, and the pause, which is shown, would have no effect on this queue.
    """
    anew = {one.logical_id for one in changes if one.type == MAPPING and one.kind in ("add", "replace")}
    present = {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in stack.resources()}
    looked = [name for name in present if name in anew or name.endswith(mapping_id("", URGENT))]
    if not looked:
        return
    # the keys as they are stored: in a rollback, this process has the types of another version
    counters, client = DynamoCounters(access.settings(account, stack)), account.client("lambda")
    paused = {mapping_id(name_in_aws(key), event): key for key in counters.pauses() for event in (SOURCE, URGENT)}
    for name in looked:
        mapping, key = present[name], paused.get(name)
        if key is None or not (name in anew or client.get_event_source_mapping(UUID=mapping)["State"] == "Enabled"):
            continue
        _switch(client.update_event_source_mapping, mapping, stack.sleep, on=False)
        if key not in counters.pauses():  # an operator has resumed it meanwhile
            _switch(client.update_event_source_mapping, mapping, stack.sleep, on=True)
            continue
        say(f"{key} stays paused: the mapping of its {'new' if name in anew else 'urgent'} queue is switched off.")


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


def _switch(update: Callable[..., object], mapping: str, sleep: Callable[[float], None], *, on: bool) -> None:
    for left in reversed(range(MOST_UPDATES_TRIED)):
        try:
            update(UUID=mapping, Enabled=on)
        except ClientError as error:
            if error.response["Error"]["Code"] not in BUSY or not left:
                raise
            sleep(POLL)
        else:
            return
