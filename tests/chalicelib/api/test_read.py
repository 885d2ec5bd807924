"""GET /jobs and GET /jobs/{id}."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.access.tokens import Role
from chalicelib.jobs.job import Attempt, Status
from chalicelib.jobs.listing import iso
from tests.chalicelib.api.support import BODY, NOTE, T0, World, only_types

LOST = Attempt(1, 1, "lost", T0 + 1, T0 + 61, request_id="r1", cold_start=True, receive_count=1)


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
    def test_an_empty_list(self, world: World) -> None:
        answer = world.get("/jobs")
        assert answer.json == {"jobs": [], "total": 0, "limit": 20, "offset": 0, "next_cursor": None, "looked": 0}

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

    def test_offsets_skip(self, world: World) -> None:
        made = seconds_apart(world, 5)
        assert ids(world.get("/jobs?limit=2&offset=2")) == made[2:4]
        assert ids(world.get("/jobs?offset=5")) == []
        assert ids(world.get("/jobs?offset=4999&limit=1")) == []

    def test_an_offset_page_goes_on_by_cursor(self, world: World) -> None:
        made = seconds_apart(world, 5)
        cursor = world.get("/jobs?limit=2&offset=1").json["next_cursor"]
        assert ids(world.get(f"/jobs?cursor={cursor}")) == made[3:]

    def test_a_cursor_serves_only_its_own_filter(self, world: World) -> None:
        seconds_apart(world, 3)
        cursor = world.get("/jobs?limit=1").json["next_cursor"]
        answer = world.get(f"/jobs?limit=1&type=test.note&cursor={cursor}")
        assert (answer.status, answer.locs) == (400, [["query", "cursor"]])
        assert world.get(f"/jobs?limit=2&cursor={cursor}").status == 200

    def test_a_changed_cursor_is_refused(self, world: World) -> None:
        seconds_apart(world, 2)
        cursor = world.get("/jobs?limit=1").json["next_cursor"]
        body, signature = cursor.split(".")
        assert world.get(f"/jobs?cursor={body[:-2]}AA.{signature}").status == 400
        assert world.get(f"/jobs?cursor={body}.{signature[:-3]}AAA").status == 400

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

    @pytest.mark.parametrize("name", ["boom", "0123456789a", "0123456789AB", "0123456789abc", ""])
    def test_what_is_no_fingerprint(self, world: World, name: str) -> None:
        assert world.get(f"/jobs?fingerprint={name}").locs == [["query", "fingerprint"]]

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


class TestDetail:
    def test_a_fresh_job_has_no_history(self, world: World) -> None:
        answer = world.get(f"/jobs/{world.create()}")
        assert answer.status == 200
        assert answer.json["attempt_history"] == []

    def test_capital_letters_find_it_too(self, world: World) -> None:
        job_id = world.create()
        assert world.get(f"/jobs/{job_id.upper()}").json["id"] == job_id

    def test_a_running_job_shows_lost_and_running_attempts_and_progress(self, world: World) -> None:
        job_id = world.create()
        world.store.record(job_id, LOST)
        world.put_in(
            job_id, Status.PROCESSING, attempts=2, started_at=T0 + 70, request_id="r2", cold_start=False,
            receive_count=2, progress=40.0, progress_note="halfway",
        )  # fmt: skip

        job = world.get(f"/jobs/{job_id}").json
        assert job["progress"] == {"percent": 40.0, "note": "halfway"}
        assert [(row["attempt"], row["outcome"], row["duration_ms"]) for row in job["attempt_history"]] == [
            (1, "lost", 60_000), (2, "running", None),
        ]  # fmt: skip
        assert job["attempt_history"][1] == {
            "gen": 1, "attempt": 2, "claim": 0, "outcome": "running", "started_at": iso(T0 + 70), "finished_at": None,
            "duration_ms": None, "error_class": None, "error_message": None, "stack": None, "request_id": "r2",
            "cold_start": False, "receive_count": 2, "retry_delay_s": None,
        }  # fmt: skip

    def test_a_completed_job_shows_the_attempt_that_did_it(self, world: World) -> None:
        job_id = world.create()
        world.put_in(job_id, Status.COMPLETED, attempts=1, started_at=T0 + 1, finished_at=T0 + 1.25, result=[1])
        history = world.get(f"/jobs/{job_id}").json["attempt_history"]
        assert [(row["outcome"], row["duration_ms"]) for row in history] == [("completed", 250)]

    def test_a_deferred_attempt_is_told_beside_the_one_that_took_its_number(self, world: World) -> None:
        job_id = world.create()
        world.store.record(
            job_id, Attempt(1, 1, "deferred", T0, T0 + 1, "RetryLater", "429", retry_delay_s=60, claim=1)
        )
        world.put_in(job_id, Status.PROCESSING, attempts=1, claims=2, started_at=T0 + 61)
        history = world.get(f"/jobs/{job_id}").json["attempt_history"]
        assert [(row["attempt"], row["claim"], row["outcome"]) for row in history] == [
            (1, 1, "deferred"),
            (1, 2, "running"),
        ]

    def test_a_recorded_attempt_is_not_told_twice(self, world: World) -> None:
        job_id = world.create()
        world.store.record(job_id, Attempt(1, 1, "error", T0, T0 + 1, "ValueError", "no", "Traceback", retry_delay_s=2))
        world.put_in(job_id, Status.RETRYING, attempts=1, started_at=T0, next_attempt_at=T0 + 3)
        history = world.get(f"/jobs/{job_id}").json["attempt_history"]
        assert [(row["outcome"], row["stack"], row["retry_delay_s"]) for row in history] == [("error", "Traceback", 2)]

    @pytest.mark.parametrize(
        ("status", "fields", "words"),
        [
            (Status.QUEUED, {"sent": True}, "Next in the test.note queue"),
            (Status.QUEUED, {"sent": False}, "Being queued"),
            (Status.SCHEDULED, {"next_attempt_at": T0}, "scheduled for 2027-01-15T08:00:00.000Z"),
            (Status.RETRYING, {"attempts": 2, "next_attempt_at": T0}, "Attempt 2 failed"),
            (Status.PROCESSING, {"cancel_requested": True}, "stops at its next cancellation check"),
            (Status.PROCESSING, {}, None),
            (Status.COMPLETED, {}, None),
            (Status.DEAD_LETTER, {}, None),
        ],
    )
    def test_why_it_waits(self, world: World, status: Status, fields: dict[str, Any], words: str | None) -> None:
        job_id = world.create()
        world.put_in(job_id, status, **fields)
        why = world.get(f"/jobs/{job_id}").json["why"]
        assert why is None if words is None else words in why

    def test_whatever_a_job_returned_can_be_read(self, world: World) -> None:
        job_id = world.create()
        odd = {"nan": float("nan"), "list": [float("inf"), 1.5], "half": "\ud83d", "nested": {"x": [float("-inf")]}}
        world.put_in(job_id, Status.COMPLETED, result=odd)

        answer = world.get(f"/jobs/{job_id}")
        assert answer.status == 200
        assert answer.text.isascii()
        assert answer.json["result"] == {"nan": None, "list": [None, 1.5], "half": "\ud83d", "nested": {"x": [None]}}


def test_me(world: World) -> None:
    assert world.get("/me", role=Role.VIEWER).json == {"role": "viewer", "label": "a viewer"}


def test_job_types_say_all_that_a_form_needs(world: World) -> None:
    note, other = world.get("/job-types").json["job_types"]
    assert note == {
        "type": "test.note", "title": "Note", "description": "Do nothing with a note.", "schema": note["schema"],
        "example": {"to": ["a@example.com"]}, "max_attempts": 3, "timeout": 30, "budget": 25.0, "batch_size": 1,
        "concurrency": 20, "memory": 512, "retry_waits": note["retry_waits"], "retired": False, "rate": None,
        "enqueues": [], "unique_for": None, "unique_by": [], "give_up_after": None,
    }  # fmt: skip
    assert note["retry_waits"] == [min(3600, 2**attempt) for attempt in range(1, 30)]
    assert note["schema"]["properties"]["to"]["minItems"] == 1
    assert other["type"] == "test.other"


def test_what_operators_did_is_told_with_the_job_and_the_payload_it_had_before(world: World) -> None:
    job_id = world.put_in(world.create(), Status.FAILED).id
    before = world.get(f"/jobs/{job_id}").json
    assert before["actions"] == []
    edited = {"to": ["b@example.com"], "text": "again"}
    assert world.post(f"/jobs/{job_id}/retry", {"payload": edited}).status == 200
    after = world.get(f"/jobs/{job_id}").json
    [action] = after["actions"]
    assert {**action, "by": "?"} == {
        "action": "retry", "at": iso(world.clock.now), "by": "?", "gen": 2, "edited": True, "in_bulk": False,
    }  # fmt: skip
    assert action["by"] != ""
    assert after["payload"] == edited
    assert world.get(f"/jobs/{job_id}/payloads/1").json == {"gen": 1, "payload": before["payload"]}
    for gen in ("2", "0", "01", "x", "9" * 400, "-1"):
        gone = world.get(f"/jobs/{job_id}/payloads/{gen}")
        assert (gone.status, gone.json["type"]) == (404, "urn:jobflow:problem:payload-not-found")


def test_metrics(world: World) -> None:
    for status in Status:
        world.put_in(world.create(), status)
    world.create(type="test.other", delay_seconds=30)
    world.clock.now += 2

    answer = world.get("/metrics").json
    each = {str(status): 1 for status in Status}
    note = {
        "total_jobs": 8, "active_jobs": 3, "completed_jobs": 1, "failed_jobs": 1, "dead_letter_jobs": 1,
        "queue_length": 8, "retry_queue_length": 1, "dlq_length": 0, "by_status": each,
    }  # fmt: skip
    by_type = answer.pop("by_type")
    assert answer == {
        **note, "total_jobs": 9, "queue_length": 9, "by_status": {**each, "scheduled": 2}, "as_of": iso(T0 + 2),
        "deploys": [],
    }  # fmt: skip
    assert note.items() <= by_type["test.note"].items()
    assert {"oldest_queued_age_s", "in_flight", "paused"} <= by_type["test.note"].keys()
    assert (by_type["test.other"]["total_jobs"], by_type["test.other"]["queue_length"]) == (1, 1)
    assert json.loads(json.dumps(answer)) == answer


def test_jobs_of_a_type_that_is_no_longer_declared_are_still_found(world: World) -> None:
    job_id = world.create(type="test.other")
    with only_types(NOTE):
        assert ids(world.get("/jobs?type=test.other")) == [job_id]
        assert world.get("/errors?type=test.other").status == 200
        assert world.get("/jobs?type=test.never").status == 422


def test_meta_tells_the_sets_and_limits_that_the_code_has(world: World) -> None:
    told = world.get("/meta", role=Role.VIEWER).json
    assert told["statuses"]["all"] == [str(status) for status in Status]
    assert told["statuses"]["retryable"] == ["failed", "dead_letter", "cancelled"]
    assert set(told["statuses"]["active"]) | set(told["statuses"]["finished"]) == set(told["statuses"]["all"])
    limits = told["limits"]
    assert world.post("/jobs/batch", {"jobs": [BODY] * (limits["batch_jobs"] + 1)}).status == 422
    assert world.post("/jobs", {**BODY, "max_attempts": limits["max_attempts"] + 1}).status == 422
    assert world.post("/jobs", {**BODY, "max_attempts": limits["max_attempts"]}).status == 201


def test_a_job_that_asked_to_come_again_later_can_be_read(world: World) -> None:
    job_id = world.create()
    world.store.record(job_id, Attempt(1, 1, "deferred", T0, T0 + 1, "RetryLater", "later", retry_delay_s=60))
    assert world.get(f"/jobs/{job_id}").json["attempt_history"][0]["outcome"] == "deferred"


@pytest.mark.parametrize(
    ("status", "attempts", "left"),
    [
        (Status.PROCESSING, 1, [(2, 1, 2), (3, 1, 4)]),
        (Status.QUEUED, 0, [(2, 1, 2), (3, 1, 4)]),
        (Status.RETRYING, 1, [(3, 1, 4)]),
        (Status.PROCESSING, 3, []),
        (Status.COMPLETED, 1, []),
    ],
)
def test_the_attempts_that_are_left_are_told_with_their_waits(
    world: World, status: Status, attempts: int, left: list[tuple[int, int, int]]
) -> None:
    job_id = world.create()
    world.put_in(job_id, status, attempts=attempts, max_attempts=3)
    told = world.get(f"/jobs/{job_id}").json["next_attempts"]
    assert [(one["attempt"], one["earliest"], one["latest"]) for one in told] == left


def test_without_jitter_a_wait_is_exactly_the_curves(world: World) -> None:
    wiring.parts.made["settings"] = replace(wiring.settings(), jitter="none")
    [first, second] = world.get(f"/jobs/{world.create()}").json["next_attempts"]
    assert (first["earliest"], second["earliest"], second["latest"]) == (2, 4, 4)


def test_the_curve_of_a_type_that_is_not_declared_is_unknown(world: World) -> None:
    job_id = world.create()
    world.put_in(job_id, Status.QUEUED, type="gone.type")
    assert world.get(f"/jobs/{job_id}").json["next_attempts"] is None


def test_attempts_from_before_claims_were_counted_are_beside_those_that_are(world: World) -> None:
    job_id = world.create()
    world.store.record(job_id, Attempt(1, 1, "error", T0, T0 + 1, "ValueError", "no"))
    # the first claim that was counted was of the second attempt
    world.put_in(job_id, Status.COMPLETED, attempts=2, claims=1, started_at=T0 + 2, finished_at=T0 + 3)
    history = world.get(f"/jobs/{job_id}").json["attempt_history"]
    assert [(one["attempt"], one["claim"], one["outcome"]) for one in history] == [(1, 0, "error"), (2, 1, "completed")]
