"""Convert models to plain JSON values, with the API's own names, and check plain values."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from numbers import Real
from typing import Any, Protocol

LONGEST_KEY = 255


def plain(thing: Any) -> Any:
    """Return a model, or a collection of models, as plain data, with times as ISO 8601 in UTC."""
    if is_dataclass(thing) and not isinstance(thing, type):
        return {field.name.rstrip("_"): plain(getattr(thing, field.name)) for field in fields(thing)}
    if isinstance(thing, datetime):
        return thing.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(one) for one in thing]
    return thing


def is_key(text: object) -> bool:
    """Return whether it is a valid idempotency key: the API refuses other texts, and no header can contain them."""
    if not isinstance(text, str):
        return False
    return 1 <= len(text) <= LONGEST_KEY and all("!" <= character <= "~" for character in text)


def number_of(value: object) -> float | None:
    """Return a real number as a float: also a Decimal, a Fraction or a number of numpy; None for another value."""
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        return None
    return float(value)


class NamedType(Protocol):
    """A job type as the code declares it: what `@job` returns."""

    @property
    def name(self) -> str:
        """Return the name of the job type."""


TypeOrName = NamedType | str
