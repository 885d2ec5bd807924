"""Mark groups of errors, as long as there is such a group and there are not too many marks."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.counters.history import LONGEST, MOST_ROWS
from chalicelib.counters.port import Acknowledged, Acknowledgements, Counters
from chalicelib.errors import ErrorGroupNotFound, TooManyMarks
from chalicelib.jobs.port import Filter, JobStore

MOST_MARKS = 2_000
"""Each request for groups of errors or for health reads all marks: these are some 250 KB, one query."""


@dataclass(frozen=True, slots=True)
class Marking:
    """Puts marks on groups of errors that are known, and takes them off. `clock` gives seconds since the epoch."""

    acknowledgements: Acknowledgements
    counters: Counters
    store: JobStore
    clock: Callable[[], float]

    def mark(self, fingerprint: str, by: str, *, resolved: bool = False) -> Acknowledged:
        """Keep that somebody knows of the group. Raises ErrorGroupNotFound, TooManyMarks.

        Requests at the same time may exceed the most by their number.
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
        """Take the mark of a group away; one without a mark is no error. Raises ErrorGroupNotFound."""
        if fingerprint not in self.acknowledgements.acknowledged():  # a mark of a second ago may not be told yet
            self._check(fingerprint)
        self.acknowledgements.reopen(fingerprint, self.clock())

    def _check(self, fingerprint: str) -> None:
        """Look for a job that failed so, which costs little, and then through the groups of 30 days."""
        if self.store.page(Filter(fingerprint=fingerprint), 1).jobs:
            return
        now = self.clock()
        hours = self.counters.errors(now - LONGEST, now, MOST_ROWS)
        if all(hour.fingerprint != fingerprint for hour in hours):
            raise ErrorGroupNotFound(fingerprint)
