"""Convert records of the jobs table's stream to the jobs before and after a change."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from chalicelib.adapters.dynamo.jobs.rows import JobRow, job_of
from chalicelib.adapters.dynamo.tables.schema import META
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job

NOT_NEEDED = frozenset({"payload", "result", "s"})
"""Attributes that no consumer reads; the signature is in another form in a record than in a row."""
TTL = "dynamodb.amazonaws.com"
"""Who has removed a row, in the record of a row that DynamoDB has removed because it had expired."""


def changes(records: Iterable[Mapping[str, Any]], unreadable: Callable[[str, str, str], None]) -> Iterator[JobChanged]:
    """Yield the changes of jobs in order. A record that cannot be read is reported: item, sequence number, reason."""
    for record in records:
        try:
            changed = _changed(record)
        except Exception as error:  # one bad record must not hold up the others
            change = record.get("dynamodb", {})
            item = str(change.get("Keys", {}).get("pk", {}).get("S", "?"))
            unreadable(item, str(change.get("SequenceNumber", "")), f"{type(error).__name__}: {error}")
            continue
        if changed is not None:
            yield changed


def _changed(record: Mapping[str, Any]) -> JobChanged | None:
    change = record["dynamodb"]
    old, new = change.get("OldImage"), change.get("NewImage")
    if (new or old or {}).get("sk", {}).get("S") != META:
        return None
    has_result = bool(new) and ("result" in new or "result_ref" in new)
    by_table = record.get("userIdentity", {}).get("principalId") == TTL
    expired = by_table and record.get("eventName") == "REMOVE"
    return JobChanged(change["SequenceNumber"], old and _job(old), new and _job(new), has_result, expired)


def _job(image: Mapping[str, Any]) -> Job:
    row = JobRow()
    read = {name: value for name, value in image.items() if name not in NOT_NEEDED}
    if "trace" in read:  # Lambda passes binary values on as base64
        read["trace"] = {"B": base64.b64decode(read["trace"]["B"])}
    row.deserialize(read)
    return job_of(row, None, None)
