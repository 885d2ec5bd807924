"""Check that declared schedules are stored: a deploy adds, changes and deletes them; a pause stays."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.errors import ConfigurationError
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.schedule import Cron, Every, check_declared, declared_crons
from chalicelib.schedules.rule import gaps, stopped
from tests.chalicelib.api.support import NOTE, only_types
from tests.chalicelib.schedules.conftest import Stage
from tests.support import T0

TO = {"to": ["a"]}
DAILY = Cron("0 6 * * *", timezone="Europe/Berlin", payload=TO)
DEFAULT = "test.note-default"


def note(schedules: Iterable[Cron]) -> JobType[Any, Any]:
    return replace(NOTE, schedules=tuple(schedules))


def deploy(stage: Stage, *schedules: Cron) -> None:
    """Run the first run of a process with this code."""
    with only_types(note(schedules)):
        stage.run(stage.firings())


def test_a_deploy_declares_changes_and_ends(stage: Stage) -> None:
    deploy(stage, DAILY)
    first = stage.kept.get(DEFAULT)
    assert (first.cron, first.timezone, first.payload, first.declared) == ("0 6 * * *", "Europe/Berlin", TO, True)
    assert first.next_at == T0 + 21 * 3600, "the clock begins at 8:00 UTC, which is 9:00 in Berlin"
    deploy(stage, DAILY)
    assert stage.kept.get(DEFAULT) == first, "the same code writes nothing"
    deploy(stage, replace(DAILY, text="0 7 * * *"), Cron("* * * * *", name="often", payload=TO))
    assert stage.kept.get(DEFAULT).next_at == T0 + 22 * 3600
    assert stage.kept.count() == 2
    mine = stage.add("mine")
    deploy(stage)
    assert stage.kept.page(9) == [mine], "one that was stored is left alone"


def test_a_pause_and_the_history_stay_over_a_change(stage: Stage) -> None:
    deploy(stage, DAILY)
    found = stage.kept.get(DEFAULT)
    stage.kept.replace(found, replace(stopped(found, T0), recent=(T0 - 9,), writer="operator"))
    deploy(stage, replace(DAILY, text="0 7 * * *"))
    kept = stage.kept.get(DEFAULT)
    assert (kept.paused, kept.next_at, kept.cron, kept.recent) == (True, None, "0 7 * * *", (T0 - 9,))


def test_a_change_of_a_paused_schedule_invents_no_missed_firings(stage: Stage) -> None:
    deploy(stage, DAILY)
    found = stage.kept.get(DEFAULT)
    stage.kept.replace(found, replace(stopped(found, T0), writer="operator"))
    stage.clock.advance(86_460)
    deploy(stage, replace(DAILY, text="*/5 * * * *"))
    kept = stage.kept.get(DEFAULT)
    assert gaps(kept, stage.clock.now) == ((T0 + 21 * 3600, "paused"),)


def test_what_is_declared_paused_begins_paused_and_stays_resumed(stage: Stage) -> None:
    paused = replace(DAILY, paused=True)
    deploy(stage, paused)
    found = stage.kept.get(DEFAULT)
    assert (found.paused, found.next_at) == (True, None)
    stage.kept.replace(found, replace(found, paused=False, next_at=T0 + 9, writer="operator"))
    deploy(stage, paused)
    assert not stage.kept.get(DEFAULT).paused


def test_the_code_is_followed_once_a_process_and_again_after_a_failure(stage: Stage) -> None:
    stage.faults.out = {"DynamoDB"}
    assert stage.run() == {"schedules_failed": 1}
    stage.faults.out = set()
    stage.faults.names.clear()
    for _ in range(3):
        stage.run()
    assert stage.faults.names == ["page", "due", "due", "due"]


@pytest.mark.parametrize(
    ("crons", "told"),
    [
        ([DAILY, DAILY], "two schedules are named 'default'"),
        ([Cron("0 6 * *", payload=TO)], "cron text must have five fields"),
        ([Cron("0 6 * * *", timezone="Mars/X", payload=TO)], "timezone must be a time zone"),
        ([Cron("0 6 * * *", name="Not so", payload=TO)], "name must be"),
        ([Cron("0 6 * * *", catch_up=101, payload=TO)], "catch_up must be between 0 and 100"),
        ([Cron("0 6 * * *", overlap="queue", payload=TO)], "overlap must be allow or skip"),
        ([Cron("0 6 * * *", priority="first", payload=TO)], "priority must be high, normal, low"),  # type: ignore[arg-type]
        ([Cron("0 6 * * *", priority="low", payload=TO)], "priority has no effect: the type has no limits="),
        ([Cron("0 6 * * *")], "the payload of the schedule 'default': payload.to: Field required"),
    ],
)
def test_a_wrong_declaration_is_refused_when_the_file_is_imported(crons: list[Cron], told: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^test.note: .*{told}"):
        check_declared(NOTE.name, crons, NOTE.canonical, has_priorities=False)


def test_an_interval_is_a_schedule_like_any_other() -> None:
    settings: dict[str, Any] = {"payload": {"to": ["a"]}, "catch_up": 0, "overlap": "skip", "expires": 20}
    settings["priority"] = "low"
    every = Every(20, name="often", paused=True, **settings)
    assert declared_crons("test.note", every) == declared_crons("test.note", [every])
    assert declared_crons("test.note", every) == (Cron("@every 20s", name="often", paused=True, **settings),)
    for wrong in (9, 86_401, 20.5, "20"):
        with pytest.raises(ConfigurationError, match="schedule: every: seconds must be"):
            Every(wrong)  # type: ignore[arg-type]
