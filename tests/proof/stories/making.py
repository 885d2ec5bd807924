"""Scenarios of attempts that make jobs: wherever the process dies, each run has made one job, and this job runs."""

from tests.proof.promises import DIES, DUPLICATE, STALLS, plays
from tests.proof.stories.scenario import DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6, 9, 10), (DIES, DUPLICATE))
plays("S", (2, 9, 10), (STALLS,))


@scenario(DONE)
def a_job_makes_a_job(world: World) -> None:
    """The worker may die after the child is stored and before its message is sent."""
    world.script["a"] = ["make"]
    world.submit("a")
    world.poll()


@scenario(DONE)
def a_second_attempt_makes_the_same_job(world: World) -> None:
    """The first attempt fails after it has made its job; the second attempt requests the same job again."""
    world.script["a"] = ["make then err", "make"]
    world.submit("a")
    world.poll()
    world.clock.advance(10)


@scenario(DONE)
def a_job_makes_many_jobs(world: World) -> None:
    """The worker may die between any two of the requests, and SQS may take only a part of the messages."""
    world.script["a"] = ["make many then err", "make many"]
    world.ground.faults.unsent = 1
    world.submit("a")
    world.poll()
    world.clock.advance(10)


@scenario(DONE)
def two_attempts_make_the_same_many_jobs(world: World) -> None:
    """The holder is so slow that another worker takes over, and both make the jobs."""
    world.script["a"] = ["stall then make many", "make many"]
    world.submit("a")
    world.nested = world.poll
    world.poll()


@scenario(DONE)
def an_attempt_that_lost_its_lease_makes_no_second_job(world: World) -> None:
    """The holder is so slow that another worker takes over, and both make the job."""
    world.script["a"] = ["stall then make", "make"]
    world.submit("a")
    world.nested = world.poll
    world.poll()


@scenario(DONE)
def each_run_makes_its_own_job(world: World) -> None:
    """An operator runs a job again: the new run makes its own jobs."""
    world.script["a"] = ["make then perm", "make"]
    world.submit("a")
    world.rest()
    world.retry("a")


@scenario(DONE)
def two_jobs_make_one_that_waits_for_quiet(world: World) -> None:
    """The second job replaces the debounced job that the first one has made."""
    world.script["a"], world.script["b"] = ["make quiet"], ["make quiet then err", "make quiet"]
    for name in "ab":
        world.submit(name)
        world.poll()
        world.clock.advance(5)
    world.poll()


@scenario(DONE)
def a_job_makes_one_that_waits_for_quiet_again_when_the_first_has_run(world: World) -> None:
    """A second attempt that comes late has no waiting job to replace."""
    world.script["a"] = ["make quiet then err", "stall then make quiet"]
    world.submit("a")
    for _ in range(3):
        world.poll()
        world.clock.advance(40)
        world.watch()
