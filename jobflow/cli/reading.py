"""Parse the command line's values: durations, times, payloads. Pure, except for files with payloads."""

import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, TextIO

from jobflow.errors import ConfigurationError
from jobflow.plain import is_key

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
HALF = re.compile("[\ud800-\udfff]")
"""Halves of surrogate pairs: Python decodes invalid UTF-8 on a command line to these characters."""
DAYS = {"today": 0, "yesterday": 1}
"""Words for a day, each with the number of days before today."""
DURATION = re.compile(r"(\d{1,9})([smhd]?)")


def check_text(typed: Mapping[str, Any]) -> None:
    """Raise ConfigurationError for arguments that are not valid UTF-8, except names of files."""
    for name, value in typed.items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and HALF.search(text) and not (name == "payload" and text.startswith("@")):
                raise ConfigurationError(f"{text!r} is not UTF-8: set your terminal's encoding to UTF-8.")


def seconds(text: str) -> int:
    """Return a duration such as 90, 90s, 10m, 2h or 1d in seconds; raises ConfigurationError."""
    match = DURATION.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(f"{text!r} is not a duration: write 90, 90s, 10m, 2h or 1d.")
    return int(match[1]) * UNITS[match[2]]


def moment(text: str, now: datetime | None = None) -> datetime:
    """Return a time: ISO 8601 (local time without a zone), `today`, `yesterday`, or a duration before now.

    Raises ConfigurationError.
    """
    try:
        if (days := DAYS.get(text.strip().lower())) is not None:
            here = (now or datetime.now(UTC)).astimezone()
            return datetime.combine(here.date() - timedelta(days=days), time()).astimezone(UTC)
        if DURATION.fullmatch(text.strip()):
            return (now or datetime.now(UTC)) - timedelta(seconds=seconds(text))
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"{text!r} is not a time: write 2027-03-01T10:00, today, or 2h for two hours ago."
        ) from None


def start(text: str) -> datetime:
    """Return the start of something, as ISO 8601 (local time without a zone).

    Raises ConfigurationError, also for a duration and for `today`: both would mean a time before now.
    """
    if DURATION.fullmatch(text.strip()):
        raise ConfigurationError(
            f"{text!r} is not a time: write 2027-03-01T10:00. To wait for a duration, use --delay."
        )
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConfigurationError(f"{text!r} is not a time: write 2027-03-01T10:00.") from None


def key(text: str) -> str:
    """Return an idempotency key; raises ConfigurationError."""
    if not is_key(text):
        raise ConfigurationError(f"--key {text!r} is not a valid key: a key has 1 to 255 visible ASCII characters.")
    return text


def debounce(text: str) -> tuple[str, int]:
    """Return a key and seconds from a text such as doc-17=30s; raises ConfigurationError."""
    key, equals, lasts = text.rpartition("=")
    if not equals or not key:
        raise ConfigurationError(f"{text!r} is not a key and a time: write it like doc-17=30s.")
    return key, seconds(lasts)


def payload(text: str | None, pairs: Sequence[str], base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a payload from JSON, `@file` or `-` (standard input); fields set by name=value override it.

    A value that is valid JSON is used as JSON, anything else as text. Raises ConfigurationError.
    """
    found: dict[str, Any] = dict(base or {})
    if text is not None:
        found = _object(_source(text))
    set_here = set[str]()
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ConfigurationError(f"{pair!r} is not a field: write name=value.")
        if name in set_here:
            raise ConfigurationError(f"The field {name!r} is given twice. It takes one value; a list is JSON: [1,2].")
        set_here.add(name)
        found[name] = _value(value)
    return found


def event_data(text: str) -> Any:
    """Return the data of an event from JSON, `@file` or `-` (standard input); raises ConfigurationError."""
    try:
        return _json(_source(text))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"The data is not JSON: {error}. A text needs quotes, like '\"yes\"'.") from error


def standard_input() -> TextIO:
    """Return standard input; raises ConfigurationError if it is closed (`<&-`)."""
    if sys.stdin is None:
        raise ConfigurationError("Standard input is closed.")
    return sys.stdin


def _source(text: str) -> str:
    if text != "-" and not text.startswith("@"):
        return text
    try:
        return standard_input().read() if text == "-" else Path(text[1:]).read_text()
    except OSError as error:
        raise ConfigurationError(f"{text[1:]} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{text[1:] or 'Standard input'} is not UTF-8, so it is not JSON.") from error


def _object(text: str) -> dict[str, Any]:
    try:
        found = _json(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"The payload is not JSON: {error}. To send a file, put @ before its name, like @letter.json."
        ) from error
    if not isinstance(found, dict):
        raise ConfigurationError('The payload must be an object, such as {"to": ["ada@example.com"]}.')
    return found


def _value(text: str) -> Any:
    try:
        return _json(text)
    except (ValueError, RecursionError):
        return text


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_finite, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a JSON number")
    return number


def ago(then: datetime | None, now: datetime | None = None) -> str | None:
    """Return the time since or until a moment, in one unit."""
    if then is None:
        return None
    passed = ((now or datetime.now(UTC)) - then).total_seconds()
    return f"{lasting(passed)} ago" if passed >= 0 else f"in {lasting(-passed)}"


def lasting(length: float) -> str:
    """Return seconds in the largest unit with a whole number."""
    for unit in ("d", "h", "m"):
        if length >= UNITS[unit]:
            return f"{length / UNITS[unit]:.0f}{unit}"
    if 0 < length < 1:
        return f"{length * 1000:.0f}ms"
    return f"{length:.1f}s" if 1 <= length < 10 else f"{length:.0f}s"
