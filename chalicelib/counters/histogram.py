"""Durations counted into buckets, and percentiles read back out of them. Pure.

Buckets grow by the fourth root of two, so a percentile is at most 19 % above the true value, at any size.
"""

import math
from collections.abc import Mapping

PER_OCTAVE = 4
LAST = 128
"""The bucket of everything longer than 2^32 ms, about 50 days."""


def bucket(milliseconds: float) -> int:
    """The bucket of a duration: 0 holds up to 1 ms."""
    if milliseconds <= 1:
        return 0
    return min(LAST, math.ceil(math.log2(milliseconds) * PER_OCTAVE))


def upper(number: int) -> float:
    """The longest duration in a bucket, in milliseconds."""
    return float(2 ** (number / PER_OCTAVE))


def percentile(counts: Mapping[int, int], fraction: float) -> float | None:
    """The duration (ms) that `fraction` (0-1) of all counted ones do not exceed; None when there are none.

    Nearest rank, then the upper edge of the bucket it lies in.
    """
    rank = max(1, math.ceil(sum(counts.values()) * fraction))
    seen = 0
    for number in sorted(counts):
        seen += counts[number]
        if seen >= rank:
            return round(upper(number), 1)
    return None
