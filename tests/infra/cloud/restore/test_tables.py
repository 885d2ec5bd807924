"""The restored tables of a run that ended: those that are being deleted are made anew, and nobody waits in vain."""

from collections.abc import Callable, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.cloud.account import Account
from infra.cloud.errors import CloudError
from infra.cloud.restore.tables import PATIENCE, Tables
from tests.infra.cloud.restore.losing import STACK, Time
from tests.support import T0

DELETING, ACTIVE = ("DELETING", 90.0), ("ACTIVE", PATIENCE)
LATE, MAKING = ("", 5.0), ("CREATING", 1_200.0)
Lives = Sequence[tuple[str, float]]
"""The states of a table, one after the other, each with how many seconds it lasts; without a name it is not there."""


class Dynamo:
    """Tables that are there as `before` says, and after the request to restore them as `after` says."""

    def __init__(self, time: Callable[[], float], before: Lives, after: Lives) -> None:
        self.time = time
        self.after = after
        self.begun: dict[str, tuple[float, Lives]] = {}
        self.before = (time(), before)
        self.started: list[str] = []
        self.tagged = 0

    def describe_table(self, **asked: str) -> dict[str, Any]:
        state = self.state(asked["TableName"])
        if not state:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "DescribeTable")
        return {"Table": {"TableStatus": state, "TableArn": asked["TableName"]}}

    def state(self, name: str) -> str:
        since, lives = self.begun.get(name, self.before)
        for state, seconds in lives:
            since += seconds
            if self.time() < since:
                return state
        return ""

    def restore_table_to_point_in_time(self, **asked: Any) -> None:
        name = asked["TargetTableName"]
        assert not self.state(name)
        self.started.append(name)
        self.begun[name] = (self.time(), self.after)

    def tag_resource(self, **_: Any) -> None:
        self.tagged += 1


class Only(Account):
    """An account in which there is nothing but such a DynamoDB."""

    def __init__(self, dynamo: Dynamo) -> None:
        super().__init__(boto3.Session(region_name="us-east-1"), "123456789012", "us-east-1")
        object.__setattr__(self, "_dynamo", dynamo)

    def client(self, service: str, **_: Any) -> Any:
        """See Account."""
        assert service == "dynamodb"
        return self.__dict__["_dynamo"]


def restored(dynamo: Dynamo, time: Time) -> list[str]:
    return Tables(Only(dynamo), STACK, {"a": "b"}, time, time.sleep).restore(T0)


BOTH = [f"{STACK}-{short}-at-20270115T080000Z" for short in ("jobs", "control")]


@pytest.mark.parametrize("before", [[], [DELETING]], ids=["not there", "being deleted"])
@pytest.mark.parametrize("late", [[], [LATE]], ids=["told of at once", "told of late"])
def test_tables_are_made_when_they_are_not_there_or_no_more(before: Lives, late: Lives, time: Time) -> None:
    dynamo = Dynamo(time, before, [*late, MAKING, ACTIVE])
    assert restored(dynamo, time) == BOTH
    assert (dynamo.started, dynamo.tagged) == (BOTH, 2)
    assert time.slept < 1_400


def test_tables_that_are_there_are_used(time: Time) -> None:
    dynamo = Dynamo(time, [MAKING, ACTIVE], [])
    assert restored(dynamo, time) == BOTH
    assert (dynamo.started, dynamo.tagged) == ([], 2)


@pytest.mark.parametrize(
    ("after", "told"),
    [([MAKING], "is gone"), ([], "is gone"), ([MAKING, ("DELETING", PATIENCE)], "is DELETING"),
     ([MAKING, ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", PATIENCE)], "is INACCESSIBLE")],
    ids=["vanished", "never came", "deleted by somebody", "its key is gone"],
)  # fmt: skip
def test_a_table_that_never_will_be_ready_is_told_at_once(after: Lives, told: str, time: Time) -> None:
    with pytest.raises(CloudError, match=f"{BOTH[0]} {told}.*Run the same command again"):
        restored(Dynamo(time, [], after), time)
    assert time.slept < 1_300


def test_a_table_that_is_never_gone_is_told_after_an_hour(time: Time) -> None:
    with pytest.raises(CloudError, match="still being deleted after an hour"):
        restored(Dynamo(time, [("DELETING", PATIENCE)], []), time)
    assert time.slept < 2 * 3600
