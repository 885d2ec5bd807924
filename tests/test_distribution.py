"""What waits longest is begun first, and tests that share a platform are run by one process."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.distribution import LONGEST, TOGETHER, in_order, pytest_xdist_auto_num_workers, rank, scope_of

ROOT = Path(__file__).parents[1]
WAITING = "tests/scripts/test_chaos.py::test_1"


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
    assert (
        rank("tests/infra/local/test_ending.py::test_1") == rank(WAITING) < rank("tests/scripts/test_house.py::test_1")
    )
    assert rank(WAITING) < rank("tests/infra/local/test_banner.py::test_1")


def test_a_platforms_tests_are_one_piece_as_those_that_wait_and_others_are_a_file_each() -> None:
    assert scope_of("tests/flow/test_a.py::test_1", 4) == scope_of("tests/flow/test_b.py::test_2[x::y]", 4) == "flow"
    assert scope_of(WAITING, 4) == scope_of("tests/infra/local/lambdas/test_a.py::test_1", 4) == "waiting"
    assert scope_of("tests/infra/test_a.py::test_1[x::y]", 4) == "tests/infra/test_a.py"
    assert scope_of("tests/flowers/test_a.py::test_1", 4) == "tests/flowers/test_a.py"


def test_one_of_few_processes_runs_all_that_waits() -> None:
    assert scope_of("tests/flow/test_a.py::test_1", 3) == scope_of(WAITING, 3) == "waiting"
    assert scope_of("tests/infra/test_a.py::test_1", 3) == "tests/infra/test_a.py"


@pytest.mark.parametrize(("usable", "processes"), [(1, 2), (2, 3), (64, 9)])
def test_a_run_has_a_process_more_than_the_processors_that_it_may_use(
    usable: int, processes: int, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(usable)), raising=False)
    assert pytest_xdist_auto_num_workers(request.config) == processes
