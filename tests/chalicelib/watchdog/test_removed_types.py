"""Jobs whose type a deploy removed are ended after an hour, and kept when it comes back before."""

from chalicelib.counters.port import Standing
from chalicelib.jobs.job import Status
from tests.chalicelib.watchdog.looking import look
from tests.proof.grounds.ground import TYPE
from tests.proof.grounds.memory import MemoryGround
from tests.proof.world import World
from tests.support import T0, a_job


def test_a_removed_type_ends_its_jobs_after_an_hour(world: World, ground: MemoryGround) -> None:
    waits = a_job(type="old.type", sent=True, due_at=T0)
    runs = a_job(type="old.type", status=Status.PROCESSING, attempts=1, lease_until=T0 + 4000, sent=True, due_at=T0)
    for job in (waits, runs):
        ground.store.add(job)
    world.watchdog.standing = lambda: Standing({("old.type", Status.QUEUED): 1, ("gone.type", Status.COMPLETED): 3})
    for _ in range(59):
        look(world, after=60)
    assert ground.store.get(waits.id).status is Status.QUEUED
    for _ in range(5):
        look(world, after=60)
    ended = ground.store.get(waits.id)
    assert (ended.status, ended.error_message) == (Status.CANCELLED, "Its job type was removed by a deploy.")
    assert ground.store.get(runs.id).status is Status.PROCESSING
    for _ in range(70):
        look(world, after=60)
    assert ground.store.get(runs.id).status is Status.CANCELLED
    assert [attempt.outcome for attempt in ground.store.view(runs.id).attempts] == ["lost"]


def test_a_type_that_comes_back_within_the_hour_keeps_its_jobs(world: World, ground: MemoryGround) -> None:
    world.submit("a")
    ground.purge()
    world.watchdog.types = []
    world.watchdog.standing = lambda: Standing({(TYPE, Status.QUEUED): 1})
    look(world)
    world.watchdog.types = [TYPE]
    look(world, after=3601)
    world.poll()
    assert ground.jobs()[0].status is Status.COMPLETED
