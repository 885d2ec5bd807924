"""Pauses that have ended, on the control table: one row each, under its type and since when it was."""

from collections.abc import Sequence
from datetime import datetime

from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.counters.keys import PAST_PAUSES
from chalicelib.jobs.limits import KEEP_COUNTERS
from chalicelib.jobs.listing import iso
from chalicelib.jobs.ports.counters import Pause
from chalicelib.jobs.ports.past_pauses import PastPause
from chalicelib.settings import Settings


class PastPauseRow(Model):
    """A pause that has ended: by whom and why, until when, and who resumed the type."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    by = Text()
    reason = Text()
    until = Seconds()
    resumed_by = Text()
    expires_at = Whole()


class DynamoPastPauses:
    """See PastPauses."""

    def __init__(self, settings: Settings) -> None:
        self._rows = binding.control(settings).bind(PastPauseRow)

    def add(self, job_type: str, past: PastPause) -> None:
        """See PastPauses."""
        row = PastPauseRow
        actions: list[Action] = [
            row.by.set(past.pause.by), row.reason.set(past.pause.reason), row.until.set(past.until),
            row.resumed_by.set(past.resumed_by), row.expires_at.set(past.until + KEEP_COUNTERS),
        ]  # fmt: skip
        self._rows(PAST_PAUSES + job_type, iso(past.pause.since)).update(actions)

    def newest(self, job_type: str, most: int) -> Sequence[PastPause]:
        """See PastPauses: one query."""
        found = self._rows.query(PAST_PAUSES + job_type, scan_index_forward=False, limit=most)
        return [
            PastPause(Pause(datetime.fromisoformat(row.sk).timestamp(), row.by, row.reason), row.until, row.resumed_by)
            for row in found
        ]
