"""Provide fixtures for pytest: `from jobflow.testing.fixtures import *` in conftest.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobflow import JobFlow, profiles
from jobflow.testing.platform import Platform

__all__ = ["local_platform", "platform"]


@pytest.fixture
def platform() -> Platform:
    """Return a platform in memory with every job type of `handlers/`."""
    return Platform()


@pytest.fixture
def local_platform() -> Iterator[JobFlow]:
    """Return a client of the platform that runs in this folder or a parent folder; skip the test without one."""
    target = profiles.running(Path.cwd())
    if target is None:
        pytest.skip("No platform runs here: start one with `jobflow dev` (in JobFlow's own repository: `make dev`).")
    with JobFlow(target.url, target.token) as client:
        yield client
