"""Replacing a part of moto so that it can be put back."""

from types import TracebackType
from typing import Any, Self


class Replacements:
    """Attributes replaced in other people's classes and modules, undone in reverse order at the end of the block."""

    def __init__(self) -> None:
        self._originals: list[tuple[Any, str, Any]] = []

    def put(self, owner: Any, name: str, value: Any) -> Any:
        """Set `owner.name` to `value` and return what stood there. Raises AttributeError if there is no such name:
        a repair of something moto no longer has must not pass for done."""
        original = owner.__dict__[name] if name in vars(owner) else getattr(owner, name)
        self._originals.append((owner, name, original))
        setattr(owner, name, value)
        return original

    def undo(self) -> None:
        """Put every original back."""
        while self._originals:
            owner, name, original = self._originals.pop()
            setattr(owner, name, original)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.undo()
