"""Test `jobflow schedules update`.

Settings that are not typed stay, also those that another operator changes meanwhile.
"""

import json
from collections.abc import Callable

import httpx
import pytest

from jobflow.cli.commands.schedules import EDIT_TRIES
from tests.chalicelib.api.support import World
from tests.jobflow.cli.conftest import Shell
from tests.jobflow.support import Wire


def test_a_schedule_is_changed_and_what_is_not_given_stays(shell: Shell) -> None:
    shell("""schedules create daily test.note '0 6 * * *' -f to='["a@example.com"]' --timezone Europe/Berlin""")
    shell("schedules update daily --catch-up 3 --expires 30m")
    shell("schedules pause daily")
    changed = shell("schedules update daily --cron '0 7 * * *' --ends-at 2028-01-01T00:00+00:00").lines[0]
    kept = {name: changed[name] for name in ("timezone", "catch_up", "overlap", "paused", "payload", "expires_seconds")}
    assert kept == {
        "timezone": "Europe/Berlin", "catch_up": 3, "overlap": "allow", "paused": True,
        "payload": {"to": ["a@example.com"]}, "expires_seconds": 1800,
    }  # fmt: skip
    assert (changed["cron"], changed["ends_at"][:10]) == ("0 7 * * *", "2028-01-01")
    again = shell("""schedules update daily -f to='["b@example.com"]' --overlap skip""").lines[0]
    assert (again["payload"]["to"], again["overlap"], again["ends_at"]) == (
        ["b@example.com"], "skip", changed["ends_at"],
    )  # fmt: skip
    assert shell("schedules update daily --ends-at ''").lines[0]["ends_at"] is None
    assert shell("schedules update daily --expires ''").lines[0]["expires_seconds"] is None
    assert shell("schedules update none --cron '0 7 * * *'").code == 4
    refused = shell("schedules update daily --cron soon")
    assert (refused.code, "cron" in refused.err) == (1, True)


@pytest.fixture
def meanwhile(shell: Shell, wire: Wire, world: World) -> Callable[[int], list[str]]:
    """Let another operator change the schedule before each of the next requests that would change it."""
    shell("""schedules create daily test.note '0 6 * * *' -f to='["a@example.com"]'""")

    def others(times: int) -> list[str]:
        crons = [f"{minute} 5 * * *" for minute in range(times)]
        left = iter(crons)

        def change() -> None:
            cron = next(left, None)
            if cron is not None:
                body = {"type": "test.note", "payload": {"to": ["theirs@example.com"]}, "cron": cron}
                assert world.call("PUT", "/schedules/daily", body).status == 200

        wire.before["PUT"] = change
        return crons

    return others


def test_a_change_goes_onto_what_somebody_else_made_of_it_meanwhile(
    shell: Shell, meanwhile: Callable[[int], list[str]]
) -> None:
    meanwhile(1)
    changed = shell("schedules update daily --catch-up 7").lines[0]
    told = (changed["catch_up"], changed["cron"], changed["payload"])
    assert told == (7, "0 5 * * *", {"to": ["theirs@example.com"]})


def test_a_payload_from_standard_input_is_read_once(shell: Shell, meanwhile: Callable[[int], list[str]]) -> None:
    meanwhile(1)
    said = shell("schedules update daily - --catch-up 7", typed='{"to": ["mine@example.com"]}')
    assert (said.lines[0]["payload"], said.lines[0]["cron"]) == ({"to": ["mine@example.com"]}, "0 5 * * *")


def test_it_gives_up_when_others_are_faster_again_and_again(
    shell: Shell, meanwhile: Callable[[int], list[str]]
) -> None:
    crons = meanwhile(EDIT_TRIES + 1)
    said = shell("schedules update daily --catch-up 7")
    assert (said.code != 0, "its version is" in said.err) == (True, True)
    shown = shell("schedules show daily").lines[0]
    assert (shown["cron"], shown["catch_up"]) == (crons[-1], 1)


def test_an_api_without_priorities_gets_none(shell: Shell, wire: Wire) -> None:
    shell("""schedules create daily test.note '0 6 * * *' -f to='["a@example.com"]'""")
    row = {name: value for name, value in shell("schedules show daily").lines[0].items() if name != "priority"}
    wire.instead.append(httpx.Response(200, json=row))
    wire.asked.clear()
    assert shell("schedules update daily --cron '0 7 * * *'").code == 0
    assert "priority" not in json.loads(wire.asked[-1].content)
