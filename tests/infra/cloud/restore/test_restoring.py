"""Backup and restore of a stage on the emulator: what was deleted comes back, the counters agree, nothing is left.

moto restores backups as they were; to a moment it only copies the table as it is now. So that a moment is asked for is
read off the request, and what came back from it is not judged.
"""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends
from rich.console import Console

from chalicelib.adapters.dynamo.counting import changes
from chalicelib.adapters.dynamo.counting.canaries import DynamoCanaries
from chalicelib.adapters.dynamo.counting.census import DynamoCensus
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.counters.recounting.recount import Recount
from chalicelib.counters.stream import StreamCounter
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.limits import DAY
from chalicelib.jobs.types import jobtype
from chalicelib.settings import Settings
from infra.cloud.__main__ import main
from infra.cloud.account import Account
from infra.cloud.commands import access, backup
from infra.cloud.commands.deploy import tags_of
from infra.cloud.commands.destroy import Destruction
from infra.cloud.commands.restore import LONGEST_LEASE, Restoration, moment
from infra.cloud.errors import CloudError
from infra.cloud.package.build import ROOT
from infra.cloud.stack.cloudformation import Stack
from infra.cloud.terminal import Terminal
from infra.definition import stateful
from infra.definition.parameters import outputs
from infra.local.emulator.inprocess import emulated
from tests.infra.cloud.restore.support import every
from tests.support import T0, a_job

STACK = "jobflow-lost"
SHARD = "shardId-00000001800000000000-lost"


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = T0
        self.slept = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with emulated():
        yield Account(boto3.Session(region_name="us-east-1"), "123456789012", "us-east-1")


@pytest.fixture
def stack(account: Account) -> Stack:
    told = {name: outputs()[name] for name in ("ControlTableName", "JobsTableName", "FilesBucketName")}
    template = json.dumps({"Resources": stateful(jobtype.load(), STACK), "Outputs": told})
    account.cloudformation.create_stack(StackName=STACK, TemplateBody=template)
    return Stack(account, STACK)


def window(account: Account) -> tuple[float, float]:
    """Switch on what moto's CloudFormation leaves out of the template; returns the moments that can be restored."""
    client = account.client("dynamodb")
    on = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName=f"{STACK}-jobs", PointInTimeRecoverySpecification=on)
    told = client.describe_continuous_backups(TableName=f"{STACK}-jobs")["ContinuousBackupsDescription"]
    recovery = told["PointInTimeRecoveryDescription"]
    first, last = (recovery[f"{which}RestorableDateTime"].timestamp() for which in ("Earliest", "Latest"))
    return first, last


@pytest.fixture
def settings(account: Account, stack: Stack) -> Settings:
    found = access.settings(account, stack)
    return replace(found, files_bucket=stack.outputs()["FilesBucketName"])


@pytest.fixture
def store(settings: Settings, time: Time) -> DynamoJobStore:
    return DynamoJobStore(settings, time)


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


def restoration(account: Account, stack: Stack, time: Time, said: io.StringIO, **more: Any) -> Restoration:
    terminal = Terminal(Console(file=said, width=200), Console(file=said, width=200))
    given = {"at": T0, "clock": time, "sleep": time.sleep, "tags": tags_of(stack.name), **more}
    return Restoration(account, stack, terminal, **given)


def made(account: Account, stack: Stack) -> str:
    return backup.backup(account, stack, now=T0, sleep=lambda _: None)[0]


def lose(account: Account, jobs: Sequence[Job]) -> None:
    """What an accident does: rows are gone, by whatever hand."""
    client = account.client("dynamodb")
    for job in jobs:
        rows = client.query(
            TableName=f"{STACK}-jobs", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": job.id}}
        )
        for row in rows["Items"]:
            client.delete_item(TableName=f"{STACK}-jobs", Key={"pk": row["pk"], "sk": row["sk"]})


def filled(store: DynamoJobStore) -> list[Job]:
    finished = {"status": Status.COMPLETED, "finished_at": T0, "expires_at": T0 + 30 * DAY, "attempts": 1, "claims": 1}
    jobs = [a_job(**finished, created_at=T0 + number, result=number) for number in range(30)]
    jobs += [a_job(created_at=T0 + 100 + number, sent=True) for number in range(10)]
    for job in jobs:
        store.add(job)
    return jobs


def drain(settings: Settings, time: Time, read: list[int]) -> None:
    """Let the counters read the stream on."""
    records = dynamodb_backends["123456789012"]["us-east-1"].tables[settings.jobs_table].stream_shard.items
    new = [item.to_json() for item in records[read[0] :]]
    read[0] = len(records)
    for record in new:
        record["dynamodb"]["ApproximateCreationDateTime"] = time()
    counted = StreamCounter(DynamoCounters(settings), time).count(changes.read(new), SHARD)
    assert counted.skipped == []


def test_lost_jobs_come_back_and_the_counters_agree(
    account: Account, stack: Stack, settings: Settings, store: DynamoJobStore, time: Time, said: io.StringIO
) -> None:
    jobs, read = filled(store), [0]
    name = made(account, stack)
    drain(settings, time, read)
    lose(account, jobs[:25] + jobs[30:36])
    drain(settings, time, read)
    assert DynamoCounters(settings).standing().totals["email.send", Status.COMPLETED] == 5

    done = restoration(account, stack, time, said, backup=name).go()

    assert done == Counter({"completed": 25, "there": 9, "unfinished, now failed": 6})
    assert {job.id for job in every(store)} == {job.id for job in jobs}
    time.now += 600
    rows = DynamoCounters(settings)

    def wait(seconds: float) -> None:
        time.sleep(seconds)
        drain(settings, time, read)

    recount = Recount(DynamoCensus(settings), DynamoCanaries(settings), rows, rows, time, sleep=wait)
    report = recount.step(lambda: 600.0, start=True)
    assert (report.judged, report.jobs, report.wrong) == (True, 40, {})
    totals = rows.standing().totals
    assert {status: totals["email.send", status] for status in (Status.COMPLETED, Status.QUEUED, Status.FAILED)} == {
        Status.COMPLETED: 30, Status.QUEUED: 4, Status.FAILED: 6,
    }  # fmt: skip


def test_restored_tables_go_and_what_is_kept_is_told_by_destroy(
    account: Account, stack: Stack, store: DynamoJobStore, time: Time, said: io.StringIO
) -> None:
    filled(store)
    name = made(account, stack)
    restoration(account, stack, time, said, backup=name).go()
    assert tables(account) == [f"{STACK}-control", f"{STACK}-jobs"]
    restoration(account, stack, time, said, backup=name, keep=True).go()
    assert f"{STACK}-jobs-at-20270115T080000Z" in tables(account)
    left = Destruction(account, stack, Terminal(Console(file=said), Console(file=said)), confirmed=STACK).run()
    assert {arn.rpartition("/")[2] for arn in left} == {
        f"{STACK}-jobs-at-20270115T080000Z", f"{STACK}-control-at-20270115T080000Z",
    }  # fmt: skip


def tables(account: Account) -> list[str]:
    return sorted(account.client("dynamodb").list_tables()["TableNames"])


def test_no_job_is_copied_while_a_worker_from_before_may_hold_one(
    account: Account, stack: Stack, store: DynamoJobStore, time: Time, said: io.StringIO
) -> None:
    longest = max(kind.timeout for kind in jobtype.load())
    filled(store)
    restoration(account, stack, time, said, backup=made(account, stack)).go()
    assert time.slept >= LONGEST_LEASE > 900 + 5 >= longest + 5


def test_it_is_run_again_with_the_table_that_is_there(
    account: Account,
    stack: Stack,
    store: DynamoJobStore,
    time: Time,
    said: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = filled(store)
    name = made(account, stack)
    lose(account, jobs)
    with monkeypatch.context() as broken:
        broken.setattr(DynamoJobStore, "add", _denied)
        with pytest.raises(PermissionError):
            restoration(account, stack, time, said, backup=name).go()
    assert every(store) == []
    assert restoration(account, stack, time, said, backup=name, run=True).go().total() == 40
    assert tables(account) == [f"{STACK}-control", f"{STACK}-jobs"]


def _denied(*_: Any) -> None:
    raise PermissionError


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


def test_moments_are_read(account: Account, stack: Stack) -> None:
    assert moment(account, STACK, "2027-01-15T08:00:00Z", "") == T0
    assert moment(account, STACK, "2027-01-15T09:00:00+01:00", "") == T0
    assert moment(account, STACK, "", made(account, stack)) == T0


def test_the_newest_backups_are_kept(account: Account, stack: Stack) -> None:
    for day in range(4):
        name, deleted = backup.backup(account, stack, keep=2, now=T0 + day * DAY, sleep=lambda _: None)
        assert name == f"{STACK}-202701{15 + day}T080000Z"
        assert deleted == ([f"{STACK}-202701{13 + day}T080000Z"] if day >= 2 else [])
    assert backup.names(account, STACK) == [f"{STACK}-20270117T080000Z", f"{STACK}-20270118T080000Z"]


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


def test_a_deployer_may_do_it(
    account: Account, stack: Stack, store: DynamoJobStore, time: Time, said: io.StringIO
) -> None:
    """docs/restore.md names each action, and docs/deployer-policy.json allows it on what begins with jobflow-."""
    from infra.definition.iam.calls import recording
    from tests.e2e.cloud.support import Deployer

    jobs, deployer = filled(store), Deployer()
    jobs.append(a_job(payload={"a": "b" * 400_000}))
    store.add(jobs[-1])
    with recording(deployer):
        for day in range(2):
            name, _ = backup.backup(account, stack, keep=1, now=T0 + day, sleep=lambda _: None)
        lose(account, jobs)
        restoration(account, stack, time, said, backup=name).go()
        at, _ = window(account)
        restoration(account, stack, time, said, at=at).go()
    asked = deployer.asked - {"dynamodb:DeleteItem", "dynamodb:UpdateContinuousBackups"}
    page = (ROOT / "docs" / "restore.md").read_text()
    told = re.search(r"needs of DynamoDB (.+?), of S3 (.+?),", page, re.DOTALL)
    assert told is not None
    named = {f"{service}:{name}" for service, text in zip(("dynamodb", "s3"), told.groups(), strict=True)
             for name in re.findall(r"\b[A-Z]\w+", text)}  # fmt: skip
    assert {one for one in asked if one.partition(":")[0] in ("dynamodb", "s3")} == named
    policy = json.loads((ROOT / "docs" / "deployer-policy.json").read_text())
    patterns = [
        p for s in policy["Statement"] for p in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    ]
    assert [one for one in named if not any(fnmatchcase(one, pattern) for pattern in patterns)] == []
