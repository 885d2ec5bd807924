"""Fixtures that tests of every kind use."""

import os
from collections.abc import Iterator

import hypothesis
import pytest

from chalicelib.settings import Settings
from chalicelib.telemetry.logger import logger
from infra.local import descriptions
from infra.local.emulator.inprocess import emulated
from tests.distribution import (
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)
from tests.garbage import pytest_collection_finish
from tests.support import SETTINGS, Clock, create_stores
from tests.untouched import pytest_runtest_setup, pytest_runtest_teardown
from tests.whole import pytest_addoption, pytest_itemcollected, whole

__all__ = [
    "clock", "cloud", "pytest_addoption", "pytest_collection_finish", "pytest_collection_modifyitems",
    "pytest_itemcollected", "pytest_runtest_setup", "pytest_runtest_teardown", "pytest_xdist_auto_num_workers",
    "pytest_xdist_make_scheduler", "whole",
]  # fmt: skip

# No test reaches an account. And a client that is made before the first emulator, and kept, can sign its requests.
os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)

descriptions.share()
# Hypothesis fails an example of over 200 ms, or slow data, by itself: on a busy machine that says nothing.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")
# made here, not by the first test that logs: that one may have captured standard output, and closes it when it ends
logger()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cloud(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An AWS in this process with empty tables and an empty bucket; its queues run on the test's clock."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with emulated(clock):
        create_stores(SETTINGS)
        yield SETTINGS
