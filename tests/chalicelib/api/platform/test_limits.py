"""Test limits over the API: viewers read, operators change; wrong fields are named, and every change is recorded."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from chalicelib import AtMost, Rate
from chalicelib.access.tokens import Role
from chalicelib.api.models.limit_models import LimitDetail, LimitRow
from chalicelib.assembly import parts
from chalicelib.audit.rule import Which
from chalicelib.jobs.job import Status
from chalicelib.limits.places import Limit, Waiter, name_of
from tests.chalicelib.api.support import NOTE, OTHER, T0, World, only_types
from tests.support import written

SECRET = "ann@example.com"
LIMITED = replace(NOTE, name="test.limited", limits=(AtMost(3, by="text"), AtMost(20, shared="mail")))
SHARING = replace(OTHER, name="test.sharing", limits=(AtMost(20, shared="mail"),))
NAME = "0.test.limited"


@pytest.fixture
def world() -> Iterator[World]:
    with only_types(NOTE, LIMITED, SHARING):
        yield World()
        parts.reset()


def path(name: str, value: str | None = None) -> str:
    return f"/limits/{quote(name, safe='%*')}" + ("" if value is None else f"?{urlencode({'value': value})}")


def put(world: World, name: str, body: Any, value: str | None = None, **more: Any) -> Any:
    return world.call("PUT", path(name, value), body, **more)


def named(rows: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(row["name"], row["value"]) for row in rows]


def test_viewers_see_every_limit_of_the_code(world: World) -> None:
    rows = {row["name"]: row for row in world.get("/limits", role=Role.VIEWER).json["limits"]}
    assert list(rows) == [NAME, "3.mail"]
    assert rows["3.mail"] == {
        "name": "3.mail", "value": None, "kind": "at_most", "label": "mail", "all_values": False, "shared": True,
        "by": None, "per": None, "burst": None, "least": 1, "most": 100,
        "types": ["test.limited", "test.sharing"], "declared": True, "n_declared": 20, "n": 20, "differs": False,
        "changed": None, "in_use": 0, "waits": False, "waiting": 0, "waiting_more": False,
    }  # fmt: skip
    assert (rows[NAME]["label"], rows[NAME]["by"], rows[NAME]["in_use"]) == ("test.limited", "text", None)
    assert (rows[NAME]["all_values"], rows[NAME]["value"]) == (True, None)


def test_operators_change_a_limit_and_everybody_sees_who_did_it_and_why(world: World) -> None:
    body = {"n": 0, "reason": " an outage "}
    assert put(world, "3.mail", body, role=Role.VIEWER).status == 403
    changed = put(world, "3.mail", body, role=Role.OPERATOR)
    assert changed.status == 200
    assert (changed.json["n"], changed.json["n_declared"], changed.json["differs"]) == (0, 20, True)
    assert changed.json["changed"] == {
        "value": None, "n": 0, "by": "a operator", "reason": "an outage", "at": "2027-01-01T00:00:00.000Z",
        "in_force": True,
    } | {"at": changed.json["changed"]["at"]}  # fmt: skip
    assert world.get(path("3.mail"), role=Role.VIEWER).json["changed"] == changed.json["changed"]
    reset = world.call("DELETE", path("3.mail"), {"reason": "over"}, role=Role.OPERATOR)
    assert (reset.status, reset.json["n"], reset.json["changed"]) == (200, 20, None)


def test_a_value_has_the_number_of_all_values_unless_it_has_its_own(world: World) -> None:
    assert named([put(world, NAME, {"n": 1}).json]) == [(NAME, None)]
    seen = world.get(path(NAME, SECRET)).json
    assert (seen["value"], seen["n"], seen["changed"]["value"]) == (SECRET, 1, None)
    assert named([put(world, NAME, {"n": 2}, SECRET).json]) == [(NAME, SECRET)]
    assert put(world, NAME, {"n": 0}).json["n"] == 0
    seen = world.get(path(NAME, SECRET)).json
    assert (seen["n"], seen["changed"]["value"]) == (2, SECRET)
    assert named(world.get(path(NAME)).json["values"]) == [(NAME, SECRET)]
    assert named(world.get("/limits").json["limits"]) == [(NAME, None), (NAME, SECRET), ("3.mail", None)]


def test_a_value_of_a_limit_without_a_field_is_refused_and_named(world: World) -> None:
    for method, body in (("GET", None), ("PUT", {"n": 1}), ("DELETE", None)):
        answer = world.call(method, path("3.mail", "acme"), body)
        assert (answer.status, answer.locs) == (422, [["query", "value"]])


def test_who_has_a_place_and_who_waits(world: World) -> None:
    ids = sorted(world.create(type="test.limited") for _ in range(3))
    limit, places = Limit("3.mail", 1), parts.place_store
    world.put_in(ids[0], Status.PROCESSING, claims=1, started_at=T0 - 60, lease_until=T0 + 60)
    places.take(limit, ids[0], name_of("test.limited", 1, 1))
    for number, one in enumerate(ids[1:]):
        waiter = Waiter(T0 - number, one, "test.limited", 1, 1, name_of("test.limited", 1, 1), rank=number)
        places.stand(limit, waiter)
        places.mark(limit, "test.limited")
    found = world.get(path("3.mail")).json
    [holder] = found["holders"]
    assert (holder["job_id"], holder["status"], holder["stale"]) == (ids[0], "processing", False)
    assert holder["since"] < world.get(f"/jobs/{ids[0]}").json["created_at"]
    [line] = found["lines"]
    assert (line["type"], line["waiting"], line["waiting_more"]) == ("test.limited", 2, False)
    assert [(one["job_id"], one["priority"]) for one in line["first"]] == [(ids[1], "high"), (ids[2], "normal")]
    assert (found["in_use"], found["waits"], found["waiting"]) == (1, True, 2)


def test_health_names_the_limit_for_which_a_job_has_waited_for_over_an_hour(world: World) -> None:
    job, places, limit = world.create(type="test.limited"), parts.place_store, Limit("3.mail", 20)
    world.put_in(job, Status.BLOCKED, waits="limit:3.mail", claims=1, passed=1, sent=False)
    places.stand(limit, Waiter(T0, job, "test.limited", 1, 1, name_of("test.limited", 1, 1)))
    places.mark(limit, "test.limited")
    places.enlist(limit)
    world.clock.advance(3500)
    assert world.get("/metrics/health").json["findings"] == []
    world.clock.advance(200)
    [found] = world.get("/metrics/health", role=Role.VIEWER).json["findings"]
    assert (found["kind"], found["type"], found["limit"], found["number"]) == ("blocked", "test.limited", "3.mail", 1)
    assert found["filter"]["status"] == "blocked"


@pytest.mark.parametrize("n", [-1, 101, 5_000_000, 1.5, "5", None, True])
def test_a_wrong_number_is_refused_and_named(world: World, n: Any) -> None:
    answer = put(world, "3.mail", {"n": n})
    assert (answer.status, answer.locs) == (422, [["n"]])
    assert world.get(path("3.mail")).json["changed"] is None


def test_a_limit_that_does_not_exist_is_404(world: World) -> None:
    for limit in (
        "3.other",
        "mail",
        "0.test.limite",
        "1.test.limited",
        "3.mail.x",
        f"{NAME}.ann",
        "é",
        "0." + "x" * 3000,
    ):
        for method, body in (("GET", None), ("PUT", {"n": 1}), ("DELETE", None)):
            answer = world.call(method, path(limit), body)
            assert (answer.status, answer.json["type"]) == (404, "urn:jobflow:problem:limit-not-found"), limit


def test_a_change_is_recorded_without_the_value_which_may_be_of_a_person(world: World) -> None:
    with written("DEBUG") as lines:
        put(world, NAME, {"n": 2, "reason": "they asked"}, SECRET, role=Role.OPERATOR)
        world.get(path(NAME, SECRET))
        world.clock.advance(1)
        put(world, f"{NAME}.{SECRET}", {"n": 2}, role=Role.OPERATOR)
        world.clock.advance(1)
        world.call("DELETE", path("3.mail"), role=Role.OPERATOR)
    found = {(one.action, one.status): one for one in parts.audit.page(Which(), 10, world.clock()).rows}
    first, unknown, last = found["limit.set", 200], found["limit.set", 404], found["limit.reset", 200]
    assert (first.kind, first.reason) == ("limit", "they asked")
    assert (first.target, unknown.target) == (f"{NAME}:value", "")
    assert last.target == "3.mail"
    told = json.dumps(lines)
    assert "ann" not in told
    assert "example" not in told
    [line] = [line["limit"] for line in lines if line["message"] == "limit.set"]
    assert line.startswith(f"{NAME}.~")


def test_a_change_of_a_limit_that_the_code_does_not_declare_is_shown_as_not_in_force(world: World) -> None:
    put(world, "3.mail", {"n": 0})
    with only_types(NOTE):
        [row] = world.get("/limits").json["limits"]
        assert (row["name"], row["n"], row["changed"]["n"], row["changed"]["in_force"]) == ("3.mail", None, 0, False)
        assert put(world, "3.mail", {"n": 1}).status == 404
        assert world.call("DELETE", path("3.mail")).json["changed"] is None


def test_too_many_changed_values_are_refused_with_the_name_of_the_limit(world: World) -> None:
    for number in range(100):
        put(world, NAME, {"n": 1}, f"c{number}")
        world.clock.now += 60
    answer = put(world, NAME, {"n": 1}, "one more")
    assert (answer.status, answer.json["type"]) == (409, "urn:jobflow:problem:too-many-changed-values")
    assert NAME in answer.json["detail"]
    assert put(world, NAME, {"n": 0}).json["n"] == 0


def test_a_detail_is_a_row_with_more(world: World) -> None:
    assert set(LimitRow.model_fields) < set(LimitDetail.model_fields)
    changed = put(world, "3.mail", {"n": 3}).json
    assert changed.pop("left") == 0
    assert changed.items() <= world.get(path("3.mail")).json.items()


def test_a_rate_is_shown_with_its_period_and_changed_by_operators() -> None:
    rated = replace(NOTE, name="test.rated", limits=(Rate(50, per=60, burst=7), Rate(1, by="text", shared="mail")))
    with only_types(rated):
        world = World()
        rows = {row["name"]: row for row in world.get("/limits").json["limits"]}
        own, shared = rows["1-rate.test.rated"], rows["2-rate.mail"]
        facts = ("kind", "n", "per", "burst", "least", "most", "shared", "by", "in_use")
        assert [own[one] for one in facts] == ["rate", 50, 60, 7, 7, 3000, False, None, 0]
        assert [shared[one] for one in facts] == ["rate", 1, 1, 0, 1, 50, True, "text", None]
        assert put(world, own["name"], {"n": 10}, role=Role.VIEWER).status == 403
        changed = put(world, own["name"], {"n": 10, "reason": "the provider says so"}, role=Role.OPERATOR).json
        assert (changed["n"], changed["n_declared"], changed["differs"], changed["left"]) == (10, 50, True, 0)
        assert put(world, shared["name"], {"n": 0}, SECRET).json["n"] == 0
        assert world.get(path(shared["name"], SECRET)).json["changed"]["value"] == SECRET
        for n in (6, 3001):
            refused = put(world, own["name"], {"n": n})
            assert (refused.status, refused.locs) == (422, [["n"]])
            assert "from 7 to 3,000 a minute" in json.dumps(refused.json)
        reset = world.call("DELETE", path(own["name"])).json
        assert (reset["n"], reset["changed"]) == (50, None)
        parts.reset()
