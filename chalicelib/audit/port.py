"""Declare the store of the audit log as a Protocol; both adapters pass one contract suite."""

from typing import Protocol

from chalicelib.audit.rule import End, Entry, Page, Refused, Which


class Recorder(Protocol):
    """Store entries. Raises the store's errors."""

    def begin(self, entry: Entry) -> None:
        """Store an entry before its change; a repetition changes nothing, also after the end."""

    def end(self, entry: Entry, end: End) -> None:
        """Store the end of a change whose entry is stored."""


class AuditLog(Recorder, Protocol):
    """Store entries, and counts of refusals. Nothing is ever deleted; a row expires after 400 days.

    Raises the store's errors.
    """

    def page(self, which: Which, limit: int, now: float, position: str | None = None) -> Page[Entry]:
        """Return up to `limit` entries, newest first, from after `position`; an entry may be missing for a second."""

    def add_refusals(self, counted: Refused) -> None:
        """Add to the number of refusals in a minute."""

    def refusals(self, which: Which, limit: int, now: float, position: str | None = None) -> Page[Refused]:
        """Return up to `limit` counts of refusals, newest first, from after `position`."""
