"""Share what a run has found with further runs, when it is more than one invocation can look at. Pure."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.watchdog.search import Found, portions

T = TypeVar("T")
SHARE = 1_000
"""Jobs that a run with helpers looks at itself, and that it gives to each helper. They take 2,200 requests, of which
a function of 512 MB (0.29 of a core) makes about a hundred a second."""
STRIDE = 0.618
"""Part of the names by which the first of them moves each minute."""
MOST_HELPERS = 12
"""Helpers that a run starts: with them it looks at 13,000 jobs. Of one type it finds 12,000 that are to be sent ahead,
so that 100,000 take nine runs."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Jobs that one helper looks at, and the job types among them."""

    types: Sequence[str]
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shared:
    """The portions that this run looks at, in that order, and what helpers look at."""

    own: Sequence[Found]
    helpers: Sequence[Slice]


def share(found: Mapping[str, Sequence[Found]]) -> Shared:
    """Divide the portions, the types in turn: SHARE jobs stay here, helpers get as many each, the rest stays here.

    Portions in which only unsent jobs matter stay here: they are read, and rarely written. So do items of an older
    version, found under the type "": a helper would not know for which types to read the signs.
    """
    own: list[Found] = []
    rest: list[tuple[str, Found]] = []
    kept = 0
    for name, portion in alternate([[(name, portion) for portion in row] for name, row in found.items()]):
        if portion.unsent_only or not name:
            own.append(portion)
        elif kept + len(portion.ids) <= SHARE:
            own.append(portion)
            kept += len(portion.ids)
        else:
            rest.append((name, portion))
    slices = list(_slices(rest))
    left = [portion for part in slices[MOST_HELPERS:] for portion in portions(part.ids)]
    return Shared([*own, *left], slices[:MOST_HELPERS])


def in_turn(names: Sequence[str], now: float) -> Sequence[str]:
    """Begin with another name each minute, far from that of the minute before; with each once in as many minutes.

    A run that ends early leaves out others than the last ones did.
    """
    number = len(names)
    step = next(step for step in itertools.count(max(1, round(STRIDE * number))) if math.gcd(step, number) <= 1)
    first = int(now // 60) * step % max(1, number)
    return [*names[first:], *names[:first]]


def alternate(rows: Sequence[Sequence[T]]) -> Iterator[T]:
    """Return the first of each row, then the second of each, and so on."""
    for place in range(max(map(len, rows), default=0)):
        yield from (row[place] for row in rows if place < len(row))


def _slices(rest: Sequence[tuple[str, Found]]) -> Iterator[Slice]:
    jobs = [(name, job_id) for name, portion in rest for job_id in portion.ids]
    for start in range(0, len(jobs), SHARE):
        part = jobs[start : start + SHARE]
        yield Slice(sorted({name for name, _ in part}), [job_id for _, job_id in part])
