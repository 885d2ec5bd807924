"""Mask personal values in texts: error messages, stack traces, log lines, notes. Pure.

A text is searched in one pass. Its length is bounded, and so are the number of the values and their characters.
"""

import json
import re
from collections.abc import Collection, Iterator
from functools import cached_property
from urllib.parse import quote, quote_plus

from chalicelib.jobs.constants import (
    LONGEST_SEARCHED,
    MOST_PERSONAL,
    SHORTEST_ANYWHERE,
    SHORTEST_LINE,
    SHORTEST_NUMBER,
)
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
        """Take the values; if they are too many or too long, every text is masked as a whole.

        What a search needs is made at the first one.
        """
        self._values = values
        self._too_many = len(values) > MOST_PERSONAL or sum(map(len, values)) > LONGEST_SEARCHED

    @cached_property
    def _parts(self) -> frozenset[str]:
        return frozenset(part for value in self._values for part in _parts(value))

    @cached_property
    def _words(self) -> frozenset[str]:
        """Return what is masked only as a whole word."""
        words = filter(_is_word, self._parts)
        return frozenset(form for word in words for form in (word, word.lower(), word.upper()))

    @cached_property
    def _numbers(self) -> frozenset[str]:
        """Return the long numbers, which are masked also beside letters, but not within longer numbers."""
        return frozenset(part for part in self._parts if part.isdecimal() and len(part) >= SHORTEST_NUMBER)

    @cached_property
    def _anywhere(self) -> frozenset[str]:
        texts = (part for part in self._parts if not _is_word(part))
        return self._numbers.union(form for part in texts for form in forms(part))

    @cached_property
    def _lengths(self) -> dict[str, list[int]]:
        """Return the lengths of the texts that are masked anywhere, longest first, by their first characters."""
        found: dict[str, set[int]] = {}
        for text in self._anywhere:
            found.setdefault(text[:SHORTEST_ANYWHERE], set()).add(len(text))
        return {first: sorted(lengths, reverse=True) for first, lengths in found.items()}

    @cached_property
    def _widths(self) -> list[int]:
        return sorted({len(first) for first in self._lengths})

    def masked(self, text: str) -> str:
        """Return the text with a mask in place of each value, and without the middle of a very long text."""
        if self._too_many:
            return MASK
        if not (self._values and (self._anywhere or self._words)):
            return text
        if len(text) > LONGEST_SEARCHED:
            half = LONGEST_SEARCHED // 2
            text = f"{text[:half]}…{text[-half:]}"
        text = self._without_texts(_without_inputs(text))
        return WORD.sub(lambda word: self._without(word[0]), text) if self._words else text

    def _without_texts(self, text: str) -> str:
        """Return the text without what is masked anywhere, in one pass; values that overlap get one mask."""
        done, kept, begin, end = list[str](), 0, 0, 0
        known, everywhere = self._lengths, range(len(text))
        for at in sorted({at for width in self._widths for at in everywhere if text[at : at + width] in known}):
            to = self._end(text, at, end)
            if to <= end:
                continue
            if at > end or (at == end and not end):
                done += [text[kept:begin], MASK] if end else []
                kept, begin = end, at
            end = to
        return "".join((*done, text[kept:begin], MASK, text[end:])) if end else text

    def _end(self, text: str, at: int, end: int) -> int:
        """Return where the longest value that begins at `at` ends; 0 if none ends behind `end`."""
        for width in self._widths:
            for length in self._lengths.get(text[at : at + width], ()):
                to = at + length
                if to <= end:
                    break
                found = text[at:to]
                if found in self._anywhere and not (found in self._numbers and _is_in_number(text, at, to)):
                    return to
        return 0

    def _without(self, word: str) -> str:
        """Return a word, or several with dots between them, without values; a sign may also be a hyphen."""
        if word in self._words:
            return MASK
        if word.startswith("-"):
            return f"-{self._without(word[1:])}"
        return ".".join(MASK if part in self._words else part for part in word.split("."))

    def masked_json(self, value: object) -> object:
        """Return a JSON value in which each text, number and key is masked; values of other types stay."""
        match value:
            case str():
                return self.masked(value)
            case bool():
                return value
            case int() | float() if self._too_many or self._without(str(value)) != str(value):
                return MASK
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
    in_urls = {form(text, safe=safe, errors="replace") for form in (quote, quote_plus) for safe in ("", "/")}
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


def _is_in_number(text: str, begin: int, end: int) -> bool:
    """Return whether a digit stands beside this part of the text."""
    return text[begin - 1 : begin].isdigit() or text[end : end + 1].isdigit()
