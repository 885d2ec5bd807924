"""A service with a plain and a unique type."""

from collections.abc import Iterator

import pytest

from chalicelib.producing.service import JobService
from tests.chalicelib.keys.support import two_types


@pytest.fixture
def service() -> Iterator[JobService]:
    with two_types() as made:
        yield made
