"""Check that the time of a pause is not counted against a job: a stalled job has a day from the resume. Over memory."""

import pytest

from chalicelib.counters.port import Pause
from chalicelib.jobs.constants import DAY
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.message import write_message
from chalicelib.jobs.port import Depth, Message
from chalicelib.pausing.memory import MemoryPastPauses
from chalicelib.pausing.port import PastPause
from chalicelib.watchdog.dead_letters import Sweeper
from chalicelib.watchdog.resumed import Resumed
from chalicelib.watchdog.rule import Resend, Signs, check
from tests.chalicelib.watchdog.looking import knows, look
from tests.proof.grounds.ground import TYPE
from tests.proof.grounds.memory import MemoryGround
from tests.proof.world import World
from tests.support import T0, a_job

EMPTY = Signs(Depth())


class Kept(MemoryPastPauses):
    """Pauses of one type, each begun an hour before. It counts its reads, and fails on request."""

    fails = False

    def __init__(self, *until: float) -> None:
        super().__init__()
        for end in until:
            self.add(TYPE, PastPause(Pause(end - 3600, "ada", ""), end, "ada"))

    def newest(self, job_type: str, most: int) -> list[PastPause]:
        if self.fails:
            raise ConnectionError
        return list(super().newest(job_type, most))


def stalled(since: float = T0, **more: object) -> Job:
    return a_job(type=TYPE, sent=True, resends=3, stalled_since=since, due_at=since, updated_at=since, **more)


@pytest.mark.parametrize(
    ("resumed", "now", "kept"),
    [
        ((), T0 + DAY + 1, False),
        ((T0 + 3 * DAY,), T0 + 4 * DAY, True),
        ((T0 + 3 * DAY,), T0 + 4 * DAY + 1, False),
        ((T0 - 1,), T0 + DAY + 1, False),
        ((T0 + DAY, T0 + 3 * DAY), T0 + 4 * DAY, True),
    ],
)
def test_a_job_has_a_day_from_when_its_type_was_last_resumed(
    resumed: tuple[float, ...], now: float, kept: bool
) -> None:
    verdict = Resumed(Kept(*resumed)).judge(stalled(), lambda job: check(job, now, EMPTY))
    assert isinstance(verdict, Resend) is kept


def paused_for_two_days(world: World, ground: MemoryGround, pauses: Kept) -> None:
    """A job stalls, and its type is paused at once and resumed after two days; meanwhile its message is lost again."""
    world.watchdog.past_pauses = pauses
    world.submit("a")
    ground.purge()
    look(world, after=400)
    assert ground.jobs()[0].stalled_since is not None
    world.clock.advance(2 * DAY)
    ground.purge()
    pauses.add(TYPE, PastPause(Pause(T0 + 500, "ada", ""), world.clock(), "ada"))
    knows(world)


def test_a_job_whose_message_was_lost_survives_a_pause_of_days(world: World, ground: MemoryGround) -> None:
    paused_for_two_days(world, ground, Kept())
    assert look(world) == {"resent": 1}
    world.poll()
    assert ground.jobs()[0].status is Status.COMPLETED


@pytest.mark.parametrize("known", [True, False])
def test_a_message_that_used_up_its_receives_is_replaced_after_a_pause_of_days(
    world: World, ground: MemoryGround, known: bool
) -> None:
    pauses = Kept()
    paused_for_two_days(world, ground, pauses)
    ground.put(write_message(Message(world.accepted["a"], 1, TYPE)))
    ground._queue.dead.setdefault(TYPE, []).append(ground._queue.messages[TYPE].pop())
    swept = Sweeper(world.watchdog.dispatcher, Resumed(pauses if known else None)).sweep(TYPE, lambda: True)
    assert swept == ({"redelivered": 1, "removed": 1} if known else {"given_up": 1})


def test_nobody_is_given_up_while_it_is_not_known_whether_there_was_a_pause(world: World, ground: MemoryGround) -> None:
    pauses = Kept()
    pauses.fails = True
    paused_for_two_days(world, ground, pauses)
    assert look(world) == {"failed": 1}
    pauses.fails = False
    assert look(world) == {"resent": 1}
