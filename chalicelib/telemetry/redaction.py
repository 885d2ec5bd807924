"""Mask the values of secrets in everything that is stored or logged: log lines, errors, stack traces, results, notes.

The personal values of a job are masked in its texts (log lines, errors, stack traces, notes), not in its results.

A value is masked from the moment when a job has read it. This module masks the value itself, the value without
surrounding spaces, each of its lines, and, if it is a JSON document, each text and long number in it. These values are
also masked in the forms that they have in JSON, in `repr` and in a URL. Other encodings (base64, a hash) are not
masked.
"""

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from chalicelib.jobs.job import JSON
from chalicelib.jobs.texts.personal_texts import MASK, PersonalTexts, written
from chalicelib.telemetry.constants import SHORTEST_SECRET, SHORTEST_SECRET_LINE

NO_FACTS: Mapping[str, object] = {}
ARMOR = "-----"
"""The first characters of the lines around a key in a PEM file, which are the same in all of them."""
_hiding = threading.Lock()
_known: dict[str, str] = {}
"""The masked values with their names. It is replaced and never changed, because other threads read it meanwhile."""
running: tuple["_Personal", ...] = ()
"""The personal values of the jobs that run in this process. It is replaced and never changed, too."""


def hide(name: str, value: str) -> None:
    """Mask the value with its name from now on; for a JSON document also each text and long number in it."""
    global _known  # noqa: PLW0603 - a process has one log
    with _hiding:
        known = dict(_known)
        for text in (value, *_leaves_of(value)):
            for part in _parts_of(text):
                known.update(dict.fromkeys(written(part), f"[secret {name}]"))
        _known = dict(sorted(known.items(), key=lambda one: -len(one[0])))


def forget() -> None:
    """Mask nothing any more."""
    global _known, running
    _known, running = {}, ()


class _Personal:
    """The personal values of a running job, which are read when the first text is written."""

    def __init__(self, read: Callable[[], Collection[str]], facts: Mapping[str, object]) -> None:
        self._read = read
        self.facts = facts

    @cached_property
    def texts(self) -> PersonalTexts:
        """Return the values, for masking."""
        return PersonalTexts(self._read())

    def masked(self, text: str) -> str:
        """Return the text with masks; a mask alone if that fails, because a failure must be recorded all the same."""
        try:
            return self.texts.masked(text)
        except Exception:
            return MASK

    def masked_json(self, value: Any) -> Any:
        """Return the value with masks, as `masked` does."""
        try:
            return self.texts.masked_json(value)
        except Exception:
            return MASK


@contextmanager
def personal(read: Callable[[], Collection[str]], facts: Mapping[str, object] = NO_FACTS) -> Iterator[None]:
    """Mask these values while the block runs, in the texts of all threads: they may write output of this job.

    `read` is called at most about once, when the first text is written. `facts` are the platform's own facts about the
    job, which stay in its lines.
    """
    global running  # noqa: PLW0603 - a process has one log
    own = _Personal(read, facts)
    with _hiding:
        running = (*running, own)
    try:
        yield
    finally:
        with _hiding:
            running = tuple(one for one in running if one is not own)


def clean(text: str) -> str:
    """Return the text without secrets, and without the personal values of the jobs that run in this process."""
    text = without_secrets(text)
    for job in running:
        text = job.masked(text)
    return text


def clean_facts(facts: dict[str, Any], kept: Callable[[str, object], bool]) -> dict[str, Any]:
    """Return the facts of a log line without secrets and personal values.

    `kept` says whether a fact is the platform's own, so that it is no personal value; those of the running jobs are.
    """
    jobs = running
    if not (_known or jobs):
        return facts
    cleaned: dict[str, Any] = json_without_secrets(facts)
    for name, value in cleaned.items() if jobs else ():
        if not (kept(name, value) or any(name in job.facts and job.facts[name] == value for job in jobs)):
            for job in jobs:
                cleaned[name] = job.masked_json(cleaned[name])
    return cleaned


def without_secrets(text: str) -> str:
    """Return the text with each known secret's value replaced by its name; the longest values first."""
    for value, name in _known.items():
        if value in text:
            text = _without_number(text, value, name) if value.isdecimal() else text.replace(value, name)
    return text


def json_without_secrets(value: Any) -> Any:
    """Return a JSON value in which every text, number and key is without secrets."""
    known = _known
    if not known:
        return value
    match value:
        case str():
            return without_secrets(value)
        case int() | float() if str(value) in known:
            return known[str(value)]
        case dict():
            return {_key(key): json_without_secrets(inner) for key, inner in value.items()}
        case list() | tuple():
            return [json_without_secrets(inner) for inner in value]
    return value


def _key(key: Any) -> Any:
    hidden = without_secrets(str(key))
    return key if hidden == str(key) else hidden


def _without_number(text: str, value: str, name: str) -> str:
    """Mask a number, but not longer numbers that contain it, such as times."""
    done, *rest = text.split(value)
    for part in rest:
        longer = done[-1:].isdigit() or part[:1].isdigit()
        done += (value if longer else name) + part
    return done


def _parts_of(text: str) -> set[str]:
    lines = (line.strip() for line in text.splitlines()) if "\n" in text.strip() else ()
    parts = {line for line in lines if len(line) >= SHORTEST_SECRET_LINE and not line.startswith(ARMOR)}
    return parts | {part for part in (text, text.strip()) if len(part) >= SHORTEST_SECRET}


def _leaves_of(value: str) -> list[str]:
    """Return the values in a JSON object or list: Secrets Manager stores several values as one document."""
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
        case int() | float() if len(str(document)) >= SHORTEST_SECRET_LINE:
            yield str(document)
        case dict() | list():
            for part in document.values() if isinstance(document, dict) else document:
                yield from _leaves(part)
