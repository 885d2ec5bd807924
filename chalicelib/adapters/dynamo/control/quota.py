"""Store daily quotas on the control table: one row per quota and UTC day, one atomic write for each use."""

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Text, Whole
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.retention import KEEP_QUOTAS
from chalicelib.settings import Settings


class QuotaRow(Model):
    """The amount used of a quota on one day."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    taken = Whole()
    expires_at = Whole()


class DynamoDailyQuota:
    """A quota with a name. `day` is the number of whole days since the epoch, UTC.

    Raises pynamodb's errors if the table does not answer.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self._rows = binding.control(settings).bind(QuotaRow)
        self._key = f"CAP#{name}"

    def take(self, day: int, amount: int, limit: int) -> bool:
        """Use an amount of the day's quota. If less than that is left of `limit`, use nothing and return False."""
        if amount > limit:
            return False
        free = QuotaRow.taken.does_not_exist() | (QuotaRow.taken <= limit - amount)
        try:
            self._row(day).update([QuotaRow.taken.add(amount), self._until(day)], free)
        except UpdateError as error:
            if not refused(error):
                raise
            return False
        return True

    def give_back(self, day: int, amount: int) -> None:
        """Return an unused amount to that day's quota."""
        self._row(day).update([QuotaRow.taken.add(-amount), self._until(day)])

    def _row(self, day: int) -> QuotaRow:
        return self._rows(self._key, str(day))

    def _until(self, day: int) -> Action:
        return QuotaRow.expires_at.set(day * DAY + KEEP_QUOTAS)
