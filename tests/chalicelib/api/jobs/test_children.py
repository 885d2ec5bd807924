"""What a job made, over HTTP: listed, shown, and cancelled with it."""

from dataclasses import replace

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


def test_a_cursor_of_one_parent_serves_no_other(world: World) -> None:
    one, other = world.create(), world.create()
    for key in "abc":
        child(one, key)
    cursor = world.get(f"/jobs?parent={one}&limit=1").json["next_cursor"]
    assert world.get(f"/jobs?parent={other}&limit=1&cursor={cursor}").status == 400


def test_cancel_stops_one_job_and_says_nothing_of_others(world: World) -> None:
    parent = world.create()
    made = child(parent, "a")
    assert world.post(f"/jobs/{parent}/cancel", {"children": True}).status == 422
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
