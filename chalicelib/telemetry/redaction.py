"""Keep the values of secrets out of everything that is written down: log lines, errors, stacks, results, notes.

A value is known from the moment it was read. Found are the value itself, without the spaces around it, each line of it,
each text and long number of a JSON document, and the forms that JSON, `repr` and a URL give them; another encoding
(base64, a hash) is not.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from chalicelib.jobs.job import JSON

SHORTEST = 4
"""Characters. A shorter value would be found everywhere."""
SHORTEST_LINE = 8
"""Characters of a line of a value, or of a number in a document: a port or a year is no secret."""
ARMOR = "-----"
"""How the lines around a key in a PEM file begin, which are the same in all of them."""
PERCENT = re.compile("%[0-9A-F]{2}")
_known: dict[str, str] = {}


def hide(name: str, value: str) -> None:
    """Replace the value by its name from now on; of a JSON document each text and long number in it, too."""
    for text in (value, *_leaves_of(value)):
        for part in _parts_of(text):
            _known.update(dict.fromkeys(_forms(part), f"[secret {name}]"))
    ordered = sorted(_known.items(), key=lambda known: -len(known[0]))
    _known.clear()
    _known.update(ordered)


def forget() -> None:
    """Know no secret any more."""
    _known.clear()


def without_secrets(text: str) -> str:
    """Return the text with the name of each known secret in place of its value; the longest values first."""
    for value, name in list(_known.items()):
        if value in text:
            text = _without_number(text, value, name) if value.isdecimal() else text.replace(value, name)
    return text


def json_without_secrets(value: Any) -> Any:
    """Return the same of every text and number in a JSON value, keys too."""
    if not _known:
        return value
    match value:
        case str():
            return without_secrets(value)
        case int() | float() if str(value) in _known:
            return _known[str(value)]
        case dict():
            return {_key(key): json_without_secrets(inner) for key, inner in value.items()}
        case list() | tuple():
            return [json_without_secrets(inner) for inner in value]
    return value


def _key(key: Any) -> Any:
    hidden = without_secrets(str(key))
    return key if hidden == str(key) else hidden


def _without_number(text: str, value: str, name: str) -> str:
    """Leave longer numbers, such as times, that have the value within them."""
    done, *rest = text.split(value)
    for part in rest:
        longer = done[-1:].isdigit() or part[:1].isdigit()
        done += (value if longer else name) + part
    return done


def _parts_of(text: str) -> set[str]:
    lines = (line.strip() for line in text.splitlines()) if "\n" in text.strip() else ()
    parts = {line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith(ARMOR)}
    return parts | {part for part in (text, text.strip()) if len(part) >= SHORTEST}


def _forms(text: str) -> set[str]:
    in_urls = {form(text, safe=safe) for form in (quote, quote_plus) for safe in ("", "/")}
    return {
        text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1], *in_urls,
        *(PERCENT.sub(lambda code: code[0].lower(), form) for form in in_urls),
    }  # fmt: skip


def _leaves_of(value: str) -> list[str]:
    """Return what is in a JSON object or list: Secrets Manager keeps several values as one document."""
    try:
        document = json.loads(value)
    except ValueError:
        return []
    return list(_leaves(document)) if isinstance(document, dict | list) else []


def _leaves(document: JSON) -> Iterator[str]:
    match document:
        case str():
            yield document
        case bool():
            return
        case int() | float() if len(str(document)) >= SHORTEST_LINE:
            yield str(document)
        case dict() | list():
            for part in document.values() if isinstance(document, dict) else document:
                yield from _leaves(part)
