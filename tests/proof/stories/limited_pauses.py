"""Scenarios of a type with limits that pauses automatically: a blocked job is tried."""

from functools import partial

from chalicelib import AtMost, Rate
from chalicelib.job_types.failing import Failing
from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.stories.scenario import DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6, 8), (DIES, DUPLICATE, "the type is paused"))

RULE = Failing(of=2, within=300)


def pause_with_blocked(world: World, *limits: AtMost | Rate) -> None:
    """Let the first two attempts fail while the other jobs wait for a place; then the type is paused."""
    world.pause_when(RULE)
    world.limit(*limits)
    world.script["a"], world.script["b"] = ["nested then err"], ["err"]
    world.nested = partial(_all, world)
    for name in "abcd":
        world.submit(name)
        world.clock.advance(0.01)
    _all(world)


def _all(world: World) -> None:
    while world.poll():
        pass


def _minutes(world: World, minutes: int) -> None:
    for _ in range(minutes):
        world.clock.advance(65)
        world.watch()


@scenario(DONE)
def one_of_the_blocked_jobs_of_a_paused_type_is_tried(world: World) -> None:
    """The next job has the place; when its probe completes, the line goes on."""
    pause_with_blocked(world, AtMost(1))
    _minutes(world, 2)


@scenario(DONE)
def a_blocked_job_is_tried_for_which_a_shared_place_is_asked(world: World) -> None:
    """Nobody has a place when the probe is due, because the woken job has given its place back."""
    pause_with_blocked(world, AtMost(1, shared="proof"))
    world.script["c"] = world.script["d"] = ["err"]
    _minutes(world, 5)


@scenario(DONE)
def an_operator_resumes_after_a_place_was_asked_for(world: World) -> None:
    """The job with the place runs, and the others after it."""
    pause_with_blocked(world, AtMost(1, shared="proof"))
    world.clock.advance(65)
    world.watch()
    assert world.by_itself is not None
    world.by_itself.resume()
    _all(world)


@scenario(DONE)
def a_job_is_tried_that_needs_a_slot(world: World) -> None:
    """Jobs that were woken for their turns wait until then."""
    pause_with_blocked(world, Rate(2, per=120))
    _minutes(world, 3)
