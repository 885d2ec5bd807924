"""Declare which promises each part of the proof tests, and under which faults.

The promises have the numbers of docs/delivery.md. Each part calls `plays` beside its code; `faced` makes the table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

PROMISES = range(1, 16)
DIES, REFUSED, REPLY_LOST = "dies", "refused", "reply lost"
SHARE_REFUSED, SHARE_LOST = "a share of requests is refused", "a share of answers is lost"
DUPLICATE, LOST, STALLS = "duplicate", "messages lost", "a worker outlives its lease"
APART, TOGETHER = "clocks are 30 s apart", "many at once"
RESTORED, VERSIONS = "restored or moved", "two versions at once"
FAULTS = (
    DIES, REFUSED, REPLY_LOST, SHARE_REFUSED, SHARE_LOST,
    "DynamoDB is out of order", "SQS is out of order", "invocations are throttled",
    DUPLICATE, LOST, "messages expire", "a part of a batch", STALLS, "a clock is wrong", APART,
    "the index lags", "the counters lag", "the counters are out of order", "depths are estimates",
    "the watchdog has little time", "the watchdog is down", "the type is paused", "a type is removed",
    TOGETHER, RESTORED, VERSIONS,
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A part of the proof: the promises that it tests, and the faults that it injects."""

    name: str
    promises: frozenset[int]
    faults: frozenset[str]


PARTS: list[Part] = []
NOT_PROMISED: Mapping[tuple[str, int], str] = {
    (APART, 2): "the lease of a worker whose clock is more than 5 s slow may end while it runs",
    (APART, 11): "for the same reason, two attempts of a key may overlap",
    (RESTORED, 12): "a restore does not restore bulk actions: the operator starts them again",
    (RESTORED, 13): "a run that ended before the loss is not told again, even if its end was not told yet",
    (RESTORED, 15): "for the same reason, such an end makes no delivery",
    (VERSIONS, 13): "a version from before `on_end` makes jobs that do not know whom to tell",
    (VERSIONS, 14): "no older version has batches",
    (VERSIONS, 15): "no older version has webhooks",
}
"""Cells that stay empty, because the page promises nothing for them, each with the reason."""


def plays(name: str, promises: Iterable[int], faults: Iterable[str]) -> None:
    """Declare that each of these promises is tested under each of these faults."""
    part = Part(name, frozenset(promises), frozenset(faults))
    if unknown := [*part.promises - set(PROMISES), *part.faults - set(FAULTS)]:
        raise ValueError(f"{name} plays what is in no table: {unknown}")
    PARTS.append(part)


def parts_of(fault: str, promise: int) -> Sequence[str]:
    """Return the names of the parts that test this promise under this fault."""
    return sorted({part.name for part in PARTS if fault in part.faults and promise in part.promises})


def reasons() -> Sequence[str]:
    """Return the cells that stay empty, with their reasons. Raises ValueError if a part tests one of them."""
    if played := [cell for cell in NOT_PROMISED if parts_of(*cell)]:
        raise ValueError(f"is said to be not promised, and is played: {played}")
    return [f"{promise} and *{fault}*: {why}" for (fault, promise), why in NOT_PROMISED.items()]
