"""Store the plan of starts, and the places of limits, in memory; the contract tests of DynamoDB check both too."""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from operator import attrgetter

from chalicelib.job_types.constants import TURNS_APART
from chalicelib.job_types.rate import Rate
from chalicelib.limits.changed import Changed, Changes, change_of
from chalicelib.limits.constants import APART, ASKED_FOR
from chalicelib.limits.places import KeptSlot, Limit, Listed, Places, Slot, Waiter, is_earlier
from chalicelib.limits.port import Taken

Place = tuple[int, int, str]


class MemoryTurns:
    """See Turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, Taken] = {}

    def taken(self, job_type: str) -> Taken:
        """See Turns."""
        return self._taken.get(job_type, Taken())

    def slots(self, job_type: str, rate: Rate, count: int, now: float, until: float) -> Sequence[float]:
        """See Turns."""
        with self._lock:
            seen = self.taken(job_type)
            start = max(now, seen.slots_to)
            found = [max(now, start + n * rate.apart - rate.ahead) for n in range(count)]
            if found[-1] > until:
                return []
            self._taken[job_type] = Taken(start + count * rate.apart, seen.turns_to)
            return found

    def turns(self, job_type: str, rate: Rate, count: int, after: float) -> Sequence[float]:
        """See Turns."""
        with self._lock:
            seen = self.taken(job_type)
            start, apart = max(after, seen.turns_to), TURNS_APART * rate.apart
            found = [start + n * apart for n in range(count)]
            self._taken[job_type] = Taken(seen.slots_to, start + count * apart)
            return found

    def forget(self, job_type: str, turns_to: float) -> None:
        """See Turns."""
        with self._lock:
            seen = self.taken(job_type)
            if seen.turns_to == turns_to:
                self._taken[job_type] = Taken(seen.slots_to, 0.0)


class MemoryPlaces:
    """See LimitStore. `paused` returns the keys of the paused queues, `clock` epoch seconds."""

    def __init__(self, paused: Callable[[], Collection[str]] = tuple, clock: Callable[[], float] = time.time) -> None:
        self.paused, self._clock, self._lock = paused, clock, threading.Lock()
        self._rows: dict[str, Places] = {}
        self._asked: dict[str, tuple[str, float]] = {}
        self._listed: dict[str, str] = {}
        self._changes: dict[str, Changed] = {}
        self._positions: dict[tuple[str, int, str], int] = {}
        self._lines: defaultdict[str, dict[tuple[str, Place], Waiter]] = defaultdict(dict)

    def read(self, limit: Limit) -> Places:
        """See PlaceStore."""
        (asked, until), now = self._asked.get(limit.id, ("", 0.0)), self._clock()
        found = self._row(limit)
        kept = found.kept if found.kept is not None and now <= found.kept.until else None
        return replace(found, asked=asked if now < until else "", kept=kept)

    def _row(self, limit: Limit) -> Places:
        changed = change_of(limit, self._changes)
        return replace(self._rows.get(limit.id, Places()), n=None if changed is None else changed.n)

    def take(self, limit: Limit, job: str, name: str) -> bool:
        """See PlaceStore."""
        with self._lock:
            seen = self._row(limit)
            allowed = job in seen.held or (seen.free(limit.now(seen)) and not seen.waits)
            return allowed and self._hold(limit, seen, job, name)

    def ask_for(self, limit: Limit, job_type: str) -> None:
        """See PlaceStore."""
        with self._lock:
            if self.read(limit).waits:
                self._asked[limit.id] = job_type, self._clock() + ASKED_FOR

    def grant(self, limit: Limit, waiter: Waiter, clock: int | None = None, *, asked: bool = False) -> bool:
        """See PlaceStore."""
        with self._lock:
            seen, wanted = self._row(limit), self.read(limit).asked
            stopped = limit.rate is not None and seen.n == 0
            allowed = seen.free(limit) and not stopped and waiter.job not in seen.held and seen.waits
            allowed = allowed and (not asked or wanted == waiter.type)
            if allowed and asked:
                del self._asked[limit.id]
            if allowed and clock is not None:
                seen = seen.at(waiter.rank, max(clock, seen.clocks[waiter.rank]))
            return (allowed and self._hold(limit, seen, waiter.job, waiter.name)) or (
                seen.held.get(waiter.job) == waiter.name
            )

    def position(self, limit: Limit, tenant: str, rank: int) -> int:
        """See PlaceStore."""
        with self._lock:
            seen = self._row(limit)
            position = self._positions.get((limit.id, rank, tenant), -1)
            if position < seen.clocks[rank]:
                position = seen.clocks[rank] + 1
                self._rows[limit.id] = seen.at(rank, position)
            self._positions[limit.id, rank, tenant] = position + APART
            return position

    def slot(
        self, limit: Limit, job: str, name: str, *, now: float, until: float, turn: bool, again: bool = False
    ) -> Slot | None:
        """See PlaceStore."""
        with self._lock:
            seen = self._row(limit)
            limit = limit.now(seen)
            rate, slots_to = limit.pace or Rate(1), limit.slots_to(seen, now)
            at = max(now, slots_to - rate.ahead)
            named = seen.held.get(job) == name
            kept = limit.usable(seen, job, name, now, until)
            if kept is not None:
                return self._use(limit, seen, kept, max(now, kept.at))
            if limit.changed == 0 or now > until or at > until or not (again or not seen.waits or named):
                if limit.changed != 0 and now <= until < at:
                    self._move(limit, seen, now)
                return None
            held = {key: value for key, value in seen.held.items() if not (turn and named and key == job)}
            to = max(now, slots_to) + rate.apart
            kept = seen.kept if limit.follows(seen) else None
            after = replace(seen, held=held, slots_to=to, slot_rate=limit.slot_rate(seen), stale=False, kept=kept)
            self._rows[limit.id] = after
            return Slot(at, after)

    def keep_slot(self, limit: Limit, job: str, name: str, *, now: float, soon: float) -> KeptSlot | None:
        """See PlaceStore."""
        with self._lock:
            seen = self._row(limit)
            limit = limit.now(seen)
            if not limit.may_keep(seen, job, name, now):
                return None
            kept = limit.keep(seen, job, name, now, soon)
            self._rows[limit.id] = replace(
                seen, slots_to=kept.slots_to, slot_rate=limit.slot_rate(seen), stale=False, kept=kept
            )
            return kept

    def _use(self, limit: Limit, seen: Places, kept: KeptSlot, at: float) -> Slot:
        held = {job: name for job, name in seen.held.items() if job != kept.job}
        self._rows[limit.id] = after = replace(seen, held=held, slots_to=limit.used(seen, kept, at), kept=None)
        return Slot(at, after)

    def move(self, limit: Limit) -> Places:
        """See PlaceStore."""
        with self._lock:
            seen = self._row(limit)
            return self._move(limit.now(seen), seen, self._clock())

    def _move(self, limit: Limit, seen: Places, now: float) -> Places:
        if not limit.is_raised(seen):
            return seen
        to = limit.slots_to(seen, now)
        moved = replace(seen, slots_to=to, slot_rate=limit.slot_rate(seen), stale=False, kept=None)
        self._rows[limit.id] = moved
        return moved

    def leave(self, limit: Limit, job: str, name: str) -> bool:
        """See PlaceStore."""
        with self._lock:
            seen = self._row(limit)
            if seen.held.get(job) == name or is_earlier(seen.held.get(job, ""), name):
                held = {key: value for key, value in seen.held.items() if key != job}
                self._rows[limit.id] = replace(seen, held=held)
            return seen.waits

    def stand(self, limit: Limit, waiter: Waiter) -> None:
        """See PlaceStore."""
        with self._lock:
            line, key = self._lines[limit.id], (waiter.type, waiter.place)
            if key not in line or line[key].number < waiter.number:
                line[key] = waiter

    def step_out(self, limit: Limit, waiter: Waiter) -> None:
        """See PlaceStore."""
        with self._lock:
            line, key = self._lines[limit.id], (waiter.type, waiter.place)
            if key in line and line[key].number == waiter.number:
                del line[key]

    def mark(self, limit: Limit, job_type: str) -> tuple[Places, bool]:
        """See PlaceStore."""
        with self._lock:
            seen = self._row(limit)
            self._rows[limit.id] = replace(seen, waits=True, types=seen.types | {job_type}, closing=None)
            return self.read(limit), not seen.waits

    def enlist(self, limit: Limit) -> None:
        """See PlaceStore."""
        self._listed[limit.id] = uuid.uuid4().hex

    def in_force(self, limit: Limit) -> int:
        """See PlaceStore."""
        found = change_of(limit, self._changes)
        if limit.rate is not None:
            return limit.with_number(None if found is None else found.n).n
        return limit.n if found is None else found.n

    def listed(self, *, consistent: bool = False) -> Sequence[Listed]:  # noqa: ARG002 - each answer is
        """See PlaceStore."""
        with self._lock:
            return [Listed(*one) for one in sorted(self._listed.items())]

    def strike(self, listed: Listed) -> None:
        """See PlaceStore."""
        with self._lock:
            if self._listed.get(listed.limit) == listed.entry:
                del self._listed[listed.limit]

    def first(
        self, limit: Limit, types: Collection[str], most: int = 1, after: Waiter | None = None
    ) -> Sequence[Waiter]:
        """See PlaceStore."""
        with self._lock:
            line = [one for one in self._lines[limit.id].values() if one.type in types]
        behind = [one for one in line if after is None or one.place > after.place]
        return sorted(behind, key=attrgetter("place"))[:most]

    def before(self, limit: Limit, types: Collection[str], waiter: Waiter, most: int) -> int:
        """See PlaceStore."""
        with self._lock:
            line = [one for one in self._lines[limit.id].values() if one.type in types]
        found = [one.job for one in line if one.place < waiter.place]
        return most if len(found) >= most else len({*found})

    def close(self, limit: Limit) -> Places | None:
        """See PlaceStore."""
        with self._lock:
            seen = self._row(limit)
            if not seen.waits:
                return None
            self._rows[limit.id] = closed = replace(seen, closing=uuid.uuid4().hex)
            return closed

    def unmark(self, limit: Limit, closing: str) -> Places | None:
        """See PlaceStore."""
        with self._lock:
            seen = self._row(limit)
            if seen.closing != closing:
                return None
            self._rows[limit.id] = unmarked = replace(seen, waits=False, types=frozenset(), closing=None)
            self._positions = {key: at for key, at in self._positions.items() if key[0] != limit.id}
            return unmarked

    def changes(self) -> Changes:
        """See LimitStore."""
        return dict(self._changes)

    def change(self, changed: Changed) -> None:
        """See LimitStore."""
        self._changes[changed.limit] = changed

    def reset(self, limit: str) -> None:
        """See LimitStore."""
        self._changes.pop(limit, None)

    def stamp(self, limit: Limit) -> None:
        """See LimitStore. Nothing is remembered here, so nothing can be old."""

    def waiting(self, limit: Limit, job_type: str, most: int) -> int:
        """See LimitStore."""
        found = self.first(limit, (job_type,), most)
        return most if len(found) == most else len({one.job for one in found})

    def _hold(self, limit: Limit, seen: Places, job: str, name: str) -> bool:
        self._rows[limit.id] = replace(seen, held={**seen.held, job: name})
        return True
