"""Provide a complete JobFlow over the memory ports, on a controlled clock."""

import random
from collections.abc import Iterator

import pytest

from tests.proof.grounds.memory import MemoryGround
from tests.proof.roles import script
from tests.proof.world import World
from tests.support import Clock


@pytest.fixture
def ground(clock: Clock) -> MemoryGround:
    """The adapters of the simulated platform."""
    return MemoryGround(clock, visibility=360.0)


@pytest.fixture
def world(ground: MemoryGround, clock: Clock) -> Iterator[World]:
    """One job type, and everything that processes its jobs."""
    yield World(ground, clock, random.Random(7))
    script.forget()
