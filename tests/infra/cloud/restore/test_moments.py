"""The moment that a restore asks for: read, within reach, and the same for both tables."""

import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from infra.cloud.account import Account
from infra.cloud.commands.restore import moment
from infra.cloud.errors import CloudError
from infra.cloud.stack.cloudformation import Stack
from tests.infra.cloud.restore.losing import STACK, Time, made, restoration, tables, window
from tests.support import T0


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
    """The same account, with one client of DynamoDB that a test can listen to."""

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
        ("2027-01-02T03:04:05Z", "x", "one of them"),
        ("yesterday", "", "no moment with a time zone"),
        ("2027-01-02T03:04:05", "", "no moment with a time zone"),
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
    with pytest.raises(CloudError, match="before-the-move is none of `make backup`"):
        moment(account, STACK, "", "before-the-move")


def test_moments_are_read(account: Account, stack: Stack) -> None:
    assert moment(account, STACK, "2027-01-15T08:00:00Z", "") == T0
    assert moment(account, STACK, "2027-01-15T09:00:00+01:00", "") == T0
    assert moment(account, STACK, "", made(account, stack)) == T0
