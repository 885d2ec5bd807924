"""Find the job that is to be tried while its type is paused automatically, in the lines of the type's limits.

A blocked job cannot be tried. A job that has just come would be blocked, if others of its type wait. So try one that
has the place for which it waited; if none has, ask for a place of a shared limit. Of a shared rate, keep a slot for it:
the jobs of the other types take each slot just before it begins, and the job that is tried comes once a minute.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chalicelib.job_types import jobtype
from chalicelib.job_types.rate import Rate
from chalicelib.jobs.job import Job
from chalicelib.limits.at_most import AtMostPlaces
from chalicelib.limits.constants import LEAST_KEPT, LEAST_SLOT_WAIT
from chalicelib.limits.ids import declared_limit, declares, name_and_value
from chalicelib.limits.places import Limit, LimitedJob, Places, Standing
from chalicelib.limits.port import PlaceStore
from chalicelib.operating.constants import MOST_LISTED, MOST_TRIED, RUNS_APART
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import StoredJobs, limited, stored_limits
from chalicelib.pausing.port import ToTry
from chalicelib.telemetry import events


@dataclass(frozen=True)
class Tried:
    """Look at the lines of paused types, for the watchdog."""

    dispatcher: Dispatcher
    store: PlaceStore

    def look(self, types: Collection[str], order: str) -> ToTry:
        """Return the jobs of these types that were woken, of the first limit that has some.

        See InLines. Begin with the widest limits: their jobs wait for no other place. A place of one limit only is
        asked for.
        """
        limits = self._limits(types, order)
        waits, asked = len(limits) > MOST_LISTED, False
        left = MOST_TRIED
        for limit in limits[:MOST_LISTED]:
            jobs = StoredJobs(self.dispatcher)
            woken = AtMostPlaces(self.store, jobs).to_try(limit, types, asks=not asked)
            if woken:
                return ToTry([jobs.seen[one.id] for one in woken], waits=True, shared=limit.shared)
            if woken is not None:
                waits, asked, left = True, asked or limit.shared, left - 1
            if not left:
                break
        return ToTry(waits=waits, asked=asked)

    def needs_slots(self, job: Job) -> bool:
        """See InLines. Of a job that was not woken, the name under which a slot could be kept is not known yet."""
        kind = jobtype.registered.get(job.type)
        shared = kind is not None and any(isinstance(one, Rate) and one.shared is not None for one in kind.limits)
        return shared and self._limited(job).standing is Standing.WOKEN

    def keep_slots(self, job: Job, most: float) -> float | None:
        """See InLines.

        The latest slot comes first. If it is too far away for this run, slots that are near are kept only in the run
        that sends the job; and if it is too far away for the next run, too, no other slot is kept.
        """
        kind, now, mine = jobtype.registered[job.type], self.dispatcher.clock(), self._limited(job)
        in_worker = max(kind.turn_wait, LEAST_SLOT_WAIT)
        send_at, far = now, False
        rates = self._shared_rates(job, mine)
        if not all(limit.may_keep(found, mine.id, mine.name, now) for limit, found in rates):
            return None
        for limit, found in rates:
            kept = limit.kept_for(found, mine.id, mine.name)
            if far and kept is None and limit.next_slot(found) - in_worker <= now + most:
                continue
            begin = now if far else send_at
            if kept is None or kept.until < begin + LEAST_KEPT:
                kept = self.store.keep_slot(limit, mine.id, mine.name, now=begin, soon=now + in_worker + most)
            if kept is None or kept.at - in_worker > now + most + RUNS_APART:
                return None
            far = far or kept.at - in_worker > now + most
            send_at = max(send_at, kept.at - in_worker)
        return None if far else send_at - now

    def _shared_rates(self, job: Job, mine: LimitedJob) -> Sequence[tuple[Limit, Places]]:
        """Return the shared rates of which the job can take a slot now, with their rows; the latest slot first.

        The limit for which it waited counts in place of the one of the stored payload: `upgrade`, which does not run
        here, may have changed the field, or its value.
        """
        limits, waited = dict[str, Limit](), declared_limit(mine.waits or "")
        try:
            limits = {name_and_value(one.id)[0]: one for one in stored_limits(self.dispatcher, job)}
        except Exception as error:
            events.store_failed(job, error)
        if waited is not None:
            limits[name_and_value(waited.id)[0]] = waited
        read = [(limit, self.store.read(limit)) for limit in limits.values() if limit.rate is not None and limit.shared]
        rates = [(limit.now(found), found) for limit, found in read if not found.waits or found.has(mine)]

        def begins(rate: tuple[Limit, Places]) -> float:
            kept = rate[0].kept_for(rate[1], mine.id, mine.name)
            return rate[0].next_slot(rate[1]) if kept is None else kept.at

        return sorted(rates, key=begins, reverse=True)

    def _limited(self, job: Job) -> LimitedJob:
        return limited(job, self.dispatcher.clock())

    def _limits(self, types: Collection[str], order: str) -> Sequence[Limit]:
        """Return the limits that these types declare, and for which jobs wait, the widest ones first."""
        having = [name for name in types if name in jobtype.registered and jobtype.registered[name].limits]
        if not having:
            return ()
        listed = sorted(one.limit for one in self.store.listed() if any(declares(name, one.limit) for name in having))
        random.Random(order).shuffle(listed)
        found = [limit for one in listed if (limit := declared_limit(one)) is not None and limit.declared]
        return sorted(found, key=lambda limit: limit.id.partition(".")[0], reverse=True)
