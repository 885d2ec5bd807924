"""Every file of tests must leave the environment as it found it, with all fixtures that it was the first to ask for.

What is left behind reaches the files that the same process runs afterwards, and which these are changes with every
distribution over processes: AWS_ENDPOINT_URL, left once, sends them all to an emulator that is not theirs.
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
    """Fail the last test of a file that left it changed, and put it back, so that no other file fails with it."""
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
