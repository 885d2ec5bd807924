"""Scenarios of several requests for one job: with equal values within a time, or with a key while the job waits."""

from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.stories.scenario import CANCELLED, DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 5, 8, 10), (DIES, DUPLICATE))


@scenario(DONE)
def two_requests_for_one_thing(world: World) -> None:
    """The second request gets the job of the first, wherever the first died and was sent again."""
    world.submit_one("a")
    world.submit_one("b")
    world.submit_one("a")


@scenario(DONE)
def a_request_dies_and_another_one_wants_the_same(world: World) -> None:
    """The first request may have stored its job's id but not the job.

    The second request stores its job under this id.
    """
    world.submit_one("a", insist=False)
    world.submit_one("b")
    world.submit_one("c", keyed=False)
    world.rest()
    world.submit_one("d")


@scenario(DONE | CANCELLED)
def a_unique_job_under_the_name_of_a_dead_request_is_cancelled(world: World) -> None:
    """The request's key is answered with the job, before and after another request has made the next job."""
    world.submit_one("a", keyed=False, insist=False)
    world.only.clear()
    world.submit_own("b")
    if "b" in world.accepted:
        world.cancel("b")
    world.submit_own("c")
    world.submit_own("b")
    world.rest()
    world.submit_own("b")


@scenario(DONE)
def a_debounced_job_is_replaced_twice(world: World) -> None:
    """Each request has its own message; the messages of the earlier requests run nothing."""
    for name in ("a", "b", "c"):
        world.debounce(name, "key", 30)
        world.clock.advance(10)
        world.poll()


@scenario(DONE)
def a_debounced_job_runs_before_the_next_request(world: World) -> None:
    """A request that comes after the job was claimed makes another job."""
    world.debounce("a", "key", 10)
    world.clock.advance(12)
    world.poll()
    world.debounce("b", "key", 10)


@scenario(DONE)
def a_debounced_request_dies_and_another_one_follows(world: World) -> None:
    """The first request may have stored its id but not its job, or stored the job but not sent it."""
    world.debounce("a", "key", 30, insist=False)
    world.clock.advance(5)
    world.debounce("b", "key", 30)


@scenario(DONE)
def debounced_requests_are_repeated_after_others(world: World) -> None:
    """Each repeated request gets the job that it made or replaced.

    While the job waits, after it ran, and after later requests.
    """
    for name in ("a", "b", "a"):
        world.debounce(name, "key", 10)
    world.rest()
    for name in ("a", "b", "c", "d", "a", "b", "c"):
        world.debounce(name, "key", 10)


@scenario(DONE)
def a_debounced_job_waits_longer_than_a_message(world: World) -> None:
    """No message is sent at once: the watchdog sends it shortly before the time of the last request."""
    world.debounce("a", "key", 1800)
    world.clock.advance(1000)
    world.watch()
    world.debounce("b", "key", 1800)
