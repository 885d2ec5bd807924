"""Provide both clients: a test that uses one runs with each of them."""

from collections.abc import Iterator

import pytest

from jobflow import JobFlow
from tests.jobflow.support import Connect, Wire, async_client_of, client_of


@pytest.fixture(params=[client_of, async_client_of], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Connect:
    made: Connect = request.param
    return made


@pytest.fixture
def client(connect: Connect, wire: Wire) -> Iterator[JobFlow]:
    with connect(wire) as made:
        yield made
