"""Run a random part of the crash points; `make proof` runs all of them."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import pytest

from tests.proof import enumeration
from tests.proof.enumeration import Call, Case, Execution, Point, Visit, astray, execute, points, visit
from tests.proof.grounds.aws import on_aws
from tests.proof.grounds.ground import Stand
from tests.proof.grounds.memory import in_memory
from tests.proof.roles.script import forget
from tests.proof.stories.scenarios import SCENARIOS

SEED = 20_261_125
PORTS_PART, PORTS_WHOLE = 1 / 8, 2 / 3
AWS_PART, AWS_WHOLE = 1 / 120, 1 / 20
"""An execution over the adapters takes 0.1 s: `make test` makes about 60, and `make proof` all."""


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job type afterwards."""
    yield
    forget()


def run(stand: Stand, part: float, *, duplicates: Sequence[bool] = (False, True)) -> tuple[int, list[str]]:
    found = list(visit(stand, SEED, part, duplicates=duplicates))
    return len(found), [line for one in found for line in one.broken]


def beside(stand: Stand, name: str, part: float = 1.0) -> list[Visit]:
    [story] = [story for story in SCENARIOS if story.name == name]
    return [one for one in visit(stand, SEED, scenarios=[story], duplicates=[False], beside=part) if one.left_out]


def test_no_crash_point_loses_or_doubles_anything_over_the_ports(whole: bool) -> None:
    executions, broken = run(in_memory, PORTS_WHOLE if whole else PORTS_PART)
    assert broken == []
    assert executions > (900 if whole else 170)


def test_no_crash_point_loses_or_doubles_anything_over_dynamodb_and_sqs(whole: bool) -> None:
    with on_aws() as stand:
        executions, broken = run(stand, AWS_WHOLE) if whole else run(stand, AWS_PART, duplicates=[False])
    assert broken == []
    assert executions > (120 if whole else 25)


def test_every_story_ends_as_it_should_and_makes_requests_to_be_interrupted() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) > 30
    for scenario in SCENARIOS:
        played = execute(Case(scenario), in_memory, SEED)
        assert played.broken == []
        assert len(played.calls) >= 4


@pytest.mark.parametrize("over", ["memory", "aws"])
def test_what_follows_a_crash_that_is_left_out_follows_one_that_is_not(over: str) -> None:
    with on_aws() if over == "aws" else nullcontext(in_memory) as stand:
        for name in ("error, ok", "message lost in the queue"):
            compared = beside(stand, name, 1.0 if over == "memory" else 0.5)
            assert len(compared) > 5
            assert [line for one in compared for line in one.broken] == []


def test_a_point_inside_of_a_call_of_a_port_is_always_played_and_only_the_adapters_have_one() -> None:
    [story] = [story for story in SCENARIOS if story.name == "payload and result beside the item"]

    def played(stand: Stand, between: float) -> int:
        return len(list(visit(stand, SEED, scenarios=[story], duplicates=[False], between=between)))

    undisturbed = 2  # in both orders of the requests that a worker sends at the same time
    assert played(in_memory, 0.0) == undisturbed
    with on_aws() as stand:
        assert undisturbed < played(stand, 0.0) < played(stand, 0.5)


def test_a_crash_point_that_stands_for_another_by_mistake_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enumeration, "READS", enumeration.READS | {"apply"})
    assert [line for one in beside(in_memory, "error, ok") for line in one.broken] != []


def test_a_moment_that_is_taken_for_another_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enumeration, "Call", lambda name, _moment: Call(name, "always"))
    assert [line for one in beside(in_memory, "error, ok") for line in one.broken] != []


def test_a_run_that_dies_elsewhere_than_it_was_told_to_is_found() -> None:
    asked, other = (Execution([Call("get", 1), Call("apply", moment)], [], []) for moment in (2, 3))
    assert list(astray(asked, asked, Point(2, False))) == list(astray(asked, other, Point(1, True))) == []
    assert list(astray(asked, other, Point(2, False))) != []


def test_to_die_before_and_after_a_write_are_two_crash_points() -> None:
    at_once = [Call(name) for name in ("get", "overdue", "overdue", "apply", "overdue")]
    assert points(at_once) == {
        (1, False): [(1, True), (2, False), (2, True), (3, False), (3, True), (4, False)],
        (4, True): [(5, False), (5, True)],
    }


def test_to_die_before_the_first_call_of_another_moment_is_a_crash_point() -> None:
    assert points([Call("apply", 1), Call("apply", 2), Call("get", 3)]) == {
        (1, False): [], (1, True): [], (2, False): [], (2, True): [], (3, False): [(3, True)],
    }  # fmt: skip
