"""Begin each test at a pretended moment: `pytest -p tests.pretended --at "2026-12-31T23:59:59.9 UTC"`.

The clock goes on from there, so a test that begins 0.1 s before a minute's end sees the next minute. Only this process
is moved: processes that a test starts keep the real time.
"""

from collections.abc import Generator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine


def read_moment(text: str) -> datetime:
    """Return the moment of "<local time, ISO 8601> <time zone>". Raises ValueError for any other text."""
    local, _, zone = text.partition(" ")
    if not zone:
        raise ValueError(f"{text!r} names no time zone; write it like 2026-12-31T23:59:59.9 UTC")
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--at", type=read_moment, required=True, help="the moment at which each test begins")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Move the clock for a test and its fixtures, those it shares with later tests included."""
    with time_machine.travel(item.config.getoption("at"), tick=True):
        return (yield)
