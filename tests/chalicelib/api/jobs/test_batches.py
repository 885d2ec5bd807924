"""Test /batches: many jobs with one end."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.access.tokens import Role
from chalicelib.assembly import parts
from chalicelib.batches.constants import AGAIN_AFTER, COUNT_AFTER, MOST_MEMBERS, RETRY_BEGINS_IN
from chalicelib.batches.memory import MemoryBatches
from chalicelib.batches.round import Round
from chalicelib.bulk.background import BulkWork
from chalicelib.bulk.constants import FIRST_SLICE, LEASE
from chalicelib.entry import recount
from chalicelib.job_types.batch_end import BatchEnd
from chalicelib.job_types.context import JobContext
from chalicelib.job_types.jobtype import JobType
from chalicelib.job_types.unique import Unique
from chalicelib.jobs.changed import JobChanged
from chalicelib.jobs.job import Job, Status
from tests.chalicelib.api.jobs.test_bulk_actions import Lambda
from tests.chalicelib.api.support import BODY, NOTE, Note, World, only_types


def _closed(end: BatchEnd, ctx: JobContext) -> None:
    """Be told."""


CLOSED: JobType[BatchEnd, None] = JobType("shop.closed", _closed, BatchEnd)
ONCE: JobType[Note, None] = JobType(
    "test.once", lambda _payload, _ctx: None, Note, unique=Unique(by=("text",), seconds=60)
)


@pytest.fixture
def shop(world: World) -> Any:
    with only_types(NOTE, CLOSED, ONCE):
        yield world


def some(number: int) -> list[dict[str, Any]]:
    return [{**BODY, "payload": {"to": ["a@example.com"], "text": str(place)}} for place in range(number)]


def batch(world: World, number: int = 2, close: bool = True, **asked: Any) -> str:
    """Create a batch with members; return its id."""
    made: str = world.post("/batches", {"then": "shop.closed", **asked}).json["id"]
    for start in range(0, number, 25):
        answer = world.post(f"/batches/{made}/jobs", {"jobs": some(number)[start : start + 25]})
        assert {one["status"] for one in answer.json["results"]} == {201}
    if close:
        world.post(f"/batches/{made}/close", {"total": number})
    return made


def members(world: World, made: str) -> list[Job]:
    ids, _ = world.store.members(made, 1000)
    return [world.store.get(one) for one in ids]


def end(world: World, jobs: Sequence[Job], status: Status = Status.COMPLETED) -> None:
    """End these jobs, and let the stream tell it."""
    changes = []
    for place, job in enumerate(jobs):
        world.put_in(job.id, status)
        running = replace(job, status=Status.PROCESSING)
        changes.append(JobChanged(f"{world.clock.now:.0f}{place:04}", running, world.store.get(job.id)))
    parts.batches.follow(changes, "shard")
    world.clock.now += 1


def told(world: World) -> list[Any]:
    return [job.payload for job in map(world.store.get, world.store.made()) if job.type == "shop.closed"]


def test_a_batch_is_created_filled_closed_and_ends(shop: World) -> None:
    answer = shop.post("/batches", {"then": "shop.closed", "key": "k", "tags": ["x", "x"]})
    made = answer.json["id"]
    assert answer.status == 201
    assert answer.headers["location"] == f"/batches/{made}"
    assert (answer.json["tags"], answer.json["newest"]["state"]) == (["x"], "open")
    added = shop.post(f"/batches/{made}/jobs", {"jobs": [*some(2), {**BODY, "type": "test.once"}, {"type": "x"}]})
    assert [one["status"] for one in added.json["results"]] == [201, 201, 422, 422]
    assert added.json["results"][2]["problem"]["errors"][0]["loc"] == ["type"]
    again = shop.post(f"/batches/{made}/jobs", {"jobs": some(2)})
    assert [one["existing"] for one in again.json["results"]] == ["key", "key"]
    closed = shop.post(f"/batches/{made}/close", {"total": 2})
    assert (closed.status, closed.json["newest"]["state"], closed.json["newest"]["total"]) == (200, "running", 2)
    end(shop, members(shop, made))
    found = shop.get(f"/batches/{made}").json
    assert {name: found["newest"][name] for name in ("state", "done", "completed", "failed")} == {
        "state": "ended", "done": 2, "completed": 2, "failed": 0,
    }  # fmt: skip
    assert found["rounds"] == [found["newest"]]
    (ended,) = told(shop)
    assert (ended["batch"], ended["key"], ended["total"]) == (made, "k", 2)
    row = shop.get(f"/jobs/{added.json['results'][0]['job']['id']}").json
    assert (row["batch"], row["round"]) == (made, 1)


def test_a_repeated_request_gets_the_same_batch(shop: World) -> None:
    first = shop.post("/batches", {"then": "shop.closed"}, headers={"Idempotency-Key": "k"})
    again = shop.post("/batches", {"then": "shop.closed"}, headers={"Idempotency-Key": "k"})
    assert (again.status, again.json["id"]) == (200, first.json["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert shop.post("/batches", {}, headers={"Idempotency-Key": "k"}).status == 422


def test_a_type_that_is_not_told_of_batches_is_refused(shop: World) -> None:
    for named in ("test.note", "no.such"):
        answer = shop.post("/batches", {"on_failure": named})
        assert (answer.status, answer.locs) == (422, [["on_failure"]])


def test_what_is_not_possible_says_why(shop: World) -> None:
    made = batch(shop)
    assert shop.post(f"/batches/{made}/jobs", {"jobs": some(1)}).status == 200, "it is there"
    assert shop.post(f"/batches/{made}/jobs", {"jobs": some(3)[2:]}).status == 409
    both = shop.post(f"/batches/{made}/jobs", {"jobs": some(3)}).json["results"]
    assert [one["status"] for one in both] == [200, 200, 409]
    assert shop.get("/batches?cursor=x").status == 400
    assert shop.post(f"/batches/{made}/close", {"total": 3}).status == 409
    end(shop, members(shop, made))
    assert shop.post(f"/batches/{made}/cancel").status == 409
    for unknown in (str(uuid.uuid4()), "x"):
        assert shop.get(f"/batches/{unknown}").status == 404
        for verb, body in (("jobs", {"jobs": some(1)}), ("close", {}), ("cancel", None), ("retry", None)):
            assert shop.post(f"/batches/{unknown}/{verb}", body).status == 404
    assert shop.post("/batches", {}, role=Role.VIEWER).status == 403


def test_a_full_batch_takes_no_more_members(shop: World) -> None:
    made = batch(shop, 1, close=False)
    parts.batch_rows.write(made, 1, {"done": MOST_MEMBERS})
    answer = shop.post(f"/batches/{made}/jobs", {"jobs": some(2)[1:]})
    assert answer.status == 422
    (error,) = answer.json["errors"]
    assert error["loc"] == ["body", "jobs"]
    assert "at most 100,000 members; create another batch" in error["msg"]
    for closing in (False, True):  # a producer that died repeats its requests, and then closes the batch
        both = shop.post(f"/batches/{made}/jobs", {"jobs": some(2)})
        assert [one["status"] for one in both.json["results"]] == [200, 422], closing
        shop.post(f"/batches/{made}/close", {"total": 1})


def test_the_members_are_listed_and_the_batches_too(shop: World) -> None:
    first = batch(shop, 3)
    shop.clock.now += 1
    second = batch(shop, 0)
    end(shop, members(shop, first)[:1], Status.FAILED)
    rows = shop.get(f"/jobs?batch={first}&limit=2").json
    rest = shop.get(f"/jobs?batch={first}&limit=2&cursor={rows['next_cursor']}").json
    assert [one["id"] for one in (*rows["jobs"], *rest["jobs"])] == [one.id for one in members(shop, first)]
    failed = shop.get(f"/jobs?batch={first}&status=failed").json["jobs"]
    assert [one["id"] for one in failed] == [members(shop, first)[0].id]
    assert shop.get(f"/jobs?batch={first}&offset=1").status == 422
    page = shop.get("/batches?limit=1").json
    assert [one["id"] for one in page["batches"]] == [second]
    more = shop.get(f"/batches?limit=1&cursor={page['next_cursor']}").json
    assert ([one["id"] for one in more["batches"]], more["next_cursor"]) == ([first], None)
    wrong = shop.get("/batches?cursor=x")
    assert (wrong.status, wrong.locs) == (400, [["query", "cursor"]]), "it would begin with the newest again"


class Spoilt(MemoryBatches):
    """Cannot read some rounds of batches."""

    spoilt: tuple[str, int | None] = ("", None)

    def find(self, batch: str, number: int | None = None) -> Round | None:
        if (batch, number) == self.spoilt:
            raise KeyError("created_at")
        return super().find(batch, number)


@pytest.mark.parametrize("number", [None, 1])
def test_a_batch_whose_row_cannot_be_read_hides_no_other_batch(number: int | None) -> None:
    rows = Spoilt()
    shop = World(parts={"batch_rows": rows})
    with only_types(NOTE, CLOSED, ONCE):
        first, second = batch(shop, 2), batch(shop, 2)
        end(shop, members(shop, second)[:1], Status.FAILED)
        shop.post(f"/jobs/{members(shop, second)[0].id}/retry")
        assert len(shop.get("/batches").json["batches"]) == 2
        rows.spoilt = (second, number)
        answer = shop.get("/batches")
        assert (answer.status, [one["id"] for one in answer.json["batches"]]) == (200, [first])


def test_the_failed_members_are_retried_as_a_round(shop: World) -> None:
    made = batch(shop, 3)
    end(shop, members(shop, made)[:2], Status.FAILED)
    end(shop, members(shop, made)[2:])
    answer = shop.post(f"/batches/{made}/retry")
    assert answer.status == 202
    assert (answer.json["newest"]["round"], answer.json["newest"]["total"]) == (2, 2)
    moved = [one for one in members(shop, made) if one.round == 2]
    assert {one.status for one in moved} == {Status.QUEUED}
    end(shop, moved)
    assert [(one["round"], one["total"], one["failed"]) for one in told(shop)] == [(1, 3, 2), (2, 2, 0)]
    assert len(shop.post(f"/batches/{made}/retry").json["rounds"]) == 2, "nothing is left to retry"


def test_many_failed_members_are_retried_in_the_background(shop: World) -> None:
    number = FIRST_SLICE + 5
    made = batch(shop, number)
    end(shop, members(shop, made), Status.FAILED)
    assert shop.post(f"/batches/{made}/retry").json["newest"]["state"] == "open"
    shop.clock.now += 2
    recount.handler({"bulk": True}, Lambda())
    shop.clock.now += AGAIN_AFTER
    parts.batches.look_after()
    assert shop.get(f"/batches/{made}").json["newest"]["total"] == number


def test_a_member_is_retried_by_hand(shop: World) -> None:
    made = batch(shop, 2)
    end(shop, members(shop, made), Status.FAILED)
    row = shop.post(f"/jobs/{members(shop, made)[0].id}/retry").json
    assert row["round"] == 2
    assert shop.get(f"/batches/{made}").json["newest"]["total"] == 1


def test_members_that_one_request_retries_are_one_round(shop: World) -> None:
    made = batch(shop, 3)
    end(shop, members(shop, made), Status.DEAD_LETTER)
    assert shop.post("/dead-letters/redrive", {}).json["done"] == 3
    assert {one.round for one in members(shop, made)} == {2}
    shop.clock.now += AGAIN_AFTER
    parts.batches.look_after()
    assert shop.get(f"/batches/{made}").json["newest"]["total"] == 3


def test_a_repeated_retry_joins_the_one_that_is_under_way(shop: World) -> None:
    number = FIRST_SLICE + 5
    made = batch(shop, number)
    end(shop, members(shop, made), Status.FAILED)
    for _ in range(2):
        assert shop.post(f"/batches/{made}/retry").json["newest"]["round"] == 2
    assert len(parts.bulk_rows.newest(9)) == 1


def test_a_repeated_retry_does_nothing_although_somebody_has_retried_a_member_meanwhile(shop: World) -> None:
    number = FIRST_SLICE + 5
    made = batch(shop, number)
    end(shop, members(shop, made), Status.FAILED)
    assert shop.get(f"/batches/{made}").json["retrying"] is False
    shop.post(f"/batches/{made}/retry")
    assert shop.get(f"/batches/{made}").json["retrying"] is True
    left = next(one for one in members(shop, made) if one.round == 1)
    assert shop.post(f"/jobs/{left.id}/retry").json["round"] == 3
    assert shop.post(f"/batches/{made}/retry").status == 202
    assert len(parts.bulk_rows.newest(9)) == 1
    shop.clock.now += 2
    recount.handler({"bulk": True}, Lambda())
    shop.clock.now += LEASE + AGAIN_AFTER
    parts.batches.look_after()
    assert [one["total"] for one in shop.get(f"/batches/{made}").json["rounds"]] == [number, number - 1, 1]
    assert shop.get(f"/batches/{made}").json["retrying"] is False


def test_a_repeated_retry_does_nothing_before_the_first_member_has_moved(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = batch(shop, 3)
    end(shop, members(shop, made), Status.FAILED)
    with monkeypatch.context() as slow:
        slow.setattr(BulkWork, "_slice", lambda *_, **__: None)
        for _ in range(2):
            answer = shop.post(f"/batches/{made}/retry").json
            assert (len(answer["rounds"]), answer["state"]) == (1, "running"), "else a client would not wait"
            assert answer["retrying"] is True, "another request would do nothing"
    assert len(parts.bulk_rows.newest(9)) == 1


def test_of_two_retries_at_the_same_time_one_does_nothing(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = batch(shop, 3)
    end(shop, members(shop, made), Status.FAILED)
    start = BulkWork.start

    def meanwhile(work: BulkWork, asked: Any) -> Any:
        monkeypatch.setattr(BulkWork, "start", start)
        assert shop.post(f"/batches/{made}/retry").status == 202
        return start(work, asked)

    monkeypatch.setattr(BulkWork, "start", meanwhile)
    assert shop.post(f"/batches/{made}/retry").json["newest"]["total"] == 3
    assert len(parts.bulk_rows.newest(9)) == 1


def test_a_retry_whose_process_died_before_it_began_can_be_repeated(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = batch(shop, 2)
    end(shop, members(shop, made), Status.FAILED)
    with monkeypatch.context() as dies:
        dies.setattr(BulkWork, "start", lambda *_: 1 / 0)
        assert shop.post(f"/batches/{made}/retry").status == 500
    assert len(shop.post(f"/batches/{made}/retry").json["rounds"]) == 1
    shop.clock.now += RETRY_BEGINS_IN
    assert shop.get(f"/batches/{made}").json["state"] == "ended"
    assert shop.post(f"/batches/{made}/retry").json["newest"]["total"] == 2


def test_the_members_of_one_round_are_cancelled_or_retried_in_bulk(shop: World) -> None:
    made = batch(shop, 3)
    end(shop, members(shop, made), Status.FAILED)
    shop.post(f"/jobs/{members(shop, made)[0].id}/retry")
    which = {"batch": made, "round": 2}
    started = shop.post("/bulk", {"action": "cancel", "filter": which}).json
    assert (started["done"], started["filter"]) == (1, {"batch": made, "round": "2"})
    assert shop.post("/jobs/bulk", {"action": "retry", "filter": {**which, "round": 1}}).json["done"] == 2
    assert {one.round for one in members(shop, made)} == {2, 3}
    assert shop.post("/bulk", {"action": "cancel", "filter": {"round": 2}}).status == 422


def test_members_that_failed_again_can_be_retried_at_once(shop: World) -> None:
    made = batch(shop, 2)
    end(shop, members(shop, made), Status.FAILED)
    for number in (2, 3):
        assert shop.post(f"/batches/{made}/retry").json["newest"]["round"] == number
        end(shop, members(shop, made), Status.FAILED)


def test_the_state_of_a_batch_is_that_of_all_its_rounds(shop: World) -> None:
    made = batch(shop, 2)
    first, second = members(shop, made)
    end(shop, [first], Status.FAILED)
    shop.post(f"/jobs/{first.id}/retry")
    end(shop, [shop.store.get(first.id)])
    found = shop.get(f"/batches/{made}").json
    assert (found["state"], found["newest"]["state"]) == ("running", "ended")
    assert shop.get("/batches").json["batches"][0]["state"] == "running"
    end(shop, [second])
    assert shop.get(f"/batches/{made}").json["state"] == "ended"


def test_a_batch_is_cancelled(shop: World) -> None:
    made = batch(shop, 3, close=False)
    answer = shop.post(f"/batches/{made}/cancel")
    assert (answer.status, answer.json["newest"]["state"]) == (202, "closing")
    assert answer.json["cancelled_by"] == answer.json["created_by"], "it is being cancelled"
    assert {one.status for one in members(shop, made)} == {Status.CANCELLED}
    for one in members(shop, made):
        parts.batches.follow([JobChanged("1", replace(one, status=Status.QUEUED), one)], one.id)
    shop.clock.now += COUNT_AFTER
    parts.batches.look_after()
    (ended,) = told(shop)
    assert (ended["cancelled"], ended["failed"], ended["total"]) == (3, 0, 3)
    assert shop.get(f"/batches/{made}").json["cancelled_by"] is None


def test_a_round_names_the_jobs_that_it_has_made_and_who_has_retried_its_members(shop: World) -> None:
    made = batch(shop, 2, on_failure="shop.closed")
    before = shop.get(f"/batches/{made}").json
    assert (before["newest"]["then_job"], before["newest"]["on_failure_job"]) == (None, None)
    assert before["created_by"], "the label of the token"
    first, second = members(shop, made)
    end(shop, [first], Status.FAILED)
    newest = shop.get(f"/batches/{made}").json["newest"]
    assert newest["then_job"] is None
    assert shop.store.get(newest["on_failure_job"]).payload["ended"] is False
    end(shop, [second])
    newest = shop.get(f"/batches/{made}").json["newest"]
    assert shop.store.get(newest["then_job"]).payload["ended"] is True
    shop.post(f"/batches/{made}/retry")
    one, two = shop.get(f"/batches/{made}").json["rounds"]
    assert one["bulk"] is None
    assert shop.get(f"/bulk/{two['bulk']}").json["action"] == "retry"
    assert [row["id"] for row in shop.get(f"/jobs?batch={made}&round=2").json["jobs"]] == [first.id]
    assert [row["id"] for row in shop.get(f"/jobs?batch={made}&round=1").json["jobs"]] == [second.id]
    assert shop.get("/jobs?round=1").status == 422
    shop.post(f"/jobs/{second.id}/cancel")
    end(shop, members(shop, made)[:1], Status.FAILED)
    shop.post(f"/jobs/{first.id}/retry")
    assert shop.get(f"/batches/{made}").json["newest"]["bulk"] is None, "one job, by hand"
