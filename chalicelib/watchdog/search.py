"""Find the jobs that a run checks: for each type jobs in doubt, jobs to send soon, and unsent jobs."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from chalicelib.counters.port import Standing
from chalicelib.job_types import jobtype
from chalicelib.jobs.constants import LOOK_AHEAD, MOST_MESSAGES, MOST_READ
from chalicelib.jobs.job import ACTIVE
from chalicelib.jobs.port import Depth, JobStore, Overdue, Search
from chalicelib.watchdog.constants import (
    MOST_CHECKED,
    MOST_LOOKS,
    MOST_PLANNED,
    MOST_SPANS,
    MOST_UNCOUNTED,
)
from chalicelib.watchdog.lookback import Lookback
from chalicelib.watchdog.rule import Signs

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """Up to ten jobs to check together; `unsent_only` skips jobs that were sent."""

    ids: Sequence[str]
    unsent_only: bool = False


def signs_of(job_type: str, depth: Depth | None, standing: Standing | None) -> Signs:
    """Return the known facts of a type's queue; `depth` is None if the queue did not answer."""
    serial = jobtype.serial(job_type)
    if standing is None:
        return Signs(depth, counted=False, serial=serial)
    moved = standing.moved_at.get(job_type)
    claimed = [standing.claimed_to[name] for name in _alike(job_type) if name in standing.claimed_to]
    return Signs(depth, max(claimed, default=None), job_type in standing.paused, serial=serial, moved_at=moved)


def _alike(job_type: str) -> list[str]:
    """Return the types whose claims show that earlier messages of this type were received.

    A shared queue delivers the messages of its types in the order in which they were sent. But a job of a type with a
    rate may wait for its turn after its message was received. So only other jobs of its type show anything about it,
    and it shows nothing about other types: the counters take the time of its turn for the time of its message.
    """
    if jobtype.out_of_order(job_type):
        return []
    if jobtype.pace(job_type) is not None:
        return [job_type]
    others = [name for name in jobtype.sharing(jobtype.queue_of(job_type)) if name != job_type]
    return [job_type, *(name for name in others if not jobtype.out_of_order(name) and jobtype.pace(name) is None)]


def undeclared(standing: Standing | None, declared: Sequence[str]) -> list[str]:
    """Return the names of job types that have unfinished jobs but are not declared in the code."""
    if standing is None:
        return []
    return sorted({name for (name, status), n in standing.totals.items() if n and status in ACTIVE} - set(declared))


def searched(job_type: str, standing: Standing | None, now: float, lookback: Lookback) -> bool:
    """Return whether a run at `now` (epoch seconds) searches the jobs of a type.

    A type that shares a queue is searched less often while the counters know no unfinished job of it. They may be
    wrong, so it is searched nevertheless.
    """
    if standing is None or jobtype.queue_of(job_type) == job_type:
        return True
    if any(standing.totals.get((job_type, status)) for status in ACTIVE):
        return True
    return lookback.search_due(job_type, now)


def find(
    store: JobStore, job_type: str, signs: Signs, standing: Standing | None, now: float, since: float | None = None
) -> list[Found]:
    """Return the jobs of one type that a run checks, the scheduled jobs first.

    `since` (epoch seconds): planned jobs that were due after this time may be unsent. None: search no further back than
    usual.
    """
    horizon = signs.horizon(now)
    # Jobs of some types run out of order, so the horizon shows nothing about them. Search up to now, to find also jobs
    # that were not sent at their time because the watchdog did not run.
    found = list(_portions(_planned(store, job_type, now if jobtype.out_of_order(job_type) else horizon, now)))
    if horizon is not None:
        # Without counters, the minutes in which unsent jobs were first due are unknown, so the whole backlog is
        # searched.
        most = MOST_LOOKS if signs.counted else MOST_UNCOUNTED
        entries = store.overdue(Search(job_type, before=horizon), now, most)
        found += [*_unsent(entries[MOST_LOOKS:]), *_portions(entries[:MOST_LOOKS])]
    left = MOST_CHECKED
    minutes = standing.unsent.get(job_type, ()) if standing else ()
    # Jobs that were first due before the horizon are already found above.
    for start, end in spans([minute for minute in minutes if horizon is None or minute + MINUTE > horizon], now):
        entries = store.overdue(Search(job_type, since=start, before=end), now, left) if left > 0 else ()
        left -= len(entries)
        found += _unsent(entries)
    found += _unsent(_late(store, job_type, horizon, now, since, left))
    known = {job_id for one in found for job_id in one.ids}
    return [*found, *_portions(_expired(store, job_type, horizon, now, known))]


def _expired(
    store: JobStore, job_type: str, horizon: float | None, now: float, known: Collection[str]
) -> Sequence[Overdue]:
    """Return the jobs that may have expired and are not among `known`, for a type that declares when its jobs expire.

    All jobs up to the horizon are already found. But while the type is paused there is no horizon, and in a backlog the
    horizon is far in the past.
    """
    shortest = jobtype.shortest_expiry(job_type)
    if shortest is None or (horizon is not None and horizon >= now - shortest):
        return []
    before = now - shortest
    searches = (Search(job_type, before=before), Search(job_type, planned=True, before=before))
    entries = (entry for search in searches for entry in store.overdue(search, now, MOST_LOOKS))
    return [entry for entry in entries if entry.id not in known]


def _planned(store: JobStore, job_type: str, horizon: float | None, now: float) -> Sequence[Overdue]:
    ahead = now + LOOK_AHEAD
    # A job that was due before `recent` was normally sent, and waits in the queue. If it was not sent, the search up to
    # the horizon finds it.
    recent = now - LOOK_AHEAD
    if horizon is not None and horizon >= recent and not jobtype.out_of_order(job_type):
        return store.overdue(Search(job_type, planned=True, before=ahead), now, MOST_PLANNED)
    soon = store.overdue(Search(job_type, planned=True, since=recent, before=ahead), now, MOST_PLANNED)
    if horizon is None:
        return soon
    before = min(horizon, recent)
    return [*soon, *store.overdue(Search(job_type, planned=True, before=before), now, MOST_LOOKS)]


def _late(
    store: JobStore, job_type: str, horizon: float | None, now: float, since: float | None, most: int
) -> Sequence[Overdue]:
    """Return up to `most` planned jobs that may be unsent, oldest first.

    These jobs were due after the horizon, but before the time from which every run searches.
    """
    recent = now - LOOK_AHEAD
    if since is None or horizon is None or max(since, horizon) >= recent or jobtype.out_of_order(job_type):
        return []
    return store.overdue(Search(job_type, planned=True, since=max(since, horizon), before=recent), now, most)


def spans(minutes: Sequence[float], now: float) -> Sequence[tuple[float, float]]:
    """Join consecutive minutes to spans; return up to MOST_SPANS of them, and others of them in the next minute."""
    joined: list[tuple[float, float]] = []
    for minute in sorted(minutes):
        start = joined.pop()[0] if joined and joined[-1][1] >= minute else minute
        joined.append((start, minute + MINUTE))
    first = int(now // MINUTE) * MOST_SPANS % len(joined) if len(joined) > MOST_SPANS else 0
    return [*joined[first:], *joined[:first]][:MOST_SPANS]


def portions(ids: Sequence[str], size: int = MOST_MESSAGES) -> Iterator[Found]:
    """Divide ids into portions of `size`."""
    for start in range(0, len(ids), size):
        yield Found(ids[start : start + size])


def _unsent(entries: Sequence[Overdue]) -> Iterator[Found]:
    return (Found(portion.ids, unsent_only=True) for portion in _portions(entries, MOST_READ))


def _portions(entries: Sequence[Overdue], size: int = MOST_MESSAGES) -> Iterator[Found]:
    return portions([entry.id for entry in entries], size)
