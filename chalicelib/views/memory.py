"""Store views in memory; the contract tests of DynamoDB check this store too."""

from collections.abc import Sequence

from chalicelib.views.port import View


class MemoryViews:
    """See Views."""

    def __init__(self) -> None:
        self._kept: dict[str, View] = {}

    def all(self) -> Sequence[View]:
        """See Views."""
        return list(self._kept.values())

    def add(self, view: View) -> bool:
        """See Views."""
        return self._kept.setdefault(view.id, view) == view

    def replace(self, known: View, view: View) -> bool:
        """See Views."""
        if self._kept.get(view.id) not in {known, view}:
            return False
        self.save(view)
        return True

    def save(self, view: View) -> None:
        """See Views."""
        self._kept[view.id] = view

    def delete(self, known: View) -> bool:
        """See Views."""
        if self._kept.get(known.id, known) != known:
            return False
        self._kept.pop(known.id, None)
        return True
