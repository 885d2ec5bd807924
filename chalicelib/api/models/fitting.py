"""Keep an answer about one job within Lambda's limit. Pure."""

import json
from typing import TypeVar

from chalicelib.api.constants import LARGEST_ANSWER, NEVER_TOO_LARGE
from chalicelib.api.models.responses import JobRow
from chalicelib.jobs.job import JSON

Row = TypeVar("Row", bound=JobRow)


def fitting(row: Row) -> Row:
    """Return an answer about one job, without its payload if payload and result together are too large.

    The job's producer knows the payload; `payload_bytes` still shows that there is one.
    """
    if row.payload is None or row.payload_bytes + size_of(row.result) <= NEVER_TOO_LARGE:
        return row
    body = json.dumps(row.model_dump(), separators=(",", ":"), default=str)
    return row if len(json.dumps(body)) <= LARGEST_ANSWER else row.model_copy(update={"payload": None})


def size_of(value: JSON) -> int:
    """Return the number of bytes of a payload or result as JSON; 0 for None."""
    return 0 if value is None else len(json.dumps(value, separators=(",", ":")))
