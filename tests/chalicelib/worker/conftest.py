"""Provide the worker's test fixture."""

import pytest

from tests.chalicelib.worker.one_type import OneType


@pytest.fixture
def world() -> OneType:
    return OneType()
