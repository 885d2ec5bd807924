"""Keep an answer about one job within Lambda's limit of 6 MB. Pure."""

import json
from typing import TypeVar

from chalicelib.api.constants import LARGEST_ANSWER, NEVER_TOO_LARGE
from chalicelib.api.models.responses import JobRow
from chalicelib.jobs.job import JSON

Row = TypeVar("Row", bound=JobRow)


def fitting(row: Row) -> Row:
    """Return an answer about one job, without its payload if the answer would be too large.

    Only the payload is omitted, because the job's producer has it. `payload_bytes` still shows its size.
    """
    if row.payload is None or row.payload_bytes + size_of(row.result) <= NEVER_TOO_LARGE:
        return row
    body = json.dumps(row.model_dump(), separators=(",", ":"), default=str)
    return row if len(json.dumps(body)) <= LARGEST_ANSWER else row.model_copy(update={"payload": None})


def size_of(value: JSON) -> int:
    """Return the number of bytes of a payload or result as JSON; 0 for None."""
    return 0 if value is None else len(json.dumps(value, separators=(",", ":")))
