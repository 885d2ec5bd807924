"""Rate schedules."""

from infra.local.lambdas.specs import Schedule
from tests.infra.local.lambdas.conftest import Stage, until


def test_a_function_is_invoked_again_and_again_with_a_scheduled_event(stage: Stage) -> None:
    stage.sources.add(Schedule(stage.function("on_schedule.tick"), rate_seconds=0.1, name="watchdog"))

    ticks = until(lambda: len(ticks := stage.lines.said("tick")) >= 3 and ticks)

    assert {tick["detail-type"] for tick in ticks} == {"Scheduled Event"}
    assert len({tick["id"] for tick in ticks}) == len(ticks)
    assert ticks[0]["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/watchdog"]


def test_a_payload_replaces_the_event(stage: Stage) -> None:
    stage.sources.add(Schedule(stage.function("on_schedule.tick"), rate_seconds=0.1, payload={"kind": "recount"}))

    assert until(lambda: stage.lines.said("tick"))[0] == {"kind": "recount"}
