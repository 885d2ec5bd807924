"""Begin each test at a pretended moment: `pytest -p tests.pretended --at "2026-12-31T23:59:59.9 UTC"`.

The clock goes on from there, so a test that begins 0.1 s before a minute's end sees the next minute. Only this process
is moved: processes that a test starts keep the real time.

`--readers FILE` appends the name of each file of tests during which code of this project read the clock: no other can
depend on it. (Libraries read it for what no test looks at: when a line was logged, a request signed, a table created.)
"""

import sys
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

ROOT = Path(__file__).parents[1]
READERS = pytest.StashKey[set[str]]()


def read_moment(text: str) -> datetime:
    """Return the moment of "<local time, ISO 8601> <time zone>". Raises ValueError for any other text."""
    local, _, zone = text.partition(" ")
    if not zone:
        raise ValueError(f"{text!r} names no time zone; write it like 2026-12-31T23:59:59.9 UTC")
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption("--at", type=read_moment, required=True, help="the moment at which each test begins")
    parser.addoption("--readers", type=Path, help="the file that gets the names of tests that read the clock")


def pytest_configure(config: pytest.Config) -> None:
    """Begin without a reader."""
    config.stash[READERS] = set()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Move the clock for a test and its fixtures, those it shares with later tests included."""
    with time_machine.travel(item.config.getoption("at"), tick=True) as traveller:
        if item.config.getoption("readers"):
            _note_readers(traveller, item)
        return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Append the files whose tests read the clock; several processes append to one file."""
    file: Path | None = config.getoption("readers")
    readers = config.stash[READERS]
    if file and readers:
        with file.open("a") as lines:
            lines.write("".join(f"{name}\n" for name in sorted(readers)))


def _note_readers(traveller: time_machine.Traveller, item: pytest.Item) -> None:
    """Note the test's file when code whose clock matters asks for the time."""
    readers, name = item.config.stash[READERS], item.nodeid.partition("::")[0]
    asked = traveller.time_ns

    def time_ns() -> int:
        if _matters(sys._getframe(1).f_code.co_filename):
            readers.add(name)
        return asked()

    traveller.time_ns = time_ns  # type: ignore[method-assign]


def _matters(file: str) -> bool:
    return file.startswith(str(ROOT)) and "site-packages" not in file
