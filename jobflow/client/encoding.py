"""Convert a program's values to JSON that the API accepts."""

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from urllib.parse import quote
from uuid import UUID

from jobflow.plain import TypeOrName, number_of


def as_body(value: Any) -> bytes:
    """Return a value as JSON in UTF-8. Raises TypeError for values without a JSON form, and ValueError for NaN."""
    try:
        return _dumped(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: send it escaped, because the API's error names the field
        return _dumped(value, ensure_ascii=True).encode()


def _dumped(value: Any, *, ensure_ascii: bool) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=ensure_ascii, allow_nan=False, separators=(",", ":"))


def as_payload(value: Any) -> Any:
    """Return a payload as an object: a mapping, a dataclass, or a pydantic model (by its aliases)."""
    plain = value if isinstance(value, Mapping) else _fields(value)
    if not isinstance(plain, Mapping):
        raise TypeError(f"A payload is an object: a dict, a dataclass or a model, not {type(value).__name__}.")
    return plain


def _fields(value: Any) -> Any:
    """Return a pydantic model or a dataclass as its fields, and None for another value."""
    if callable(dump := getattr(value, "model_dump", None)):
        return dump(mode="json", by_alias=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def _plain(value: Any) -> Any:
    if (fields := _fields(value)) is not None:
        return fields
    for kinds, write in WAYS:
        if isinstance(value, kinds):
            return write(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON; turn it into text or numbers first.")


def type_name(type: TypeOrName) -> str:
    """Return the name of a job type that is given as itself or by its name. Raises TypeError for anything else."""
    if isinstance(type, str):
        return type
    name = None if isinstance(type, Enum) else getattr(type, "name", None)
    if isinstance(name, str):
        return name
    given = getattr(type, "__name__", repr(type))
    raise TypeError(f"{given} is not a job type: pass its name, such as 'email.send', or the function that @job made.")


def as_time(when: datetime | str) -> str:
    """Return a time as ISO 8601 in UTC.

    Raises TypeError for another value, and ValueError for a time without a time zone, because its meaning would depend
    on the machine's time zone.
    """
    if isinstance(when, str):
        return when
    if not isinstance(when, datetime):
        raise TypeError(
            f"A time is a datetime with a time zone, such as datetime.now(UTC), or a text, not {type(when).__name__}."
        )
    if when.tzinfo is None:
        raise ValueError("A time needs a time zone, such as datetime.now(UTC).")
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_path(name: str, what: str = "id") -> str:
    """Return an id or a name as a part of a path.

    Raises TypeError for a value that is no text, and ValueError for an empty text: the path would be another one.
    """
    if not isinstance(name, str):
        raise TypeError(f"The {what} is a text, not {name!r}.")
    if not name:
        raise ValueError(f"The {what} is empty.")
    return quote(name, safe="")


def as_seconds(name: str, delay: float | timedelta) -> int:
    """Return the value of the argument `name` in whole seconds, rounded up: a job must not start too early."""
    seconds = delay.total_seconds() if isinstance(delay, timedelta) else number_of(delay)
    if seconds is None or not math.isfinite(seconds):
        raise TypeError(f"{name} is a number of seconds or a timedelta, not {delay!r}.")
    return math.ceil(seconds)


WAYS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (datetime, as_time),
    (date, date.isoformat),
    (UUID | Decimal | PurePath, str),
    (Mapping, dict),
    (set | frozenset, sorted),
)
"""Functions that convert a value, by its type; the first matching type is used."""
