"""Read cron expressions and time zones, and list the times at which they fire. Pure."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import count, islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from chalicelib.job_types.constants import LONGEST_CRON, LONGEST_EVERY, MOST_FIRINGS_SEARCHED, SHORTEST_EVERY

FIELDS = 5
PART = {
    "minute": "the minute (0-59)", "hour": "the hour (0-23)", "day-of-month": "the day of the month (1-31, L, LW)",
    "month": "the month (1-12, JAN-DEC)", "day-of-week": "the day of the week (0-7, SUN-SAT, FRI#2, FRIL)",
}  # fmt: skip
"""The words for the five fields in error texts, by cronsim's names of the fields."""
NAMED = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}  # fmt: skip
"""Names that replace all five fields, as in Debian's cron."""
EVERY = re.compile(r"\s*@every\s+(?P<number>\d{1,6})(?P<unit>[smh])\s*", re.IGNORECASE)
UNITS = {"s": 1, "m": 60, "h": 3_600}


def cron_error(text: str) -> str | None:
    """Return what is wrong with a cron expression; None if it is valid and fires at some time."""
    if len(text) > LONGEST_CRON or not text.isascii():
        return f"must be at most {LONGEST_CRON} ASCII characters"
    if (seconds := every_of(text)) is not None:
        return None if SHORTEST_EVERY <= seconds <= LONGEST_EVERY else f"must be every {SHORTEST_EVERY} s to 24 h"
    if text.strip().startswith("@") and _fields(text) == text:
        return f"must be one of {', '.join(NAMED)}, or like @every 20s, or five fields"
    fields = _fields(text).split()
    if len(fields) != FIELDS:
        return "must have five fields: minute, hour, day of the month, month, day of the week"
    try:
        next(CronSim(" ".join(fields), datetime(2000, 1, 1, tzinfo=UTC)))
    except StopIteration:
        return "never fires"
    except CronSimError as error:
        if _is_right([*fields[:3], "*", fields[4]]) and _is_right([*fields[:2], "*", *fields[3:]]):
            return "never fires: no month that it names has such a day"
        named = PART.get(str(error).removeprefix("Bad "))
        return f"has an error in {named}" if named else "is not a cron text"
    except (AssertionError, ValueError):
        return "is not a cron text"
    return None


def zone_error(name: str) -> str | None:
    """Return what is wrong with the name of a time zone; None if the IANA database has the name."""
    return None if name in _zones() else "must be a time zone of the IANA database, like Europe/Berlin or UTC"


def firings(cron: str, timezone: str, after: float) -> Iterator[float]:
    """Yield the times after `after` at which a cron expression fires, in seconds since the epoch, in increasing order.

    As in Debian's cron: a firing whose time is skipped by a clock change comes right after the change, and a repeated
    time fires once. An expression with `*` in the minute or the hour follows elapsed time, so it fires in both of the
    repeated hours. `@every 20s` follows elapsed time, too: it fires at the multiples of 20 seconds, in any time zone.
    """
    if (seconds := every_of(cron)) is not None:
        yield from count((math.floor(after / seconds) + 1) * seconds, seconds)
    last = after
    behind = 0
    for moment in CronSim(_fields(cron), datetime.fromtimestamp(after, ZoneInfo(timezone))):
        at = moment.timestamp()
        if at > last:
            last, behind = at, 0
            yield at
        elif (behind := behind + 1) > MOST_FIRINGS_SEARCHED:
            return


def every_of(text: str) -> int | None:
    """Return the seconds between two firings of an expression such as `@every 20s`; None for any other expression."""
    found = EVERY.fullmatch(text)
    return None if found is None else int(found["number"]) * UNITS[found["unit"].lower()]


def next_firing(cron: str, timezone: str, after: float) -> float | None:
    """Return the first firing of a cron expression after `after`; None if there is none within 50 years."""
    return next(firings(cron, timezone, after), None)


def local(at: float, timezone: str) -> str:
    """Return a time as ISO 8601 with the zone's offset."""
    return datetime.fromtimestamp(at, ZoneInfo(timezone)).isoformat(timespec="seconds")


def first_of(times: Iterator[float], most: int, until: float | None = None) -> list[float]:
    """Return the first `most` of these times, and none after `until`."""
    found: list[float] = []
    for at in islice(times, most):
        if until is not None and at > until:
            break
        found.append(at)
    return found


def _fields(text: str) -> str:
    """Return the five fields for a name like @daily; return any other expression unchanged."""
    return NAMED.get(text.strip().lower(), text)


def _is_right(fields: list[str]) -> bool:
    try:
        CronSim(" ".join(fields), datetime(2000, 1, 1, tzinfo=UTC))
    except (CronSimError, AssertionError, ValueError):
        return False
    return True


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())
