"""The bench that every test of the worker works at."""

import pytest

from tests.chalicelib.worker.one_type import OneType


@pytest.fixture
def world() -> OneType:
    return OneType()
