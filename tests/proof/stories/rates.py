"""Scenarios of a type with a rate: some jobs start, the others wait for their turn."""

from chalicelib.job_types.rate import Rate
from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.stories.scenario import CANCELLED, DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6, 8), (DIES, DUPLICATE))


@scenario(DONE)
def one_a_minute(world: World) -> None:
    """The second and the third job wait with a hidden message, each for its own turn."""
    world.pace(Rate(1, per=60))
    for name in ("a", "b", "c"):
        world.submit(name)
        world.poll()


@scenario(DONE, batch=3)
def one_in_twenty_minutes_in_one_batch(world: World) -> None:
    """All three come together.

    Two wait longer than SQS can hide a message, and have no message until shortly before.
    """
    world.pace(Rate(1, per=1200))
    for name in ("a", "b", "c"):
        world.submit(name)
    world.poll()


@scenario(DONE)
def a_retry_waits_for_its_turn(world: World) -> None:
    """Each attempt is a start."""
    world.pace(Rate(1, per=120))
    world.script["a"] = ["err", "err"]
    world.submit("a")
    world.poll()


@scenario(DONE)
def two_copies_of_a_message_wait_for_one_turn(world: World) -> None:
    """The second copy finds that the job has its turn."""
    world.pace(Rate(1, per=300))
    world.submit("a")
    world.poll()
    world.duplicate_next = True
    world.submit("b")
    world.poll()
    world.poll()


@scenario(CANCELLED | DONE)
def cancelled_while_it_waits_for_its_turn(world: World) -> None:
    """The turn is not used."""
    world.pace(Rate(1, per=3600))
    for name in ("a", "b"):
        world.submit(name)
        world.poll()
    world.cancel("b")
