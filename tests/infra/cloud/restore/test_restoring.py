"""Back up and restore a stage on the emulator: deleted jobs return, the counters are correct, nothing is left.

moto restores backups correctly. For a moment, it only copies the present table: these tests therefore check that the
moment is requested, and not the restored content.
"""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models import dynamodb_backends

from chalicelib.adapters.dynamo.counting import changes
from chalicelib.adapters.dynamo.counting.canaries import DynamoCanaries
from chalicelib.adapters.dynamo.counting.census import DynamoCensus
from chalicelib.adapters.dynamo.counting.counters import DynamoCounters
from chalicelib.adapters.dynamo.jobs.store import DynamoJobStore
from chalicelib.adapters.memory.queue import MemoryJobQueue
from chalicelib.counters.recounting.recount import Recount
from chalicelib.counters.stream import StreamCounter
from chalicelib.job_types import jobtype
from chalicelib.jobs.job import Attempt, Status
from chalicelib.keys.rule import Debounce, Outcome
from chalicelib.producing.service import JobService
from chalicelib.producing.submission import Submission
from chalicelib.settings import Settings
from infra.cloud.account import Account
from infra.cloud.commands.destroy import Destruction
from infra.cloud.commands.restore import LONGEST_LEASE
from infra.cloud.errors import CloudError
from infra.cloud.restore import actions
from infra.cloud.restore.copying import Copying
from infra.cloud.restore.tables import PATIENCE, Tables
from infra.cloud.stack.cloudformation import Stack
from tests.chalicelib.api.support import only_types
from tests.infra.cloud.restore.losing import STACK, Time, filled, lose, made, restoration, tables
from tests.infra.cloud.restore.support import every
from tests.infra.cloud.restore.test_rules import PLAIN, UNIQUE
from tests.infra.cloud.support import terminal_of
from tests.support import T0, a_job, requests_to

ONE = Submission("test.unique", {"to": ["ada"]}, delay_seconds=7200)
SHARD = "shardId-00000001800000000000-lost"


def drain(settings: Settings, time: Time, read: list[int]) -> None:
    """Let the counters read the rest of the stream."""
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
    lose(account, jobs[:5] + jobs[7:])
    drain(settings, time, read)
    assert DynamoCounters(settings).standing().totals["email.send", Status.COMPLETED] == 1

    done = restoration(account, stack, time, said, backup=name).go()

    assert done == Counter({"completed": 5, "there": 2, "unfinished, now failed": 3})
    assert {job.id for job in every(store)} == {job.id for job in jobs}
    assert [step.key for step in store.kept_steps(jobs[-1])] == ["step:charge", "event:approved"]
    time.now += 600
    rows = DynamoCounters(settings)

    def wait(seconds: float) -> None:
        time.sleep(seconds)
        drain(settings, time, read)

    recount = Recount(DynamoCensus(settings), DynamoCanaries(settings), rows, rows, time, sleep=wait)
    report = recount.step(lambda: 600.0, start=True)
    assert (report.judged, report.jobs, report.wrong) == (True, 10, {})
    totals = rows.standing().totals
    assert {status: totals["email.send", status] for status in (Status.COMPLETED, Status.QUEUED, Status.FAILED)} == {
        Status.COMPLETED: 6, Status.QUEUED: 1, Status.FAILED: 3,
    }  # fmt: skip


def test_a_restore_needs_no_other_action_than_its_list_names(
    account: Account,
    stack: Stack,
    settings: Settings,
    store: DynamoJobStore,
    time: Time,
    said: io.StringIO,
) -> None:
    """A missing one would end a restore at its first row that needs it, in an emergency."""
    jobs = filled(store)
    parent = replace(jobs[0], id=a_job().id, result="x" * 400_000, payload={"to": "x" * 400_000})
    store.add(parent)
    store.record(parent.id, Attempt(1, 1, "failed", T0, T0, "E", "m", claim=1))
    store.keep_payload(parent.id, 1, {"to": "x"})
    child = replace(jobs[0], id=a_job().id, parent=parent.id, idempotency_key="k", created_at=parent.created_at + 5)
    store.add(child)
    with only_types(UNIQUE):
        JobService(store, MemoryJobQueue(time), clock=time).submit(ONE)
    name, table = made(account, stack), {"TableName": settings.jobs_table}
    client = account.client("dynamodb")
    row = client.get_item(**table, Key={"pk": {"S": child.id}, "sk": {"S": "META"}})["Item"]
    _empty(account)
    client.put_item(**table, Item=row)  # it is still there, and is in no list any more
    with (
        requests_to("dynamodb") as rows,
        requests_to("s3") as objects,
        requests_to("dynamodb", account.session) as tables,
    ):
        restoration(account, stack, time, said, backup=name).go()
    assert len(every(store)) == len(jobs) + 3
    assert {"BatchWriteItem", "RestoreTableFromBackup"} <= {*rows, *tables} <= actions.DYNAMODB
    assert {"PutObject"} <= {*objects} <= actions.S3


def test_requests_for_a_restored_key_get_its_job_while_other_jobs_are_still_copied(
    account: Account,
    stack: Stack,
    store: DynamoJobStore,
    time: Time,
    said: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The stage answers requests during a restore: no request may make a second job for the whole time of the copy."""
    jobs, service = filled(store), JobService(store, MemoryJobQueue(time), clock=time)
    quiet = Submission("test.plain", {"to": ["bob"]}, debounce=Debounce("doc", 7200), principal="p")
    copy_all = Copying.jobs
    meanwhile: list[tuple[str, Outcome]] = []

    def jobs_and_requests(copying: Copying) -> Counter[str]:
        for asked in (ONE, quiet):
            found = service.submit(asked)
            meanwhile.append((found.job.id, found.outcome))
        assert len(every(store)) == 2, "the others are not back yet"
        return copy_all(copying)

    with only_types(PLAIN, UNIQUE):
        first = [service.submit(asked).job.id for asked in (ONE, quiet)]
        name = made(account, stack)
        _empty(account)
        monkeypatch.setattr(Copying, "jobs", jobs_and_requests)
        done = restoration(account, stack, time, said, backup=name, run=True).go()
    assert meanwhile == [(first[0], Outcome.EXISTING), (first[1], Outcome.REPLACED)]
    assert (done.total(), len(every(store))) == (len(jobs) + 2, len(jobs) + 2)
    assert done["there"] == 0, "a job that came back for its key is counted as restored"


def _empty(account: Account) -> None:
    client = account.client("dynamodb")
    for row in client.scan(TableName=f"{STACK}-jobs")["Items"]:
        client.delete_item(TableName=f"{STACK}-jobs", Key={"pk": row["pk"], "sk": row["sk"]})


def test_restored_tables_go_and_what_is_kept_is_told_by_destroy(
    account: Account, stack: Stack, store: DynamoJobStore, time: Time, said: io.StringIO
) -> None:
    filled(store)
    name = made(account, stack)
    restoration(account, stack, time, said, backup=name).go()
    assert tables(account) == [f"{STACK}-control", f"{STACK}-jobs"]
    restoration(account, stack, time, said, backup=name, keep=True).go()
    assert f"{STACK}-jobs-at-20270115T080000Z" in tables(account)
    left = Destruction(account, stack, terminal_of(said), confirmed=STACK).run()
    assert {arn.rpartition("/")[2] for arn in left} == {
        f"{STACK}-jobs-at-20270115T080000Z", f"{STACK}-control-at-20270115T080000Z",
    }  # fmt: skip


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
    assert restoration(account, stack, time, said, backup=name, run=True).go().total() == 10
    assert tables(account) == [f"{STACK}-control", f"{STACK}-jobs"]


def _denied(*_: Any) -> None:
    raise PermissionError


DELETING, ACTIVE = ("DELETING", 90.0), ("ACTIVE", PATIENCE)
LATE, MAKING = ("", 5.0), ("CREATING", 1_200.0)
Lives = Sequence[tuple[str, float]]
"""The states of a table in order, each with the number of seconds it lasts; a table without a name does not exist."""


class Dynamo:
    """Tables in the states `before`, and after the request to restore them in the states `after`."""

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
    """An account that contains only such a DynamoDB."""

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
