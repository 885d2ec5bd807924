"""Test what an emulator keeps when it ends, also by SIGKILL, and how it handles a snapshot that it cannot use."""

import gzip
import os
import pickle
import signal
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from infra.local.emulator.processes.child import Emulator
from infra.local.emulator.repairs.dynamodb_streams import LARGEST_BATCH
from infra.local.emulator.snapshot import Snapshot
from infra.local.state.folder import forget
from tests.emulated import emulated
from tests.infra.local.emulator.support import client, make_queue, make_table, receive
from tests.infra.local.running import until

VERSION = "0.2.0"
KEY = {"pk": {"S": "job"}, "sk": {"S": "META"}}
ITEM = KEY | {
    "n": {"N": "1"},
    "body": {"B": b"\x00\xff"},
    "more": {"M": {"a": {"L": [{"NULL": True}, {"BOOL": False}]}}},
}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


def saved(folder: Path) -> tuple[str, dict[str, Any]]:
    """Return the version and the content of a snapshot."""
    with gzip.open(folder / "snapshot.gz") as file:
        return file.readline().decode(), pickle.load(file)  # noqa: S301 - what the test wrote


def spoil(folder: Path) -> None:
    """Put something into a snapshot that ends its reading half-way."""
    version, content = saved(folder)
    content["objects"] = ["no object"]
    (folder / "snapshot.gz").write_bytes(gzip.compress(version.encode() + pickle.dumps(content)))


class Run:
    """An emulator in this process, with the resources that each run creates."""

    def __init__(self, folder: Path) -> None:
        self.snapshot = Snapshot(folder)
        self.dynamodb: Any = boto3.client("dynamodb")
        self.sqs: Any = boto3.client("sqs")
        self.s3: Any = boto3.client("s3")
        make_table(self.dynamodb, "jobs")
        make_queue(self.sqs, "q", VisibilityTimeout="600")
        make_queue(self.sqs, "f.fifo", FifoQueue="true")
        self.s3.create_bucket(Bucket="files")

    def back(self, version: str = VERSION) -> list[str]:
        return self.snapshot.bring_back(version, {"jobs": "expires_at"})

    def url(self, queue: str) -> str:
        return str(self.sqs.get_queue_url(QueueName=queue)["QueueUrl"])

    def send(self, queue: str, body: str, **more: Any) -> str:
        return str(self.sqs.send_message(QueueUrl=self.url(queue), MessageBody=body, **more)["MessageId"])

    def messages(self, queue: str) -> list[dict[str, Any]]:
        return receive(self.sqs, self.url(queue))

    def items(self) -> list[Any]:
        return list(self.dynamodb.scan(TableName="jobs")["Items"])

    def put(self, item: Any, table: str = "jobs") -> None:
        self.dynamodb.put_item(TableName=table, Item=item)


@contextmanager
def run(folder: Path, *, fill: bool = True, clock: Callable[[], float] = time.time) -> Iterator[Run]:
    """Start one run, which is filled from the last run unless `fill` is false."""
    with emulated(clock), patch.dict(os.environ, CREDENTIALS):
        run = Run(folder)
        if fill:
            run.back()
        yield run
        if fill:
            run.snapshot.write(VERSION)


def test_items_messages_and_objects_are_there_after_a_restart(tmp_path: Path) -> None:
    attributes = {
        "text": {"DataType": "String", "StringValue": "t"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\xff"},
    }
    about = {"ContentType": "image/png", "Metadata": {"made": "test"}, "ContentDisposition": "attachment"}
    with run(tmp_path) as first:
        first.put(ITEM)
        first.send("q", "ü", MessageAttributes=attributes)
        first.s3.put_object(Bucket="files", Key="a/b c+ü&.png", Body=b"\x89PNG\n", **about)
        first.s3.put_object(Bucket="files", Key="empty", Body=b"")

    with run(tmp_path) as again:
        assert again.items() == [ITEM]
        again.dynamodb.update_item(
            TableName="jobs",
            Key=KEY,
            UpdateExpression="SET n = :n",
            ConditionExpression="body = :body",
            ExpressionAttributeValues={":n": {"N": "2"}, ":body": ITEM["body"]},
        )
        answer = again.sqs.receive_message(QueueUrl=again.url("q"), MessageAttributeNames=["All"])
        assert [(m["Body"], m["MessageAttributes"]) for m in answer["Messages"]] == [("ü", attributes)]
        found = again.s3.get_object(Bucket="files", Key="a/b c+ü&.png")
        assert found["Body"].read() == b"\x89PNG\n"
        assert {name: found[name] for name in about} == about
        assert again.s3.get_object(Bucket="files", Key="empty")["Body"].read() == b""


def test_a_message_in_flight_is_visible_again_with_its_count_and_a_delayed_one_still_waits(tmp_path: Path) -> None:
    now = time.time()
    with run(tmp_path, clock=lambda: now) as first:
        sent = first.send("q", "taken")
        first.send("q", "later", DelaySeconds=900)
        assert len(first.messages("q")) == 1

    with run(tmp_path, clock=lambda: now) as again:
        [message] = again.messages("q")
        assert (message["MessageId"], message["Attributes"]["ApproximateReceiveCount"]) == (sent, "2")
    with run(tmp_path, clock=lambda: now + 900) as later:
        assert [message["Body"] for message in later.messages("q")] == ["taken", "later"]


def test_messages_of_a_fifo_queue_come_in_order_and_one_after_the_other(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        for group, body in (("a", "1"), ("b", "2"), ("a", "3")):
            first.send("f.fifo", body, MessageGroupId=group, MessageDeduplicationId=body)
        [taken] = receive(first.sqs, first.url("f.fifo"), 1)
    with run(tmp_path) as again:
        assert taken["Body"] == "1"
        found = again.messages("f.fifo")
        assert sorted(message["Body"] for message in found) == ["1", "2", "3"]
        assert [m["Body"] for m in found if m["Attributes"]["MessageGroupId"] == "a"] == ["1", "3"]


def in_the_stream() -> Any:
    """Return the shard of the stream in the emulator."""
    return dynamodb_backends["123456789012"]["us-east-1"].get_table("jobs").stream_shard


def stream() -> list[tuple[int, str]]:
    """Return the records of the stream from its beginning: number and event."""
    streams: Any = boto3.client("dynamodbstreams")
    arn = streams.list_streams(TableName="jobs")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    asked = {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    read = streams.get_records(ShardIterator=streams.get_shard_iterator(**asked)["ShardIterator"])["Records"]
    return [(int(record["dynamodb"]["SequenceNumber"]), record["eventName"]) for record in read]


def test_the_stream_goes_on_and_items_that_come_back_are_no_changes(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.put(ITEM)
        first.put({**ITEM, "n": {"N": "2"}})
        before = stream()
    with run(tmp_path) as again:
        assert stream() == before
        again.dynamodb.delete_item(TableName="jobs", Key=KEY)
        later = stream()
    number = before[0][0]
    assert later == [(number, "INSERT"), (number + 1, "MODIFY"), (number + 2, "REMOVE")]


def test_of_a_long_stream_only_what_may_be_unfinished_is_kept(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.put(ITEM)
        [(number, _)] = stream()
        shard = in_the_stream()
        shard.items *= LARGEST_BATCH + 5
        shard.reached = number + LARGEST_BATCH + 4
    with run(tmp_path) as again:
        shard = in_the_stream()
        assert (shard.starting_sequence_number, len(shard.items)) == (number + 4, LARGEST_BATCH + 1)
        again.put({**ITEM, "n": {"N": "2"}})
        assert int(shard.items[-1].record["dynamodb"]["SequenceNumber"]) == number + LARGEST_BATCH + 5


def test_an_expired_item_does_not_come_back(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        for name, ends in (("old", time.time() - 1), ("new", time.time() + 3600)):
            first.put({"pk": {"S": name}, "sk": {"S": "META"}, "expires_at": {"N": str(int(ends))}})
    with run(tmp_path) as again:
        assert [item["pk"]["S"] for item in again.items()] == ["new"]


class Crafted:
    """An object whose pickle runs a command when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._marker),)


@pytest.mark.parametrize("where", ["snapshot", "version", "object"])
def test_a_snapshot_of_somebody_else_runs_no_code(tmp_path: Path, where: str) -> None:
    marker = tmp_path / "ran"
    with run(tmp_path) as first:
        first.put(ITEM)
        first.s3.put_object(Bucket="files", Key="k", Body=b"x")
    crafted = pickle.dumps(Crafted(marker))
    if where == "object":
        [path] = (tmp_path / "objects").iterdir()
        path.write_bytes(crafted)
    else:
        version, _ = saved(tmp_path)
        before = version.encode() if where == "snapshot" else b""
        (tmp_path / "snapshot.gz").write_bytes(gzip.compress(before + crafted))
    with run(tmp_path, fill=False) as again:
        said = again.back()
        assert again.items() == ([ITEM] if where == "object" else [])
    assert not marker.exists()
    assert list(tmp_path.glob("set-aside-*"))
    assert ("the object files/k" if where == "object" else "are not brought back") in said[-1]


def test_a_snapshot_of_an_earlier_version_is_set_aside_with_a_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "snapshot.json.gz").write_bytes(gzip.compress(b"{}"))
    with run(tmp_path, fill=False) as again:
        [said] = again.back()
        assert "an earlier version of JobFlow wrote the snapshot" in said
        assert again.back() == []
    [aside] = tmp_path.glob("set-aside-*")
    assert (aside / "snapshot.json.gz").exists()


def test_an_object_that_cannot_be_stored_is_named_and_everything_else_is_kept(tmp_path: Path) -> None:
    with run(tmp_path, fill=False) as first:
        first.back()
        first.put(ITEM)
        for name in ("odd", "even"):
            first.s3.put_object(Bucket="files", Key=name, Body=b"x")
        s3_backends["123456789012"]["aws"].buckets["files"].keys["odd"].storage = lambda: "no data"
        [left] = first.snapshot.write(VERSION)
        assert "files/odd" in left
    with run(tmp_path) as again:
        assert again.items() == [ITEM]
        assert [one["Key"] for one in again.s3.list_objects_v2(Bucket="files")["Contents"]] == ["even"]


def test_after_a_failed_start_expired_items_still_go(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.put(ITEM)
    spoil(tmp_path)
    snapshot = Snapshot(tmp_path)
    with emulated(time.time), patch.dict(os.environ, CREDENTIALS):
        make_table(boto3.client("dynamodb"), "jobs")
        with pytest.raises(ValueError, match="unpack"):
            snapshot.bring_back(VERSION, {"jobs": "expires_at", "none": "expires_at"})
    with run(tmp_path, fill=False) as again:
        again.put({**KEY, "expires_at": {"N": str(int(time.time()) - 1)}})
        snapshot.write(VERSION)
        assert again.items() == []


@pytest.mark.parametrize(
    "content", [b"", b"half of a fi", gzip.compress(b"[]", mtime=0)], ids=["empty", "half", "no pickle"]
)
def test_a_snapshot_that_cannot_be_read_is_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "snapshot.gz").write_bytes(content)
    with run(tmp_path, fill=False) as again:
        [said] = again.back()
        assert "are not brought back" in said
        assert again.back() == []
    [aside] = tmp_path.glob("set-aside-*")
    assert str(aside) in said
    assert (aside / "snapshot.gz").read_bytes() == content


def test_a_snapshot_of_another_version_is_set_aside(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.put(ITEM)
        first.s3.put_object(Bucket="files", Key="k", Body=b"x")
    with run(tmp_path, fill=False) as again:
        [said] = again.back("0.3.0")
        assert "another version" in said
        assert again.items() == []
        again.snapshot.write("0.3.0")
    [aside] = tmp_path.glob("set-aside-*")
    assert len(list((aside / "objects").iterdir())) == 1


def test_what_nothing_takes_any_more_is_named_and_copied(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.put(ITEM)
        first.put(ITEM, make_table(first.dynamodb, "orders"))
        make_queue(first.sqs, "gone")
        first.send("gone", "x")
        first.s3.create_bucket(Bucket="gone")
        first.s3.put_object(Bucket="gone", Key="k", Body=b"x")
    with run(tmp_path, fill=False) as again:
        _, left = again.back()
        assert again.items() == [ITEM]
    for name in ("1 items of the table orders", "1 messages of the queue gone", "the object gone/k"):
        assert name in left
    [copy] = tmp_path.glob("set-aside-*")
    assert str(copy) in left
    assert (copy / "snapshot.gz").exists()


def test_an_item_whose_key_has_another_type_now_is_named_and_the_others_come_back(tmp_path: Path) -> None:
    def orders(dynamodb: Any, kind: str) -> None:
        dynamodb.create_table(
            TableName="orders",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": kind}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )

    with run(tmp_path) as first:
        orders(first.dynamodb, "S")
        first.put(ITEM)
        for number in range(3):
            first.put({"id": {"S": str(number)}}, "orders")
    with run(tmp_path, fill=False) as again:
        orders(again.dynamodb, "N")
        _, left = again.back()
        assert "3 items of the table orders" in left
        assert again.items() == [ITEM]


def test_an_archived_object_and_one_with_an_odd_name_are_kept(tmp_path: Path) -> None:
    odd = "a\r\x01 ü+%41"
    with run(tmp_path) as first:
        first.s3.put_object(Bucket="files", Key="archived", Body=b"x", StorageClass="GLACIER")
        first.s3.put_object(Bucket="files", Key=odd, Body=b"y")
    with run(tmp_path) as again:
        assert again.s3.get_object(Bucket="files", Key=odd)["Body"].read() == b"y"
        assert again.s3.head_object(Bucket="files", Key="archived")["StorageClass"] == "GLACIER"


def test_a_copy_that_is_set_aside_is_readable_only_by_this_user(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.put(ITEM, make_table(first.dynamodb, "orders"))
    with run(tmp_path, fill=False) as again:
        again.back()
    [copy] = tmp_path.glob("set-aside-*")
    modes = [path.stat().st_mode for path in (copy, copy / "snapshot.gz")]
    assert not [mode for mode in modes if mode & (stat.S_IRWXG | stat.S_IRWXO)]


def test_a_start_anew_deletes_the_snapshot_but_not_the_copies_that_were_set_aside(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.put(ITEM)
    with run(tmp_path, fill=False) as other:
        other.back("0.3.0")
        other.snapshot.write("0.3.0")
    [aside] = tmp_path.glob("set-aside-*")
    forget(tmp_path)
    assert not list(tmp_path.glob("snapshot*"))
    assert not (tmp_path / "objects").exists()
    assert (aside / "snapshot.gz").exists()


def test_files_of_objects_that_were_deleted_are_removed(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.s3.put_object(Bucket="files", Key="k", Body=b"x")
    assert len(list((tmp_path / "objects").iterdir())) == 1
    with run(tmp_path) as again:
        again.s3.delete_object(Bucket="files", Key="k")
    assert list((tmp_path / "objects").iterdir()) == []


@contextmanager
def process(folder: Path) -> Iterator[Emulator]:
    """An emulator as a process, with an empty table."""
    with Emulator.start(log_path=folder / "log", state_path=folder) as emulator:
        make_table(client(emulator, "dynamodb"), "jobs")
        yield emulator


def test_a_killed_emulator_loses_nothing_before_its_snapshot_and_a_failed_start_nothing_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBFLOW_KEEP_SECONDS", "0.05")
    with process(tmp_path) as first:
        assert first.bring_back(VERSION, {}) == ([], False)
        client(first, "dynamodb").put_item(TableName="jobs", Item=ITEM)
        until(lambda: saved(tmp_path)[1]["tables"]["jobs"]["items"])
        os.kill(first.pid, signal.SIGKILL)
    with process(tmp_path):
        pass  # the emulator ends before the last run was restored
    with process(tmp_path) as again:
        again.bring_back(VERSION, {})
        assert client(again, "dynamodb").scan(TableName="jobs")["Items"] == [ITEM]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_end_keeps_everything_also_while_a_client_is_connected(tmp_path: Path, number: signal.Signals) -> None:
    if signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("the tests were started with nohup, and the emulator, too, outlives the terminal then")
    with process(tmp_path) as first:
        first.bring_back(VERSION, {})
        connected = client(first, "dynamodb")
        connected.put_item(TableName="jobs", Item=ITEM)
        os.kill(first.pid, number)
        until(lambda: not first.alive)
        connected.close()
    assert len(saved(tmp_path)[1]["tables"]["jobs"]["items"]) == 1


def test_the_runner_learns_that_no_snapshot_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBFLOW_KEEP_SECONDS", "0.05")
    with process(tmp_path) as emulator:
        emulator.bring_back(VERSION, {})
        assert emulator.trouble() == ""
        (tmp_path / "snapshot.draft").mkdir()  # as with a full disk
        until(lambda: "No snapshot was written" in emulator.trouble())
        (tmp_path / "snapshot.draft").rmdir()
        until(lambda: emulator.trouble() == "")


def test_an_error_half_way_leaves_nothing_of_the_snapshot(tmp_path: Path) -> None:
    with run(tmp_path) as first:
        first.put(ITEM)
    spoil(tmp_path)
    with process(tmp_path) as again:
        [said], make_again = again.bring_back(VERSION, {})
        assert "are not brought back" in said
        assert make_again
        assert client(again, "dynamodb").list_tables()["TableNames"] == []


def test_the_secrets_of_webhooks_are_kept_and_no_others(tmp_path: Path) -> None:
    with run(tmp_path):
        secrets: Any = boto3.client("secretsmanager")
        secrets.create_secret(Name="jobflow-dev/webhooks/1", SecretString="old")
        secrets.put_secret_value(SecretId="jobflow-dev/webhooks/1", SecretString="new")
        secrets.create_secret(Name="billing/key", SecretString="from .env")
    with run(tmp_path):
        secrets = boto3.client("secretsmanager")
        assert [one["Name"] for one in secrets.list_secrets()["SecretList"]] == ["jobflow-dev/webhooks/1"]
        assert secrets.get_secret_value(SecretId="jobflow-dev/webhooks/1")["SecretString"] == "new"
