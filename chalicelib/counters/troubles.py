"""Read and write the types in trouble as one string: by condition, which types, and when that was last found. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Condition(StrEnum):
    """Name what is wrong with a type or queue: it has a section in docs/operations.md, and MEASURED ones an alarm."""

    DEAD_LETTERS = "dead-letters"
    NOT_STARTING = "not-starting"
    OLDEST_JOB = "oldest-job"
    FAILURE_RATIO = "failure-ratio"
    IN_FLIGHT = "in-flight"
    PAUSED = "paused"
    BUDGET = "budget"


KNOWN = frozenset(Condition)
MEASURED = tuple(one for one in Condition if one is not Condition.BUDGET)
"""The conditions that have a metric and an alarm, which a stage pays for also if no type has a budget."""
Trouble = tuple[Condition, str]
"""A condition, and the name of the type for which it is true, or of a queue that several types share."""
NOTHING: Mapping[Trouble, float] = {}


@dataclass(frozen=True, slots=True)
class Troubles:
    """The troubles at one moment.

    `causes`: when the cause of each trouble was last found (epoch seconds). `told`: the troubles of the last message to
    the alarms' topic, without those that it named as over. `over`: since when troubles of `told` are over (epoch
    seconds). `text`: the stored string, by which a write notices that another process has written.
    """

    causes: Mapping[Trouble, float] = field(default_factory=dict)
    told: frozenset[Trouble] = frozenset()
    over: Mapping[Trouble, float] = field(default_factory=dict)
    text: str = ""

    def of(self, condition: Condition) -> list[str]:
        """Return the names for which the condition is true, in order."""
        return sorted(name for one, name in self.causes if one is condition)


def written(
    causes: Mapping[Trouble, float], told: frozenset[Trouble], over: Mapping[Trouble, float] = NOTHING
) -> Troubles:
    """Return these troubles with the string to store.

    A row of the string ends with when the cause was last found, and whether the trouble was reported; or, for a trouble
    that is over, with 0, and since when it is over.
    """
    gone = {trouble: over.get(trouble, 0.0) for trouble in sorted(told - causes.keys())}
    rows = [[*trouble, round(at, 3), trouble in told] for trouble, at in sorted(causes.items())]
    rows += [[*trouble, 0, round(at, 3)] for trouble, at in gone.items()]
    return Troubles(dict(causes), told, gone, json.dumps(rows, separators=(",", ":")))


def read(text: str) -> Troubles:
    """Return the troubles in a string. Conditions that only another version knows are left out."""
    causes, over = dict[Trouble, float](), dict[Trouble, float]()
    told = set()
    for name, about, at, last in json.loads(text or "[]"):
        if name in KNOWN:
            trouble = (Condition(name), about)
            (causes if at else over)[trouble] = float(at or last)
            told |= {trouble} if last or not at else set()
    return Troubles(causes, frozenset(told), over, text)
