"""Check that each test file leaves the environment unchanged, including the fixtures that it used first.

A change would affect the files that the same process runs afterwards, and these differ in each distribution over
processes. For example, if AWS_ENDPOINT_URL stays set, all these files use the wrong emulator.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

PYTEST_OWN = "PYTEST_CURRENT_TEST"


BEFORE: dict[Path, dict[str, str]] = {}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Store the environment before the first fixture of a file is set up."""
    BEFORE.setdefault(item.path, _environment())
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Fail the last test of a file that changed the environment, and restore it, so that no other file fails."""
    result = yield
    if nextitem is None or nextitem.path != item.path:
        before, after = BEFORE.pop(item.path), _environment()
        if before != after:
            _restore(before)
            names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
            pytest.fail(f"{item.path.name} left the environment changed: {', '.join(names)}", pytrace=False)
    return result


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != PYTEST_OWN}


def _restore(before: dict[str, str]) -> None:
    for name in _environment().keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)
