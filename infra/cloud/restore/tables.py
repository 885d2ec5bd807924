"""Make tables with the state of another moment.

DynamoDB restores only to new tables: a backup, or any second of 35 days.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.dynamo.tables.schema import ALL
from infra.cloud.account import Account
from infra.cloud.errors import CloudError

TABLES = ("jobs", "control")
LOOK_PAUSE = 10.0
"""Seconds between two reads of a table that is being restored. A restore takes at least twenty minutes."""
PATIENCE = 24 * 3600.0
COMING = ("CREATING", "UPDATING")
APPEARS = 60.0
"""Seconds until DynamoDB shows a table whose creation has begun."""
GOES = 3600.0
"""Seconds after which the wait for a table's deletion is given up. A deletion normally takes some minutes."""


def stamp(at: float) -> str:
    """Return a moment (seconds since the epoch) as part of a name: 20270102T030405Z."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


@dataclass(frozen=True)
class Tables:
    """The tables of a stage. Restored tables get `tags`, so that `destroy` finds them."""

    account: Account
    stack: str
    tags: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep

    def check(self, at: float) -> None:
        """Raise CloudError if point-in-time recovery does not reach that moment."""
        found = self._client.describe_continuous_backups(TableName=f"{self.stack}-jobs")["ContinuousBackupsDescription"]
        recovery = found["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
            raise CloudError(f"{self.stack}-jobs has no point-in-time recovery: restore from a backup (FROM=…).")
        first, last = recovery["EarliestRestorableDateTime"], recovery["LatestRestorableDateTime"]
        if not first.timestamp() <= at <= last.timestamp():
            window = f"{first:%Y-%m-%dT%H:%M:%SZ} to {last:%Y-%m-%dT%H:%M:%SZ}"
            raise CloudError(f"The tables can be restored to any second from {window}.")

    def restore(self, at: float, backup: str = "") -> list[str]:
        """Make both tables with their state at `at`, or with the state of the backup.

        Tables that exist already are used.

        A table that an earlier run is still deleting is made again. Returns the names, jobs first, once both can be
        read.
        """
        names = {short: self.restored(short, at) for short in TABLES}
        for short, name in names.items():
            if self._missing(name):
                self._start(short, name, at, backup)
        for name in names.values():
            self._ready(name)
        return list(names.values())

    def there(self, names: Sequence[str]) -> Sequence[str]:
        """Return the names of two existing tables, jobs first; raises CloudError for a missing or a live table."""
        for name in names:
            if self._described(name) is None:
                raise CloudError(f"There is no table {name} in {self.account.region}.")
        if len(names) != len(TABLES) or {f"{self.stack}-{short}" for short in TABLES} & set(names):
            raise CloudError("Name two tables other than the live ones, the jobs table first: TABLES=jobs,control.")
        return names

    def restored(self, short: str, at: float) -> str:
        """Return the name for a restored table: the table whose state it shows, and the moment."""
        return f"{self.stack}-{short}-at-{stamp(at)}"

    def jobs_in(self, name: str) -> int:
        """Return the number of jobs in a table, including expired ones, however many shards their index has."""
        pages = self._client.get_paginator("scan").paginate(TableName=name, IndexName=ALL, Select="COUNT")
        return sum(page["Count"] for page in pages)

    def remove(self, names: Iterable[str]) -> None:
        """Delete restored tables."""
        for name in names:
            self._client.delete_table(TableName=name)

    def _start(self, short: str, name: str, at: float, backup: str) -> None:
        source = f"{self.stack}-{short}"
        if backup:
            arn = backups(self.account, self.stack, short).get(backup)
            if arn is None:
                raise CloudError(f"There is no backup {backup} of {source}. `make backup LIST=1` lists them.")
            self._client.restore_table_from_backup(TargetTableName=name, BackupArn=arn)
        else:
            moment = datetime.fromtimestamp(at, UTC)
            self._client.restore_table_to_point_in_time(
                SourceTableName=source, TargetTableName=name, RestoreDateTime=moment
            )

    def _missing(self, name: str) -> bool:
        """Return whether there is no such table, after waiting for its deletion."""
        until = self.clock() + GOES
        while (table := self._described(name)) is not None and table["TableStatus"] == "DELETING":
            if self.clock() >= until:
                raise CloudError(f"{name} is still being deleted after an hour. Run the same command again later.")
            self.sleep(LOOK_PAUSE)
        return table is None

    def _ready(self, name: str) -> None:
        began = self.clock()
        while self.clock() < began + PATIENCE:
            table = self._described(name) or {"TableStatus": "gone"}
            if table["TableStatus"] == "ACTIVE":
                tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
                self._client.tag_resource(ResourceArn=table["TableArn"], Tags=tags)
                return
            if table["TableStatus"] not in COMING and self.clock() >= began + APPEARS:
                raise CloudError(
                    f"{name} is {table['TableStatus']}: the restore failed, or the table is being deleted. "
                    "Run the same command again."
                )
            self.sleep(LOOK_PAUSE)
        raise CloudError(f"{name} is still being restored after a day. Run the same command again to continue.")

    def _described(self, name: str) -> dict[str, Any] | None:
        try:
            table: dict[str, Any] = self._client.describe_table(TableName=name)["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return None
        return table

    @property
    def _client(self) -> Any:
        return self.account.client("dynamodb")


def backups(account: Account, stack: str, short: str) -> dict[str, str]:
    """Return the ARNs of a table's backups by name, oldest first."""
    client, start = account.client("dynamodb"), None
    found: list[dict[str, Any]] = []
    while True:
        more: dict[str, str] = {"ExclusiveStartBackupArn": start} if start else {}
        answer = client.list_backups(TableName=f"{stack}-{short}", BackupType="USER", **more)
        found += answer["BackupSummaries"]
        start = answer.get("LastEvaluatedBackupArn")
        if start is None:
            found.sort(key=lambda backup: backup["BackupCreationDateTime"])
            return {backup["BackupName"]: backup["BackupArn"] for backup in found}
