"""Scenarios of clients and operators: delays, stops, retries, redrives, accidents."""

from chalicelib.bulk.background import NewBulkAction
from chalicelib.jobs.job import Status
from tests.proof.promises import DIES, DUPLICATE, LOST, plays
from tests.proof.stories.scenario import CANCELLED, DEAD, DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 5, 6, 7, 8, 12), (DIES, DUPLICATE))
plays("S", (1, 4), (LOST,))
plays("S", (1, 5), ("a part of a batch",))

SPENT = ["err", "err", "err"]
"""What a job's attempts do until none is left."""


@scenario(DONE)
def delayed_by_seconds(world: World) -> None:
    """The delay is short enough for SQS."""
    world.submit("a", delay_seconds=40)


@scenario(DONE)
def delayed_by_half_an_hour(world: World) -> None:
    """The delay is too long for SQS: the watchdog sends the message at its time."""
    world.submit("a", delay_seconds=2000)


@scenario(DONE, batch=3)
def three_in_one_request(world: World) -> None:
    """SQS accepts two of the three messages; the watchdog sends the third."""
    world.ground.faults.unsent = 1
    world.submit_batch({"a": {}, "b": {}, "c": {}})


@scenario(CANCELLED)
def delayed_then_cancelled(world: World) -> None:
    """The message is on its way, and must not run the job when it arrives."""
    world.submit("a", delay_seconds=300)
    world.clock.advance(10)
    world.cancel("a")


@scenario(DONE)
def delayed_cancelled_and_retried(world: World) -> None:
    """The old message arrives after the new generation has begun."""
    world.submit("a", delay_seconds=300)
    world.cancel("a")
    world.clock.advance(5)
    world.stopped.clear()
    world.retry("a")


@scenario(CANCELLED)
def cancelled_while_queued(world: World) -> None:
    """The message arrives when the job is cancelled."""
    world.submit("a")
    world.cancel("a")


@scenario(CANCELLED)
def cancelled_while_backing_off(world: World) -> None:
    """The message returns after its delay, when the job is cancelled."""
    world.script["a"] = ["err"]
    world.submit("a")
    world.poll()
    world.cancel("a")


@scenario(DONE)
def dead_then_retried(world: World) -> None:
    """The message in the dead-letter queue becomes stale, and is removed."""
    _dead(world)
    world.retry("a")


@scenario(DONE)
def dead_then_retried_while_burning_down(world: World) -> None:
    """The operator is faster than SQS: the message has not reached the dead-letter queue."""
    world.script["a"] = SPENT.copy()
    world.submit("a")
    for _ in range(60):
        world.poll()
        if all(job.status is Status.DEAD_LETTER for job in world.ground.jobs()):
            break
        world.clock.advance(3)
    world.retry("a")


@scenario(DONE)
def failed_then_retried(world: World) -> None:
    """No message is left in any queue; a new message starts the new generation."""
    world.script["a"] = ["perm"]
    world.submit("a")
    world.rest()
    world.retry("a")


@scenario(DEAD)
def dead_then_redriven_from_the_console(world: World) -> None:
    """The records stay correct: the job was not retried, so its message goes back."""
    _dead(world)
    world.console_redrive()


@scenario(DONE)
def redriven_from_the_console_and_retried(world: World) -> None:
    """Both happen at once: the old message is acknowledged, the new one runs the job."""
    _dead(world)
    world.console_redrive()
    world.retry("a")


@scenario(DONE)
def message_lost_in_the_queue(world: World) -> None:
    """The queue was purged: the watchdog sends the message again."""
    world.submit("a")
    world.lose_messages()


@scenario(DONE)
def message_lost_while_backing_off(world: World) -> None:
    """The message is lost while the job waits for its second attempt."""
    world.script["a"] = ["err"]
    world.submit("a")
    world.poll()
    world.lose_messages()


@scenario(DONE)
def message_lost_with_its_worker(world: World) -> None:
    """The worker dies and its message is lost."""
    world.script["a"] = ["oom"]
    world.submit("a")
    world.poll()
    world.lose_messages()


@scenario(DONE, batch=3)
def two_dead_jobs_redriven_in_bulk(world: World) -> None:
    """The operator repeats the bulk redrive until no job matches."""
    world.script["a"], world.script["b"] = SPENT.copy(), ["err", "oom", "err"]
    world.submit("a")
    world.submit("b")
    world.rest()
    world.redrive_all()


@scenario(DEAD, batch=3)
def many_jobs_are_retried_and_fail_again(world: World) -> None:
    """The platform processes the action: retried jobs have failed again when one of its workers returns."""
    world.script["a"], world.script["b"] = ["perm", *SPENT], SPENT * 2
    world.submit("a")
    world.submit("b")

    def all_end() -> None:
        for _ in range(4):
            world.poll()
            world.clock.advance(10)

    all_end()
    world.retry_many(all_end)


@scenario(CANCELLED | DONE, batch=3)
def a_list_of_jobs_is_discarded(world: World) -> None:
    """Two of the listed jobs are dead letters or failed, one has completed and is skipped."""
    world.script["a"], world.script["b"] = SPENT.copy(), ["perm"]
    for name in ("a", "b", "c"):
        world.submit(name)
    world.rest()
    asked = NewBulkAction("discard", "ada", "ada", ids=tuple(world.accepted.values()))
    world.process(lambda: world.in_bulk.start(asked))


def _dead(world: World) -> None:
    world.script["a"] = SPENT.copy()
    world.submit("a")
    world.rest()
