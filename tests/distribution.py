"""Distribute the tests over the processes of a run: what takes long first, and tests of one platform to one process.

A file that waits for minutes and is begun last would keep one process busy while the others have ended.
"""

import os
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

import pytest
from xdist.scheduler import LoadFileScheduling


class Named(Protocol):
    """A test by its name."""

    @property
    def nodeid(self) -> str: ...


T = TypeVar("T", bound=Named)
TOGETHER = {
    "flow": ("tests/flow",),
    "waiting": (
        "tests/infra/local/test_ending.py", "tests/infra/local/lambdas", "tests/infra/local/code/test_edits.py",
        "tests/scripts/test_chaos.py", "tests/scripts/benches/test_loading.py",
    ),
}  # fmt: skip
"""Folders and files that one process runs, in one piece: those of one platform, and those that mostly wait.

Two processes that wait side by side would leave a processor with nothing to do.
"""
FEW = 3
"""Processes of a run, at most, of which one runs both groups: the others then keep two processors busy."""
LONGEST = (
    "flow", "waiting", "tests/infra/local/test_runner.py", "tests/proof", "tests/infra/local", "tests/scripts",
    "tests/e2e", "tests/infra/cloud", "tests/handlers", "tests/contract",
)  # fmt: skip
"""Where tests start processes or play long games, in the order in which they are begun; the others follow."""


MOST = 8
"""Processors that are used, at most: the longest piece takes a minute by itself, however many there are."""


class Distribution(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a process one file after another, or one group of TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid, self.numnodes)


def scope_of(nodeid: str, processes: int) -> str:
    """Return what is run by one process, in one piece: a group of TOGETHER, or both where they are FEW, else a file."""
    group = group_of(nodeid)
    return ("waiting" if processes <= FEW else group) if group else nodeid.partition("::")[0]


def group_of(nodeid: str) -> str | None:
    """Return the group of TOGETHER that a test is in; None when it is in none."""
    places = _places(nodeid)
    return next((name for name, members in TOGETHER.items() if places & set(members)), None)


def rank(nodeid: str) -> int:
    """Return the place of a test's file in the order in which files are begun."""
    group = group_of(nodeid)
    parts = {group} if group else _places(nodeid)
    return next((number for number, place in enumerate(LONGEST) if place in parts), len(LONGEST))


def _places(nodeid: str) -> set[str]:
    """Return a test's file and the folders that it is in."""
    file = nodeid.partition("::")[0]
    return {file, *map(str, PurePosixPath(file).parents)}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run one process more than this one may use processors (`-n auto`): one of them waits most of the time."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Distribution | None:
    """Distribute by Distribution where files are kept together (`--dist loadfile`)."""
    return Distribution(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the files that take long first, in each process of a distributed run."""
    if hasattr(config, "workerinput"):
        items[:] = in_order(items)


def in_order(items: Sequence[T]) -> list[T]:
    """Return the items by the rank of their files; those of one rank stay as they are."""
    return sorted(items, key=lambda item: rank(item.nodeid))
