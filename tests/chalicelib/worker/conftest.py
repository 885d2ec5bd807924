"""The bench that every test of the worker works at."""

import pytest

from tests.chalicelib.worker.bench import Bench


@pytest.fixture
def world() -> Bench:
    return Bench()
