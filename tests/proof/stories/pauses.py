"""Scenarios of a type that pauses automatically when all its attempts fail in the same way."""

from chalicelib.job_types.failing import Failing
from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.stories.scenario import DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6), (DIES, DUPLICATE, "the type is paused"))

RULE = Failing(of=2, within=300)


def fail_until_paused(world: World, names: str = "ab", more: str = "") -> None:
    """Let an attempt of each job fail; `more` are jobs that come after that."""
    world.pause_when(RULE)
    for name in names:
        world.script[name] = ["err"]
        world.submit(name)
        world.poll()
    for name in more:
        world.submit(name)


@scenario(DONE)
def paused_by_itself_until_a_probe_completes(world: World) -> None:
    """Jobs that come meanwhile wait without an attempt; a minute later one job is tried, and all continue."""
    fail_until_paused(world, more="cd")
    world.poll()
    world.clock.advance(65)
    world.watch()


@scenario(DONE, batch=3)
def a_batch_in_flight_when_the_type_is_paused(world: World) -> None:
    """Jobs of the batch that have not begun are held."""
    world.pause_when(RULE)
    for name in "abcd":
        world.script[name] = ["err"] if name in "ab" else []
        world.submit(name)
    world.poll()
    world.poll()


@scenario(DONE)
def a_probe_fails_and_the_next_one_completes(world: World) -> None:
    """The second probe comes after twice the wait."""
    fail_until_paused(world, more="c")
    for name in "abc":
        world.script[name] = ["err"]
    world.watch()
    for _ in range(3):
        world.clock.advance(65)
        world.watch()


@scenario(DONE)
def a_probe_takes_its_worker_with_it(world: World) -> None:
    """The next probe was planned before the first one ran."""
    fail_until_paused(world, more="c")
    for name in "abc":
        world.script[name] = ["oom"]
    world.watch()
    world.clock.advance(65)
    world.watch()


@scenario(DONE)
def an_operator_resumes_what_was_paused_by_itself(world: World) -> None:
    """Everything continues at once, whatever a watchdog is about to do."""
    fail_until_paused(world, more="c")
    world.watch()
    assert world.by_itself is not None
    world.by_itself.resume()
    world.poll()


@scenario(DONE)
def an_operator_pauses_what_was_paused_by_itself(world: World) -> None:
    """From then on the pause is the operator's: there is no probe, and only the operator ends it."""
    fail_until_paused(world, more="c")
    world.watch()
    assert world.by_itself is not None
    world.by_itself.pause()
    for _ in range(3):
        world.clock.advance(65)
        world.watch()
    world.by_itself.resume()


@scenario(DONE)
def attempts_that_are_lost_are_failures_too(world: World) -> None:
    """A service that does not answer makes workers time out."""
    world.pause_when(RULE)
    for name in "abc":
        world.script[name] = ["oom", "oom"]
        world.submit(name)
        world.poll()
    world.clock.advance(80)
    for _ in range(6):
        world.poll()
        world.watch()
        world.clock.advance(50)
