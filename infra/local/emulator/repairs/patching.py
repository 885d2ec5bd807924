"""Replace a part of moto so that it can be restored."""

from collections.abc import Callable
from typing import Any, Self

from infra.local.errors import IncompatibleMoto


class Replacements:
    """Replaces attributes of other packages' classes and modules.

    At the end of the block it restores them in reverse order.
    """

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def put(self, owner: Any, name: str, value: Any) -> Any:
        """Set `owner.name` to `value` and return the old value. Raises IncompatibleMoto if there is no such name.

        If moto no longer has the part that a repair replaces, the repair must not be skipped silently.
        """
        if not hasattr(owner, name):
            raise IncompatibleMoto(owner, name)
        original = getattr(owner, name)
        if name in vars(owner):
            stored = vars(owner)[name]  # read the static method itself, not the function that getattr returns for it
            self._undo.append(lambda: setattr(owner, name, stored))
        else:
            self._undo.append(lambda: delattr(owner, name))
        setattr(owner, name, value)
        return original

    def undo(self) -> None:
        """Restore every original."""
        while self._undo:
            self._undo.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.undo()
