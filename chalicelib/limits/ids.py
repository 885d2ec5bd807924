"""Name the limits of jobs: each limit has an id, from which its type and its value are read. Pure.

An id begins with the rank of its limit, from narrow to wide, so that a deployment cannot change the order in which a
job takes several limits.
"""

import hashlib
from typing import Any
from urllib.parse import quote, unquote

from pydantic import BaseModel

from chalicelib.job_types import jobtype
from chalicelib.job_types.at_most import AtMost
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import JSON
from chalicelib.jobs.tenants import kept, value_at
from chalicelib.limits.constants import LONGEST_VALUE, NO_LIMIT
from chalicelib.limits.places import Limit

OF_VALUE, OF_TYPE = "0", "1"
"""Ranks: of a limit for each value of a field, and of a limit for all jobs of a type."""


def limit_of(job_type: str, declared: AtMost | None, payload: JSON) -> Limit | None:
    """Return the limit of a job with this payload; None if it has none, also if its field has no value."""
    if declared is None:
        return None
    if declared.by is None:
        return Limit(f"{OF_TYPE}.{job_type}", declared.n)
    value = value_at(payload, declared.by)
    return None if value is None else Limit(f"{OF_VALUE}.{job_type}.{_quoted(value)}", declared.n)


def limit_of_model(kind: JobType[Any, Any], payload: BaseModel) -> Limit | None:
    """Return the limit of a job by its payload as the function gets it, converted by `upgrade` if needed."""
    by = None if kind.at_most is None else kind.at_most.by
    fields = {} if by is None else payload.model_dump(mode="json", include={by.partition(".")[0]})
    return limit_of(kind.name, kind.at_most, fields)


def limit_of_stored(kind: JobType[Any, Any], payload: JSON, *, signed: bool) -> Limit | None:
    """Return the limit of a job by its stored payload; if the current schema refuses that, by the fields as stored.

    Unless the job's row is `signed`, no code of the job type sees its payload: the fields as stored count.
    """
    if not signed or kind.at_most is None or kind.at_most.by is None:
        return limit_of(kind.name, kind.at_most, payload)
    try:
        return limit_of_model(kind, kind.parse_stored(payload))
    except Exception:  # `upgrade` is code of the job type
        return limit_of(kind.name, kind.at_most, payload)


def read_id(limit: str) -> tuple[str, str | None]:
    """Return the type and the value of a limit, as its id has them; a value of None: all jobs of the type."""
    rank, _, rest = limit.partition(".")
    if rank == OF_TYPE:
        return rest, None
    job_type, _, value = rest.rpartition(".")
    return job_type, unquote(value)


def logged_id(limit: str) -> str:
    """Return the id of a limit for a log line: with a digest instead of the value, which may be an e-mail address."""
    job_type, value = read_id(limit)
    return limit if value is None else f"{OF_VALUE}.{job_type}.~{hashlib.sha256(limit.encode()).hexdigest()[:8]}"


def declared_limit(limit: str) -> Limit | None:
    """Return the limit with this id as the code declares it; None if the code does not declare its type.

    If the type has no such limit any more, every job that waits for it may go on.
    """
    job_type, value = read_id(limit)
    kind = jobtype.registered.get(job_type)
    if kind is None:
        return None
    declared = kind.at_most
    same = declared is not None and (declared.by is None) is (value is None)
    return Limit(limit, declared.n if declared is not None and same else NO_LIMIT)


def _quoted(value: str) -> str:
    """Return a value without dots, of bounded length."""
    quoted = quote(kept(value), safe="").replace(".", "%2E")
    if len(quoted) <= LONGEST_VALUE:
        return quoted
    return f"~{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:32]}"
