"""GET /job-types, as a deployment leaves it that retires a type."""

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from chalicelib.job_types.changes import Changes
from tests.chalicelib.api.support import NOTE, OTHER, World, only_types


def test_a_retired_type_is_listed_as_such_and_takes_no_new_jobs(world: World) -> None:
    kept = world.create()
    with only_types(replace(NOTE, changes=Changes(retired=True)), OTHER):
        rows = {row["type"]: row["retired"] for row in world.get("/job-types").json["job_types"]}
        assert rows == {NOTE.name: True, OTHER.name: False}
        answer = world.post("/jobs", {"type": NOTE.name, "payload": {"to": ["a"]}})
        assert (answer.status, answer.json["type"]) == (422, "urn:jobflow:problem:job-type-retired")
        assert world.get(f"/jobs/{kept}").json["status"] == "queued"


@pytest.mark.parametrize(("written", "told"), [({}, True), ({"handler": None}, True), ({"handler": print}, False)])
def test_a_type_whose_file_has_no_handler_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch, written: dict[str, object], told: bool
) -> None:
    file = ModuleType("handlers.test_note")
    vars(file).update(written)
    monkeypatch.setitem(sys.modules, "handlers.test_note", file)
    rows = {row["type"]: row["problem"] for row in world.get("/job-types").json["job_types"]}
    assert (NOTE.name in (rows[NOTE.name] or ""), rows[OTHER.name]) == (told, None)
