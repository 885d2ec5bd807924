"""What can keep the platform from running here, in sentences for the person at the keyboard."""

from importlib.metadata import version
from typing import Any


class CannotRun(RuntimeError):
    """The run ends with this sentence."""


class BrokenCode(RuntimeError):
    """The code on disk cannot be loaded; the message is what a person needs in order to mend it."""


class IncompatibleMoto(RuntimeError):
    """The moto that is installed lacks something that is repaired here."""

    def __init__(self, owner: Any, name: str) -> None:
        place = f"{owner.__module__}.{owner.__qualname__}" if isinstance(owner, type) else owner.__name__
        super().__init__(
            f"moto {version('moto')} has no {place}.{name}, which the local emulator repairs: install a moto that "
            "passes tests/infra/local/emulator (test_same_answers, test_same_queue)"
        )
