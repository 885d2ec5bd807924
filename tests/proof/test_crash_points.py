"""A seeded part of the crash-point enumeration; `make proof` visits every point."""

from collections.abc import Iterator

import pytest

from tests.proof.aws_ground import on_aws
from tests.proof.enumeration import Case, execute, visit
from tests.proof.ground import Stand, in_memory
from tests.proof.scenarios import SCENARIOS
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
    assert executions > 1500


def test_no_crash_point_loses_or_doubles_anything_over_dynamodb_and_sqs() -> None:
    with on_aws() as stand:
        executions, broken = run(stand, AWS_PART)
    assert broken == []
    assert executions > 200


def test_every_story_ends_as_it_should_and_makes_requests_to_be_interrupted() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) > 30
    for scenario in SCENARIOS:
        calls, broken = execute(Case(scenario), in_memory, SEED)
        assert broken == []
        assert calls >= 4
