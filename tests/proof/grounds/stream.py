"""Use the stream of the emulated table as the log of all writes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from chalicelib.adapters.dynamo.counting.changes import read
from chalicelib.adapters.dynamo.jobs.changed import changes
from chalicelib.adapters.dynamo.tables.schema import META
from chalicelib.counters.changes import JobChange
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Status
from tests.proof.grounds.ground import (
    Ending,
    Write,
    Written,
)


class StreamLog:
    """The table's stream, each record read once."""

    def __init__(self, table: str, region: str, account: str) -> None:
        self._table, self._region, self._account = table, region, account
        self.writes: list[Write] = []
        self.endings: list[Ending] = []
        self._records: list[Mapping[str, Any]] = []
        self._changes: list[JobChange] = []
        self._changed: list[JobChanged] = []
        self._converted = {"changes": 0, "changed": 0}
        self.statuses: dict[str, Status] = {}
        self.asked: dict[str, str] = {}
        """The bulk actions that have asked for a write of a job, by the name of the write."""
        self.acted: Counter[tuple[str, str]] = Counter()
        """How often a write of a bulk action changed a job, by the ids of both."""
        self._written: set[str] = set()
        self._read = 0

    def read(self) -> int:
        """Read the new records; return how many records there are."""
        records = dynamodb_backends[self._account][self._region].tables[self._table].stream_shard.items
        for item in records[self._read :]:
            record = item.to_json()
            self._records.append(record)
            self._add(record["dynamodb"])
        self._read = len(records)
        return self._read

    def changes(self) -> Sequence[JobChange]:
        """Return the records that were read, as the counters read them."""
        self._changes += (told for told in read(self._new("changes")) if isinstance(told, JobChange))
        return self._changes

    def changed(self) -> Sequence[JobChanged]:
        """Return the records that were read, as the function `followup` reads them."""
        self._changed += changes(self._new("changed"), _unreadable)
        return self._changed

    def _new(self, reader: str) -> list[Mapping[str, Any]]:
        """Return the records that this reader has not converted yet: many executions have no such reader."""
        new = self._records[self._converted[reader] :]
        self._converted[reader] = len(self._records)
        return new

    def take_written(self) -> set[str]:
        """Return the keys of the items that were written since the last call."""
        written, self._written = self._written, set()
        return written

    def _add(self, record: Mapping[str, Any]) -> None:
        image, sort = record.get("NewImage"), record["Keys"]["sk"]["S"]
        self._written.add(record["Keys"]["pk"]["S"])
        if sort == META and (new := _written(image)) is not None:
            job_id = record["Keys"]["pk"]["S"]
            self.writes.append((job_id, _written(record.get("OldImage")), new))
            self.statuses[job_id] = new.status
            writer = (image or {}).get("writer", {}).get("S")
            if writer in self.asked and writer != record.get("OldImage", {}).get("writer", {}).get("S"):
                self.acted[self.asked[writer], job_id] += 1
        if sort.startswith("ATT#") and image is not None:
            token = int(image["gen"]["N"]), int(image["claim"]["N"])
            self.endings.append((image["pk"]["S"], *token, image["outcome"]["S"]))


def _unreadable(item: str, _sequence: str, why: str) -> None:
    raise AssertionError(f"{item}: {why}")


def _written(image: dict[str, Any] | None) -> Written | None:
    if image is None:
        return None
    names = ("started_at", "lease_until", "next_attempt_at", "stalled_since")
    times = {name: float(image[name]["N"]) if name in image else None for name in names}
    counts = ("gen", "attempts", "claims", "max_attempts")
    gen, attempts, claims, most = (int(image[name]["N"]) if name in image else 0 for name in counts)
    kind, status = image["type"]["S"], Status(image["status"]["S"])
    kept = int(image["kept"]["N"]) if "kept" in image else 0
    waits = image["waits"]["S"] if "waits" in image else None
    stops = "cancel_requested" in image and image["cancel_requested"]["BOOL"]
    at = float(image["updated_at"]["N"])
    return Written(kind, status, gen, attempts, claims, most, at, **times, kept=kept, waits=waits, stops=stops)
