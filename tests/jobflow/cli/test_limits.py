"""Test `jobflow limits`: list, show, set and reset, with the number in the code and who changed it."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from chalicelib import AtMost, Rate
from chalicelib.assembly import parts
from chalicelib.job_types.jobtype import registered
from chalicelib.jobs.job import Status
from chalicelib.limits.places import Limit, Waiter, name_of
from tests.chalicelib.api.support import NOTE, T0, World
from tests.jobflow.cli.conftest import Shell
from tests.jobflow.support import Wire

TYPE = "test.limited"


@pytest.fixture(autouse=True)
def limited(world: World) -> Iterator[None]:
    registered[TYPE] = replace(
        NOTE, name=TYPE, limits=(AtMost(3, by="text"), AtMost(2, shared="mail"), Rate(50, per=60))
    )
    yield
    registered.pop(TYPE, None)


def test_a_limit_is_changed_listed_with_its_reason_and_reset(shell: Shell) -> None:
    changed = shell("limits set 3.mail 0 --reason outage").lines[0]
    assert (changed["n"], changed["n_declared"], changed["changed"]["reason"]) == (0, 2, "outage")
    listed = {row["name"]: row for row in shell("limits list").lines}
    assert listed["3.mail"]["differs"]
    assert not listed[f"0.{TYPE}"]["differs"]
    assert shell("limits reset 3.mail").lines[0]["n"] == 2


@pytest.mark.parametrize("value", ["acme", "a?b", "a/b", "100%41", "*", ""])
def test_one_value_is_changed_and_no_other_one(shell: Shell, value: str) -> None:
    assert shell(f"limits set 0.{TYPE} 1").lines[0]["all_values"]
    changed = shell(f"limits set 0.{TYPE} 0 --value '{value}'").lines[0]
    assert (changed["name"], changed["value"], changed["n"]) == (f"0.{TYPE}", value, 0)
    assert [row["value"] for row in shell(f"limits show 0.{TYPE}").lines[0]["values"]] == [value]
    assert shell(f"limits show 0.{TYPE} --value other").lines[0]["n"] == 1
    assert shell(f"limits reset 0.{TYPE} --value '{value}'").lines[0]["n"] == 1


def test_a_table_says_that_jobs_wait_for_more_values(shell: Shell) -> None:
    for number in range(101):
        parts.place_store.enlist(Limit(f"0.{TYPE}.c{number}", 3))
    told = "Jobs wait for more values than these."
    assert told in shell("limits list").err
    assert told in shell(f"limits show 0.{TYPE} --table").out


def test_who_has_a_place_and_who_waits_is_shown(shell: Shell, wire: Wire, world: World) -> None:
    runs, waits = (world.create(type=TYPE) for _ in range(2))
    limit, places = Limit("3.mail", 2), parts.place_store
    world.put_in(runs, Status.PROCESSING, claims=1, started_at=T0, lease_until=T0 + 60)
    places.take(limit, runs, name_of(TYPE, 1, 1))
    places.stand(limit, Waiter(T0, waits, TYPE, 1, 1, name_of(TYPE, 1, 1)))
    places.mark(limit, TYPE)
    shown = shell("limits show 3.mail").lines[0]
    assert [(one["job_id"], one["status"]) for one in shown["holders"]] == [(runs, "processing")]
    assert [one["job_id"] for line in shown["lines"] for one in line["first"]] == [waits]
    del shown["lines"][0]["first"][0]["priority"]  # by an API without priorities
    wire.instead.append(httpx.Response(200, json=shown))
    assert "None" not in shell("limits show 3.mail --table").out


def test_a_wrong_number_is_refused_before_a_request_and_an_unknown_limit_has_its_exit_code(shell: Shell) -> None:
    assert shell("limits set 3.mail 1.5").code == 2
    assert shell("limits set 3.other 1").code == shell("limits show 3.other").code == 4


def test_a_rate_is_said_with_its_period_and_the_number_in_the_code(shell: Shell) -> None:
    name = f"1-rate.{TYPE}"
    assert shell(f"limits set {name} 10 --table").out == f"{name}: 10 a minute instead of 50.\n"
    assert "10 a minute" in shell(f"limits show {name} --table").out
    refused = shell(f"limits set {name} 3001")
    assert (refused.code, "from 1 to 3,000 a minute" in refused.err) == (1, True)
    assert shell(f"limits reset {name} --table").out == f"{name}: 50 a minute, as in the code.\n"
