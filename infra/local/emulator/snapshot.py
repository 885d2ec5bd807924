"""Keep the emulator's data across a restart: items of tables, messages of queues, objects of buckets.

A snapshot is written on the emulator's event loop without an interruption, so it shows one moment: it contains all rows
of a transaction, or none. It contains moto's own objects, so only the same version of moto can read it.

A pickle can name any function, which is then called when it is loaded. So only the classes of the emulator's data are
loaded: a snapshot that somebody else wrote can contain wrong data, but it runs no code.
"""

import gzip
import hashlib
import logging
import os
import pickle
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import moto
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import FakeKey, s3_backends
from moto.sqs.models import sqs_backends

from infra.local.emulator.expiry import expire
from infra.local.emulator.repairs.dynamodb_streams import unfinished
from infra.local.lambdas.specs import ACCOUNT, REGION
from infra.local.state.folder import SET_ASIDE, replace

LOG = logging.getLogger(__name__)
OF_WEBHOOKS = "/webhooks/"
"""In the names of the secrets that are kept: those of webhooks, which nothing makes again."""
LOADED = (
    "collections.OrderedDict", "datetime.datetime", "datetime.timedelta", "datetime.timezone",
    "moto.dynamodb.models.dynamo_type.DynamoType", "moto.dynamodb.models.dynamo_type.LimitedSizeDict",
    "moto.dynamodb.models.table.StreamRecord", "moto.s3.models.FakeAcl", "moto.s3.models.FakeGrant",
    "moto.s3.models.FakeGrantee", "moto.s3.models.FakeKey", "moto.s3.models.FakeMultipart",
    "moto.secretsmanager.models.FakeSecret", "moto.sqs.models.Message", "moto.utilities.utils.LowercaseDict",
    "requests.structures.CaseInsensitiveDict",
)  # fmt: skip
"""The classes that are loaded. None of them does anything but keep its values."""


class Unusable(Exception):
    """The snapshot cannot be used; the message says why."""


class Loader(pickle.Unpickler):
    """Loads only the classes of the emulator's data."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a class. Raises UnpicklingError for anything else, before it is imported."""
        if "." in name or f"{module}.{name}" not in LOADED:
            raise pickle.UnpicklingError(f"{module}.{name} is no data of the emulator")
        return super().find_class(module, name)


class Snapshot:
    """The snapshot in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "snapshot.gz"
        self._objects = folder / "objects"
        self._expiring: Mapping[str, str] = {}

    def write(self, version: str) -> list[str]:
        """Delete what has expired, then replace the snapshot in one step. Raises OSError.

        `version` is the JobFlow version that made the rows. Return the objects that cannot be kept.
        """
        self._expire()
        self._objects.mkdir(parents=True, exist_ok=True)
        left: list[str] = []
        objects = list(self._all_objects(left))
        tables, queues = dynamodb_backends[ACCOUNT][REGION].tables, sqs_backends[ACCOUNT][REGION].queues
        whole = {
            "tables": {name: _of_table(table) for name, table in tables.items()},
            "queues": {name: list(queue.index) for name, queue in queues.items()},
            "objects": objects,
            "secrets": {name: secret for name, secret in _secrets().items() if OF_WEBHOOKS in name},
        }
        replace(self._file, gzip.compress(f"{_with_moto(version)}\n".encode() + pickle.dumps(whole), 1))
        for path in set(self._objects.iterdir()) - {self._objects / file for *_, file in objects}:
            path.unlink()
        return left

    def bring_back(self, version: str, expiring: Mapping[str, str]) -> list[str]:
        """Put everything into the tables, queues and buckets that exist; return sentences for the user.

        `expiring`: the attribute of each table that says when an item expires. If this raises an error, the emulator
        contains only a part of the snapshot.
        """
        self._expiring = expiring
        if not self._files():
            return []
        try:
            saved = self._read(_with_moto(version))
        except Unusable as error:
            return [self.set_aside(str(error))]
        left = [*_fill_tables(saved["tables"]), *_fill_queues(saved["queues"]), *self._fill_buckets(saved["objects"])]
        if saved["secrets"]:
            _secrets(load=True).update(saved["secrets"])
        self._expire()
        sizes = (sum(len(t["items"]) for t in saved["tables"].values()), sum(map(len, saved["queues"].values())))
        counted = f"{sizes[0]:,} items, {sizes[1]:,} messages, {len(saved['objects']):,} objects"
        said = f"Back from the last run: {counted}. `make dev FRESH=1` begins anew."
        if not left:
            return [said]
        copy = self._aside(_copy)
        return [said, f"Nothing here takes {', '.join(left)} of the last run. A copy is in {copy}."]

    def set_aside(self, why: str) -> str:
        """Move the snapshot to another folder, so that it is not used again; return a sentence about it."""
        try:
            where = f"They are in {self._aside(Path.rename)}."
        except OSError as error:
            where = f"{self._file} cannot be moved: {error.strerror}."
        return f"The jobs of the last run are not brought back: {why}. {where}"

    def _files(self) -> list[Path]:
        """Return the file of the snapshot, also one that an earlier version has written under another name."""
        return list(self._folder.glob("snapshot*.gz"))

    def _aside(self, put: Callable[[Path, Path], Any]) -> Path:
        aside = self._folder / f"{SET_ASIDE}{time.time_ns()}"
        aside.mkdir(mode=0o700)
        for path in (*self._files(), self._objects):
            if path.exists():
                put(path, aside / path.name)
        return aside

    def _expire(self) -> None:
        """Delete what has expired, also from tables that were made again meanwhile."""
        tables = dynamodb_backends[ACCOUNT][REGION].tables
        for name in self._expiring.keys() & tables.keys():  # moto does not take the attribute from a template
            tables[name].ttl = {"TimeToLiveStatus": "ENABLED", "AttributeName": self._expiring[name]}
        expire(time.time())

    def _read(self, version: str) -> dict[str, Any]:
        if not self._file.exists():
            raise Unusable("an earlier version of JobFlow wrote the snapshot")
        if self._file.stat().st_uid != os.getuid():
            raise Unusable("another user wrote the snapshot")
        saved: dict[str, Any] = {}
        try:
            with gzip.open(self._file) as file:
                found = file.readline(200).decode().strip()
                if found == version:
                    saved = Loader(file).load()
        except Exception as error:
            raise Unusable(f"the snapshot cannot be read ({error})") from error
        if not saved:
            raise Unusable(f"another version of JobFlow wrote the snapshot ({found}; this is {version})")
        return saved

    def _all_objects(self, left: list[str]) -> Iterator[tuple[str, str, str]]:
        """Yield bucket, key and file of each object; add those that cannot be kept to `left`.

        An object has a file of its own, which is written only once.
        """
        for bucket in s3_backends[ACCOUNT]["aws"].buckets.values():
            for key in bucket.keys.values():
                if isinstance(key, FakeKey):
                    version = repr((bucket.name, key.name, key.etag, key.last_modified, key.storage_class))
                    path = self._objects / hashlib.sha256(version.encode()).hexdigest()
                    try:
                        if not path.exists():
                            replace(path, pickle.dumps(key))
                        yield bucket.name, key.name, path.name
                    except (AttributeError, TypeError, pickle.PicklingError) as error:  # the attributes are moto's
                        left.append(f"{bucket.name}/{key.name} ({error})")

    def _fill_buckets(self, objects: list[tuple[str, str, str]]) -> Iterator[str]:
        buckets = s3_backends[ACCOUNT]["aws"].buckets
        for bucket, key, file in objects:
            try:
                with (self._objects / file).open("rb") as content:
                    buckets[bucket].keys[key] = Loader(content).load()
            except Exception:
                LOG.exception("The object %s/%s is not brought back.", bucket, key)
                yield f"the object {bucket}/{key}"


def _copy(path: Path, target: Path) -> None:
    shutil.copytree(path, target) if path.is_dir() else shutil.copy(path, target)


def _with_moto(version: str) -> str:
    return f"{version} with moto {moto.__version__}"


def _of_table(table: Any) -> dict[str, Any]:
    return {"keys": table.schema, "items": [item.attrs for item in table.all_items()], "stream": unfinished(table)}


def _fill_tables(tables: Mapping[str, Any]) -> Iterator[str]:
    """Put the items and the records of the stream; yield the items whose table does not exist or does not take them."""
    known = dynamodb_backends[ACCOUNT][REGION].tables
    for name, saved in tables.items():
        table = known.get(name)
        takes = table is not None and table.schema == saved["keys"]
        refused = sum(not (takes and _is_put(table, item)) for item in saved["items"])
        if refused:
            yield f"{refused:,} items of the table {name}"
        if takes and table.stream_shard and saved["stream"]:
            table.stream_shard.starting_sequence_number, table.stream_shard.items = saved["stream"]


def _is_put(table: Any, item: Mapping[str, Any]) -> bool:
    """Put an item; return False if the table refuses it: a key has another type now."""
    try:
        table.put_item(item)
    except JsonRESTError:
        return False
    return True


def _fill_queues(queues: Mapping[str, list[Any]]) -> Iterator[str]:
    """Add the messages, all of them visible or delayed; yield the queues that do not exist."""
    known = sqs_backends[ACCOUNT][REGION].queues
    for name, messages in queues.items():
        if messages and name not in known:
            yield f"{len(messages):,} messages of the queue {name}"
        for message in messages if name in known else ():
            # the functions that had received it have ended
            vars(message).update(receipt_handle=None, _old_receipt_handles=[], visible_at=0.0)
            known[name].put(message)  # `add_message` would treat a message as a duplicate of an earlier one


def _secrets(*, load: bool = False) -> Any:
    """Return moto's secrets; none if nothing has used them in this run, unless their model is to be loaded."""
    if not load and "moto.secretsmanager.models" not in sys.modules:
        return {}
    from moto.secretsmanager.models import secretsmanager_backends

    return secretsmanager_backends[ACCOUNT][REGION].secrets
