"""A queue that becomes longer run by run is told within minutes; one that is worked off, or paused, is not."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from chalicelib.counters.port import Pause
from chalicelib.jobs.port import Depth
from chalicelib.telemetry import events
from chalicelib.watchdog.growing import GAP, LEAST, Growing
from tests.chalicelib.watchdog.looking import knows, look
from tests.proof.grounds.ground import TYPE
from tests.proof.world import World

MINUTE = 60.0


def told(depths: Sequence[int | None], every: float = MINUTE) -> list[bool]:
    """Whether each run tells of the queue, by the messages that wait in it (None: it did not answer)."""
    growing = Growing()

    def looks() -> Iterator[bool]:
        for run, visible in enumerate(depths):
            depth = None if visible is None else Depth(visible=visible)
            yield bool(growing.look({"order.place": depth}, 1_000_000 + run * every))

    return list(looks())


@pytest.mark.parametrize(
    ("depths", "rings"),
    [
        ([0, LEAST, 2 * LEAST, 3 * LEAST], True),
        ([5_000, 5_001, 5_002], True),
        ([0, 5_000, 4_000, 3_000], False),
        ([5_000, 5_000, 5_000, 5_000], False),
        ([0, 1, 2, 3], False),
        ([0, 500, None, 600], False),
        ([0, 500, 400, 600], False),
    ],
    ids=["grows", "little by little", "is worked off", "steady", "short", "did not answer", "up and down"],
)
def test_a_queue_that_grows_is_told(depths: Sequence[int | None], rings: bool) -> None:
    assert any(told(depths)) is rings


def test_it_is_told_at_the_third_look_and_as_long_as_it_grows() -> None:
    assert told([0, 200, 300, 400, 400]) == [False, False, True, True, False]
    assert not any(told([0, 200, 300, 400], every=GAP + 1)), "runs far apart say nothing of each other"


@pytest.mark.parametrize(("paused", "told_of"), [({}, [[TYPE]]), ({TYPE: Pause(1.0, "ada")}, [])])
def test_a_run_tells_of_a_queue_that_grows_unless_its_type_is_paused(
    world: World, monkeypatch: pytest.MonkeyPatch, paused: Mapping[str, Pause], told_of: list[list[str]]
) -> None:
    found: list[list[str]] = []
    visible = iter([100, 200, 300])
    monkeypatch.setattr(world.watchdog.dispatcher.queue, "depth", lambda _: Depth(visible=next(visible)))
    monkeypatch.setattr(events, "growing", found.append)
    knows(world, paused=paused)
    for _ in range(3):
        look(world, after=MINUTE)
    assert found == told_of
