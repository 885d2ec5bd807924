"""Let a job that has its places start at its slots: never before a slot, and never later than a start may be.

Slots are exact: each is taken with one conditional write, after all places, directly before the function is called. The
turns of the line only say who comes for a slot, and when. So a process that dies can waste slots, but can never let
more jobs start.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from chalicelib.job_types.rate import Rate
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.constants import GIVES_FIRST, MOST_SLOT_LOOKS, MOST_SLOT_TRIES
from chalicelib.limits.places import Full, Limit, LimitedJob, is_earlier


@dataclass(frozen=True)
class Slots:
    """Take the slots of one attempt. `clock` returns epoch seconds, `sleep` waits for a number of seconds.

    `within` is the maximum number of seconds to wait for all slots together, `ends` is when the attempt must have
    begun. `failed` is told why a turn could not be given to the next job: this does not concern the job that starts.
    `ready` does what the job may do only when it has its slots, and before it starts; the second time it does nothing.
    """

    places: AtMostPlaces
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    within: float
    ends: float
    failed: Callable[[Exception], None] | None = None
    ready: Callable[[], None] = lambda: None

    def take(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
        """Wait for a slot of each limit with a rate; return the limit that the job must wait for, None if it may start.

        A slot for which the job is too late is lost, and the job takes another one of this limit. At a fast rate, a job
        that was woken for its turn gives the next turn first, because this takes longer than a start may be late. At a
        slow rate it does so afterwards: if it got no slot, two jobs would come for the next one.
        """
        until = min(self.clock() + self.within, self.ends)
        rated = tuple(number for number in reversed(range(len(limits))) if limits[number].rate is not None)
        if job.passed is not None:
            for number in rated:
                if _late(limits[number].rate) < GIVES_FIRST:
                    self._give(limits[number], until, job)
        if len(rated) > 1:
            return self._together(job, limits, rated, until)
        for attempt in range(MOST_SLOT_TRIES if rated else 0):
            at = self._slot(job, limits, rated[0], until, until, again=attempt > 0)
            if at is None:
                return self.places.without_slot(job, limits, rated[0])
            self._sleep_until(at)
            end = at + _late(limits[rated[0]].rate)
            if self._ready(end):
                return None
        return self.places.without_slot(job, limits, rated[0]) if rated else None

    def _together(self, job: LimitedJob, limits: Sequence[Limit], rated: Sequence[int], until: float) -> Full | None:
        """Take slots that are close together, for a job with several rates.

        A slot that waits for the slot of another rate would be lost. So read first when all of them can be had, wait
        until then, and take each only if it is for now. The ones that may be used longest come first.
        """
        rated = tuple(sorted(rated, key=lambda number: -_late(limits[number].rate)))
        usable: tuple[tuple[int, float], ...] = ()  # numbers of limits, and until when their slots may be used
        missing, used, lost = rated, frozenset[int](), 0
        for _ in range(MOST_SLOT_LOOKS):
            full = self._wait_for(job, limits, missing, until, used)
            if full is not None:
                return full
            for number in missing:
                soon = self.clock() + min(_late(limits[one].rate) for one in rated if one != number) / 2
                soon = min(soon, until, *(end for _, end in usable))
                at = self._slot(job, limits, number, soon, until, again=number in used)
                if at is None:
                    break
                used |= {number}
                usable = (*usable, (number, at + _late(limits[number].rate)))
                self._sleep_until(at)
            if len(usable) == len(rated):
                self._ready(min(end for _, end in usable))
            taken, usable = usable, tuple(one for one in usable if self.clock() <= one[1])
            missing = tuple(number for number in rated if number not in {one for one, _ in usable})
            if not missing:
                return None
            lost += len(taken) > len(usable)
            if lost >= MOST_SLOT_TRIES:
                break
        return self.places.without_slot(job, limits, missing[0])

    def _wait_for(
        self, job: LimitedJob, limits: Sequence[Limit], missing: Sequence[int], until: float, used: Collection[int]
    ) -> Full | None:
        """Wait until slots of these limits are there; return the limit that the job must wait for, else None.

        After `until`, nothing is asked: a slow store must not use up the time of the function.
        """
        latest = self.clock()
        if latest > until:
            return self.places.without_slot(job, limits, missing[0])
        for number in missing:
            found = self.places.store.read(limits[number])
            limit = limits[number].now(found)
            kept = limit.kept_for(found, job.id, job.name)
            at = limit.next_slot(found) if kept is None else kept.at
            if limit.changed == 0 or at > until or (found.waits and number not in used and not found.has(job)):
                return self.places.without_slot(job, limits, number)
            latest = max(latest, at)
        self._sleep_until(latest)
        return None

    def _slot(
        self, job: LimitedJob, limits: Sequence[Limit], number: int, latest: float, until: float, *, again: bool
    ) -> float | None:
        """Take a slot that is not after `latest`, and give the turn that becomes free; return the time of the slot.

        Return None if the job gets no slot now.
        """
        limit, now = limits[number], self.clock()
        turn = not again and (job.passed is not None or number < len(limits) - 1)  # see `take_all`
        slot = self.places.store.slot(limit, job.id, job.name, now=now, until=latest, turn=turn, again=again)
        if slot is None:
            return None
        if is_earlier(slot.found.held.get(job.id, ""), job.name):
            self._act(until, lambda places: places.leave(job, (limit,)))  # a worker has died with this turn
        elif slot.found.waits and limit.now(slot.found).gives(slot.found):
            self._give(limit, until)
        return slot.at

    def _ready(self, end: float) -> bool:
        """Do what the job may do only when it has its slots, which it may use until `end`; return whether it still may.

        A job whose slots are lost does nothing: it may have to wait in the line again.
        """
        if self.clock() > end:
            return False
        self.ready()
        return self.clock() <= end

    def _give(self, limit: Limit, until: float, starts: LimitedJob | None = None) -> None:
        """Give free turns to the next jobs until this time. The next job that starts, or the watchdog, goes on."""
        self._act(until, lambda places: places.pump(limit, None if starts is None else (starts, self.clock())))

    def _act(self, until: float, act: Callable[[AtMostPlaces], None]) -> None:
        places = replace(self.places, more=lambda: self.places.more() and self.clock() <= until)
        try:
            act(places)
        except Exception as error:
            if self.failed is not None:
                self.failed(error)

    def _sleep_until(self, at: float) -> None:
        while (early := at - self.clock()) > 0:
            self.sleep(early)


def _late(rate: Rate | None) -> float:
    return 0.0 if rate is None else rate.late
