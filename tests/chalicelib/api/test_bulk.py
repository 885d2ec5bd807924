"""POST /jobs/bulk."""

from typing import Any

import pytest

from chalicelib.job import Status
from chalicelib.memory import MemoryJobStore
from chalicelib.ports import Filter, Page
from tests.chalicelib.api.support import Clock, World


class TestBulk:
    def test_ids_are_done_or_skipped_with_a_reason(self, world: World) -> None:
        good, fresh = world.create(), world.create()
        world.put_in(good, Status.FAILED)
        missing = "6a1de45f-45b5-4cf2-8fa3-0f8b5a0bd1b0"

        answer = world.post("/jobs/bulk", {"action": "retry", "ids": [good.upper(), good, fresh, missing, "x"]})

        report = answer.json
        assert (answer.status, report["matched"], report["done"], report["more"]) == (200, 4, 1, False)
        assert [skipped["id"] for skipped in report["skipped"]] == [fresh, missing, "x"]
        assert "is queued" in report["skipped"][0]["reason"]
        assert world.store.get(good).gen == 2

    def test_a_filter_is_worked_off_in_steps(self, world: World) -> None:
        failed = [world.create(tags=["x"]) for _ in range(5)]
        for job_id in failed:
            world.clock.now += 1
            world.put_in(job_id, Status.FAILED, error_class="Timeout", error_message="slow")
        other = world.create(tags=["x"])
        body = {"action": "retry", "filter": {"tag": "x", "error": "timeout"}, "limit": 2}

        reports = [world.post("/jobs/bulk", body).json for _ in range(3)]

        assert [(report["matched"], report["done"], report["more"]) for report in reports] == [
            (2, 2, True), (2, 2, True), (1, 1, False),
        ]  # fmt: skip
        assert all(world.store.get(job_id).gen == 2 for job_id in failed)
        assert world.store.get(other).gen == 1
        assert world.post("/jobs/bulk", body).json == {"matched": 0, "done": 0, "skipped": [], "more": False}

    def test_retry_leaves_cancelled_jobs_alone_unless_asked_for(self, world: World) -> None:
        jobs = {status: world.create() for status in Status}
        for status, job_id in jobs.items():
            world.put_in(job_id, status)
        report = world.post("/jobs/bulk", {"action": "retry", "filter": {}}).json
        assert (report["done"], world.store.get(jobs[Status.CANCELLED]).status) == (2, Status.CANCELLED)
        report = world.post("/jobs/bulk", {"action": "retry", "filter": {"status": "cancelled"}}).json
        assert (report["done"], world.store.get(jobs[Status.CANCELLED]).status) == (1, Status.QUEUED)

    def test_cancel_ends_although_running_jobs_go_on_running(self, world: World) -> None:
        waiting, running = world.create(), world.create(type="test.other")
        world.put_in(running, Status.PROCESSING)
        body = {"action": "cancel", "filter": {}, "limit": 1}

        reports = [world.post("/jobs/bulk", body).json for _ in range(3)]

        assert [(report["done"], report["more"]) for report in reports] == [(1, True), (1, False), (0, False)]
        assert world.store.get(waiting).status is Status.CANCELLED
        assert world.store.get(running).cancel_requested

    def test_a_status_the_action_is_not_for_skips_what_it_finds(self, world: World) -> None:
        job_id = world.create()
        for dry_run in (True, False):
            body = {"action": "retry", "filter": {"status": "queued"}, "dry_run": dry_run}
            report = world.post("/jobs/bulk", body).json
            assert (report["matched"], report["done"], report["skipped"][0]["id"]) == (1, 0, job_id)

    @pytest.mark.parametrize("choice", ["ids", "filter"])
    def test_a_dry_run_only_says(self, world: World, choice: str) -> None:
        job_id = world.create()
        world.put_in(job_id, Status.DEAD_LETTER)
        chosen = {"ids": [job_id]} if choice == "ids" else {"filter": {"type": "test.note"}}
        report = world.post("/jobs/bulk", {"action": "retry", "dry_run": True, **chosen}).json
        assert report == {"matched": 1, "done": 0, "skipped": [], "more": False}
        assert world.store.get(job_id).status is Status.DEAD_LETTER

    def test_times_narrow_it(self, world: World) -> None:
        old = world.create()
        world.clock.now += 3600
        new = world.create()
        body = {"action": "cancel", "filter": {"created_before": "2027-01-15T08:30:00Z"}}
        assert world.post("/jobs/bulk", body).json["done"] == 1
        assert (world.store.get(old).status, world.store.get(new).status) == (Status.CANCELLED, Status.QUEUED)

    @pytest.mark.parametrize(
        ("body", "locs"),
        [
            ({}, [["action"]]),
            ({"action": "delete", "ids": ["x"]}, [["action"]]),
            ({"action": "retry"}, [[]]),
            ({"action": "retry", "ids": ["x"], "filter": {}}, [[]]),
            ({"action": "retry", "ids": []}, [["ids"]]),
            ({"action": "retry", "ids": ["x"] * 101}, [["ids"]]),
            ({"action": "retry", "ids": [1]}, [["ids", 0]]),
            ({"action": "retry", "filter": {}, "limit": 0}, [["limit"]]),
            ({"action": "retry", "filter": {}, "limit": 101}, [["limit"]]),
            ({"action": "retry", "filter": {}, "dry_run": 1}, [["dry_run"]]),
            ({"action": "retry", "filter": {"status": "done"}}, [["filter", "status"]]),
            ({"action": "retry", "filter": {"type": "no.such"}}, [["filter", "type"]]),
            ({"action": "retry", "filter": {"tag": ""}}, [["filter", "tag"]]),
            ({"action": "retry", "filter": {"age": 3}}, [["filter", "age"]]),
            ({"action": "retry", "filter": {"created_after": "now"}}, [["filter", "created_after"]]),
        ],
    )
    def test_what_is_no_bulk_action(self, world: World, body: Any, locs: Any) -> None:
        answer = world.post("/jobs/bulk", body)
        assert (answer.status, answer.locs) == (422, locs)


class Endless(MemoryJobStore):
    """A store whose pages are empty, take ten seconds each, and never end."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.time = clock
        self.pages = 0

    def page(self, which: Filter, limit: int, position: str | None = None) -> Page:
        self.pages += 1
        self.time.now += 10
        return Page([], "on")


def test_a_search_ends_in_time_and_says_that_there_is_more(world: World) -> None:
    clock = Clock()
    store = Endless(clock)
    slow = World(clock=clock, parts={"job_store": store})
    report = slow.post("/jobs/bulk", {"action": "retry", "filter": {"tag": "x"}}).json
    assert report == {"matched": 0, "done": 0, "skipped": [], "more": True}
    assert store.pages == 2
