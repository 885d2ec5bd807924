"""Provide fixtures for tests of every kind."""

import os
from collections.abc import Iterator

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from chalicelib.settings import Settings
from chalicelib.telemetry.logger import logger
from infra.local import descriptions
from tests.emulated import emulated
from tests.garbage import pytest_collection_finish
from tests.support import SETTINGS, Clock, create_stores
from tests.untouched import pytest_runtest_setup, pytest_runtest_teardown
from tests.whole import pytest_addoption, pytest_itemcollected, whole

__all__ = [
    "clock", "cloud", "pytest_addoption", "pytest_collection_finish", "pytest_itemcollected", "pytest_runtest_setup",
    "pytest_runtest_teardown", "whole",
]  # fmt: skip

WAITING = (
    "tests/flow/", "tests/infra/local/lambdas/", "tests/infra/local/test_ending.py",
    "tests/infra/local/code/test_edits.py", "tests/scripts/test_demo.py",
)  # fmt: skip
"""Tests that mostly wait for other processes. One process runs all of them, so that one platform is enough for all
tests of a flow, and the other processes use the processors."""
ONE_STAGE = ("tests/e2e/cloud/test_bad_version.py", "tests/e2e/cloud/test_flow.py", "tests/e2e/cloud/test_stage.py")
"""Tests of one deployed stage. One process runs all of them, because each process would deploy it."""
SLOW = (
    *WAITING, "tests/e2e/cloud/test_sharing.py", *ONE_STAGE, "tests/e2e/cloud/test_update.py",
    "tests/e2e/test_new_repository.py", "tests/e2e/test_own_repository.py", "tests/e2e/cloud/", "tests/e2e/test_cdk.py",
    "tests/e2e/test_examples.py",
    "tests/infra/cloud/package/test_package.py", "tests/infra/local/test_runner.py", "tests/proof/",
    "tests/infra/local/", "tests/scripts/", "tests/e2e/", "tests/infra/cloud/", "tests/handlers/", "tests/contract/",
)  # fmt: skip
"""Tests that deploy, start processes or run long simulations. They start in this order, before the others."""

# No test sends requests to an account. A client that is created before the first emulator, and kept, can also sign its
# requests.
os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)

descriptions.share()
# Without this, Hypothesis fails an example that takes over 200 ms, or slow data; on a busy machine that shows nothing.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")
# created here, not by the first test that logs: that test may have captured standard output, and closes it at its end
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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run one process more than there are processors (`-n auto`), because one of them mostly waits."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 8) + 1


class Together(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Give a process one file after another, or all files of a stage, or all files that wait.

    With many processes, each folder of files that wait goes to one of them.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(ONE_STAGE):
            return "a stage"
        if not nodeid.startswith(WAITING):
            return str(super()._split_scope(nodeid))
        return "waiting" if self.numnodes <= 3 else nodeid.split("/")[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together | None:
    """Keep the tests of a file together, and those that wait (`--dist loadfile`)."""
    return Together(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with slow tests if processes share the files (`--dist loadfile`)."""
    if hasattr(config, "workerinput"):
        items.sort(
            key=lambda item: next((n for n, place in enumerate(SLOW) if item.nodeid.startswith(place)), len(SLOW))
        )
