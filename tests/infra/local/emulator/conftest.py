"""Provide one emulator process for all tests that send HTTP requests to it; it is empty for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.emulator.processes.child import Emulator
from tests.infra.local.emulator.support import client


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    log: Path = tmp_path_factory.mktemp("emulator") / "emulator.log"
    with Emulator.start(log_path=log) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def dynamodb(emulator: Emulator) -> Any:
    return client(emulator, "dynamodb")


@pytest.fixture
def sqs(emulator: Emulator) -> Any:
    return client(emulator, "sqs")
