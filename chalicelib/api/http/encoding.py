"""Convert values to JSON text that every client can read, whatever a job's result contains."""

import json
import math
from decimal import Decimal
from typing import Any

from pydantic import BaseModel


def encode(value: Any) -> str:
    """Return JSON (RFC 8259) in ASCII, without NaN and lone surrogates.

    Raises TypeError for values without a JSON form.
    """
    try:
        return _dump(value)
    except ValueError:
        # JSON has no NaN and no infinities. In a job's result, NaN and infinities mean "no number", so they become
        # null.
        return _dump(_finite(_plain(value)))


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict | list | tuple | str | int | float | None):
        return value
    raise TypeError(f"{type(value).__name__} is not JSON")


def _finite(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _finite(value.model_dump(by_alias=True))
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
