"""Distribute the tests over the processes of a run: what takes long first, and tests of one platform to one process.

A file that waits for minutes and is begun last would keep one process busy while the others have ended.
"""

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
TOGETHER = ("tests/flow",)
"""Folders whose tests share a platform."""
LONGEST = (
    "tests/flow", "tests/infra/local/test_runner.py", "tests/proof", "tests/infra/local", "tests/scripts", "tests/e2e",
    "tests/infra/cloud", "tests/handlers", "tests/contract",
)  # fmt: skip
"""Where tests start processes or play long games, in the order in which they are begun; the others follow."""


class Distribution(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a process one file after another, or one folder of TOGETHER."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


def scope_of(nodeid: str) -> str:
    """Return what is run by one process, in one piece: a folder of TOGETHER, else the test's file."""
    file = nodeid.partition("::")[0]
    folders = {str(folder) for folder in PurePosixPath(file).parents}
    return next((folder for folder in TOGETHER if folder in folders), file)


def rank(nodeid: str) -> int:
    """Return the place of a test's file in the order in which files are begun."""
    file = nodeid.partition("::")[0]
    parts = {file, *map(str, PurePosixPath(file).parents)}
    return next((number for number, place in enumerate(LONGEST) if place in parts), len(LONGEST))


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
