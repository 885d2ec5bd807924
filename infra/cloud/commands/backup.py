"""Back up a stage's tables on demand.

Backups are kept when the stage is destroyed, and longer than the 35 days of point-in-time recovery.
"""

import itertools
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from infra.cloud.account import Account
from infra.cloud.commands import access
from infra.cloud.errors import CloudError
from infra.cloud.restore.tables import TABLES, backups, stamp
from infra.cloud.stack import recording
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.stack.recording import Command

LOOK_PAUSE = 5.0
MOST_LOOKS = 720
"""Maximum number of times that the state of a running backup is read; all these reads take an hour."""


def backup(
    account: Account,
    stack: Stack,
    say: Callable[[str], None],
    *,
    keep: int = 0,
    now: float,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[str, list[str]]:
    """Back up both tables under one name. Return this name, and the names of the backups that were deleted.

    The audit log then has an entry, which the backup itself may contain without its outcome.

    `keep` is the number of newest backups that remain (0: all). Older ones are deleted once the new one is complete,
    together with the remains of an interrupted run. Backups with other names stay.
    """
    stack.outputs()
    name, log = f"{stack.name}-{stamp(now)}", partial(access.audit, account, stack)
    with recording.acting(log, Command.BACKUP, stack.name, account.identity, say, name):
        _make(account, stack, name, sleep)
        return name, _delete_old(account, stack.name, keep)


def _make(account: Account, stack: Stack, name: str, sleep: Callable[[float], None]) -> None:
    client = account.client("dynamodb")
    made = [
        client.create_backup(TableName=f"{stack.name}-{short}", BackupName=name)["BackupDetails"]["BackupArn"]
        for short in TABLES
    ]
    for arn in made:
        _wait(client, arn, sleep)


def names(account: Account, stack: str) -> list[str]:
    """Return the names of the backups that contain both tables, oldest first."""
    of_jobs, of_control = (backups(account, stack, short) for short in TABLES)
    return [name for name in of_jobs if name in of_control]


def _delete_old(account: Account, stack: str, keep: int) -> list[str]:
    if keep < 1:
        return []
    tables = [_own(account, stack, short) for short in TABLES]
    kept = [name for name in tables[0] if all(name in found for found in tables)][-keep:]
    if not kept:
        return []
    # Delete every backup that is older than the first kept one, also a backup of only one table, which an interrupted
    # run left. Delete no newer one: it may still be running.
    old = list(dict.fromkeys(
        name for found in tables for name in itertools.takewhile(lambda one: one != kept[0], found)
    ))  # fmt: skip
    for name in old:
        for found in tables:
            if name in found:
                account.client("dynamodb").delete_backup(BackupArn=found[name])
    return old


def _own(account: Account, stack: str, short: str) -> dict[str, str]:
    """Return the ARNs of the backups of a table that this command made, by name, oldest first."""
    form = re.compile(rf"{re.escape(stack)}-\d{{8}}T\d{{6}}Z")
    return {name: arn for name, arn in backups(account, stack, short).items() if form.fullmatch(name)}


def _wait(client: Any, arn: str, sleep: Callable[[float], None]) -> None:
    for _ in range(MOST_LOOKS):
        found = client.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
        if found["BackupStatus"] == "AVAILABLE":
            return
        sleep(LOOK_PAUSE)
    raise CloudError(f"{arn} is not complete after an hour. `make backup LIST=1` shows it when it is.")
