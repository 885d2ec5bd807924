"""Test views over the API: everybody reads them, operators save and delete them, and wrong fields are named."""

from typing import Any

import pytest

from chalicelib.access.tokens import Role
from chalicelib.views import port
from tests.chalicelib.api.support import World

FAILED = {"name": "Failed today", "search": "?status=failed&range=1h"}


def names(world: World) -> list[str]:
    return [view["name"] for view in world.get("/views").json["views"]]


def test_what_one_operator_saves_everybody_sees(world: World) -> None:
    saved = world.post("/views", FAILED, role=Role.OPERATOR)
    assert (saved.status, saved.json["by"]) == (200, "a operator")
    assert world.get("/views", role=Role.VIEWER).json == {"views": [saved.json]}
    assert saved.json == {**saved.json, **FAILED}
    assert world.post("/views", FAILED, role=Role.VIEWER).status == 403


def test_a_name_is_one_view_and_the_list_is_by_name(world: World) -> None:
    world.post("/views", FAILED)
    world.post("/views", {"name": " all ", "search": ""})
    world.post("/views", {**FAILED, "search": "?status=dead_letter"})
    assert [(view["name"], view["search"]) for view in world.get("/views").json["views"]] == [
        ("all", ""), ("Failed today", "?status=dead_letter"),
    ]  # fmt: skip


def test_a_deleted_view_is_gone_for_everybody(world: World) -> None:
    made = world.post("/views", FAILED).json
    path = f"/views/{made['id']}"
    assert world.call("DELETE", path, role=Role.VIEWER).status == 403
    assert world.call("DELETE", path, role=Role.OPERATOR).json == made
    assert names(world) == []
    assert world.call("DELETE", path).status == 404


def test_a_view_of_a_colleague_is_not_replaced_if_only_a_new_one_is_wanted(world: World) -> None:
    world.post("/views", FAILED)
    assert world.post("/views", {"name": FAILED["name"], "search": "", "only_new": True}).status == 409
    assert world.post("/views", {"name": "Other", "search": "", "only_new": True}).status == 200
    assert [view["search"] for view in world.get("/views").json["views"]] == [FAILED["search"], ""]


def test_only_the_view_that_was_seen_is_replaced(world: World) -> None:
    seen = world.post("/views", FAILED).json
    world.clock.advance(1)
    mine = world.post("/views", {**FAILED, "search": "?q=mine", "replaces": seen["at"]})
    assert mine.status == 200
    late = world.post("/views", {**FAILED, "search": "?q=late", "replaces": seen["at"]})
    assert (late.status, "read the views again" in late.json["detail"]) == (409, True)
    assert [view["search"] for view in world.get("/views").json["views"]] == ["?q=mine"]
    world.call("DELETE", f"/views/{seen['id']}")
    assert world.post("/views", {**FAILED, "replaces": seen["at"]}).status == 200, "a deleted view is saved anew"


def test_a_stage_has_a_limited_number_of_views(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port, "MOST_VIEWS", 2)
    for name in ("a", "b"):
        assert world.post("/views", {**FAILED, "name": name}).status == 200
    assert world.post("/views", {**FAILED, "name": "c"}).status == 409
    assert world.post("/views", {"name": "b", "search": ""}).status == 200, "a saved view can still be replaced"
    assert names(world) == ["a", "b"]


@pytest.mark.parametrize(
    ("wrong", "loc"),
    [
        ({"name": ""}, "name"), ({"name": "  "}, "name"), ({"name": "x" * 41}, "name"), ({"name": "a\nb"}, "name"),
        ({"search": "status=failed"}, "search"), ({"search": "https://example.com/"}, "search"),
        ({"search": "?" + "x" * 2000}, "search"), ({"search": "?a b"}, "search"), ({"search": None}, "search"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named(world: World, wrong: dict[str, Any], loc: str) -> None:
    answer = world.post("/views", {**FAILED, **wrong})
    assert (answer.status, answer.locs) == (422, [[loc]])
    assert names(world) == []
