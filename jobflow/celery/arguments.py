"""Check that the arguments of a call arrive as they were passed. Pure.

Celery's own JSON changes the form of some values. Here, a value that JSON does not have is refused at the call.
"""

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

ADVICE: tuple[tuple[Any, str], ...] = (
    (datetime, "pass {0}.isoformat(), and read it with datetime.fromisoformat in the task"),
    (date, "pass {0}.isoformat(), and read it with date.fromisoformat in the task"),
    (time, "pass {0}.isoformat(), and read it with time.fromisoformat in the task"),
    (timedelta, "pass {0}.total_seconds(), and timedelta(seconds=…) in the task"),
    (UUID, "pass str({0}), and UUID(…) in the task"),
    (Decimal, "pass str({0}), and Decimal(…) in the task"),
    (bytes | bytearray | memoryview, "store it in S3 and pass its key, or pass {0}.hex()"),
    (set | frozenset, "pass sorted({0})"),
    (PurePath, "pass str({0}); a file of this machine is not there in the task"),
    (Enum, "pass {0}.value"),
)
"""The advice for a value, by the value's type; the first matching type counts."""


def check(where: str, given: Mapping[str, Any]) -> None:
    """Raise TypeError or ValueError for the first argument that is not JSON; the text says what to pass instead."""
    for name, value in given.items():
        _check(where, name, value)


def _check(where: str, place: str, value: Any) -> None:
    if value is None or isinstance(value, str | int):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where}: {place} is {value}, which JSON does not have.")
        return
    if isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(key, str):
                raise TypeError(f"{where}: {place} has the key {key!r}: keys are texts in JSON. Pass str({key!r}).")
            _check(where, f"{place}[{key!r}]", one)
        return
    if isinstance(value, list | tuple):
        for number, one in enumerate(value):
            _check(where, f"{place}[{number}]", one)
        return
    raise TypeError(f"{where}: {place} is a {type(value).__name__}, which JSON does not have: {_advice(value, place)}.")


def _advice(value: Any, place: str) -> str:
    found = next((text for kinds, text in ADVICE if isinstance(value, kinds)), None)
    if found is not None:
        return found.format(place)
    if hasattr(type(value), "_meta") and hasattr(value, "pk"):
        return f"pass {place}.pk, and read the row in the task"
    if hasattr(value, "model_dump"):
        return f"pass {place}.model_dump(mode='json'), and use model_validate in the task"
    return "pass its id, or a text"
