"""Declare the store of batches: one row for each round, and a list of the batches."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chalicelib.batches.round import Ended, Round


class BatchRows(Protocol):
    """Store the rounds of batches. Every write is conditional, and every read of a round is strongly consistent."""

    def add(self, new: Round) -> Round:
        """Store a round, signed, unless the batch has one with its number; return the stored round."""

    def enlist(self, batch: str, created_at: float, expires_at: float | None) -> None:
        """Put a batch on the list, until `expires_at` (None: until another call). Repeating the call does no harm."""

    def find(self, batch: str, number: int | None = None) -> Round | None:
        """Return a round, or the newest one; None if there is none."""

    def rounds(self, batch: str, most: int) -> Sequence[Round]:
        """Return the newest rounds of a batch, up to `most`, oldest first."""

    def opened_by(self, batch: str, bulk: str) -> Round | None:
        """Return the round of a batch that a bulk action has opened, and that is not closed; None if there is none."""

    def newest(self, limit: int, before: str | None = None) -> tuple[Sequence[str], str | None]:
        """Return the ids of batches, newest first, and the next position (None: no more)."""

    def count(self, batch: str, number: int, ended: Sequence[Ended], source: str, now: float) -> Round | None:
        """Count each of these ends once, in the order of the source; return the round after it. None: no such round.

        The round stores up to which end of each source it has counted, in the write that counts. Raises RowRefused for
        a row that cannot be read or written.
        """

    def write(
        self, batch: str, number: int, values: Mapping[str, Any], same: Mapping[str, str | None] = {}
    ) -> Round | None:
        """Set fields (None removes), if the round exists, and return the round after it.

        Only if the fields of `same` have these values (None: are unset). None: the write was refused.
        """

    def due(self, now: float, most: int) -> Sequence[tuple[str, int]]:
        """Return batches and numbers of rounds whose `due_at` is not after `now`, the earliest first. May be stale."""

    def signed(self, found: Round, what: str) -> bool:
        """Return whether this platform has allowed the round to make the job of `what`: `then` or `on_failure`."""
