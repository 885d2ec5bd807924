"""Declare the plan of starts of job types with a rate, and the places of limits; both adapters pass one suite."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chalicelib.job_types.rate import Rate
from chalicelib.limits.changed import Changed, Changes
from chalicelib.limits.places import KeptSlot, Limit, LimitedJob, Listed, Places, Runs, Slot, Waiter


@dataclass(frozen=True, slots=True)
class Taken:
    """Times up to which a type's starts are planned (epoch seconds): given slots, and the turns after them."""

    slots_to: float = 0.0
    turns_to: float = 0.0


class Turns(Protocol):
    """Give out starts: one row per job type, usually one conditional write per call. Times in epoch seconds.

    Raises the store's error if a write fails; then no start was given out, or the starts that were given out are lost.
    """

    def taken(self, job_type: str) -> Taken:
        """Return the time up to which the type's starts are planned; it may be a second old.

        The time is never earlier than a slot that this object gave out or read.
        """

    def slots(self, job_type: str, rate: Rate, count: int, now: float, until: float) -> Sequence[float]:
        """Take the next `count` slots, not before `now`; take none if the last of them would be later than `until`."""

    def turns(self, job_type: str, rate: Rate, count: int, after: float) -> Sequence[float]:
        """Take `count` turns after all given turns, and not before the time `after`."""

    def forget(self, job_type: str, turns_to: float) -> None:
        """Delete the planned turns up to `turns_to`, because their jobs no longer exist.

        If turns after `turns_to` were given out, change nothing, and raise no error.
        """


class PlaceStore(Protocol):
    """Store the places and the lines of limits. Reads are strongly consistent.

    Each method is one request, if not said otherwise. A method may be repeated after its answer was lost. Raises the
    store's error if a request fails.
    """

    def read(self, limit: Limit) -> Places:
        """Return the row of a limit; a limit without a row has no names."""

    def take(self, limit: Limit, job: str, name: str) -> bool:
        """Take a place for a job; return whether the job has it.

        A job that has a place keeps it, under the new name. Another job gets a place if one is free and no job waits.
        Two requests more for the first place of a limit.
        """

    def grant(self, limit: Limit, waiter: Waiter, clock: int | None = None, *, asked: bool = False) -> bool:
        """Give a place to the waiter's name; return whether the job has a place under this name.

        It gets none if no place is free, if its job has one under another name, or without the mark. `clock` is the
        clock of the waiter's rank from now on, if tenants take turns. `asked`: the place is the one that was asked for
        the waiter's type; without such a request in the row, or if another process has answered it, the job gets none.
        """

    def ask_for(self, limit: Limit, job_type: str) -> None:
        """Ask that the next free place be given to the first job of this type, although the type is paused.

        It replaces an earlier request, and is forgotten after ASKED_FOR seconds. Without the mark, nothing is asked.
        """

    def position(self, limit: Limit, tenant: str, rank: int) -> int:
        """Return the next position of a tenant, which is given by its hash.

        It is APART after the last position of the tenant. If this is before the clock of the rank, or if there was a
        time since then in which no job waited, the tenant begins at the clock, and moves the clock by 1: of tenants
        that begin, the first one is before the others. Two reads and one write, or two.
        """

    def slot(
        self, limit: Limit, job: str, name: str, *, now: float, until: float, turn: bool, again: bool = False
    ) -> Slot | None:
        """Take the next slot of a limit with a rate, not before `now`, and remove the job's name from the row.

        Return None, and take nothing, if the slot would be later than `until`, and if jobs wait and the job has no
        turn under this name. If it is later, and the rate was raised, the row is moved (see `move`). `turn`: the job
        may have one; otherwise it is known to have none. `again`: the job has used up its turn, so it needs none.
        A slot that is kept for the job (see `keep_slot`) is used while it is valid. Usually one request.
        """

    def keep_slot(self, limit: Limit, job: str, name: str, *, now: float, soon: float) -> KeptSlot | None:
        """Keep the next slot for a job under this name, and return it; see Limit.keep.

        `soon` is a time in epoch seconds. `slot` then gives it to the job, whatever turns others have. It is lost when
        the rate is changed. Return None while no job may start, while one is kept for another job that has a turn, and
        if jobs wait and the job has no turn under this name.
        """

    def move(self, limit: Limit) -> Places:
        """Move the time up to which slots are taken, if the rate was raised since the last one; return the row."""

    def leave(self, limit: Limit, job: str, name: str) -> bool:
        """Remove the name, if the job still has its place under it; return whether jobs wait for the limit.

        Also remove a name of an earlier pass of the job, with one request more: its worker has died.
        """

    def stand(self, limit: Limit, waiter: Waiter) -> None:
        """Put a job into the line, unless it stands there with this wait or a later one."""

    def step_out(self, limit: Limit, waiter: Waiter) -> None:
        """Remove a job from the line, if it stands there with this wait."""

    def mark(self, limit: Limit, job_type: str) -> tuple[Places, bool]:
        """Mark that jobs of this type wait, so that nobody is about to remove the mark.

        Return the row after that, and whether the mark is new. It may count as new twice if an answer was lost.
        """

    def enlist(self, limit: Limit) -> None:
        """Put the limit into the list of limits with a mark, with a new entry."""

    def in_force(self, limit: Limit) -> int:
        """Return how many places a limit of a value has now, also if the number of all values was changed just now.

        Strongly consistent. A later read by this process shows the number as well.
        """

    def listed(self, *, consistent: bool = False) -> Sequence[Listed]:
        """Return the list of limits with a mark. It may contain limits that have none any more, until they are struck.

        One request for each megabyte. The answer may be a second old, unless it is `consistent`.
        """

    def strike(self, listed: Listed) -> None:
        """Remove this entry from the list, if it is the present one."""

    def first(
        self, limit: Limit, types: Collection[str], most: int = 1, after: Waiter | None = None
    ) -> Sequence[Waiter]:
        """Return the first jobs of the lines of these types, at most `most`, behind `after`: one request for each type.

        `most` is so small that the rows fit into one megabyte.
        """

    def before(self, limit: Limit, types: Collection[str], waiter: Waiter, most: int) -> int:
        """Return how many jobs of these types stand before a row, at most `most`: up to one request for each type.

        A job with two rows counts once; but `most` rows of a type count as `most` jobs.
        """

    def paused(self) -> Collection[str]:
        """Return the keys of the queues that are paused. The answer may be some seconds old."""

    def close(self, limit: Limit) -> Places | None:
        """Announce that the mark will be removed; return the row with this announcement, None without a mark."""

    def unmark(self, limit: Limit, closing: str) -> Places | None:
        """Remove the mark if this announcement is still in the row; return the row after that, None if it is not."""


class LimitStore(PlaceStore, Protocol):
    """Store in addition how many places operators have given to limits, and read what people want to see.

    A changed number is in force for every process within 10 seconds.
    """

    def changes(self) -> Changes:
        """Return all changed limits. Strongly consistent: one request for each megabyte."""

    def change(self, changed: Changed) -> None:
        """Give a limit another number of places; the last change wins."""

    def reset(self, limit: str) -> None:
        """Remove the change of a limit, if it has one."""

    def stamp(self, limit: Limit) -> None:
        """Let whoever reads the row of a limit from now on read the changes too."""

    def waiting(self, limit: Limit, job_type: str, most: int) -> int:
        """Return how many jobs of a type wait for a limit, at most `most`. The answer may be a second old.

        A job with two rows counts once; but `most` rows count as `most` jobs.
        """


class LimitedJobs(Protocol):
    """Read and wake the jobs that a limit knows. Reads are strongly consistent."""

    def find(self, jobs: Sequence[str]) -> Sequence[LimitedJob]:
        """Return jobs in their present state, without those that do not exist any more.

        A job whose row cannot be read is returned as unreadable: it must not count as gone.
        """

    def wake(self, job: LimitedJob, limit: Limit, *, sent: bool, at: float = 0.0) -> bool:
        """End the wait that the job was read with, if the job still waits for this limit; return whether it did.

        `sent`: the caller has a message of the job. Otherwise the job needs a message. `at` is when the job may be
        claimed (epoch seconds).
        """

    def send(self, job: LimitedJob) -> None:
        """Send the message of a woken job, and then mark the job as sent, unless it was claimed since it was woken."""

    def block_again(self, job: LimitedJob) -> LimitedJob | None:
        """Let a woken job wait for its limit again, with a new number and in a new pass.

        Return the job, None if it was claimed or ended.
        """

    def usable(self, limit: Limit, types: Collection[str], paused: Collection[str]) -> Mapping[str, Runs]:
        """Return how many places of a shared limit each type can use, without the types that do not run now.

        These are types of paused queues, given by key, and undeclared types. Never raises.
        """

    def narrower(self, job: LimitedJob, limit: Limit) -> Sequence[Limit]:
        """Return the limits of a job that was found, whose places it has while it waits for this limit.

        Return none of them if its payload cannot be read: then the watchdog removes the names that are left.
        """

    def declared(self, limit: str) -> Limit | None:
        """Return the limit with this id as it is declared now; None if this process may not change its places."""
