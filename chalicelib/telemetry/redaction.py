"""Keep the values of secrets out of everything that is written down: log lines, errors, stacks, results, notes.

A value is known from the moment it was read. Found are the value itself and the forms that JSON, `repr` and a URL give
it; another encoding of it (base64, a hash) is not.
"""

import json
from typing import Any
from urllib.parse import quote

from chalicelib.jobs.job import JSON

SHORTEST = 4
"""Characters. A shorter value would be found everywhere."""
_known: dict[str, str] = {}


def hide(name: str, value: str) -> None:
    """Replace the value by its name from now on; of a JSON document each text in it, too."""
    for text in (value, *_texts_of(value)):
        if len(text) >= SHORTEST:
            _known.update(dict.fromkeys(_forms(text), f"[secret {name}]"))


def forget() -> None:
    """Know no secret any more."""
    _known.clear()


def without_secrets(text: str) -> str:
    """Return the text with the name of each known secret in place of its value; the longest values first."""
    if _known:
        for value in sorted(_known, key=len, reverse=True):
            text = text.replace(value, _known[value])
    return text


def json_without_secrets(value: JSON) -> JSON:
    """Return the same of every text in a JSON value, keys too."""
    if not _known:
        return value
    match value:
        case str():
            return without_secrets(value)
        case dict():
            return {without_secrets(key): json_without_secrets(inner) for key, inner in value.items()}
        case list():
            return [json_without_secrets(inner) for inner in value]
    return value


def _forms(text: str) -> set[str]:
    return {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1], quote(text, "")}


def _texts_of(value: str) -> list[str]:
    """Return the texts in a JSON object: Secrets Manager keeps several values as one document."""
    try:
        document = json.loads(value)
    except ValueError:
        return []
    return _leaves(document) if isinstance(document, dict | list) else []


def _leaves(document: Any) -> list[str]:
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    found = [document] if isinstance(document, str) else []
    return found + [leaf for part in inner for leaf in _leaves(part)]
