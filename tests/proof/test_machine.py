"""The model-based test, in memory and over the adapters; `make proof` plays longer."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.games.machine import machine_on
from tests.proof.grounds.aws import on_aws
from tests.proof.grounds.ground import Stand
from tests.proof.grounds.memory import in_memory
from tests.proof.roles.script import forget

SEED = 20_261_125


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """The proof's job type does not stay behind."""
    yield
    forget()


def play(stand: Stand, games: int) -> int:
    machine = machine_on(stand)
    plan = settings(
        max_examples=games,
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(SEED)(machine), settings=plan)
    return machine.steps


def test_the_system_agrees_with_its_model_over_the_ports() -> None:
    assert play(in_memory, games=120) > 2000


def test_the_system_agrees_with_its_model_over_dynamodb_and_sqs() -> None:
    with on_aws() as stand:
        assert play(stand, games=6) > 80
