"""Scenarios between a queue and its workers."""

from collections.abc import Callable
from typing import Any, cast

from chalicelib.jobs.job import Status
from chalicelib.jobs.port import JobQueue
from tests.proof.promises import DIES, DUPLICATE, STALLS, plays
from tests.proof.stories.scenario import CANCELLED, DEAD, DONE, FAILED, SCENARIOS, Scenario, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 5, 6, 7, 8), (DIES, DUPLICATE))
plays("S", (1, 2, 3, 4), (STALLS,))
plays("S", (1, 7), ("invocations are throttled",))
plays("S", (1, 2), ("the watchdog is down",))


class EagerQueue:
    """A queue whose messages are delivered before their sender continues."""

    def __init__(self, queue: JobQueue, deliver: Callable[[], object]) -> None:
        self.queue, self._deliver = queue, deliver

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.queue, name)
        if not name.startswith("send"):
            return method

        def send(*asked: Any, **more: Any) -> Any:
            answer = method(*asked, **more)
            self._deliver()
            return answer

        return send


def _worked_off(name: str, outcomes: list[str], end: frozenset[Status]) -> None:
    def play(world: World) -> None:
        world.script["a"] = list(outcomes)
        world.submit("a")

    SCENARIOS.append(Scenario(name, play, end))


_worked_off("ok", ["ok"], DONE)
_worked_off("error, ok", ["err", "ok"], DONE)
_worked_off("error, error, ok", ["err", "err", "ok"], DONE)
_worked_off("error to the end", ["err", "err", "err"], DEAD)
_worked_off("permanent error", ["perm"], FAILED)
_worked_off("out of memory, ok", ["oom", "ok"], DONE)
_worked_off("out of memory to the end", ["oom", "oom", "oom"], DEAD)
_worked_off("error, out of memory, error", ["err", "oom", "err"], DEAD)
_worked_off("asked to stop while running", ["ask then obey"], CANCELLED)
_worked_off("asked to stop, then out of memory", ["ask then oom"], CANCELLED)
_worked_off("error, error, asked to stop, out of memory", ["err", "err", "ask then oom"], CANCELLED)
_worked_off("asked to come again, ok", ["later", "ok"], DONE)
_worked_off("asked to come again in half an hour, error, ok", ["much later", "err", "ok"], DONE)
_worked_off("asked to come again and to stop", ["ask then later"], CANCELLED)
_worked_off("progress, ok", ["progress"], DONE)


@scenario(DONE)
def payload_and_result_beside_the_item(world: World) -> None:
    """Both are too large for the main item: each is written before the item refers to it."""
    world.script["a"] = ["err", "ok"]
    world.submit("a", ballast=2000)


@scenario(DONE)
def payload_and_result_that_no_item_could_hold_together(world: World) -> None:
    """Together they are more than the 400 KB of an item, which the emulator refuses as DynamoDB does."""
    world.submit("a", ballast=230_000)


@scenario(DONE)
def no_key_and_no_second_try(world: World) -> None:
    """The client gives up at the first 502: there is a job, which then ends, or there is none."""
    world.submit("a", keyed=False)


@scenario(DONE)
def messages_that_are_faster_than_their_jobs(world: World) -> None:
    """A worker receives each message before the job is stored, and holds it."""
    eager = EagerQueue(world.service.queue, world.poll)
    world.service.queue = cast("JobQueue", eager)
    world.submit("a")
    world.submit("b", keyed=False)
    world.submit_batch({"c": {}, "d": {}})
    world.service.queue = eager.queue


@scenario(DONE)
def late_finisher(world: World) -> None:
    """The holder stalls until after its lease; another worker takes over and completes; then the first one returns."""
    world.script["a"] = ["stall"]
    world.nested = world.poll
    world.submit("a")


@scenario(DONE)
def late_finisher_while_another_holds_the_job(world: World) -> None:
    """The worker that took over dies; then the first one returns with a result, which must be refused."""
    world.script["a"] = ["stall", "oom"]
    world.nested = world.poll
    world.submit("a")


@scenario(DEAD)
def late_failure(world: World) -> None:
    """The holder stalls until after its lease and fails while another worker holds the job; both spend attempts."""
    world.script["a"] = ["stall", "err", "err"]
    world.nested = world.poll
    world.submit("a")


@scenario(DONE)
def duplicate_in_flight(world: World) -> None:
    """A second message of the same generation arrives while the job of the first one runs."""
    world.script["a"] = ["nested"]
    world.nested = world.poll
    world.duplicate_next = True
    world.submit("a")


@scenario(DONE, watchdog=False)
def one_message_delivered_twice(world: World) -> None:
    """SQS delivers one message to two workers; the one that runs dies.

    Without a watchdog, the message must still exist.
    """

    def twice() -> None:
        batch = world.ground.receive(1)
        world.script["a"] = ["nested then oom"]
        world.nested = lambda: world.deliver(batch)
        if batch:
            world.deliver(batch)

    world.submit("a")
    if not world.ground.waiting():  # the crash was before the message was sent, so only the watchdog can send it
        world.watchdog_on = True
    twice()


@scenario(DONE, batch=2)
def one_message_delivered_twice_side_by_side(world: World) -> None:
    """Both workers finish: the second worker must not acknowledge the first one's message."""

    def again() -> None:
        world.deliver(batch)
        if not world.ground.waiting():
            world.wrong.append("a message was acknowledged while its job was running")

    world.submit("a")
    batch = world.ground.receive(1)
    world.script["a"] = ["nested"]
    world.nested = again
    if batch:
        world.deliver(batch)


@scenario(DEAD)
def never_claimed(world: World) -> None:
    """Every worker fails at its import for days: the job is given up, although it never ran."""
    world.submit("a")
    _burn(world, 7200, rounds=40)


@scenario(DONE)
def never_claimed_then_retried(world: World) -> None:
    """The operator retries the job after the import is fixed."""
    world.submit("a")
    _burn(world, 7200, rounds=40)
    world.rest()
    world.retry("a")


@scenario(DONE)
def not_claimed_for_two_hours(world: World) -> None:
    """Every worker fails at its import, which is fixed after two hours: no attempt was spent, so the job runs."""
    world.submit("a")
    _burn(world, 370, rounds=20)


@scenario(DONE | DEAD | FAILED, batch=3)
def two_jobs_in_one_batch(world: World) -> None:
    """There are three messages for two jobs: one job has two."""
    world.script["a"], world.script["b"] = ["err"], ["perm"]
    world.duplicate_next = True
    world.submit("a")
    world.submit("b")


@scenario(DONE | DEAD, batch=3)
def two_jobs_one_of_them_deadly(world: World) -> None:
    """One job kills each of its workers; the other job is in the same batch each time."""
    world.script["a"] = ["oom", "oom", "oom"]
    world.submit("a")
    world.submit("b")
    world.submit("c")


@scenario(DONE, batch=3)
def too_little_time_for_the_batch(world: World) -> None:
    """The first job uses the whole invocation; the others return to the queue without a claim."""
    world.script["a"] = ["long"]
    world.submit("a")
    world.submit("b")


def _burn(world: World, seconds: float, rounds: int) -> None:
    """Receive messages without an invocation, and let the watchdog run in between, until the job is given up."""
    for _ in range(rounds):
        world.ground.receive(1)
        world.clock.advance(seconds)
        world.watch()
        if any(job.status is Status.DEAD_LETTER for job in world.ground.jobs()):
            return
