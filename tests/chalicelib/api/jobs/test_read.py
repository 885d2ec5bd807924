"""Test GET /jobs."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.access.tokens import Role
from chalicelib.adapters.memory.jobs import MemoryJobStore
from chalicelib.assembly import parts
from chalicelib.jobs.job import Job, Status
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import BODY, NOTE, T0, World, only_types
from tests.support import a_job


def ids(answer: Any) -> list[str]:
    return [job["id"] for job in answer.json["jobs"]]


def seconds_apart(world: World, count: int, **more: Any) -> list[str]:
    """Jobs created a second apart, newest first."""
    made = []
    for _ in range(count):
        world.clock.now += 1
        made.append(world.create(**more))
    return made[::-1]


class TestList:
    def test_newest_first_twenty_at_a_time(self, world: World) -> None:
        made = seconds_apart(world, 21)
        answer = world.get("/jobs")
        assert ids(answer) == made[:20]
        assert (answer.json["total"], answer.json["limit"]) == (21, 20)

    def test_cursors_lead_through_all_of_them_once(self, world: World) -> None:
        made = seconds_apart(world, 7)
        seen, cursor = [], ""
        for _ in range(4):
            page = world.get(f"/jobs?limit=2{cursor}")
            seen += ids(page)
            cursor = f"&cursor={page.json['next_cursor']}"
        assert seen == made
        assert page.json["next_cursor"] is None

    def test_offsets_skip_and_go_on_by_cursor(self, world: World) -> None:
        made = seconds_apart(world, 5)
        page = world.get("/jobs?limit=2&offset=1")
        assert ids(page) == made[1:3]
        assert ids(world.get(f"/jobs?cursor={page.json['next_cursor']}")) == made[3:]
        assert ids(world.get("/jobs?offset=4999&limit=1")) == []

    def test_a_cursor_serves_only_its_own_filter(self, world: World) -> None:
        seconds_apart(world, 3)
        cursor = world.get("/jobs?limit=1").json["next_cursor"]
        answer = world.get(f"/jobs?limit=1&type=test.note&cursor={cursor}")
        assert (answer.status, answer.locs) == (400, [["query", "cursor"]])
        assert world.get(f"/jobs?limit=2&cursor={cursor}").status == 200

    def test_filters(self, world: World) -> None:
        first = world.create(tags=["blue"])
        world.clock.now += 10
        second = world.create(type="test.other")
        world.put_in(second, Status.FAILED, error_class="SMTPError", error_message="Mailbox FULL")
        for query, found in {
            "status=queued": [first], "status=failed": [second], "status=completed": [], "type=test.other": [second],
            "tag=blue": [first], "tag=red": [], f"id_prefix={first[:9].upper()}": [first], "error=mailbox": [second],
            "error=smtp": [second], f"created_after={iso(T0 + 1)}": [second], f"created_before={iso(T0 + 10)}": [first],
            "created_after=2027-01-15T09:00:01+01:00": [second], "type=test.note&status=failed": [],
        }.items():  # fmt: skip
            assert ids(world.get(f"/jobs?{query}")) == found, query

    def test_total_counts_by_status_and_type_and_is_null_for_the_rest(self, world: World) -> None:
        world.create(tags=["blue"])
        world.create(type="test.other")
        for query, total in {
            "": 2, "status=queued": 2, "status=failed": 0, "type=test.note": 1, "type=test.note&status=queued": 1,
            "tag=blue": None, "id_prefix=a": None, f"created_after={iso(T0)}": None, "error=x": None,
        }.items():  # fmt: skip
            assert world.get(f"/jobs?{query}").json["total"] == total, query

    def test_large_payloads_and_results_stay_out_of_lists(self, world: World) -> None:
        small, large = world.create(), world.create(payload={"to": ["a"], "text": "x" * 600})
        world.put_in(small, Status.COMPLETED, result={"n": 1})
        world.put_in(large, Status.COMPLETED, result=["x" * 600])

        rows = {job["id"]: job for job in world.get("/jobs").json["jobs"]}
        assert (rows[small]["payload"]["to"], rows[small]["result"]) == (["a@example.com"], {"n": 1})
        assert (rows[large]["payload"], rows[large]["result"], rows[large]["payload_bytes"]) == (None, None, 622)

        whole = world.get(f"/jobs/{large}").json
        assert (len(whole["payload"]["text"]), len(whole["result"][0])) == (600, 600)


def test_jobs_of_a_type_that_is_no_longer_declared_are_still_found(world: World) -> None:
    job_id = world.create(type="test.other")
    with only_types(NOTE):
        assert ids(world.get("/jobs?type=test.other")) == [job_id]
        assert world.get("/errors?type=test.other").status == 200
        assert world.get("/jobs?type=test.never").status == 422


def test_a_producer_finds_the_job_of_its_key_by_one_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = world.post("/jobs", BODY, headers={"Idempotency-Key": "order/1042"}).json
    world.create()
    other, _ = parts.tokens.issue(Role.OPERATOR, "another producer")
    monkeypatch.delattr(MemoryJobStore, "page")
    found = world.get("/jobs?idempotency_key=order/1042").json
    assert [job["id"] for job in found["jobs"]] == [made["id"]]
    assert (found["total"], found["next_cursor"]) == (1, None)
    for key, token in (("nothing", None), ("order/1042", other)):
        none = world.get(f"/jobs?idempotency_key={key}", token=token)
        assert (none.status, none.json["jobs"], none.json["total"]) == (200, [], 0)
    for beside in ("status=queued", "tag=x", "offset=5"):
        answer = world.get(f"/jobs?idempotency_key=k&{beside}")
        assert (answer.status, "idempotency_key" in answer.text) == (422, True)


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
