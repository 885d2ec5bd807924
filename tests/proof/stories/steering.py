"""Scenarios of waiting jobs that operators and producers run now, discard or replace."""

from chalicelib.jobs.job import Status
from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.stories.scenario import CANCELLED, DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6, 7, 8), (DIES, DUPLICATE))


@scenario(DONE)
def delayed_then_run_now(world: World) -> None:
    """The first message is still on its way when the second one has run the job."""
    world.submit("a", delay_seconds=300)
    world.clock.advance(10)
    world.run_now("a")


@scenario(DONE)
def planned_for_tomorrow_and_run_now(world: World) -> None:
    """There is no message yet, and the watchdog would not check the job before tomorrow."""
    world.submit("a", delay_seconds=80_000)
    world.run_now("a")
    finished_by(world, 600)


@scenario(DONE)
def backing_off_and_run_now_twice(world: World) -> None:
    """The hidden message of the wait and the new message may both come while the job runs."""
    world.script["a"] = ["err"]
    world.submit("a")
    world.poll()
    world.run_now("a")
    world.run_now("a")


@scenario(DONE)
def parked_and_run_now(world: World) -> None:
    """A parked job has no message, and is in another partition of the index."""
    world.script["a"] = ["much later"]
    world.submit("a")
    world.poll()
    world.run_now("a")
    finished_by(world, 600)


@scenario(CANCELLED)
def dead_then_discarded(world: World) -> None:
    """The message in the dead-letter queue is removed without a run."""
    world.script["a"] = ["err", "err", "err"]
    world.submit("a")
    world.rest()
    world.discard("a")


@scenario(CANCELLED)
def discarded_on_the_way_to_the_dead_letter_queue(world: World) -> None:
    """Workers still receive the message, and acknowledge it."""
    world.script["a"] = ["err", "err", "err"]
    world.submit("a", max_attempts=1)
    world.poll()
    world.discard("a")


@scenario(DONE)
def failed_discarded_and_retried(world: World) -> None:
    """A job that was discarded by mistake is run again."""
    world.script["a"] = ["perm"]
    world.submit("a")
    world.rest()
    world.discard("a")
    world.stopped.clear()
    world.retry("a")


def finished_by(world: World, seconds: float) -> None:
    """Let the system run for this many seconds, and record each job that no worker has claimed by then."""
    end = world.clock.now + seconds
    while world.clock.now < end and not world.at_rest():
        world.poll()
        world.watch()
        world.clock.advance(20)
    for job in world.ground.jobs():
        if job.status in (Status.QUEUED, Status.SCHEDULED):
            world.wrong.append(f"{job.id} is {job.status} {seconds} s after it was due")
