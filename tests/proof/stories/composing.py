"""Scenarios with steps, sleeps and events.

A waiting job needs no worker, and is awake soon after its wait has ended.
"""

from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.roles.composed import AWAKE, SECOND, WAIT
from tests.proof.stories.scenario import CANCELLED, DEAD, DONE, FAILED, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4, 5), (DIES, DUPLICATE))


def live(world: World, seconds: float) -> None:
    """Let the system run for this many seconds, and record each job that still sleeps after its event."""
    end = world.clock.now + seconds
    while world.clock.now < end and not world.at_rest():
        world.poll()
        world.watch()
        world.clock.advance(10)
        with world.ground.faults.asleep():
            late = world.composed.asleep(world.ground.store, world.ground.jobs())
        world.wrong += [one for one in late if one not in world.wrong]


@scenario(DONE)
def steps_and_sleeps(world: World) -> None:
    """A short sleep keeps its message; for a long sleep, the job is parked."""
    world.always["a"] = "keep then nap then long nap then ok"
    world.submit("a")


@scenario(DONE)
def a_step_and_two_errors(world: World) -> None:
    """The step is not run again."""
    world.script["a"] = ["keep then err", "keep then err"]
    world.always["a"] = "keep then ok"
    world.submit("a")


@scenario(DEAD)
def a_step_and_a_crash_loop(world: World) -> None:
    """Each worker dies after the step: the step gives the attempts back once, and then all attempts are used up."""
    world.always["a"] = "keep then oom"
    world.submit("a")


@scenario(DONE)
def a_step_that_is_tried_again(world: World) -> None:
    """The first wait is within the invocation; the second wait needs no worker."""
    world.always["a"] = "keep then try then nap then ok"
    world.submit("a")


@scenario(FAILED)
def a_step_whose_last_try_fails(world: World) -> None:
    """No attempt of the job follows, because the error is permanent."""
    world.always["a"] = "keep then try in vain then perm"
    world.submit("a")


@scenario(DONE)
def an_event_after_its_wait(world: World) -> None:
    """The job is parked when the event comes."""
    world.always["a"] = "keep then wait then ok"
    world.submit("a")
    live(world, 100)
    world.post_event("a")
    live(world, 2 * AWAKE)


@scenario(DONE)
def an_event_before_its_wait(world: World) -> None:
    """The job is queued when the event comes."""
    world.always["a"] = "wait then ok"
    world.submit("a")
    world.post_event("a")
    live(world, 2 * AWAKE)


@scenario(DONE)
def an_event_while_the_function_runs(world: World) -> None:
    """The event comes between the start of the attempt and the parking of the job."""
    world.always["a"] = "nested then wait then ok"
    world.submit("a")
    world.nested = lambda: world.post_event("a")
    world.poll()
    live(world, 2 * AWAKE)


@scenario(DONE)
def an_event_between_the_read_and_the_park(world: World) -> None:
    """The event comes after the attempt has read the kept steps, so that only the check before the park finds it."""
    world.always["a"] = "keep then nested then wait then ok"
    world.submit("a")
    world.nested = lambda: world.post_event("a")
    world.poll()
    live(world, 2 * AWAKE)


@scenario(DONE)
def an_event_of_a_client_that_dies(world: World) -> None:
    """Nobody repeats the request: a stored event wakes the job, and without one the wait times out."""
    world.always["a"] = "wait then ok"
    world.submit("a")
    live(world, 100)
    world.post_event("a", insist=False)
    live(world, 3 * AWAKE)


@scenario(DONE)
def a_wait_that_times_out(world: World) -> None:
    """The event comes too late, and its sender gets an error."""
    world.always["a"] = "wait then ok"
    world.submit("a")
    live(world, WAIT + 300)
    world.post_event("a")


@scenario(DONE)
def an_event_at_the_end_of_its_wait(world: World) -> None:
    """The wait ends while the event is posted: there is only one outcome."""
    world.always["a"] = "wait then nap then ok"
    world.submit("a")
    live(world, WAIT - 10)
    world.post_event("a")
    live(world, 300)


@scenario(DONE)
def two_waits_and_an_event_for_the_second(world: World) -> None:
    """An event wakes the job only from the wait for this event."""
    world.always["a"] = "wait then wait again then ok"
    world.submit("a")
    live(world, 100)
    world.post_event("a", SECOND)
    live(world, 100)
    world.post_event("a")
    live(world, 2 * AWAKE)


@scenario(CANCELLED)
def a_wait_that_is_cancelled(world: World) -> None:
    """The event comes after the cancellation."""
    world.always["a"] = "wait then ok"
    world.submit("a")
    live(world, 100)
    world.cancel("a")
    world.post_event("a")


@scenario(CANCELLED)
def a_job_that_undoes_its_step(world: World) -> None:
    """It waits when it is cancelled."""
    world.always["a"] = "keep then wait or undo then ok"
    world.submit("a")
    live(world, 100)
    world.cancel("a")
    live(world, 100)


@scenario(CANCELLED)
def a_job_that_is_cancelled_before_it_waits(world: World) -> None:
    """The request to stop comes while the function runs, between its step and its wait."""
    world.always["a"] = "keep then nested then wait or undo then ok"
    world.submit("a")
    world.nested = lambda: world.cancel("a")
    world.poll()
    live(world, 100)


@scenario(DONE | CANCELLED)
def a_job_whose_event_comes_when_it_is_cancelled(world: World) -> None:
    """The job either continues to its end, or undoes its step."""
    world.always["a"] = "keep then wait or undo then ok"
    world.submit("a")
    live(world, 100)
    world.cancel("a")
    world.post_event("a")
    live(world, 100)


@scenario(DONE)
def a_failed_job_goes_on_where_it_failed(world: World) -> None:
    """A manual retry uses everything that is kept, also the event."""
    world.script["a"] = ["keep then wait then ok", "keep then wait then perm"]
    world.always["a"] = "keep then wait then ok"
    world.submit("a")
    live(world, 60)
    world.post_event("a")
    live(world, 2 * AWAKE)
    world.retry("a")


@scenario(DONE)
def a_failed_job_runs_again_from_its_sleep(world: World) -> None:
    """What was kept before the sleep is not run again, and the job sleeps again."""
    world.script["a"] = ["keep then nap then ok", "keep then nap then perm"]
    world.always["a"] = "keep then nap then ok"
    world.submit("a")
    live(world, 200)
    world.retry("a", "nap-40")


@scenario(DONE)
def a_failed_job_runs_again_from_another_place_than_a_dead_request_wanted(world: World) -> None:
    """The first request may die while it copies what was kept; the second one wants to keep nothing."""
    world.script["a"] = ["keep then nap then ok", "keep then nap then perm"]
    world.always["a"] = "keep then nap then ok"
    world.submit("a")
    live(world, 200)
    world.retry("a", "nap-40", insist=False)
    world.retry("a", "start")


@scenario(DONE)
def a_job_calls_two_jobs(world: World) -> None:
    """It sleeps until both have ended; whoever ends them wakes it, and it wakes by itself if that process dies."""
    world.always["a"] = "keep then call two then ok"
    world.submit("a")
    live(world, 3 * AWAKE)


@scenario(DONE)
def a_caller_fails_after_its_call(world: World) -> None:
    """A second attempt gets the kept result, and calls no other job."""
    world.script["a"] = ["call then err", "call then err"]
    world.always["a"] = "call then ok"
    world.submit("a")
    live(world, 3 * AWAKE)


@scenario(DONE | CANCELLED)
def a_caller_is_cancelled(world: World) -> None:
    """The called job goes on, and its end wakes nobody."""
    world.always["a"] = "call then ok"
    world.submit("a")
    world.poll()
    world.cancel("a")
    live(world, 60)


@scenario(FAILED)
def a_sleeping_job_fails_when_it_wakes(world: World) -> None:
    """The attempt before the sleep is given back."""
    world.script["a"] = ["nap then ok", "nap then perm"]
    world.submit("a")
