"""Share found jobs among additional runs, if there are too many for one invocation. Pure."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.watchdog.constants import JOBS_OF_HELPER, MOST_HELPERS
from chalicelib.watchdog.search import Found, portions

T = TypeVar("T")
STRIDE = 0.618
"""Each minute, the list of names begins later by this share of its length."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Jobs that one helper checks, and their job types."""

    types: Sequence[str]
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shared:
    """The portions of this run, in order, and the parts for helpers."""

    own: Sequence[Found]
    helpers: Sequence[Slice]


def share(found: Mapping[str, Sequence[Found]]) -> Shared:
    """Divide the portions, with the types in turn: JOBS_OF_HELPER jobs for this run and for each helper.

    Jobs for which there is no helper stay in this run. Portions that only serve to find unsent jobs also stay in this
    run, because their jobs are read but rarely written. Items of an older version, found under the type "", also stay
    in this run: a helper needs the types of its jobs.
    """
    own: list[Found] = []
    rest: list[tuple[str, Found]] = []
    kept = 0
    for name, portion in alternate([[(name, portion) for portion in row] for name, row in found.items()]):
        if portion.unsent_only or not name:
            own.append(portion)
        elif kept + len(portion.ids) <= JOBS_OF_HELPER:
            own.append(portion)
            kept += len(portion.ids)
        else:
            rest.append((name, portion))
    slices = list(_slices(rest))
    left = [portion for part in slices[MOST_HELPERS:] for portion in portions(part.ids)]
    return Shared([*own, *left], slices[:MOST_HELPERS])


def in_turn(names: Sequence[T], now: float) -> Sequence[T]:
    """Return the names, beginning with another one each minute: each of n names is first once in n minutes.

    The first names of two consecutive minutes are far apart, so runs that end early leave out different names.
    """
    number = len(names)
    step = next(step for step in itertools.count(max(1, round(STRIDE * number))) if math.gcd(step, number) <= 1)
    first = int(now // 60) * step % max(1, number)
    return [*names[first:], *names[:first]]


def alternate(rows: Sequence[Sequence[T]]) -> Iterator[T]:
    """Return the first item of each row, then the second item of each row, and so on."""
    for place in range(max(map(len, rows), default=0)):
        yield from (row[place] for row in rows if place < len(row))


def _slices(rest: Sequence[tuple[str, Found]]) -> Iterator[Slice]:
    jobs = [(name, job_id) for name, portion in rest for job_id in portion.ids]
    for start in range(0, len(jobs), JOBS_OF_HELPER):
        part = jobs[start : start + JOBS_OF_HELPER]
        yield Slice(sorted({name for name, _ in part}), [job_id for _, job_id in part])
