"""Find the job that is to be tried while its type is paused automatically, in the lines of the type's limits.

A blocked job cannot be tried. A job that has just come would be blocked, if others of its type wait. So try one that
has the place for which it waited; if none has, ask for a place of a shared limit. Of a shared rate, keep a slot for it:
the jobs of the other types come for each slot in time, and it comes only once.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chalicelib.job_types import jobtype
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Job
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.constants import LEAST_KEPT, LEAST_SLOT_WAIT
from chalicelib.limits.ids import declared_limit, declares
from chalicelib.limits.places import Limit, Standing
from chalicelib.limits.port import PlaceStore
from chalicelib.operating.constants import MOST_LISTED, MOST_TRIED
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import StoredJobs, limited, stored_limits
from chalicelib.pausing.port import ToTry


@dataclass(frozen=True)
class Tried:
    """Look at the lines of paused types, for the watchdog."""

    dispatcher: Dispatcher
    store: PlaceStore

    def look(self, types: Collection[str], order: str) -> ToTry:
        """Return the jobs of these types that were woken, of the first limit that has some.

        Begin with the widest limits: their jobs wait for no other place. `order` is a text that decides which limits of
        one kind come first: a place that was asked for in one minute is found in the next one if it stays the same. A
        place of one limit only is asked for.
        """
        limits = self._limits(types, order)
        waits, asked = len(limits) > MOST_LISTED, False
        left = MOST_TRIED
        for limit in limits[:MOST_LISTED]:
            jobs = StoredJobs(self.dispatcher)
            woken = AtMostPlaces(self.store, jobs).to_try(limit, types, asks=not asked)
            if woken:
                return ToTry([jobs.seen[one.id] for one in woken], waits=True)
            if woken is not None:
                waits, asked, left = True, asked or limit.shared, left - 1
            if not left:
                break
        return ToTry(waits=waits, asked=asked)

    def keep_slots(self, job: Job, most: float) -> float | None:
        """Keep slots of the shared rates of a job that is to be tried; return in how many seconds it may be sent.

        Return None if this is not within `most` seconds: then the slots are kept until a later run.
        """
        kind = jobtype.registered.get(job.type)
        if kind is None or not any(isinstance(one, Rate) and one.shared is not None for one in kind.limits):
            return 0.0
        # one that has not waited has no name yet under which a slot could be kept
        now = self.dispatcher.clock()
        mine, waits, begin = limited(job, now), max(kind.turn_wait, LEAST_SLOT_WAIT), now
        limits = stored_limits(self.dispatcher, job) if mine.standing is Standing.WOKEN else ()
        for limit in limits:
            if limit.rate is None or not limit.shared:
                continue
            found = self.store.read(limit)
            if found.waits and not found.has(mine):
                continue  # it will have to wait for its turn
            kept = found.kept_for(mine)
            if kept is None or kept.until < now + LEAST_KEPT:
                kept = self.store.keep_slot(limit, mine.id, mine.name, now=now, soon=now + waits + most)
            if kept is None:
                return None
            begin = max(begin, kept.at - waits)
        return begin - now if begin <= now + most else None

    def _limits(self, types: Collection[str], order: str) -> Sequence[Limit]:
        """Return the limits that these types declare, and for which jobs wait, the widest ones first."""
        limited = [name for name in types if name in jobtype.registered and jobtype.registered[name].limits]
        if not limited:
            return ()
        listed = sorted(one.limit for one in self.store.listed() if any(declares(name, one.limit) for name in limited))
        random.Random(order).shuffle(listed)
        found = [limit for one in listed if (limit := declared_limit(one)) is not None and limit.declared]
        return sorted(found, key=lambda limit: limit.id.partition(".")[0], reverse=True)
