"""Name the limits of jobs: each limit has an id, from which its type or shared name and its value are read. Pure.

An id begins with the rank of its limit, from narrow to wide, so that a deployment cannot change the order in which a
job takes several limits: jobs take them in the order of their ids.
"""

import hashlib
import re
from collections.abc import Sequence
from operator import attrgetter
from typing import Any
from urllib.parse import quote, unquote

from pydantic import BaseModel

from chalicelib.job_types import jobtype
from chalicelib.job_types.at_most import AnyLimit, AtMost
from chalicelib.job_types.jobtype import JobType
from chalicelib.jobs.job import JSON
from chalicelib.jobs.tenants import kept, value_at
from chalicelib.limits.constants import (
    EVERY_VALUE,
    LONGEST_VALUE,
    NO_LIMIT,
    OF_TYPE,
    OF_VALUE,
    RATED,
    SHARED,
    SHARED_OF_VALUE,
)
from chalicelib.limits.places import Limit, turns_of

HASHED = re.compile("~[0-9a-f]{32}")
"""The form of a value that was too long for an id."""
WITH_VALUES = (OF_VALUE, SHARED_OF_VALUE)
"""The ranks of limits that have places for each value of a field."""


def rank_of(declared: AnyLimit) -> str:
    """Return the rank of a limit."""
    rated = "" if isinstance(declared, AtMost) else RATED
    if declared.shared is None:
        return (OF_TYPE if declared.by is None else OF_VALUE) + rated
    return (SHARED if declared.by is None else SHARED_OF_VALUE) + rated


def is_rate(limit: str) -> bool:
    """Return whether the limit with this id, or this name, has a rate."""
    return limit.partition(".")[0].endswith(RATED)


def as_declared(limit: str, declared: AnyLimit) -> Limit:
    """Return the limit with this id."""
    if isinstance(declared, AtMost):
        return Limit(limit, declared.n)
    return Limit(limit, turns_of(declared), declared)


def named(job_type: str, declared: AnyLimit) -> str:
    """Return the id of a limit of a type, or the part of its ids before their values."""
    return f"{rank_of(declared)}.{job_type if declared.shared is None else declared.shared}"


def limit_of(job_type: str, declared: AnyLimit, payload: JSON) -> Limit | None:
    """Return a limit of a job with this payload; None if its field has no value."""
    name = named(job_type, declared)
    if declared.by is None:
        return as_declared(name, declared)
    value = value_at(payload, declared.by)
    return None if value is None else as_declared(f"{name}.{_quoted(value)}", declared)


def limits_of(job_type: str, declared: Sequence[AnyLimit], payload: JSON) -> tuple[Limit, ...]:
    """Return the limits of a job with this payload, in the order in which it takes their places."""
    found = [limit_of(job_type, one, payload) for one in declared]
    return tuple(sorted((one for one in found if one is not None), key=attrgetter("id")))


def limits_of_model(kind: JobType[Any, Any], payload: BaseModel) -> tuple[Limit, ...]:
    """Return the limits of a job by its payload as the function gets it, converted by `upgrade` if needed."""
    by = {one.by.partition(".")[0] for one in kind.limits if one.by is not None}
    return limits_of(kind.name, kind.limits, payload.model_dump(mode="json", include=by) if by else {})


def limits_of_stored(kind: JobType[Any, Any], payload: JSON, *, signed: bool) -> tuple[Limit, ...]:
    """Return the limits of a job by its stored payload; if the current schema refuses that, by the fields as stored.

    Unless the job's row is `signed`, no code of the job type sees its payload: the fields as stored count.
    """
    if not signed or all(one.by is None for one in kind.limits):
        return limits_of(kind.name, kind.limits, payload)
    try:
        return limits_of_model(kind, kind.parse_stored(payload))
    except Exception:  # `upgrade` is code of the job type
        return limits_of(kind.name, kind.limits, payload)


def narrower(limits: Sequence[Limit], limit: str) -> tuple[Limit, ...]:
    """Return those of a job's limits whose places it has while it waits for a place of the limit with this id."""
    return tuple(one for one in limits if one.id < limit)


def read_id(limit: str) -> tuple[str, str | None]:
    """Return the type, or the name of a shared limit, and the value; a value of None: the limit has no field."""
    rank, _, rest = limit.partition(".")
    if rank.removesuffix(RATED) in (OF_TYPE, SHARED):
        return rest, None
    name, _, value = rest.rpartition(".")
    return name, unquote(value)


def name_and_value(limit: str) -> tuple[str, str | None]:
    """Return the id of a limit without its value, such as `0.invoice.export`, and the value; None: it has no value."""
    if not _with_values(limit):
        return limit, None
    name, _, value = limit.rpartition(".")
    return name, None if value == EVERY_VALUE else unquote(value)


def id_of(name: str, value: str | None) -> str | None:
    """Return the id of a limit with this name, of a value, or without one of all its values; else see `name_and_value`.

    None: the limit has no field, so it has no values. A value that `name_and_value` returns may be given.
    """
    if not _with_values(name):
        return name if value is None else None
    return f"{name}.{EVERY_VALUE if value is None else canonical(value)}"


def name_of_values(limit: str) -> str | None:
    """Return the id that stands for the same limit of all values; None for a limit without a field."""
    name = limit.rpartition(".")[0]
    return f"{name}.{EVERY_VALUE}" if _with_values(limit) else None


def stands_for_values(limit: str) -> bool:
    """Return whether an id stands for a limit of all values of a field."""
    return limit == name_of_values(limit)


def logged_id(limit: str) -> str:
    """Return the id of a limit for a log line: with a digest instead of the value, which may be an e-mail address."""
    name, value = read_id(limit)
    if value is None or stands_for_values(limit):
        return limit
    return f"{limit.partition('.')[0]}.{name}.~{hashlib.sha256(limit.encode()).hexdigest()[:8]}"


def declared_limit(limit: str) -> Limit | None:
    """Return the limit with this id as the code declares it; None if the code does not declare its type.

    If no type has this limit any more, every job that waits for it may go on.
    """
    if not Limit(limit, 0).shared and read_id(limit)[0] not in jobtype.registered:
        return None
    found = next((one for kind in jobtype.registered.values() if (one := declaration_of(kind, limit))), None)
    return Limit(limit, NO_LIMIT) if found is None else as_declared(limit, found)


def declares(job_type: str, limit: str) -> bool:
    """Return whether a type has the limit with this id; True for a type that this process does not know."""
    kind = jobtype.registered.get(job_type)
    return kind is None or declaration_of(kind, limit) is not None


def is_widest(kind: JobType[Any, Any], limit: str) -> bool:
    """Return whether the type takes a place of this limit last, if the fields of all its limits have values."""
    widest = max(kind.limits, key=lambda one: named(kind.name, one), default=None)
    return widest is not None and declaration_of(kind, limit) == widest


def declaration_of(kind: JobType[Any, Any], limit: str) -> AnyLimit | None:
    """Return the declaration of a limit with this id, if the type has one."""
    rank, name = limit.partition(".")[0], read_id(limit)[0]
    mine = [one for one in kind.limits if named(kind.name, one) == f"{rank}.{name}"]
    return mine[0] if mine else None


def _with_values(limit: str) -> bool:
    return limit.partition(".")[0].removesuffix(RATED) in WITH_VALUES


def canonical(value: str) -> str:
    """Return the last part of a limit's id for a value, or for the hash that stands for a long one."""
    return value if HASHED.fullmatch(value) else _quoted(value)


def _quoted(value: str) -> str:
    """Return a value without dots, of bounded length."""
    quoted = quote(kept(value), safe="").replace(".", "%2E")
    if len(quoted) <= LONGEST_VALUE:
        return quoted
    return f"~{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:32]}"
