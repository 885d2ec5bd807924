"""Define the places of a limit, the names in them, and the line of the jobs that wait for a place. Pure.

A limit lets at most `n` jobs run at once. A job that runs has a place: its id and its name are in the limit's row. A
job that waits is blocked, and has a row in the limit's line. Whoever leaves a place gives it to the first job of the
line, before that job is woken.

A limit with a rate lets jobs start at a rate. Its places are turns: a job leaves its place when it starts, with the
same write that takes its slot.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from chalicelib.job_types.rate import Rate, Spacing, moved, with_number
from chalicelib.jobs.priority import NORMAL
from chalicelib.limits.constants import (
    FIRST_POSITION,
    GIVES_FIRST,
    KEPT_LATER,
    KEPT_SOON,
    MOST_TURNS,
    NO_LIMIT,
    ONE_TURN_ABOVE,
    OWN_TURNS,
    RATED,
    SHARED,
    SHARED_OF_VALUE,
    TURNS_GIVEN,
    WOKEN_AHEAD,
)

CODE_LENGTH = 8
"""Number of hexadecimal digits that a name has of the hash of its job's type."""


AFTER_ALL_JOBS = "~"
"""Comes after the id of each job."""


class Standing(StrEnum):
    """Describe what a limit must know of the state of a job.

    `RUNS`: a worker holds the job, and its lease has not ended. `BLOCKED`: the job waits for a place. `WOKEN`: the job
    has got the place that it waited for, and no worker has claimed it since. `OTHER`: every other state. `UNREADABLE`:
    another version has written the job's row, or the row is damaged, so nothing is known of the job but its id.
    """

    RUNS = "runs"
    BLOCKED = "blocked"
    WOKEN = "woken"
    OTHER = "other"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as it is declared for a job: its id, and how many places it has; with a rate, how many turns.

    `changed`: an operator has given the rate so many starts in its period, and `n` is how many turns it has since; 0:
    no job starts.
    """

    id: str
    n: int
    rate: Rate | None = None
    changed: int | None = field(default=None, compare=False)

    @property
    def declared(self) -> bool:
        """Return whether the code declares this limit; if not, all jobs that wait for it may run."""
        return self.n < NO_LIMIT

    @property
    def shared(self) -> bool:
        """Return whether jobs of several types may have places of this limit, and need them."""
        return self.declared and self.id.partition(".")[0].removesuffix(RATED) in (SHARED_OF_VALUE, SHARED)

    def with_number(self, changed: int | None) -> "Limit":
        """Return the limit with the number that an operator has given to its rate; None: as it is declared."""
        if self.rate is None or changed == self.changed:
            return self
        rate = with_number(self.rate, changed) if changed else self.rate
        return replace(self, n=0 if changed == 0 else turns_of(rate), changed=changed)

    def now(self, found: "Places") -> "Limit":
        """Return the limit with the number that is in force for its rate, as its row says."""
        return self.with_number(found.n)

    @property
    def pace(self) -> Rate | None:
        """Return the rate that is in force; while no job may start, as it is declared."""
        return with_number(self.rate, self.changed) if self.rate is not None and self.changed else self.rate

    def slot_rate(self, found: "Places") -> Spacing | None:
        """Return what the row has about the rate of its last slot when a slot was taken now.

        Once the rate was changed, each slot writes it, also when the change has ended: two versions of the code, which
        declare different numbers, may take slots of one row. None: the rate was never changed.
        """
        if self.pace is None or (self.changed is None and found.slot_rate is None):
            return None
        return self.pace.spacing

    def follows(self, found: "Places") -> bool:
        """Return whether the next slot follows the last one: it was taken at the rate in force, or none was changed."""
        return found.slot_rate == self.slot_rate(found) and not found.stale

    def slots_to(self, found: "Places", now: float) -> float:
        """Return up to which time slots are taken at the rate in force; the last one may be of another rate.

        A version of JobFlow that does not know changed rates may have taken the last slot: then it is never earlier
        than what the row has, for how the row came to it is not known.
        """
        if self.rate is None or self.pace is None or self.follows(found):
            return found.slots_to
        old = self.rate.spacing if found.slot_rate is None or found.stale else found.slot_rate
        to = moved(found.slots_to, old, self.pace.spacing, now)
        return max(found.slots_to, to) if found.stale else to

    def is_raised(self, found: "Places") -> bool:
        """Return whether the last slot was taken at a slower rate than the one that is in force.

        Then the row must be moved once: the time that is owed becomes less from then on, so two looks at a row that was
        not moved find different slots.
        """
        if self.rate is None or self.pace is None or self.changed == 0 or not found.slots_to or self.follows(found):
            return False
        return self.pace.spacing.apart < (found.slot_rate or self.rate.spacing).apart

    def next_slot(self, found: "Places") -> float:
        """Return the earliest time of the next slot (epoch seconds); it may have passed.

        If the rate is raised and the row was not moved yet, the slot may be later; who asks for it moves the row.
        """
        return 0.0 if self.pace is None else self.slots_to(found, 0.0) - self.pace.ahead

    def keep(self, found: "Places", job: str, name: str, now: float, soon: float) -> "KeptSlot":
        """Return the next slot as one that is kept for a job, for longer if it is later than `soon` (epoch seconds).

        It takes the time for which it is kept from the other jobs. If it replaces one that was kept, and no slot was
        taken since, it takes no more time.
        """
        rate, before = self.pace or Rate(1), self._kept(found)
        unused = before is not None and before.slots_to == found.slots_to
        begin = max(now, before.begin if before is not None and unused else self.slots_to(found, now))
        at = max(now, begin - rate.ahead)
        width = KEPT_SOON if at <= soon else KEPT_LATER
        return KeptSlot(job, name, at, at + width, begin, begin + width + rate.apart, rate.spacing)

    def _kept(self, found: "Places") -> "KeptSlot | None":
        """Return the slot that is kept, whatever time it is; None if the rate was changed since.

        A version of JobFlow that does not know such slots may have moved `slots_to`, so its rate counts too.
        """
        kept = found.kept
        same = kept is not None and self.pace is not None and kept.spacing == self.pace.spacing
        return kept if same and self.changed != 0 and self.follows(found) else None

    def kept_for(self, found: "Places", job: str, name: str) -> "KeptSlot | None":
        """Return the slot that is kept for a job under this name; None without one."""
        kept = self._kept(found)
        return kept if kept is not None and (kept.job, kept.name) == (job, name) else None

    def usable(self, found: "Places", job: str, name: str, now: float, until: float) -> "KeptSlot | None":
        """Return the slot that is kept for a job, if the job may begin with it at `now`, or until `until`."""
        kept = self.kept_for(found, job, name)
        in_time = kept is not None and now <= until and kept.at <= until and now <= kept.until
        return kept if in_time else None

    def may_keep(self, found: "Places", job: str, name: str, now: float) -> bool:
        """Return whether a slot may be kept for a job, and none is kept for another one that has a turn.

        While others wait, the job must have a turn: without one, it has just used a slot, or must wait for its turn.
        """
        kept = self._kept(found)
        other = kept is not None and kept.job != job and now <= kept.until and found.held.get(kept.job) == kept.name
        return self.changed != 0 and not other and (not found.waits or found.held.get(job) == name)

    def used(self, found: "Places", kept: "KeptSlot", at: float) -> float:
        """Return up to which time slots are taken when a job uses at `at` the slot that was kept for it.

        If no slot was taken since it was kept, the time for which it was kept is given back.
        """
        back = found.slots_to == kept.slots_to
        return max(at, kept.begin) + (self.pace or Rate(1)).apart if back else found.slots_to

    @property
    def has_far_turns(self) -> bool:
        """Return whether slots are so far apart that a turn may be long after it was given."""
        return self.pace is not None and self.pace.apart > ONE_TURN_ABOVE

    def is_late(self, job: "LimitedJob", found: "Places") -> bool:
        """Return whether the turn of a job is later than it would be now: it was given at a slower rate."""
        if self.pace is None or self.n < 1 or not job.at:
            return False  # without a time, the job may start at once
        most = max(self.n, len(found.held), len(found.types))
        return job.at > self.next_slot(found) + (most - 1) * self.pace.apart  # a job comes WOKEN_AHEAD before its slot

    def has_surplus(self, found: "Places", job_type: str) -> bool:
        """Return whether more jobs have turns than may, because a lower number is in force now, or no job may start.

        Of a divided limit, those of this type count. At a fast rate, one turn more is given in advance.
        """
        if self.pace is None or self.n < 1:
            return self.pace is not None
        held = Runs(0, frozenset((job_type,))).have(found) if self.divided else len(found.held)
        return held > self.n + (self.pace.late < GIVES_FIRST)

    def turn(self, found: "Places", before: int) -> float:
        """Return when a job should be there for its slot (epoch seconds) if so many jobs have turns before it.

        `found` has the types that wait and can run. Each has a slot of its own: if two came for one slot, the type
        whose workers begin later would never get it. Return 0 for a limit without a rate, whose jobs may run at once.
        """
        rate = self.pace
        if rate is None:
            return 0.0
        most = turns_of(rate)
        if self.divided:
            most = max(most, len(found.types))
        earlier = min(before, most - 1)  # further turns are of types that do not use theirs
        return max(0.0, self.next_slot(found) + earlier * rate.apart - WOKEN_AHEAD)

    @property
    def divided(self) -> bool:
        """Return whether each type that waits has a right to its share of the turns, whatever turns others have."""
        return self.rate is not None and self.shared and self.n > 0

    def share(self, types: int) -> int:
        """Return how many turns each of so many types may have."""
        return math.ceil(self.n / max(1, types))

    def gives(self, found: "Places") -> bool:
        """Return whether jobs that wait may get a place: one is free, or a type has less than its share of the turns.

        A turn is not exact, so there may be more than `n`: the slots are.
        """
        if found.free(self) or not self.divided:
            return found.free(self)
        share = self.share(len(found.types))
        return any(Runs(share, frozenset((one,))).lacks(found) for one in found.types)

    def started(self, found: "Places", job: "LimitedJob", now: float) -> "Places":
        """Return the row as it is when this job will have taken the next slot."""
        if self.pace is None:
            return found
        held = {key: name for key, name in found.held.items() if key != job.id or name != job.name}
        slots_to = max(now, self.slots_to(found, now)) + self.pace.apart
        return replace(found, held=held, slots_to=slots_to, slot_rate=self.slot_rate(found), stale=False)

    def one_more(self, found: "Places", after: "Places") -> "Limit":
        """Return the limit with as many turns as there may be with one more; `after` is the row after a start.

        If another process has given a turn since `found` was read, it may be refused, and is tried again.
        """
        if self.rate is None:
            return self
        return replace(self, n=len(found.held) + 1 if self.divided else self.n + len(found.held) - len(after.held))


def turns_of(rate: Rate) -> int:
    """Return how many jobs may have a turn of a rate at once."""
    if rate.apart > ONE_TURN_ABOVE:
        return 1
    most = MOST_TURNS if rate.shared is None else math.ceil(MOST_TURNS * OWN_TURNS)
    return min(most, math.ceil(TURNS_GIVEN / rate.apart))


@dataclass(frozen=True, slots=True)
class Full:
    """A limit whose places are taken, or for which other jobs wait; the job has places of the limits `holds`.

    `anew`: the job has left its places of wider limits, and must wait in a new pass. `position`: see Job.
    """

    limit: Limit
    holds: tuple[Limit, ...] = ()
    anew: bool = False
    position: int | None = None


class NoPlace(Exception):
    """A job must wait for a place."""

    def __init__(self, full: Full) -> None:
        super().__init__("no place is free")  # without the id, which has a value of the payload
        self.full = full


@dataclass(frozen=True, slots=True)
class LimitedJob:
    """A job as its limits see it.

    `rank` (of its priority) and then `since` order the lines: `since` is when the job was due first (epoch seconds). In
    a line in which tenants take turns, the `position` of the job goes before `since` (see Waiter).
    `passed` is the number of the claim with which the job began to take its places; None: the present claim. `at` is
    the time of its turn (epoch seconds), 0 without one. `waits` is the id of the limit that the job waits for, or has
    waited for since its last claim. `sent`: the job's message is sent. `unclaimed`: the job was woken some minutes ago,
    and no worker has claimed it. `bound`: its type still declares the limit that the job waits for.
    """

    id: str
    type: str
    since: float
    gen: int
    claims: int
    passed: int | None
    standing: Standing
    waits: str | None = None
    sent: bool = True
    unclaimed: bool = False
    bound: bool = True
    rank: int = NORMAL
    at: float = 0.0
    position: int | None = None

    @property
    def name(self) -> str:
        """Return the name under which the job has its places, or will have them: another one in each pass.

        A pass begins with a claim, and ends when the job runs no more and does not wait for a limit.
        """
        return name_of(self.type, self.gen, self.claims if self.passed is None else self.passed)

    @property
    def alive(self) -> bool:
        """Return whether the job has, or waits for, the places of its name. A name that is not alive never is again."""
        return self.standing is not Standing.OTHER

    def has_had(self, name: str) -> bool:
        """Return whether a name belongs to a pass of this run."""
        return name.rpartition(".")[0] == self.name.rpartition(".")[0]

    @property
    def waiter(self) -> "Waiter":
        """Return the row of the job in the line of the limit that it waits for."""
        numbers = self.gen, self.claims, self.name
        return Waiter(self.since, self.id, self.type, *numbers, rank=self.rank, position=self.position)

    def raised(self, rank: int) -> "Waiter":
        """Return its row with the rank of a job that waits for one of its places: before the tenants of that rank.

        The positions of its own rank say nothing there.
        """
        return self.waiter if rank == self.rank else replace(self.waiter, rank=rank, position=None)


@dataclass(frozen=True, slots=True)
class Waiter:
    """A row of a limit's line: a job, the number of its wait (`gen`, `claims`), and the name that gets a place.

    `holds` are the ids of the limits of which the job has places while it waits. A deployment may change how many
    places they have before somebody reads the row. `rank`: see LimitedJob; a job may have a second row, with the rank
    of a job that waits for one of its places. `position` is the place of the job among those of other tenants (see
    `chalicelib/limits/fair.py`); None: the row is ordered by its due time, before all rows with a position.
    """

    since: float
    job: str
    type: str
    gen: int
    claims: int
    name: str
    holds: tuple[str, ...] = field(default=(), compare=False)
    rank: int = NORMAL
    position: int | None = None

    @property
    def order(self) -> int:
        """Return what orders the rows of a rank: the due time in milliseconds, or a position after all due times."""
        if self.position is None:
            return round(self.since * 1000)
        return FIRST_POSITION + min(self.position, FIRST_POSITION - 1)

    @property
    def place(self) -> tuple[int, int, str]:
        """Return what orders the rows of a line."""
        return self.rank, self.order, self.job

    def passed_by(self, found: "Places") -> "Places":
        """Return the row of the limit with its clock after this row was looked at."""
        clock = self.clock(found)
        return found if clock is None else found.at(self.rank, clock)

    def clock(self, found: "Places") -> int | None:
        """Return the clock of the rank when this row has got its place; None: the row has no position.

        Each place moves the clock by at least 1, so that tenants that come new all the time do not keep others back for
        ever. It is never moved back.
        """
        return None if self.position is None else max(found.clocks[self.rank] + 1, self.position)

    @property
    def last_of_rank(self) -> "Waiter":
        """Return a row behind all rows of this rank."""
        return replace(self, position=FIRST_POSITION, job=AFTER_ALL_JOBS)

    @property
    def number(self) -> tuple[int, int]:
        """Return the number of the wait; a later wait of the same job has a higher one."""
        return self.gen, self.claims

    def is_of(self, job: LimitedJob, standing: Standing) -> bool:
        """Return whether a job is in this state since this wait, and was not claimed after it."""
        return job.standing is standing and (job.gen, job.claims) == self.number


@dataclass(frozen=True, slots=True)
class Places:
    """The row of a limit: who has its places, and whether jobs wait.

    `held` are the names by job. `n` replaces the declared number of places, or of starts: an operator has changed it
    (see Limit.now). `types` are the
    types that have a line, since the mark `waits` is there: the row says it, because another version of the code may
    not know every type that shares the limit. `closing` names who is about to remove the mark, because nobody waits any
    more. `slots_to` is the time up to which slots of a rate are taken (epoch seconds), `slot_rate` how far they were
    apart at the last of them; None: the rate was never changed. `stale`: a version that does not write it has taken
    slots since. `clocks` are, by rank, the positions of the jobs that have got a place last.
    `asked` is the paused type whose first job is to get the next free place, because one job of the type is to be
    tried; empty if none is. `kept` is the slot that is kept for such a job.
    """

    held: Mapping[str, str] = field(default_factory=dict)
    waits: bool = False
    types: frozenset[str] = frozenset()
    closing: str | None = None
    n: int | None = None
    slots_to: float = 0.0
    clocks: tuple[int, ...] = (0, 0, 0)
    asked: str = ""
    slot_rate: Spacing | None = None
    stale: bool = False
    kept: "KeptSlot | None" = None

    def free(self, limit: Limit) -> bool:
        """Return whether a place is free."""
        return len(self.held) < (limit.n if self.n is None or limit.rate is not None else self.n)

    def has(self, job: LimitedJob) -> bool:
        """Return whether the job has a place in its present pass."""
        return self.held.get(job.id) == job.name

    def at(self, rank: int, clock: int) -> "Places":
        """Return the row with this clock of a rank."""
        return replace(self, clocks=(*self.clocks[:rank], clock, *self.clocks[rank + 1 :]))


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that a job has taken: its time (epoch seconds), and the row of the limit after that."""

    at: float
    found: Places


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A slot that only one job may use, under this name: it may begin at any time from `at` to `until`.

    So it takes as many seconds from the other jobs. `begin` is up to which time slots were taken before, and `slots_to`
    after that. Times are in epoch seconds. `spacing` is that of the rate which was in force.
    """

    job: str
    name: str
    at: float
    until: float
    begin: float
    slots_to: float
    spacing: Spacing


@dataclass(frozen=True)
class Runs:
    """How many jobs of a queue can run at once, and the types of the queue that share the limit as their widest one.

    A place of the limit that is a type's widest one is a place of a job that runs, or is about to run.
    """

    most: int
    types: frozenset[str]

    def full(self, found: Places) -> bool:
        """Return whether the types have as many places as their queue can use."""
        return self.have(found) >= self.most

    def lacks(self, found: Places) -> bool:
        """Return whether the types have fewer turns of a rate than they may have beside those of other types."""
        have = self.have(found)
        others = len(found.held) - have
        return have < min(self.most, math.ceil((MOST_TURNS - others) * OWN_TURNS))

    def have(self, found: Places) -> int:
        """Return how many places the types have."""
        codes = {code_of(one) for one in self.types}
        return sum(name.partition(".")[0] in codes for name in found.held.values())


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of the list of limits with a mark, which the watchdog reads; another `entry` was written later."""

    limit: str
    entry: str


def name_of(job_type: str, gen: int, passed: int) -> str:
    """Return the name of one pass of one run of a job."""
    return f"{code_of(job_type)}.{gen}.{passed}"


def is_earlier(name: str, later: str) -> bool:
    """Return whether a name is of an earlier pass of the job that has, or had, the other one. Such a name is dead."""
    (code, numbers), (other, higher) = _numbered(name), _numbered(later)
    return code == other and len(numbers) == len(higher) and numbers < higher


def _numbered(name: str) -> tuple[str, list[int]]:
    code, *numbers = name.split(".")
    return code, [int(one) for one in numbers if one.isdecimal()]


def code_of(job_type: str) -> str:
    """Return the part of a name that stands for the type, so that a limit's row shows how many places a type has."""
    return hashlib.sha256(job_type.encode()).hexdigest()[:CODE_LENGTH]
