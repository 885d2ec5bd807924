"""Define an entry of the audit log, in which partition it is, and which entries a page has. Pure.

An entry has no payload, tag or tenant, so that erasing a tenant leaves the log as it is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from chalicelib.audit.constants import LONGEST_NAME, MOST_LOOKED
from chalicelib.job_types.checks import BULK_ID, JOB_ID, PERSON, SCHEDULE, WEBHOOK
from chalicelib.jobs.listing import iso
from chalicelib.jobs.retention import KEEP_AUDIT

JOB, BULK, LIMIT = "job", "bulk", "limit"
Thing = tuple[str, str]
"""The kind of something, and its id."""
HEX_12 = re.compile(r"[0-9a-f]{12}")
HEX_16 = re.compile(r"[0-9a-f]{16}")
TYPE = re.compile(r"[a-z0-9_.-]{1,40}")
STAGE = re.compile(r"[A-Za-z0-9-]{1,128}")
ONE_VALUE = ":value"
"""Follows the name of a limit of which one value was changed; the value, which may be a customer, is not stored."""
LIMIT_NAME = re.compile(rf"[0-3]\.[a-z0-9_.-]{{1,60}}({ONE_VALUE})?")
SHAPES: Mapping[str, re.Pattern[str]] = {
    JOB: JOB_ID, "batch": JOB_ID, BULK: BULK_ID, "error": HEX_12, "view": HEX_16, "token": HEX_16,
    "job-type": TYPE, "schedule": SCHEDULE, "webhook": WEBHOOK, "stage": STAGE, LIMIT: LIMIT_NAME,
    "erasure": BULK_ID, "session": HEX_16, "person": PERSON,
}  # fmt: skip
"""The kinds of things that are changed, and the form of their ids. A path may contain any other text, such as the name
of a customer, and this text is not stored."""
KEY_SEPARATOR = "#"


class Outcome(StrEnum):
    """Say what became of a change.

    `begun`: it is under way; after a minute, the process has died, or could not store the outcome, and the change may
    be done or not. `refused`: the answer was 4xx. `failed`: the answer was 5xx, and a part may be done. `named`: see
    `named`.
    """

    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Entry:
    """A change by a person or a token. Times in epoch seconds.

    `id` sorts by time. `principal` is the token's id, or the AWS identity of a command; `label` is the token's label.
    `target` is the id of what is changed; empty: many things, or the id is not known. `error` is the problem's name.
    `status` is the HTTP status; None: it was a command, or there is no outcome. `bulk` is the id of the bulk action, or
    of the request that changes many jobs at once: each job that it changes has this id in its history. `version` is
    what was deployed.
    """

    id: str
    at: float
    action: str
    kind: str
    target: str
    principal: str
    label: str = ""
    ip: str = ""
    correlation_id: str = ""
    reason: str = ""
    outcome: Outcome = Outcome.BEGUN
    status: int | None = None
    error: str | None = None
    ended_at: float | None = None
    bulk: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a change. `target`: the id of what was made, if it was not known before."""

    outcome: Outcome
    at: float
    status: int | None = None
    error: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Which:
    """The entries, or counts of refusals, that a page has; None: all. Times in epoch seconds, `after` is included.

    `named`: the entries that `named` has made, in place of all others. With `job` or `bulk`, both are meant.
    """

    job: str | None = None
    principal: str | None = None
    action: str | None = None
    after: float | None = None
    before: float | None = None
    bulk: str | None = None
    named: bool = False

    @property
    def thing(self) -> tuple[str, str] | None:
        """Return the kind and the id of the one thing whose changes are asked for."""
        if self.job is not None:
            return JOB, self.job
        return None if self.bulk is None else (BULK, self.bulk)


@dataclass(frozen=True, slots=True)
class Refused:
    """State at least how often a caller was refused for one reason in one minute. `minute` in epoch seconds.

    `who` is the token's id, the address of a caller without a known token, or OTHERS.
    """

    minute: int
    who: str
    why: str
    number: int

    @property
    def id(self) -> str:
        """Return the sort key."""
        return KEY_SEPARATOR.join((iso(self.minute), self.who, self.why))


class HasId(Protocol):
    """Something with a sort key that begins with its time."""

    @property
    def id(self) -> str:
        """Return the sort key."""


R = TypeVar("R", bound=HasId)


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """A page, newest first. `position` is the id after which the next page begins; None: there is none."""

    rows: Sequence[R]
    position: str | None
    looked: int


def entry_id(at: float, random: str) -> str:
    """Return the id of an entry."""
    return f"{iso(at)}{KEY_SEPARATOR}{random}"


def named(entry: Entry, things: Sequence[Thing]) -> list[Entry]:
    """Return an entry for each of these things, which a request for many names: so the request is found by them.

    These entries say nothing about what became of the change: the entry of the request does.
    """
    return [
        replace(
            entry, id=f"{entry.id}{KEY_SEPARATOR}{place:04}", kind=kind, target=known_target(kind, target),
            outcome=Outcome.NAMED,
        ) for place, (kind, target) in enumerate(things)
    ]  # fmt: skip


def is_named(key: str) -> bool:
    """Return whether the id belongs to an entry that `named` has made. Lists of all changes are without them."""
    return key.count(KEY_SEPARATOR) > 1


def whole_id(key: str) -> str:
    """Return the id of the request that names something, from the id of an entry that `named` has made."""
    return key.rpartition(KEY_SEPARATOR)[0]


def with_wholes(page: "Page[Entry]", which: Which, find: Callable[[str], Entry | None]) -> "Page[Entry]":
    """Return a page by the id of a bulk action with the requests in place of the entries that name the id.

    An entry that names it says nothing about the outcome. `find` returns the entry with an id. There is at most one for
    each page, because each request has another id.
    """
    if which.bulk is None or which.job is not None:
        return page
    rows = [(find(whole_id(row.id)) if is_named(row.id) else None) or row for row in page.rows]
    return replace(page, rows=rows)


def known_target(kind: str, text: str) -> str:
    """Return the id of what is changed; empty if the text cannot be such an id."""
    return text if SHAPES[kind].fullmatch(text) else ""


def cut(text: str) -> str:
    """Return a text that fits into an entry."""
    return text[:LONGEST_NAME]


def ended(entry: Entry, end: End) -> Entry:
    """Return the entry with its end."""
    target = entry.target if end.target is None else known_target(entry.kind, end.target)
    return replace(
        entry, outcome=end.outcome, status=end.status, error=end.error, ended_at=end.at, target=target
    )  # fmt: skip


def month_of(key: str) -> str:
    """Return the month of an id, such as `2026-11`. The rows of a month are in one partition."""
    return key[:7]


def bounds(which: Which, now: float) -> tuple[str, str]:
    """Return the lowest id that a page may have, and the end of the ids, which is not included.

    Rows that have expired, but are not deleted yet, are not shown.
    """
    after, before = max(which.after or 0.0, now - KEEP_AUDIT), which.before
    # the clocks of two processes differ a little
    return iso(after), iso(now + 60 if before is None else min(before, now + 60))


def months(low: str, high: str) -> Iterator[str]:
    """Yield the months between two ids, newest first: at most 15."""
    month, first = month_of(high), month_of(low)
    while month >= first:
        yield month
        begin = datetime.fromisoformat(f"{month}-01").replace(tzinfo=UTC)
        month = iso(begin.timestamp() - 1)[:7]


def matches(entry: Entry, which: Which) -> bool:
    """Return whether an entry belongs on a page; the times are not compared."""
    thing = which.thing
    return (
        (is_named(entry.id) == which.named if thing is None else thing == (entry.kind, entry.target))
        and which.bulk in (None, entry.bulk, entry.target)
        and which.principal in (None, entry.principal)
        and which.action in (None, entry.action)
    )


def matches_refused(row: Refused, which: Which) -> bool:
    """Return whether a count of refusals belongs on a page; the times are not compared."""
    return which.principal in (None, row.who)


def paged(rows: Iterable[tuple[R, bool]], limit: int) -> Page[R]:
    """Return a page of the rows with True. It ends after MOST_LOOKED rows, even if it is not full."""
    found, looked, last = list[R](), 0, None
    for row, fits in rows:
        if len(found) >= limit or looked >= MOST_LOOKED:
            return Page(found, last, looked)
        looked, last = looked + 1, row.id
        if fits:
            found.append(row)
    return Page(found, None, looked)
