"""Lose the jobs of a stage and restore them: shared by the tests of backups and of restores."""

import io
from collections.abc import Sequence
from typing import Any

from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.step import Step
from infra.cloud.account import Account
from infra.cloud.commands import backup
from infra.cloud.commands.deploy import tags_of
from infra.cloud.commands.restore import Restoration
from infra.cloud.stack.cloudformation import Stack
from tests.infra.cloud.support import terminal_of
from tests.support import T0, a_job

STACK = "jobflow-lost"


class Time:
    """A clock that `sleep` advances."""

    def __init__(self) -> None:
        self.now = T0
        self.slept = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


def window(account: Account) -> tuple[float, float]:
    """Enable what moto's CloudFormation omits from the template; return the moments that can be restored."""
    client = account.client("dynamodb")
    on = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName=f"{STACK}-jobs", PointInTimeRecoverySpecification=on)
    told = client.describe_continuous_backups(TableName=f"{STACK}-jobs")["ContinuousBackupsDescription"]
    recovery = told["PointInTimeRecoveryDescription"]
    first, last = (recovery[f"{which}RestorableDateTime"].timestamp() for which in ("Earliest", "Latest"))
    return first, last


def restoration(account: Account, stack: Stack, time: Time, said: io.StringIO, **more: Any) -> Restoration:
    given = {"at": T0, "clock": time, "sleep": time.sleep, "tags": tags_of(stack.name), **more}
    return Restoration(account, stack, terminal_of(said), **given)


def made(account: Account, stack: Stack) -> str:
    return backup.backup(account, stack, print, now=T0, sleep=lambda _: None)[0]


def lose(account: Account, jobs: Sequence[Job]) -> None:
    """Delete rows, as an accident would."""
    client = account.client("dynamodb")
    for job in jobs:
        rows = client.query(
            TableName=f"{STACK}-jobs", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": job.id}}
        )
        for row in rows["Items"]:
            client.delete_item(TableName=f"{STACK}-jobs", Key={"pk": row["pk"], "sk": row["sk"]})


def filled(store: DynamoJobStore, at: float = T0, finished: int = 6) -> list[Job]:
    """Store finished and 4 unfinished jobs of that time, in seconds since the epoch.

    The last unfinished job waits for an event that has come.
    """
    ended = {"status": Status.COMPLETED, "finished_at": at, "expires_at": at + 30 * DAY, "attempts": 1, "claims": 1}
    jobs = [a_job(**ended, created_at=at + number, result=number) for number in range(finished)]
    jobs += [a_job(created_at=at + 100 + number, sent=True) for number in range(3)]
    waits = {"status": Status.SUSPENDED, "waits": "event:approved", "next_attempt_at": at + DAY, "claims": 1}
    jobs.append(a_job(created_at=at + 200, kept=1, **waits))
    for job in jobs:
        store.add(job)
    for step in (Step("step:charge", at + 201, "paid"), Step("event:approved", at + 202, {"ok": True}, by="ada")):
        store.keep_step(jobs[-1], step)
    return jobs


def tables(account: Account) -> list[str]:
    return sorted(account.client("dynamodb").list_tables()["TableNames"])
