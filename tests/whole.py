"""Run a part of the long tests in each run, and all of them with `--whole` (`make whole`, `make test ARGS=--whole`).

A test that has such a part uses the fixture `whole`; `-m whole` selects these tests.
"""

import pytest

OPTION = "--whole"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(OPTION, action="store_true", help="play all of the tests that otherwise play a part")


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> bool:
    """Return whether all examples are to be run."""
    return bool(request.config.getoption(OPTION))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test that uses the fixture `whole`."""
    if "whole" in getattr(item, "fixturenames", ()):
        item.add_marker("whole")
