"""Keep the emulator's data across a restart: items of tables, messages of queues, objects of buckets.

A snapshot is written on the emulator's event loop without an interruption, so it shows one moment: it contains all rows
of a transaction, or none. Items and objects are read and written by requests of AWS's own interfaces. Messages are not,
because a receive changes their visibility and their number of receives; the records of a stream are not, because no
request writes them.
"""

import base64
import gzip
import hashlib
import json
import shutil
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode
from xml.etree import ElementTree as ET

from moto.sqs.models import Message

from infra.local.emulator.repairs import dynamodb_streams
from infra.local.emulator.repairs.sqs_queue import IndexedQueue
from infra.local.emulator.serving.receive import queues_named
from infra.local.emulator.serving.server import Reply, Request
from infra.local.lambdas.specs import ACCOUNT, REGION
from infra.local.state.folder import SET_ASIDE

FORMAT = 1
JSON_TARGETS = {"dynamodb": "DynamoDB_20120810", "sqs": "AmazonSQS"}
OF_WEBHOOKS = "/webhooks/"
"""In the names of the secrets that are kept: those of webhooks, which nothing makes again."""
OF_A_MESSAGE = (
    "body", "message_attributes", "system_attributes", "sender_id", "sent_timestamp", "deduplication_id", "group_id",
    "approximate_first_receive_timestamp", "approximate_receive_count", "sequence_number", "delayed_until",
)  # fmt: skip
"""Attributes of moto's messages. Handles and visibility are not kept, because the functions that had received the
messages have ended."""
OF_AN_OBJECT = ("cache-control", "content-disposition", "content-encoding", "content-language", "content-type")
BYTES = "bytes in base 64"
MOST_PUTS = 25
"""Maximum number of items in one BatchWriteItem."""


class Unusable(Exception):
    """The snapshot cannot be used; the message says why."""


class Refused(Exception):
    """The emulator refused a request of the snapshot."""


class Snapshot:
    """The snapshot in a folder. `answer` is the emulator: it answers a request at once."""

    def __init__(self, folder: Path, answer: Callable[[Request], Reply]) -> None:
        self._file = folder / "snapshot.json.gz"
        self._objects = folder / "objects"
        self._answer = answer

    def write(self, version: str) -> list[str]:
        """Replace the snapshot in one step; return the objects that cannot be read, which it does not contain.

        `version` is the JobFlow version that made the rows. Raises OSError, Refused.
        """
        self._objects.mkdir(parents=True, exist_ok=True)
        unreadable: list[str] = []
        objects = list(self._all_objects(unreadable))
        tables = {name: self._table(name) for name in self._call("dynamodb", "ListTables")["TableNames"]}
        urls = self._call("sqs", "ListQueues").get("QueueUrls", [])
        queues = {url.rpartition("/")[2]: _messages(url.rpartition("/")[2]) for url in urls}
        whole = {
            "format": FORMAT, "version": version, "tables": tables, "queues": queues, "objects": objects,
            "secrets": _secrets(),
        }  # fmt: skip
        _replace(self._file, gzip.compress(json.dumps(whole, default=_of_bytes).encode(), 1))
        for path in set(self._objects.iterdir()) - {self._objects / file for *_, file in objects}:
            path.unlink()
        return unreadable

    def bring_back(self, version: str, expiring: Mapping[str, str]) -> list[str]:
        """Put everything into the tables, queues and buckets that exist; return sentences for the user.

        `expiring`: the attribute of each table that says when an item expires. If this raises an error, the emulator
        contains only a part of the snapshot.
        """
        if not self._file.exists():
            return []
        try:
            saved = self._read(version)
        except Unusable as error:
            return [self.set_aside(str(error))]
        left = [
            *self._fill_tables(saved["tables"], expiring),
            *_fill_queues(saved["queues"]),
            *self._fill_buckets(saved["objects"]),
        ]
        _fill_secrets(saved.get("secrets", {}))
        sizes = (sum(len(t["items"]) for t in saved["tables"].values()), sum(map(len, saved["queues"].values())))
        counted = f"{sizes[0]:,} items, {sizes[1]:,} messages, {len(saved['objects']):,} objects"
        said = f"Back from the last run: {counted}. `make dev FRESH=1` begins anew."
        if not left:
            return [said]
        copy = self._aside()
        shutil.copy(self._file, copy / self._file.name)
        shutil.copytree(self._objects, copy / self._objects.name)
        return [said, f"Nothing here takes {', '.join(left)} of the last run. A copy is in {copy}."]

    def set_aside(self, why: str) -> str:
        """Move the snapshot to another folder, so that it is not used again; return a sentence about it."""
        try:
            aside = self._aside()
            for path in (self._file, self._objects):
                if path.exists():
                    path.rename(aside / path.name)
            where = f"They are in {aside}."
        except OSError as error:
            where = f"{self._file} cannot be moved: {error.strerror}."
        return f"The jobs of the last run are not brought back: {why}. {where}"

    def _aside(self) -> Path:
        aside = self._file.with_name(f"{SET_ASIDE}{time.time_ns()}")
        aside.mkdir(mode=0o700)
        return aside

    def _read(self, version: str) -> dict[str, Any]:
        try:
            saved: dict[str, Any] = json.loads(gzip.decompress(self._file.read_bytes()), object_hook=_to_bytes)
            found = saved["format"], saved["version"]
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            raise Unusable(f"the snapshot cannot be read ({error})") from error
        if found != (FORMAT, version):
            raise Unusable(f"another version of JobFlow wrote the snapshot ({found[1]}; this is {version})")
        return saved

    def _table(self, name: str) -> dict[str, Any]:
        keys = self._call("dynamodb", "DescribeTable", TableName=name)["Table"]["KeySchema"]
        return {"keys": keys, "items": list(self._items(name)), "stream": dynamodb_streams.position(name)}

    def _items(self, table: str) -> Iterator[Any]:
        page: dict[str, Any] = {"LastEvaluatedKey": None}
        while "LastEvaluatedKey" in page:
            after = page["LastEvaluatedKey"]
            page = self._call("dynamodb", "Scan", TableName=table, **({"ExclusiveStartKey": after} if after else {}))
            yield from page["Items"]

    def _fill_tables(self, tables: Mapping[str, Any], expiring: Mapping[str, str]) -> Iterator[str]:
        """Put the items that have not expired; yield the items whose table does not exist or does not take them."""
        known = self._call("dynamodb", "ListTables")["TableNames"]
        for name, saved in tables.items():
            keys = name in known and self._call("dynamodb", "DescribeTable", TableName=name)["Table"]["KeySchema"]
            if keys != saved["keys"]:
                if saved["items"]:
                    yield f"{len(saved['items']):,} items of the table {name}"
                continue
            items = [item for item in saved["items"] if not _over(item, expiring.get(name))]
            batches = [items[start : start + MOST_PUTS] for start in range(0, len(items), MOST_PUTS)]
            if refused := sum(self._refused(name, batch) for batch in batches):
                yield f"{refused:,} items of the table {name}"
            dynamodb_streams.go_on(name, saved["stream"])

    def _refused(self, table: str, items: list[Any]) -> int:
        """Put items; return the number of those that the table refuses: a key has another type now."""
        try:
            self._call("dynamodb", "BatchWriteItem", RequestItems={table: [{"PutRequest": {"Item": i}} for i in items]})
        except Refused:
            return 1 if len(items) == 1 else sum(self._refused(table, [item]) for item in items)
        return 0

    def _all_objects(self, unreadable: list[str]) -> Iterator[tuple[str, str, str]]:
        """Yield bucket, key and file of each object; add to `unreadable` those that the emulator does not show.

        An object has a file of its own, which is written only once.
        """
        for bucket in _entries(self._s3("GET", "/"), "Bucket"):
            for found in self._listed(bucket["Name"]):
                version = json.dumps([bucket["Name"], found["Key"], found["ETag"], found["LastModified"]])
                path = self._objects / hashlib.sha256(version.encode()).hexdigest()
                if not path.exists():
                    try:
                        reply = self._s3("GET", f"/{bucket['Name']}/{quote(found['Key'])}")
                    except Refused:  # the storage class of the object is an archive
                        unreadable.append(f"{bucket['Name']}/{found['Key']}")
                        continue
                    kept = {name.lower(): value for name, value in reply.headers if _is_kept(name.lower())}
                    _replace(path, json.dumps(kept).encode() + b"\n" + reply.body)
                yield bucket["Name"], found["Key"], path.name

    def _listed(self, bucket: str) -> Iterator[dict[str, str]]:
        asked = {"list-type": "2", "encoding-type": "url"}  # XML cannot contain every character of a key
        while True:
            page = self._s3("GET", f"/{bucket}?{urlencode(asked)}")
            for found in _entries(page, "Contents"):
                yield {**found, "Key": unquote(found["Key"])}
            [about] = _entries(page, "ListBucketResult")
            if "NextContinuationToken" not in about:
                return
            asked["continuation-token"] = about["NextContinuationToken"]

    def _fill_buckets(self, objects: list[tuple[str, str, str]]) -> Iterator[str]:
        known = {bucket["Name"] for bucket in _entries(self._s3("GET", "/"), "Bucket")}
        for bucket, key, file in objects:
            path = self._objects / file
            if bucket not in known or not path.exists():
                yield f"the object {bucket}/{key}"
                continue
            headers, _, body = path.read_bytes().partition(b"\n")
            try:
                self._s3("PUT", f"/{bucket}/{quote(key)}", json.loads(headers), body)
            except Refused:
                yield f"the object {bucket}/{key}"

    def _call(self, service: str, operation: str, **parameters: Any) -> Any:
        headers = {"x-amz-target": f"{JSON_TARGETS[service]}.{operation}", "content-type": "application/x-amz-json-1.0"}
        return json.loads(self._ask(service, "POST", "/", headers, json.dumps(parameters).encode()).body)

    def _s3(self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
        return self._ask("s3", method, target, headers or {}, body)

    def _ask(self, service: str, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        credential = f"Credential=local/20260101/{REGION}/{service}/aws4_request"
        signed = {"host": "127.0.0.1", "authorization": f"AWS4-HMAC-SHA256 {credential}", **headers}
        reply = self._answer(Request(method, target, signed, list(signed.items()), body))
        if reply.status != HTTPStatus.OK:
            raise Refused(f"{method} {target} {headers.get('x-amz-target', '')}: {reply.status}")
        return reply


def _secrets() -> dict[str, str]:
    """Return the secrets of webhooks. moto's model is asked directly, and only if something has used it in this run."""
    model = sys.modules.get("moto.secretsmanager.models")
    secrets = {} if model is None else model.secretsmanager_backends[ACCOUNT][REGION].secrets
    found = {
        name: secret.versions[secret.default_version_id] for name, secret in secrets.items() if OF_WEBHOOKS in name
    }
    return {name: version["secret_string"] for name, version in found.items()}


def _fill_secrets(secrets: Mapping[str, str]) -> None:
    if secrets:
        from moto.secretsmanager.models import secretsmanager_backends

        backend = secretsmanager_backends[ACCOUNT][REGION]
        for name, text in secrets.items():
            backend.create_secret(
                name, text, secret_binary=None, description=None, tags=None, kms_key_id=None, client_request_token=None,
                replica_regions=[], force_overwrite=False,
            )  # fmt: skip


def _messages(queue: str) -> list[dict[str, Any]]:
    found = [message for each in queues_named(queue) for message in each.index]
    return [{"id": message.id, **{name: getattr(message, name) for name in OF_A_MESSAGE}} for message in found]


def _fill_queues(queues: Mapping[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Add the messages, all of them visible or delayed; yield the queues that do not exist."""
    for name, messages in queues.items():
        found = queues_named(name)
        if messages and not found:
            yield f"{len(messages):,} messages of the queue {name}"
        for saved in messages if found else ():
            message = Message(saved["id"], saved["body"])
            for attribute in OF_A_MESSAGE:
                setattr(message, attribute, saved[attribute])
            # do not use FifoQueue's own method, which would treat a message as a duplicate of an earlier one
            IndexedQueue.add_message(found[0], message)


def _of_bytes(value: bytes) -> dict[str, str]:
    return {BYTES: base64.b64encode(value).decode()}


def _to_bytes(value: dict[str, Any]) -> Any:
    text = value.get(BYTES)
    return base64.b64decode(text) if isinstance(text, str) else value


def _over(item: Mapping[str, Any], attribute: str | None) -> bool:
    """Return whether an item has expired. The emulator deletes such items only from time to time."""
    return attribute is not None and float(item.get(attribute, {}).get("N", "inf")) < time.time()


def _is_kept(header: str) -> bool:
    return header in OF_AN_OBJECT or header.startswith("x-amz-meta-")


def _entries(reply: Reply, tag: str) -> Iterator[dict[str, str]]:
    for entry in ET.fromstring(reply.body).iter():  # noqa: S314 - what this process wrote
        if entry.tag.rpartition("}")[2] == tag:
            yield {child.tag.rpartition("}")[2]: child.text or "" for child in entry}


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step, readable only by this user."""
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)
