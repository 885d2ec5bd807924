"""Decide which firings of a schedule are due, and the schedule's next state. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, takewhile

from chalicelib.job_types.cron import firings, first_of
from chalicelib.schedules.constants import (
    AHEAD,
    CLOCKS_APART,
    FIRST_PERIOD,
    LATE,
    MOST_LOOKED_FOR,
    MOST_RECENT_FIRINGS,
    PERIOD_GROWTH,
)
from chalicelib.schedules.schedule import Gap, Schedule


@dataclass(frozen=True, slots=True)
class Due:
    """The firings to make now, oldest first; the firing after them; and the first firing that is left out, if any."""

    times: tuple[float, ...]
    next_at: float | None
    left_out: float | None = None


def due(schedule: Schedule, now: float) -> Due:
    """Return the due firings of a schedule at `now` (epoch seconds)."""
    first = schedule.next_at
    if first is None or schedule.paused:
        return Due((), schedule.next_at)
    late = now - LATE
    missed: list[float] = []
    left_out = None
    coming = _from(schedule, first)
    if first < late:
        missed = _latest(schedule, first, late, schedule.catch_up)
        left_out = first if first not in missed else None
        coming = (at for at in _after(schedule, late - 1) if at >= late)
    times = missed
    for at in coming:
        if at > now + AHEAD:
            return Due(tuple(times), at, left_out)
        times.append(at)
    return Due(tuple(times), None, left_out)


def left_out(schedule: Schedule, what: Due, now: float) -> list[float]:
    """Return the missed firings that are not made now, at most the first and the last MOST_LOOKED_FOR of them.

    A run that was killed before it could write the schedule may have made jobs for some of them.
    """
    first, late = what.left_out, now - LATE
    if first is None:
        return []
    firsts = islice(takewhile(lambda at: at < late, _from(schedule, first)), MOST_LOOKED_FOR)
    return sorted({*firsts, *_latest(schedule, first, late, MOST_LOOKED_FOR)} - set(what.times))


def made(schedule: Schedule, what: Due, now: float, problem: str | None) -> Schedule:
    """Return the schedule after its due firings; if no jobs were made for them, `problem` gives the reason."""
    recent = (*reversed(what.times), *schedule.recent)[:MOST_RECENT_FIRINGS] if problem is None else schedule.recent
    kept = schedule.problem if problem is None and not what.times else problem
    after = replace(schedule, next_at=what.next_at, recent=recent, problem=kept, updated_at=now)
    return _with_gaps(after, left_out(schedule, what, now), Gap.MISSED, what.times if problem is not None else ())


def started(schedule: Schedule, now: float) -> Schedule:
    """Return the schedule as active: its next firing is the first one after `now` that has no job yet."""
    since = max((now, *schedule.recent[:1]))
    return replace(
        schedule, paused=False, paused_by=None, paused_at=None, next_at=next(_after(schedule, since), None),
        updated_at=now, gaps=gaps(schedule, now),
    )  # fmt: skip


def stopped(schedule: Schedule, now: float, by: str | None = None) -> Schedule:
    """Return the schedule as paused by this person."""
    return replace(schedule, paused=True, next_at=None, updated_at=now, paused_by=by, paused_at=now)


def changed_in_pause(before: Schedule, after: Schedule, now: float) -> Schedule:
    """Return a paused schedule with its new settings, and with the firings that it missed with the settings before."""
    return replace(after, updated_at=now, gaps=gaps(before, now))


def gaps(schedule: Schedule, now: float) -> tuple[tuple[float, str], ...]:
    """Return the firings for which no job was made, newest first, also those of the present pause.

    Firings before the last change of a paused schedule are stored: the present settings would give other times.
    """
    if not schedule.paused or schedule.paused_at is None:
        return schedule.gaps
    since = max(schedule.paused_at, schedule.updated_at)
    in_pause = _latest(schedule, since, now, MOST_RECENT_FIRINGS)
    return _with_gaps(schedule, in_pause, Gap.PAUSED).gaps


def _with_gaps(schedule: Schedule, times: Iterable[float], why: Gap, refused: Iterable[float] = ()) -> Schedule:
    """Return the schedule with more firings that made no job; a firing whose job was made ahead is none."""
    known = {**dict(schedule.gaps), **dict.fromkeys(times, why), **dict.fromkeys(refused, Gap.REFUSED)}
    newest = sorted((at for at in known if at not in schedule.recent), reverse=True)[:MOST_RECENT_FIRINGS]
    return replace(schedule, gaps=tuple((at, str(known[at])) for at in newest))


def upcoming(schedule: Schedule, now: float, most: int, over: Collection[float] = ()) -> list[float]:
    """Return the next firings after `now`, including those with jobs made ahead; none while it is paused.

    `over`: firings whose jobs were made ahead and have ended, for example because a pause cancelled them. These firings
    do not fire again.
    """
    if schedule.paused:
        return []
    ahead = sorted(at for at in schedule.recent if at > now and at not in over)
    rest = [] if schedule.next_at is None else first_of(_from(schedule, schedule.next_at), most)
    return [at for at in (*ahead, *rest) if at > now][:most]


def fires_at(schedule: Schedule, at: float) -> bool:
    """Return whether the schedule fires at that time."""
    return next(_after(schedule, at - 1), None) == at


def ahead(schedule: Schedule, now: float) -> list[float]:
    """Return the firings after `now` whose jobs may exist, even while the schedule is paused.

    A run that died, or whose write was refused, may have made jobs that the schedule does not list. One or two of the
    returned firings may have no job.
    """
    until = now + AHEAD + CLOCKS_APART
    unwritten = takewhile(lambda at: at <= until, _after(schedule, now))
    return sorted({*(at for at in schedule.recent if at > now), *unwritten})


def comes_to(schedule: Schedule, at: float) -> bool:
    """Return whether the schedule has not made that firing yet, so that it does not list the job."""
    first = schedule.next_at
    return first is not None and (at == first or (at > first and fires_at(schedule, at)))


def before(schedule: Schedule, what: Due, place: int) -> float | None:
    """Return the firing before the due firing at index `place`; None if the due firing is the schedule's first."""
    return what.times[place - 1] if place else next(iter(schedule.recent), None)


def _from(schedule: Schedule, first: float) -> Iterator[float]:
    """Yield a known firing, and those after it."""
    yield first
    yield from _after(schedule, first)


def _after(schedule: Schedule, after: float) -> Iterator[float]:
    since = after if schedule.starts_at is None else max(after, schedule.starts_at - 1)
    for at in firings(schedule.cron, schedule.timezone, since):
        if schedule.ends_at is not None and at > schedule.ends_at:
            return
        yield at


def _latest(schedule: Schedule, first: float, until: float, most: int) -> list[float]:
    """Return the last `most` firings between `first` and `until`; search backwards in growing periods.

    The work depends on `most`, not on how long ago `first` was.
    """
    stretch = FIRST_PERIOD
    while most:
        start = max(first - 1, until - stretch)
        found = list(_until(schedule, start, until))
        if len(found) >= most or start == first - 1:
            return found[-most:]
        stretch *= PERIOD_GROWTH
    return []


def _until(schedule: Schedule, start: float, until: float) -> Iterator[float]:
    for at in _after(schedule, start):
        if at >= until:
            return
        yield at
