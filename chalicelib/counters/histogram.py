"""Count durations in buckets, and read percentiles from them. Pure.

Buckets grow by the fourth root of two, so a percentile is at most 19 % wrong, at any size. The error is much smaller
where many durations share a bucket.
"""

import math
from collections import Counter
from collections.abc import Mapping

PER_OCTAVE = 4
LAST = 128
"""The bucket of everything longer than 2^32 ms, about 50 days."""


def bucket(milliseconds: float) -> int:
    """Return the number of a duration's bucket; bucket 0 is for durations of up to 1 ms."""
    if milliseconds <= 1:
        return 0
    return min(LAST, math.ceil(math.log2(milliseconds) * PER_OCTAVE))


def upper(number: int) -> float:
    """Return the longest duration in a bucket, in milliseconds."""
    return float(2 ** (number / PER_OCTAVE))


def percentile(counts: Mapping[int, int], fraction: float) -> float | None:
    """Return the duration (ms) that `fraction` (0-1) of all durations do not exceed; None without durations.

    The result is a percentile by nearest rank. Within a bucket, the durations are assumed to be evenly spread, each in
    the middle of its share of the bucket.
    """
    rank = max(1, math.ceil(sum(counts.values()) * fraction))
    seen = 0
    for number in sorted(counts):
        if seen + counts[number] >= rank:
            lower = upper(number - 1) if number else 0.0
            share = (rank - seen - 0.5) / counts[number]
            return round(lower + share * (upper(number) - lower), 1)
        seen += counts[number]
    return None


def mean(counts: Mapping[int, int]) -> float | None:
    """Return the mean duration (ms), as if each duration were in the middle of its bucket; None without durations."""
    total = sum(counts.values())
    if not total:
        return None
    whole = sum(n * (upper(number) + (upper(number - 1) if number else 0.0)) / 2 for number, n in counts.items())
    return round(whole / total, 1)


def octaves(counts: Mapping[int, int]) -> list[tuple[float, int]]:
    """Return the buckets summed to powers of two: (longest duration in ms, number), without empty buckets."""
    found: Counter[int] = Counter()
    for number, n in counts.items():
        found[math.ceil(number / PER_OCTAVE)] += n
    return [(float(2**octave), found[octave]) for octave in sorted(found)]
