"""Test /bulk: bulk actions in the background."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.bulk.constants import FIRST_SLICE
from chalicelib.entry import recount
from chalicelib.erasing.constants import CLEAR_SHARE
from chalicelib.errors import JobFlowError
from chalicelib.jobs.job import Job, Status
from tests.chalicelib.api.support import World
from tests.support import written

MISSING = "0" * 20


def failed(world: World, number: int) -> list[str]:
    ids = [world.create(tags=["x"]) for _ in range(number)]
    for job_id in ids:
        world.clock.now += 1
        world.put_in(job_id, Status.FAILED, error_class="Timeout", error_message="slow")
    return ids


class Lambda:
    """The context of an invocation."""

    aws_request_id = "r"
    function_name = "jobflow-recount"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn"

    def get_remaining_time_in_millis(self) -> int:
        return 840_000


def test_one_is_started_followed_and_listed(world: World) -> None:
    ids = failed(world, 3)
    body = {"action": "retry", "filter": {"tag": "x", "error": "timeout"}, "expected": 3}
    answer = world.post("/bulk", body)
    row = answer.json
    assert answer.status == 202
    assert answer.headers["location"] == f"/bulk/{row['id']}"
    assert {name: row[name] for name in ("state", "matched", "done", "skipped", "expected", "listed")} == {
        "state": "done", "matched": 3, "done": 3, "skipped": 0, "expected": 3, "listed": None,
    }  # fmt: skip
    assert (row["filter"], row["started_by"]) == ({"tag": "x", "error": "timeout"}, "a admin")
    assert all(world.store.get(job_id).gen == 2 for job_id in ids)
    assert world.get(f"/bulk/{row['id']}").json == row
    assert world.get("/bulk").json == {"bulk_actions": [row]}


def test_the_function_that_is_woken_does_the_rest(world: World) -> None:
    ids = failed(world, FIRST_SLICE + 5)
    row = world.post("/bulk", {"action": "retry", "ids": [*ids, ids[0].upper(), "no-job"]}).json
    assert (row["state"], row["done"], row["listed"], row["expected"]) == ("running", FIRST_SLICE, 30, 30)
    world.clock.now += 2
    assert recount.handler({"bulk": True}, Lambda()) == {"slices": 1, "ended": 1}
    after = world.get(f"/bulk/{row['id']}").json
    assert (after["state"], after["matched"], after["done"], after["skipped"]) == ("done", 30, 29, 1)
    assert after["reasons"] == [{"reason": "No job has the id 'it'.", "jobs": 1, "sample_job_ids": ["no-job"]}]
    assert after["per_second"] == 15.0


def test_the_outcome_of_a_retry_tells_what_became_of_the_jobs_it_changed(world: World) -> None:
    ids = failed(world, 3)
    row = world.post("/bulk", {"action": "retry", "ids": [*ids, "no-job"]}).json
    before = world.get(f"/bulk/{row['id']}/outcome").json
    assert (before["changed"], before["looked"], before["by_status"]) == (3, 3, {"queued": 3})
    assert sorted(job["id"] for job in before["jobs"]) == sorted(ids)
    world.store._jobs[ids[0]] = replace(world.store.get(ids[0]), status=Status.COMPLETED)
    del world.store._jobs[ids[1]]
    after = world.get(f"/bulk/{row['id']}/outcome").json
    assert (after["changed"], after["by_status"]) == (3, {"completed": 1, "queued": 1})


def test_jobs_that_were_not_read_do_not_count_as_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def half_read(_: Sequence[str]) -> Sequence[Job]:
        raise JobFlowError("DynamoDB read only a part of the jobs")

    row = world.post("/bulk", {"action": "retry", "ids": failed(world, 3)}).json
    monkeypatch.setattr(world.store, "get_many", lambda _: [])
    monkeypatch.setattr(world.store, "read_all", half_read)
    answer = world.get(f"/bulk/{row['id']}/outcome")
    assert (answer.status, "by_status" in answer.json) == (500, False)


def test_it_is_stopped(world: World) -> None:
    failed(world, FIRST_SLICE + 5)
    row = world.post("/bulk", {"action": "retry", "filter": {"tag": "x"}}).json
    world.clock.now += 1
    after = world.post(f"/bulk/{row['id']}/stop").json
    assert (after["state"], after["done"], after["finished_at"] is not None) == ("stopped", FIRST_SLICE, True)


@pytest.mark.parametrize("path", [f"/bulk/{MISSING}", "/bulk/x"])
def test_an_unknown_one_is_not_found(world: World, path: str) -> None:
    for answer in (world.get(path), world.get(f"{path}/outcome"), world.post(f"{path}/stop")):
        assert (answer.status, answer.json["type"]) == (404, "urn:jobflow:problem:bulk-action-not-found")


def test_the_watchdog_wakes_the_function_for_one_that_nobody_works_on(world: World) -> None:
    from chalicelib.entry import watchdog

    failed(world, FIRST_SLICE + 5)
    world.post("/bulk", {"action": "retry", "filter": {"tag": "x"}})
    woken = parts.background.woken  # type: ignore[attr-defined]
    world.clock.now += 61
    assert watchdog.handler({}, Lambda())["bulk_woken"] == 1
    assert parts.background.woken == woken + 1  # type: ignore[attr-defined]
    recount.handler({"bulk": True}, Lambda())
    assert not watchdog.handler({}, Lambda()).get("bulk_woken")


def test_each_job_that_the_function_acts_on_says_for_whom(world: World) -> None:
    failed(world, FIRST_SLICE + 1)
    row = world.post("/bulk", {"action": "retry", "filter": {"tag": "x"}}).json
    world.clock.now += 1
    with written() as lines:
        recount.handler({"bulk": True}, Lambda())
    [line] = [line for line in lines if line["message"] == "job.requeue"]
    owner = parts.tokens.verify(world.secrets[Role.ADMIN]).id
    assert (line["principal"], line["bulk_id"]) == (owner, row["id"])


GUARDED = {
    "POST /bulk": ("/bulk", {"action": "retry", "filter": {"tag": "x"}}),
    "everything": ("/bulk", {"action": "retry", "everything": True}),
    "POST /jobs/bulk": ("/jobs/bulk", {"action": "retry", "filter": {"tag": "x"}}),
    "redrive": ("/dead-letters/redrive", {}),
}


@pytest.mark.parametrize(("path", "body"), GUARDED.values(), ids=GUARDED)
def test_nothing_is_changed_when_more_jobs_match_than_were_expected(world: World, path: str, body: Any) -> None:
    ids = failed(world, 3)
    for job_id in ids:
        world.put_in(job_id, Status.DEAD_LETTER, error_class="Timeout", error_message="slow")
    refused = world.post(path, {**body, "expected": 2})
    assert (refused.status, refused.json["type"]) == (409, "urn:jobflow:problem:more-than-expected")
    assert all(world.store.get(job_id).gen == 1 for job_id in ids)
    assert world.get("/bulk").json == {"bulk_actions": []}
    taken = world.post(path, {**body, "expected": 3})
    assert taken.json["done"] == 3
    # the answer was lost: a repeated request finds none of these jobs
    assert world.post(path, {**body, "expected": 3}).json["done"] == 0


def test_a_tenth_may_come_between_the_count_and_the_start(world: World) -> None:
    ids = failed(world, 22)
    body = {"action": "retry", "filter": {"tag": "x"}}
    assert world.post("/bulk", {**body, "expected": 19}).status == 409
    assert world.post("/bulk", {**body, "expected": 20}).json["done"] == 22
    assert world.post("/bulk", {"action": "cancel", "ids": ids, "expected": 3}).status == 409


def test_what_cannot_be_changed_is_not_counted_against_the_expected(world: World) -> None:
    failed(world, 2)
    for _ in range(5):
        world.create(tags=["x"])
    body = {"action": "retry", "filter": {"tag": "x"}, "expected": 2}
    assert world.post("/bulk", body).json["done"] == 2


def test_a_field_gets_another_value_in_each_job_and_is_checked_before(world: World) -> None:
    ids = failed(world, 2)
    asked = {"action": "retry", "ids": ids, "edit": {"text": "in EUR"}}
    wrong = {**asked, "edit": {"to": "ada@example.com"}, "dry_run": True}
    checked = world.post("/jobs/bulk", wrong).json
    assert [one["reason"].split(":")[0] for one in checked["skipped"]] == ["payload.to", "payload.to"]
    assert world.post("/bulk", wrong).json["skipped"] == 2
    assert world.post("/jobs/bulk", {**asked, "dry_run": True}).json["skipped"] == []
    assert [world.store.get(job_id).gen for job_id in ids] == [1, 1]
    row = world.post("/bulk", asked).json
    assert (row["done"], row["edit"]) == (2, {"text": "in EUR"})
    assert [world.store.get(job_id).payload["text"] for job_id in ids] == ["in EUR", "in EUR"]
    assert world.get(f"/jobs/{ids[0]}").json["actions"][-1]["edited"] is True


@pytest.mark.parametrize(
    ("field", "edit"),
    [("edit", {}), ("edit", {"a": "x" * 5000}), ("edit", {f"a{n}": 1 for n in range(11)}), ("edit", {"a..b": 1})],
)
def test_an_edit_that_is_too_large_or_has_no_path_is_refused(world: World, field: str, edit: dict[str, Any]) -> None:
    answer = world.post("/bulk", {"action": "retry", "ids": ["6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"], "edit": edit})
    assert (answer.status, answer.json["errors"][0]["loc"][0]) == (422, field)


def test_only_a_retry_edits(world: World) -> None:
    answer = world.post("/bulk", {"action": "cancel", "everything": True, "edit": {"a": 1}})
    assert (answer.status, answer.json["errors"][0]["loc"]) == (422, ["edit"])


def test_removals_of_payloads_come_first_and_leave_most_of_the_time_to_bulk_actions(world: World) -> None:
    """A bulk action of hours must not put off what a type promises, nor the reverse."""
    ids = failed(world, FIRST_SLICE + 5)
    row = world.post("/bulk", {"action": "retry", "ids": ids}).json
    world.clock.now += 2
    seen: list[tuple[float, str]] = []

    class Clears:
        def work(self, remaining: Callable[[], float]) -> dict[str, int]:
            seen.append((remaining(), world.get(f"/bulk/{row['id']}").json["state"]))
            return {"cleared": 1}

    parts.clearer = cast("Any", Clears())
    assert recount.handler({"bulk": True}, Lambda()) == {"cleared": 1, "slices": 1, "ended": 1}
    assert seen == [(CLEAR_SHARE, "running")]
