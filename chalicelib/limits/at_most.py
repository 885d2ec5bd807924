"""Let at most `n` jobs of a limit run at once, and let the others wait in a line without a worker and a message.

Whoever waits writes first that it waits, and then looks for a free place; whoever leaves a place writes that first, and
then looks for who waits. So at least one of the two sees the other. A place is given to a waiting job before the job is
woken, so that no other job takes it in between. If a process dies halfway, the next one that looks goes on: a worker
that receives the message of the dead one again, or the watchdog.

A name is replaced and removed without a comparison of its age. This relies on the lease: no request of an attempt
arrives after the lease of the attempt has ended.

A job that has several limits takes their places in one order, the same for all jobs. It keeps its places while it waits
for the next one, so it waits at most once for each limit, and jobs never wait for each other in a circle.

Several types may share a limit. While a type is paused, and while it has as many places as it has workers, its jobs get
no more places of a shared limit: they would keep them from the other types without using them. But if one job of an
automatically paused type is to be tried, the watchdog asks for one place, and the first job of that type gets the next
one that is free.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from chalicelib.errors import LimitBusy
from chalicelib.jobs.priority import HIGH
from chalicelib.limits.constants import MOST_ASKED, MOST_LOOKS, MOST_ROWS
from chalicelib.limits.ids import name_of_values
from chalicelib.limits.places import Full, Limit, LimitedJob, Listed, Places, Standing, Waiter
from chalicelib.limits.port import LimitedJobs, PlaceStore


def few() -> Callable[[], bool]:
    """Return a function that returns True for some calls: a worker, or a request of the API, must end soon."""
    left = iter(range(MOST_LOOKS))
    return lambda: next(left, None) is not None


@dataclass(frozen=True)
class AtMostPlaces:
    """Take and leave the places of limits, and hand them on.

    `more` returns whether to look at a line, or at a row of it, once more.
    """

    store: PlaceStore
    jobs: LimitedJobs
    more: Callable[[], bool] = field(default_factory=few)

    def take_all(self, job: LimitedJob, limits: Sequence[Limit]) -> Full | None:
        """Take the places of a claimed job, in this order; return the limit that it must wait for, else None.

        A job that was woken may have a place of a wider limit: a deployment has added this limit, or the job had to
        wait for the wider one again. It leaves all its places: otherwise it and a job that waits for the wider limit
        would wait for each other. It waits in a new pass, because a slow process may give it the wider place again.
        """
        for number, limit in enumerate(limits):
            if limit.rate is not None and number == len(limits) - 1:
                return None  # the write that takes its slot tests its turn, too
            has_place = self._take(job, limit)
            if not has_place:
                anew = job.passed is not None and self._has_any(job, limits[number + 1 :])
                if anew:
                    with suppress(LimitBusy):  # in the new pass its names are dead, and the watchdog removes them
                        self.leave(job, (*limits[:number], *limits[number + 1 :]))
                return Full(limit, () if anew else tuple(limits[:number]), anew)
        return None

    def without_slot(self, job: LimitedJob, limits: Sequence[Limit], number: int) -> Full:
        """Leave the wider places of a job that has got no slot of the limit of this number; return what to wait for.

        As in `take_all`, a woken job that had one waits in a new pass. Otherwise it keeps its turn, if it has one.
        """
        wider = limits[number + 1 :]
        has = bool(wider) and self._has_any(job, wider)
        anew = has and job.passed is not None
        if has:
            with suppress(LimitBusy):
                self.leave(job, limits if anew else wider)
        return Full(limits[number], () if anew else tuple(limits[:number]), anew)

    def _has_any(self, job: LimitedJob, limits: Sequence[Limit]) -> bool:
        for limit in limits:
            found = self.store.read(limit)
            if found.has(job):
                return True
        return False

    def _take(self, job: LimitedJob, limit: Limit) -> bool:
        if job.passed is not None:  # it was woken, so it usually has its place already
            found = self.store.read(limit)
            if found.has(job):
                return True
        return self.store.take(limit, job.id, job.name)

    def wait(self, job: LimitedJob, limit: Limit, holds: Sequence[Limit] = (), *, again: bool = False) -> bool:
        """Put a job that was blocked into the line, and look; return whether its message can run it now.

        `holds` are the limits of which the job has places already.

        The job must be stored as blocked before that, and its message is acknowledged only after that. `again`: the
        message of a job that was blocked before has come. A process may have died, so finish what it began.
        """
        self.store.stand(limit, _waiter(job, holds))
        found, new = self.store.mark(limit, job.type)
        if new or again:
            self.store.enlist(limit)
        now = limit.now(found)
        if found.has(job) and now.has_surplus(found, job.type):
            self.leave(job, (limit,))  # an operator has changed the rate since the job got its turn
            return False
        if found.has(job):
            # Who gave the place has died, or wakes the job as well: then another message follows, and one is redundant.
            # Or the job has come with its turn, and got no slot: then the next slot is for it, before all later turns.
            woken = self.jobs.wake(job, limit, sent=True, at=now.turn(found, 0))
            if woken:
                self.store.step_out(limit, job.waiter)
            return True
        if again:
            self.judge(limit)
        elif now.gives(found) or self._free_now(limit, found):
            self.pump(limit)
        return False

    def _free_now(self, limit: Limit, found: Places) -> bool:
        """Return whether a place of a limit of a value is free although this process remembers another number.

        Whoever raises the number of all values looks at the values in the list; this job's may be in it only since. A
        rate is asked only if it is changed: jobs start at the rate in the code, and the next start gives more turns.
        """
        if (limit.rate is not None and found.n is None) or name_of_values(limit.id) is None:
            return False
        n = self.store.in_force(limit)
        return len(found.held) < n

    def line_up(self, job: LimitedJob, limit: Limit, holds: Sequence[Limit] = ()) -> None:
        """Put a blocked job that may not stand in the line into the line, and look; the caller has no message of it."""
        self.store.stand(limit, _waiter(job, holds))
        self.store.mark(limit, job.type)
        self.store.enlist(limit)
        self.judge(limit)

    def leave(self, job: LimitedJob, limits: Sequence[Limit]) -> None:
        """Leave the places of a job that its worker has just settled; `job` is as it was during the attempt."""
        for limit in limits:
            waits = self.store.leave(limit, job.id, job.name)
            if waits:
                self.pump(limit)

    def leave_ended(
        self, ended: LimitedJob, limits: Sequence[Limit], waited: Limit | None = None, *, raised: bool = False
    ) -> None:
        """Leave the places of a job that was ended while no worker held it; `ended` is the job after that.

        `waited`: the job was blocked, and stood in the line of this limit. Its row is removed last: whoever finds it
        finishes what is begun here. `raised`: it may have had rows of higher ranks too, because it kept other places.
        """
        for limit in limits:
            found = self.store.read(limit)
            name = found.held.get(ended.id, "")
            waits = ended.has_had(name) and self.store.leave(limit, ended.id, name)
            if waits:
                self.pump(limit)
        if waited is not None:
            for rank in range(0 if raised else ended.rank, ended.rank + 1):
                self.store.step_out(waited, ended.raised(rank))

    def watch(self, listed: Listed, limit: Limit) -> None:
        """Look at a limit of the list for the watchdog, and remove it from the list when no job waits any more."""
        self.judge(limit)
        found = self.store.read(limit)
        if not found.waits and not self._has_far_turns(limit, found):
            self.store.strike(listed)

    def _has_far_turns(self, limit: Limit, found: Places) -> bool:
        """Return whether a job waits for a turn that may be far away: if the rate is raised, it gets an earlier one."""
        far = bool(found.held) and limit.now(found).has_far_turns
        return far and any(job.standing is Standing.WOKEN and found.has(job) for job in self._holders(found))

    def to_try(self, limit: Limit, types: Collection[str], *, asks: bool = True) -> Sequence[LimitedJob] | None:
        """Return the woken jobs of these paused types that have the place of this limit for which they waited.

        If none of their jobs has one that it waited for, ask for one place of a shared limit, if `asks`. If one is
        free, the first job gets it at once, else the next one that somebody leaves. Return None if no job of these
        types waits.
        """
        if not limit.shared:
            return self._woken_of(limit, self.store.read(limit), types)[1]
        found = self.store.read(limit)
        has, woken = self._woken_of(limit, found, types)
        first = () if has else self.store.first(limit, found.types & frozenset(types))
        if has or not first:
            return woken if has else None
        if not asks:
            return ()
        self.store.ask_for(limit, first[0].type)
        self.pump(limit)
        return self._woken_of(limit, self.store.read(limit), types)[1]

    def _woken_of(self, limit: Limit, found: Places, types: Collection[str]) -> tuple[bool, Sequence[LimitedJob]]:
        """Return whether a job of these types has the place that it waited for, and those of them that were woken.

        Whoever gave the place to the others has died; the watchdog wakes them.
        """
        mine = [job for job in self._holders(found) if job.type in types and job.waits == limit.id and found.has(job)]
        woken = tuple(job for job in mine if job.standing is Standing.WOKEN)
        return bool(woken) or any(job.standing is Standing.BLOCKED for job in mine), woken

    def list_again(self, limits: Sequence[Limit]) -> None:
        """Put those of these limits into the list for which jobs wait: a worker of the job may have died in between.

        It had set the mark, and had not enlisted the limit. Jobs that began to wait later did not do so either.
        """
        for limit in limits:
            found = self.store.read(limit)
            if found.waits:
                self.store.enlist(limit)

    def judge(self, limit: Limit) -> None:
        """Remove the names of jobs that do not need their places any more, and finish what a dead process began."""
        found = self.store.read(limit)
        limit = limit.now(found)
        if limit.is_raised(found):
            found = self.store.move(limit)
        jobs = self._holders(found)
        self._line_up_again(limit, _half_put_back(found, jobs, limit))
        self._remove(limit, _dead(found, jobs))
        self._finish(limit, found, _half_woken(found, jobs, limit))
        self._put_back(limit, _unclaimed(found, jobs, limit))
        self._wait_again(limit, _late(found, jobs, limit))
        self.pump(limit)
        self._raise(limit, found, jobs)

    def _remove(self, limit: Limit, dead: Sequence[tuple[str, str]]) -> bool:
        """Remove these names; return whether jobs wait for the limit, if a name was to be removed."""
        waits = False
        for job, name in dead:
            waits = self.store.leave(limit, job, name)
        return waits

    def _finish(self, limit: Limit, found: Places, jobs: Sequence[LimitedJob]) -> None:
        if not jobs:
            return
        running = self._running(limit, found, self.store.paused() if limit.divided else ())
        at = limit.turn(running, len(running.held) - 1)
        for job in jobs:
            woken = job.standing is Standing.WOKEN or self.jobs.wake(job, limit, sent=False, at=at)
            if woken:
                self.jobs.send(job)
                self.store.step_out(limit, job.waiter)

    def _put_back(self, limit: Limit, jobs: Sequence[LimitedJob]) -> None:
        """Let jobs of types that do not run now wait again, so that the other types get their places.

        A job is blocked first, and its name is removed last. In between its name is dead, so whoever looks at the limit
        goes on. The job waits under a new name: this process may be so slow that the job runs when the old one is
        removed.
        """
        if not jobs:
            return
        usable = self.jobs.usable(limit, {job.type for job in jobs}, self.store.paused())
        self._wait_again(limit, tuple(job for job in jobs if job.type not in usable))

    def _wait_again(self, limit: Limit, jobs: Sequence[LimitedJob]) -> None:
        """Let woken jobs wait again in a new pass, without their places."""
        for job in jobs:
            again = self.jobs.block_again(job)
            if again is not None:
                holds = tuple(self.jobs.narrower(again, limit))
                self._stand_again(limit, again, holds)
                self.store.leave(limit, job.id, job.name)
                self.leave(job, self._known(held.id for held in holds))

    def _raise(self, limit: Limit, found: Places, jobs: Sequence[LimitedJob]) -> None:
        """Let jobs that keep a place while they wait for another limit wait with the rank of the first job of the line.

        Otherwise a job of low priority could keep its place from one of high priority for as long as others pass it in
        the other line. Such a job has two rows then; whoever finds one after the wait has ended removes it.

        The first row may be of a wait that has ended, and while the limit is full nobody else looks at it. It is
        removed, without the name, which the next look removes; or passed, if its job cannot be read.
        """
        keep = _kept_places(found, jobs, limit)
        lowest = max((job.rank for job in keep), default=HIGH)
        most, after, rank = 1, None, lowest
        while found.waits and lowest > HIGH and rank == lowest and self.more():
            line = tuple(one for one in self.store.first(limit, found.types, most, after) if one.rank < lowest)
            if not line:
                return
            rank = self._first_blocked(limit, line, lowest)
            most, after = MOST_ROWS, line[-1]
        for job in keep:
            self._stand_before(job, rank)

    def _first_blocked(self, limit: Limit, line: Sequence[Waiter], rank: int) -> int:
        """Return the rank of the first of these rows whose job waits, else `rank`; remove those before it."""
        jobs = self.jobs.find(tuple(one.job for one in line))
        for first in line:
            job = next((one for one in jobs if one.id == first.job), None)
            if job is not None and first.is_of(job, Standing.BLOCKED):
                return first.rank
            self._end(limit, first, job, named=False)
        return rank

    def _stand_before(self, job: LimitedJob, rank: int) -> None:
        other = self.jobs.declared(job.waits or "")
        if other is not None and job.rank > rank:
            self.store.stand(other, job.raised(rank))

    def _line_up_again(self, limit: Limit, jobs: Sequence[LimitedJob]) -> None:
        for job in jobs:
            self._stand_again(limit, job, tuple(self.jobs.narrower(job, limit)))

    def _stand_again(self, limit: Limit, job: LimitedJob, holds: tuple[Limit, ...]) -> None:
        """Put a job that waits again into the line; `holds` are limits that may have names of it, also old ones."""
        self.store.stand(limit, _waiter(job, holds))
        _, new = self.store.mark(limit, job.type)
        if new:
            self.store.enlist(limit)

    def pump(self, limit: Limit, starts: tuple[LimitedJob, float] | None = None) -> None:
        """Give the free places to the first jobs of the line, while there is more time; the watchdog goes on.

        The first row is read alone, because it is usually the only one that gets a place. `starts` are a job that is
        about to take its slot, and the time: its turn counts as free.
        """
        most = 1 if limit.declared else MOST_ROWS
        after: Waiter | None = None
        passed: Waiter | None = None
        tries = MOST_ASKED
        paused: Collection[str] | None = None
        while self.more():
            stored = self.store.read(limit)
            limit = limit.now(stored)
            found = stored if starts is None else limit.started(stored, *starts)
            if not found.waits or not (limit.divided or found.free(limit)):
                return
            if paused is None:
                paused = self.store.paused() if limit.shared else ()
            asked = self.store.first(limit, (found.asked,), 1, passed) if found.asked and tries else ()
            if asked:
                tries -= 1
                running = self._running(limit, found, paused)
                passed = self._serve(limit.one_more(stored, found), running, asked, passed)
                continue
            types = self._asked(limit, found, paused)
            if limit.divided and not types and found.held:
                return  # who starts gives the next turn
            line = self.store.first(limit, types, most, after)
            if line:
                after = self._serve(limit.one_more(stored, found), self._running(limit, found, paused), line, after)
                most = MOST_ROWS
            elif after is not None or self._others_wait(limit, found, types) or not self._unmark(limit):
                return

    def _asked(self, limit: Limit, found: Places, paused: Collection[str]) -> frozenset[str]:
        """Return the types whose jobs may get a place now: without those whose jobs could not use it."""
        if not limit.shared:
            return found.types
        usable = self.jobs.usable(limit, found.types, paused)
        if limit.divided:
            return frozenset(one for one, runs in usable.items() if runs.lacks(found))
        return frozenset(one for one, runs in usable.items() if not runs.full(found))

    def _running(self, limit: Limit, found: Places, paused: Collection[str]) -> Places:
        """Return the row of a divided limit without the types that cannot run."""
        return replace(found, types=frozenset(self.jobs.usable(limit, found.types, paused))) if limit.divided else found

    def _others_wait(self, limit: Limit, found: Places, types: Collection[str]) -> bool:
        """Return whether jobs wait that are of none of these types, and may get no place now."""
        return types != found.types and bool(self.store.first(limit, found.types))

    def _serve(self, limit: Limit, found: Places, line: Sequence[Waiter], after: Waiter | None) -> Waiter | None:
        """Give places to the jobs of these rows, as long as one is free, and remove the rows of waits that have ended.

        A row whose job cannot be read stays: step over it, which costs no request. Return the last such row, or else
        `after`.
        """
        jobs = self.jobs.find(tuple(one.job for one in line))
        for first in line:
            job = next((one for one in jobs if one.id == first.job), None)
            if job is not None and job.standing is Standing.UNREADABLE:
                after = first
                continue
            if not self.more():
                break
            if not self._hand_over(limit, first, job, found):
                break
            found = first.passed_by(found)
            again = limit.shared or limit.rate is not None
            if again and job is not None and first.is_of(job, Standing.BLOCKED):
                break  # its type may have enough places now; the next job gets the next turn
        return after

    def _unmark(self, limit: Limit) -> bool:
        """Remove the mark in two writes. A job that begins to wait in between is found, or undoes the first write.

        Without the mark, nobody looks at the limit any more, so remove the names that a dead process has left.
        """
        closing = self.store.close(limit)
        if closing is None:
            return False
        if self.store.first(limit, closing.types):
            return True
        found = self.store.unmark(limit, closing.closing or "")
        if found is None:
            return True
        jobs = self._holders(found)
        return self._remove(limit, _dead(found, jobs))

    def _holders(self, found: Places) -> Sequence[LimitedJob]:
        return self.jobs.find(tuple(sorted(found.held))) if found.held else ()

    def _hand_over(self, limit: Limit, first: Waiter, job: LimitedJob | None, found: Places) -> bool:
        """Give a job a place and wake it, or remove its row if its wait has ended; return False if no place is free.

        In the row, the job may have a name: its own, or one of a pass that has ended.

        A job that has a place of a limit that its type does not declare any more would not leave it, so such a job is
        only woken.
        """
        name = found.held.get(first.job, "")
        named = name == first.name
        if job is None or not first.is_of(job, Standing.BLOCKED):
            self._end(limit, first, job, named=named)
            return True
        if name and not named:
            self.store.leave(limit, first.job, name)
        if not named and limit.declared and job.bound:
            asked = first.type == found.asked  # it passes others, so the clock of the tenants stays
            granted = self.store.grant(limit, first, None if asked else first.clock(found), asked=asked)
            if not granted:
                return False
        # A job that is to be tried comes when a slot is kept for it.
        at = 0.0 if job.type == found.asked else limit.turn(found, len(found.held) - bool(name))
        woken = self.jobs.wake(job, limit, sent=False, at=at)
        if not woken:  # another process has woken it, or its wait was ended
            job = self._find(first.job)
            self._end(limit, first, job, named=True)
            return True
        self.jobs.send(job)
        self.store.step_out(limit, first)
        if first.rank != job.rank:
            self.store.step_out(limit, job.waiter)  # this one has the rank of another job
        return True

    def _find(self, job: str) -> LimitedJob | None:
        jobs = self.jobs.find((job,))
        return jobs[0] if jobs else None

    def _end(self, limit: Limit, first: Waiter, job: LimitedJob | None, *, named: bool) -> None:
        """Remove the row of a wait that has ended, and the name of the wait if nobody needs the name.

        Whoever has ended the wait may have died before it left the other places of the job. A worker may not change the
        places of each other type: if jobs wait for them, the watchdog removes the name.
        """
        if job is not None and job.standing is Standing.UNREADABLE:
            return
        if job is None or not job.alive or job.name != first.name:
            if named:
                self.store.leave(limit, first.job, first.name)
            self._judge_all(self._known(first.holds))
        self.store.step_out(limit, first)

    def _known(self, limits: Iterable[str]) -> tuple[Limit, ...]:
        """Return the limits with these ids that this process may change, as they are declared now."""
        return tuple(one for one in map(self.jobs.declared, limits) if one is not None)

    def _judge_all(self, limits: Sequence[Limit]) -> None:
        for limit in limits:
            if self.more():
                self.judge(limit)


def _waiter(job: LimitedJob, holds: Sequence[Limit]) -> Waiter:
    return replace(job.waiter, holds=tuple(one.id for one in holds))


def _dead(found: Places, jobs: Sequence[LimitedJob]) -> Sequence[tuple[str, str]]:
    alive = {(job.id, job.name) for job in jobs if job.alive}
    unknown = {job.id for job in jobs if job.standing is Standing.UNREADABLE}
    return tuple(one for one in sorted(found.held.items()) if one not in alive and one[0] not in unknown)


def _half_put_back(found: Places, jobs: Sequence[LimitedJob], limit: Limit) -> Sequence[LimitedJob]:
    """Return the jobs that wait for this limit again, and whose old names were not removed."""
    return tuple(
        job for job in jobs if job.standing is Standing.BLOCKED and job.waits == limit.id and not found.has(job)
    )


def _half_woken(found: Places, jobs: Sequence[LimitedJob], limit: Limit) -> Sequence[LimitedJob]:
    """Return the jobs that have got the place that they waited for, but no message."""
    waiting = [job for job in jobs if found.has(job) and job.waits == limit.id]
    return tuple(job for job in waiting if job.standing is Standing.BLOCKED or _unsent(job))


def _kept_places(found: Places, jobs: Sequence[LimitedJob], limit: Limit) -> Sequence[LimitedJob]:
    """Return the jobs that keep a place while they wait for another limit, with a rank below the highest."""
    blocked = [job for job in jobs if job.standing is Standing.BLOCKED and job.rank > HIGH]
    return tuple(job for job in blocked if job.waits != limit.id and found.has(job))


def _unclaimed(found: Places, jobs: Sequence[LimitedJob], limit: Limit) -> Sequence[LimitedJob]:
    """Return the jobs that have got a place of a shared limit, and that no worker has claimed for minutes.

    One for which a slot is kept is not one of them.
    """
    idle = [job for job in jobs if job.unclaimed and job.standing is Standing.WOKEN and limit.shared]
    mine = [job for job in idle if job.waits == limit.id and found.has(job)]
    return tuple(job for job in mine if limit.kept_for(found, job.id, job.name) is None)


def _late(found: Places, jobs: Sequence[LimitedJob], limit: Limit) -> Sequence[LimitedJob]:
    """Return the jobs that have got a turn at a slower rate, which is further away than a new one would be."""
    woken = [job for job in jobs if job.standing is Standing.WOKEN and job.waits == limit.id and found.has(job)]
    return tuple(job for job in woken if limit.is_late(job, found))


def _unsent(job: LimitedJob) -> bool:
    return job.standing is Standing.WOKEN and not job.sent
