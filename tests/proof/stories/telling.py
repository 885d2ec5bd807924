"""Scenarios of jobs with `on_end`: each end makes one job, whichever process dies and whatever is delivered again."""

from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.stories.scenario import CANCELLED, DEAD, DONE, FAILED, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6, 13), (DIES, DUPLICATE))


@scenario(DONE)
def ended_and_told(world: World) -> None:
    """The job of `on_end` runs like any other job."""
    world.tell_ends()
    world.submit("a")
    world.poll()
    world.follow()


@scenario(DONE)
def told_while_the_next_job_runs(world: World) -> None:
    """One batch of the stream contains several ends, and more jobs end while it is processed."""
    world.tell_ends()
    for name in "abcde":
        world.submit(name)
        world.poll()
    world.nested = world.follow
    world.submit("f")
    world.script["f"] = ["nested"]
    world.poll()


@scenario(DONE)
def told_of_a_failure_and_of_the_retry_after_it(world: World) -> None:
    """Both runs end, and each end makes a job."""
    world.tell_ends()
    world.script["a"] = ["perm"]
    world.submit("a")
    world.poll()
    world.follow()
    world.retry("a")
    world.poll()


@scenario(FAILED | CANCELLED | DONE)
def told_of_a_failure_and_not_of_its_discard(world: World) -> None:
    """The run has ended before it is discarded."""
    world.tell_ends()
    world.script["a"] = ["perm"]
    world.submit("a")
    world.poll()
    world.discard("a")


@scenario(DEAD | DONE)
def told_although_its_worker_died(world: World) -> None:
    """No worker settles the last attempt: the watchdog gives the job up."""
    world.tell_ends()
    world.script["a"] = ["oom"]
    world.submit("a", max_attempts=1)
    world.poll()


@scenario(CANCELLED | DONE)
def told_of_a_cancellation_and_of_an_expiry(world: World) -> None:
    """Neither job ran."""
    world.tell_ends()
    world.submit("a", delay_seconds=100)
    world.cancel("a")
    world.submit("b", expires_seconds=5)
    world.clock.advance(10)
    world.poll()


@scenario(DONE)
def told_by_a_stream_that_delivers_everything_again(world: World) -> None:
    """The stream also delivers changes that were processed long ago."""
    world.tell_ends()
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
def told_by_the_nightly_check_after_the_stream_has_lost_it(world: World) -> None:
    """The function did not run for over a day."""
    world.tell_ends()
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
