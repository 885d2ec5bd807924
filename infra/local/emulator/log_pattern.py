"""Match filter patterns of CloudWatch Logs: terms, phrases, alternatives, exclusions, regular expressions, JSON fields.

The syntax is AWS's "Filter pattern syntax for metric filters, subscription filters, and filter log events".
"""

import json
import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

Matches = Callable[[str], bool]
_TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|%(.+?)%|(\S+))')
_FIELD = re.compile(r'\s*\$\.([\w.\-]+)\s*(!=|<=|>=|=|<|>)\s*(?:"([^"]*)"|(\S+?))\s*$')
_NUMERIC: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip


@lru_cache(256)
def compiled(pattern: str) -> Matches:
    """Return a function that tells whether a message matches. Raises ValueError for an unsupported pattern."""
    text = pattern.strip()
    if text.startswith("{") and text.endswith("}"):
        return _json(text[1:-1])
    return _terms(text)


def _terms(text: str) -> Matches:
    found = [(sign, _finder(phrase, expression, word)) for sign, phrase, expression, word in _TERM.findall(text)]
    wanted = [finds for sign, finds in found if not sign]
    excluded = [finds for sign, finds in found if sign == "-"]
    alternatives = [finds for sign, finds in found if sign == "?"]

    def matches(message: str) -> bool:
        if any(finds(message) for finds in excluded) or not all(finds(message) for finds in wanted):
            return False
        return bool(wanted) or not alternatives or any(finds(message) for finds in alternatives)

    return matches


def _finder(phrase: str, expression: str, word: str) -> Matches:
    if expression:
        searched = re.compile(expression)
        return lambda message: searched.search(message) is not None
    wanted = phrase.replace('\\"', '"') or word
    return lambda message: wanted in message


def _json(text: str) -> Matches:
    choices = [[_condition(part) for part in choice.split("&&")] for choice in text.split("||")]

    def matches(message: str) -> bool:
        try:
            content = json.loads(message)
        except ValueError:
            return False
        return any(all(holds(content) for holds in choice) for choice in choices)

    return matches


def _condition(text: str) -> Callable[[Any], bool]:
    match = _FIELD.match(text)
    if match is None:
        raise ValueError(f"the filter pattern is not understood: {text.strip()}")
    path, sign, quoted, bare = match.groups()
    if quoted is None and re.fullmatch(r"-?\d+(\.\d+)?", bare):
        return lambda content: _is_number(_field(content, path)) and _NUMERIC[sign](_field(content, path), float(bare))
    wanted = bare if quoted is None else quoted
    if sign not in ("=", "!="):
        raise ValueError(f"the filter pattern compares text with {sign}: {text.strip()}")
    return lambda content: _is_text(_field(content, path), wanted) is (sign == "=")


def _field(content: Any, path: str) -> Any:
    for name in path.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_text(value: Any, wanted: str) -> bool:
    return isinstance(value, str) and fnmatchcase(value, wanted.replace("[", "[[]").replace("?", "[?]"))
