"""Test backups and the moment of a restore: the newest backups are kept, and both tables are from one moment."""

import io
import re
import time as clock
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Status
from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands import access, backup, restore
from infra.cloud.commands.restore import moment
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack
from tests.infra.cloud.restore.losing import STACK, Time, lose, made, restoration, tables, window
from tests.support import T0, a_job


def test_the_newest_backups_are_kept(account: Account, stack: Stack) -> None:
    for day in range(4):
        name, deleted = backup.backup(account, stack, print, keep=2, now=T0 + day * DAY, sleep=lambda _: None)
        assert name == f"{STACK}-202701{15 + day}T080000Z"
        assert deleted == ([f"{STACK}-202701{13 + day}T080000Z"] if day >= 2 else [])
    assert backup.names(account, STACK) == [f"{STACK}-20270117T080000Z", f"{STACK}-20270118T080000Z"]


def half(account: Account, short: str, name: str) -> None:
    """Make the remains of a run that was stopped between its two requests, or while it deleted."""
    account.client("dynamodb").create_backup(TableName=f"{STACK}-{short}", BackupName=name)


def there(account: Account) -> set[tuple[str, str]]:
    """Return the table and the moment of each existing backup."""
    found = account.client("dynamodb").list_backups()["BackupSummaries"]
    return {(one["TableName"].rpartition("-")[2], one["BackupName"].rpartition("-")[2]) for one in found}


@pytest.mark.parametrize("short", ["jobs", "control"])
def test_half_a_backup_is_deleted_when_it_is_older_than_those_that_are_kept(
    account: Account, stack: Stack, short: str
) -> None:
    half(account, short, f"{STACK}-20270114T080000Z")
    _, deleted = backup.backup(account, stack, print, keep=2, now=T0, sleep=lambda _: None)
    assert deleted == [f"{STACK}-20270114T080000Z"]
    half(account, short, f"{STACK}-20270115T090000Z")
    _, deleted = backup.backup(account, stack, print, keep=2, now=T0 + DAY, sleep=lambda _: None)
    assert deleted == []
    assert there(account) == {
        ("jobs", "20270115T080000Z"), ("control", "20270115T080000Z"), (short, "20270115T090000Z"),
        ("jobs", "20270116T080000Z"), ("control", "20270116T080000Z"),
    }  # fmt: skip
    _, deleted = backup.backup(account, stack, print, keep=1, now=T0 + 2 * DAY, sleep=lambda _: None)
    assert len(deleted) == 3
    assert there(account) == {("jobs", "20270117T080000Z"), ("control", "20270117T080000Z")}


def test_backups_of_other_names_stay_and_are_not_among_the_newest(account: Account, stack: Stack) -> None:
    for short in ("jobs", "control"):
        half(account, short, "before-the-move")
    backup.backup(account, stack, print, keep=1, now=T0, sleep=lambda _: None)
    for short in ("jobs", "control"):
        half(account, short, f"{STACK}-by-hand")
    _, deleted = backup.backup(account, stack, print, keep=2, now=T0 + DAY, sleep=lambda _: None)
    assert deleted == []
    _, deleted = backup.backup(account, stack, print, keep=1, now=T0 + 2 * DAY, sleep=lambda _: None)
    assert deleted == [f"{STACK}-20270115T080000Z", f"{STACK}-20270116T080000Z"]
    assert backup.names(account, STACK) == ["before-the-move", f"{STACK}-by-hand", f"{STACK}-20270117T080000Z"]


def test_the_commands(account: Account, stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backup", "--stage", "lost"]) == 0
    assert main(["backup", "--stage", "lost", "--list"]) == 0
    told = capsys.readouterr()
    assert re.fullmatch(rf"{STACK}-20\d{{6}}T\d{{6}}Z\n", told.out)
    assert "Files in S3 are in no backup" in told.err
    assert main(["restore", "--stage", "lost", "--at", "yesterday"]) == 1
    assert "time with a time zone" in capsys.readouterr().err
    assert main(["restore", "--stage", "lost", "--from", f"{STACK}-20270101T000000Z"]) == 1
    assert "no backup" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "status"), [([], Status.FAILED), (["--run"], Status.QUEUED)])
def test_what_was_unfinished_runs_only_when_that_is_typed(
    account: Account, stack: Stack, typed: list[str], status: Status, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DynamoJobStore(access.settings(account, stack), clock.time)
    store.add(job := a_job(sent=True))
    name, _ = backup.backup(account, stack, print, now=T0, sleep=lambda _: None)
    lose(account, [job])
    monkeypatch.setattr(restore, "LONGEST_LEASE", 0.0)
    # the emulator has no function for the recount: the command ends with this error, after the copying
    assert main(["restore", "--stage", "lost", "--from", name, *typed]) == 1
    assert store.get(job.id).status == status


def test_a_moment_is_asked_of_both_tables(
    account: Account, stack: Stack, store: DynamoJobStore, time: Time, said: io.StringIO
) -> None:
    asked: list[dict[str, Any]] = []
    real = account.client("dynamodb")
    real.meta.events.register(
        "before-parameter-build.dynamodb.RestoreTableToPointInTime", lambda params, **_: asked.append(dict(params))
    )
    at, _ = window(account)
    restoration(_Fixed(account, real), stack, time, said, at=at).go()
    assert [request["SourceTableName"] for request in asked] == [f"{STACK}-jobs", f"{STACK}-control"]
    assert {request["RestoreDateTime"] for request in asked} == {datetime.fromtimestamp(at, UTC)}


class _Fixed(Account):
    """The same account, with one client of DynamoDB whose requests a test can record."""

    def __init__(self, account: Account, client: Any) -> None:
        super().__init__(account.session, account.id, account.region)
        object.__setattr__(self, "_dynamodb", client)

    def client(self, service: str, **options: Any) -> Any:
        """See Account."""
        return self.__dict__["_dynamodb"] if service == "dynamodb" else super().client(service, **options)


def test_a_moment_out_of_reach_is_refused_before_anything_is_made(
    account: Account, stack: Stack, time: Time, said: io.StringIO
) -> None:
    first, last = window(account)
    for at in (first - 1, last + 1):
        with pytest.raises(CloudError, match=r"any second from 20\d\d-"):
            restoration(account, stack, time, said, at=at).go()
    account.client("dynamodb").update_continuous_backups(
        TableName=f"{STACK}-jobs", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    with pytest.raises(CloudError, match="no point-in-time recovery"):
        restoration(account, stack, time, said).go()
    assert tables(account) == [f"{STACK}-control", f"{STACK}-jobs"]


@pytest.mark.parametrize(
    ("at", "name", "sentence"),
    [
        ("", "", "AT=2027"),
        ("2027-01-02T03:04:05Z", "x", "FROM="),
        ("yesterday", "", "time with a time zone"),
        ("2027-01-02T03:04:05", "", "time with a time zone"),
        ("", "jobflow-lost-20270101T000000Z", "no backup"),
    ],
)
def test_a_moment_that_cannot_be_read_is_refused(
    account: Account, stack: Stack, at: str, name: str, sentence: str
) -> None:
    with pytest.raises(CloudError, match=re.escape(sentence)):
        moment(account, STACK, at, name)


def test_a_backup_whose_name_says_no_moment_is_refused(account: Account, stack: Stack) -> None:
    for short in ("jobs", "control"):
        account.client("dynamodb").create_backup(TableName=f"{STACK}-{short}", BackupName="before-the-move")
    with pytest.raises(CloudError, match="before-the-move was not made by `make backup`"):
        moment(account, STACK, "", "before-the-move")


def test_moments_are_read(account: Account, stack: Stack) -> None:
    assert moment(account, STACK, "2027-01-15T08:00:00Z", "") == T0
    assert moment(account, STACK, "2027-01-15T09:00:00+01:00", "") == T0
    assert moment(account, STACK, "", made(account, stack)) == T0
