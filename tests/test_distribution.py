"""What waits longest is begun first, and tests that share a platform are run by one process."""

from dataclasses import dataclass
from pathlib import Path

from tests.distribution import LONGEST, TOGETHER, in_order, scope_of

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Item:
    """As much of a test as is looked at."""

    nodeid: str


def test_every_place_that_is_named_exists() -> None:
    assert [place for place in (*TOGETHER, *LONGEST) if not (ROOT / place).exists()] == []


def test_what_takes_long_comes_first_and_keeps_its_order() -> None:
    names = [
        "tests/chalicelib/test_a.py::test_1", "tests/infra/local/test_a.py::test_1", "tests/proof/test_a.py::test_2",
        "tests/proof/test_a.py::test_1", "tests/infra/local/test_runner.py::test_1", "tests/flow/test_a.py::test_1",
    ]  # fmt: skip
    ordered = [item.nodeid for item in in_order([Item(name) for name in names])]
    assert ordered == [names[5], names[4], names[2], names[3], names[1], names[0]]


def test_tests_of_one_platform_are_one_piece_and_others_are_a_file_each() -> None:
    assert scope_of("tests/flow/test_a.py::test_1") == scope_of("tests/flow/test_b.py::test_2[x::y]") == "tests/flow"
    assert scope_of("tests/infra/test_a.py::test_1[x::y]") == "tests/infra/test_a.py"
    assert scope_of("tests/flowers/test_a.py::test_1") == "tests/flowers/test_a.py"
