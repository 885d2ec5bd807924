"""Scenarios of webhooks: each end makes one delivery to each, whoever dies and whatever is delivered again."""

from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.stories.scenario import CANCELLED, DEAD, DONE, FAILED, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6, 15), (DIES, DUPLICATE))


@scenario(DONE)
def notified_of_an_end(world: World) -> None:
    """Deliveries run like any other job, and are not delivered themselves."""
    world.notify_ends()
    world.submit("a")
    world.poll()
    world.follow()


@scenario(DONE)
def notified_of_a_failure_and_of_the_retry_after_it(world: World) -> None:
    """Both runs end, and each end is delivered."""
    world.notify_ends()
    world.script["a"] = ["perm"]
    world.submit("a")
    world.poll()
    world.follow()
    world.retry("a")
    world.poll()


@scenario(DEAD | CANCELLED | DONE)
def notified_although_nobody_worked(world: World) -> None:
    """A worker dies in the last attempt; another job is cancelled before it runs."""
    world.notify_ends()
    world.script["a"] = ["oom"]
    world.submit("a", max_attempts=1)
    world.poll()
    world.submit("b", delay_seconds=100)
    world.cancel("b")


@scenario(DONE)
def notified_by_a_stream_that_delivers_everything_again(world: World) -> None:
    """The stream also delivers changes that were processed long ago."""
    world.notify_ends()
    assert world.telling is not None
    for name in "ab":
        world.submit(name)
        world.poll()
        world.follow()
        world.telling.deliver_again()
    world.rest()
    world.telling.deliver_again()
    world.follow()


@scenario(DONE)
def notified_after_its_receiver_has_failed(world: World) -> None:
    """After three failures in a row, one message tries the receiver while the others wait."""
    world.notify_ends().receivers.answers["billing"] = [500, 503, 500]
    for name in "abc":
        world.submit(name)
        world.poll()
    world.follow()


@scenario(DONE | FAILED)
def notified_until_its_receiver_is_gone(world: World) -> None:
    """The receiver of one webhook answers 410; the other one is told as before."""
    world.notify_ends().receivers.answers["billing"] = [410] * 9
    for name in "ab":
        world.submit(name)
        world.poll()
    world.rest()
    world.submit("c")
    world.poll()


@scenario(DONE)
def notified_by_the_nightly_check_after_the_stream_has_lost_it(world: World) -> None:
    """The function did not run for over a day."""
    world.notify_ends()
    assert world.telling is not None
    world.telling.out = True
    for name in "ab":
        world.submit(name)
        world.poll()
    world.telling.lose()
    world.telling.out = False
    world.clock.advance(4000)
    world.insist(world.telling.repair)
    world.insist(world.telling.repair)
