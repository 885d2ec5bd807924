"""Convert records of the jobs table's stream to plain values. No other module depends on their format."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chalicelib.adapters.dynamo.tables.schema import CANARY, META
from chalicelib.counters.changes import CanaryPassed, Image, JobChange, Told, Unreadable
from chalicelib.jobs.job import TAG_OF_SCHEDULE, Status
from chalicelib.jobs.listing import ACTIVE as AT_WORK
from chalicelib.jobs.priority import HIGH, rank_of
from chalicelib.jobs.tenants import tenant_of


def read(records: Iterable[Mapping[str, Any]]) -> Iterator[Told]:
    """Convert the records in order. Skip rows that are not jobs; return Unreadable for records that cannot be read."""
    for record in records:
        try:
            told = _read(record)
        except Exception as error:  # One bad record must not prevent the others from being counted
            told = _unreadable(record, error)
        if told is not None:
            yield told


def _read(record: Mapping[str, Any]) -> Told | None:
    change = record["dynamodb"]
    # Sequence numbers are decimal strings of different lengths; padded, they sort by value.
    sequence = change["SequenceNumber"].zfill(40)
    old, new = change.get("OldImage"), change.get("NewImage")
    match (new or old or {}).get("sk", {}).get("S"):
        case str(kind) if kind == META:
            at = float(change.get("ApproximateCreationDateTime", 0.0))
            return JobChange(sequence, old and _image(old), new and _image(new), at)
        case str(kind) if kind == CANARY and new:
            return CanaryPassed(sequence, new["run"]["S"])
        case _:
            return None


def _image(item: Mapping[str, Any]) -> Image:
    texts = {name: value["S"] for name, value in item.items() if "S" in value}
    numbers = {name: float(value["N"]) for name, value in item.items() if "N" in value}
    status = Status(texts["status"])
    if status is Status.PROCESSING and "started_at" not in numbers:
        raise ValueError("a running job without started_at")
    failure = texts.get("failure")
    tags = [tag["S"] for tag in item.get("tags", {}).get("L", ())]
    return Image(
        id=texts["pk"],
        type=texts["type"],
        status=status,
        created_at=numbers["created_at"],
        updated_at=numbers["updated_at"],
        started_at=numbers.get("started_at"),
        finished_at=numbers.get("finished_at"),
        next_attempt_at=numbers.get("next_attempt_at"),
        error_class=texts.get("error_class"),
        error_message=texts.get("error_message"),
        fingerprint=failure and failure.partition("#")[0],
        sent=item.get("sent", {}).get("BOOL", True),
        resends=int(numbers.get("resends", 0)),
        at_work=texts.get("group", "").startswith(f"{AT_WORK}#"),
        order=texts.get("order", ""),
        deferred=item.get("deferred", {}).get("BOOL", False),
        lease_until=numbers.get("lease_until"),
        again=numbers.get("attempts", 0) > 1 or numbers.get("gen", 1) > 1,
        kept=int(numbers.get("kept", 0)),
        made="parent" in texts or any(tag.startswith(TAG_OF_SCHEDULE) for tag in tags),
        tenant=tenant_of(tags),
        high=rank_of(texts.get("priority", "")) == HIGH,
    )


def _unreadable(record: Any, error: Exception) -> Unreadable:
    change = record.get("dynamodb", {}) if isinstance(record, Mapping) else {}
    keys = change.get("Keys") or change.get("NewImage") or change.get("OldImage") or {}
    item = str(keys.get("pk", {}).get("S", "?"))
    return Unreadable(str(change.get("SequenceNumber", "")).zfill(40), item, f"{type(error).__name__}: {error}")
