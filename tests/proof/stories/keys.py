"""Scenarios of jobs that run one at a time for a key; their messages are in a FIFO queue."""

from tests.proof.promises import DIES, DUPLICATE, LOST, STALLS, plays
from tests.proof.stories.scenario import CANCELLED, DEAD, DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 6, 7, 8, 11), (DIES, DUPLICATE))
plays("S", (1, 2, 11), (LOST, STALLS))


def of_one_key(world: World, *names: str) -> None:
    """Make the type serial, and create jobs with one key."""
    world.serialize()
    for name in names:
        world.submit(name, ballast=1)


@scenario(DONE)
def a_key_waits_for_a_job_that_backs_off(world: World) -> None:
    """The second job of the key begins when the first has ended; the job with another key does not wait."""
    world.script["a"] = ["err", "err"]
    of_one_key(world, "a", "b")
    world.submit("c", ballast=2)
    for _ in range(3):
        world.poll()


@scenario(DONE, batch=3)
def a_batch_of_one_key_whose_first_job_fails(world: World) -> None:
    """The others are delivered again with it, in order, and none of them runs at the same time."""
    world.script["a"] = ["err", "err"]
    of_one_key(world, "a", "b", "c")
    world.poll()


@scenario(DONE, batch=2)
def a_job_of_a_key_comes_again_more_often_than_it_has_attempts(world: World) -> None:
    """The job blocks its key as long as SQS delivers its message: it keeps its place."""
    world.script["a"] = ["later"] * 8
    of_one_key(world, "a", "b")
    world.rest()
    begun = [job_id for job_id, _, _ in world.runs]
    if not world.crashes and begun != [world.accepted["a"]] * 9 + [world.accepted["b"]]:
        world.wrong.append("I23 b began before a had ended")


@scenario(DEAD | DONE, batch=2)
def a_dead_letter_lets_its_key_go_on(world: World) -> None:
    """Its message is on the way to the dead-letter queue while the next job runs."""
    world.script["a"] = ["err"] * 3
    of_one_key(world, "a", "b")
    for _ in range(4):
        world.poll()
        world.clock.advance(10)


@scenario(DONE)
def a_parked_job_comes_back_while_another_one_of_its_key_runs(world: World) -> None:
    """The job has lost its place: its next message is behind the others."""
    world.script["a"], world.script["b"] = ["much later"], ["nested then ok"]
    of_one_key(world, "a")
    world.poll()
    world.clock.advance(4100)
    world.submit("b", ballast=1)

    def comes_back() -> None:
        world.watch()
        world.poll()

    world.nested = comes_back
    world.poll()


@scenario(DONE)
def the_message_is_lost_while_a_job_of_the_key_runs(world: World) -> None:
    """SQS no longer holds the second job's message back: it is received during the attempt of the first job."""
    world.script["a"] = ["nested then ok"]
    of_one_key(world, "a", "b")

    def purge() -> None:
        world.lose_messages()
        world.process(lambda: world.service.dispatcher.send(world.service.get(world.accepted["b"]).job))
        world.poll()

    world.nested = purge
    world.poll()


@scenario(DONE)
def a_worker_outlives_its_lease_and_its_message_comes_again(world: World) -> None:
    """The second attempt of the first job is the next attempt with the key."""
    world.script["a"] = ["stall"]
    of_one_key(world, "a", "b")
    world.nested = world.poll
    world.poll()


@scenario(DONE | CANCELLED)
def a_job_of_a_key_is_retried_and_another_one_cancelled_while_one_runs(world: World) -> None:
    """The retry has a message behind the running job's message; so has the cancelled job."""
    world.script["b"] = ["nested then ok"]
    of_one_key(world, "a", "b", "c")
    world.cancel("a")

    def operate() -> None:
        world.retry("a")
        world.cancel("c")
        world.poll()

    world.nested = operate
    for _ in range(3):
        world.poll()


@scenario(DONE)
def a_job_of_a_key_is_due_later(world: World) -> None:
    """A FIFO queue cannot delay a single message: it is sent at its time, behind the messages that came meanwhile."""
    world.serialize()
    world.submit("a", ballast=1, delay_seconds=30)
    world.submit("b", ballast=1)
    world.poll()


@scenario(DEAD | DONE)
def dead_letters_of_a_key_are_moved_back_by_hand(world: World) -> None:
    """StartMessageMoveTask, before the sweep has removed the messages: they come with their group, and run nothing."""
    world.script["a"] = ["err"] * 3
    of_one_key(world, "a", "b")
    for _ in range(8):
        world.poll()
        world.clock.advance(10)
    world.console_redrive()
    world.submit("c", ballast=1)
    world.poll()
