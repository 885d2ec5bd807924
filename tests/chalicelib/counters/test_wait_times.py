"""Check that the oldest wait is computed from sums alone, whichever jobs came and ended before."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.counters.wait_times import RULERS, ahead, litter, oldest, queued

T0 = 1_800_000_000.0
HOUR = 3600.0


def waiting(*ages: float) -> Counter[str]:
    """Return the counts while jobs of these ages (seconds at T0) wait."""
    numbers: Counter[str] = Counter()
    for age in ages:
        numbers.update(queued(T0 - age, T0))
    return numbers


def test_who_outlived_a_ruler_does_not_lend_its_age_to_a_younger_one() -> None:
    """Both jobs are in one bucket of the coarse scale, and only the younger one is still in the finer scale."""
    start = T0 - T0 % HOUR
    early, late = start + 1, start + 3000
    now = start + HOUR + 4 * HOUR - 1
    numbers = queued(early, early) + queued(late, late)
    found = oldest(numbers, now)
    assert found is not None
    assert abs(found - early) <= 1800


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_whatever_comes_and_goes_the_oldest_is_found(seed: int) -> None:
    chance = random.Random(seed)
    numbers: Counter[str] = Counter()
    present: list[float] = []
    now = T0
    for _ in range(60):
        now += chance.choice([1, 40, 400, 4000])
        if present and chance.random() < 0.5:
            gone = present.pop(chance.randrange(len(present)))
            numbers.update(queued(gone, now, -1))
        else:
            present.append(now)
            numbers.update(queued(now, now))
        if chance.random() < 0.3:
            for name in litter(numbers, now):
                del numbers[name]
    found = oldest(numbers, now)
    if not present:
        assert found is None
        return
    age = now - min(present)
    assert found is not None
    slack = next(r.width for r in RULERS if age <= r.reach)
    assert abs(found - min(present)) <= slack


@pytest.mark.parametrize(("age", "expected"), [(60, 0), (30, 1), (10, 2), (1, 3)])
def test_jobs_ahead_are_those_that_came_before(age: float, expected: int) -> None:
    assert ahead(waiting(60, 30, 10, 1), T0 - age, T0) == expected


def test_jobs_ahead_are_counted_over_hours() -> None:
    ages = [n * 1800.0 for n in range(1, 100)]
    assert ahead(waiting(10, 10, 10), T0 - 10, T0) == 2, "of the same moment all others may be"
    for place, age in enumerate(ages):
        assert 0 <= ahead(waiting(*ages), T0 - age, T0) - (len(ages) - 1 - place) <= 1


def test_litter_is_what_is_empty_or_out_of_reach() -> None:
    numbers = waiting(2 * HOUR) + waiting(5)
    numbers.update(queued(T0 - 5, T0, -1))
    gone = set(litter(numbers, T0))
    left = {name: n for name, n in numbers.items() if name not in gone}
    assert sorted(name.split("#")[1][0] for name in left) == ["h", "m"]
    assert oldest(left, T0) == oldest(numbers, T0)


def test_a_backlog_of_days_stays_small() -> None:
    numbers = waiting(*range(0, 24 * 3600, 5), *range(24 * 3600, 7 * 24 * 3600, 600))
    assert litter(numbers, T0) == []
    assert len(numbers) <= 181 + 242 + 170


def test_a_stream_that_is_hours_late_adds_no_mark_that_nobody_reads() -> None:
    late = Counter[str]()
    for age in range(4 * 3600 + 120, 24 * 3600, 5):
        late.update(queued(T0 - age, T0))
    assert {name.split("#")[1][0] for name in late} == {"h"}
