"""Play a part of what takes long in each run, and all of it with `--whole` (`make whole`, which CI runs).

A test that has such a part asks for the fixture `whole`; `-m whole` picks those tests.
"""

import pytest

OPTION = "--whole"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(OPTION, action="store_true", help="play all of the tests that otherwise play a part")


@pytest.fixture(scope="session")
def whole(request: pytest.FixtureRequest) -> bool:
    """Tell whether all is to be played."""
    return bool(request.config.getoption(OPTION))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test that has a part."""
    if "whole" in getattr(item, "fixturenames", ()):
        item.add_marker("whole")
