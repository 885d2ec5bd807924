"""Mark error groups, if the group exists and there are not too many marks."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.counters.constants import LONGEST_SPAN, MOST_MARKS, MOST_ROWS
from chalicelib.counters.port import Acknowledged, Acknowledgements, Counters
from chalicelib.errors import ErrorGroupNotFound, TooManyMarks
from chalicelib.jobs.port import Filter, JobStore


@dataclass(frozen=True, slots=True)
class Marking:
    """Set and remove marks of existing error groups. `clock` gives seconds since the epoch."""

    acknowledgements: Acknowledgements
    counters: Counters
    store: JobStore
    clock: Callable[[], float]

    def mark(self, fingerprint: str, by: str, *, resolved: bool = False) -> Acknowledged:
        """Store an operator's mark of the group. Raises ErrorGroupNotFound, TooManyMarks.

        Simultaneous requests may exceed the maximum number of marks by one mark each.
        """
        marks = self.acknowledgements.acknowledged()
        if fingerprint not in marks:
            self._check(fingerprint)
            if len(marks) >= MOST_MARKS:
                raise TooManyMarks(MOST_MARKS)
        made = Acknowledged(by, self.clock(), resolved)
        self.acknowledgements.acknowledge(fingerprint, by, made.at, resolved=resolved)
        return made

    def reopen(self, fingerprint: str) -> None:
        """Remove the mark of a group; a group without a mark is not an error. Raises ErrorGroupNotFound."""
        if fingerprint not in self.acknowledgements.acknowledged():  # a new mark may not be in the read yet
            self._check(fingerprint)
        self.acknowledgements.reopen(fingerprint, self.clock())

    def _check(self, fingerprint: str) -> None:
        """Search first for a job with this error, which is cheap, and then in the error groups of 30 days."""
        if self.store.page(Filter(fingerprint=fingerprint), 1).jobs:
            return
        now = self.clock()
        hours = self.counters.errors(now - LONGEST_SPAN, now, MOST_ROWS)
        if all(hour.fingerprint != fingerprint for hour in hours):
            raise ErrorGroupNotFound(fingerprint)
