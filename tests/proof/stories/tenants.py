"""Scenarios of jobs that belong to tenants: each message has its job's tenant, whatever it is sent for."""

from tests.proof.promises import DIES, DUPLICATE, LOST, plays
from tests.proof.stories.scenario import DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 5, 6, 9, 10), (DIES, DUPLICATE))
plays("S", (1,), (LOST,))


@scenario(DONE)
def each_tenants_job_is_sent_under_its_tenant(world: World) -> None:
    """One is sent at once, one after a delay, two in a batch; the watchdog sends those that a crash left unsent."""
    world.share()
    world.submit("a")
    world.submit("b", delay_seconds=60)
    world.submit_batch({"c": {}, "d": {}})


@scenario(DONE)
def a_job_that_is_due_later_is_sent_under_its_tenant(world: World) -> None:
    """The watchdog sends the message before its time; the message is lost, and sent once more."""
    world.share()
    world.submit("a", delay_seconds=2000)
    world.clock.advance(1200)
    world.watch()
    world.lose_messages()


@scenario(DONE)
def a_parked_retry_is_sent_under_its_tenant(world: World) -> None:
    """The job has no message for more than an hour, and then a new one."""
    world.share()
    world.script["a"] = ["much later"]
    world.submit("a")
    world.poll()


@scenario(DONE)
def a_second_run_is_sent_under_the_tenant(world: World) -> None:
    """An operator retries one job, and runs another one now."""
    world.share()
    world.script["a"] = ["perm"]
    world.submit("a")
    world.submit("b", delay_seconds=5000)
    world.rest(100)
    world.retry("a")
    world.run_now("b")


@scenario(DONE)
def a_job_that_a_job_made_is_sent_under_its_own_tenant(world: World) -> None:
    """It is not sent with the tenant of its parent."""
    world.share()
    world.script["a"] = ["make"]
    world.submit("a")
    world.poll()


@scenario(DONE)
def a_debounced_job_is_sent_under_the_tenant_of_the_last_request(world: World) -> None:
    """Its tenant changes with its payload."""
    world.share()
    for name in ("a", "b"):
        world.debounce(name, "k", 30)
