"""Show the limits of jobs, and change at run time how many places they have, or how many jobs start at a rate."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter

from chalicelib.errors import FieldError, InvalidRequest, LimitNotFound, TooManyChangedValues
from chalicelib.job_types import jobtype
from chalicelib.job_types.at_most import AnyLimit
from chalicelib.job_types.constants import MOST_PLACES
from chalicelib.job_types.rate import Rate, numbers_of, with_number
from chalicelib.jobs.constants import MOST_READ
from chalicelib.jobs.job import Job, Status
from chalicelib.limits.at_most import AtMostPlaces, few
from chalicelib.limits.changed import Changed, Changes, change_of
from chalicelib.limits.constants import NO_LIMIT
from chalicelib.limits.ids import (
    as_declared,
    declared_limit,
    id_of,
    logged_id,
    name_and_value,
    name_of_values,
    named,
    stands_for_values,
)
from chalicelib.limits.places import Limit, Places, Waiter
from chalicelib.limits.port import LimitStore
from chalicelib.operating.constants import (
    LIMITS_CHANGED_WITHIN,
    MOST_CHANGED_VALUES,
    MOST_IN_LINE_COUNTED,
    MOST_IN_LINE_SHOWN,
    MOST_REQUESTS,
    MOST_VALUES_SHOWN,
)
from chalicelib.operating.dispatch import Dispatcher
from chalicelib.operating.lines import StoredJobs, limited
from chalicelib.telemetry import events


@dataclass(frozen=True, slots=True)
class Declared:
    """A limit as the code declares it, and the types that have it."""

    id: str
    limit: AnyLimit
    types: tuple[str, ...]

    @property
    def numbers(self) -> tuple[int, int]:
        """Return the smallest number over 0, and the largest, that operators may give to the limit."""
        return numbers_of(self.limit) if isinstance(self.limit, Rate) else (1, MOST_PLACES)

    def said(self, n: int) -> str:
        """Return a number of the limit in words: 5 places, 10 a minute."""
        if isinstance(self.limit, Rate):
            return f"{n:,} {self.limit.unit}"
        return f"{n} place" if n == 1 else f"{n} places"


def all_declared() -> dict[str, Declared]:
    """Return the limits that the code declares, by id; a limit with a field has the id of all its values."""
    found = dict[str, Declared]()
    for kind in jobtype.all_types():
        for one in kind.limits:
            name = named(kind.name, one)
            limit = name if one.by is None else f"{name}.*"
            known = found.get(limit)
            found[limit] = Declared(limit, one, (*(known.types if known else ()), kind.name))
    return dict(sorted(found.items()))


def declared_name(name: str) -> str:
    """Return the name of a limit that the code declares, else an empty text: a caller may have put a value into it."""
    return name if id_of(name, None) in all_declared() else ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A limit, or with the id `<rank>.<name>.*` the limits of all values of a field.

    `declared` is None if the code does not declare it any more. `changed` is the change that is in force. `places` and
    `waiting` are None for all values together, and if too many limits were to be read; `waiting` counts up to a bound.
    """

    id: str
    declared: Declared | None
    changed: Changed | None
    waits: bool
    places: Places | None = None
    waiting: int | None = None
    more: bool = False

    @property
    def n(self) -> int | None:
        """Return how many places, or starts, are in force; None: jobs that wait for this limit may all run."""
        if self.declared is None:
            return None
        limit = self.declared.limit
        if self.changed is None:
            return limit.n
        return with_number(limit, self.changed.n).n if isinstance(limit, Rate) and self.changed.n else self.changed.n


@dataclass(frozen=True, slots=True)
class Holder:
    """A job that has a place; `job` is None if it does not exist any more, or cannot be read.

    `stale`: the job does not need the place any more. The next process that looks at the limit frees it.
    """

    id: str
    job: Job | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The jobs of a type that wait for a place: their number up to a bound, and the first of them."""

    type: str
    waiting: int
    more: bool
    first: Sequence[Waiter]


@dataclass(frozen=True, slots=True)
class Detail:
    """A limit with the jobs that have its places, and its lines; for all values of a field, the values that are known.

    These are the values for which jobs wait, and those with a number of places of their own. `more`: there are more.
    """

    shown: Shown
    holders: Sequence[Holder] = ()
    lines: Sequence[Line] = ()
    values: Sequence[Shown] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """A limit after a change.

    `left`: so many limits, of one or of all values, may have free places for jobs that wait: the watchdog gives them.
    """

    shown: Shown
    left: int


@dataclass
class Limits:
    """Show and change limits for one request. Reads are strongly consistent, except numbers of jobs that wait.

    `consistent`: the list of limits for which jobs wait is read so, too.
    """

    dispatcher: Dispatcher
    store: LimitStore
    clock: Callable[[], float]
    declared: Mapping[str, Declared] = field(default_factory=all_declared)
    consistent: bool = False

    @cached_property
    def _changes(self) -> Changes:
        return self.store.changes()

    @cached_property
    def _listed(self) -> frozenset[str]:
        """Return the limits for which jobs may wait."""
        listed = self.store.listed(consistent=self.consistent)
        return frozenset(one.limit for one in listed)

    @cached_property
    def _waits(self) -> frozenset[str]:
        """Return the ids that stand for all values of the limits for whose values jobs may wait."""
        return frozenset(found for one in self._listed if (found := name_of_values(one)))

    def all(self) -> tuple[Sequence[Shown], bool]:
        """Return all limits by name, and whether jobs wait for more values than are returned.

        These are the limits that the code declares, then all that are changed, then those for which jobs wait.
        """
        known = [*self.declared, *sorted({*self._changes} - {*self.declared})]
        waiting = sorted(self._listed - {*known})
        found = self._rows([*known, *waiting[:MOST_VALUES_SHOWN]])
        order = sorted(found, key=lambda one: name_and_value(one.id)[0])  # stable: within a limit, in this order
        return order, len(waiting) > MOST_VALUES_SHOWN

    def _rows(self, ids: Sequence[str]) -> list[Shown]:
        """Return these limits; those that would take too many requests are not read."""
        found = list[Shown]()
        left = MOST_REQUESTS
        for one in ids:
            shown = self._shown(one, read=left > 0)
            left -= 0 if shown.places is None else 1 + len(shown.places.types)
            found.append(shown)
        return found

    def detail(self, name: str, value: str | None = None) -> Detail:
        """Return one limit, or that of one value of its field. Raises LimitNotFound, InvalidRequest."""
        shown = self._shown(self.id_of(name, value))
        if stands_for_values(shown.id):
            changed, waiting = self._values(shown.id)
            found = self._rows([*changed, *waiting[:MOST_VALUES_SHOWN]])
            return Detail(shown, values=found, more=len(waiting) > MOST_VALUES_SHOWN)
        limit, places = _limit(shown.id, shown.declared), shown.places or Places()
        return Detail(shown, self._holders(places), self._lines(limit, places))

    def change(self, name: str, n: int, by: str, reason: str, value: str | None = None) -> Done:
        """Give a limit `n` places, and the free ones to jobs that wait. Raises LimitNotFound, InvalidRequest.

        Of a rate, `n` jobs may start in its period, and those that wait get turns at once; with 0 no job starts. Nobody
        is stopped. A change of all values does not replace the change of a value. Raises TooManyChangedValues.
        """
        limit = self.id_of(name, value)
        declared = self._declared(limit)
        if declared is None:
            raise LimitNotFound(name)
        _check_number(declared, n)
        if value is not None and limit not in self._changes:
            self._check_room(name, limit)
        self.store.change(Changed(limit, n, by, reason, self.dispatcher.now()))
        return replace(self, consistent=True).changed(limit)  # what this one has read is older

    def reset(self, name: str, value: str | None = None) -> Done:
        """Give a limit as many places as the code says. Raises LimitNotFound, InvalidRequest. Safe to repeat."""
        limit = self.id_of(name, value)
        self.store.reset(limit)
        return replace(self, consistent=True).changed(limit)  # what this one has read is older

    def id_of(self, name: str, value: str | None) -> str:
        """Return the id of a limit, or of a value of its field, which need not be known; without one, of all values.

        Raises LimitNotFound if the code does not declare the limit, and it is not changed, and no job waits for it;
        InvalidRequest for a value of a limit without a field.
        """
        if id_of(name, None) not in self.declared and name not in self._names:
            raise LimitNotFound(name)
        found = id_of(name, value)
        if found is None:
            errors = [FieldError(("query", "value"), "the limit has no field, so it has no values")]
            raise InvalidRequest("The query is not valid.", errors)
        return found

    def _check_room(self, name: str, limit: str) -> None:
        """Check that a value more may be changed: each worker reads all changes. Two requests at once may pass."""
        changed, _ = self._values(name_of_values(limit) or "")
        if len(changed) >= MOST_CHANGED_VALUES:
            raise TooManyChangedValues(
                f"{MOST_CHANGED_VALUES} values of the limit {name} have a number of their own, which is the most. "
                "Reset some of them, or change all values of the limit at once."
            )

    @property
    def _names(self) -> set[str]:
        return {name_and_value(one)[0] for one in (*self._changes, *self._listed)}

    def changed(self, limit: str) -> Done:
        """Let all processes see the change of a limit, and give free places to jobs that wait.

        A failure at one limit is only logged; if the list cannot be read, the change is stored, and a repetition of the
        request goes on. Of all values, those with jobs that wait are looked at, each for a bounded
        number of requests. A repeated request begins with other values. What is not done here, the watchdog does: the
        limit is in its list if a job waits.
        """
        until, many = self.clock() + LIMITS_CHANGED_WITHIN, stands_for_values(limit)
        mine, left = self._waiting_values(limit) if many else [limit], 0
        for one in mine:
            left += not (self.clock() < until and self._look_at(one, until, few() if many else lambda: True))
        return Done(self._shown(limit), left)

    def _waiting_values(self, name: str) -> list[str]:
        """Return the values without a change of their own for which jobs wait, each time beginning with another one."""
        found = self._values(name)[1]
        first = int(self.clock() * 1000) % max(1, len(found))
        return [*found[first:], *found[:first]]

    def _look_at(self, name: str, until: float, more: Callable[[], bool]) -> bool:
        """Return whether all free places of a limit were given to jobs that wait."""
        limit, goes_on = declared_limit(name), [True]
        if limit is None:
            return True  # its type is in no code of this process, so this process may not change its places

        def once_more() -> bool:
            goes_on[0] = self.clock() < until and more()
            return goes_on[0]

        try:
            self.store.stamp(limit)
            places = AtMostPlaces(self.store, StoredJobs(self.dispatcher), once_more)
            if limit.rate is None:
                places.pump(limit)
            else:
                places.judge(limit)  # a turn that was given at a slower rate may be far away
        except Exception as error:
            events.limit_failed(logged_id(name), error)
            return False
        return goes_on[0]

    def _declared(self, limit: str) -> Declared | None:
        return self.declared.get(limit) or self.declared.get(name_of_values(limit) or "")

    def _values(self, name: str) -> tuple[list[str], list[str]]:
        """Return the values of a field that are changed, and the others for which jobs wait."""
        changed = sorted(one for one in self._changes if name_of_values(one) == name and one != name)
        return changed, sorted(one for one in self._listed - {*changed} if name_of_values(one) == name)

    def _shown(self, limit: str, *, read: bool = True) -> Shown:
        declared = self._declared(limit)
        if stands_for_values(limit):
            return Shown(limit, declared, self._changes.get(limit), limit in self._waits)
        known = _limit(limit, declared)
        shown = Shown(limit, declared, change_of(known, self._changes) or self._changes.get(limit), waits=False)
        if not read:
            return replace(shown, waits=limit in self._listed)
        places = self.store.read(known)
        shown = replace(shown, places=places, waits=places.waits, waiting=0)
        if not places.waits:
            return shown
        counts = [self.store.waiting(known, one, MOST_IN_LINE_COUNTED + 1) for one in sorted(places.types)]
        found = sum(counts)
        return replace(shown, waiting=min(found, MOST_IN_LINE_COUNTED), more=found > MOST_IN_LINE_COUNTED)

    def _holders(self, places: Places) -> list[Holder]:
        ids, now, jobs = sorted(places.held), self.dispatcher.now(), dict[str, Job]()
        for start in range(0, len(ids), MOST_READ):
            jobs |= {job.id: job for job in self.dispatcher.store.read_all(ids[start : start + MOST_READ])}

        def stale(job: Job) -> bool:
            seen = limited(job, now)
            return not seen.alive or seen.name != places.held[job.id]

        found = [Holder(one, jobs.get(one), one in jobs and stale(jobs[one])) for one in ids]
        return sorted(found, key=lambda one: (one.job is None, since(one.job), one.id))

    def _lines(self, limit: Limit, places: Places) -> list[Line]:
        found = list[Line]()
        for job_type in sorted(places.types):
            number = self.store.waiting(limit, job_type, MOST_IN_LINE_COUNTED + 1)
            rows = self.store.first(limit, (job_type,), 2 * MOST_IN_LINE_SHOWN)
            first = {row.job: row for row in reversed(rows)}  # a job may have two rows, and waits with the first one
            more = number > MOST_IN_LINE_COUNTED
            shown = sorted(first.values(), key=attrgetter("place"))[:MOST_IN_LINE_SHOWN]
            found.append(Line(job_type, min(number, MOST_IN_LINE_COUNTED), more, shown))
        return found


def since(job: Job | None) -> float:
    """Return when a job that has a place was claimed or, if it does not run, since when it waits (epoch seconds)."""
    if job is None:
        return 0.0
    return (job.started_at if job.status is Status.PROCESSING else None) or job.updated_at


def changed_limits(
    changes: Iterable[Changed], declared: Mapping[str, Declared]
) -> list[tuple[Changed, Declared | None]]:
    """Return the changes with what the code declares; None: the code does not declare the limit."""
    found = [(one, declared.get(one.limit) or declared.get(name_of_values(one.limit) or "")) for one in changes]
    return sorted(found, key=lambda pair: pair[0].limit)


def _check_number(declared: Declared, n: int) -> None:
    least, most = declared.numbers
    if n == 0 or least <= n <= most:
        return
    limit = declared.limit
    if not isinstance(limit, Rate):
        told = f"from 0 to {most}"
    else:
        because = f" (its burst is {limit.burst})" if limit.burst == least > 1 else ""
        told = f"0, or from {least:,} to {most:,} {limit.unit}{because}"
    raise InvalidRequest("The body is not valid.", [FieldError(("n",), f"the limit may have {told}")])


def _limit(limit: str, declared: Declared | None) -> Limit:
    return Limit(limit, NO_LIMIT) if declared is None else as_declared(limit, declared.limit)
