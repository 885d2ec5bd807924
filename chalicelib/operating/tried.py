"""Find the job that is to be tried while its type is paused automatically, in the lines of the type's limits.

A blocked job cannot be tried. A job that has just come would be blocked, if others of its type wait. So try one that
has the place for which it waited; if none has, ask for a place of a shared limit.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chalicelib.job_types import jobtype
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.ids import declared_limit, declares
from chalicelib.limits.places import Limit
from chalicelib.limits.port import PlaceStore
from chalicelib.operating.constants import MOST_LISTED, MOST_TRIED
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import StoredJobs
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

    def _limits(self, types: Collection[str], order: str) -> Sequence[Limit]:
        """Return the limits that these types declare, and for which jobs wait, the widest ones first."""
        limited = [name for name in types if name in jobtype.registered and jobtype.registered[name].limits]
        if not limited:
            return ()
        listed = sorted(one.limit for one in self.store.listed() if any(declares(name, one.limit) for name in limited))
        random.Random(order).shuffle(listed)
        found = [limit for one in listed if (limit := declared_limit(one)) is not None and limit.declared]
        return sorted(found, key=lambda limit: limit.id.partition(".")[0], reverse=True)
