"""Scenarios of jobs that must begin in time: a worker or the watchdog ends them, but never a job that has begun."""

from dataclasses import replace

from chalicelib.job_types.jobtype import registered
from tests.proof.grounds.ground import TYPE
from tests.proof.promises import DIES, DUPLICATE, STALLS, plays
from tests.proof.stories.scenario import CANCELLED, DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6, 10), (DIES, DUPLICATE))
plays("S", (2, 10), (STALLS,))


@scenario(CANCELLED)
def expired_before_a_worker_came(world: World) -> None:
    """The worker that comes too late ends the job, and acknowledges its message."""
    world.submit("a", expires_seconds=30)
    world.clock.advance(31)
    world.poll()


@scenario(CANCELLED)
def expired_in_a_paused_type(world: World) -> None:
    """The message is not received: the watchdog ends the job, and the message comes after the pause."""
    world.kind = world.kinds[TYPE] = registered[TYPE] = replace(world.kind, expires=100)
    world.submit("a")
    world.pause_all(True)
    for _ in range(4):
        world.clock.advance(61)
        world.watch()
    world.pause_all(False)


@scenario(CANCELLED)
def expired_while_the_worker_and_the_watchdog_look(world: World) -> None:
    """Both find the expired job at once, and only one write is made."""
    world.kind = world.kinds[TYPE] = registered[TYPE] = replace(world.kind, expires=61)
    world.submit("a")
    world.clock.advance(130)
    world.nested = world.poll
    world.watch()
    world.poll()


@scenario(DONE)
def begun_in_time_and_retried_after_it(world: World) -> None:
    """A job that has begun does not expire, neither between attempts nor after it raised `RetryLater`."""
    world.script["a"] = ["err", "a while later", "much later"]
    world.submit("a", expires_seconds=5)
    world.poll()


@scenario(DONE)
def begun_in_time_and_lost(world: World) -> None:
    """The worker of the job dies; another worker takes it over after the expiry."""
    world.script["a"] = ["oom"]
    world.submit("a", expires_seconds=5)
    world.poll()
    world.clock.advance(500)


@scenario(DONE)
def expired_and_retried_by_an_operator(world: World) -> None:
    """The operator's retry runs, however late it is."""
    world.submit("a", expires_seconds=5)
    world.clock.advance(10)
    world.poll()
    world.rest()
    world.retry("a")
