"""What waits longest is begun first, and tests that share a platform are run by one process."""

from dataclasses import dataclass
from pathlib import Path

from tests.distribution import LONGEST, TOGETHER, in_order, rank, scope_of

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Item:
    """As much of a test as is looked at."""

    nodeid: str


def test_every_place_that_is_named_exists() -> None:
    members = [place for group in TOGETHER.values() for place in group]
    assert [place for place in (*members, *LONGEST) if place not in TOGETHER and not (ROOT / place).exists()] == []
    assert set(TOGETHER) <= set(LONGEST)


def test_what_takes_long_comes_first_and_keeps_its_order() -> None:
    names = [
        "tests/chalicelib/test_a.py::test_1", "tests/infra/local/test_a.py::test_1", "tests/proof/test_a.py::test_2",
        "tests/proof/test_a.py::test_1", "tests/infra/local/test_runner.py::test_1", "tests/flow/test_a.py::test_1",
    ]  # fmt: skip
    ordered = [item.nodeid for item in in_order([Item(name) for name in names])]
    assert ordered == [names[5], names[4], names[2], names[3], names[1], names[0]]


def test_what_waits_comes_in_its_own_place_wherever_it_is() -> None:
    waiting, other = "tests/scripts/test_chaos.py::test_1", "tests/scripts/test_house.py::test_1"
    assert rank("tests/infra/local/test_ending.py::test_1") == rank(waiting) < rank(other)
    assert rank(waiting) < rank("tests/infra/local/test_banner.py::test_1")


def test_a_platforms_tests_are_one_piece_as_those_that_wait_and_others_are_a_file_each() -> None:
    assert scope_of("tests/flow/test_a.py::test_1") == scope_of("tests/flow/test_b.py::test_2[x::y]") == "flow"
    assert scope_of("tests/scripts/test_chaos.py::test_1") == scope_of("tests/infra/local/lambdas/test_a.py::test_1")
    assert scope_of("tests/infra/test_a.py::test_1[x::y]") == "tests/infra/test_a.py"
    assert scope_of("tests/flowers/test_a.py::test_1") == "tests/flowers/test_a.py"
