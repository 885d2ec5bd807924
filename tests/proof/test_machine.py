"""Run the model-based test, in memory and over the adapters; `make proof` runs it for longer."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.games.machine import DeliveryMachine, machine_on
from tests.proof.grounds.aws import on_aws
from tests.proof.grounds.memory import in_memory
from tests.proof.roles.script import forget

SEED = 20_261_125


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Remove the proof's job type afterwards."""
    yield
    forget()


def play(machine: type[DeliveryMachine], games: int) -> int:
    plan = settings(
        max_examples=games,
        stateful_step_count=50,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(SEED)(machine), settings=plan)
    return machine.steps


def told(games: int) -> list[str]:
    """Run games over the ports; return the writes of each game, without ids."""
    games_told = list[str]()

    class Told(machine_on(in_memory)):  # type: ignore[misc]
        def teardown(self) -> None:
            super().teardown()
            names = dict[str, int]()
            writes = [(names.setdefault(job_id, len(names)), new) for job_id, _, new in self.ground.writes()]
            games_told.append(repr(writes))

    assert play(Told, games) > 20 * games
    return games_told


def test_the_system_agrees_with_its_model_over_the_ports_and_a_seed_repeats_it(whole: bool) -> None:
    games = 120 if whole else 30
    assert told(games) == told(games)


def test_a_dead_letter_of_a_paused_type_has_its_message() -> None:
    """The message used up its receives in slow workers, and the last attempt is a probe."""
    game = DeliveryMachine()
    game.begin(seed=0, batch=1, delay=0, attempts=3, fair=False, mode="pauses")
    game.take()
    game.live_while_paused(6)
    game.take()
    game.teardown()


def test_the_system_agrees_with_its_model_over_dynamodb_and_sqs() -> None:
    with on_aws() as stand:
        assert play(machine_on(stand), games=6) > 80
