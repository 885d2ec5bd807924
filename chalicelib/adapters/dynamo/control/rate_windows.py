"""Store rate windows on the control table: one item per address, one atomic write per request."""

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib.access.port import Window
from chalicelib.access.sliding_window import roll
from chalicelib.adapters.constants import MOST_WINDOW_TRIES
from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Text, Whole
from chalicelib.jobs.retention import KEEP_WINDOWS
from chalicelib.settings import Settings


class WindowRow(Model):
    """The current window of an address, and the count of the previous window."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True, default_for_new="W")
    start = Whole()
    hits = Whole(attr_name="count")
    previous = Whole()
    expires_at = Whole()


class DynamoRateWindows:
    """See RateWindows. Raises pynamodb's errors if the table does not answer."""

    def __init__(self, settings: Settings) -> None:
        self._rows = binding.control(settings).bind(WindowRow)

    def hit(self, address: str, start: int, length: int, by: int = 1) -> Window:
        """See RateWindows."""
        row = self._rows(pk=_key(address))
        for _ in range(MOST_WINDOW_TRIES):
            # Accept a window that begins later than `start`: the clocks of two API functions differ a little.
            if self._write(row, [WindowRow.hits.add(by)], WindowRow.start >= start):
                return _window(row)
            if self._write(row, *self._rolled(address, start, length, by)):
                return _window(row)
        raise TimeoutError("Too many requests began the same window at once.")

    def forgive(self, address: str, start: int) -> None:
        """See RateWindows."""
        self._write(self._rows(pk=_key(address)), [WindowRow.hits.add(-1)], WindowRow.start == start)

    def _rolled(self, address: str, start: int, length: int, by: int) -> tuple[list[Action], Condition]:
        """Return the update that replaces the present window by the next one, if the present one is unchanged."""
        try:
            found = self._rows.get(_key(address), "W", consistent_read=True)
        except self._rows.DoesNotExist:
            found = None
        window = roll(None if found is None else _window(found), start, length, by)
        actions: list[Action] = [
            WindowRow.start.set(window.start),
            WindowRow.hits.set(window.count),
            WindowRow.previous.set(window.previous),
            WindowRow.expires_at.set(window.start + 2 * length + KEEP_WINDOWS),
        ]
        same: Condition = WindowRow.pk.does_not_exist()
        if found is not None:
            same = (WindowRow.start == found.start) & (WindowRow.hits == found.hits)
        return actions, same

    def _write(self, row: WindowRow, actions: list[Action], condition: Condition) -> bool:
        try:
            row.update(actions, condition)
        except UpdateError as error:
            if not refused(error):
                raise
            return False
        return True


def _key(address: str) -> str:
    return f"RL#{address}"


def _window(row: WindowRow) -> Window:
    return Window(int(row.start), int(row.hits), int(row.previous))
