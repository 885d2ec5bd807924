"""Let attempts fail on purpose."""

from collections.abc import Callable


class InjectedFault(Exception):
    """JOBFLOW_FAULT_RATE made this attempt fail before the work, so that retries can be watched."""


def inject_fault(rate: float, chance: Callable[[], float]) -> None:
    """Raise InjectedFault in so large a share of all calls; `chance` gives a number from 0 to 1."""
    if rate and chance() < rate:
        raise InjectedFault("JOBFLOW_FAULT_RATE is set: this attempt fails before the work.")
