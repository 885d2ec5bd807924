"""One API per test, on memory ports and a clock the test holds."""

from collections.abc import Iterator

import pytest

from chalicelib.assembly import parts
from tests.chalicelib.api.support import NOTE, OTHER, World, only_types


@pytest.fixture
def world() -> Iterator[World]:
    """An API without a rate limit."""
    with only_types(NOTE, OTHER):
        yield World()
        parts.reset()
