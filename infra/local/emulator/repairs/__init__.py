"""Repairs of moto, each in its own function: what it costs or breaks as it is, and what is put in its place.

They lean on moto's inside, so they hold for one version of it, which is checked before anything is touched.
"""

from collections.abc import Callable
from importlib.metadata import version

from . import plumbing, sqs_clock
from .patching import Replacements

MOTO_VERSION = "5.2.5"


def apply(clock: Callable[[], float]) -> Replacements:
    """Repair moto in this process and return the means to undo it. `clock` gives seconds since the epoch (UTC) and
    drives the queues. Raises RuntimeError when the moto installed is not the one the repairs were written for."""
    require_moto(version("moto"))
    replacements = Replacements()
    plumbing.repair(replacements)
    sqs_clock.repair(replacements, clock)
    return replacements


def require_moto(installed: str) -> None:
    """Raise RuntimeError unless `installed` is the moto version these repairs were written against."""
    if installed != MOTO_VERSION:
        raise RuntimeError(
            f"the emulator repairs moto {MOTO_VERSION}, but moto {installed} is installed: "
            f"install moto=={MOTO_VERSION}, or go through infra/local/emulator/repairs and its tests for the new one"
        )
