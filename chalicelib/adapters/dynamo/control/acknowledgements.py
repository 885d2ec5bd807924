"""Store marks of error groups on the control table."""

from collections.abc import Mapping

from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text, Whole
from chalicelib.counters.keys import ACKNOWLEDGED
from chalicelib.counters.port import Acknowledged
from chalicelib.jobs.retention import KEEP_COUNTERS, KEEP_MARKS
from chalicelib.settings import Settings


class AcknowledgedRow(Model):
    """The person who acknowledged a group, and the time. An empty `by`: the group is not acknowledged."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    by = Text()
    at = Seconds()
    resolved = Whole(null=True)
    expires_at = Whole()


class DynamoAcknowledgements:
    """See Acknowledgements. One row per group; it expires together with the counters of its errors."""

    def __init__(self, settings: Settings) -> None:
        self._rows = binding.control(settings).bind(AcknowledgedRow)

    def acknowledge(self, fingerprint: str, by: str, at: float, *, resolved: bool = False) -> None:
        """See Acknowledgements."""
        self._write(fingerprint, by, at, at + KEEP_COUNTERS, resolved=resolved)

    def reopen(self, fingerprint: str, at: float) -> None:
        """See Acknowledgements.

        The row stays for a day without a name, because the API may update rows but not delete any.
        """
        self._write(fingerprint, "", at, at + KEEP_MARKS)

    def acknowledged(self) -> Mapping[str, Acknowledged]:
        """See Acknowledgements. One query for each megabyte, about 8,000 groups."""
        found = self._rows.query(ACKNOWLEDGED)
        return {row.sk: Acknowledged(row.by, row.at, bool(row.resolved)) for row in found if row.by}

    def _write(self, fingerprint: str, by: str, at: float, until: float, *, resolved: bool = False) -> None:
        row = AcknowledgedRow
        mark: Action = row.resolved.set(1) if resolved else row.resolved.remove()
        actions: list[Action] = [row.by.set(by), row.at.set(at), row.expires_at.set(until), mark]
        self._rows(ACKNOWLEDGED, fingerprint).update(actions)
