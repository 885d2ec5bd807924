"""Scenarios of a type with a limit: one job runs, the others wait for its place."""

from functools import partial

from chalicelib import AtMost
from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.stories.scenario import CANCELLED, DEAD, DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6, 8), (DIES, DUPLICATE))


def one_at_a_time(world: World, *names: str) -> None:
    """Submit jobs, of which one may run at once."""
    world.limit(AtMost(1))
    for name in names:
        world.submit(name)
        world.clock.advance(0.01)


def beside(world: World, name: str, *acts: str) -> None:
    """Let the other messages come while the first attempt of this job runs, which then does this."""
    world.script[name] = [" then ".join(("nested", *(acts or ("ok",))))]
    world.nested = partial(_all, world)


def _all(world: World) -> None:
    while world.poll():
        pass


@scenario(DONE)
def the_second_waits_for_the_place_of_the_first(world: World) -> None:
    """The second one is blocked, and the first one hands its place on."""
    one_at_a_time(world, "a", "b")
    beside(world, "a")
    world.poll()
    _all(world)


@scenario(DONE)
def tenants_take_turns_for_the_place(world: World) -> None:
    """Each job is of another tenant."""
    world.share()
    world.limit(AtMost(1))
    for name, ballast in (("a", 1), ("b", 1), ("c", 1), ("d", 2)):
        world.submit(name, ballast=ballast)
        world.clock.advance(0.01)
    beside(world, "a")
    world.poll()
    _all(world)


@scenario(DONE)
def two_wait_for_the_place_of_a_job_that_fails(world: World) -> None:
    """It needs a new place to run again, and waits behind them, or before them."""
    one_at_a_time(world, "a", "b", "c")
    beside(world, "a", "err")
    world.poll()
    _all(world)


@scenario(DONE | DEAD)
def a_worker_dies_while_another_job_waits_for_its_place(world: World) -> None:
    """The job is taken over, or another one gets its place when the lease has ended."""
    one_at_a_time(world, "a", "b")
    beside(world, "a", "oom")
    world.poll()


@scenario(DONE | CANCELLED)
def a_blocked_job_is_cancelled(world: World) -> None:
    """It leaves the line."""
    one_at_a_time(world, "a", "b", "c")
    beside(world, "a")
    world.nested = partial(_cancel_blocked, world)
    world.poll()
    _all(world)


def _cancel_blocked(world: World) -> None:
    _all(world)
    world.cancel("b")


@scenario(DONE | CANCELLED)
def a_woken_job_is_cancelled(world: World) -> None:
    """Its place is given to the next one."""
    one_at_a_time(world, "a", "b", "c")
    beside(world, "a")
    world.poll()
    world.cancel("b")
    _all(world)


@scenario(DONE)
def a_job_that_sleeps_leaves_its_place(world: World) -> None:
    """It takes a new one when it goes on."""
    one_at_a_time(world, "a", "b")
    beside(world, "a", "long nap")
    world.poll()
    _all(world)


@scenario(DONE)
def places_for_each_value(world: World) -> None:
    """Jobs with other values do not wait."""
    world.limit(AtMost(1, by="ballast"))
    for name, ballast in (("a", 1), ("b", 1), ("c", 2)):
        world.submit(name, ballast=ballast)
        world.clock.advance(0.01)
    beside(world, "a")
    world.poll()
    _all(world)


def two_limits(world: World) -> None:
    """Submit jobs that need a place of a narrow and of a wide limit: two of one value, and one of another."""
    world.limit(AtMost(1, by="ballast"), AtMost(1, shared="proof"))
    for name, ballast in (("a", 1), ("b", 1), ("c", 2)):
        world.submit(name, ballast=ballast)
        world.clock.advance(0.01)


@scenario(DONE)
def a_job_keeps_its_place_while_it_waits_for_a_wider_one(world: World) -> None:
    """The second one waits for both places, one after the other; the third one only for the wide one."""
    two_limits(world)
    beside(world, "a")
    world.poll()
    _all(world)


@scenario(DONE | CANCELLED)
def a_job_that_keeps_a_place_while_it_waits_is_cancelled(world: World) -> None:
    """Its narrow place is free again."""
    two_limits(world)
    world.submit("d", ballast=2)
    beside(world, "a")
    world.nested = partial(_cancel_holding, world)
    world.poll()
    _all(world)


def _cancel_holding(world: World) -> None:
    _all(world)
    world.cancel("c")


@scenario(DONE | DEAD)
def a_worker_with_two_places_dies(world: World) -> None:
    """Both are free when its lease has ended, or its job is taken over with them."""
    two_limits(world)
    beside(world, "a", "oom")
    world.poll()
