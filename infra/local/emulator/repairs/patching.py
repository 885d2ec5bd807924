"""Replacing a part of moto so that it can be put back."""

from collections.abc import Callable
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self


class IncompatibleMoto(RuntimeError):
    """The moto that is installed lacks something that is repaired here."""

    def __init__(self, owner: Any, name: str) -> None:
        place = f"{owner.__module__}.{owner.__qualname__}" if isinstance(owner, type) else owner.__name__
        super().__init__(
            f"moto {version('moto')} has no {place}.{name}, which the local emulator repairs: install a moto that "
            "passes tests/infra/local/emulator (test_same_answers, test_same_queue)"
        )


class Replacements:
    """Attributes replaced in other people's classes and modules, undone in reverse order at the end of the block."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def put(self, owner: Any, name: str, value: Any) -> Any:
        """Set `owner.name` to `value` and return what stood there. Raises IncompatibleMoto if there is no such name: a
        repair of something moto no longer has must not pass for done."""
        if not hasattr(owner, name):
            raise IncompatibleMoto(owner, name)
        original = getattr(owner, name)
        if name in vars(owner):
            stored = vars(owner)[name]  # a static method as such, not the function getattr makes of it
            self._undo.append(lambda: setattr(owner, name, stored))
        else:
            self._undo.append(lambda: delattr(owner, name))
        setattr(owner, name, value)
        return original

    def undo(self) -> None:
        """Put every original back."""
        while self._undo:
            self._undo.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo()
