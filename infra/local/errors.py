"""Define errors that prevent the platform from running here, with sentences for the developer."""

from importlib.metadata import version
from typing import Any


class CannotRun(RuntimeError):
    """The platform cannot run; the message says why and what to do."""


class BrokenCode(RuntimeError):
    """The code on disk cannot be loaded; the message contains everything that a developer needs to fix it."""


class IncompatibleMoto(RuntimeError):
    """The installed moto lacks an attribute that is replaced here."""

    def __init__(self, owner: Any, name: str) -> None:
        place = f"{owner.__module__}.{owner.__qualname__}" if isinstance(owner, type) else owner.__name__
        super().__init__(
            f"moto {version('moto')} has no {place}.{name}, which the local emulator repairs: install a moto that "
            "passes tests/infra/local/emulator (test_same_answers, test_same_queue)"
        )
