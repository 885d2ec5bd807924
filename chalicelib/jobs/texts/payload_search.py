"""Search for a text in the values of a payload. Pure."""

import json
import re
from collections.abc import Iterator

from pydantic import JsonValue

FIELD = re.compile(r"([A-Za-z_][\w.]*)=(.*)", re.DOTALL)
"""A search for one field: `to=ada`, `resize.width=640`."""


def holds(payload: JsonValue, text: str) -> bool:
    """Return whether a value of the payload contains the text; case is ignored.

    `field=text` searches only the values of fields with that name, at any depth; `a.b=text` searches only `b` in `a`.
    """
    field = FIELD.fullmatch(text)
    path, wanted = (f".{field[1]}", field[2]) if field else ("", text)
    return any(f".{place}".endswith(path) and wanted.lower() in value.lower() for place, value in _values(payload))


def _values(payload: JsonValue) -> Iterator[tuple[str, str]]:
    """Yield each plain value with the path of names to it; items of a list have the name of the list."""
    left: list[tuple[str, JsonValue]] = [("", payload)]
    while left:
        place, value = left.pop()
        if isinstance(value, dict):
            left += [(f"{place}.{name}" if place else name, inner) for name, inner in value.items()]
        elif isinstance(value, list):
            left += [(place, inner) for inner in value]
        else:
            yield place, value if isinstance(value, str) else json.dumps(value)
