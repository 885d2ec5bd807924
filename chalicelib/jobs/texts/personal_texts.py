"""Mask personal values in texts: error messages, stack traces, log lines, notes. Pure.

The time of a search grows with the number of values times the length of the text; both are bounded.
"""

import json
import re
from collections.abc import Collection, Iterator
from urllib.parse import quote, quote_plus

from chalicelib.jobs.constants import LONGEST_SEARCHED, MOST_PERSONAL, SHORTEST_ANYWHERE, SHORTEST_LINE
from chalicelib.jobs.job import JSON

MASK = "[personal]"
"""What is shown in place of a personal value. A payload with it in a personal field is refused, or keeps its value."""
PERCENT = re.compile("%[0-9A-F]{2}")
WORD = re.compile(r"-?\w+(?:\.\w+)*")
INPUT, END_OF_INPUT, LONGEST_INPUT = "input_value=", ", input_type=", 400
"""Stand around the value in an error of pydantic, which shortens it, so that it is not the payload's any more."""


class PersonalTexts:
    """The personal values of one job, which are masked in texts."""

    def __init__(self, values: Collection[str]) -> None:
        """Take the values; if they are too many, every text is masked as a whole."""
        self._too_many = len(values) > MOST_PERSONAL
        parts = {part for value in values for part in _parts(value)} if not self._too_many else set()
        words = {part for part in parts if _is_word(part)}
        self._words = frozenset(form for word in words for form in (word, word.lower(), word.upper()))
        self._anywhere = sorted({form for part in parts - words for form in forms(part)}, key=len, reverse=True)

    def masked(self, text: str) -> str:
        """Return the text with a mask in place of each value, and without the middle of a very long text."""
        if self._too_many:
            return MASK
        if not (self._anywhere or self._words):
            return text
        if len(text) > LONGEST_SEARCHED:
            half = LONGEST_SEARCHED // 2
            text = f"{text[:half]}…{text[-half:]}"
        text = _without_inputs(text)
        for value in self._anywhere:
            if value in text:
                text = text.replace(value, MASK)
        return WORD.sub(lambda word: self._without(word[0]), text) if self._words else text

    def _without(self, word: str) -> str:
        if word in self._words:
            return MASK
        return ".".join(MASK if part in self._words else part for part in word.split("."))

    def masked_json(self, value: object) -> object:
        """Return a JSON value in which each text, number and key is masked; values of other types stay."""
        match value:
            case str():
                return self.masked(value)
            case bool():
                return value
            case int() | float():
                return value if self.masked(str(value)) == str(value) else MASK
            case dict():
                return {
                    self.masked(key) if isinstance(key, str) else key: self.masked_json(inner)
                    for key, inner in value.items()
                }
            case list() | tuple():
                return [self.masked_json(inner) for inner in value]
        return value


def texts_in(value: JSON) -> Iterator[str]:
    """Yield each text, number and name of a field in a JSON value, as texts; booleans and null are none."""
    left = [value]
    while left:
        match left.pop():
            case str() as text if text:
                yield text
            case bool():
                continue
            case int() | float() as number:
                yield str(number)
            case dict() as fields:
                left += [*fields, *fields.values()]
            case list() as items:
                left += items


def forms(text: str) -> set[str]:
    """Return a text as it is, in JSON, in `repr` and in a URL, each also in lower and upper case."""
    cases = {text, text.lower(), text.upper()}
    return {form for one in cases for form in written(one)}


def written(text: str) -> set[str]:
    """Return a text as it is, in JSON, in `repr` and in a URL."""
    in_urls = {form(text, safe=safe) for form in (quote, quote_plus) for safe in ("", "/")}
    return {
        text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1], *in_urls,
        *(PERCENT.sub(lambda code: code[0].lower(), form) for form in in_urls),
    }  # fmt: skip


def _without_inputs(text: str) -> str:
    """Return the text without the values in errors of pydantic."""
    first, *rest = text.split(INPUT)
    done = [first]
    for part in rest:
        end = part.find(END_OF_INPUT, 0, LONGEST_INPUT)
        done.append(part if end < 0 else f"{MASK}{part[end:]}")
    return INPUT.join(done)


def _parts(value: str) -> set[str]:
    """Return a value, without the spaces around it, and its long lines."""
    lines = (line.strip() for line in value.splitlines()) if "\n" in value.strip() else ()
    return {part for part in (value, value.strip()) if part} | {line for line in lines if len(line) >= SHORTEST_LINE}


def _is_word(part: str) -> bool:
    """Return whether a value is masked only as a whole word: a short one or a number is within many others."""
    number = part.replace(".", "", 1).removeprefix("-").isdecimal()
    return number or (len(part) < SHORTEST_ANYWHERE and (part.isalnum() or len(part) == 1))
