"""Scenarios of a worker that runs the jobs of a batch side by side in threads."""

from collections.abc import Mapping, Sequence

from chalicelib.jobs.job import Status
from tests.proof.promises import DIES, DUPLICATE, plays
from tests.proof.stories.scenario import CANCELLED, DEAD, DONE, scenario
from tests.proof.world import World

plays("S", (1, 2, 3, 4), (DIES, DUPLICATE))

FOUR = 4
DEADLY: Mapping[str, Sequence[str]] = {"a": ["oom", "oom", "oom"], "b": ["ok"], "c": ["ok"], "d": ["ok"]}


def _together(world: World, scripts: Mapping[str, Sequence[str]]) -> None:
    """Let the first attempts of these jobs run in one process."""
    world.threads = FOUR
    for name, outcomes in scripts.items():
        world.script[name] = list(outcomes)
    world.submit_batch({name: {} for name in scripts})
    world.rest()


@scenario(DONE, batch=FOUR)
def four_jobs_side_by_side(world: World) -> None:
    """Each ends, or comes again, by its own outcome."""
    _together(
        world, {"a": ["ok"], "b": ["err", "ok"], "c": ["later", "progress"], "d": ["progress then much later", "ok"]}
    )


@scenario(DONE, batch=FOUR)
def steps_and_sleeps_side_by_side(world: World) -> None:
    """Each keeps its own steps."""
    for name in ("a", "b"):
        world.always[name] = "keep then nap then ok"
    _together(world, {"a": [], "b": [], "c": ["make"]})


@scenario(DONE | CANCELLED, batch=FOUR)
def one_of_several_is_asked_to_stop(world: World) -> None:
    """Only the job that was asked stops."""
    _together(world, {"a": ["ask then obey"], "b": ["ok"], "c": ["progress"]})
    others = [job.status for job in world.ground.jobs() if job.id != world.accepted.get("a")]
    if Status.CANCELLED in others:
        world.wrong.append("a job was cancelled that nobody asked to stop")


@scenario(DONE, batch=FOUR)
def one_of_several_uses_up_the_memory_once(world: World) -> None:
    """All lose an attempt."""
    _together(world, {"a": ["oom", "ok"], "b": ["ok"], "c": ["ok"], "d": ["ok"]})


@scenario(DONE | DEAD, batch=FOUR)
def one_of_several_uses_up_the_memory_each_time(world: World) -> None:
    """The others lose one attempt to it, and another one to the crash that the proof adds; so all of them complete."""
    _together(world, DEADLY)
    _others_complete(world)


@scenario(DONE | DEAD, batch=FOUR)
def one_of_several_uses_up_the_memory_each_time_and_their_messages_are_lost(world: World) -> None:
    """The watchdog sends fresh messages, whose number of receives does not say that the jobs have lost an attempt."""
    world.threads = FOUR
    for name, outcomes in DEADLY.items():
        world.script[name] = list(outcomes)
    world.submit_batch({name: {} for name in DEADLY})
    for _ in range(2):
        while not world.poll() and not world.at_rest():
            world.watch()
            world.clock.advance(30)
        world.lose_messages()
    world.rest()
    _others_complete(world)


def _others_complete(world: World) -> None:
    others = [job for job in world.ground.jobs() if job.id != world.accepted.get("a")]
    lost = [job.id for job in others if job.status is not Status.COMPLETED]
    if lost:
        world.wrong.append(f"{len(lost)} jobs are lost because of another one of their process")
