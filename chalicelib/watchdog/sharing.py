"""Share what a run has found with further runs, when it is more than one invocation can look at. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.watchdog.search import Found

SHARE = 1_000
"""Jobs that one run looks at itself when there are helpers, and that it hands to each: 2,200 requests, of which a
function of 512 MB, with 0.29 of a core, makes about a hundred a second."""
MOST_HELPERS = 12
"""Helpers that a run starts: with them it sends 13,000 jobs ahead, and 100,000 in eight runs."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The portions of each type that this run looks at, and the ids, with their type, that helpers do."""

    own: Sequence[Sequence[Found]]
    helpers: Sequence[tuple[str, Sequence[str]]]


def share(found: Mapping[str, Sequence[Found]]) -> Shared:
    """Divide the portions of each type: the first of each stay here, up to SHARE jobs of all types together.

    Jobs of which only those that were not sent are looked at stay here: they are read, and rarely written.
    """
    kept = SHARE // max(1, sum(_size(portions) > 0 for portions in found.values()))
    own: list[Sequence[Found]] = []
    others: list[tuple[str, Sequence[str]]] = []
    for job_type, portions in found.items():
        mine, rest = _split(portions, kept)
        slices = list(_slices([job_id for portion in rest for job_id in portion.ids]))
        taken = slices[: MOST_HELPERS - len(others)]
        others += ((job_type, ids) for ids in taken)
        handed = {job_id for ids in taken for job_id in ids}
        own.append([*mine, *(portion for portion in rest if portion.ids[0] not in handed)])
    return Shared(own, others)


def _size(portions: Sequence[Found]) -> int:
    return sum(len(portion.ids) for portion in portions if not portion.unsent_only)


def _split(portions: Sequence[Found], kept: int) -> tuple[Sequence[Found], Sequence[Found]]:
    mine: list[Found] = []
    rest: list[Found] = []
    for portion in portions:
        fits = portion.unsent_only or _size(mine) < kept
        (mine if fits else rest).append(portion)
    return mine, rest


def _slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), SHARE):
        yield ids[start : start + SHARE]
