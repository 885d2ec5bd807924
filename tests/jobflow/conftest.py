"""Provide one API per test, and a client for it."""

from collections.abc import Iterator

import pytest

from chalicelib.assembly import parts
from jobflow import JobFlow
from tests.chalicelib.api.support import NOTE, OTHER, World, only_types
from tests.jobflow.support import Wire, client_of


@pytest.fixture
def world() -> Iterator[World]:
    with only_types(NOTE, OTHER):
        yield World()
        parts.reset()


@pytest.fixture
def wire(world: World) -> Wire:
    return Wire(world)


@pytest.fixture
def client(wire: Wire) -> Iterator[JobFlow]:
    with client_of(wire) as made:
        yield made
