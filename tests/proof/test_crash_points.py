"""A seeded part of the crash-point enumeration; `make proof` visits every point."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from tests.proof.aws_ground import on_aws
from tests.proof.enumeration import Case, execute, points, visit
from tests.proof.ground import Stand, in_memory
from tests.proof.scenarios import SCENARIOS, Scenario
from tests.proof.script import forget

SEED = 20_261_125
THIRD = 1 / 3
AWS_PART = 0.025
"""An execution over the adapters takes 0.1 s: this many take about half a minute, and `make proof` takes all."""


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """The proof's job type does not stay behind."""
    yield
    forget()


def run(stand: Stand, part: float) -> tuple[int, list[str]]:
    found = list(visit(stand, SEED, part))
    return len(found), [line for broken in found for line in broken]


def test_no_crash_point_loses_or_doubles_anything_over_the_ports() -> None:
    executions, broken = run(in_memory, THIRD)
    assert broken == []
    assert executions > 900


def test_no_crash_point_loses_or_doubles_anything_over_dynamodb_and_sqs() -> None:
    with on_aws() as stand:
        executions, broken = run(stand, AWS_PART)
    assert broken == []
    assert executions > 120


def test_every_story_ends_as_it_should_and_makes_requests_to_be_interrupted() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) > 30
    for scenario in SCENARIOS:
        calls, broken = execute(Case(scenario), in_memory, SEED)
        assert broken == []
        assert len(calls) >= 4


class SameChance(Case):
    """A case whose random numbers do not depend on where it dies."""

    def __str__(self) -> str:
        return self.scenario.name


def then(stand: Stand, story: Scenario, crash_at: int, after: bool) -> list[str]:
    """Return the calls that follow when a process dies there."""
    return execute(SameChance(story, False, crash_at, after), stand, SEED)[0][crash_at:]


@pytest.mark.parametrize("over", ["memory", "aws"])
def test_what_follows_a_crash_that_is_left_out_follows_one_that_is_not(over: str) -> None:
    stories = [story for story in SCENARIOS if story.name in ("error, ok", "message lost in the queue")]
    with on_aws() if over == "aws" else nullcontext(in_memory) as stand:
        for story in stories:
            names, _ = execute(SameChance(story), stand, SEED)
            chosen = set(points(names))
            left_out = [(n, after) for n in range(1, len(names) + 1) for after in (False, True)]
            left_out = [point for point in left_out if point not in chosen]
            assert 0 < len(chosen) < 2 * len(names)
            for crash_at, after in left_out if over == "memory" else left_out[::4]:
                stands_for = max(n for n, at_end in chosen if n <= crash_at and not at_end)
                assert then(stand, story, crash_at, after) == then(stand, story, stands_for, False)


def test_to_die_before_and_after_a_write_are_two_crash_points() -> None:
    assert list(points(["get", "overdue", "overdue", "apply", "overdue"])) == [
        (1, False), (2, False), (4, False), (4, True), (5, False),
    ]  # fmt: skip
