"""Store views on the control table: one row each, in one partition."""

from collections.abc import Sequence

from pynamodb.exceptions import DeleteError, PutError
from pynamodb.expressions.condition import Condition
from pynamodb.models import Model

from chalicelib.adapters.dynamo.tables import binding
from chalicelib.adapters.dynamo.tables.answers import refused
from chalicelib.adapters.dynamo.tables.attributes import Seconds, Text
from chalicelib.adapters.dynamo.tables.schema import VIEWS
from chalicelib.settings import Settings
from chalicelib.views.port import View


class ViewRow(Model):
    """A view."""

    pk = Text(hash_key=True)
    sk = Text(range_key=True)
    name = Text()
    search = Text()
    by = Text()
    at = Seconds()


class DynamoViews:
    """See Views."""

    def __init__(self, settings: Settings) -> None:
        self._rows = binding.control(settings).bind(ViewRow)

    def all(self) -> Sequence[View]:
        """See Views. A stage without views takes half a read unit; 100 long views take about 55."""
        rows = self._rows.query(VIEWS, consistent_read=True)
        return [View(row.name, row.search, row.by, row.at) for row in rows]

    def add(self, view: View) -> bool:
        """See Views."""
        return self._saved(view, ViewRow.pk.does_not_exist())

    def replace(self, known: View, view: View) -> bool:
        """See Views."""
        return self._saved(view, _is(known))

    def save(self, view: View) -> None:
        """See Views."""
        self._saved(view, None)

    def delete(self, known: View) -> bool:
        """See Views."""
        try:
            self._rows(VIEWS, known.id).delete(ViewRow.pk.does_not_exist() | _is(known))
        except DeleteError as error:
            if not refused(error):
                raise
            return False
        return True

    def _saved(self, view: View, condition: Condition | None) -> bool:
        """Store the view if the condition holds; False if it does not."""
        try:
            self._rows(VIEWS, view.id, name=view.name, search=view.search, by=view.by, at=view.at).save(condition)
        except PutError as error:
            if not refused(error):
                raise
            # If the reply to this write was lost, the SDK has repeated the write, and only the repetition was refused.
            return view in self.all()
        return True


def _is(known: View) -> Condition:
    row = ViewRow
    same: Condition = (row.at == known.at) & (row.search == known.search) & (row.by == known.by)
    return same
