"""Define the priorities of jobs, which order the lines of limits. Pure."""

from enum import StrEnum
from typing import Literal

PriorityName = Literal["high", "normal", "low"]


class Priority(StrEnum):
    """Say which of the jobs that wait in a line goes first.

    Within a priority, the one that was due first does so, or tenants take turns.
    """

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


HIGH, NORMAL, LOW = range(3)
"""The ranks of the priorities: the order of a line."""
PRIORITIES: tuple[PriorityName, ...] = ("high", "normal", "low")
"""The priorities by rank."""
RANKS = dict(zip(Priority, (HIGH, NORMAL, LOW), strict=True))


def rank_of(priority: str) -> int:
    """Return the rank of a priority as a job has it; of an unknown one, which a later version has written: NORMAL."""
    return RANKS.get(priority, NORMAL)  # type: ignore[call-overload,no-any-return]


def known(priority: str) -> PriorityName:
    """Return a priority as a job has it; `normal` for an unknown one."""
    return PRIORITIES[rank_of(priority)]
