"""What a job made, over HTTP: listed, shown, and cancelled with it."""

from dataclasses import replace

import pytest

from chalicelib.assembly import parts
from chalicelib.jobs.job import Job, Status
from tests.chalicelib.api.support import NOTE, World, only_types
from tests.support import a_job


def child(parent: str, key: str, **fields: object) -> Job:
    job = a_job(type="test.note", parent=parent, root=parent, idempotency_key=key, **fields)
    parts.job_store.add(job)
    return job


def test_a_job_tells_who_made_it_and_lists_what_it_made(world: World) -> None:
    parent = world.create()
    made = [child(parent, key) for key in ("b", "a", "c")]
    first = world.get(f"/jobs?parent={parent.upper()}&limit=2").json
    assert [job["idempotency_key"] for job in first["jobs"]] == ["a", "b"]
    second = world.get(f"/jobs?parent={parent}&limit=2&cursor={first['next_cursor']}").json
    assert [job["id"] for job in second["jobs"]] == [made[2].id]
    assert (second["next_cursor"], second["total"]) == (None, None)
    detail = world.get(f"/jobs/{made[0].id}").json
    assert (detail["parent"], detail["root"]) == (parent, parent)
    assert world.get(f"/jobs/{parent}").json["parent"] is None
    assert {job["id"]: job["parent"] for job in world.get("/jobs").json["jobs"]} == {
        parent: None, **dict.fromkeys((job.id for job in made), parent),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "loc"),
    [("parent=7", ["query", "parent"]), (f"parent={'0' * 36}", ["query", "parent"]),
     ("parent=6a1de45f-8c1e-4f0e-9f7e-0c9b7a6d5e4f&offset=3", ["query"])],
)  # fmt: skip
def test_what_is_no_id_and_an_offset_are_refused(world: World, query: str, loc: list[str]) -> None:
    answer = world.get(f"/jobs?{query}")
    assert (answer.status, answer.locs) == (422, [loc])


def test_a_cursor_of_one_parent_serves_no_other(world: World) -> None:
    one, other = world.create(), world.create()
    for key in "abc":
        child(one, key)
    cursor = world.get(f"/jobs?parent={one}&limit=1").json["next_cursor"]
    assert world.get(f"/jobs?parent={other}&limit=1&cursor={cursor}").status == 400


def test_cancel_stops_one_job_and_says_nothing_of_others(world: World) -> None:
    parent = world.create()
    made = child(parent, "a")
    answer = world.post(f"/jobs/{parent}/cancel", {})
    assert (answer.status, answer.json["status"], answer.json["descendants"]) == (200, "cancelled", None)
    assert parts.job_store.get(made.id).status is Status.QUEUED


def test_cancel_with_descendants_says_what_it_did(world: World) -> None:
    parent = world.create()
    made = [child(parent, "a"), child(parent, "b", status=Status.COMPLETED)]
    with only_types(replace(NOTE, enqueues=("test.note",))):
        answer = world.post(f"/jobs/{parent}/cancel", {"descendants": True})
        told = {"cancelled": 1, "asked": 0, "finished": 1, "more": False}
        assert (answer.status, answer.json["status"], answer.json["descendants"]) == (200, "cancelled", told)
        again = world.post(f"/jobs/{parent}/cancel", {"descendants": True})
        assert (again.status, again.json["descendants"]["finished"]) == (200, 2)
    assert parts.job_store.get(made[0].id).status is Status.CANCELLED


@pytest.mark.parametrize("body", [{"descendants": 1}, {"descendants": "yes"}, {"children": True}])
def test_another_flag_is_refused(world: World, body: dict[str, object]) -> None:
    parent = world.create()
    assert world.post(f"/jobs/{parent}/cancel", body).status == 422
    assert parts.job_store.get(parent).status is Status.QUEUED


def test_a_type_tells_what_its_jobs_make(world: World) -> None:
    kinds = world.get("/job-types").json["job_types"]
    assert {kind["type"]: kind["enqueues"] for kind in kinds} == {"test.note": [], "test.other": []}
