"""Backups on demand: the newest are kept; the commands; and that a deployer may do it."""

import re
import time as clock

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs.job import Status
from chalicelib.jobs.limits import DAY
from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands import access, backup, restore
from infra.cloud.stack.cloudformation import Stack
from tests.infra.cloud.restore.losing import STACK, lose
from tests.support import T0, a_job


def test_the_newest_backups_are_kept(account: Account, stack: Stack) -> None:
    for day in range(4):
        name, deleted = backup.backup(account, stack, keep=2, now=T0 + day * DAY, sleep=lambda _: None)
        assert name == f"{STACK}-202701{15 + day}T080000Z"
        assert deleted == ([f"{STACK}-202701{13 + day}T080000Z"] if day >= 2 else [])
    assert backup.names(account, STACK) == [f"{STACK}-20270117T080000Z", f"{STACK}-20270118T080000Z"]


def half(account: Account, short: str, name: str) -> None:
    """What a run leaves that is stopped between its two requests, or in the middle of deleting."""
    account.client("dynamodb").create_backup(TableName=f"{STACK}-{short}", BackupName=name)


def there(account: Account) -> set[tuple[str, str]]:
    """The table and the moment of each backup that there is."""
    found = account.client("dynamodb").list_backups()["BackupSummaries"]
    return {(one["TableName"].rpartition("-")[2], one["BackupName"].rpartition("-")[2]) for one in found}


@pytest.mark.parametrize("short", ["jobs", "control"])
def test_half_a_backup_is_deleted_when_it_is_older_than_those_that_are_kept(
    account: Account, stack: Stack, short: str
) -> None:
    half(account, short, f"{STACK}-20270114T080000Z")
    _, deleted = backup.backup(account, stack, keep=2, now=T0, sleep=lambda _: None)
    assert deleted == [f"{STACK}-20270114T080000Z"]
    half(account, short, f"{STACK}-20270115T090000Z")
    _, deleted = backup.backup(account, stack, keep=2, now=T0 + DAY, sleep=lambda _: None)
    assert deleted == []
    assert there(account) == {
        ("jobs", "20270115T080000Z"), ("control", "20270115T080000Z"), (short, "20270115T090000Z"),
        ("jobs", "20270116T080000Z"), ("control", "20270116T080000Z"),
    }  # fmt: skip
    _, deleted = backup.backup(account, stack, keep=1, now=T0 + 2 * DAY, sleep=lambda _: None)
    assert len(deleted) == 3
    assert there(account) == {("jobs", "20270117T080000Z"), ("control", "20270117T080000Z")}


def test_backups_of_other_names_stay_and_are_not_among_the_newest(account: Account, stack: Stack) -> None:
    for short in ("jobs", "control"):
        half(account, short, "before-the-move")
    backup.backup(account, stack, keep=1, now=T0, sleep=lambda _: None)
    for short in ("jobs", "control"):
        half(account, short, f"{STACK}-by-hand")
    _, deleted = backup.backup(account, stack, keep=2, now=T0 + DAY, sleep=lambda _: None)
    assert deleted == []
    _, deleted = backup.backup(account, stack, keep=1, now=T0 + 2 * DAY, sleep=lambda _: None)
    assert deleted == [f"{STACK}-20270115T080000Z", f"{STACK}-20270116T080000Z"]
    assert backup.names(account, STACK) == ["before-the-move", f"{STACK}-by-hand", f"{STACK}-20270117T080000Z"]


def test_the_commands(account: Account, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "--stage", "lost"]) == 0
    assert main(["backup", "--stage", "lost", "--list"]) == 0
    told = capsys.readouterr()
    assert re.fullmatch(rf"{STACK}-20\d{{6}}T\d{{6}}Z\n", told.out)
    assert "Files in S3 are in no backup" in told.err
    assert main(["restore", "--stage", "lost", "--at", "yesterday"]) == 1
    assert "no moment with a time zone" in capsys.readouterr().err
    assert main(["restore", "--stage", "lost", "--from", f"{STACK}-20270101T000000Z"]) == 1
    assert "no backup" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "status"), [([], Status.FAILED), (["--run"], Status.QUEUED)])
def test_what_was_unfinished_runs_only_when_that_is_typed(
    account: Account, stack: Stack, typed: list[str], status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DynamoJobStore(access.settings(account, stack), clock.time)
    store.add(job := a_job(sent=True))
    name, _ = backup.backup(account, stack, now=T0, sleep=lambda _: None)
    lose(account, [job])
    monkeypatch.setattr(restore, "LONGEST_LEASE", 0.0)
    # the emulator has no function that recounts: the command ends with that, after the copying
    assert main(["restore", "--stage", "lost", "--from", name, *typed]) == 1
    assert store.get(job.id).status == status
